//! How a page of badges and the outcomes of earlier requests look in an answer.

use accolade_application::badges::BadgeList;
use accolade_application::ports::{BadgeQuery, LedgerEntry, PageOf};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::wire::badge::BadgeListEntry;
use crate::wire::instant::{WireInstant, WireIso};
use crate::wire::pagination::Pagination;

/// One page of badges.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BadgeMetaList)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BadgeListBody<'a> {
    /// The badges of the page.
    meta_basic_details: Vec<BadgeListEntry<'a>>,
    /// Which page it is.
    pagination: Pagination,
}

impl<'a> BadgeListBody<'a> {
    /// How `list`, which `query` asked for, looks.
    ///
    /// # Errors
    /// A benefit that is stored is no JSON.
    pub(crate) fn of(list: &'a BadgeList, query: &BadgeQuery) -> serde_json::Result<Self> {
        Ok(Self {
            meta_basic_details: list
                .badges
                .iter()
                .map(BadgeListEntry::of)
                .collect::<Result<_, _>>()?,
            pagination: Pagination::of(
                PageOf {
                    page: query.page,
                    size: query.size,
                },
                list.total,
            ),
        })
    }
}

/// What became of the requests with one id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordedRequests)]
pub(crate) struct RequestsBody<'a> {
    /// One for each operation that carried the id out, oldest first.
    pub(crate) requests: Vec<RecordedRequest<'a>>,
}

/// What became of one request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordedRequest<'a> {
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
    pub(crate) fn of(entry: &'a LedgerEntry, answer: Box<RawValue>) -> Self {
        Self {
            request_id: entry.request_id.as_str(),
            operation: entry.operation.name(),
            recorded_on: entry.recorded_on.into(),
            recorded_on_iso: entry.recorded_on.into(),
            answer,
        }
    }
}
