//! Makes a document forbid what it does not name.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Makes every object of `document` that names properties forbid others. One that says what others are
/// like (`additionalProperties` is a schema) means them, and is left as it is.
pub(crate) fn forbid_further_fields(document: &mut Value) {
    // What is sent to others is no answer, and what it is made of says nothing of answers.
    if let Some(document) = document.as_object_mut() {
        document.remove("webhooks");
    }
    let mut parts = HashSet::new();
    find_parts(document, &mut parts);
    let named = document["components"]["schemas"].as_object_mut();
    for (name, schema) in named.into_iter().flatten() {
        // A part does not know what the whole has besides: the whole forbids what no part names.
        close(schema, parts.contains(name));
    }
    if let Some(paths) = document.get_mut("paths") {
        close(paths, false);
    }
}

/// Adds to `parts` the names of schemas that others consist of.
fn find_parts(value: &Value, parts: &mut HashSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|it| find_parts(it, parts)),
        Value::Object(members) => {
            for part in members
                .get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let name = part["$ref"].as_str().and_then(|it| it.rsplit('/').next());
                parts.extend(name.map(str::to_owned));
            }
            members.values().for_each(|it| find_parts(it, parts));
        }
        _ => {}
    }
}

/// Closes the schemas in `value`, which may be a part of another one itself.
fn close(value: &mut Value, is_part: bool) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|it| close(it, false)),
        Value::Object(schema) => {
            if schema.get("additionalProperties") == Some(&Value::Bool(true)) {
                schema.remove("additionalProperties");
            }
            let names_fields = schema.contains_key("properties") || schema.contains_key("allOf");
            if names_fields && !is_part && !schema.contains_key("additionalProperties") {
                schema.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
            }
            close_members(schema);
        }
        _ => {}
    }
}

fn close_members(schema: &mut Map<String, Value>) {
    for (name, member) in schema {
        match (name.as_str(), member) {
            // Not schemas, whatever they look like.
            ("example" | "examples" | "default" | "enum", _) => {}
            ("allOf", Value::Array(parts)) => parts.iter_mut().for_each(|it| close(it, true)),
            // The names of fields are no keywords.
            ("properties", Value::Object(fields)) => {
                fields.values_mut().for_each(|it| close(it, false));
            }
            (_, member) => close(member, false),
        }
    }
}
