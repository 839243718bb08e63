//! The headers that many operations read or answer with, in the OpenAPI document.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required};

use crate::operation::Rules;

/// Each names a request, in every answer.
const REQUEST_IDS: [&str; 2] = ["X-CAP-REQUEST-ID", "X-Request-Id"];

/// What a client may ask for a minute, in all and still, if that is bounded.
const RATES: [&str; 2] = ["RateLimit-Policy", "RateLimit"];

/// When to come again.
const RETRY_AFTER: &str = "Retry-After";

/// Adds the headers that answers of many operations have, to refer to.
pub(super) fn add_common(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let mut add = |name: &str, kind: Type, description: &str| {
        let header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(kind)))
            .description(Some(description))
            .build();
        components.headers.insert(name.to_owned(), header.into());
    };
    let text = "Names the request in the log: the caller's own, if it sent a sane one.";
    for name in REQUEST_IDS {
        add(name, Type::String, text);
    }
    let text = "`true` if the answer was given before.";
    add("Idempotency-Replayed", Type::Boolean, text);
    let text = "Changes with the definition, not with counts or claims: for `If-Match`.";
    add("ETag", Type::String, text);
    let text = "How a client may authenticate.";
    add("WWW-Authenticate", Type::String, text);
    let text = "Where to read on: `<…>; rel=\"next\"`.";
    add("Link", Type::String, text);
    let text = "The position of the oldest event that there is.";
    add("Accolade-Oldest", Type::Integer, text);
    let text = "How far the feed is in the rows at least: the `after` of the events that follow.";
    add("Accolade-As-Of", Type::String, text);
    let text = "What is odd about the request, as `warnings` of an envelope; absent if nothing is.";
    add("Accolade-Warnings", Type::String, text);
    let text = "Of a client with bounds: how many requests and customers it may have a minute, \
                `\"requests\";q=600;w=60, \"customers\";q=100000;w=60`.";
    add(RATES[0], Type::String, text);
    let text = "How many of them are left, and in how many seconds all are there again: \
                `\"requests\";r=599;t=1, \"customers\";r=100000;t=0`.";
    add(RATES[1], Type::String, text);
    let text = "After how many seconds to come again.";
    add(RETRY_AFTER, Type::Integer, text);
}

/// Adds those that an operation of the API reads.
pub(super) fn add_read(operation: &mut Operation, rules: Rules) {
    if rules.takes_key {
        read(
            operation,
            "Idempotency-Key",
            "1 to 255 printable characters, bare or as a quoted string. The same key with \
             the same request gets the first answer again, to the byte.",
        );
    }
    read(
        operation,
        "X-CAP-API-AUTH-ORG-ID",
        "The organisation that the client belongs to; any other is refused.",
    );
    read(
        operation,
        REQUEST_IDS[0],
        "Names this request in the answer and in the log: 1 to 128 letters, digits, \
         `.`, `_` and `-`. One is made if it is absent.",
    );
    read(
        operation,
        REQUEST_IDS[1],
        "The same, where `X-CAP-REQUEST-ID` is absent.",
    );
}

/// Adds those that the answers of an operation have; it gives an entity tag if it is `tagged`, and
/// `own` headers that others do not give, each with a status.
pub(super) fn add_answered(
    operation: &mut Operation,
    rules: Option<Rules>,
    tagged: bool,
    own: &[(&str, &str)],
) {
    let takes_key = rules.is_some_and(|rules| rules.takes_key);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        for name in REQUEST_IDS {
            answer(response, name);
        }
        for (_, name) in own.iter().filter(|(with, _)| with == status) {
            answer(response, name);
        }
        if rules.is_some() {
            for name in RATES {
                answer(response, name);
            }
        }
        match status.as_str() {
            success if success.starts_with('2') => {
                if takes_key {
                    answer(response, "Idempotency-Replayed");
                }
                if tagged {
                    answer(response, "ETag");
                }
            }
            "401" => answer(response, "WWW-Authenticate"),
            "409" if takes_key => answer(response, RETRY_AFTER),
            "429" | "503" => answer(response, RETRY_AFTER),
            _ => {}
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

fn answer(response: &mut Response, name: &str) {
    let reference = Ref::new(format!("#/components/headers/{name}"));
    response
        .headers
        .insert(name.to_owned(), RefOr::Ref(reference));
}
