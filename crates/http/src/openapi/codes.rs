//! How the codes that operations can answer are described, and the table of all codes.
//!
//! The OpenAPI document, its examples of failures and `docs/errors.md` are made from the domain's
//! one table and from the codes that each operation declares.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use accolade_domain::rejection::Code;
use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Ref, RefOr};

use crate::operation::Operation as Declared;

/// What any operation of the API can answer.
const ALWAYS: &[u32] = &[400, 1930, 1931, 1932, 1945, 1951, 1990, 999_999];

/// What any operation that is executed once under a key can answer besides.
const TAKES_KEY: &[u32] = &[1910, 1911, 1942, 1952];

/// What any operation that reads a JSON body can answer besides.
const READS_JSON: &[u32] = &[1943];

/// What an operation can answer besides a success without warnings, in the order of the numbers.
pub(super) fn all_of(declared: &Declared) -> Vec<Code> {
    let mut numbers = declared.codes.clone();
    if let Some(rules) = declared.rules {
        numbers.extend(ALWAYS);
        if rules.takes_key {
            numbers.extend(TAKES_KEY);
        }
        if rules.json {
            numbers.extend(READS_JSON);
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().filter_map(Code::from_number).collect()
}

/// Adds to `operation` a response for each status of `codes`, with an example for each code, and a
/// sentence about those that come with a success. Its 404 says `not_found`.
pub(super) fn describe(operation: &mut Operation, codes: &[Code], not_found: &'static str) {
    let messages = Messages { not_found };
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        for status in code.statuses() {
            by_status.entry(status).or_default().push(*code);
        }
    }
    for (status, codes) in by_status {
        if status == 200 {
            let description = operation.description.get_or_insert_default();
            let sentence = "Comes with a success, as a warning or as a customer's error:";
            let _ = write!(description, "\n\n{sentence} {}.", messages.listed(&codes));
        } else {
            operation
                .responses
                .responses
                .entry(status.to_string())
                .or_insert_with(|| RefOr::T(messages.failure(&codes)));
        }
    }
}

/// What the codes say in the answers of one operation.
struct Messages {
    not_found: &'static str,
}

impl Messages {
    fn of(&self, code: Code) -> &'static str {
        match code {
            Code::NotFound => self.not_found,
            code => code.message(),
        }
    }

    fn failure(&self, codes: &[Code]) -> Response {
        let examples = codes.iter().map(|code| {
            let value = json!({
                "data": null,
                "errors": [{"code": code.number(), "message": self.of(*code), "reference": null}],
                "warnings": null,
            });
            let example = ExampleBuilder::new().value(Some(value)).build();
            (code.number().to_string(), RefOr::T(example))
        });
        ResponseBuilder::new()
            .description(self.listed(codes))
            .content(
                "application/json",
                ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name("Failure")))
                    .examples_from_iter(examples)
                    .build(),
            )
            .build()
    }

    fn listed(&self, codes: &[Code]) -> String {
        let said: Vec<_> = codes
            .iter()
            .map(|code| format!("{} {}", code.number(), self.of(*code).trim_end_matches('.')))
            .collect();
        said.join("; ")
    }
}

/// The table of all codes, in Markdown.
pub(super) fn table() -> String {
    let mut table = "| Code | HTTP | Whose | Name | Message |\n|---|---|---|---|---|\n".to_owned();
    for code in Code::ALL {
        let (number, status) = (code.number(), code.status());
        let whose = if code.is_ours() { "ours" } else { "family" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {number} | {status} | {whose} | {} | {} |",
            code.name(),
            code.message()
        );
    }
    table
}

/// The same table in HTML.
pub(super) fn html_table() -> String {
    let mut table =
        "<table><thead><tr><th>Code</th><th>HTTP</th><th>Name</th><th>Message</th></tr>\
                     </thead><tbody>\n"
            .to_owned();
    for code in Code::ALL {
        let (number, status) = (code.number(), code.status());
        let name = code.name();
        let message = code.message().replace('&', "&amp;").replace('<', "&lt;");
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "<tr><td>{number}</td><td>{status}</td><td>{name}</td><td>{message}</td></tr>"
        );
    }
    table.push_str("</tbody></table>");
    table
}

/// The document `docs/errors.md`.
pub fn errors_markdown() -> String {
    format!(
        "# Codes\n\n\
         Every way in which Accolade says no, or warns. A code with HTTP 200 is a warning, or \
         befalls one customer of a batch while the rest goes through. A message may be more \
         precise than the standing one below; `reference` names the field at fault.\n\n\
         *family*: a number that clients of the API family know already. *ours*: one that \
         Accolade has added.\n\n\
         This page is made from the table in `crates/domain/src/rejection.rs`.\n\n{}",
        table()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::operations;

    #[test]
    fn every_number_that_an_operation_declares_is_a_code() {
        for operation in operations() {
            for number in &operation.codes {
                let path = operation.path;
                assert!(Code::from_number(*number).is_some(), "{path}: {number}");
            }
        }
    }
}
