//! The headers that many operations read or answer with, in the OpenAPI document.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required};

use crate::operation::Rules;

/// Adds those of an operation of the API, which gives an entity tag if it is `tagged`.
pub(super) fn add(operation: &mut Operation, rules: Rules, tagged: bool) {
    if rules.takes_key {
        read(
            operation,
            "Idempotency-Key",
            "1 to 255 printable characters, bare or as a quoted string. The same key with \
             the same request gets the first answer again, to the byte.",
        );
        answer(
            operation,
            "Idempotency-Replayed",
            "`true` if the answer was given before.",
        );
    }
    if tagged {
        let text = "Changes with the definition, not with counts or claims: for `If-Match`.";
        answer(operation, "ETag", text);
    }
    read(
        operation,
        "X-CAP-API-AUTH-ORG-ID",
        "The organisation that the client belongs to; any other is refused.",
    );
    read(
        operation,
        "X-CAP-REQUEST-ID",
        "Names this request in the answer and in the log: 1 to 128 letters, digits, \
         `.`, `_` and `-`. One is made if it is absent.",
    );
    read(
        operation,
        "X-Request-Id",
        "The same, where `X-CAP-REQUEST-ID` is absent.",
    );
    for name in ["X-CAP-REQUEST-ID", "X-Request-Id"] {
        answer(
            operation,
            name,
            "The id of this request, as the log has it.",
        );
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

fn answer(operation: &mut Operation, name: &str, description: &str) {
    let header = HeaderBuilder::new().description(Some(description)).build();
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            let header = RefOr::T(header.clone());
            response.headers.insert(name.to_owned(), header);
        }
    }
}
