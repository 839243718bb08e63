//! What is remembered of refusals: why did she not get it?

use accolade_application::answer::EarnOutcome;
use accolade_application::ports::{EarnRequest, Refusal};
use accolade_domain::rejection::Rejection;
use time::Duration;

use crate::World;
use crate::earning::{code_of, in_all};
use crate::fixtures::{now, second};

fn rejection(outcome: &EarnOutcome) -> Rejection {
    match outcome {
        EarnOutcome::Refused(rejection) => rejection.clone(),
        other => panic!("{other:?}"),
    }
}

fn a_refusal_is_remembered_with_its_reason_its_time_and_the_event_date(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [in_all(2)]);
    world.earns(&badge, [1, 2]);
    let later = now() + Duration::HOUR;
    let request = world.earning_at(&badge, [1, 2, 3], second(1_750_000_000), later);
    let outcomes = world.earn(&request).unwrap();
    for (index, number) in (0..).zip(1..=3) {
        let expected = Refusal {
            refused_on: later,
            event_on: second(1_750_000_000),
            rejection: rejection(&outcomes[index].outcome),
        };
        assert_eq!(world.details(&badge, number).refusals, [expected]);
    }
}

fn a_refusal_of_a_single_customer_is_remembered_too(world: &World) {
    let badge = world.badge("Gold");
    assert_eq!(code_of(&world.earn(&world.one(&badge, 1))), 811);
    let refusals = world.details(&badge, 1).refusals;
    let codes: Vec<_> = refusals.iter().map(|r| r.rejection.code.number()).collect();
    assert_eq!(codes, [811]);
}

fn the_ten_that_were_refused_last_are_remembered_the_last_first(world: &World) {
    let badge = world.badge("Gold");
    // As they were recorded, whatever the time: clocks differ.
    let moments: Vec<_> = (0..13)
        .map(|i| now() + Duration::minutes(i * 5 % 7))
        .collect();
    for (count, moment) in moments.iter().enumerate() {
        let request = world.earning_at(&badge, [1], now(), *moment);
        world.earn(&request).unwrap();
        let refusals = world.details(&badge, 1).refusals;
        let shown: Vec<_> = refusals.iter().map(|refusal| refusal.refused_on).collect();
        let expected = moments[..=count].iter().rev().take(10);
        assert!(shown.iter().eq(expected), "{shown:?}");
    }
}

fn refusals_are_each_customers_and_badges_own(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.badge(name));
    for _ in 0..12 {
        world.earns(&gold, [1]);
    }
    world.earns(&gold, [2]);
    world.earns(&silver, [1]);
    assert_eq!(world.details(&gold, 1).refusals.len(), 10);
    assert_eq!(world.details(&gold, 2).refusals.len(), 1);
    assert_eq!(world.details(&silver, 1).refusals.len(), 1);
    assert_eq!(world.details(&silver, 2).refusals, []);
}

fn a_request_that_is_not_carried_out_for_another_reason_leaves_no_refusal(world: &World) {
    let badge = world.badge("Gold");
    let used = world.earning(&badge, [2]);
    world.earn(&used).unwrap();
    let request = EarnRequest {
        request_id: used.request_id,
        ..world.earning(&badge, [1])
    };
    world.earn(&request).unwrap_err();
    assert_eq!(world.details(&badge, 1).refusals, []);
}

sentences! {
    a_refusal_is_remembered_with_its_reason_its_time_and_the_event_date
    a_refusal_of_a_single_customer_is_remembered_too
    the_ten_that_were_refused_last_are_remembered_the_last_first
    refusals_are_each_customers_and_badges_own
    a_request_that_is_not_carried_out_for_another_reason_leaves_no_refusal
}
