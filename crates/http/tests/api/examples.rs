//! The examples of the OpenAPI document: they are what the schemas say, and bodies are read as they
//! stand, which is more than the schemas say.

use accolade_http::openapi::openapi;
use actix_web::http::Method;
use serde_json::Value;

use crate::support::{BADGE, DOCUMENT, PREFIX, TestApp, json};

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
fn examples_are_what_the_schemas_say() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut differences = Vec::new();
    for (path, method, operation) in operations(&document) {
        let place = format!("#/paths/{}/{method}", escaped(path));
        let answers = operation["responses"].as_object().unwrap();
        let answers = answers.iter().map(|(status, answer)| {
            (
                format!("{place}/responses/{status}/content/application~1json/schema"),
                answer,
            )
        });
        let body = format!("{place}/requestBody/content/application~1json/schema");
        let body = [(body, &operation["requestBody"])];
        for (schema, described) in answers.chain(body) {
            let example = &described["content"]["application/json"]["example"];
            if !example.is_null() {
                differences.extend(DOCUMENT.fits(&schema, example).err());
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// `path` as it stands in a JSON pointer that is the fragment of a URI.
fn escaped(path: &str) -> String {
    path.replace('/', "~1")
        .replace('{', "%7B")
        .replace('}', "%7D")
}
