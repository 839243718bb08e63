//! Races over HTTP: of those who want the same, exactly one gets it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use accolade_tests::{Client, at_once, badge, enrolment, with};
use serde_json::json;

use super::callers::{Callers, RACERS, races, successes};

fn one_customer_is_enrolled_once(callers: &Callers) {
    for _ in 0..5 {
        let badge = callers.org.badge();
        let outcomes = at_once(RACERS, |index| {
            callers
                .number(index)
                .enrol(&enrolment(&badge))
                .ok()
                .outcomes()
                .remove(0)
        });
        let winners = outcomes.iter().filter(|it| it.2.is_none()).count();
        assert_eq!(winners, 1, "{outcomes:?}");
        let ids: HashSet<_> = outcomes.iter().map(|it| &it.1).collect();
        assert_eq!(ids.len(), 1, "{outcomes:?}");
        assert_eq!(callers.org.issued_count(&badge), 1);
    }
}

fn one_request_id_is_carried_out_once(callers: &Callers) {
    let badge = callers.org.badge();
    for round in 0..5 {
        let before = callers.org.issued_count(&badge);
        let replies = at_once(RACERS, |index| {
            let customer = round * 100 + i64::try_from(index).unwrap() + 1;
            let body = json!({"requestId": format!("race {round}"), "customers": [customer]});
            callers
                .number(index)
                .enrol(&with(&enrolment(&badge), &body))
        });
        assert_eq!(successes(&replies, 809), 1);
        assert_eq!(callers.org.issued_count(&badge), before + 1);
    }
}

fn one_idempotency_key_is_carried_out_once(callers: &Callers) {
    for round in 0..5 {
        let badge = callers.org.badge();
        let replies = at_once(RACERS, |index| {
            let request = callers.number(index).enrolling(&enrolment(&badge));
            request
                .header("Idempotency-Key", &format!("race {round}"))
                .send()
        });
        let answers: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        let first = answers
            .iter()
            .filter(|it| it.header("Idempotency-Replayed").is_none())
            .count();
        assert_eq!(first, 1);
        let bodies: HashSet<_> = answers.iter().map(|it| &it.body).collect();
        assert_eq!(bodies.len(), 1);
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            assert_eq!((reply.status, reply.codes()), (409, vec![1911]), "{reply}");
        }
        assert_eq!(callers.org.issued_count(&badge), 1);
    }
}

/// Batches that name the same customers in different orders, twice in time.
fn crossing_batches_enrol_everybody_once(callers: &Callers) {
    let customers = 300_i64;
    let badge = callers.org.claimed(&with(&badge(), &json!({
        "issuedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 10},
    })));
    let outcomes = at_once(RACERS, |index| {
        let step = [1, 7, 11, 13][index % 4];
        let order: Vec<i64> = (0..customers).map(|it| it * step % customers + 1).collect();
        let date = ["2024-01-01T00:00:00Z", "2024-01-11T00:00:00Z"][index / 4];
        let body = json!({"customers": order, "issueEventDate": date});
        let reply = callers
            .number(index)
            .enrol(&with(&enrolment(&badge), &body))
            .ok();
        (date, reply.outcomes())
    });
    let mut winners: HashMap<(&str, i64), String> = HashMap::new();
    for (date, outcomes) in &outcomes {
        for (customer, id, code, _) in outcomes {
            if code.is_none() {
                let before = winners.insert((date, *customer), id.clone());
                assert_eq!(before, None, "two enrolments of {customer} at {date}");
            }
        }
    }
    for (date, outcomes) in &outcomes {
        for (customer, id, _, _) in outcomes {
            assert_eq!(winners.get(&(date, *customer)), Some(id));
        }
    }
    assert_eq!(winners.len(), 600);
    assert_eq!(callers.org.issued_count(&badge), 600);
}

/// Enrols without end while `stop` is done, and holds that nothing is recorded after it.
fn nothing_is_recorded_after(callers: &Callers, stop: impl Fn(&Client, &str) + Sync, code: u64) {
    for _ in 0..3 {
        let badge = callers.org.badge();
        let stopped = AtomicBool::new(false);
        let counts = at_once(RACERS, |index| {
            let client = callers.number(index);
            if index == 0 {
                accolade_tests::until(
                    "something is recorded",
                    std::time::Duration::from_secs(30),
                    || callers.org.issued_count(&badge) > 0,
                );
                stop(client, &badge);
                stopped.store(true, Ordering::SeqCst);
                return Some(callers.org.issued_count(&badge));
            }
            let base = i64::try_from(index).unwrap() * 100_000;
            // Not for ever, if whoever stops it fails.
            for number in 1..5_000 {
                let late = stopped.load(Ordering::SeqCst);
                let body = json!({"customers": [base + number]});
                let reply = client.enrol(&with(&enrolment(&badge), &body));
                if reply.status != 200 {
                    assert_eq!(reply.codes(), [code], "{reply}");
                    break;
                }
                assert!(!late, "executed after {code} held: {reply}");
            }
            None
        });
        let count = counts.into_iter().flatten().next().unwrap();
        assert_eq!(callers.org.issued_count(&badge), count);
    }
}

fn nothing_is_recorded_after_a_deactivation(callers: &Callers) {
    let stop = |client: &Client, badge: &str| {
        client.put(&format!("badgeMeta/{badge}/deactivate")).ok();
    };
    nothing_is_recorded_after(callers, stop, 1901);
}

fn nothing_is_recorded_after_an_unclaim(callers: &Callers) {
    let stop = |client: &Client, badge: &str| {
        let (owner, reference) = accolade_tests::LOYALTY;
        let body = json!({"ownerType": owner, "referenceId": reference});
        client
            .post(&format!("badgeMeta/{badge}/unclaim"), &body)
            .ok();
    };
    nothing_is_recorded_after(callers, stop, 810);
}

races! {
    one_customer_is_enrolled_once
    one_request_id_is_carried_out_once
    one_idempotency_key_is_carried_out_once
    crossing_batches_enrol_everybody_once
    nothing_is_recorded_after_a_deactivation
    nothing_is_recorded_after_an_unclaim
}
