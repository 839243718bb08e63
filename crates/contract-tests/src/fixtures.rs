//! Short ways to name things.

use accolade_application::ports::{BadgeQuery, BadgeSort, SortOrder};
use accolade_domain::actor::Actor;
use accolade_domain::badge::Badge;
use accolade_domain::fixtures::plain;
pub(crate) use accolade_domain::fixtures::{at, customer, customers, hold, owner, period, second};
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Claim, OwnerType};

/// The moment at which tests happen.
pub(crate) const NOW: &str = "2026-05-01T09:30:00.000001Z";

pub(crate) fn now() -> Instant {
    at(NOW)
}

pub(crate) fn claim(owner_type: OwnerType, reference: &str, active: bool) -> Claim {
    Claim {
        owner: owner(owner_type, reference),
        active,
    }
}

/// The plainest badge, created in 2024 by `by`.
pub(crate) fn badge(id: BadgeId, org: OrgId, by: Actor, name: &str) -> Badge {
    let created_on = at("2024-01-01T00:00:00.123456Z");
    Badge {
        id,
        org,
        created_on,
        created_by: by,
        updated_on: created_on,
        updated_by: by,
        ..plain(name)
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
