//! A customer's list worked out from the details of every badge: slow and plain.

use std::cmp::Reverse;

use accolade_application::ports::{
    CustomerBadge, CustomerBadgeDetails, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType,
    Page, SortOrder,
};
use accolade_domain::badge::BadgeStatus;
use accolade_domain::earning::EarnedBadge;
use accolade_domain::instant::Instant;

/// The page that `query` asks for, of badges of which these are all details at its moment.
pub(super) fn list(
    mut all: Vec<CustomerBadgeDetails>,
    query: &CustomerBadgeQuery,
) -> Page<CustomerBadge> {
    all.retain(|details| stands(details, query) && is_wanted(details, query));
    all.sort_by_key(|details| Reverse(details.badge.badge.id));
    if query.sort == CustomerBadgeSort::Rank {
        all.sort_by_key(ranks);
    } else {
        let none = |details: &CustomerBadgeDetails| key(details, query).is_none();
        match query.order {
            SortOrder::Ascending => all.sort_by_key(|d| (none(d), key(d, query))),
            SortOrder::Descending => all.sort_by_key(|d| (none(d), Reverse(key(d, query)))),
        }
    }
    let total = all.len() as u64;
    let (page, size) = (query.page.page as usize, query.page.size as usize);
    let pages: Vec<_> = all.chunks(size).collect();
    let items = pages.get(page).copied().unwrap_or_default();
    Page {
        items: items.iter().map(|details| details.badge.clone()).collect(),
        total,
    }
}

fn kept(details: &CustomerBadgeDetails) -> impl Iterator<Item = &EarnedBadge> {
    let earns = details.earns.iter().map(|record| &record.earned);
    earns.filter(|earned| earned.revoked_on.is_none())
}

fn stands(details: &CustomerBadgeDetails, query: &CustomerBadgeQuery) -> bool {
    let badge = &details.badge.badge;
    let (starts, ends) = (
        badge.definition.period.starts_on(),
        badge.definition.period.expires_on(),
    );
    let is_open =
        badge.active && starts <= query.now && (query.now < ends || query.include_expired);
    let is_direct = badge.definition.earn_mode.earn_type().name() == "EARN";
    let is_enrolled = details.issuals.iter().any(|issual| {
        let hold = issual.enrolment.hold;
        issual.enrolment.revoked_on.is_none()
            && hold.event_on() <= query.now
            && query.now < hold.expires_on()
    });
    let unexpired = kept(details).filter(|earned| earned.expires_on > query.now);
    let (earns, unexpired) = (kept(details).count(), unexpired.count());
    match query.badge_type {
        CustomerBadgeType::AvailableToIssue => is_open && !is_direct && !is_enrolled,
        CustomerBadgeType::Available => is_open && (is_direct || is_enrolled),
        CustomerBadgeType::Earned => unexpired > 0 || (query.include_expired && earns > 0),
        CustomerBadgeType::Expired => earns > 0 && unexpired == 0,
    }
}

fn is_wanted(details: &CustomerBadgeDetails, query: &CustomerBadgeQuery) -> bool {
    let badge = &details.badge.badge;
    let (starts, ends) = (
        badge.definition.period.starts_on(),
        badge.definition.period.expires_on(),
    );
    let status = if query.now < starts {
        BadgeStatus::Upcoming
    } else if query.now < ends {
        BadgeStatus::Live
    } else {
        BadgeStatus::Expired
    };
    let name = badge.definition.name.as_str().to_lowercase();
    let owners = badge.definition.owners.as_slice();
    let group = details.badge.group.as_ref().map(|group| group.id);
    let claimants: Vec<_> = (badge.claims.iter())
        .filter(|claim| claim.active)
        .map(|claim| claim.owner.owner_type)
        .collect();
    [
        query.statuses.is_empty() || query.statuses.contains(&status),
        query.active.unwrap_or(badge.active) == badge.active,
        query.owner.is_none_or(|owner| owners.contains(&owner)),
        query
            .claimed_by
            .is_none_or(|owner| claimants.contains(&owner)),
        name.contains(
            &query
                .name_contains
                .clone()
                .unwrap_or_default()
                .to_lowercase(),
        ),
        query.starts_after.is_none_or(|moment| moment < starts),
        query.starts_before.is_none_or(|moment| moment > starts),
        query.ends_after.is_none_or(|moment| moment < ends),
        query.ends_before.is_none_or(|moment| moment > ends),
        query.group.is_none_or(|wanted| group == Some(wanted)),
    ]
    .into_iter()
    .all(|applies| applies)
}

fn ranks(details: &CustomerBadgeDetails) -> (i64, i64, Reverse<Instant>) {
    let badge = &details.badge;
    let group = badge
        .group
        .as_ref()
        .map_or(i64::MAX, |group| group.rank.into());
    let own = badge.badge.definition.rank.map_or(i64::MAX, Into::into);
    (
        group,
        own,
        Reverse(badge.badge.definition.period.expires_on()),
    )
}

fn key(details: &CustomerBadgeDetails, query: &CustomerBadgeQuery) -> Option<Instant> {
    let badge = &details.badge.badge;
    match query.sort {
        CustomerBadgeSort::Rank => None,
        CustomerBadgeSort::ExpiresOn => Some(badge.definition.period.expires_on()),
        CustomerBadgeSort::LastModified => Some(badge.updated_on),
        CustomerBadgeSort::LastIssued => details.issuals.iter().map(|i| i.recorded_on).max(),
        CustomerBadgeSort::LastExpired => {
            let expiries = kept(details).map(|earned| earned.expires_on);
            expiries.filter(|expiry| *expiry <= query.now).max()
        }
        CustomerBadgeSort::LastEarnedOn => kept(details).map(|e| e.earned_on).max(),
        CustomerBadgeSort::LastEarnedEvent => kept(details).map(|e| e.event_on).max(),
    }
}
