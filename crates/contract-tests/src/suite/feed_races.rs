//! Writing the feed from many places at once, while it is read.

use std::collections::BTreeMap;

use accolade_application::ports::{BadgeEdit, RecordError};
use accolade_domain::event::{BadgeChanged, Event, EventKind, Fact, Position};

use crate::World;
use crate::feed::{all_events, assert_whole, page, query};
use crate::race::{Running, race};
use crate::world::enrol_on;

const WRITERS: usize = 4;

/// Follows the org's feed until nobody writes any more, and gives all that it was given.
fn follow(world: &World, server: usize, running: &Running) -> Vec<Event> {
    let servers = world.servers();
    let (events, mut asked) = (
        &*servers[server].events,
        query(world.tenant.org, Position::START),
    );
    asked.limit = 7;
    let mut seen = Vec::new();
    loop {
        // Looked at first: what is recorded by then is read behind it.
        let is_over = running.is_over();
        let page = page(events, &asked);
        asked.after = page.next;
        seen.extend(page.events);
        if is_over && !page.has_more {
            return seen;
        }
        std::thread::yield_now();
    }
}

fn who_follows_is_given_every_event_once_and_nothing_behind_its_cursor(world: &World) {
    let badge = world.badge("Gold");
    let running = Running::all(WRITERS);
    let servers = world.servers();
    let followed = race(WRITERS + 2, |racer| {
        if racer >= WRITERS {
            return follow(world, racer % 2, &running);
        }
        let _running = running.one();
        for turn in 0..25 {
            let first = i64::try_from(racer * 1_000 + turn * 10 + 1).unwrap();
            let request = world.request(&badge, first..first + 3);
            enrol_on(&servers[racer % 2], &request).unwrap();
        }
        Vec::new()
    });
    let all = world.events();
    assert_eq!(all.len(), 1 + WRITERS * 25 * 3);
    for seen in &followed[WRITERS..] {
        assert_whole(seen);
        assert_eq!(*seen, all, "what was given has changed");
    }
}

fn cause_comes_before_effect(world: &World) {
    let badge = world.badge("Gold");
    let servers = world.servers();
    let running = Running::all(WRITERS);
    race(WRITERS + 1, |racer| {
        if racer == WRITERS {
            while !running.is_over() {
                servers[0].events.sequence().unwrap();
            }
            return;
        }
        let _running = running.one();
        let customer = i64::try_from(racer + 1).unwrap();
        for turn in 0..15 {
            // Each step sees what the one before has left, on the other server.
            let [one, other] = [turn % 2, (turn + 1) % 2].map(|server| &servers[server]);
            enrol_on(one, &world.request(&badge, [customer])).unwrap();
            let revocation = world.unenrolling(&badge, &[(customer, None)]);
            other.enrolments.revoke(&revocation).unwrap().unwrap();
        }
    });
    let mut last: BTreeMap<_, EventKind> = BTreeMap::new();
    for event in world.events() {
        let Some(customer) = event.customer() else {
            continue;
        };
        let before = last.insert(customer, event.kind());
        let expected = match event.kind() {
            EventKind::EnrolmentRevoked => Some(EventKind::EnrolmentCreated),
            _ => before.map(|_| EventKind::EnrolmentRevoked),
        };
        assert_eq!(before, expected, "{event:?}");
    }
    assert_eq!(last.len(), WRITERS);
}

fn nobody_is_enrolled_behind_the_end_of_a_badge(world: &World) {
    let badge = world.badge("Gold");
    let servers = world.servers();
    race(WRITERS + 1, |racer| {
        if racer == WRITERS {
            for turn in 0..10 {
                world.edit(&badge, BadgeEdit::Activity(turn % 2 == 1));
            }
            return;
        }
        for turn in 0..20 {
            let number = i64::try_from(racer * 100 + turn + 1).unwrap();
            let found = world.found(&badge);
            let mut request = world.request(&badge, [number]);
            request.version = found.version;
            // As whoever decides does: what is off records nothing.
            if found.badge.active {
                match enrol_on(&servers[racer % 2], &request) {
                    Ok(_) | Err(RecordError::BadgeChanged) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    });
    let mut is_on = true;
    for event in world.events() {
        match event.fact {
            Fact::Badge(BadgeChanged::Deactivated, _) => is_on = false,
            Fact::Badge(BadgeChanged::Activated, _) => is_on = true,
            Fact::EnrolmentCreated(_) => assert!(is_on, "{:?}", event.position),
            _ => {}
        }
    }
}

fn several_give_positions_at_once_and_each_event_gets_one(world: &World) {
    let orgs = [5, 6].map(|number| world.tenant(number));
    let badges = orgs.map(|tenant| world.badge_of(tenant, "Gold"));
    let servers = world.servers();
    race(6, |racer| {
        for turn in 0..10 {
            if racer < 3 {
                let number = i64::try_from(racer * 100 + turn + 1).unwrap();
                let request = world.request(&badges[turn % 2], [number, number + 50]);
                enrol_on(&servers[racer % 2], &request).unwrap();
            } else {
                servers[racer % 2].events.sequence().unwrap();
            }
        }
    });
    for tenant in orgs {
        assert_eq!(
            all_events(&*servers[0].events, tenant.org).len(),
            1 + 3 * 5 * 2
        );
    }
    assert_eq!(servers[1].events.sequence().unwrap(), 0);
}

sentences! {
    who_follows_is_given_every_event_once_and_nothing_behind_its_cursor
    cause_comes_before_effect
    nobody_is_enrolled_behind_the_end_of_a_badge
    several_give_positions_at_once_and_each_event_gets_one
}
