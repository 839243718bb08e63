//! Rolling windows: what was recorded in the time back from now.

use accolade_application::answer::EarnOutcome;
use accolade_application::ports::{EarnRequest, Operation};
use accolade_domain::badge::Badge;
use accolade_domain::badge::constraint::{Constraint, RollingWindow};
use accolade_domain::earning::limits;
use accolade_domain::ids::EarnedBadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::zone::{CalendarUnit, Zone};
use time::Duration;

use crate::World;
use crate::earning::{code_of, codes, count, in_all, rolling};
use crate::fixtures::{at, now};

const MICROSECOND: Duration = Duration::MICROSECOND;

/// Lets the customer earn, recorded at `now`.
fn earns_at(world: &World, badge: &Badge, number: i64, now: Instant) -> u32 {
    let request = world.earning_at(badge, [number], now, now);
    codes(&world.earn(&request).unwrap())[0]
}

fn message(world: &World, request: &EarnRequest) -> String {
    let outcomes = world.earn(request).unwrap();
    match &outcomes.last().unwrap().outcome {
        EarnOutcome::Refused(rejection) => rejection.message.clone(),
        other => panic!("{other:?}"),
    }
}

fn an_earn_exactly_at_the_start_of_the_window_no_longer_counts(world: &World) {
    for (unit, length, hours) in [
        (CalendarUnit::Days, 1, 24),
        (CalendarUnit::Days, 3, 72),
        (CalendarUnit::Weeks, 1, 168),
        (CalendarUnit::Weeks, 2, 336),
    ] {
        let limit = rolling(unit, length, 1);
        let name = |whose: &str| format!("{whose} {unit:?} {length}");
        let badge = world.limited(&name("badge"), [], [limit.clone()]);
        let customer = world.limited(&name("customer"), [limit], []);
        let opens = now() + Duration::hours(hours);
        for (badge, code) in [(&badge, 818), (&customer, 817)] {
            assert_eq!(earns_at(world, badge, 1, now()), 0);
            assert_eq!(earns_at(world, badge, 1, now()), code);
            assert_eq!(earns_at(world, badge, 1, opens - MICROSECOND), code);
            assert_eq!(earns_at(world, badge, 1, opens), 0);
            assert_eq!(earns_at(world, badge, 1, opens), code);
        }
    }
}

fn months_are_of_the_calendar_in_the_zone_of_the_request(world: &World) {
    let zone: Zone = "America/New_York".parse().unwrap();
    for (name, whose) in [("badge", true), ("customer", false)] {
        let limit = vec![rolling(CalendarUnit::Months, 1, 1)];
        let none = Vec::new();
        let badge = if whose {
            world.limited(name, none, limit)
        } else {
            world.limited(name, limit, none)
        };
        let earn = |now: Instant| {
            let request = EarnRequest {
                limits: limits(&badge.definition, &zone, now, now),
                zone: zone.clone(),
                ..world.earning_at(&badge, [1], now, now)
            };
            codes(&world.earn(&request).unwrap())[0]
        };
        // The clocks change on 8 March: the local time stays.
        assert_eq!(earn(at("2026-02-15T12:00:00-05:00")), 0);
        assert_ne!(earn(at("2026-03-15T12:00:00-04:00") - MICROSECOND), 0);
        assert_eq!(earn(at("2026-03-15T12:00:00-04:00")), 0);
    }
}

fn the_event_date_does_not_matter(world: &World) {
    let limit = rolling(CalendarUnit::Days, 1, 2);
    let badge = world.limited("Gold", [], [limit]);
    for (event, code) in [
        ("2024-02-01T00:00:00Z", 0),
        ("2026-05-02T00:00:00Z", 0),
        ("2025-01-01T00:00:00Z", 818),
    ] {
        let request = world.earning_at(&badge, [1], at(event), now());
        assert_eq!(codes(&world.earn(&request).unwrap()), [code]);
    }
}

fn a_window_says_when_it_opens_again(world: &World) {
    let badge = world.limited("Gold", [], [rolling(CalendarUnit::Days, 1, 2)]);
    earns_at(world, &badge, 1, at("2026-05-01T10:00:00Z"));
    earns_at(world, &badge, 2, at("2026-05-01T11:00:00Z"));
    let later = at("2026-05-01T12:00:00Z");
    let request = world.earning_at(&badge, [3], later, later);
    let message = message(world, &request);
    assert!(
        message.ends_with("It opens again at 2026-05-02T10:00:00Z."),
        "{message}"
    );
}

fn where_more_count_than_may_it_opens_when_enough_have_left(world: &World) {
    let badge = world.limited(
        "Gold",
        [rolling(CalendarUnit::Days, 1, 9)],
        [rolling(CalendarUnit::Days, 1, 9)],
    );
    for hour in [10, 11, 12, 13] {
        earns_at(world, &badge, 1, at(&format!("2026-05-01T{hour}:00:00Z")));
    }
    let later = at("2026-05-01T14:00:00Z");
    for (customers, badges, opens) in [(9, 2, 12), (3, 9, 11), (1, 1, 13)] {
        world.redefine(&badge, |definition| {
            definition.customer_constraints = vec![rolling(CalendarUnit::Days, 1, customers)];
            definition.badge_constraints = vec![rolling(CalendarUnit::Days, 1, badges)];
        });
        let request = world.earning_at(&badge, [1], later, later);
        let message = message(world, &request);
        let expected = format!("It opens again at 2026-05-02T{opens}:00:00Z.");
        assert!(message.ends_with(&expected), "{message}");
    }
}

fn where_the_batch_itself_took_the_last_place_it_opens_when_the_oldest_leaves(world: &World) {
    let badge = world.limited("Gold", [], [rolling(CalendarUnit::Days, 1, 3)]);
    let request = world.earning_at(&badge, [1, 2, 3, 4], now(), now());
    let said = message(world, &request);
    let alone = format!("It opens again at {}.", now() + Duration::DAY);
    assert!(said.ends_with(&alone), "{said}");

    let badge = world.limited("Silver", [], [rolling(CalendarUnit::Days, 1, 3)]);
    earns_at(world, &badge, 1, now() - Duration::HOUR);
    let request = world.earning_at(&badge, [2, 3, 4], now(), now());
    let said = message(world, &request);
    let oldest = format!("It opens again at {}.", now() + Duration::hours(23));
    assert!(said.ends_with(&oldest), "{said}");
}

fn a_badge_with_a_rolling_limit_never_records_backwards(world: &World) {
    let badge = world.limited("Gold", [], [in_all(9), rolling(CalendarUnit::Days, 1, 9)]);
    let recorded = |number| {
        world.details(&badge, number).earns.items[0]
            .earned
            .earned_on
    };
    let noon = at("2026-05-01T12:00:00Z");
    earns_at(world, &badge, 1, noon);
    earns_at(world, &badge, 2, noon - Duration::HOUR);
    assert_eq!(recorded(2), noon);
    earns_at(world, &badge, 3, noon + MICROSECOND);
    assert_eq!(recorded(3), noon + MICROSECOND);
    // Revoked or not, it was the last.
    let third = world.details(&badge, 3).earns.items[0].earned.id;
    world
        .revoke_earn(&world.revoking(&badge, 3, third))
        .unwrap();
    earns_at(world, &badge, 4, noon);
    assert_eq!(recorded(4), noon + MICROSECOND);
}

fn the_ledger_and_refusals_have_the_moment_of_the_request(world: &World) {
    let badge = world.limited("Gold", [], [rolling(CalendarUnit::Days, 1, 2)]);
    earns_at(world, &badge, 1, now() + Duration::HOUR);
    let request = world.earning_at(&badge, [2, 3], now(), now());
    assert_eq!(codes(&world.earn(&request).unwrap()), [0, 818]);
    let found = world.stores.requests.find(badge.org, &request.request_id);
    assert_eq!(found.unwrap()[0].recorded_on, now());
    assert_eq!(world.details(&badge, 3).refusals[0].refused_on, now());
}

fn a_rolling_window_reaches_back_from_the_moment_of_recording(world: &World) {
    let badge = world.limited(
        "Gold",
        [rolling(CalendarUnit::Days, 1, 1)],
        [rolling(CalendarUnit::Days, 1, 2)],
    );
    let noon = at("2026-05-01T12:00:00Z");
    earns_at(world, &badge, 1, noon);
    earns_at(world, &badge, 2, noon + Duration::DAY - MICROSECOND);
    earns_at(world, &badge, 3, noon + Duration::DAY);
    // A server whose clock is late records at the last moment: neither window
    // reaches back to the first earn any more.
    let late = noon + Duration::HOUR;
    assert_eq!(earns_at(world, &badge, 4, late), 818);
    world.redefine(&badge, |definition| {
        definition.badge_constraints = vec![rolling(CalendarUnit::Days, 1, 3)];
    });
    assert_eq!(earns_at(world, &badge, 1, late), 0);
    assert_eq!(earns_at(world, &badge, 5, late), 818);
}

fn a_single_customer_is_judged_at_the_moment_of_recording_too(world: &World) {
    let badge = world.limited(
        "Gold",
        [rolling(CalendarUnit::Days, 1, 1)],
        [rolling(CalendarUnit::Days, 1, 3)],
    );
    let noon = at("2026-05-01T12:00:00Z");
    earns_at(world, &badge, 1, noon);
    earns_at(world, &badge, 2, noon + Duration::DAY);
    // By the clock of the request the first earn would still count.
    let late = noon + Duration::HOUR;
    let request = EarnRequest {
        operation: Operation::Earn,
        ..world.earning_at(&badge, [1], late, late)
    };
    assert_eq!(code_of(&world.earn(&request)), 0);
    let earned_on = world.details(&badge, 1).earns.items[0].earned.earned_on;
    assert_eq!(earned_on, noon + Duration::DAY);
}

fn without_a_rolling_limit_of_the_badge_the_moment_of_the_request_is_recorded(world: &World) {
    let plain = world.limited("Gold", [], [in_all(9)]);
    let customers = world.limited("Silver", [rolling(CalendarUnit::Days, 1, 9)], []);
    for badge in [&plain, &customers] {
        earns_at(world, badge, 1, now());
        let earlier = now() - Duration::HOUR;
        earns_at(world, badge, 1, earlier);
        let earns = world.details(badge, 1).earns.items;
        let recorded: Vec<_> = earns.iter().map(|record| record.earned.earned_on).collect();
        assert_eq!(recorded, [earlier, now()]);
    }
}

fn an_import_neither_counts_nor_sets_the_last_moment(world: &World) {
    let badge = world.limited("Gold", [], [rolling(CalendarUnit::Days, 1, 1)]);
    let mut request = world.importing(&badge, &[(1, now())]);
    request.context.now = now() + Duration::HOUR;
    world.import(&request).unwrap();
    assert_eq!(earns_at(world, &badge, 2, now()), 0);
    assert_eq!(
        world.details(&badge, 2).earns.items[0].earned.earned_on,
        now()
    );
    assert_eq!(
        world.details(&badge, 1).earns.items[0].earned.earned_on,
        request.context.now
    );
}

fn a_rolling_limit_that_is_new_takes_the_last_moment_from_earlier_earns(world: &World) {
    let badge = world.limited("Gold", [], []);
    earns_at(world, &badge, 1, now() + Duration::HOUR);
    earns_at(world, &badge, 2, now());
    world.redefine(&badge, |definition| {
        definition.badge_constraints = vec![rolling(CalendarUnit::Days, 1, 9)];
    });
    earns_at(world, &badge, 3, now());
    let recorded = world.details(&badge, 3).earns.items[0].earned.earned_on;
    assert_eq!(recorded, now() + Duration::HOUR);
}

fn several_windows_of_one_customer_must_all_have_room(world: &World) {
    let window = |unit, length, max| RollingWindow {
        unit,
        length: count(length),
        max: count(max),
    };
    let limit = Constraint::RollingWindow(vec![
        window(CalendarUnit::Days, 1, 1),
        window(CalendarUnit::Weeks, 1, 2),
        window(CalendarUnit::Months, 1, 3),
    ]);
    let badge = world.limited("Gold", [limit], []);
    let start = at("2026-05-01T00:00:00Z");
    for (hours, code) in [
        (0, 0),
        (23, 817),
        (24, 0),
        (48, 817),
        (167, 817),
        (168, 0),
        (30 * 24, 817),
        (31 * 24 - 1, 817),
        (31 * 24, 0),
        (31 * 24 + 23, 817),
        (32 * 24, 0),
    ] {
        let moment = start + Duration::hours(hours);
        assert_eq!(
            earns_at(world, &badge, 1, moment),
            code,
            "after {hours} hours"
        );
    }
}

fn a_rolling_window_of_a_busy_badge_is_filled_again_and_again(world: &World) {
    let badge = world.limited("Gold", [], [rolling(CalendarUnit::Days, 1, 5)]);
    // What counts is recomputed here from scratch.
    let mut recorded: Vec<Instant> = Vec::new();
    for step in 0..60_i64 {
        let moment = now() + Duration::hours(step * 7 % 5 + step * 3);
        let last = recorded.last().copied().unwrap_or(moment);
        let moment = moment.max(last);
        let since = moment - Duration::DAY;
        let counting = recorded.iter().filter(|earn| **earn > since).count();
        let asked = usize::try_from(step % 3 + 1).unwrap();
        let request = world.earning_at(&badge, 1..=i64::try_from(asked).unwrap(), moment, moment);
        let room = (5 - counting).min(asked);
        let expected: Vec<_> = (0..asked).map(|i| if i < room { 0 } else { 818 }).collect();
        assert_eq!(
            codes(&world.earn(&request).unwrap()),
            expected,
            "step {step}"
        );
        recorded.extend(std::iter::repeat_n(moment, room));
    }
}

fn it_opens_when_enough_have_left_whatever_was_earned_revoked_or_redefined_since(world: &World) {
    let limit = |max| vec![rolling(CalendarUnit::Days, 1, max)];
    let badge = world.limited("Gold", [], limit(5));
    // Those that were not revoked: when they were recorded, and who has which.
    let mut earns: Vec<(Instant, i64, EarnedBadgeId)> = Vec::new();
    let (mut max, mut moment, mut refused) = (5, now(), 0);
    for step in 0..200_i64 {
        // Some are recorded at one moment.
        moment = moment + Duration::minutes(step * 11 % 7 * 20);
        match step * 7 % 13 {
            0 => {
                max = 2 + step % 7;
                world.redefine(&badge, |definition| {
                    definition.badge_constraints = limit(max);
                });
            }
            1 | 2 if !earns.is_empty() => {
                let which = usize::try_from(step * 5).unwrap() % earns.len();
                let (_, customer, id) = earns.remove(which);
                let revoking = world.revoking(&badge, customer, id);
                world.revoke_earn(&revoking).unwrap();
            }
            _ => {}
        }
        let counting: Vec<_> = (earns.iter().map(|it| it.0))
            .filter(|on| *on > moment - Duration::DAY)
            .collect();
        let most = usize::try_from(max).unwrap();
        let request = world.earning_at(&badge, [step + 1], moment, moment);
        let outcome = world.earn(&request).unwrap().pop().unwrap().outcome;
        match outcome {
            EarnOutcome::Earned(id, _) => {
                assert!(counting.len() < most, "step {step}");
                earns.push((moment, step + 1, id));
            }
            EarnOutcome::Refused(rejection) => {
                let opens = counting[counting.len() - most] + Duration::DAY;
                let expected = format!("It opens again at {opens}.");
                let said = rejection.message;
                assert!(
                    said.ends_with(&expected),
                    "step {step}: {said}, not {expected}"
                );
                refused += 1;
            }
            other @ EarnOutcome::WouldEarn(_) => panic!("{other:?}"),
        }
    }
    assert!(refused > 50, "{refused}");
}

sentences! {
    an_earn_exactly_at_the_start_of_the_window_no_longer_counts
    months_are_of_the_calendar_in_the_zone_of_the_request
    the_event_date_does_not_matter
    a_window_says_when_it_opens_again
    where_more_count_than_may_it_opens_when_enough_have_left
    where_the_batch_itself_took_the_last_place_it_opens_when_the_oldest_leaves
    a_badge_with_a_rolling_limit_never_records_backwards
    the_ledger_and_refusals_have_the_moment_of_the_request
    a_rolling_window_reaches_back_from_the_moment_of_recording
    a_single_customer_is_judged_at_the_moment_of_recording_too
    without_a_rolling_limit_of_the_badge_the_moment_of_the_request_is_recorded
    an_import_neither_counts_nor_sets_the_last_moment
    a_rolling_limit_that_is_new_takes_the_last_moment_from_earlier_earns
    several_windows_of_one_customer_must_all_have_room
    a_rolling_window_of_a_busy_badge_is_filled_again_and_again
    it_opens_when_enough_have_left_whatever_was_earned_revoked_or_redefined_since
}
