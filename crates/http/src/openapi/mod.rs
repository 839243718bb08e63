//! The OpenAPI document: made from the handlers and their types, so that it cannot say
//! anything else than what the server does.

pub(crate) mod example;
pub(crate) mod success;

mod codes;
mod headers;
mod operation_codes;
mod security;

use accolade_wire::envelope::FailureEnvelope;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem};
use utoipa::{Modify, OpenApi as _};

use crate::auth;
use crate::routes::{
    badges, custom_fields, customers, directory, earning, enrolment, groups, ops, requests, windows,
};
use headers::Headers;
use security::Security;

pub use codes::errors_markdown;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Accolade",
        description = "Badges for loyalty programmes: a brand defines a badge, its modules claim \
                       it, customers are enrolled for it and earn it.\n\n\
                       Every answer below `/api_gateway/v1/badges` is the envelope `data`, \
                       `errors`, `warnings`. Instants are seconds with exactly nine decimals, which \
                       examples here cannot show; each has a twin of RFC 3339 text. Every answer has \
                       `X-Request-Id`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    paths(
        enrolment::enrol_customers,
        enrolment::revoke_enrolments,
        requests::get_requests,
        earning::earn_badge,
        earning::earn_badge_bulk,
        earning::revoke_earn,
        earning::import_customer_badges,
        earning::post_customer_badges,
        badges::create_badge,
        badges::update_named_badge,
        badges::update_badge,
        windows::get_fixed_windows,
        badges::list_badges,
        badges::get_badge,
        badges::claim_badge,
        badges::unclaim_badge,
        badges::activate_badge,
        badges::deactivate_badge,
        customers::list_customer_badges,
        customers::list_managed_badges,
        customers::get_customer_badge,
        directory::put_customer,
        directory::put_customers,
        groups::create,
        groups::update,
        groups::remove,
        groups::get,
        groups::list,
        custom_fields::create,
        custom_fields::update,
        custom_fields::get,
        custom_fields::list,
        auth::generate_token,
        auth::oauth2_token,
        ops::live,
        ops::ready,
        ops::metrics,
    ),
    components(schemas(FailureEnvelope)),
    modifiers(&Security, &Headers, &Codes),
    tags(
        (name = "Enrolment", description = "Enrolling customers, revoking enrolments, and what became of requests."),
        (name = "Earning", description = "Earning badges under limits, revoking and importing earned ones."),
        (name = "Customers", description = "What customers hold, and by what they are called."),
        (name = "Badges", description = "Defining badges, and who may use them."),
        (name = "Catalogue", description = "Groups of badges, and custom fields."),
        (name = "Access", description = "Access tokens."),
        (name = "Operations", description = "For those who run the server."),
    ),
)]
struct Document;

struct Codes;

impl Modify for Codes {
    fn modify(&self, document: &mut OpenApi) {
        let description = document.info.description.get_or_insert_default();
        description.push_str("\n\n## Codes\n\n");
        description.push_str(&codes::table());
        for item in document.paths.paths.values_mut() {
            operations(item).for_each(codes::describe);
        }
    }
}

/// The document.
pub fn openapi() -> OpenApi {
    Document::openapi()
}

/// The document as indented JSON with a newline at its end, as it is checked in.
///
/// # Panics
/// Never: every part of it can be written.
pub fn openapi_json() -> String {
    let mut json = openapi().to_pretty_json().unwrap_or_default();
    json.push('\n');
    json
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}
