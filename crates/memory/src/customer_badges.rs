//! What customers hold.

use std::cmp::Ordering;

use accolade_application::ports::{
    CustomerBadge, CustomerBadgeDetails, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType,
    CustomerBadges, Page, SortOrder, Standing, StoreError,
};
use accolade_domain::badge::{Badge, BadgeStatus, EarnType};
use accolade_domain::earning::{EarnedBadge, covering};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::instant::Instant;

use crate::MemoryStore;
use crate::filter::{cut, name_contains};
use crate::store::State;

impl CustomerBadges for MemoryStore {
    fn list(
        &self,
        org: OrgId,
        query: &CustomerBadgeQuery,
    ) -> Result<Page<CustomerBadge>, StoreError> {
        let state = self.begin();
        let mut found: Vec<_> = (state.badges_of(org))
            .map(|badge| state.customer_badge(badge, query.customer, query.now))
            .filter(|shown| state.stands(shown, query) && matches(shown, query))
            .collect();
        found.sort_by(|a, b| state.compare(a, b, query));
        Ok(cut(found, query.page))
    }

    fn details(
        &self,
        org: OrgId,
        customer: CustomerId,
        badge: BadgeId,
        now: Instant,
    ) -> Result<Option<CustomerBadgeDetails>, StoreError> {
        let state = self.begin();
        let Some(found) = state.badges.get(&(org, badge)) else {
            return Ok(None);
        };
        let key = (org, badge, customer);
        Ok(Some(CustomerBadgeDetails {
            badge: state.customer_badge(&found.badge, customer, now),
            issuals: last_first(state.enrolments.get(&key)),
            earns: last_first(state.earns.get(&key)),
            refusals: last_first(state.refusals.get(&key)),
        }))
    }
}

fn last_first<T: Clone>(recorded: Option<&Vec<T>>) -> Vec<T> {
    let mut records = recorded.cloned().unwrap_or_default();
    records.reverse();
    records
}

impl State {
    fn customer_badge(&self, badge: &Badge, customer: CustomerId, now: Instant) -> CustomerBadge {
        CustomerBadge {
            group: self.active_group(badge),
            standing: self.standing(badge, customer, now),
            badge: badge.clone(),
        }
    }

    fn standing(&self, badge: &Badge, customer: CustomerId, now: Instant) -> Standing {
        let held = self.enrolments_of(badge.org, badge.id, customer);
        let issuals = self.enrolments.get(&(badge.org, badge.id, customer));
        let earns = || self.kept_earns(badge, customer);
        Standing {
            enrolment: covering(&held, now).or(held.last()).copied(),
            last_issued_on: (issuals.into_iter().flatten())
                .map(|record| record.recorded_on)
                .max(),
            earned: earns().count() as u64,
            earned_unexpired: earns().filter(|e| e.expires_on > now).count() as u64,
            last_earned_on: earns().map(|earned| earned.earned_on).max(),
            last_event_on: earns().map(|earned| earned.event_on).max(),
        }
    }

    /// The customer's earns of the badge that are not revoked.
    fn kept_earns(
        &self,
        badge: &Badge,
        customer: CustomerId,
    ) -> impl Iterator<Item = &EarnedBadge> {
        self.earns_of(badge.org, badge.id, Some(customer))
            .filter(|earned| earned.revoked_on.is_none())
    }

    /// Whether a badge stands to the customer as `query` asks.
    fn stands(&self, shown: &CustomerBadge, query: &CustomerBadgeQuery) -> bool {
        let CustomerBadge {
            badge, standing, ..
        } = shown;
        let definition = &badge.definition;
        let open = badge.active
            && match definition.period.status(query.now) {
                BadgeStatus::Upcoming => false,
                BadgeStatus::Live => true,
                BadgeStatus::Expired => query.include_expired,
            };
        let held = self.enrolments_of(badge.org, badge.id, query.customer);
        let enrolled = covering(&held, query.now).is_some();
        let direct = definition.earn_mode.earn_type() == EarnType::Earn;
        match query.badge_type {
            CustomerBadgeType::AvailableToIssue => open && !direct && !enrolled,
            CustomerBadgeType::Available => open && (direct || enrolled),
            CustomerBadgeType::Earned if query.include_expired => standing.earned > 0,
            CustomerBadgeType::Earned => standing.earned_unexpired > 0,
            CustomerBadgeType::Expired => standing.earned > 0 && standing.earned_unexpired == 0,
        }
    }

    fn compare(
        &self,
        a: &CustomerBadge,
        b: &CustomerBadge,
        query: &CustomerBadgeQuery,
    ) -> Ordering {
        let by =
            |key: fn(&CustomerBadge) -> Option<Instant>| nothing_last(key(a), key(b), query.order);
        match query.sort {
            CustomerBadgeSort::Rank => compare_ranks(a, b),
            CustomerBadgeSort::ExpiresOn => by(|s| Some(s.badge.definition.period.expires_on())),
            CustomerBadgeSort::LastModified => by(|s| Some(s.badge.updated_on)),
            CustomerBadgeSort::LastIssued => by(|s| s.standing.last_issued_on),
            CustomerBadgeSort::LastExpired => {
                let [a, b] = [a, b].map(|shown| self.last_expired_on(&shown.badge, query));
                nothing_last(a, b, query.order)
            }
            CustomerBadgeSort::LastEarnedOn => by(|s| s.standing.last_earned_on),
            CustomerBadgeSort::LastEarnedEvent => by(|s| s.standing.last_event_on),
        }
        .then(b.badge.id.cmp(&a.badge.id))
    }

    fn last_expired_on(&self, badge: &Badge, query: &CustomerBadgeQuery) -> Option<Instant> {
        self.kept_earns(badge, query.customer)
            .map(|earned| earned.expires_on)
            .filter(|expired_on| *expired_on <= query.now)
            .max()
    }
}

fn compare_ranks(a: &CustomerBadge, b: &CustomerBadge) -> Ordering {
    let group = |s: &CustomerBadge| s.group.as_ref().map(|group| group.rank);
    let rank = |s: &CustomerBadge| s.badge.definition.rank;
    let ends = |s: &CustomerBadge| s.badge.definition.period.expires_on();
    nothing_last(group(a), group(b), SortOrder::Ascending)
        .then(nothing_last(rank(a), rank(b), SortOrder::Ascending))
        .then(ends(b).cmp(&ends(a)))
}

/// The order of two keys, where what has none comes last in either order.
fn nothing_last<K: Ord>(a: Option<K>, b: Option<K>, order: SortOrder) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match order {
            SortOrder::Ascending => a.cmp(&b),
            SortOrder::Descending => b.cmp(&a),
        },
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn matches(shown: &CustomerBadge, query: &CustomerBadgeQuery) -> bool {
    let badge = &shown.badge;
    let definition = &badge.definition;
    let (starts, ends) = (
        definition.period.starts_on(),
        definition.period.expires_on(),
    );
    let claims = |owner| {
        let mut claims = badge.claims.iter();
        claims.any(|claim| claim.active && claim.owner.owner_type == owner)
    };
    let status = definition.period.status(query.now);
    (query.statuses.is_empty() || query.statuses.contains(&status))
        && (query.active).is_none_or(|wanted| badge.active == wanted)
        && (query.owner).is_none_or(|wanted| definition.owners.allow(wanted))
        && (query.claimed_by).is_none_or(claims)
        && (query.name_contains.as_ref()).is_none_or(|part| name_contains(definition, part))
        && (query.starts_after).is_none_or(|moment| starts > moment)
        && (query.starts_before).is_none_or(|moment| starts < moment)
        && (query.ends_after).is_none_or(|moment| ends > moment)
        && (query.ends_before).is_none_or(|moment| ends < moment)
        && (query.group)
            .is_none_or(|wanted| shown.group.as_ref().is_some_and(|group| group.id == wanted))
}
