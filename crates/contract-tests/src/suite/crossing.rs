//! Batches that take the same things in opposite orders, at the same moment.

use accolade_application::ports::{EnrolmentBatch, EnrolmentRequest, RecordError};
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::CustomerOutcome;

use crate::World;
use crate::race::{only_winner, race, shuffled};
use crate::tally::Tally;

const RACERS: usize = 4;

type Result = std::result::Result<Vec<CustomerOutcome>, RecordError>;

/// Each racer executes, in one batch, the request that `make` makes for each of two
/// badges; every other racer the second badge's first. Gives the results by badge.
fn cross(world: &World, make: impl Fn(usize, usize) -> EnrolmentRequest) -> [Vec<Result>; 2] {
    let servers = world.servers();
    let batches: Vec<_> = (0..RACERS)
        .map(|racer| {
            let mut batch = EnrolmentBatch::default();
            for which in [racer % 2, (racer + 1) % 2] {
                batch.push(make(racer, which)).unwrap();
            }
            batch
        })
        .collect();
    let all = race(RACERS, |racer| {
        let enrolments = &servers[racer / 2 % 2].enrolments;
        enrolments.enrol(&batches[racer]).unwrap()
    });
    [0, 1].map(|which| {
        let racers = all.iter().enumerate();
        let results = racers.map(|(racer, results)| results[(which + racer) % 2].clone());
        results.collect()
    })
}

fn badges(world: &World, round: usize) -> [Badge; 2] {
    ["a", "b"].map(|name| world.badge(&format!("{name} {round}")))
}

fn batches_that_cross_end_with_one_winner_for_each_customer(world: &World) {
    for round in 0..10 {
        let badges = badges(world, round);
        let by_badge = cross(world, |racer, which| {
            world.request(&badges[which], shuffled(racer, 100))
        });
        for (results, badge) in by_badge.iter().zip(&badges) {
            let answers = results.iter().map(|result| result.as_ref().unwrap());
            Tally::of(answers).assert_one_winner_each(100, RACERS - 1);
            assert_eq!(world.issued(badge), 100);
        }
    }
}

fn batches_that_share_request_ids_crosswise_carry_each_id_out_once(world: &World) {
    for round in 0..10 {
        let badges = badges(world, round);
        let ids = [world.request_id(), world.request_id()];
        let by_badge = cross(world, |racer, which| EnrolmentRequest {
            request_id: ids[which].clone(),
            ..world.request(&badges[which], [i64::try_from(racer).unwrap() + 1])
        });
        for (results, badge) in by_badge.iter().zip(&badges) {
            only_winner(results, |error| *error == RecordError::RequestIdUsed);
            assert_eq!(world.issued(badge), 1);
        }
    }
}

fn batches_that_share_keys_crosswise_carry_each_key_out_once(world: &World) {
    for round in 0..10 {
        let badges = badges(world, round);
        let guards = [0, 1].map(|which| world.guard(&format!("{which} {round}")));
        let by_badge = cross(world, |racer, which| {
            let mut request = world.request(&badges[which], [i64::try_from(racer).unwrap() + 1]);
            request.context.key = Some(guards[which].clone());
            request
        });
        for (results, badge) in by_badge.iter().zip(&badges) {
            only_winner(results, |error| *error == RecordError::IdempotencyKeyUsed);
            assert_eq!(world.issued(badge), 1);
        }
    }
}

sentences! {
    batches_that_cross_end_with_one_winner_for_each_customer
    batches_that_share_request_ids_crosswise_carry_each_id_out_once
    batches_that_share_keys_crosswise_carry_each_key_out_once
}
