//! Reading the feed: pages, filters, and what is kept.

use accolade_application::ports::FeedQuery;
use accolade_domain::badge::Badge;
use accolade_domain::event::{Event, EventKind, Position};
use accolade_domain::instant::Instant;

use crate::World;
use crate::feed::{all_of, assert_whole, gone, page, query};
use crate::fixtures::{customer, second};

fn position(number: i64) -> Position {
    number.try_into().unwrap()
}

fn positions(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.position.get()).collect()
}

/// Enrols these customers at so many seconds after 1970.
fn enrol_at(world: &World, badge: &Badge, now: i64, customers: impl IntoIterator<Item = i64>) {
    let mut request = world.request(badge, customers);
    request.context.now = second(now);
    world.enrol(&request).unwrap();
}

/// A badge, created at the beginning of 1970: one event.
fn early(world: &World, name: &str) -> Badge {
    let mut badge = world.draft(name);
    (badge.created_on, badge.updated_on) = (second(0), second(0));
    world.create(&badge);
    badge
}

fn all(world: &World) -> FeedQuery {
    query(world.tenant.org, Position::START)
}

fn an_empty_feed_has_nothing_and_begins_at_0(world: &World) {
    let (org, events) = (world.tenant.org, &world.stores.events);
    let page = page(&**events, &all(world));
    assert_eq!(
        (page.events, page.next, page.has_more),
        (Vec::new(), Position::START, false)
    );
    assert_eq!(events.newest(org).unwrap(), Position::START);
    assert_eq!(events.oldest(org, second(5)).unwrap(), Position::START);
    assert_eq!(events.before(org, second(5)).unwrap(), Position::START);
    assert_eq!(events.sequence().unwrap(), 0);
    assert_eq!(events.sweep_events(second(5)).unwrap(), 0);
}

fn a_page_ends_in_the_midst_of_a_request_and_the_next_goes_on_there(world: &World) {
    let badge = early(world, "Gold");
    enrol_at(world, &badge, 1, 1..=25);
    enrol_at(world, &badge, 2, 26..=27);
    let events = &*world.stores.events;
    let mut asked = all(world);
    asked.limit = 10;
    let mut seen = Vec::new();
    for (given, has_more) in [(10, true), (10, true), (8, false), (0, false)] {
        let page = page(events, &asked);
        assert_eq!((page.events.len(), page.has_more), (given, has_more));
        asked.after = page.next;
        seen.extend(page.events);
    }
    assert_whole(&seen);
    assert_eq!(asked.after, position(28));
    assert_eq!(events.newest(badge.org).unwrap(), position(28));
    asked.limit = 28;
    asked.after = Position::START;
    assert!(!page(events, &asked).has_more);
}

fn filters_choose_and_the_cursor_passes_what_they_leave_out(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| early(world, name));
    enrol_at(world, &gold, 1, 1..=3);
    enrol_at(world, &silver, 1, [2, 4]);
    let events = &*world.stores.events;
    let found = |change: fn(&mut FeedQuery, &[Badge; 2])| {
        let mut asked = all(world);
        change(&mut asked, &[gold.clone(), silver.clone()]);
        let page = page(events, &asked);
        assert_eq!((page.next, page.has_more), (position(7), false));
        positions(&page.events)
    };
    assert_eq!(
        found(|it, _| it.kinds = [EventKind::BadgeCreated].into()),
        [1, 2]
    );
    assert_eq!(found(|it, badges| it.badge = Some(badges[1].id)), [2, 6, 7]);
    assert_eq!(found(|it, _| it.customer = Some(customer(2))), [4, 6]);
    let both = found(|it, badges| {
        it.kinds = [EventKind::EnrolmentCreated, EventKind::EarnCreated].into();
        it.badge = Some(badges[0].id);
        it.customer = Some(customer(2));
    });
    assert_eq!(both, [4]);
    assert_eq!(
        found(|it, _| it.kinds = [EventKind::LimitReached].into()),
        Vec::<i64>::new()
    );
}

fn what_a_filter_leaves_out_is_passed_a_stretch_at_a_time(world: &World) {
    let badge = early(world, "Gold");
    for turn in 0..5 {
        enrol_at(world, &badge, 1, turn * 10_000 + 1..=(turn + 1) * 10_000);
    }
    let last = early(world, "Silver");
    for change in [
        |it: &mut FeedQuery, _: &Badge| it.kinds = [EventKind::BadgeCreated].into(),
        |it: &mut FeedQuery, last: &Badge| it.badge = Some(last.id),
    ] {
        let mut asked = all(world);
        asked.after = position(1);
        change(&mut asked, &last);
        let found = all_of(&*world.stores.events, asked);
        assert_eq!(positions(&found), [50_002]);
    }
}

fn what_was_recorded_too_long_ago_is_not_given_swept_or_not(world: &World) {
    let badge = early(world, "Gold");
    for (time, customers) in [(10, 1..=3), (20, 4..=4), (30, 5..=6)] {
        enrol_at(world, &badge, time, customers);
    }
    let (org, events) = (badge.org, &*world.stores.events);
    for is_swept in [false, true] {
        let mut asked = all(world);
        asked.kept_since = second(20);
        if is_swept {
            assert!(events.sweep_events(second(20)).unwrap() > 0);
            assert_eq!(events.sweep_events(second(20)).unwrap(), 0);
        }
        for after in [0, 1, 3] {
            asked.after = position(after);
            assert_eq!(gone(events, &asked), Some(position(4)), "after {after}");
        }
        asked.after = position(4);
        assert_eq!(positions(&page(events, &asked).events), [5, 6, 7]);
        assert_eq!(events.oldest(org, second(20)).unwrap(), position(4));
        assert_eq!(events.newest(org).unwrap(), position(7));
    }
    let mut asked = all(world);
    assert_eq!(
        gone(events, &asked),
        Some(position(4)),
        "all that was swept is gone"
    );

    asked.kept_since = second(31);
    events.sweep_events(second(31)).unwrap();
    asked.after = position(6);
    assert_eq!(gone(events, &asked), Some(position(7)));
    asked.after = position(7);
    assert_eq!(gone(events, &asked), None);
    assert_eq!(events.oldest(org, second(31)).unwrap(), position(7));
    assert_eq!(events.newest(org).unwrap(), position(7));
    enrol_at(world, &badge, 40, [9]);
    assert_eq!(
        positions(&page(events, &asked).events),
        [8],
        "no position is used again"
    );
}

fn a_moment_is_a_cursor_before_all_that_was_recorded_then_or_later(world: &World) {
    let badge = early(world, "Gold");
    let (org, events) = (badge.org, &*world.stores.events);
    // The clock of who records the third is behind.
    for (time, customers) in [
        (10, 1..=3),
        (20, 4..=4),
        (15, 5..=5),
        (30, 6..=300),
        (30, 301..=301),
    ] {
        enrol_at(world, &badge, time, customers);
    }
    let before = |time| events.before(org, second(time)).unwrap().get();
    assert_eq!([0, 1, 10].map(before), [0, 1, 1]);
    assert_eq!([11, 15, 20].map(before), [4, 4, 4]);
    assert_eq!([21, 30].map(before), [6, 6]);
    assert_eq!(before(31), 302);
    assert_eq!(events.before(org, Instant::MIN).unwrap(), Position::START);
    let all = all_of(events, query(org, Position::START));
    for time in 0..32 {
        let cursor = events.before(org, second(time)).unwrap();
        let later = all.iter().filter(|it| it.recorded_on >= second(time));
        assert!(later.clone().all(|it| it.position > cursor), "{time}");
        assert!(
            later
                .min_by_key(|it| it.position)
                .is_none_or(|it| it.position == cursor.next())
        );
    }
}

fn many_moments_are_found_among_many_events(world: &World) {
    let badge = early(world, "Gold");
    for time in 1..=60 {
        enrol_at(world, &badge, time, time * 10..time * 10 + 1 + time % 3);
    }
    let events = &*world.stores.events;
    let all = all_of(events, query(badge.org, Position::START));
    for time in 0..=61 {
        let earlier = all
            .iter()
            .filter(|it| it.recorded_on < second(time))
            .count();
        let cursor = events.before(badge.org, second(time)).unwrap();
        assert_eq!(cursor.get(), i64::try_from(earlier).unwrap(), "{time}");
    }
}

sentences! {
    an_empty_feed_has_nothing_and_begins_at_0
    a_page_ends_in_the_midst_of_a_request_and_the_next_goes_on_there
    filters_choose_and_the_cursor_passes_what_they_leave_out
    what_a_filter_leaves_out_is_passed_a_stretch_at_a_time
    what_was_recorded_too_long_ago_is_not_given_swept_or_not
    a_moment_is_a_cursor_before_all_that_was_recorded_then_or_later
    many_moments_are_found_among_many_events
}
