//! The examples of the OpenAPI document: bodies that are read as they stand, which is more than the
//! schemas say, and answers that are what the schemas say.

use accolade_http::openapi::openapi;
use actix_web::http::Method;
use serde_json::{Map, Value};

use crate::support::{BADGE, PREFIX, TestApp, json};

/// What is said of a request that is not quite right in itself, whatever there is in the store.
const ODD: [u64; 10] = [400, 716, 717, 804, 812, 1051, 1905, 1990, 1991, 1993];

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
fn examples_of_answers_are_what_the_schemas_say() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut differences = Vec::new();
    for (path, method, operation) in operations(&document) {
        for answer in operation["responses"].as_object().unwrap().values() {
            let content = &answer["content"]["application/json"];
            let (schema, example) = (&content["schema"], &content["example"]);
            if !example.is_null() {
                let place = format!("{method} {path}");
                compare(&document, schema, example, &place, &mut differences);
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
