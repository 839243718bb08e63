//! The documents that are made from the code are checked in as the code makes them.
//!
//! `UPDATE_DOCUMENTS=1 cargo test -p accolade-http` writes them.

use std::collections::BTreeSet;
use std::path::Path;

use accolade_domain::rejection::Code;
use accolade_http::openapi::{asyncapi_json, errors_markdown, openapi, openapi_json};
use serde_json::Value;

fn check(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = made
        .lines()
        .zip(checked_in.lines())
        .position(|(a, b)| a != b);
    assert!(
        made == checked_in,
        "docs/{name} differs from what the code makes, first in line {:?}: \
         run UPDATE_DOCUMENTS=1 cargo test -p accolade-http --test api",
        differs.map(|line| line + 1)
    );
}

fn operations() -> Vec<(String, String, Value)> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((method.clone(), path.clone(), operation.clone()));
        }
    }
    operations
}

#[test]
fn the_openapi_document_is_checked_in() {
    check("openapi.json", &openapi_json());
}

#[test]
fn the_document_of_events_is_checked_in() {
    check("asyncapi.json", &asyncapi_json());
}

#[test]
fn the_table_of_codes_is_checked_in() {
    check("errors.md", &errors_markdown());
}

#[test]
fn the_document_is_of_version_3_1() {
    assert!(openapi_json().contains(r#""openapi": "3.1.0""#));
}

#[test]
fn operations_stand_in_the_order_in_which_who_integrates_needs_them_and_codes_last() {
    let document = serde_json::to_value(openapi()).unwrap();
    let tags = document["tags"].as_array().unwrap();
    let names: Vec<_> = tags
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "Enrolment",
            "Earning",
            "Customers",
            "Jobs",
            "Events",
            "Exports",
            "Badges",
            "Catalogue",
            "Approvals",
            "Request workflow",
            "Access",
            "Operations",
            "Codes"
        ]
    );
    assert!(
        tags[12]["description"]
            .as_str()
            .unwrap()
            .contains("| 1040 |")
    );
    assert!(
        !document["info"]["description"]
            .as_str()
            .unwrap()
            .contains("1040")
    );
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    let places = [
        "issueBulk",
        "earn",
        "customer/{customerId}",
        "badgeMeta",
        "group",
    ]
    .map(|end| {
        let end = format!("/{end}");
        paths.iter().position(|path| path.ends_with(&end)).unwrap()
    });
    assert!(places.is_sorted(), "{paths:?}");
}

#[test]
fn every_code_is_some_operations() {
    // What befalls a request that reaches no operation.
    let elsewhere = [Code::PathNotFound, Code::MethodNotAllowed];
    let described: BTreeSet<u64> = operations()
        .iter()
        .flat_map(|(_, _, operation)| {
            let mut codes: Vec<u64> = operation["responses"]
                .as_object()
                .unwrap()
                .values()
                .flat_map(|response| {
                    let examples = &response["content"]["application/json"]["examples"];
                    let names = examples
                        .as_object()
                        .map(|map| map.keys().cloned().collect());
                    let names: Vec<String> = names.unwrap_or_default();
                    names.into_iter().filter_map(|name| name.parse().ok())
                })
                .collect();
            let description = operation["description"].as_str().unwrap_or_default();
            let words = description.split(|c: char| !c.is_ascii_digit());
            codes.extend(words.filter_map(|word| word.parse::<u64>().ok()));
            codes
        })
        .collect();
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !elsewhere.contains(code))
        .filter(|code| !described.contains(&u64::from(code.number())))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_operation_of_the_api_says_who_may_and_shows_examples() {
    for (method, path, operation) in operations() {
        let creates = [("post", "/badgeMeta"), ("post", "/customField")]
            .map(|(method, path)| (method, format!("/api_gateway/v1/badges{path}")))
            .iter()
            .any(|created| *created == (method.as_str(), path.clone()));
        let success = if creates { "201" } else { "200" };
        let ok = &operation["responses"][success];
        assert!(ok["description"].is_string(), "{method} {path}");
        if !path.starts_with("/api_gateway") {
            continue;
        }
        let security = operation["security"].as_array().unwrap();
        for way in ["basic", "bearer", "accessToken", "oauth2"] {
            let mut groups = security.iter().filter_map(|it| it[way][0].as_str());
            assert!(
                groups.any(|group| group.starts_with("badges:") || group == "admin"),
                "{method} {path}"
            );
        }
        if path.contains("/exports/") {
            // Lines, each of which has a schema that the description names.
            for kind in ["application/x-ndjson", "text/csv"] {
                assert!(ok["content"][kind].is_object(), "{method} {path}");
            }
            let about = operation["description"].as_str().unwrap();
            assert!(about.contains("A line is a `Exported"), "{about}");
        } else {
            assert!(is_shown(ok), "{method} {path}");
        }
        for status in ["400", "401", "403", "429", "500", "503"] {
            assert!(
                operation["responses"][status].is_object(),
                "{method} {path} {status}"
            );
        }
        if let Some(body) = operation.get("requestBody") {
            assert!(is_shown(body), "{method} {path}");
        }
    }
}

/// Whether each type of content of `body` has an example: JSON as it is, anything else as a text.
fn is_shown(body: &Value) -> bool {
    let contents = body["content"].as_object().unwrap();
    let mut shown = contents.iter().map(|(kind, content)| {
        let example = &content["example"];
        if kind.ends_with("json") && kind != "application/x-ndjson" {
            example.is_object() || example.is_array()
        } else {
            example.is_string()
        }
    });
    !contents.is_empty() && shown.all(|it| it)
}
