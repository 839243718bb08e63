//! Enrolling at the same moment: exact totals afterwards, by way of two servers.

use std::collections::BTreeMap;

use accolade_application::ports::{EnrolmentRequest, Operation, RecordError};
use accolade_domain::enrolment::{Hold, Outcome};
use accolade_domain::ids::EnrolmentId;

use crate::World;
use crate::fixtures::hold;
use crate::race::{only_winner, race, shuffled};
use crate::tally::Tally;
use crate::world::enrol_on;

const RACERS: usize = 8;

fn each_customer_has_exactly_one_winner_and_all_losers_name_it(world: &World) {
    let servers = world.servers();
    for round in 0..5 {
        let badge = world.badge(&format!("Badge {round}"));
        let requests: Vec<_> = (0..RACERS)
            .map(|racer| {
                let mut numbers = shuffled(racer, 200);
                // Overlapping sets, not only one set.
                numbers.retain(|number| number % 8 != i64::try_from(racer).unwrap());
                world.request(&badge, numbers)
            })
            .collect();
        let all = race(RACERS, |i| enrol_on(&servers[i % 2], &requests[i]).unwrap());

        for (outcomes, request) in all.iter().zip(&requests) {
            let asked = outcomes.iter().map(|outcome| outcome.customer);
            assert!(asked.eq(request.customers.iter().copied()));
        }
        Tally::of(&all).assert_one_winner_each(200, RACERS - 2);
        assert_eq!(world.issued(&badge), 200);
    }
}

fn of_requests_with_one_id_exactly_one_is_carried_out(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    for round in 0..10 {
        let request_id = world.request_id();
        let requests: Vec<_> = (0..RACERS)
            .map(|racer| {
                let number = round * 100 + i64::try_from(racer).unwrap() + 1;
                let request_id = request_id.clone();
                EnrolmentRequest {
                    request_id,
                    ..world.request(&badge, [number])
                }
            })
            .collect();
        let results = race(RACERS, |i| enrol_on(&servers[i % 2], &requests[i]));
        only_winner(&results, |error| *error == RecordError::RequestIdUsed);
        let entries = world.stores.requests.find(badge.org, &request_id).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(world.issued(&badge), u64::try_from(round).unwrap() + 1);
    }
}

fn of_requests_with_one_key_exactly_one_is_carried_out(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    for round in 0..10 {
        let key = format!("key {round}");
        let requests: Vec<_> = (0..RACERS)
            .map(|racer| {
                let number = round * 100 + i64::try_from(racer).unwrap() + 1;
                let idempotency = Some(world.guard(&key));
                {
                    let mut request = world.request(&badge, [number]);
                    request.context.key = idempotency;
                    request
                }
            })
            .collect();
        let results = race(RACERS, |i| enrol_on(&servers[i % 2], &requests[i]));
        let winner = only_winner(&results, |error| *error == RecordError::IdempotencyKeyUsed);
        for (racer, request) in requests.iter().enumerate() {
            let ledger = &world.stores.requests;
            let used = ledger.is_used(badge.org, Operation::IssueBulk, &request.request_id);
            assert_eq!(used.unwrap(), racer == winner);
        }
        assert_eq!(world.issued(&badge), u64::try_from(round).unwrap() + 1);
    }
}

fn a_key_is_used_by_one_of_many_kinds_of_request(world: &World) {
    let servers = world.servers();
    for round in 0..10 {
        let key = format!("key {round}");
        let badge = world.badge(&format!("Enrolled {round}"));
        let created = world.draft(&format!("Created {round}"));
        let record = world.record(&key);
        let mut request = world.request(&badge, [1]);
        request.context.key = Some(world.guard(&key));
        let done = race(2, |i| match i {
            0 => servers[0]
                .badges
                .create(&created, Some(&record), &[])
                .is_ok(),
            _ => enrol_on(&servers[1], &request).is_ok(),
        });
        let is_created = world
            .stores
            .badges
            .find(created.org, created.id)
            .unwrap()
            .is_some();
        let is_enrolled = world.issued(&badge) == 1;
        assert_eq!(done, [is_created, is_enrolled]);
        assert_ne!(is_created, is_enrolled, "round {round}");
    }
}

fn periods_that_do_not_overlap_are_all_recorded_at_once_also_backwards_in_time(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    let all = race(RACERS, |i| {
        let mut enrolled = 0;
        for step in 0..5 {
            let slot = i64::try_from(i * 5 + step).unwrap();
            // Half of the racers go back in time, from the end.
            let from = 1000 + if i % 2 == 0 { slot } else { 999 - slot } * 10;
            let request = EnrolmentRequest {
                hold: hold(from, from + 10),
                ..world.request(&badge, [1, 2, 3])
            };
            let outcomes = enrol_on(&servers[i % 2], &request).unwrap();
            let ids = request.ids.iter().map(|id| Outcome::Enrolled(id.into()));
            assert!(outcomes.iter().map(|o| o.outcome).eq(ids), "{outcomes:?}");
            enrolled += outcomes.len();
        }
        enrolled
    });
    let enrolled: usize = all.iter().sum();
    assert_eq!(enrolled, RACERS * 5 * 3);
    assert_eq!(world.issued(&badge), enrolled as u64);
}

fn of_overlapping_periods_those_recorded_never_overlap_and_each_loser_names_one(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    for number in 1..=20 {
        let requests: Vec<_> = (0..RACERS)
            .map(|racer| {
                let from = i64::try_from(racer).unwrap() * 10 + 1000;
                let hold = hold(from, from + 25);
                EnrolmentRequest {
                    hold,
                    ..world.request(&badge, [number])
                }
            })
            .collect();
        let results = race(RACERS, |i| {
            enrol_on(&servers[i % 2], &requests[i]).unwrap()[0].outcome
        });

        let recorded: BTreeMap<EnrolmentId, Hold> = (results.iter().zip(&requests))
            .filter_map(|(outcome, request)| match outcome {
                Outcome::Enrolled(id) => Some((*id, request.hold)),
                _ => None,
            })
            .collect();
        for (id, hold) in &recorded {
            let mut others = recorded.iter().filter(|(other, _)| *other != id);
            assert!(
                others.all(|(_, other)| !hold.overlaps(*other)),
                "{recorded:?}"
            );
        }
        for (outcome, request) in results.iter().zip(&requests) {
            if let Outcome::AlreadyEnrolled(id) = outcome {
                assert!(recorded[id].overlaps(request.hold), "{recorded:?}");
            }
        }
    }
}

sentences! {
    each_customer_has_exactly_one_winner_and_all_losers_name_it
    of_requests_with_one_id_exactly_one_is_carried_out
    of_requests_with_one_key_exactly_one_is_carried_out
    a_key_is_used_by_one_of_many_kinds_of_request
    periods_that_do_not_overlap_are_all_recorded_at_once_also_backwards_in_time
    of_overlapping_periods_those_recorded_never_overlap_and_each_loser_names_one
}
