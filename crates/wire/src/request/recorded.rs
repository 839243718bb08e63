//! How the outcomes of earlier requests look in an answer.

use accolade_application::ports::LedgerEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};

/// What became of the requests with one id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordedRequests)]
pub struct RequestsBody<'a> {
    /// One for each operation that carried the id out, oldest first.
    pub requests: Vec<RecordedRequest<'a>>,
}

answer! {
    /// What became of one request.
    pub struct RecordedRequest<'a> {
        /// The id of the request.
        requestId: &'a str = entry.request_id.as_str(),
        /// The operation that carried it out.
        #[schema(example = "issueBulk")]
        operation: &'static str = entry.operation.name(),
        /// When it was recorded.
        recordedOn: WireInstant = entry.recorded_on.into(),
        /// The same as text.
        recordedOnISO: WireIso = entry.recorded_on.into(),
        /// The `data` of its answer.
        #[schema(value_type = Object)]
        answer: Box<RawValue> = answer,
    }
    new(entry: &'a LedgerEntry, answer: Box<RawValue>) {}
}
