//! The examples of the OpenAPI document: bodies are what the readers take, which is more than the
//! schemas say, and answers are what the schemas say.

use std::path::Path;

use accolade_domain::rejection::Rejection;
use accolade_http::openapi::openapi;
use accolade_wire::badge::owner::OwnerRequestBody;
use accolade_wire::badge::request::{self as badge_request, Named};
use accolade_wire::catalogue::{custom_field, group};
use accolade_wire::directory::{CustomersRequestBody, IdentifiersBody};
use accolade_wire::earning::import_request;
use accolade_wire::earning::request::{EarnBulkRequest, EarnRequestBody, RevokeEarnRequestBody};
use accolade_wire::enrolment::request::EnrolmentRequest;
use accolade_wire::enrolment::revocation_request::RevocationRequestBody;
use accolade_wire::json::Parsed;
use accolade_wire::request::context::ParseContext;
use serde_json::{Map, Value};

/// What the reader of `name`, an example of a body, says of it.
fn odd(name: &str, body: &[u8]) -> Vec<Rejection> {
    fn said<T>(parsed: Result<Parsed<T>, Vec<Rejection>>) -> Vec<Rejection> {
        parsed.map_or_else(|problems| problems, |parsed| parsed.warnings)
    }
    let context = ParseContext {
        max_customers: 10,
        request_id: None,
        named_by: None,
    };
    match name {
        "badge" => said(badge_request::read(body)),
        "badge-update" => said(badge_request::read_update(body, Named::InPath(None))),
        "named-badge-update" => said(badge_request::read_update(body, Named::InBody)),
        "claim" => said(OwnerRequestBody::parse(body)),
        "custom-field" => said(custom_field::read_new(body)),
        "custom-field-change" => said(custom_field::read_change(body)),
        "customer" => said(IdentifiersBody::parse(body)),
        "customers" => said(CustomersRequestBody::parse(body, context)),
        "earn" => said(EarnRequestBody::parse(body, context)),
        "earn-bulk" => said(EarnBulkRequest::parse(body, context)),
        "enrolment" => said(EnrolmentRequest::parse(body, context)),
        "group" => said(group::read_new(body)),
        "group-change" => said(group::read_change(body)),
        "import" => said(import_request::read(body, context)),
        "revoke-earn" => said(RevokeEarnRequestBody::parse(body, context)),
        "revoke-enrolments" => said(RevocationRequestBody::parse(body, context)),
        // What it says is about keys, which only the store knows.
        "token" => Vec::new(),
        _ => panic!("{name} has no reader here"),
    }
}

#[test]
fn examples_of_bodies_are_read_without_a_problem_or_a_warning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        if let Some(name) = file.strip_suffix(".request.json") {
            assert_eq!(odd(name, &std::fs::read(&path).unwrap()), [], "{name}");
            read += 1;
        }
    }
    assert!(read > 10, "{read}");
}

#[test]
fn examples_of_answers_are_what_the_schemas_say() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut differences = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap().values();
            for answer in answers {
                let content = &answer["content"]["application/json"];
                if !content["example"].is_null() {
                    let place = format!("{method} {path}");
                    let schema = &content["schema"];
                    compare(
                        &document,
                        schema,
                        &content["example"],
                        &place,
                        &mut differences,
                    );
                }
            }
        }
    }
    assert_eq!(differences, Vec::<String>::new());
}

/// Adds to `differences` where `value`, at `place`, is not as `schema` says.
fn compare(
    document: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    differences: &mut Vec<String>,
) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = document.pointer(&name[1..]).unwrap();
        return compare(document, schema, value, place, differences);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice| {
            let mut found = Vec::new();
            compare(document, choice, value, place, &mut found);
            found.is_empty()
        };
        if !choices.iter().any(fits) {
            differences.push(format!("{place} is none of the choices"));
        }
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is = |name: &Value| name == kind || (name == "number" && kind == "integer");
    let types = &schema["type"];
    if !types.is_null() && !is(types) && !types.as_array().is_some_and(|all| all.iter().any(is)) {
        differences.push(format!("{place} is {kind}, not {types}"));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        differences.push(format!("{place} is none of {words:?}"));
    }
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        let place = format!("{place}[{index}]");
        compare(document, &schema["items"], element, &place, differences);
    }
    let mut properties = Map::new();
    for part in parts(document, schema) {
        let required = part["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if value.is_object() && value.get(name).is_none() {
                differences.push(format!("{place} has no {name}"));
            }
        }
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        match properties.get(name) {
            Some(schema) => compare(
                document,
                schema,
                field,
                &format!("{place}.{name}"),
                differences,
            ),
            None if properties.is_empty() => {}
            // A benefit is kept with whatever members it has.
            None if place.contains("benefits") => {}
            None => differences.push(format!("{place} has {name}, which its schema has not")),
        }
    }
}

/// The schemas that `schema` consists of.
fn parts<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(name) = schema["$ref"].as_str() {
        return parts(document, document.pointer(&name[1..]).unwrap());
    }
    match schema["allOf"].as_array() {
        Some(all) => all.iter().flat_map(|part| parts(document, part)).collect(),
        None => vec![schema],
    }
}
