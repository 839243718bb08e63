//! Leases.
//!
//! A term of no length has run out as soon as it began, whoever's clock counts.

use std::time::Duration;

use accolade_application::ports::{IdSource as _, LeaseName, TakenLease, Term};
use uuid::Uuid;

use crate::fixtures::now;
use crate::race::race;
use crate::{Stores, World};

const HOUR: Duration = Duration::from_hours(1);

fn holder(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn term(number: u128, length: Duration) -> Term {
    Term {
        holder: holder(number),
        now: now(),
        length,
    }
}

fn server(number: u128) -> LeaseName {
    LeaseName::Server(holder(number))
}

/// Two names in an order that is not that of their texts.
fn names(world: &World) -> [LeaseName; 2] {
    let webhook = LeaseName::Webhook(world.tenant.org, world.ids.object_id().into());
    [webhook, LeaseName::Expiries]
}

fn take(stores: &Stores, names: &[LeaseName], number: u128, length: Duration) -> Vec<LeaseName> {
    let taken = stores
        .leases
        .take(names, names.len(), &term(number, length))
        .unwrap();
    taken.into_iter().map(|lease| lease.name).collect()
}

fn renew(stores: &Stores, names: &[LeaseName], number: u128, length: Duration) -> Vec<LeaseName> {
    stores.leases.renew(names, &term(number, length)).unwrap()
}

fn what_nobody_has_is_taken_and_what_another_has_is_not(world: &World) {
    let [stores, other] = world.servers();
    let [webhook, expiries] = names(world);
    assert_eq!(take(&stores, &[], 1, HOUR), []);
    assert_eq!(take(&stores, &[expiries], 1, HOUR), [expiries]);
    let both = [webhook, expiries];
    assert_eq!(take(&other, &both, 2, HOUR), [webhook]);
    assert_eq!(take(&other, &both, 3, HOUR), []);
}

fn leases_are_given_in_the_order_in_which_they_are_asked_for(world: &World) {
    let names = names(world);
    assert_eq!(take(&world.stores, &names, 1, HOUR), names);
    assert_eq!(renew(&world.stores, &names, 1, HOUR), names);
    let [webhook, expiries] = names;
    let turned = [expiries, webhook];
    assert_eq!(take(&world.stores, &turned, 1, HOUR), turned);
    assert_eq!(renew(&world.stores, &turned, 1, HOUR), turned);
}

fn the_first_that_can_be_taken_are_taken_and_no_more_than_are_asked_for(world: &World) {
    let stores = &world.stores;
    let names = [4, 3, 2, 1].map(server);
    take(stores, &[server(3)], 1, HOUR);
    let taken = stores.leases.take(&names, 2, &term(2, HOUR)).unwrap();
    let taken: Vec<_> = taken.into_iter().map(|lease| lease.name).collect();
    assert_eq!(taken, [server(4), server(2)]);
    let none = stores.leases.take(&names, 0, &term(2, HOUR)).unwrap();
    assert_eq!(none, []);
    assert_eq!(take(stores, &names, 3, HOUR), [server(1)]);
}

fn a_holder_takes_again_what_it_has(world: &World) {
    let names = names(world);
    for _ in 0..2 {
        let taken = world.stores.leases.take(&names, 2, &term(1, HOUR)).unwrap();
        let own = names.map(|name| TakenLease {
            name,
            is_takeover: false,
        });
        assert_eq!(taken, own);
    }
}

fn what_has_run_out_is_taken_over_and_said_to_be(world: &World) {
    let [expiries] = [LeaseName::Expiries];
    let leases = &world.stores.leases;
    let is_takeover = |number| {
        let taken = leases
            .take(&[expiries], 1, &term(number, Duration::ZERO))
            .unwrap();
        assert_eq!(taken.len(), 1);
        taken[0].is_takeover
    };
    assert!(!is_takeover(1));
    assert!(!is_takeover(1), "its own");
    assert!(is_takeover(2));
    assert!(is_takeover(1));
    assert!(!is_takeover(1), "its own again");
}

fn a_renewed_lease_begins_another_term(world: &World) {
    let stores = &world.stores;
    let names = names(world);
    take(stores, &names, 1, Duration::ZERO);
    assert_eq!(renew(stores, &names, 1, HOUR), names);
    assert_eq!(take(stores, &names, 2, HOUR), []);
    assert_eq!(renew(stores, &names, 1, Duration::ZERO), names);
    assert_eq!(take(stores, &names, 2, HOUR), names);
}

fn nobody_renews_what_is_free_or_was_taken_over(world: &World) {
    let stores = &world.stores;
    let [webhook, expiries] = names(world);
    let both = [webhook, expiries];
    assert_eq!(renew(stores, &both, 1, HOUR), []);
    take(stores, &both, 1, Duration::ZERO);
    take(stores, &[expiries], 2, Duration::ZERO);
    assert_eq!(renew(stores, &both, 1, HOUR), [webhook]);
    assert_eq!(renew(stores, &both, 2, HOUR), [expiries]);
}

fn what_is_given_back_is_free_at_once_and_only_its_holder_gives_it_back(world: &World) {
    let stores = &world.stores;
    let [webhook, expiries] = names(world);
    let both = [webhook, expiries];
    take(stores, &both, 1, HOUR);
    stores.leases.release(&both, holder(2)).unwrap();
    assert_eq!(take(stores, &both, 2, HOUR), []);
    stores.leases.release(&[webhook], holder(1)).unwrap();
    let taken = stores.leases.take(&both, 2, &term(2, HOUR)).unwrap();
    let free = TakenLease {
        name: webhook,
        is_takeover: false,
    };
    assert_eq!(taken, [free]);
    stores.leases.release(&both, holder(3)).unwrap();
    stores.leases.release(&[], holder(1)).unwrap();
}

fn each_holder_of_what_has_not_run_out_counts_once(world: &World) {
    let stores = &world.stores;
    let count = || stores.leases.count_holders(now()).unwrap();
    assert_eq!(count(), 0);
    take(stores, &[server(1), LeaseName::Expiries], 1, HOUR);
    assert_eq!(count(), 1);
    take(stores, &[server(2)], 2, HOUR);
    assert_eq!(count(), 2);
    take(stores, &[server(3)], 3, Duration::ZERO);
    assert_eq!(count(), 2);
    stores.leases.release(&[server(2)], holder(2)).unwrap();
    assert_eq!(count(), 1);
}

fn a_sweep_forgets_what_ran_out_so_long_ago(world: &World) {
    let stores = &world.stores;
    let sweep = |ran_out_for| stores.leases.sweep_leases(now(), ran_out_for).unwrap();
    take(stores, &[server(1), server(2)], 1, Duration::ZERO);
    take(stores, &[server(3)], 1, HOUR);
    assert_eq!(sweep(HOUR), 0);
    assert_eq!(sweep(Duration::ZERO), 2);
    assert_eq!(sweep(Duration::ZERO), 0);
    assert_eq!(renew(stores, &[server(1), server(3)], 1, HOUR), [server(3)]);
}

fn of_several_who_ask_at_once_one_gets_each_lease(world: &World) {
    let servers = world.servers();
    let all: Vec<_> = (0..20).map(server).collect();
    let taken_by_all = |first: u128, length| {
        let taken = race(6, |racer| {
            let mut names = all.clone();
            // Each locks them in another order.
            names.rotate_left(racer * 3);
            if racer % 2 == 1 {
                names.reverse();
            }
            take(&servers[racer % 2], &names, first + racer as u128, length)
        });
        let mut taken = taken.concat();
        taken.sort_unstable();
        taken
    };
    assert_eq!(taken_by_all(100, HOUR), all);
    for holder in 100..106 {
        renew(&world.stores, &all, holder, Duration::ZERO);
    }
    assert_eq!(taken_by_all(200, HOUR), all, "all had run out");
    assert_eq!(taken_by_all(300, HOUR), []);
}

fn whoever_takes_over_or_renews_at_the_same_moment_only_one_has_it(world: &World) {
    let servers = world.servers();
    for round in 0..10 {
        let name = [server(round)];
        take(&world.stores, &name, 1, Duration::ZERO);
        let has_it = race(4, |racer| {
            let stores = &servers[racer % 2];
            if racer == 0 {
                renew(stores, &name, 1, HOUR) == name
            } else {
                take(stores, &name, 1 + racer as u128, HOUR) == name
            }
        });
        let holders = has_it.iter().filter(|has_it| **has_it).count();
        assert_eq!(holders, 1, "{has_it:?}");
    }
}

sentences! {
    what_nobody_has_is_taken_and_what_another_has_is_not
    leases_are_given_in_the_order_in_which_they_are_asked_for
    the_first_that_can_be_taken_are_taken_and_no_more_than_are_asked_for
    a_holder_takes_again_what_it_has
    what_has_run_out_is_taken_over_and_said_to_be
    a_renewed_lease_begins_another_term
    nobody_renews_what_is_free_or_was_taken_over
    what_is_given_back_is_free_at_once_and_only_its_holder_gives_it_back
    each_holder_of_what_has_not_run_out_counts_once
    a_sweep_forgets_what_ran_out_so_long_ago
    of_several_who_ask_at_once_one_gets_each_lease
    whoever_takes_over_or_renews_at_the_same_moment_only_one_has_it
}
