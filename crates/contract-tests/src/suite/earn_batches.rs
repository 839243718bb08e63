//! Several requests to earn in one transaction, each as if it had come alone, one after the other.

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{
    BadgeEdit, Context, EarnBatch, EarnRequest, Operation, RecordError,
};
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::Hold;
use accolade_domain::owner::OwnerType;
use accolade_domain::zone::CalendarUnit;
use time::Duration;

use crate::World;
use crate::earning::{Results, codes, daily, earn_on, earn_together_on, earned, in_all, rolling};
use crate::fixtures::{at, now, owner};
use crate::race::{only_winner, race};

/// What became of each customer of each request, by code; a refused single one's is its own.
fn all_codes(results: &Results) -> Vec<Vec<u32>> {
    let of_one = |result: &Result<Vec<CustomerEarn>, RecordError>| match result {
        Ok(outcomes) => codes(outcomes),
        Err(RecordError::Refused(rejection)) => vec![rejection.code.number()],
        Err(error) => panic!("{error:?}"),
    };
    results.iter().map(of_one).collect()
}

fn is_used(world: &World, request: &EarnRequest) -> bool {
    let requests = &world.stores.requests;
    requests
        .is_used(request.context.org, request.operation, &request.request_id)
        .unwrap()
}

fn guarded(world: &World, key: &str, request: EarnRequest) -> EarnRequest {
    EarnRequest {
        context: Context {
            key: Some(world.guard(key)),
            ..request.context
        },
        ..request
    }
}

fn an_empty_batch_of_earns_does_nothing(world: &World) {
    let earned = world.stores.earning.earn(&EarnBatch::default());
    assert_eq!(earned.unwrap(), []);
}

fn each_request_to_earn_is_answered_at_its_position_with_its_own_ids(world: &World) {
    let badge = world.direct("Gold");
    let requests = [
        world.one(&badge, 5),
        EarnRequest {
            triggered_by: Some(owner(OwnerType::Loyalty, "1")),
            ..world.earning(&badge, [3, 1, 2])
        },
        EarnRequest {
            triggered_by: Some(owner(OwnerType::Loyalty, "2")),
            ..guarded(world, "key", world.one(&badge, 4))
        },
    ];
    let results = world.earn_together(requests.clone());
    for (result, request) in results.iter().zip(&requests) {
        let both = request.customers.iter().zip(request.ids.iter());
        let expected = both.map(|(customer, id)| CustomerEarn {
            customer: *customer,
            outcome: EarnOutcome::Earned(id.into(), None),
        });
        assert_eq!(result.as_ref().unwrap(), &expected.collect::<Vec<_>>());
        assert!(is_used(world, request));
        for customer in &request.customers {
            // By way of the request that it was recorded with.
            let earns = world.details(&badge, customer.get()).earns.items;
            assert_eq!(earns.len(), 1);
            assert_eq!(earns[0].triggered_by, request.triggered_by);
        }
    }
    let remembered = world.remembered("key").unwrap();
    let entries = (world.stores.requests)
        .find(badge.org, &requests[2].request_id)
        .unwrap();
    assert_eq!(remembered.answer, entries[0].answer);
    assert_eq!(world.earned(&badge), 5);
}

fn room_is_dealt_out_in_the_order_of_the_batch(world: &World) {
    for (name, limit) in [
        ("all", in_all(4)),
        ("window", daily(1, 4)),
        ("rolling", rolling(CalendarUnit::Days, 1, 4)),
    ] {
        let badge = world.limited(name, [in_all(1)], [limit]);
        world.earned_by(&badge, 9);
        let results = world.earn_together([
            world.one(&badge, 8),
            world.one(&badge, 9),
            world.earning(&badge, [7, 6, 5]),
            world.one(&badge, 4),
            world.earning(&badge, [3, 2]),
        ]);
        assert_eq!(
            all_codes(&results),
            [
                vec![0],
                vec![817],
                vec![0, 0, 818],
                vec![818],
                vec![818, 818]
            ]
        );
        assert_eq!(world.earned(&badge), 4);
    }
}

fn a_refused_earn_among_others_leaves_nothing_but_its_refusal(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [in_all(3)]);
    world.earned_by(&badge, 1);
    let by_its_own = guarded(world, "own", world.one(&badge, 1));
    let full = guarded(world, "full", world.one(&badge, 4));
    let results = world.earn_together([
        guarded(world, "first", world.one(&badge, 2)),
        by_its_own.clone(),
        world.one(&badge, 3),
        full.clone(),
    ]);
    assert_eq!(all_codes(&results), [[0], [817], [0], [818]]);
    assert_eq!(world.earned(&badge), 3);
    assert!(world.remembered("first").is_some());
    for (request, key, code) in [(&by_its_own, "own", 817), (&full, "full", 818)] {
        assert!(!is_used(world, request));
        assert_eq!(world.remembered(key), None);
        let refusals = world.details(&badge, request.customers[0].get()).refusals;
        let shown: Vec<_> = (refusals.iter())
            .map(|it| (it.rejection.code.number(), it.refused_on))
            .collect();
        assert_eq!(shown, [(code, now())]);
    }
    // The same requests again, once there is room.
    world.redefine(&badge, |definition| {
        definition.customer_constraints = vec![in_all(2)];
        definition.badge_constraints = vec![in_all(5)];
    });
    let again = [(1, by_its_own), (4, full)].map(|(number, request)| {
        let mut again = world.one(&badge, number);
        again.context.key = request.context.key;
        again.request_id = request.request_id;
        again
    });
    assert_eq!(all_codes(&world.earn_together(again)), [[0], [0]]);
    assert!(world.remembered("own").is_some() && world.remembered("full").is_some());
}

fn who_is_not_enrolled_among_others_leaves_nothing_but_the_refusal(world: &World) {
    let badge = world.badge("Gold");
    let mut enrolment = world.request(&badge, [1, 3]);
    enrolment.hold = Hold::new(now(), at("2027-01-01T00:00:00Z")).unwrap();
    world.enrol(&enrolment).unwrap();
    let stranger = guarded(world, "key", world.one(&badge, 2));
    let results = world.earn_together([
        world.one(&badge, 1),
        stranger.clone(),
        world.earning(&badge, [4, 3]),
    ]);
    assert_eq!(all_codes(&results), [vec![0], vec![811], vec![811, 0]]);
    assert!(!is_used(world, &stranger));
    assert_eq!(world.remembered("key"), None);
    for number in [2, 4] {
        assert_eq!(world.details(&badge, number).refusals.len(), 1);
    }
    assert_eq!(world.earned(&badge), 2);
}

fn a_batch_of_earns_that_are_all_refused_leaves_their_refusals(world: &World) {
    let badge = world.limited("Gold", [], [in_all(1)]);
    world.earned_by(&badge, 1);
    let requests = [2, 3, 4].map(|number| world.one(&badge, number));
    let results = world.earn_together(requests.clone());
    assert_eq!(all_codes(&results), [[818], [818], [818]]);
    for request in &requests {
        assert!(!is_used(world, request));
        let details = world.details(&badge, request.customers[0].get());
        assert_eq!(details.refusals.len(), 1);
    }
}

fn a_used_key_or_request_id_of_one_earn_is_no_concern_of_the_others(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [in_all(9)]);
    let earlier = guarded(world, "used", world.one(&badge, 1));
    world.earn(&earlier).unwrap();
    let with_its_id = |number| EarnRequest {
        request_id: earlier.request_id.clone(),
        ..world.one(&badge, number)
    };
    let key_used = guarded(world, "used", world.one(&badge, 2));
    // Whoever would be refused anyway is told of a used key or id first.
    let refused = guarded(world, "free", world.one(&badge, 1));
    let other_operation = EarnRequest {
        operation: Operation::EarnBulk,
        ..with_its_id(3)
    };
    let batch = [
        key_used.clone(),
        world.one(&badge, 4),
        guarded(world, "fresh", with_its_id(5)),
        refused,
        other_operation,
        world.earning(&badge, [6, 7]),
    ];
    let results = world.earn_together(batch);
    assert_eq!(results[0], Err(RecordError::IdempotencyKeyUsed));
    assert_eq!(results[2], Err(RecordError::RequestIdUsed));
    let others = [1, 3, 4, 5].map(|position| results[position].clone());
    assert_eq!(
        all_codes(&others.to_vec()),
        [vec![0], vec![817], vec![0], vec![0, 0]]
    );
    assert!(!is_used(world, &key_used));
    assert_eq!(world.remembered("fresh"), None);
    assert_eq!(world.remembered("free"), None);
    for number in [2, 5] {
        let details = world.details(&badge, number);
        assert_eq!((details.earns.items, details.refusals), (vec![], vec![]));
    }
    assert_eq!(world.earned(&badge), 5);

    let refused_twice = [
        guarded(world, "used", world.one(&badge, 4)),
        EarnRequest {
            request_id: earlier.request_id,
            ..world.one(&badge, 1)
        },
    ];
    assert_eq!(
        world.earn_together(refused_twice),
        [
            Err(RecordError::IdempotencyKeyUsed),
            Err(RecordError::RequestIdUsed)
        ]
    );
}

fn of_a_badge_that_has_changed_no_request_of_the_batch_is_carried_out(world: &World) {
    let badge = world.direct("Gold");
    let used = guarded(world, "used", world.one(&badge, 1));
    world.earn(&used).unwrap();
    let batch = [
        guarded(world, "used", world.one(&badge, 2)),
        EarnRequest {
            request_id: used.request_id,
            ..world.one(&badge, 3)
        },
        guarded(world, "free", world.one(&badge, 4)),
    ];
    world.edit(&badge, BadgeEdit::Activity(true));
    assert_eq!(
        world.earn_together(batch),
        [
            Err(RecordError::IdempotencyKeyUsed),
            Err(RecordError::RequestIdUsed),
            Err(RecordError::BadgeChanged)
        ]
    );
    assert_eq!(world.remembered("free"), None);
    assert_eq!(world.earned(&badge), 1);
}

fn requests_of_a_batch_end_as_they_would_one_by_one(world: &World) {
    let limits = || {
        let customers = [in_all(3), rolling(CalendarUnit::Days, 1, 2)];
        let badges = [in_all(14), daily(1, 13), rolling(CalendarUnit::Days, 1, 12)];
        (customers, badges)
    };
    let [together, alone] = ["Gold", "Silver"].map(|name| {
        let (customers, badges) = limits();
        world.limited(name, customers, badges)
    });
    for step in 0..6 {
        let moment = now() + Duration::minutes(step * 7 % 11);
        let requests = |badge: &Badge| {
            let bulk =
                |numbers: &[i64]| world.earning_at(badge, numbers.iter().copied(), moment, moment);
            let one = |number| EarnRequest {
                operation: Operation::Earn,
                ..bulk(&[number])
            };
            [
                one(1),
                bulk(&[7, 2, 5]),
                one(4),
                one(3),
                bulk(&[step + 8, 6]),
            ]
        };
        let results = world.earn_together(requests(&together));
        let expected: Results = requests(&alone).iter().map(|it| world.earn(it)).collect();
        assert_eq!(all_codes(&results), all_codes(&expected), "step {step}");
    }
    assert_eq!(world.earned(&together), world.earned(&alone));
    let recorded = |badge: &Badge, number| {
        let details = world.details(badge, number);
        let earns = details.earns.items.iter();
        let earned_on: Vec<_> = earns.map(|it| it.earned.earned_on).collect();
        (earned_on, details.refusals)
    };
    for number in 1..=13 {
        assert_eq!(recorded(&together, number), recorded(&alone, number));
    }
}

fn a_batch_of_a_badge_with_a_rolling_limit_is_recorded_at_one_moment(world: &World) {
    let badge = world.limited(
        "Gold",
        [rolling(CalendarUnit::Days, 1, 1)],
        [rolling(CalendarUnit::Days, 1, 3)],
    );
    let noon = at("2026-05-01T12:00:00Z");
    let at_moment = |number, moment| EarnRequest {
        operation: Operation::Earn,
        ..world.earning_at(&badge, [number], moment, moment)
    };
    world.earn(&at_moment(1, noon)).unwrap();
    let next_noon = noon + Duration::DAY;
    world.earn(&at_moment(2, next_noon)).unwrap();
    // By the clock of the batch the first earn of 1 would still count.
    let late = noon + Duration::HOUR;
    let results = world.earn_together([1, 2, 3, 4].map(|number| at_moment(number, late)));
    assert_eq!(all_codes(&results), [[0], [817], [0], [818]]);
    for number in [1, 3] {
        let earned_on = world.details(&badge, number).earns.items[0]
            .earned
            .earned_on;
        assert_eq!(earned_on, next_noon);
    }
    assert_eq!(world.details(&badge, 4).refusals[0].refused_on, late);
}

fn a_batch_of_a_hundred_earns_is_carried_out(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [in_all(60), daily(1, 1_000)]);
    let requests: Vec<_> = (1..=100)
        .map(|number| guarded(world, &format!("key {number}"), world.one(&badge, number)))
        .collect();
    let results = world.earn_together(requests.clone());
    for (place, (result, request)) in results.iter().zip(&requests).enumerate() {
        assert_eq!(result.is_ok(), place < 60, "request {place}");
        assert_eq!(is_used(world, request), place < 60, "request {place}");
        let is_remembered = world.remembered(&format!("key {}", place + 1)).is_some();
        assert_eq!(is_remembered, place < 60, "request {place}");
    }
    assert_eq!(world.earned(&badge), 60);
}

fn batches_and_single_earns_that_race_take_exactly_the_last_places(world: &World) {
    const RACERS: usize = 8;
    let servers = world.servers();
    for (name, limit) in [
        ("all", in_all(50)),
        ("window", daily(1, 50)),
        ("rolling", rolling(CalendarUnit::Days, 1, 50)),
    ] {
        let badge = world.limited(name, [in_all(1)], [limit]);
        let won = race(RACERS, |racer| {
            let stores = &servers[racer % 2];
            let first = i64::try_from(racer).unwrap() * 1_000 + 1;
            let mut won = 0;
            for step in 0..4 {
                let first = first + step * 10;
                if racer < 3 {
                    for number in first..first + 5 {
                        won += usize::from(earn_on(stores, &world.one(&badge, number)).is_ok());
                    }
                    continue;
                }
                let singles = (first..first + 4).map(|number| world.one(&badge, number));
                let bulk = world.earning(&badge, first + 4..first + 7);
                let results = earn_together_on(stores, singles.chain([bulk]));
                let all = all_codes(&results);
                // Those who got none come after those who did.
                assert!(all.concat().is_sorted(), "{all:?}");
                won += results.iter().flatten().map(|it| earned(it)).sum::<usize>();
            }
            won
        });
        assert_eq!(won.iter().sum::<usize>(), 50);
        assert_eq!(world.earned(&badge), 50);
    }
}

fn batches_of_earns_that_share_keys_and_ids_crosswise_carry_each_out_once(world: &World) {
    const RACERS: usize = 4;
    let servers = world.servers();
    let badge = world.limited("Gold", [], [in_all(1_000)]);
    for round in 0..10 {
        let ids = [world.request_id(), world.request_id()];
        let keys = ["a", "b"].map(|name| world.guard(&format!("{name} {round}")));
        let batch = |racer: usize| {
            let of = |which: usize| {
                let customer = i64::try_from(racer * 4 + which).unwrap() + 1;
                let with_id = EarnRequest {
                    request_id: ids[which].clone(),
                    ..world.one(&badge, customer)
                };
                let mut with_key = world.one(&badge, customer + 2);
                with_key.context.key = Some(keys[which].clone());
                [with_id, with_key]
            };
            [of(racer % 2), of((racer + 1) % 2)].concat()
        };
        let batches: Vec<_> = (0..RACERS).map(batch).collect();
        let all = race(RACERS, |racer| {
            earn_together_on(&servers[racer / 2 % 2], batches[racer].clone())
        });
        for which in 0..2 {
            let of = |kind: usize| -> Results {
                let racers = all.iter().enumerate();
                racers
                    .map(|(racer, results)| results[(which + racer) % 2 * 2 + kind].clone())
                    .collect()
            };
            only_winner(&of(0), |error| *error == RecordError::RequestIdUsed);
            only_winner(&of(1), |error| *error == RecordError::IdempotencyKeyUsed);
        }
        assert_eq!(world.earned(&badge), (round + 1) * 4);
    }
}

sentences! {
    an_empty_batch_of_earns_does_nothing
    each_request_to_earn_is_answered_at_its_position_with_its_own_ids
    room_is_dealt_out_in_the_order_of_the_batch
    a_refused_earn_among_others_leaves_nothing_but_its_refusal
    who_is_not_enrolled_among_others_leaves_nothing_but_the_refusal
    a_batch_of_earns_that_are_all_refused_leaves_their_refusals
    a_used_key_or_request_id_of_one_earn_is_no_concern_of_the_others
    of_a_badge_that_has_changed_no_request_of_the_batch_is_carried_out
    requests_of_a_batch_end_as_they_would_one_by_one
    a_batch_of_a_badge_with_a_rolling_limit_is_recorded_at_one_moment
    a_batch_of_a_hundred_earns_is_carried_out
    batches_and_single_earns_that_race_take_exactly_the_last_places
    batches_of_earns_that_share_keys_and_ids_crosswise_carry_each_out_once
}
