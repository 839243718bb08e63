//! Asking what a customer holds, and letting it hold something.

use accolade_application::ports::{DetailsQuery, HeldBadges, HeldQuery, IdSource as _, PageOf};
use accolade_domain::badge::{Badge, Rank};
use accolade_domain::catalogue::Group;
use accolade_domain::customer_view::{EnrolmentsRead, Holding};
use accolade_domain::enrolment::Hold;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use time::Duration;

use crate::World;
use crate::earning::all_imported;
use crate::fixtures::{customer, now};
use crate::world::Tenant;

/// So many hours from now.
pub(crate) fn hour(hours: i64) -> Instant {
    now() + Duration::hours(hours)
}

/// All about customer 1, now.
pub(crate) fn everything_held() -> HeldQuery {
    HeldQuery {
        customer: customer(1),
        now: now(),
        enrolments: EnrolmentsRead::WithRecording,
        known: None,
    }
}

/// What asks for all between `customer` and `badge` at `now`.
pub(crate) fn all_details(customer: CustomerId, badge: BadgeId, now: Instant) -> DetailsQuery {
    let all = PageOf {
        page: 0,
        size: 10_000,
    };
    DetailsQuery {
        customer,
        badge,
        now,
        enrolments: all,
        earns: all,
    }
}

impl World {
    pub(crate) fn held(&self, query: &HeldQuery) -> HeldBadges {
        self.held_of(self.tenant, query)
    }

    pub(crate) fn held_of(&self, tenant: Tenant, query: &HeldQuery) -> HeldBadges {
        let store = &self.stores.customer_badges;
        store.held(tenant.org, query).unwrap()
    }

    /// What `query` finds of `badge`, if anything.
    pub(crate) fn holding(&self, badge: &Badge, query: &HeldQuery) -> Option<Holding> {
        let mut holdings = self.held(query).holdings.into_iter();
        holdings.find(|holding| holding.badge == badge.id)
    }

    /// Enrols customer 1 from one hour until another, recorded in a third.
    pub(crate) fn enrol_for_hours(&self, badge: &Badge, from: i64, until: i64, recorded: i64) {
        let mut request = self.request(badge, [1]);
        request.hold = Hold::new(hour(from), hour(until)).unwrap();
        request.context.now = hour(recorded);
        self.enrol(&request).unwrap();
    }

    /// Lets customer 1 earn in an hour, recorded in another, until a third.
    pub(crate) fn earn_in_hour(&self, badge: &Badge, event: i64, recorded: i64, expires: i64) {
        let mut request = self.importing(badge, &[(1, hour(event))]);
        request.items[0].expires_on = hour(expires);
        request.outcomes = all_imported(&request.items);
        request.context.now = hour(recorded);
        self.import(&request).unwrap();
    }

    /// A group, created.
    pub(crate) fn group(&self, name: &str) -> Group {
        let group = Group {
            id: self.ids.object_id().into(),
            org: self.tenant.org,
            name: name.try_into().unwrap(),
            rank: Rank::try_from(1).unwrap(),
            active: true,
            created_on: now(),
            created_by: self.tenant.actor,
            updated_on: now(),
            updated_by: self.tenant.actor,
        };
        self.stores
            .catalogue
            .create_group(&group, None, &[])
            .unwrap();
        group
    }

    /// Creates a badge after `change`.
    pub(crate) fn badge_like(&self, name: &str, change: impl FnOnce(&mut Badge)) -> Badge {
        let mut badge = self.draft(name);
        change(&mut badge);
        self.create(&badge);
        badge
    }
}
