//! How a page of badges looks in an answer.

use accolade_application::badges::BadgeList;
use accolade_application::ports::{BadgeQuery, PageOf};
use serde::Serialize;
use utoipa::ToSchema;

use crate::badge::answer::BadgeListEntry;
use crate::page::Pagination;

/// One page of badges.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BadgeMetaList)]
#[serde(rename_all = "camelCase")]
pub struct BadgeListBody<'a> {
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
    pub fn of(list: &'a BadgeList, query: &BadgeQuery) -> serde_json::Result<Self> {
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
