//! Which badges a list shows, in which order, on which page.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use super::{
    Catalogue, CatalogueBadge, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType,
    EarnTotals, Holding, Standing,
};
use crate::badge::{Badge, BadgeStatus, EarnType};
use crate::catalogue::Group;
use crate::instant::Instant;
use crate::listing::{Page, SortOrder};
use crate::text::folded;

/// A badge and how a customer stands to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerBadge {
    /// The badge.
    pub badge: Arc<Badge>,
    /// Its group, if it has an active one.
    pub group: Option<Arc<Group>>,
    /// How the customer stands to it.
    pub standing: Standing,
}

/// A badge of the catalogue and what the customer has of it, if anything.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    badge: &'a CatalogueBadge,
    holding: Option<&'a Holding>,
}

/// The page that `query` asks for, of the badges of `catalogue` as they stand to a customer who has
/// `holdings`, at most one of each badge, in any order.
pub fn list(
    catalogue: &Catalogue,
    holdings: &[Holding],
    query: &CustomerBadgeQuery,
) -> Page<CustomerBadge> {
    let filters = Filters::new(query);
    let mut found: Vec<_> = candidates(catalogue, holdings, query)
        .into_iter()
        .filter(|candidate| candidate.stands(query) && filters.apply(candidate.badge))
        .map(|candidate| (candidate.sort_key(query.sort), candidate))
        .collect();
    let order = match query.sort {
        CustomerBadgeSort::Rank => SortOrder::Ascending,
        _ => query.order,
    };
    let compare =
        |a: &(Option<i64>, Candidate<'_>), b: &(Option<i64>, Candidate<'_>)| -> Ordering {
            order
                .compare(a.0, b.0)
                .then(b.1.badge.id.cmp(&a.1.badge.id))
        };

    let total = found.len();
    let size = query.page.size as usize;
    let first = size.saturating_mul(query.page.page as usize).min(total);
    let end = first.saturating_add(size).min(total);
    // What comes after the page need not be sorted.
    if end < total {
        found.select_nth_unstable_by(end, compare);
        found.truncate(end);
    }
    found.sort_unstable_by(compare);
    let shown = found[first..].iter();
    Page {
        items: shown.map(|(_, it)| it.customer_badge(query.now)).collect(),
        total: total as u64,
    }
}

/// The badges that may stand to the customer as `query` asks, each with what the customer has of it.
fn candidates<'a>(
    catalogue: &'a Catalogue,
    holdings: &'a [Holding],
    query: &CustomerBadgeQuery,
) -> Vec<Candidate<'a>> {
    let badges = catalogue.badges();
    let mut held: Vec<_> = holdings
        .iter()
        .filter_map(|holding| {
            let found = badges.binary_search_by_key(&Reverse(holding.badge), |it| Reverse(it.id));
            Some((found.ok()?, holding))
        })
        .collect();
    if query.badge_type.is_of_earned_badges() {
        let candidate = |(place, holding): (usize, &'a Holding)| Candidate {
            badge: &badges[place],
            holding: Some(holding),
        };
        return held.into_iter().map(candidate).collect();
    }
    held.sort_unstable_by_key(|(place, _)| *place);
    let mut held = held.into_iter().peekable();
    let with_holding = |(place, badge)| Candidate {
        badge,
        holding: held.next_if(|it| it.0 == place).map(|it| it.1),
    };
    badges.iter().enumerate().map(with_holding).collect()
}

impl Candidate<'_> {
    /// Whether the badge stands to the customer as `query` asks.
    fn stands(&self, query: &CustomerBadgeQuery) -> bool {
        let badge = self.badge;
        let earns = self.earns();
        let is_open = || {
            badge.active
                && match badge.period.status(query.now) {
                    BadgeStatus::Upcoming => false,
                    BadgeStatus::Live => true,
                    BadgeStatus::Expired => query.include_expired,
                }
        };
        let is_direct = badge.earn_type == EarnType::Earn;
        let is_enrolled = || self.holding.is_some_and(|it| it.is_enrolled(query.now));
        match query.badge_type {
            CustomerBadgeType::AvailableToIssue => !is_direct && is_open() && !is_enrolled(),
            CustomerBadgeType::Available => is_open() && (is_direct || is_enrolled()),
            CustomerBadgeType::Earned if query.include_expired => earns.earned > 0,
            CustomerBadgeType::Earned => earns.unexpired > 0,
            CustomerBadgeType::Expired => earns.earned > 0 && earns.unexpired == 0,
        }
    }

    fn earns(&self) -> EarnTotals {
        self.holding.map_or(EarnTotals::NONE, |it| it.earns)
    }

    /// What the badge is sorted by: its place by rank, or a moment in microseconds.
    fn sort_key(&self, sort: CustomerBadgeSort) -> Option<i64> {
        let moment = match sort {
            CustomerBadgeSort::Rank => return Some(self.badge.rank_place.into()),
            CustomerBadgeSort::ExpiresOn => Some(self.badge.period.expires_on()),
            CustomerBadgeSort::LastModified => Some(self.badge.updated_on),
            CustomerBadgeSort::LastIssued => self.holding.and_then(|it| it.last_issued_on),
            CustomerBadgeSort::LastExpired => self.earns().last_expired_on,
            CustomerBadgeSort::LastEarnedOn => self.earns().last_earned_on,
            CustomerBadgeSort::LastEarnedEvent => self.earns().last_event_on,
        };
        moment.map(Instant::unix_micros)
    }

    fn customer_badge(&self, now: Instant) -> CustomerBadge {
        let standing = |holding| Standing::new(holding, now);
        CustomerBadge {
            badge: Arc::clone(&self.badge.badge),
            group: self.badge.group.clone(),
            standing: self.holding.map(standing).unwrap_or_default(),
        }
    }
}

/// The filters of a query that look at the badge alone.
struct Filters<'a> {
    query: &'a CustomerBadgeQuery,
    /// The part of the name that is looked for, in lower case.
    part_of_name: Option<String>,
}

impl<'a> Filters<'a> {
    fn new(query: &'a CustomerBadgeQuery) -> Self {
        let part_of_name = query.name_contains.as_ref();
        Self {
            query,
            part_of_name: part_of_name.map(|part| folded(part)),
        }
    }

    /// Whether every filter applies to `badge`.
    fn apply(&self, badge: &CatalogueBadge) -> bool {
        let query = self.query;
        let (starts_on, ends_on) = (badge.period.starts_on(), badge.period.expires_on());
        (query.statuses.is_empty() || query.statuses.contains(&badge.period.status(query.now)))
            && query.active.is_none_or(|wanted| badge.active == wanted)
            && query.starts_after.is_none_or(|moment| starts_on > moment)
            && query.starts_before.is_none_or(|moment| starts_on < moment)
            && query.ends_after.is_none_or(|moment| ends_on > moment)
            && query.ends_before.is_none_or(|moment| ends_on < moment)
            && query
                .group
                .is_none_or(|group| badge.group_id == Some(group))
            && (self.part_of_name.as_ref()).is_none_or(|part| badge.folded_name.contains(part))
            && query
                .owner
                .is_none_or(|owner| badge.badge.definition.owners.allow(owner))
            && query
                .claimed_by
                .is_none_or(|owner| badge.badge.claimed_by().contains(&owner))
    }
}
