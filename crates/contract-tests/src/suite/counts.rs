//! Counts, and tidying them up.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use accolade_domain::enrolment::Outcome;

use crate::World;
use crate::fixtures::{everything, now};
use crate::race::{Running, race};
use crate::world::enrol_on;

fn only_those_who_were_enrolled_count_and_only_for_their_badge(world: &World) {
    let badges = [
        world.badge("Gold"),
        world.badge("Silver"),
        world.badge("Bronze"),
    ];
    world.enrol(&world.request(&badges[0], [1, 2, 3])).unwrap();
    world.enrol(&world.request(&badges[0], [2, 3, 4])).unwrap();
    world.enrol(&world.request(&badges[1], [1])).unwrap();
    assert_eq!(
        badges.each_ref().map(|badge| world.issued(badge)),
        [4, 1, 0]
    );
    let listed = world
        .stores
        .badges
        .list(world.tenant.org, &everything())
        .unwrap();
    let counts: Vec<_> = listed
        .badges
        .iter()
        .map(|found| found.counts.issued)
        .collect();
    assert_eq!(counts, [4, 1, 0]);
    assert!(listed.badges.iter().all(|found| found.counts.earned == 0));
}

fn a_sweep_changes_no_count(world: &World) {
    let badges = [world.badge("Gold"), world.badge("Silver")];
    for number in 1..=30 {
        world
            .enrol(&world.request(&badges[0], [number, number + 1]))
            .unwrap();
        if number % 3 == 0 {
            world.enrol(&world.request(&badges[1], [number])).unwrap();
        }
        if number % 10 == 0 {
            world.stores.housekeeping.sweep(now()).unwrap();
            world.stores.housekeeping.sweep(now()).unwrap();
        }
    }
    assert_eq!(badges.each_ref().map(|badge| world.issued(badge)), [31, 10]);
}

fn counts_are_exact_while_many_enrol_and_others_sweep(world: &World) {
    const ENROLLERS: usize = 6;
    let servers = world.servers();
    let badges = [world.badge("Gold"), world.badge("Silver")];
    let running = Running::all(ENROLLERS);
    let enrolled = race(ENROLLERS + 2, |i| {
        let stores = &servers[i % 2];
        let mut enrolled = [0, 0];
        if i >= ENROLLERS {
            let mut seen = [0, 0];
            while !running.is_over() {
                stores.housekeeping.sweep(now()).unwrap();
                for (seen, badge) in seen.iter_mut().zip(&badges) {
                    let found = stores.badges.find_counted(badge.org, badge.id).unwrap();
                    let issued = found.unwrap().counts.issued;
                    assert!(issued >= *seen, "the count fell from {seen} to {issued}");
                    *seen = issued;
                }
            }
            return enrolled;
        }
        let _running = running.one();
        for step in 0..20 {
            let which = step % 2;
            let first = i64::try_from(i + step).unwrap() + 1;
            let request = world.request(&badges[which], first..first + 5);
            let outcomes = enrol_on(stores, &request).unwrap();
            let new = outcomes
                .iter()
                .filter(|o| matches!(o.outcome, Outcome::Enrolled(_)));
            enrolled[which] += new.count() as u64;
        }
        enrolled
    });
    for (which, badge) in badges.iter().enumerate() {
        let expected: u64 = enrolled.iter().map(|enrolled| enrolled[which]).sum();
        assert_eq!(world.issued(badge), expected);
    }
}

fn a_count_includes_what_returned_before_it_was_asked(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    let done = AtomicUsize::new(0);
    race(4, |i| {
        for step in 0..20 {
            let number = i64::try_from(i * 100 + step).unwrap() + 1;
            enrol_on(&servers[i % 2], &world.request(&badge, [number])).unwrap();
            let before = done.fetch_add(1, SeqCst) + 1;
            let other = &servers[(i + 1) % 2];
            let found = other.badges.find_counted(badge.org, badge.id).unwrap();
            assert!(found.unwrap().counts.issued >= before as u64);
        }
    });
    assert_eq!(world.issued(&badge), 80);
}

sentences! {
    only_those_who_were_enrolled_count_and_only_for_their_badge
    a_sweep_changes_no_count
    counts_are_exact_while_many_enrol_and_others_sweep
    a_count_includes_what_returned_before_it_was_asked
}
