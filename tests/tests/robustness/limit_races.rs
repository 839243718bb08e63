//! Races for room under limits, over HTTP: exact totals.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use accolade_tests::{
    at_once, badge, badge_value, customer_value, direct_badge, earning, earning_all, limited,
    until, with,
};
use serde_json::json;

use super::callers::{Callers, RACERS, races, successes};

fn a_badges_limit_is_used_up_exactly(callers: &Callers) {
    let windows = [
        badge_value(13),
        json!({"constraintType": "BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": 13}),
        json!({"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 1, "maxEarnLimit": 13}),
    ];
    for window in windows {
        let badge = callers.org.create(&limited(&json!([]), &json!([window])));
        let replies = callers.earn(&badge, 4, |racer, time| racer * 10 + time + 1);
        assert_eq!(successes(&replies, 818), 13, "{window}");
        assert_eq!(callers.org.earned_count(&badge), 13);
    }
}

fn a_customers_limit_is_used_up_exactly(callers: &Callers) {
    let windows = [
        customer_value(5),
        json!({"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": 5}),
        json!({"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 5, "rollForDays": 1}),
    ];
    for window in windows {
        let badge = callers.org.create(&limited(&json!([window]), &json!([])));
        let replies = callers.earn(&badge, 2, |_, _| 1);
        assert_eq!(successes(&replies, 817), 5, "{window}");
        assert_eq!(callers.org.earned_count(&badge), 5);
    }
}

/// Batches that name the same customers in different orders.
fn crossing_batches_fill_both_limits_and_no_more(callers: &Callers) {
    let badge = callers.org.create(&limited(
        &json!([customer_value(2)]),
        &json!([badge_value(150)]),
    ));
    let codes = at_once(RACERS, |index| {
        let step = [1, 7, 11, 13][index % 4];
        let order: Vec<i64> = (0..100).map(|it| it * step % 100 + 1).collect();
        let reply = callers
            .number(index)
            .earn_bulk(&earning_all(&badge, &order));
        reply.ok().element_codes()
    });
    let all: Vec<u64> = codes.into_iter().flatten().collect();
    let count = |code: u64| all.iter().filter(|it| **it == code).count();
    assert_eq!(count(0), 150);
    assert_eq!(count(817) + count(818), RACERS * 100 - 150);
    assert_eq!(callers.org.earned_count(&badge), 150);
}

/// Who earns gives it back at once, so that there is always room in the end.
fn revoked_places_are_taken_again_and_never_twice(callers: &Callers) {
    let badge = callers.org.create(&limited(
        &json!([customer_value(1)]),
        &json!([badge_value(3)]),
    ));
    at_once(RACERS, |index| {
        let customer = i64::try_from(index / 2).unwrap() + 1;
        let client = callers.number(index);
        for _ in 0..6 {
            let reply = client.earn(&earning(&badge, customer));
            if reply.status == 200 {
                let id = reply.earned_id();
                client.revoke_earn(&badge, customer, &id).ok();
            } else {
                assert!([817, 818].contains(&reply.codes()[0]), "{reply}");
            }
        }
    });
    assert_eq!(callers.org.earned_count(&badge), 0);
    let reply = callers.org.earn_bulk(&earning_all(&badge, &[1, 2, 3, 4]));
    assert_eq!(reply.element_codes(), [0, 0, 0, 818]);
}

fn one_request_id_earns_once(callers: &Callers) {
    let badge = callers.org.create(&direct_badge());
    for path in ["customer/earn", "customer/earnBulk"] {
        let before = callers.org.earned_count(&badge);
        let replies = at_once(RACERS, |index| {
            let customer = index + 1;
            let body = json!({
                "badgeMetaId": badge, "customerId": customer, "customerIds": [customer],
                "requestId": "race",
            });
            let only = if path.ends_with("Bulk") {
                "customerId"
            } else {
                "customerIds"
            };
            callers
                .number(index)
                .post(path, &with(&body, &json!({only: null})))
        });
        assert_eq!(successes(&replies, 809), 1);
        assert_eq!(callers.org.earned_count(&badge), before + 1);
    }
}

fn nothing_is_earned_after_an_enrolment_was_revoked(callers: &Callers) {
    for _ in 0..3 {
        let badge = callers.org.create(&badge());
        callers
            .org
            .enrol(&json!({"badgeMetaId": badge, "customers": [1]}))
            .ok();
        let stopped = AtomicBool::new(false);
        let counts = at_once(RACERS, |index| {
            let client = callers.number(index);
            if index == 0 {
                until("something is earned", Duration::from_secs(30), || {
                    callers.org.earned_count(&badge) > 0
                });
                client
                    .revoke_issue(&json!({"badgeMetaId": badge, "customers": [1]}))
                    .ok();
                stopped.store(true, SeqCst);
                return Some(callers.org.earned_count(&badge));
            }
            // Not for ever, if whoever revokes it fails.
            for _ in 0..5_000 {
                let late = stopped.load(SeqCst);
                let reply = client.earn(&earning(&badge, 1));
                if reply.status != 200 {
                    assert_eq!(reply.codes(), [811], "{reply}");
                    break;
                }
                assert!(!late, "earned after the revocation: {reply}");
            }
            None
        });
        let count = counts.into_iter().flatten().next().unwrap();
        assert_eq!(callers.org.earned_count(&badge), count);
    }
}

fn a_limit_that_comes_while_customers_earn_holds(callers: &Callers) {
    let definition = direct_badge();
    let badge = callers.org.create(&definition);
    let counts = at_once(RACERS, |index| {
        let client = callers.number(index);
        if index == 0 {
            let limits = json!({"badgeConstraints": [badge_value(40)]});
            client.update(&badge, &with(&definition, &limits)).ok();
            return callers.org.earned_count(&badge);
        }
        let racer = i64::try_from(index).unwrap();
        for time in 0..10 {
            let reply = client.earn(&earning(&badge, racer * 100 + time));
            if reply.status != 200 {
                assert_eq!(reply.codes(), [818], "{reply}");
            }
        }
        0
    });
    // What was earned before the limit came stays.
    let expected = counts[0].max(40);
    assert_eq!(callers.org.earned_count(&badge), expected);
}

races! {
    a_badges_limit_is_used_up_exactly
    a_customers_limit_is_used_up_exactly
    crossing_batches_fill_both_limits_and_no_more
    revoked_places_are_taken_again_and_never_twice
    one_request_id_earns_once
    nothing_is_earned_after_an_enrolment_was_revoked
    a_limit_that_comes_while_customers_earn_holds
}
