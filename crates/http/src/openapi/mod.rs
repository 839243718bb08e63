//! The OpenAPI document: made from the declarations of the operations and the types of the wire, so
//! that it cannot say anything else than what the server does.

pub(crate) mod page;

mod codes;
mod headers;
mod security;
mod webhooks;

use accolade_wire::envelope::FailureEnvelope;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::tag::TagBuilder;

use crate::operation::{Description, Operation, open};
use crate::routes::operations;

pub use codes::errors_markdown;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Accolade",
        description = "Badges for loyalty programmes: a brand defines a badge, its modules claim \
                       it, customers are enrolled for it and earn it.\n\n\
                       Every answer below `/api_gateway/v1/badges` and `/api_gateway/v2/request-workflow` is the envelope `data`, \
                       `errors`, `warnings`, but for the rows of exports. Instants are seconds with exactly nine decimals, which \
                       examples here cannot show; each has a twin of RFC 3339 text. Every answer has \
                       the request's id in `X-CAP-REQUEST-ID` and in `X-Request-Id`. All codes \
                       are in one table, at the end.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    components(schemas(FailureEnvelope)),
    tags(
        (name = "Enrolment", description = "Enrolling customers, revoking enrolments, and what became of requests."),
        (name = "Earning", description = "Earning badges under limits, revoking and importing earned ones."),
        (name = "Customers", description = "What customers hold, and by what they are called."),
        (name = "Jobs", description = "Files of rows, each carried out as if it had been a request of its own."),
        (name = "Events", description = "What happened, in order: to be read and followed."),
        (name = "Exports", description = "Everything that there is, as a stream: for copies."),
        (name = "Badges", description = "Defining badges, and who may use them."),
        (name = "Catalogue", description = "Groups of badges, and custom fields."),
        (name = "Approvals", description = "What waits for other people's votes before it is carried out."),
        (name = "Request workflow", description = "The same for existing clients of the API family: enrolling and earning that wait for approval."),
        (name = "Access", description = "Access tokens, and who created or changed something."),
        (name = "Operations", description = "For those who run the server."),
    ),
)]
struct Frame;

/// The document.
pub fn openapi() -> OpenApi {
    let mut document = Frame::openapi();
    let codes = TagBuilder::new()
        .name("Codes")
        .description(Some(codes::table()));
    document.tags.get_or_insert_default().push(codes.build());
    security::add_schemes(&mut document);
    headers::add_common(&mut document);
    let components = document.components.get_or_insert_default();
    components.schemas.values_mut().for_each(open);
    for operation in operations() {
        add(&mut document, operation);
    }
    webhooks::add(&mut document);
    document
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

/// The AsyncAPI document, as it is checked in: every type of event.
pub fn asyncapi_json() -> String {
    accolade_wire::event::asyncapi_json(env!("CARGO_PKG_VERSION"))
}

fn add(document: &mut OpenApi, mut declared: Operation) {
    let (path, method) = (declared.full_path(), declared.document_method());
    let (codes, security) = (codes::all_of(&declared), security::required(&declared));
    let Description { operation, schemas } = declared.described();
    let mut operation = operation.build();
    operation.security = security;
    if let Some(rules) = declared.rules {
        headers::add_read(&mut operation, rules);
    }
    codes::describe(&mut operation, &codes, declared.not_found);
    headers::add_answered(
        &mut operation,
        declared.rules,
        declared.tagged,
        &declared.headers,
    );
    let paths = &mut document.paths;
    paths.add_path_operation(path, vec![method], operation);
    let components = document.components.get_or_insert_default();
    components.schemas.extend(schemas.0);
}
