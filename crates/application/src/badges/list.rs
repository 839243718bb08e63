//! Listing an org's badges.

use crate::access::Caller;
use crate::answer::BadgeView;
use crate::badges::get::view;
use crate::error::UseCaseError;
use crate::ports::{BadgeQuery, Ports};

/// One page of badges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgeList {
    /// The badges of the page.
    pub badges: Vec<BadgeView>,
    /// How many there are on all pages.
    pub total: u64,
}

/// The page of the org's badges that `query` asks for.
///
/// # Errors
/// The store failed.
pub fn list(ports: &Ports, caller: &Caller, query: &BadgeQuery) -> Result<BadgeList, UseCaseError> {
    let page = ports.stores.badges.list(caller.org, query)?;
    let badges = page
        .badges
        .into_iter()
        .map(|badge| view(badge, caller, query.now))
        .collect();
    Ok(BadgeList {
        badges,
        total: page.total,
    })
}
