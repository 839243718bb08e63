//! What expires while others do something at the same moment.

use std::collections::HashSet;

use accolade_domain::event::Fact;

use super::expiries::{earning, enrolling, expired, minutes};
use super::reached_limits::feed;
use crate::World;
use crate::earning::earned_id;
use crate::race::race;

fn whoever_calls_at_once_each_is_told_once(world: &World) {
    let badge = world.direct("Gold");
    for number in 0..60_i64 {
        let numbers = number * 10 + 1..=number * 10 + 10;
        world.enrol(&enrolling(world, &badge, numbers, 10)).unwrap();
    }
    let servers = world.servers();
    let events = race(4, |racer| {
        let store = &servers[racer % servers.len()].events;
        let mut events = 0;
        // One that gets nothing may only have been too late.
        for _ in 0..60 {
            events += store.expire(minutes(10), minutes(11), 37).unwrap().events;
        }
        events
    });
    assert_eq!(events.iter().sum::<u64>(), 600);
    let mut told: Vec<_> = expired(world, &badge).iter().map(|it| it.0).collect();
    told.sort_unstable();
    assert_eq!(told, (1..=600).collect::<Vec<_>>());
}

fn nothing_is_told_to_expire_behind_its_revocation(world: &World) {
    const MANY: i64 = 24;
    let badge = world.direct("Gold");
    for number in 1..=MANY {
        world
            .enrol(&enrolling(world, &badge, [number], 10))
            .unwrap();
    }
    let earn = |number| world.earn(&earning(world, &badge, [number], 10)).unwrap();
    let earned: Vec<_> = (1..=MANY).map(|number| earned_id(&earn(number))).collect();
    let unenrol = |number| world.unenrolling(&badge, &[(number, None)]);
    let unenrolments: Vec<_> = (1..=MANY).map(unenrol).collect();
    let numbered = (1..=MANY).zip(&earned);
    let revocations: Vec<_> = numbered
        .map(|(number, id)| world.revoking(&badge, number, *id))
        .collect();
    let servers = world.servers();
    race(4, |racer| {
        let stores = &servers[racer % servers.len()];
        for at in 0..usize::try_from(MANY).unwrap() {
            match racer {
                0 => drop(stores.enrolments.revoke(&unenrolments[at]).unwrap()),
                1 => stores.earning.revoke(&revocations[at]).unwrap().unwrap(),
                _ => drop(stores.events.expire(minutes(10), minutes(11), 1).unwrap()),
            }
        }
    });
    let (mut revoked, mut told) = (HashSet::new(), HashSet::new());
    for event in feed(world, &badge) {
        match event.fact {
            Fact::EnrolmentRevoked(it) => {
                revoked.insert(it.enrolment.0);
            }
            Fact::EarnRevoked(it) => {
                revoked.insert(it.earned.0);
            }
            Fact::EnrolmentExpired(it) => {
                assert!(!revoked.contains(&it.enrolment.0));
                assert!(told.insert(it.enrolment.0));
            }
            Fact::EarnExpired(it) => {
                assert!(!revoked.contains(&it.earned.0));
                assert!(told.insert(it.earned.0));
            }
            _ => {}
        }
    }
    assert_eq!(revoked.len(), 2 * usize::try_from(MANY).unwrap());
}

sentences! {
    whoever_calls_at_once_each_is_told_once
    nothing_is_told_to_expire_behind_its_revocation
}
