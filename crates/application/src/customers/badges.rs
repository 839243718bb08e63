//! What a customer holds.

use accolade_domain::customer_view::{CustomerBadge, CustomerBadgeQuery};
use accolade_domain::earning::{Limit, limits};
use accolade_domain::instant::Instant;
use accolade_domain::listing::Page;

use crate::access::Caller;
use crate::badges::not_found;
use crate::customers::KnownCatalogues;
use crate::error::UseCaseError;
use crate::ports::{CustomerBadgeDetails, DetailsQuery, Ports};

/// The page of badges that `query` asks for, as they and what the customer holds are now, whatever
/// `catalogues` remembers.
///
/// # Errors
/// The store failed.
pub fn badges(
    ports: &Ports,
    catalogues: &KnownCatalogues,
    caller: &Caller,
    query: &CustomerBadgeQuery,
) -> Result<Page<CustomerBadge>, UseCaseError> {
    Ok(catalogues.list(&*ports.stores.customer_badges, caller.org, query)?)
}

/// A limit and how many earns count under it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitCount {
    /// The limit, for an event that happens now.
    pub limit: Limit,
    /// How many earns count.
    pub counted: u64,
}

/// What lies between a customer and a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownDetails {
    /// The badge, pages of the customer's enrolments and earns, and refusals.
    pub details: CustomerBadgeDetails,
    /// The limits that hold now, the customer's first; empty unless counts were asked for.
    pub limits: Vec<LimitCount>,
    /// The moment that it refers to.
    pub now: Instant,
}

/// What lies between the customer and the badge that `query` names, with the counts of limits if
/// `statistics`.
///
/// # Errors
/// 404 if the org has no such badge.
pub fn details(
    ports: &Ports,
    caller: &Caller,
    query: &DetailsQuery,
    statistics: bool,
) -> Result<ShownDetails, UseCaseError> {
    let DetailsQuery { badge, now, .. } = *query;
    let details = ports
        .stores
        .customer_badges
        .details(caller.org, query)?
        .ok_or_else(|| not_found(badge))?;
    let definition = &details.badge.badge.definition;
    let limits = if statistics {
        limits(definition, &caller.zone, now, now)
    } else {
        Vec::new()
    };
    let counted = if limits.is_empty() {
        Vec::new()
    } else {
        ports
            .stores
            .earning
            .counted(caller.org, badge, Some(details.customer), &limits)?
    };
    let limits = limits
        .into_iter()
        .zip(counted)
        .map(|(limit, counted)| LimitCount { limit, counted })
        .collect();
    Ok(ShownDetails {
        details,
        limits,
        now,
    })
}
