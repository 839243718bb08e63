//! An org's badges, and what one customer has of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use accolade_domain::badge::{Badge, BadgeDefinition, BadgePeriod, EarnMode, Expiry, Rank};
use accolade_domain::catalogue::{CustomValues, Group};
use accolade_domain::customer_view::{
    Catalogue, CatalogueBadge, CustomerBadge, CustomerBadgeQuery, CustomerBadgeSort,
    CustomerBadgeType, EarnTotals, Holding, list,
};
use accolade_domain::earning::EarnedBadge;
use accolade_domain::enrolment::{Enrolment, Hold};
use accolade_domain::ids::{BadgeId, ObjectId};
use accolade_domain::instant::Instant;
use accolade_domain::listing::{Page, PageOf};
use accolade_domain::owner::{Claim, Owner, OwnerType, Owners};
use time::Duration;

/// The moment at which lists are asked for.
pub(crate) fn now() -> Instant {
    Instant::parse_iso("2026-05-01T09:30:00.000001Z").unwrap()
}

/// So many hours from now.
pub(crate) fn hour(hours: i64) -> Instant {
    now() + Duration::hours(hours)
}

pub(crate) fn period(from: Instant, until: Instant) -> BadgePeriod {
    BadgePeriod::new(from, until).unwrap()
}

pub(crate) fn claim(owner_type: OwnerType, active: bool) -> Claim {
    Claim {
        owner: Owner {
            owner_type,
            reference: "1".try_into().unwrap(),
        },
        active,
    }
}

fn id(number: u8) -> ObjectId {
    let mut bytes = [0x66; 12];
    bytes[11] = number;
    ObjectId::from_bytes(bytes)
}

/// All of a type, on one page, by expiry.
pub(crate) fn all(badge_type: CustomerBadgeType) -> CustomerBadgeQuery {
    CustomerBadgeQuery {
        sort: CustomerBadgeSort::ExpiresOn,
        page: PageOf { page: 0, size: 100 },
        ..CustomerBadgeQuery::new(1.try_into().unwrap(), badge_type, now())
    }
}

/// A badge with everything that the customer has of it.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    pub(crate) badge: Badge,
    pub(crate) group: Option<Arc<Group>>,
    /// Each with when it was recorded.
    pub(crate) enrolments: Vec<(Enrolment, Instant)>,
    pub(crate) earns: Vec<EarnedBadge>,
}

impl Shelf {
    pub(crate) fn holding(&self, now: Instant) -> Holding {
        Holding {
            badge: self.badge.id,
            enrolments: self.enrolments.iter().map(|it| it.0).collect(),
            last_issued_on: self.enrolments.iter().map(|it| it.1).max(),
            earns: EarnTotals::new(&self.earns, now),
        }
    }
}

/// The badges by their ids, which ascend in the order of creation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scene {
    pub(crate) shelves: BTreeMap<BadgeId, Shelf>,
    groups: u8,
}

impl Scene {
    /// A group that is active.
    pub(crate) fn group(&mut self, rank: i64) -> Arc<Group> {
        self.groups += 1;
        Arc::new(Group {
            id: id(100 + self.groups).into(),
            org: 1.try_into().unwrap(),
            name: "Metals".try_into().unwrap(),
            rank: Rank::try_from(rank).unwrap(),
            active: true,
            created_on: now(),
            created_by: 1.try_into().unwrap(),
            updated_on: now(),
            updated_by: 1.try_into().unwrap(),
        })
    }

    /// A live badge for which customers enrol first, after `change`.
    pub(crate) fn badge(&mut self, name: &str, change: impl FnOnce(&mut Badge)) -> BadgeId {
        let number = u8::try_from(self.shelves.len()).unwrap();
        let mut badge = Badge {
            id: id(number).into(),
            org: 1.try_into().unwrap(),
            definition: BadgeDefinition {
                name: name.try_into().unwrap(),
                description: None,
                period: period(hour(-10_000), hour(10_000)),
                earn_mode: EarnMode::EnrolThenEarn {
                    enrolment_expiry: Expiry::WithBadge,
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
            created_on: now(),
            created_by: 1.try_into().unwrap(),
            updated_on: now(),
            updated_by: 1.try_into().unwrap(),
        };
        change(&mut badge);
        let id = badge.id;
        let shelf = Shelf {
            badge,
            group: None,
            enrolments: Vec::new(),
            earns: Vec::new(),
        };
        self.shelves.insert(id, shelf);
        id
    }

    /// The same, earned directly.
    pub(crate) fn direct(&mut self, name: &str) -> BadgeId {
        self.badge(name, |badge| badge.definition.earn_mode = EarnMode::Direct)
    }

    pub(crate) fn shelf(&mut self, badge: BadgeId) -> &mut Shelf {
        self.shelves.get_mut(&badge).unwrap()
    }

    pub(crate) fn put_in(&mut self, badge: BadgeId, group: &Arc<Group>) {
        self.shelf(badge).group = Some(Arc::clone(group));
    }

    pub(crate) fn enrol(&mut self, badge: BadgeId, from: Instant, until: Instant) {
        self.enrol_on(badge, from, until, now());
    }

    /// Enrols the customer, recorded at a moment.
    pub(crate) fn enrol_on(
        &mut self,
        badge: BadgeId,
        from: Instant,
        until: Instant,
        recorded_on: Instant,
    ) {
        let enrolment = Enrolment {
            id: id(200).into(),
            hold: Hold::new(from, until).unwrap(),
            revoked_on: None,
        };
        self.shelf(badge).enrolments.push((enrolment, recorded_on));
    }

    pub(crate) fn earn(&mut self, badge: BadgeId, expires_on: Instant) {
        self.earn_on(badge, now(), now(), expires_on);
    }

    /// Lets the customer earn for an event, recorded at a moment.
    pub(crate) fn earn_on(
        &mut self,
        badge: BadgeId,
        event_on: Instant,
        earned_on: Instant,
        expires_on: Instant,
    ) {
        self.shelf(badge).earns.push(EarnedBadge {
            id: id(201).into(),
            enrolment: None,
            event_on,
            earned_on,
            expires_on,
            revoked_on: None,
            imported: false,
        });
    }

    pub(crate) fn page(&self, query: &CustomerBadgeQuery) -> Page<CustomerBadge> {
        let shelves = || self.shelves.values();
        let badges = shelves().map(|it| CatalogueBadge::new(it.badge.clone(), it.group.clone()));
        let mut holdings: Vec<_> = shelves().map(|it| it.holding(query.now)).collect();
        holdings.retain(|holding| *holding != Holding::empty(holding.badge));
        list(&Catalogue::new(badges.collect()), &holdings, query)
    }

    /// The names of the badges that `query` finds, in their order.
    pub(crate) fn names(&self, query: &CustomerBadgeQuery) -> Vec<String> {
        let items = self.page(query).items.into_iter();
        items
            .map(|it| it.badge.definition.name.to_string())
            .collect()
    }

    /// The same in alphabetical order.
    pub(crate) fn sorted_names(&self, query: &CustomerBadgeQuery) -> Vec<String> {
        let mut names = self.names(query);
        names.sort();
        names
    }
}
