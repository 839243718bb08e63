//! The feed: where a reader begins, and what it is told that missed some.

use std::collections::BTreeSet;

use accolade_application::events::{FollowError, FollowFeed, Start, feed};
use accolade_application::ports::FeedPage;
use accolade_domain::event::Position;
use accolade_domain::instant::Instant;
use time::Duration;

use crate::world::{World, at, codes};

/// An hour.
const RETENTION: std::time::Duration = std::time::Duration::from_hours(1);

fn position(number: i64) -> Position {
    number.try_into().unwrap()
}

fn follow(world: &World, start: Start) -> Result<FeedPage, FollowError> {
    let follow = FollowFeed {
        start,
        kinds: BTreeSet::new(),
        badge: None,
        customer: None,
        limit: 100,
        retention: RETENTION,
    };
    feed(&world.ports, &world.caller, &follow)
}

fn positions(result: Result<FeedPage, FollowError>) -> Vec<i64> {
    let events = result.unwrap().events.into_iter();
    events.map(|event| event.position.get()).collect()
}

fn oldest_left(result: Result<FeedPage, FollowError>) -> i64 {
    match result {
        Err(FollowError::Gone { oldest }) => oldest.get(),
        other => panic!("nothing is gone: {other:?}"),
    }
}

/// Three badges were created, half an hour after each other; the first moment.
fn three_events(world: &World) -> Instant {
    let first = world.ports.clock.now();
    for name in ["One", "Two", "Three"] {
        world.badge(name);
        world.clock.advance(Duration::minutes(30));
    }
    first
}

#[test]
fn a_reader_begins_with_the_oldest_that_is_kept_swept_or_not() {
    let world = World::new();
    three_events(&world);
    assert_eq!(positions(follow(&world, Start::Oldest)), [2, 3]);
    let kept_since = world.ports.clock.now() - Duration::HOUR;
    let events = &world.ports.stores.events;
    assert_eq!(events.sweep_events(kept_since).unwrap(), 1);
    assert_eq!(positions(follow(&world, Start::Oldest)), [2, 3]);
}

#[test]
fn a_reader_that_missed_some_is_told_the_oldest_and_one_that_did_not_goes_on() {
    let world = World::new();
    three_events(&world);
    assert_eq!(oldest_left(follow(&world, Start::After(position(0)))), 2);
    assert_eq!(positions(follow(&world, Start::After(position(1)))), [2, 3]);
    world.clock.advance(Duration::days(1));
    // All are gone; the next to come is the oldest that there will be.
    assert_eq!(oldest_left(follow(&world, Start::After(position(2)))), 4);
    assert!(positions(follow(&world, Start::After(position(3)))).is_empty());
}

#[test]
fn who_asks_from_a_moment_before_the_oldest_is_told_so_unless_nothing_was_before() {
    let world = World::new();
    let first = three_events(&world);
    let later = first + Duration::minutes(30);
    assert_eq!(positions(follow(&world, Start::From(later))), [2, 3]);
    assert_eq!(oldest_left(follow(&world, Start::From(first))), 2);
    let kept_since = world.ports.clock.now() - Duration::HOUR;
    world.ports.stores.events.sweep_events(kept_since).unwrap();
    // What was recorded before is gone, so nobody knows whether it was later than this.
    assert_eq!(oldest_left(follow(&world, Start::From(first))), 2);
    let long_ago = at("2000-01-01T00:00:00Z");
    assert_eq!(oldest_left(follow(&world, Start::From(long_ago))), 2);
    let fresh = World::new();
    fresh.badge("One");
    assert_eq!(positions(follow(&fresh, Start::From(long_ago))), [1]);
}

#[test]
fn who_asks_from_a_moment_after_all_that_there_was_missed_nothing_however_long_ago_that_is() {
    let world = World::new();
    three_events(&world);
    let behind_all = world.ports.clock.now();
    world.clock.advance(Duration::days(1));
    let long_ago = at("2000-01-01T00:00:00Z");
    let kept_since = world.ports.clock.now() - Duration::HOUR;
    assert!(positions(follow(&world, Start::From(behind_all))).is_empty());
    assert_eq!(oldest_left(follow(&world, Start::From(long_ago))), 4);
    world.ports.stores.events.sweep_events(kept_since).unwrap();
    assert!(positions(follow(&world, Start::From(behind_all))).is_empty());
    assert_eq!(oldest_left(follow(&world, Start::From(long_ago))), 4);
    world.badge("Four");
    assert_eq!(oldest_left(follow(&world, Start::From(behind_all))), 4);
}

#[test]
fn latest_is_what_comes_from_now_on() {
    let world = World::new();
    three_events(&world);
    let page = follow(&world, Start::Latest).unwrap();
    assert_eq!((page.events.len(), page.next), (0, position(3)));
    world.badge("Four");
    assert_eq!(positions(follow(&world, Start::After(page.next))), [4]);
}

#[test]
fn a_cursor_ahead_of_all_events_is_refused_and_not_taken_for_the_end() {
    let world = World::new();
    three_events(&world);
    assert!(positions(follow(&world, Start::After(position(3)))).is_empty());
    match follow(&world, Start::After(position(4))) {
        Err(FollowError::Other(error)) => assert_eq!(codes(Err::<(), _>(error)), [400]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_orgs_events_are_not_seen() {
    let world = World::new();
    three_events(&world);
    let stranger = World {
        caller: world.stranger(),
        ports: world.ports.clone(),
        clock: world.clock.clone(),
    };
    assert!(positions(follow(&stranger, Start::Oldest)).is_empty());
}
