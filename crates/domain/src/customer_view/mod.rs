//! A customer's view of the badges of an org: which badges a list shows, in which order, and how the
//! customer stands to each.
//!
//! Two things go in. The [`Catalogue`] has every badge of the org and is the same for all
//! customers, so whoever calls may keep it. A [`Holding`] is what one customer has of one badge:
//! enrolments, and [totals](EarnTotals) of earned badges. [`list`] judges the badges of the
//! catalogue by the holdings as a [`CustomerBadgeQuery`] asks, and gives one page.

mod catalogue;
mod holding;
mod list;
mod query;

pub use catalogue::{Catalogue, CatalogueBadge};
pub use holding::{EarnTotals, Holding, Standing};
pub use list::{CustomerBadge, list};
pub use query::{CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType, EnrolmentsRead};
