//! Which part of a list a page is.

use accolade_application::ports::PageOf;

use crate::answer::answer;

answer! {
    /// Which part of a list a page is.
    pub(crate) struct Pagination {
        /// The page, from 0.
        page: u32 = asked.page,
        /// How many elements a page has.
        size: u32 = asked.size,
        /// How many elements there are on all pages.
        total: u64 = total,
        /// How many pages there are.
        totalPages: u64 = total.div_ceil(u64::from(asked.size.max(1))),
    }
    new(asked: PageOf, total: u64) {}
}
