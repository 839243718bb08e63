//! Earning at the same moment as other things, by way of two servers.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};

use accolade_application::answer::EarnOutcome;
use accolade_application::ports::{
    BadgeEdit, EarnRequest, Operation, RecordError, RevokeEarnRequest,
};
use accolade_domain::enrolment::Hold;
use accolade_domain::instant::Instant;

use crate::World;
use crate::earning::{codes, earn_on, earned, earned_id, for_others};
use crate::fixtures::now;
use crate::race::{only_winner, race, shuffled};
use crate::world::enrol_on;

const RACERS: usize = 8;

fn of_earns_with_one_request_id_exactly_one_is_carried_out(world: &World) {
    let servers = world.servers();
    let badge = world.direct("Gold");
    for round in 0..10 {
        let request_id = world.request_id();
        let requests: Vec<_> = (0..RACERS)
            .map(|racer| EarnRequest {
                request_id: request_id.clone(),
                ..world.one(&badge, i64::try_from(racer).unwrap() + 1)
            })
            .collect();
        let results = race(RACERS, |i| earn_on(&servers[i % 2], &requests[i]));
        only_winner(&results, |error| *error == RecordError::RequestIdUsed);
        assert_eq!(world.earned(&badge), round + 1);
    }
}

fn of_earns_with_one_key_exactly_one_is_carried_out(world: &World) {
    let servers = world.servers();
    let badge = world.direct("Gold");
    for round in 0..10 {
        let guard = world.guard(&format!("key {round}"));
        let requests: Vec<_> = (0..RACERS)
            .map(|racer| {
                let mut request = world.one(&badge, i64::try_from(racer).unwrap() + 1);
                request.context.key = Some(guard.clone());
                request
            })
            .collect();
        let results = race(RACERS, |i| earn_on(&servers[i % 2], &requests[i]));
        only_winner(&results, |error| *error == RecordError::IdempotencyKeyUsed);
        assert_eq!(world.earned(&badge), round + 1);
    }
}

fn a_key_is_used_by_one_of_an_earn_an_enrolment_an_import_and_a_revocation(world: &World) {
    let servers = world.servers();
    let gold = world.badge("Gold");
    let silver = world.direct("Silver");
    for round in 0..10 {
        let guard = world.guard(&format!("key {round}"));
        let earned = world.earned_by(&silver, 1);
        let results = race(5, |i| {
            let stores = &servers[i % 2];
            let idempotency = Some(guard.clone());
            match i {
                0 => {
                    let mut request = world.one(&silver, 2);
                    request.context.key = idempotency;
                    earn_on(stores, &request)
                        .map(|_| ())
                        .map_err(|e| e.to_string())
                }
                1 => {
                    let mut request = world.request(&gold, [100 + round]);
                    request.context.key = idempotency;
                    enrol_on(stores, &request)
                        .map(|_| ())
                        .map_err(|e| e.to_string())
                }
                2 => {
                    let mut request = world.importing(&silver, &[(3, now())]);
                    request.context.key = idempotency;
                    let result = stores.earning.import(&request).unwrap();
                    result.map_err(|e| e.to_string())
                }
                3 => {
                    let mut request = world.revoking(&silver, 1, earned);
                    request.context.key = idempotency;
                    let result = stores.earning.revoke(&request).unwrap();
                    result.map_err(|e| e.to_string())
                }
                _ => {
                    let mut request = world.unenrolling(&gold, &[(1, None)]);
                    request.context.key = idempotency;
                    let result = stores.enrolments.revoke(&request).unwrap();
                    result.map(|_| ()).map_err(|e| e.to_string())
                }
            }
        });
        only_winner(&results, |error| {
            error == "the idempotency key has been used"
        });
    }
}

fn nothing_is_earned_by_virtue_of_an_enrolment_whose_revocation_has_returned(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    for customer in 1..=30 {
        let mut enrolment = world.request(&badge, [customer]);
        enrolment.hold = Hold::new(now(), Instant::MAX).unwrap();
        world.enrol(&enrolment).unwrap();
        let is_revoked = AtomicBool::new(false);
        let recorded = AtomicI64::new(0);
        let template = world.earning(&badge, [customer]);
        race(4, |i| {
            let stores = &servers[i % 2];
            if i == 0 {
                while recorded.load(SeqCst) < customer % 5 {
                    std::thread::yield_now();
                }
                let request = world.unenrolling(&badge, &[(customer, None)]);
                let outcomes = stores.enrolments.revoke(&request).unwrap().unwrap();
                assert_eq!(outcomes[0].refused, None);
                is_revoked.store(true, SeqCst);
                return;
            }
            loop {
                let began_after = is_revoked.load(SeqCst);
                let request = for_others(world, &template, [customer]);
                let code = codes(&earn_on(stores, &request).unwrap())[0];
                if code == 811 {
                    return;
                }
                assert!(!began_after, "an earn was recorded after the revocation");
                recorded.fetch_add(1, SeqCst);
            }
        });
        let earns = world.details(&badge, customer).earns.items.len();
        assert_eq!(i64::try_from(earns).unwrap(), recorded.into_inner());
    }
}

fn batches_of_earns_and_of_revocations_that_cross_all_get_through(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    for _ in 0..5 {
        let mut enrolment = world.request(&badge, 1..=60);
        enrolment.hold = Hold::new(now(), Instant::MAX).unwrap();
        world.enrol(&enrolment).unwrap();
        let before = world.earned(&badge);
        let earns = race(RACERS, |i| {
            let stores = &servers[i % 2];
            let numbers = shuffled(i, 60);
            if i < 2 {
                let targets: Vec<_> = numbers.iter().map(|number| (*number, None)).collect();
                let request = world.unenrolling(&badge, &targets);
                let outcomes = stores.enrolments.revoke(&request).unwrap().unwrap();
                let revoked = outcomes.iter().filter(|o| o.refused.is_none()).count();
                return (revoked as u64, 0);
            }
            let request = world.earning(&badge, numbers);
            (0, earned(&earn_on(stores, &request).unwrap()) as u64)
        });
        assert_eq!(earns.iter().map(|(revoked, _)| revoked).sum::<u64>(), 60);
        let earned: u64 = earns.iter().map(|(_, earned)| earned).sum();
        assert_eq!(world.earned(&badge), before + earned);
        assert_eq!(world.issued(&badge), 0);
    }
}

fn once_a_deactivation_has_returned_nothing_is_earned_from_before_it(world: &World) {
    let servers = world.servers();
    for round in 0..10 {
        let badge = world.direct(&format!("Badge {round}"));
        let template = world.earning(&badge, [1]);
        let recorded = AtomicI64::new(0);
        let counts = race(5, |i| {
            let stores = &servers[i % 2];
            if i == 0 {
                while recorded.load(SeqCst) < round % 4 {
                    std::thread::yield_now();
                }
                let request = world.edit_request(&badge, BadgeEdit::Activity(false));
                stores.badges.edit(&request).unwrap();
                return Some(world.earned(&badge));
            }
            loop {
                let customer = i64::try_from(i).unwrap();
                match earn_on(stores, &for_others(world, &template, [customer])) {
                    Ok(_) => recorded.fetch_add(1, SeqCst),
                    Err(RecordError::BadgeChanged) => return None,
                    Err(error) => panic!("{error:?}"),
                };
            }
        });
        assert_eq!(counts[0], Some(world.earned(&badge)), "round {round}");
        assert_eq!(
            world.earned(&badge),
            u64::try_from(recorded.into_inner()).unwrap()
        );
    }
}

fn of_revocations_of_one_earn_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let badge = world.direct("Gold");
    for _ in 0..10 {
        let id = world.earned_by(&badge, 1);
        let requests: Vec<_> = (0..RACERS).map(|_| world.revoking(&badge, 1, id)).collect();
        let results = race(RACERS, |i| {
            servers[i % 2].earning.revoke(&requests[i]).unwrap()
        });
        let winner = only_winner(&results, |error| {
            *error == RecordError::Refused(RevokeEarnRequest::none_active())
        });
        assert_eq!(world.earned(&badge), 0);
        for (racer, request) in requests.iter().enumerate() {
            let request_id = request.request_id.as_ref().unwrap();
            let requests = &world.stores.requests;
            let used = requests.is_used(badge.org, Operation::RevokeEarn, request_id);
            assert_eq!(used.unwrap(), racer == winner);
        }
    }
}

fn of_revocations_of_one_enrolment_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    for _ in 0..10 {
        let enrolments = world.request(&badge, 1..=20);
        world.enrol(&enrolments).unwrap();
        let results = race(RACERS, |i| {
            let targets: Vec<_> = shuffled(i, 20).into_iter().map(|n| (n, None)).collect();
            let request = world.unenrolling(&badge, &targets);
            servers[i % 2].enrolments.revoke(&request).unwrap().unwrap()
        });
        let all: Vec<_> = results.into_iter().flatten().collect();
        let (won, lost): (Vec<_>, Vec<_>) = all.iter().partition(|o| o.refused.is_none());
        let mut ids: Vec<_> = won.iter().filter_map(|outcome| outcome.enrolment).collect();
        ids.sort();
        let expected: Vec<_> = enrolments.ids.iter().map(Into::into).collect();
        assert_eq!(ids, expected);
        assert_eq!(lost.len(), 20 * (RACERS - 1));
        assert_eq!(world.issued(&badge), 0);
    }
}

fn counts_are_exact_while_many_earn_revoke_import_and_sweep(world: &World) {
    let servers = world.servers();
    let badge = world.direct("Gold");
    let totals = race(RACERS, |i| {
        let stores = &servers[i % 2];
        let customer = i64::try_from(i).unwrap() + 1;
        let mut total = 0_u64;
        for step in 0..15 {
            match step % 5 {
                0 | 1 => {
                    let request = world.earning(&badge, customer * 100..customer * 100 + 4);
                    total += earned(&earn_on(stores, &request).unwrap()) as u64;
                }
                2 => {
                    let request = world.one(&badge, customer);
                    let id = earned_id(&earn_on(stores, &request).unwrap());
                    let request = world.revoking(&badge, customer, id);
                    stores.earning.revoke(&request).unwrap().unwrap();
                }
                3 => {
                    let request = world.importing(&badge, &[(customer, now()), (99, now())]);
                    stores.earning.import(&request).unwrap().unwrap();
                    total += 2;
                }
                _ => {
                    stores.housekeeping.sweep(now()).unwrap();
                }
            }
        }
        total
    });
    assert_eq!(world.earned(&badge), totals.iter().sum::<u64>());
}

fn refusals_at_once_are_remembered_ten_a_customer(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    race(RACERS, |i| {
        for _ in 0..3 {
            let outcomes = earn_on(&servers[i % 2], &world.earning(&badge, shuffled(i, 5)));
            let refused = |o: &accolade_application::answer::CustomerEarn| {
                matches!(o.outcome, EarnOutcome::Refused(_))
            };
            assert!(outcomes.unwrap().iter().all(refused));
        }
    });
    for customer in 1..=5 {
        assert_eq!(world.details(&badge, customer).refusals.len(), 10);
    }
}

sentences! {
    of_earns_with_one_request_id_exactly_one_is_carried_out
    of_earns_with_one_key_exactly_one_is_carried_out
    a_key_is_used_by_one_of_an_earn_an_enrolment_an_import_and_a_revocation
    nothing_is_earned_by_virtue_of_an_enrolment_whose_revocation_has_returned
    batches_of_earns_and_of_revocations_that_cross_all_get_through
    once_a_deactivation_has_returned_nothing_is_earned_from_before_it
    of_revocations_of_one_earn_exactly_one_wins
    of_revocations_of_one_enrolment_exactly_one_wins
    counts_are_exact_while_many_earn_revoke_import_and_sweep
    refusals_at_once_are_remembered_ten_a_customer
}
