//! The same request many times at the same moment.

use std::sync::Barrier;
use std::thread;

use accolade_application::Executed;
use accolade_application::error::UseCaseError;

use crate::world::{World, command, creation, draft};

const RACERS: usize = 8;

/// Does `act` in several threads at once: one executes it, the others get its answer.
fn assert_executed_once(act: impl Fn() -> Result<Executed, UseCaseError> + Sync) {
    let barrier = Barrier::new(RACERS);
    let all: Vec<Executed> = thread::scope(|scope| {
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
    let mut out = all.iter().filter_map(|executed| match executed {
        Executed::Now { answer, .. } => Some(answer),
        Executed::Replayed(_) => None,
    });
    let answer = out.next().unwrap();
    assert_eq!(out.next(), None);
    for executed in &all {
        if let Executed::Replayed(record) = executed {
            assert_eq!(record.answer, *answer);
        }
    }
}

#[test]
fn of_enrolments_with_one_key_and_one_request_id_one_is_executed_and_all_get_its_answer() {
    for _ in 0..20 {
        let world = World::new();
        let badge = world.badge("Gold");
        let guard = world.guard("key", 1);
        let mut request = command(badge, &[1, 2, 3]);
        request.request_id = Some("request".try_into().unwrap());
        assert_executed_once(|| world.run_under(&guard, request.clone()));
        assert_eq!(world.issued(badge), 3);
    }
}

#[test]
fn of_creations_with_one_key_one_is_executed_and_all_get_its_answer() {
    for _ in 0..20 {
        let world = World::new();
        let guard = world.guard("key", 1);
        assert_executed_once(|| world.run_under(&guard, creation(draft("Gold"))));
    }
}
