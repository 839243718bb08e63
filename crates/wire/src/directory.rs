//! The customer directory: the bodies of requests and answers.

use std::collections::HashSet;

use accolade_application::answer::DirectoryEcho;
use accolade_application::customers::named_twice;
use accolade_application::ports::{IdentifierKind, Identifiers};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;
use serde::Serialize;
use utoipa::ToSchema;

use crate::customer::named::{self, IdentifierText, NamedCustomer};
use crate::json::{self, Fields, Parsed};

/// What a customer is called besides its number. What is left out the customer loses.
#[derive(ToSchema)]
#[schema(as = CustomerRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct IdentifiersBody {
    /// An e-mail address; compared without regard to case.
    #[schema(min_length = 1, max_length = 255, example = "anna@example.org")]
    email: Option<String>,
    /// A telephone number.
    #[schema(min_length = 1, max_length = 255, example = "919900000001")]
    mobile: Option<String>,
    /// The id of another system.
    #[schema(min_length = 1, max_length = 255)]
    external_id: Option<String>,
    /// The number of a card.
    #[schema(min_length = 1, max_length = 255)]
    card_number: Option<String>,
}

/// Customers and what they are called.
#[derive(ToSchema)]
#[schema(as = CustomersRequest)]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct CustomersRequestBody {
    /// The customers, each once.
    #[schema(min_items = 1)]
    customers: Vec<CustomerEntry>,
}

/// One of several customers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct CustomerEntry {
    /// The customer.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// An e-mail address; compared without regard to case.
    #[schema(min_length = 1, max_length = 255, example = "anna@example.org")]
    email: Option<String>,
    /// A telephone number.
    #[schema(min_length = 1, max_length = 255, example = "919900000001")]
    mobile: Option<String>,
    /// The id of another system.
    #[schema(min_length = 1, max_length = 255)]
    external_id: Option<String>,
    /// The number of a card.
    #[schema(min_length = 1, max_length = 255)]
    card_number: Option<String>,
}

/// A customer and what it is called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
#[serde(rename_all = "camelCase")]
pub struct CustomerBody<'a> {
    /// The customer.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// An e-mail address.
    #[schema(required)]
    email: Option<&'a str>,
    /// A telephone number.
    #[schema(required)]
    mobile: Option<&'a str>,
    /// The id of another system.
    #[schema(required)]
    external_id: Option<&'a str>,
    /// The number of a card.
    #[schema(required)]
    card_number: Option<&'a str>,
}

/// Customers and what they are called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customers)]
pub struct CustomersBody<'a> {
    /// The customers, in the order of the request.
    customers: Vec<CustomerBody<'a>>,
}

/// A customer of a bulk request, and its identifiers.
pub type Entry = (NamedCustomer, Identifiers);

/// What `body` says that a customer is called.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_one(body: &[u8]) -> Result<Parsed<Identifiers>, Vec<Rejection>> {
    json::read(body, |fields| {
        fields.ignore("customerId", "Ignored: the path says which customer.");
        Some(identifiers(fields))
    })
}

/// The customers in `body`, at most `max`.
///
/// # Errors
/// Everything that is wrong with it, a customer that is named twice included.
pub fn read_several(
    body: &[u8],
    max: usize,
    named_by: Option<IdentifierKind>,
) -> Result<Parsed<Vec<Entry>>, Vec<Rejection>> {
    json::read(body, |fields| {
        let elements = fields
            .field("customers")
            .required_as(Code::CustomerMissing)
            .list(max, Code::TooManyCustomers)?;
        if elements.is_empty() {
            fields.refuse(Rejection::of(Code::CustomerMissing).at("customers"));
        }
        let mut seen = HashSet::new();
        let mut entries = Vec::new();
        for element in elements {
            let Some(mut fields) = element.object() else {
                continue;
            };
            let customer = named::one(fields.field("customerId"), named_by);
            if let Some(NamedCustomer::Number(number)) = &customer
                && !seen.insert(*number)
            {
                fields.refuse(named_twice());
            }
            let identifiers = identifiers(&mut fields);
            fields.finish();
            entries.extend(customer.map(|customer| (customer, identifiers)));
        }
        Some(entries)
    })
}

fn identifiers(fields: &mut Fields<'_, '_>) -> Identifiers {
    let mut identifier = |name| {
        let text = fields.field(name).text_or_number::<IdentifierText>();
        text.map(IdentifierText::into_name)
    };
    Identifiers {
        email: identifier("email"),
        mobile: identifier("mobile"),
        external_id: identifier("externalId"),
        card_number: identifier("cardNumber"),
    }
}

impl<'a> From<&'a DirectoryEcho> for CustomerBody<'a> {
    fn from(echo: &'a DirectoryEcho) -> Self {
        Self {
            customer_id: echo.customer.get(),
            email: echo.email.as_ref().map(Name::as_str),
            mobile: echo.mobile.as_ref().map(Name::as_str),
            external_id: echo.external_id.as_ref().map(Name::as_str),
            card_number: echo.card_number.as_ref().map(Name::as_str),
        }
    }
}

impl<'a> CustomersBody<'a> {
    /// How `entries` look.
    pub fn of(entries: &'a [DirectoryEcho]) -> Self {
        Self {
            customers: entries.iter().map(CustomerBody::from).collect(),
        }
    }
}
