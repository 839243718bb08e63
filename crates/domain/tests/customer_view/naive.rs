//! A customer's list worked out from everything that there is of every badge: slow and plain.

use std::cmp::Reverse;

use accolade_domain::badge::BadgeStatus;
use accolade_domain::customer_view::{
    CustomerBadge, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType, Standing,
};
use accolade_domain::earning::EarnedBadge;
use accolade_domain::instant::Instant;
use accolade_domain::listing::{Page, SortOrder};

use crate::scene::{Scene, Shelf};

/// The page that `query` asks for.
pub(crate) fn page(scene: &Scene, query: &CustomerBadgeQuery) -> Page<CustomerBadge> {
    let mut all: Vec<_> = scene.shelves.values().collect();
    all.retain(|shelf| stands(shelf, query) && is_wanted(shelf, query));
    all.sort_by_key(|shelf| Reverse(shelf.badge.id));
    if query.sort == CustomerBadgeSort::Rank {
        all.sort_by_key(|shelf| ranks(shelf));
    } else {
        let none = |shelf: &Shelf| key(shelf, query).is_none();
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
        items: items.iter().map(|shelf| shown(shelf, query)).collect(),
        total,
    }
}

fn shown(shelf: &Shelf, query: &CustomerBadgeQuery) -> CustomerBadge {
    CustomerBadge {
        badge: shelf.badge.clone().into(),
        group: shelf.group.clone(),
        standing: Standing::new(&shelf.holding(query.now), query.now),
    }
}

fn kept(shelf: &Shelf) -> impl Iterator<Item = &EarnedBadge> {
    shelf
        .earns
        .iter()
        .filter(|earned| earned.revoked_on.is_none())
}

fn stands(shelf: &Shelf, query: &CustomerBadgeQuery) -> bool {
    let badge = &shelf.badge;
    let (starts, ends) = (
        badge.definition.period.starts_on(),
        badge.definition.period.expires_on(),
    );
    let is_open =
        badge.active && starts <= query.now && (query.now < ends || query.include_expired);
    let is_direct = badge.definition.earn_mode.earn_type().name() == "EARN";
    let is_enrolled = shelf.enrolments.iter().any(|(enrolment, _)| {
        let hold = enrolment.hold;
        enrolment.revoked_on.is_none()
            && hold.event_on() <= query.now
            && query.now < hold.expires_on()
    });
    let unexpired = kept(shelf).filter(|earned| earned.expires_on > query.now);
    let (earns, unexpired) = (kept(shelf).count(), unexpired.count());
    match query.badge_type {
        CustomerBadgeType::AvailableToIssue => is_open && !is_direct && !is_enrolled,
        CustomerBadgeType::Available => is_open && (is_direct || is_enrolled),
        CustomerBadgeType::Earned => unexpired > 0 || (query.include_expired && earns > 0),
        CustomerBadgeType::Expired => earns > 0 && unexpired == 0,
    }
}

fn is_wanted(shelf: &Shelf, query: &CustomerBadgeQuery) -> bool {
    let badge = &shelf.badge;
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
    let group = shelf.group.as_ref().map(|group| group.id);
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

fn ranks(shelf: &Shelf) -> (i64, i64, Reverse<Instant>) {
    let badge = &shelf.badge;
    let group = (shelf.group.as_ref()).map_or(i64::MAX, |group| group.rank.into());
    let own = badge.definition.rank.map_or(i64::MAX, Into::into);
    (group, own, Reverse(badge.definition.period.expires_on()))
}

fn key(shelf: &Shelf, query: &CustomerBadgeQuery) -> Option<Instant> {
    let badge = &shelf.badge;
    match query.sort {
        CustomerBadgeSort::Rank => None,
        CustomerBadgeSort::ExpiresOn => Some(badge.definition.period.expires_on()),
        CustomerBadgeSort::LastModified => Some(badge.updated_on),
        CustomerBadgeSort::LastIssued => shelf.enrolments.iter().map(|it| it.1).max(),
        CustomerBadgeSort::LastExpired => {
            let expiries = kept(shelf).map(|earned| earned.expires_on);
            expiries.filter(|expiry| *expiry <= query.now).max()
        }
        CustomerBadgeSort::LastEarnedOn => kept(shelf).map(|e| e.earned_on).max(),
        CustomerBadgeSort::LastEarnedEvent => kept(shelf).map(|e| e.event_on).max(),
    }
}
