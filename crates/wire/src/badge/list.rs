//! How a page of badges looks in an answer.

use accolade_application::badges::BadgeList;
use accolade_application::ports::{BadgeQuery, PageOf};

use crate::answer::answer;
use crate::badge::answer::BadgeListEntry;
use crate::page::Pagination;

answer! {
    /// One page of badges.
    #[schema(as = BadgeMetaList)]
    pub struct BadgeListBody<'a> {
        /// The badges of the page.
        metaBasicDetails: Vec<BadgeListEntry<'a>> = list
            .badges
            .iter()
            .map(BadgeListEntry::new)
            .collect::<Result<_, _>>()?,
        /// Which page it is.
        pagination: Pagination = Pagination::new(
            PageOf {
                page: query.page,
                size: query.size,
            },
            list.total,
        ),
    }
    new(list: &'a BadgeList, query: &BadgeQuery) -> serde_json::Result<Self> as Ok {}
}
