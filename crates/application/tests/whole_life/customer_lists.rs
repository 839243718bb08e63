//! Lists of a customer's badges, by a catalogue that is remembered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use accolade_application::customers::{KnownCatalogues, badges, details};
use accolade_application::ports::{
    CustomerBadgeDetails, CustomerBadges, DetailsQuery, HeldBadges, HeldQuery, HistoryEntry,
    HistoryQuery, StoreError,
};
use accolade_domain::customer_view::{
    CustomerBadge, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType,
};
use accolade_domain::ids::{CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;

use crate::world::{World, customer, direct, draft};

use CustomerBadgeType::{Available, AvailableToIssue, Earned};

/// Counts how often the catalogue is read.
struct Counting {
    store: Arc<dyn CustomerBadges>,
    catalogues: AtomicUsize,
}

impl CustomerBadges for Counting {
    fn held(&self, org: OrgId, query: &HeldQuery) -> Result<HeldBadges, StoreError> {
        let held = self.store.held(org, query)?;
        self.catalogues
            .fetch_add(usize::from(held.catalogue.is_some()), Relaxed);
        Ok(held)
    }

    fn details(
        &self,
        org: OrgId,
        query: &DetailsQuery,
    ) -> Result<Option<CustomerBadgeDetails>, StoreError> {
        self.store.details(org, query)
    }

    fn history(&self, org: OrgId, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError> {
        self.store.history(org, query)
    }

    fn recorded_on(
        &self,
        org: OrgId,
        enrolments: &[(CustomerId, EnrolmentId)],
    ) -> Result<BTreeMap<EnrolmentId, Instant>, StoreError> {
        self.store.recorded_on(org, enrolments)
    }
}

/// A world whose catalogue is counted when it is read.
fn counting() -> (World, Arc<Counting>) {
    let mut world = World::new();
    let store = Arc::new(Counting {
        store: Arc::clone(&world.ports.stores.customer_badges),
        catalogues: AtomicUsize::new(0),
    });
    Arc::make_mut(&mut world.ports.stores).customer_badges = store.clone();
    (world, store)
}

fn query(world: &World, number: i64, badge_type: CustomerBadgeType) -> CustomerBadgeQuery {
    let now = world.ports.clock.now();
    CustomerBadgeQuery {
        shows_enrolments: true,
        ..CustomerBadgeQuery::new(customer(number), badge_type, now)
    }
}

fn listed(
    world: &World,
    catalogues: &KnownCatalogues,
    query: &CustomerBadgeQuery,
) -> Vec<CustomerBadge> {
    let page = badges(&world.ports, catalogues, &world.caller, query).unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items
}

#[test]
fn a_catalogue_is_read_once_for_all_customers_until_a_badge_changes() {
    let (world, store) = counting();
    let badge = world.badge(draft("Gold"));
    let catalogues = KnownCatalogues::default();
    let available = |number| {
        let query = query(&world, number, AvailableToIssue);
        listed(&world, &catalogues, &query).len()
    };
    for number in 1..5 {
        assert_eq!(available(number), 1);
    }
    world.enrol(badge, 1);
    assert_eq!([1, 2].map(available), [0, 1]);
    assert_eq!(store.catalogues.load(Relaxed), 1);

    world.turn(badge, false);
    assert_eq!([1, 2].map(available), [0, 0]);
    world.turn(badge, true);
    world.badge(draft("Silver"));
    assert_eq!([1, 2].map(available), [1, 2]);
    assert_eq!(store.catalogues.load(Relaxed), 3);
}

#[test]
fn orgs_are_remembered_apart() {
    let (mut world, store) = counting();
    let catalogues = KnownCatalogues::default();
    world.badge(draft("Gold"));
    let total = |world: &World| {
        let query = query(world, 1, AvailableToIssue);
        listed(world, &catalogues, &query).len()
    };
    assert_eq!(total(&world), 1);
    let org = world.caller.org;
    world.caller.org = 7.try_into().unwrap();
    assert_eq!(total(&world), 0);
    world.caller.org = org;
    assert_eq!(total(&world), 1);
    assert_eq!(store.catalogues.load(Relaxed), 2);
}

#[test]
fn a_list_says_of_a_badge_what_its_details_say_whatever_it_is_sorted_by() {
    let world = World::new();
    let gold = world.badge(draft("Gold"));
    let silver = world.badge(direct("Silver"));
    world.enrol(gold, 1);
    world.earned(gold, 1);
    world.import(silver, 1);
    let catalogues = KnownCatalogues::default();
    for badge_type in [Available, Earned] {
        // This sort alone reads when enrolments were recorded.
        let query = CustomerBadgeQuery {
            sort: CustomerBadgeSort::LastIssued,
            ..query(&world, 1, badge_type)
        };
        let items = listed(&world, &catalogues, &query);
        let ids: Vec<_> = items.iter().map(|it| it.badge.id).collect();
        assert_eq!(ids, [gold, silver]);
        for item in items {
            let query = world.details_query(item.badge.id, 1);
            let shown = details(&world.ports, &world.caller, &query, false).unwrap();
            assert_eq!(shown.details.badge, item);
        }
    }
}
