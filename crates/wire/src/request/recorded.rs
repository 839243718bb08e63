//! How the outcomes of earlier requests look in an answer.

use accolade_application::ports::LedgerEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::instant::{WireInstant, WireIso};

/// What became of the requests with one id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordedRequests)]
pub struct RequestsBody<'a> {
    /// One for each operation that carried the id out, oldest first.
    pub requests: Vec<RecordedRequest<'a>>,
}

/// What became of one request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedRequest<'a> {
    /// The id of the request.
    request_id: &'a str,
    /// The operation that carried it out.
    #[schema(example = "issueBulk")]
    operation: &'static str,
    /// When it was recorded.
    recorded_on: WireInstant,
    /// The same as text.
    #[serde(rename = "recordedOnISO")]
    recorded_on_iso: WireIso,
    /// The `data` of its answer.
    #[schema(value_type = Object)]
    answer: Box<RawValue>,
}

impl<'a> RecordedRequest<'a> {
    /// How `entry` looks, with its answer's `data`.
    pub fn of(entry: &'a LedgerEntry, answer: Box<RawValue>) -> Self {
        Self {
            request_id: entry.request_id.as_str(),
            operation: entry.operation.name(),
            recorded_on: entry.recorded_on.into(),
            recorded_on_iso: entry.recorded_on.into(),
            answer,
        }
    }
}
