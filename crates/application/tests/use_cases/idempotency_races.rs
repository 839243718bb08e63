//! The same request many times at the same moment.

use std::sync::Barrier;
use std::thread;

use accolade_application::badges::create;
use accolade_application::enrolment::enrol;
use accolade_application::error::UseCaseError;
use accolade_application::idempotency::{Carried, carry_out};

use crate::world::{World, command, creation, draft};

const RACERS: usize = 8;

/// Does `act` in several threads at once: one carries it out, the others get its answer.
fn assert_carried_out_once(act: impl Fn() -> Result<Carried, UseCaseError> + Sync) {
    let barrier = Barrier::new(RACERS);
    let all: Vec<Carried> = thread::scope(|scope| {
        let threads: Vec<_> = (0..RACERS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    act().unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let mut out = all.iter().filter_map(|carried| match carried {
        Carried::Out(answer) => Some(answer),
        Carried::Before(_) => None,
    });
    let answer = out.next().unwrap();
    assert_eq!(out.next(), None);
    for carried in &all {
        if let Carried::Before(record) = carried {
            assert_eq!(record.answer, *answer);
        }
    }
}

#[test]
fn of_enrolments_with_one_key_and_one_request_id_one_is_carried_out_and_all_get_its_answer() {
    for _ in 0..20 {
        let world = World::new();
        let badge = world.badge("Gold");
        let guard = world.guard("key", 1);
        let mut request = command(badge, &[1, 2, 3]);
        request.request_id = Some("request".try_into().unwrap());
        request.idempotency = Some(guard.clone());
        assert_carried_out_once(|| {
            let request = request.clone();
            carry_out(&world.ports, Some(&guard), || {
                enrol(&world.ports, &world.caller, request)
            })
        });
        assert_eq!(world.issued(badge), 3);
    }
}

#[test]
fn of_creations_with_one_key_one_is_carried_out_and_all_get_its_answer() {
    for _ in 0..20 {
        let world = World::new();
        let guard = world.guard("key", 1);
        assert_carried_out_once(|| {
            carry_out(&world.ports, Some(&guard), || {
                let mut command = creation(draft("Gold"));
                command.idempotency = Some(guard.clone());
                create(&world.ports, &world.caller, command)
            })
        });
    }
}
