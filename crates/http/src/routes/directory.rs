//! The customer directory: by what customers are called besides their numbers.

use std::collections::HashSet;

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::customers::{PutCustomers, put};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{DirectoryEntry, Ports};
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::directory::{
    self as wire, CustomerBody, CustomersBody, CustomersRequestBody, Entry, IdentifiersBody,
    named_twice,
};
use accolade_wire::json::Parsed;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::openapi::success::Success;
use crate::routes::call::Call;
use crate::routes::identifier;
use crate::routes::write::{BodyKind, Recording, Write};

/// Register a customer
///
/// Replaces all of the customer's identifiers: what is left out it loses. An identifier belongs to
/// one customer of the organisation.
#[utoipa::path(
    put,
    path = "/api_gateway/v1/badges/customers/{customerId}",
    operation_id = "putCustomer",
    tag = "Customers",
    params(
        ("customerId" = String, Path, description = "The customer's number, or an identifier, percent-encoded."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    request_body(content = IdentifiersBody, example = json!({"email": "anna@example.org", "mobile": "919900000001"})),
    responses((
        status = 200,
        description = "Registered.",
        body = Success<CustomerBody>,
        example = json!({
            "data": {
                "customerId": 62_090_013,
                "email": "anna@example.org",
                "mobile": "919900000001",
                "externalId": null,
                "cardNumber": null,
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn put_customer(call: Call) -> Result<HttpResponse, Failure> {
    let customer = identifier::in_path(&call);
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Json,
        recording: Recording::Guarded,
    }
    .answer(
        call,
        |body, _| wire::read_one(body),
        move |ports, caller, identifiers, idempotency| {
            let entry = DirectoryEntry {
                customer: identifier::one(ports, caller, customer?, None)?,
                identifiers,
            };
            let command = PutCustomers {
                single: true,
                entries: vec![entry],
                idempotency,
            };
            put(ports, caller, command)
        },
    )
    .await
}

/// Register customers
///
/// As one by one, but all of them or none.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/customers/bulk",
    operation_id = "putCustomers",
    tag = "Customers",
    params(("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind.")),
    request_body(
        content = CustomersRequestBody,
        example = json!({"customers": [{"customerId": 62_090_013, "email": "anna@example.org"}]}),
    ),
    responses((
        status = 200,
        description = "Registered.",
        body = Success<CustomersBody>,
        example = json!({
            "data": {
                "customers": [{
                    "customerId": 62_090_013,
                    "email": "anna@example.org",
                    "mobile": null,
                    "externalId": null,
                    "cardNumber": null,
                }],
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn put_customers(call: Call) -> Result<HttpResponse, Failure> {
    let max = call.state.options.customers_per_request;
    let named_by = identifier::kind(call.headers());
    Write {
        group: AccessGroup::BadgesWrite,
        body: BodyKind::Json,
        recording: Recording::Guarded,
    }
    .answer_resolved(
        call,
        move |body, _| {
            let named_by = named_by.map_err(|problem| vec![problem])?;
            wire::read_several(body, max, named_by)
        },
        |ports, caller, entries| {
            let warnings = Vec::new();
            Ok(Parsed {
                value: found(ports, caller, entries)?,
                warnings,
            })
        },
        |ports, caller, entries, idempotency| {
            let command = PutCustomers {
                single: false,
                entries,
                idempotency,
            };
            put(ports, caller, command)
        },
    )
    .await
}

/// The entries with their customers found.
fn found(
    ports: &Ports,
    caller: &Caller,
    entries: Vec<Entry>,
) -> Result<Vec<DirectoryEntry>, UseCaseError> {
    let (named, identifiers): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let found = identifier::each(ports, caller, named)?;
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for (position, (customer, identifiers)) in found.into_iter().zip(identifiers).enumerate() {
        let place = format!("customers[{position}]");
        match customer {
            Ok(customer) if seen.insert(customer) => entries.push(DirectoryEntry {
                customer,
                identifiers,
            }),
            Ok(_) => problems.push(named_twice().below(&place)),
            Err(_) => {
                let unknown = Rejection::of(Code::IdentifierUnknown).at("customerId");
                problems.push(unknown.below(&place));
            }
        }
    }
    if problems.is_empty() {
        Ok(entries)
    } else {
        problems.truncate(accolade_wire::json::MOST_REPORTED);
        Err(problems.into())
    }
}
