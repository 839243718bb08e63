//! Which part of a list a page is.

use accolade_application::ports::PageOf;
use serde::Serialize;
use utoipa::ToSchema;

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

impl Pagination {
    /// The page `asked` of a list of `total` elements.
    pub(crate) fn of(asked: PageOf, total: u64) -> Self {
        Self {
            page: asked.page,
            size: asked.size,
            total,
            total_pages: total.div_ceil(u64::from(asked.size.max(1))),
        }
    }
}
