//! The headers that many operations read or answer with, in the OpenAPI document.

use utoipa::Modify;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, RefOr, Required};

use crate::routes::PREFIX;

/// Adds them.
pub(super) struct Headers;

/// The operations that answer with one badge, and so with its entity tag.
const SHOW_A_BADGE: &[&str] = &["createBadge", "updateBadge", "updateNamedBadge", "getBadge"];

impl Modify for Headers {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            if !path.starts_with(PREFIX) {
                continue;
            }
            for operation in [&mut item.post, &mut item.put].into_iter().flatten() {
                read(
                    operation,
                    "Idempotency-Key",
                    "1 to 255 printable characters, bare or as a quoted string. The same key with \
                     the same request gets the first answer again, to the byte.",
                );
                let replayed = HeaderBuilder::new()
                    .description(Some("`true` if the answer was given before."))
                    .build();
                if let Some(RefOr::T(ok)) = operation.responses.responses.get_mut("200") {
                    let name = "Idempotency-Replayed".to_owned();
                    ok.headers.insert(name, RefOr::T(replayed));
                }
            }
            for operation in [&mut item.get, &mut item.post, &mut item.put]
                .into_iter()
                .flatten()
                .filter(|operation| {
                    operation
                        .operation_id
                        .as_deref()
                        .is_some_and(|id| SHOW_A_BADGE.contains(&id))
                })
            {
                let tag = HeaderBuilder::new()
                    .description(Some(
                        "Changes with the definition, not with counts or claims: for `If-Match`.",
                    ))
                    .build();
                if let Some(RefOr::T(ok)) = operation.responses.responses.get_mut("200") {
                    ok.headers.insert("ETag".to_owned(), RefOr::T(tag));
                }
            }
            for operation in super::operations(item) {
                read(
                    operation,
                    "X-CAP-API-AUTH-ORG-ID",
                    "The organisation that the client belongs to; any other is refused.",
                );
                read(
                    operation,
                    "X-Request-Id",
                    "Names this request in the answer and in the log: 1 to 128 letters, digits, \
                     `.`, `_` and `-`. One is made if it is absent.",
                );
            }
        }
    }
}

fn read(operation: &mut Operation, name: &str, description: &str) {
    let parameter: Parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(parameter.into());
}
