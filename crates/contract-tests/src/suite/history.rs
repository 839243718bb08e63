//! What has happened to a customer.

use accolade_application::ports::{Happening, HistoryEntry, HistoryPlace, HistoryQuery};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Code;
use time::Duration;

use crate::World;
use crate::earning::{code_of, earned_id, in_all};
use crate::fixtures::{at, customer, now, second};

fn history_of(world: &World, org: OrgId, query: &HistoryQuery) -> Vec<HistoryEntry> {
    world.stores.customer_badges.history(org, query).unwrap()
}

fn whole(number: i64) -> HistoryQuery {
    HistoryQuery {
        customer: customer(number),
        now: now(),
        after: None,
        limit: 1_000,
    }
}

fn history(world: &World, number: i64) -> Vec<HistoryEntry> {
    history_of(world, world.tenant.org, &whole(number))
}

/// The numbers of what has happened, oldest first.
fn numbers(entries: &[HistoryEntry]) -> Vec<i32> {
    entries.iter().rev().map(|it| it.what.number()).collect()
}

fn minutes(count: i64) -> Instant {
    now() + Duration::minutes(count)
}

fn who_was_enrolled_and_earned_and_lost_it_has_all_of_it_the_newest_first(world: &World) {
    let badge = world.badge("Gold");
    let mut enrolling = world.request(&badge, [1, 2]);
    enrolling.context.now = minutes(-50);
    world.enrol(&enrolling).unwrap();
    let enrolment = enrolling.ids.first().unwrap().into();
    let direct = world.direct("Silver");
    let earning = world.earning_at(&direct, [1], second(1_750_000_000), minutes(-40));
    let earned = earned_id(&world.earn(&earning).unwrap());
    let mut revoking = world.revoking(&direct, 1, earned);
    revoking.context.now = minutes(-30);
    revoking.reason = Some("by mistake".try_into().unwrap());
    world.revoke_earn(&revoking).unwrap();
    let mut unenrolling = world.unenrolling(&badge, &[(1, None)]);
    unenrolling.context.now = minutes(-20);
    world.unenrol(&unenrolling).unwrap();

    let actor = Some(world.tenant.actor);
    let of_enrolment = HistoryEntry {
        on: minutes(-50),
        what: Happening::Enrolled(enrolment),
        badge: badge.id,
        event_on: enrolling.hold.event_on(),
        triggered_by: enrolling.triggered_by.clone(),
        by: actor,
        request: Some(enrolling.request_id.clone()),
    };
    // It held for a few minutes in 1970, and so had expired when it was recorded.
    let expected = [
        HistoryEntry {
            on: minutes(-20),
            what: Happening::EnrolmentRevoked(enrolment, unenrolling.reason.clone()),
            request: None,
            ..of_enrolment.clone()
        },
        HistoryEntry {
            on: minutes(-30),
            what: Happening::EarnRevoked(earned, revoking.reason),
            badge: direct.id,
            event_on: second(1_750_000_000),
            triggered_by: None,
            by: actor,
            request: None,
        },
        HistoryEntry {
            on: minutes(-40),
            what: Happening::Earned(earned),
            badge: direct.id,
            event_on: second(1_750_000_000),
            triggered_by: None,
            by: actor,
            request: Some(earning.request_id),
        },
        of_enrolment,
    ];
    assert_eq!(history(world, 1), expected);
    assert_eq!(numbers(&history(world, 2)), [1]);
    assert_eq!(history(world, 3), []);
    let other = world.tenant(7).org;
    assert_eq!(history_of(world, other, &whole(1)), []);
}

fn a_refusal_is_in_it_with_its_reason(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], []);
    world.earns(&badge, [1]);
    let mut again = world.one(&badge, 1);
    again.context.now = minutes(5);
    assert_eq!(code_of(&world.earn(&again)), 817);
    let entries = history(world, 1);
    assert_eq!(numbers(&entries), [2, 4]);
    let Happening::Refused(code, message) = &entries[0].what else {
        panic!("{entries:?}");
    };
    assert_eq!(*code, Code::CustomerLimitReached);
    assert!(message.contains("limit"), "{message}");
    assert_eq!((entries[0].on, entries[0].by), (minutes(5), None));
}

fn what_expires_has_happened_once_its_moment_has_come(world: &World) {
    let badge = world.direct("Gold");
    let expiring = |number, recorded_on| {
        let mut request = world.earning_at(&badge, [number], now(), recorded_on);
        request.terms.expires_on = minutes(60);
        earned_id(&world.earn(&request).unwrap())
    };
    let expired = expiring(1, now());
    let revoked_before = expiring(2, now());
    let revoked_after = expiring(3, now());
    expiring(4, minutes(60));
    for (number, earned, on) in [(2, revoked_before, 60), (3, revoked_after, 61)] {
        let mut revoking = world.revoking(&badge, number, earned);
        revoking.context.now = minutes(on);
        world.revoke_earn(&revoking).unwrap();
    }
    let numbers_at = |number, on| {
        let query = HistoryQuery {
            now: on,
            ..whole(number)
        };
        numbers(&history_of(world, world.tenant.org, &query))
    };
    let just_before = minutes(60) - Duration::MICROSECOND;
    assert_eq!(numbers_at(1, just_before), [2]);
    assert_eq!(numbers_at(1, minutes(60)), [2, 8]);
    assert_eq!(numbers_at(2, minutes(90)), [2, 6]);
    assert_eq!(numbers_at(3, minutes(90)), [2, 8, 6]);
    assert_eq!(numbers_at(4, minutes(90)), [2]);
    let query = HistoryQuery {
        now: minutes(60),
        ..whole(1)
    };
    let last = history_of(world, world.tenant.org, &query).remove(0);
    assert_eq!(
        (last.on, last.what, last.by),
        (minutes(60), Happening::EarnExpired(expired), None)
    );
}

fn an_enrolment_that_ends_is_in_it_and_what_was_taken_over_too(world: &World) {
    let badge = world.badge("Gold");
    world.enrol_for_hours(&badge, -2, -1, -2);
    world
        .import(&world.importing(&badge, &[(1, at("2026-04-01T00:00:00Z"))]))
        .unwrap();
    let entries = history(world, 1);
    assert_eq!(numbers(&entries), [1, 7, 3]);
}

fn pages_give_each_entry_once(world: &World) {
    let badge = world.direct("Gold");
    // Several of one moment, and others around them.
    for minute in [1, 2, 2, 2, 2, 3] {
        let request = world.earning_at(&badge, [1], now(), minutes(minute));
        world.earn(&request).unwrap();
    }
    let all = history(world, 1);
    assert_eq!(all.len(), 6);
    for limit in 1..=7 {
        let (mut seen, mut after): (Vec<HistoryEntry>, Option<HistoryPlace>) = (Vec::new(), None);
        loop {
            let query = HistoryQuery {
                after,
                limit,
                ..whole(1)
            };
            let page = history_of(world, world.tenant.org, &query);
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else {
                break;
            };
            let on = last.on;
            seen.extend(page);
            let passed = seen.iter().filter(|it| it.on == on).count();
            after = Some(HistoryPlace {
                on,
                passed: u32::try_from(passed).unwrap(),
            });
        }
        assert_eq!(seen, all, "{limit}");
    }
}

fn who_was_merged_into_another_has_the_history_of_both(world: &World) {
    let badge = world.direct("Gold");
    world.earns(&badge, [1, 2]);
    world.merge(1, 2);
    let both = history(world, 2);
    assert_eq!(numbers(&both), [2, 2]);
    assert_eq!(history(world, 1), both);
    let of_both = |number| {
        let query = HistoryQuery {
            after: Some(HistoryPlace {
                on: both[0].on,
                passed: 1,
            }),
            ..whole(number)
        };
        history_of(world, world.tenant.org, &query)
    };
    assert_eq!(of_both(2), both[1..]);
    assert_eq!(of_both(1), both[1..], "the next page, too");
    world.erase(2);
    assert_eq!(history(world, 2), []);
}

sentences! {
    who_was_enrolled_and_earned_and_lost_it_has_all_of_it_the_newest_first
    a_refusal_is_in_it_with_its_reason
    what_expires_has_happened_once_its_moment_has_come
    an_enrolment_that_ends_is_in_it_and_what_was_taken_over_too
    pages_give_each_entry_once
    who_was_merged_into_another_has_the_history_of_both
}
