//! How a page of badges and the outcomes of earlier requests look in an answer.

use accolade_application::badges::BadgeList;
use accolade_application::ports::{BadgeQuery, LedgerEntry};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::wire::badge::BadgeListEntry;
use crate::wire::instant::{WireInstant, WireIso};

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

/// Which part of a list a page is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    /// The page, from 0.
    page: u32,
    /// How many elements a page has.
    size: u32,
    /// How many elements there are on all pages.
    total: u64,
    /// How many pages there are.
    total_pages: u64,
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
            pagination: Pagination {
                page: query.page,
                size: query.size,
                total: list.total,
                total_pages: list.total.div_ceil(u64::from(query.size.max(1))),
            },
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
