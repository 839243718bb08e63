//! Short ways to name things.

use accolade_application::ports::{BadgeQuery, BadgeSort, SortOrder};
use accolade_domain::actor::Actor;
use accolade_domain::badge::{Badge, BadgeDefinition, BadgePeriod, EarnMode, Expiry};
use accolade_domain::catalogue::CustomValues;
use accolade_domain::enrolment::Hold;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Claim, Owner, OwnerType, Owners};

/// The moment at which tests happen.
pub(crate) const NOW: &str = "2026-05-01T09:30:00.000001Z";

pub(crate) fn at(iso: &str) -> Instant {
    Instant::parse_iso(iso).unwrap()
}

pub(crate) fn now() -> Instant {
    at(NOW)
}

/// So many seconds after 1970.
pub(crate) fn second(seconds: i64) -> Instant {
    Instant::from_unix_seconds(seconds).unwrap()
}

/// From one second after 1970 until another.
pub(crate) fn hold(from: i64, until: i64) -> Hold {
    Hold::new(second(from), second(until)).unwrap()
}

pub(crate) fn period(from: &str, until: &str) -> BadgePeriod {
    BadgePeriod::new(at(from), at(until)).unwrap()
}

pub(crate) fn customer(number: i64) -> CustomerId {
    number.try_into().unwrap()
}

pub(crate) fn customers(numbers: impl IntoIterator<Item = i64>) -> Vec<CustomerId> {
    numbers.into_iter().map(customer).collect()
}

pub(crate) fn owner(owner_type: OwnerType, reference: &str) -> Owner {
    Owner {
        owner_type,
        reference: reference.try_into().unwrap(),
    }
}

pub(crate) fn claim(owner_type: OwnerType, reference: &str, active: bool) -> Claim {
    Claim {
        owner: owner(owner_type, reference),
        active,
    }
}

/// The plainest badge: live from 2024 to 2030, on, unclaimed.
pub(crate) fn badge(id: BadgeId, org: OrgId, by: Actor, name: &str) -> Badge {
    let created_on = at("2024-01-01T00:00:00.123456Z");
    Badge {
        id,
        org,
        definition: BadgeDefinition {
            name: name.try_into().unwrap(),
            description: None,
            period: period("2024-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
            earn_mode: EarnMode::EnrolThenEarn {
                enrolment_expiry: Expiry::Never,
            },
            earned_expiry: Expiry::WithBadge,
            owners: Owners::try_from(vec![OwnerType::Loyalty]).unwrap(),
            customer_constraints: Vec::new(),
            badge_constraints: Vec::new(),
            images: Vec::new(),
            tags: Vec::new(),
            benefits: Vec::new(),
            rank: None,
            group: None,
            custom_values: CustomValues::new(),
            default_till: None,
        },
        active: true,
        claims: Vec::new(),
        created_on,
        created_by: by,
        updated_on: created_on,
        updated_by: by,
    }
}

/// Every badge, the least id first, on one page.
pub(crate) fn everything() -> BadgeQuery {
    BadgeQuery {
        now: now(),
        statuses: Vec::new(),
        earn_type: None,
        active: None,
        owner: None,
        claimed_by: None,
        unclaimed: None,
        group: None,
        name_contains: None,
        starts_from: None,
        ends_until: None,
        sort: BadgeSort::Id,
        order: SortOrder::Ascending,
        page: 0,
        size: 100,
    }
}
