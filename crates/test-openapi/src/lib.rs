//! Holds answers to the OpenAPI document, for tests: whatever a server of the tests answers is what
//! the document says of that operation and that status, body, headers and codes.
//!
//! The document allows answers to have further fields, because clients must bear with those of a
//! later release. Here a field that it does not name is refused, so that the document stays complete.
// A test that uses it has one way to report.
#![allow(clippy::unwrap_used)]

mod operations;
mod strict;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

use operations::Operations;

/// Where the document is for references of schemas.
const HOME: &str = "json-schema:///openapi";

/// The schema of a request that failed as a whole.
const FAILURE: &str = "#/components/schemas/Failure";

/// What does not belong to an operation, but to HTTP: the document leaves these headers out.
const OF_HTTP: &[&str] = &[
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "pragma",
    "transfer-encoding",
    "vary",
    "x-content-type-options",
];

/// The codes of a request that reaches no operation: its path or its method is unknown.
const OF_NO_OPERATION: [u64; 2] = [1940, 1941];

/// An answer, and what was asked.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The path of the request from the root; a query is ignored.
    pub path: &'a str,
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// An OpenAPI document that answers are held to.
#[derive(Debug)]
pub struct Document {
    operations: Operations,
    registry: Registry<'static>,
    /// By the place of the schema.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Document {
    /// The one that `document` is.
    pub fn new(mut document: Value) -> Self {
        strict::forbid_further_fields(&mut document);
        let operations = Operations::of(&document);
        let registry = Registry::new().add(HOME, document).unwrap();
        Self {
            operations,
            registry: registry.prepare().unwrap(),
            validators: Mutex::default(),
        }
    }

    /// Holds `answer` to what the document says of it. An answer to something that is neither an
    /// operation nor below `prefix` is not looked at; one below it that no operation gave must be a
    /// failure.
    ///
    /// # Errors
    /// In which way the two differ.
    pub fn check(&self, prefix: &str, answer: Answer<'_>) -> Result<(), String> {
        let body =
            || serde_json::from_slice(answer.body).map_err(|error| format!("no JSON: {error}"));
        let Some(operation) = self.operations.find(answer.method, answer.path) else {
            // A browser's OPTIONS asks about an operation, and what is told of it is in headers.
            let is_told = !["HEAD", "OPTIONS"].contains(&answer.method);
            if answer.path.starts_with(prefix) && is_told {
                return self.fits(FAILURE, &body()?);
            }
            return Ok(());
        };
        let id = &operation.id;
        let Some(response) = operation.responses.get(&answer.status.to_string()) else {
            let undeclared = Err(format!("{id} declares no {}", answer.status));
            if answer.status < 400 || answer.method == "HEAD" {
                return undeclared;
            }
            let body = body()?;
            let codes = codes(&body);
            let reached_none = codes.iter().all(|code| OF_NO_OPERATION.contains(code));
            return if reached_none {
                self.fits(FAILURE, &body)
            } else {
                undeclared
            };
        };
        for (name, _) in answer.headers {
            if !is_of_http(name) && !response.headers.iter().any(|it| it == name) {
                return Err(format!(
                    "{id} declares no header {name} of {}",
                    answer.status
                ));
            }
        }
        if answer.method == "HEAD" {
            return Ok(());
        }
        let kind = header(answer.headers, "content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let Some(schema) = response.schemas.get(kind) else {
            return Err(format!("{id} declares no {kind:?} of {}", answer.status));
        };
        if kind != "application/json" && !kind.ends_with("+json") {
            return Ok(());
        }
        let body = body()?;
        self.fits(schema, &body)?;
        // The first decides the status; others come with it, whatever theirs would be.
        let codes = codes(&body).into_iter().enumerate();
        for (place, code) in codes {
            let is_declared = match place {
                0 => response.codes.is_empty() || response.codes.contains(&code),
                _ => operation.declares(code),
            };
            if !is_declared && !OF_NO_OPERATION.contains(&code) {
                return Err(format!("{id} declares no code {code} of {}", answer.status));
            }
        }
        Ok(())
    }

    /// Holds `value` to the schema at a place of the document, as `#/components/schemas/Failure`.
    ///
    /// # Errors
    /// In which way the two differ.
    pub fn fits(&self, schema: &str, value: &Value) -> Result<(), String> {
        let validator = self.validator(schema);
        let mut differences = String::new();
        for error in validator.iter_errors(value).take(5) {
            let mut said = error.to_string();
            if said.len() > 400 {
                said = said.chars().take(400).chain(['…']).collect();
            }
            let _ = write!(
                differences,
                "\n  at {:?}: {said}",
                error.instance_path().as_str()
            );
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(format!("it is not as {schema} says:{differences}"))
    }

    fn validator(&self, schema: &str) -> Arc<Validator> {
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = validators.get(schema) {
            return Arc::clone(known);
        }
        let reference = json!({"$ref": format!("{HOME}{schema}")});
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .build(&reference)
            .unwrap_or_else(|error| panic!("the schema {schema} of the document: {error}"));
        let validator = Arc::new(validator);
        validators.insert(schema.to_owned(), Arc::clone(&validator));
        validator
    }
}

fn is_of_http(name: &str) -> bool {
    OF_HTTP.contains(&name) || name.starts_with("access-control-")
}

fn header<'a>(headers: &'a [(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value)
}

/// The codes in the `errors` of the envelope `body`.
fn codes(body: &Value) -> Vec<u64> {
    let errors = body["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["code"].as_u64()).collect()
}
