//! The customer directory: by what customers are called besides their numbers.

use accolade_application::access::AccessGroup;
use accolade_application::customers::{PutCustomers, search};
use accolade_wire::customer::lookup::MatchesBody;
use accolade_wire::customer::named::NO_SUCH_NUMBER;
use accolade_wire::directory::{
    CustomerBody, CustomersBody, CustomersRequestBody, IdentifiersBody,
};
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Operation, Success, SuccessUnlessErased, example, get, post, put};
use crate::routes::call::Call;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        get("/customers/lookup", look_up_customers)
            .named("lookUpCustomers", "Customers", "Find customers by anything")
            .about(
                "\
By a number, an e-mail address, a telephone number, an id of another system, the number of a card, the
id of an enrolment, of an earned badge or of a request. One text may be several of them. A number is a
customer's if the organisation knows anything of the customer, or if nothing else is found; who was
merged into another is found as that one.",
            )
            .needs(AccessGroup::BadgesRead)
            .required_query("q", "What is searched for: 1 to 255 characters.")
            .answers::<Success<MatchesBody>>("Who was found; nobody, if nobody was.", example!("matches"))
            .codes(&[]),
        put("/customers/{customerId}", put_customer)
            .named("putCustomer", "Customers", "Register a customer")
            .about(
                "\
Replaces all of the customer's identifiers: what is left out it loses. An identifier belongs to
one customer of the organisation. E-mail addresses are the same in either case, telephone numbers
whichever way they are written; the answer has them as they are kept. What is no telephone number is
compared by its digits, with warning 1994.",
            )
            .needs(AccessGroup::BadgesWrite)
            .path_parameter(
                "customerId",
                "The customer's number, or an identifier, percent-encoded.",
            )
            .identifiers("`customerId` is an identifier")
            .json_body::<IdentifiersBody>(example!("customer.request"))
            .answers::<SuccessUnlessErased<CustomerBody>>("Registered.", example!("customer"))
            .codes(&[404, 1026, 1028, 1921, 1993, 1994])
            .not_found(NO_SUCH_NUMBER),
        post("/customers/bulk", put_customers)
            .named("putCustomers", "Customers", "Register customers")
            .about("As one by one, but all of them or none.")
            .needs(AccessGroup::BadgesWrite)
            .identifiers("`customerId` is an identifier")
            .json_body::<CustomersRequestBody>(example!("customers.request"))
            .answers::<Success<CustomersBody>>("Registered.", example!("customers"))
            .codes(&[812, 1026, 1028, 1905, 1921, 1994]),
    ]
}

async fn look_up_customers(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open_lookup().await?;
    let text = call.query.required("q", |text| Ok(text.to_owned()));
    call.answer(move |ports, caller, context| {
        let found = search(ports, caller, &text.unwrap_or_default())?;
        render::enveloped(&MatchesBody::new(&found), context)
    })
    .await
}

async fn put_customer(call: Call) -> Result<HttpResponse, Failure> {
    let customer = call.customer();
    let mut call = call.open().await?;
    let identifiers = call.read(IdentifiersBody::parse).await?;
    let command = identifiers.and_then(|identifiers| Ok(PutCustomers::One(customer?, identifiers)));
    call.execute(command).await
}

async fn put_customers(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let entries = call.read_in_context(CustomersRequestBody::parse).await?;
    let command = entries.map(PutCustomers::Several);
    call.execute(command).await
}
