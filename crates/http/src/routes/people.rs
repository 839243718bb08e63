//! People: customers who turn out to be one, and customers who are to be forgotten.

use accolade_application::access::AccessGroup;
use accolade_application::people::EraseCustomer;
use accolade_wire::customer::named::NO_SUCH_NUMBER;
use accolade_wire::people::{ErasedCustomerBody, MergeRequestBody, MergedCustomersBody};
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Operation, Success, SuccessUnlessErased, delete, example, post};
use crate::routes::call::Call;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post("/customers/merge", merge_customers)
            .named("mergeCustomers", "Customers", "Merge two customers")
            .about(
                "\
Everything of the first is the second's from then on: identifiers, where the second has none of the \
kind; enrolments, earned badges and refusals; what counts under a customer's limits. Of two enrolments \
for one badge that overlap the earlier in event date stays, and the other is revoked with the reason \
`merged`. Requests that name the first act for the second, and answer with the second's number; one that \
names both names one customer twice. Who was merged may be merged into or further: it stands for the \
second. Sent again it changes nothing and is answered the same.",
            )
            .needs(AccessGroup::Admin)
            .identifiers("`fromCustomerId` and `toCustomerId` are identifiers")
            .json_body::<MergeRequestBody>(example!("merge.request"))
            .answers::<SuccessUnlessErased<MergedCustomersBody>>("They are one.", example!("merged"))
            .may_be_held()
            .codes(&[812, 1026, 1028, 1994]),
        delete("/customers/{customerId}", erase_customer)
            .named("eraseCustomer", "Customers", "Erase a customer")
            .about(
                "\
Forgets a person: identifiers, enrolments, earned badges and refusals, what kept answers say of it, and \
the data of events. What counted for a badge still counts, and executed requests stay executed. Numbers \
that were merged into this one go as well. The number is as good as new afterwards. Sent again it \
changes nothing and is answered the same. It looks at every answer of the organisation and takes the \
longer the more requests were recorded.",
            )
            .needs(AccessGroup::Admin)
            .path_parameter(
                "customerId",
                "The customer's number, or an identifier, percent-encoded.",
            )
            .identifiers("`customerId` is an identifier")
            .answers::<Success<ErasedCustomerBody>>("Nothing is known of it.", example!("erased"))
            .may_be_held()
            .codes(&[404, 1026, 1028, 1942, 1952, 1994])
            .not_found(NO_SUCH_NUMBER),
    ]
}

async fn merge_customers(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let command = call.read_in_context(MergeRequestBody::parse).await?;
    call.execute(command).await
}

async fn erase_customer(call: Call) -> Result<HttpResponse, Failure> {
    let customer = call.customer();
    let mut call = call.open().await?;
    let command = call.read_nothing().and_then(|()| {
        Ok(EraseCustomer {
            customer: customer?,
        })
    });
    call.execute(command).await
}
