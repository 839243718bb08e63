//! The examples of the OpenAPI document: requests that are read as they stand, and answers that
//! their schemas describe.

use accolade_http::openapi::openapi;
use actix_web::http::Method;
use serde_json::Value;

use crate::support::{BADGE, PREFIX, TestApp, json};

/// What is said of a request that is not quite right in itself, whatever there is in the store.
const ODD: [u64; 11] = [
    400, 716, 717, 804, 812, 1051, 1905, 1990, 1991, 1993, 999_999,
];

/// The operations of the document: path, method, declaration.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((path.as_str(), method.as_str(), operation));
        }
    }
    operations
}

#[actix_web::test]
async fn every_example_of_a_request_is_read_without_problems_and_warnings() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut read = 0;
    for (path, method, operation) in operations(&document) {
        let body = &operation["requestBody"]["content"]["application/json"]["example"];
        if !path.starts_with(PREFIX) || body.is_null() {
            continue;
        }
        let path = path.replace("{customerId}", "1").replace("{id}", BADGE);
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let app = TestApp::new();
        let reply = app.send(json(method, &path, &body.to_string())).await;
        let codes = codes(&reply.json());
        assert!(
            !codes.iter().any(|code| ODD.contains(code)),
            "{path}: {}",
            reply.body
        );
        read += 1;
    }
    assert!(read > 15, "{read}");
}

/// Every code that `reply` names.
fn codes(reply: &Value) -> Vec<u64> {
    match reply {
        Value::Array(elements) => elements.iter().flat_map(codes).collect(),
        Value::Object(fields) => {
            let own = fields.get("code").and_then(Value::as_u64);
            own.into_iter()
                .chain(fields.values().flat_map(codes))
                .collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_example_of_an_answer_fits_its_schema() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut checked = 0;
    for (path, _, operation) in operations(&document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let content = &answer["content"]["application/json"];
            if content["example"].is_null() {
                continue;
            }
            let misfit = misfit(&document, &content["example"], &content["schema"]);
            assert_eq!(misfit, None, "{path} {status}");
            checked += 1;
        }
    }
    assert!(checked > 35, "{checked}");
}

/// Where `value` is something else than `schema` says.
fn misfit(document: &Value, value: &Value, schema: &Value) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return misfit(document, value, document.pointer(pointer).unwrap());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice| misfit(document, value, choice).is_none();
        let fits_one = choices.iter().any(fits);
        return (!fits_one).then(|| format!("{value} is none of the choices"));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = match &schema["type"] {
        Value::String(only) => vec![only.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![kind],
    };
    if !kinds
        .iter()
        .any(|it| it.replace("integer", "number") == kind)
    {
        return Some(format!("{value} is none of {kinds:?}"));
    }
    match value {
        Value::Array(elements) => {
            let mut misfits = elements
                .iter()
                .map(|it| misfit(document, it, &schema["items"]));
            misfits.find_map(|it| it)
        }
        Value::Object(fields) => {
            // An object without properties may have any; one that is put together of others
            // (`allOf`) is not looked into.
            let properties = schema["properties"].as_object()?;
            let required = schema["required"].as_array().into_iter().flatten();
            for name in required.filter_map(Value::as_str) {
                if !fields.contains_key(name) {
                    return Some(format!("lacks {name}"));
                }
            }
            for (name, field) in fields {
                let Some(property) = properties.get(name) else {
                    return Some(format!("{name} is not described"));
                };
                let inside = misfit(document, field, property);
                if let Some(inside) = inside {
                    return Some(format!("{name}: {inside}"));
                }
            }
            None
        }
        _ => None,
    }
}
