//! Which codes each operation can answer, and the table of all codes.
//!
//! The OpenAPI document, its examples of failures and `docs/errors.md` are
//! made from the domain's one table and from this list.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use accolade_domain::rejection::Code;
use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Ref, RefOr};

/// What any operation of the API's prefix can answer.
const ALWAYS: &[Code] = &[
    Code::Unauthenticated,
    Code::Forbidden,
    Code::TooManyFailures,
    Code::Unreadable,
    Code::BodyTimeout,
    Code::Internal,
    Code::Unavailable,
    Code::UnknownField,
];

/// What any operation that writes can answer besides.
const WRITES: &[Code] = &[
    Code::IdempotencyKeyReused,
    Code::IdempotencyKeyRunning,
    Code::BodyTooLarge,
    Code::OutcomeUnknown,
];

/// What any operation that reads a JSON body can answer besides.
const READS_JSON: &[Code] = &[Code::UnsupportedMediaType];

/// What an operation that lets customers earn can answer besides.
const EARNS: &[Code] = &[
    Code::InvalidEnum,
    Code::NotFound,
    Code::OwnerNotAllowed,
    Code::OwnerTypeMissing,
    Code::ReferenceMissing,
    Code::EarnInFuture,
    Code::RequestIdMissing,
    Code::RequestIdUsed,
    Code::ClaimFirst,
    Code::NotEnrolled,
    Code::NotLive,
    Code::EventOutsidePeriod,
    Code::CustomerLimitReached,
    Code::BadgeLimitReached,
    Code::BadgeDeactivated,
    Code::DatesDisagree,
];

/// What an operation can answer besides 200 without warnings, by its id, in
/// the order of the numbers.
pub(crate) fn codes_of(operation_id: &str) -> Vec<Code> {
    let own: &[&[Code]] = match operation_id {
        "enrolCustomers" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::OwnerNotAllowed,
                Code::OwnerTypeMissing,
                Code::ReferenceMissing,
                Code::RequestIdUsed,
                Code::ClaimFirst,
                Code::CustomerMissing,
                Code::EventOutsidePeriod,
                Code::ActiveIssueExists,
                Code::BadgeDeactivated,
                Code::EarnedDirectly,
                Code::ExpiresBeforeStart,
                Code::TooManyCustomers,
                Code::IdentifierUnknown,
                Code::DatesDisagree,
                Code::CustomerRepeated,
            ],
        ],
        "createBadge" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::StartNotBeforeEnd,
                Code::StartInPast,
                Code::EndInPast,
                Code::NameTaken,
                Code::OwnerRequired,
                Code::CustomFieldValueType,
                Code::CustomFieldUnknown,
                Code::DatesDisagree,
                Code::FieldIgnored,
            ],
        ],
        "updateBadge" | "updateNamedBadge" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::StartNotBeforeEnd,
                Code::StartInPast,
                Code::StartFixedOnceLive,
                Code::EndInPast,
                Code::NameTaken,
                Code::OwnerRequired,
                Code::OwnerHasClaim,
                Code::CustomFieldValueType,
                Code::CustomFieldUnknown,
                Code::ConstraintKindFixed,
                Code::EarnTypeFixed,
                Code::PreconditionFailed,
                Code::DatesDisagree,
                Code::FieldIgnored,
            ],
        ],
        "earnBadge" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            EARNS,
            &[Code::IdentifierUnknown],
        ],
        "earnBadgeBulk" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            EARNS,
            &[
                Code::CustomerMissing,
                Code::TooManyCustomers,
                Code::IdentifierUnknown,
                Code::CustomerRepeated,
            ],
        ],
        "revokeEarn" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::RequestIdUsed,
                Code::NoActiveEarn,
                Code::IdentifierUnknown,
            ],
        ],
        "revokeEnrolments" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::RequestIdUsed,
                Code::CustomerMissing,
                Code::RevokeWhat,
                Code::TooManyCustomers,
                Code::IdentifierUnknown,
                Code::CustomerRepeated,
                Code::FieldIgnored,
            ],
        ],
        "importCustomerBadges" | "postCustomerBadges" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::RequestIdUsed,
                Code::TooManyCustomers,
                Code::IdentifierUnknown,
                Code::DatesDisagree,
            ],
        ],
        "createGroup" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::GroupRankRequired,
                Code::GroupNameTaken,
                Code::FieldIgnored,
            ],
        ],
        "updateGroup" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[Code::NotFound, Code::GroupNameTaken, Code::FieldIgnored],
        ],
        "removeGroup" => &[
            ALWAYS,
            &[Code::NotFound, Code::BodyTooLarge, Code::OutcomeUnknown],
        ],
        "createCustomField" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::CustomFieldNameTaken,
                Code::CustomFieldDefaultRequired,
                Code::CustomFieldValueType,
                Code::FieldIgnored,
            ],
        ],
        "updateCustomField" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::CustomFieldNameTaken,
                Code::CustomFieldDefaultRequired,
                Code::CustomFieldTypeFixed,
                Code::CustomFieldDisabled,
                Code::CustomFieldValueType,
                Code::FieldIgnored,
            ],
        ],
        "putCustomer" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::IdentifierUnknown,
                Code::IdentifierTaken,
                Code::FieldIgnored,
            ],
        ],
        "putCustomers" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::CustomerMissing,
                Code::TooManyCustomers,
                Code::IdentifierUnknown,
                Code::IdentifierTaken,
            ],
        ],
        "claimBadge" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::OwnerNotAllowed,
                Code::OwnerTypeMissing,
                Code::ReferenceMissing,
                Code::BadgeDeactivated,
            ],
        ],
        "unclaimBadge" => &[
            ALWAYS,
            WRITES,
            READS_JSON,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::OwnerTypeMissing,
                Code::ReferenceMissing,
                Code::ClaimNotFound,
            ],
        ],
        "activateBadge" | "deactivateBadge" => &[ALWAYS, WRITES, &[Code::NotFound]],
        "getBadge" | "getRequests" | "getGroup" | "getCustomField" => &[ALWAYS, &[Code::NotFound]],
        "listBadges" | "listCustomFields" => &[ALWAYS, &[Code::InvalidEnum]],
        "listGroups" => &[ALWAYS],
        "listCustomerBadges" | "listManagedBadges" | "getCustomerBadge" => &[
            ALWAYS,
            &[Code::InvalidEnum, Code::NotFound, Code::IdentifierUnknown],
        ],
        "getFixedWindowDetails" => &[
            ALWAYS,
            &[
                Code::InvalidEnum,
                Code::NotFound,
                Code::CustomerMissing,
                Code::IdentifierUnknown,
            ],
        ],
        "generateToken" => &[
            READS_JSON,
            &[
                Code::Unauthenticated,
                Code::TooManyFailures,
                Code::BodyTooLarge,
                Code::BodyTimeout,
                Code::Internal,
                Code::Unavailable,
                Code::Unreadable,
            ],
        ],
        _ => &[],
    };
    let mut codes: Vec<_> = own.iter().flat_map(|part| part.iter().copied()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Adds to `operation` a response for each status of its codes, with an example
/// for each code, and a sentence about those that come with 200.
pub(crate) fn describe(operation: &mut Operation) {
    let codes = codes_of(operation.operation_id.as_deref().unwrap_or_default());
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        if status == 200 {
            let description = operation.description.get_or_insert_default();
            let sentence = "Comes with 200, as a warning or as a customer's error:";
            let _ = write!(description, "\n\n{sentence} {}.", listed(&codes));
        } else {
            operation
                .responses
                .responses
                .entry(status.to_string())
                .or_insert_with(|| RefOr::T(failure(&codes)));
        }
    }
}

fn failure(codes: &[Code]) -> Response {
    let examples = codes.iter().map(|code| {
        let value = json!({
            "data": null,
            "errors": [{"code": code.number(), "message": code.message(), "reference": null}],
            "warnings": null,
        });
        let example = ExampleBuilder::new().value(Some(value)).build();
        (code.number().to_string(), RefOr::T(example))
    });
    ResponseBuilder::new()
        .description(listed(codes))
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Failure")))
                .examples_from_iter(examples)
                .build(),
        )
        .build()
}

fn listed(codes: &[Code]) -> String {
    let said: Vec<_> = codes
        .iter()
        .map(|code| format!("{} {}", code.number(), code.message().trim_end_matches('.')))
        .collect();
    said.join("; ")
}

/// The table of all codes, in Markdown.
pub(crate) fn table() -> String {
    let mut table = "| Code | HTTP | Name | Message |\n|---|---|---|---|\n".to_owned();
    for code in Code::ALL {
        let (number, status) = (code.number(), code.status());
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {number} | {status} | {} | {} |",
            code.name(),
            code.message()
        );
    }
    table
}

/// The document `docs/errors.md`.
pub fn errors_markdown() -> String {
    format!(
        "# Codes\n\n\
         Every way in which Accolade says no, or warns. A code with HTTP 200 is a warning, or \
         befalls one customer of a batch while the rest goes through. A message may be more \
         precise than the standing one below; `reference` names the field at fault.\n\n\
         This page is made from the table in `crates/domain/src/rejection.rs`.\n\n{}",
        table()
    )
}
