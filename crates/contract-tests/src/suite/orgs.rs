//! Organisations.

use accolade_application::ports::{CreateOrgError, Org};
use accolade_domain::zone::Zone;

use crate::World;
use crate::fixtures::now;
use crate::race::{only_winner, race};

fn org(id: i64, name: &str, zone: &str) -> Org {
    Org {
        id: id.try_into().unwrap(),
        name: name.try_into().unwrap(),
        zone: zone.parse().unwrap(),
        region: None,
    }
}

fn listed(world: &World, org: &Org) -> Vec<Org> {
    let all = world.stores.access.orgs().unwrap().into_iter();
    all.filter(|other| other.id == org.id).collect()
}

fn an_org_is_listed_as_it_was_created(world: &World) {
    for org in [
        org(i64::MAX, &"𝄞".repeat(255), "Asia/Kolkata"),
        org(
            1,
            "o'Org \"%_\\\u{7f}\n",
            "America/Argentina/ComodRivadavia",
        ),
        Org {
            zone: Zone::utc(),
            region: "IN".parse().ok(),
            ..org(2, "é", "UTC")
        },
    ] {
        world.stores.access.create_org(&org, now()).unwrap();
        assert_eq!(listed(world, &org), [org]);
    }
}

fn orgs_are_listed_by_number(world: &World) {
    for id in [20, 3, 1000, 100] {
        let org = org(id, "Org", "UTC");
        world.stores.access.create_org(&org, now()).unwrap();
    }
    let orgs = world.stores.access.orgs().unwrap();
    let numbers: Vec<_> = orgs.iter().map(|org| org.id.get()).collect();
    assert_eq!(numbers, [3, 20, 100, 1000, world.tenant.org.get()]);
}

fn an_org_whose_number_is_taken_is_refused_and_the_one_that_has_it_stays(world: &World) {
    let first = org(7, "First", "Asia/Kolkata");
    world.stores.access.create_org(&first, now()).unwrap();
    let again = world
        .stores
        .access
        .create_org(&org(7, "Second", "UTC"), now());
    assert!(matches!(again, Err(CreateOrgError::Exists)), "{again:?}");
    assert_eq!(listed(world, &first), [first]);
}

fn of_orgs_that_race_for_one_number_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let racer = |i: usize| org(7, &format!("Org {i}"), "UTC");
    let results = race(8, |i| servers[i % 2].access.create_org(&racer(i), now()));
    let winner = only_winner(&results, |error| matches!(error, CreateOrgError::Exists));
    assert_eq!(listed(world, &racer(winner)), [racer(winner)]);
}

sentences! {
    an_org_is_listed_as_it_was_created
    orgs_are_listed_by_number
    an_org_whose_number_is_taken_is_refused_and_the_one_that_has_it_stays
    of_orgs_that_race_for_one_number_exactly_one_wins
}
