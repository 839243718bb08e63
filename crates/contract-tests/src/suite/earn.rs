//! Earning: who earns, by virtue of which enrolment, and what is recorded.

use accolade_application::answer::{
    Answer, CustomerEarn, EarnAnswer, EarnOutcome, UnknownCustomer,
};
use accolade_application::ports::{
    EarnRecord, EarnRequest, IdempotencyRecord, LedgerEntry, Operation,
};
use accolade_domain::earning::EarnedBadge;
use accolade_domain::enrolment::Outcome;
use accolade_domain::ids::EnrolmentId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};

use crate::World;
use crate::earning::{code_of, codes, earned};
use crate::fixtures::{at, customer, now, owner, second};

fn outcome(number: i64, outcome: EarnOutcome) -> CustomerEarn {
    CustomerEarn {
        customer: customer(number),
        outcome,
    }
}

/// Enrols the customer for the seconds 1000 to 2000 after 1970.
fn enrolled(world: &World, badge: &accolade_domain::badge::Badge, number: i64) -> EnrolmentId {
    match world.enrol(&world.request(badge, [number])).unwrap()[0].outcome {
        Outcome::Enrolled(id) => id,
        other => panic!("{other:?}"),
    }
}

fn everybody_earns_in_the_order_of_the_request_with_the_id_of_its_position(world: &World) {
    let badge = world.direct("Gold");
    let request = world.earning(&badge, [5, 1, 9]);
    let ids: Vec<_> = request.ids.iter().map(Into::into).collect();
    let expected: Vec<_> = [5, 1, 9]
        .into_iter()
        .zip(ids)
        .map(|(number, id)| outcome(number, EarnOutcome::Earned(id, None)))
        .collect();
    assert_eq!(world.earn(&request), Ok(expected));
    assert_eq!(world.earned(&badge), 3);
}

fn who_has_no_enrolment_that_covers_the_event_date_is_refused_and_the_rest_earn(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [1, 3])).unwrap();
    let request = world.earning_at(&badge, [1, 2, 3], second(1500), now());
    let outcomes = world.earn(&request).unwrap();
    assert_eq!(codes(&outcomes), [0, 811, 0]);
    let refusal = Rejection::new(Code::NotEnrolled);
    assert_eq!(outcomes[1], outcome(2, EarnOutcome::Refused(refusal)));
    assert_eq!(world.earned(&badge), 2);
}

fn the_first_moment_of_an_enrolment_is_covered_and_its_last_is_not(world: &World) {
    let badge = world.badge("Gold");
    enrolled(world, &badge, 1);
    let microsecond = time::Duration::MICROSECOND;
    for (event_on, code) in [
        (second(1000) - microsecond, 811),
        (second(1000), 0),
        (second(2000) - microsecond, 0),
        (second(2000), 811),
    ] {
        let request = world.earning_at(&badge, [1], event_on, now());
        assert_eq!(codes(&world.earn(&request).unwrap()), [code], "{event_on}");
    }
}

fn an_earn_rests_on_the_one_of_several_enrolments_that_covers_its_event_date(world: &World) {
    let badge = world.badge("Gold");
    let mut ids = Vec::new();
    for from in [3000, 1000, 2000] {
        let mut request = world.request(&badge, [1]);
        request.hold = crate::fixtures::hold(from, from + 1000);
        ids.push(request.ids.get(0).unwrap().into());
        world.enrol(&request).unwrap();
    }
    for (event, enrolment) in [(1000, ids[1]), (2500, ids[2]), (3999, ids[0])] {
        let request = world.earning_at(&badge, [1], second(event), now());
        let outcomes = world.earn(&request).unwrap();
        let EarnOutcome::Earned(_, by) = outcomes[0].outcome else {
            panic!("{outcomes:?}")
        };
        assert_eq!(by, Some(enrolment));
    }
}

fn a_revoked_enrolment_covers_nothing_and_another_in_its_place_does(world: &World) {
    let badge = world.badge("Gold");
    enrolled(world, &badge, 1);
    world
        .unenrol(&world.unenrolling(&badge, &[(1, None)]))
        .unwrap();
    let request = || world.earning_at(&badge, [1], second(1500), now());
    assert_eq!(codes(&world.earn(&request()).unwrap()), [811]);
    let again = enrolled(world, &badge, 1);
    let outcomes = world.earn(&request()).unwrap();
    assert!(
        matches!(outcomes[0].outcome, EarnOutcome::Earned(_, Some(by)) if by == again),
        "{outcomes:?}"
    );
}

fn an_enrolment_for_another_badge_or_of_another_customer_covers_nothing(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.badge(name));
    enrolled(world, &gold, 1);
    for (badge, number) in [(&gold, 2), (&silver, 1)] {
        let request = world.earning_at(badge, [number], second(1500), now());
        assert_eq!(codes(&world.earn(&request).unwrap()), [811]);
    }
}

fn what_was_earned_is_in_the_ledger_and_remembered_under_its_key(world: &World) {
    for operation in [Operation::Earn, Operation::EarnBulk] {
        let badge = world.limited(operation.name(), [], [crate::earning::in_all(1)]);
        let guard = world.guard(operation.name());
        let customers: &[i64] = if operation == Operation::Earn {
            &[1]
        } else {
            &[1, 2]
        };
        let mut request = world.earning_at(
            &badge,
            customers.iter().copied(),
            second(1500),
            second(1600),
        );
        request.context.key = Some(guard.clone());
        request.operation = operation;
        request.triggered_by = Some(owner(OwnerType::Journeys, &"𝄞".repeat(255)));
        request.request_id = "𝄞".repeat(255).try_into().unwrap();
        request.unknown = vec![UnknownCustomer {
            position: 1,
            identifier: "nobody@example.org".to_owned(),
        }];
        let outcomes = world.earn(&request).unwrap();
        let answer = Answer::Earned(EarnAnswer {
            single: operation == Operation::Earn,
            badge: badge.id,
            triggered_by: request.triggered_by.clone(),
            expires_on: request.terms.expires_on,
            event_on: second(1500),
            outcomes,
            unknown: request.unknown.clone(),
            request_id: request.request_id.clone(),
            now: second(1600),
        });
        let entry = LedgerEntry {
            request_id: request.request_id.clone(),
            operation,
            recorded_on: second(1600),
            answer: answer.clone(),
        };
        let found = world.stores.requests.find(badge.org, &request.request_id);
        assert!(found.unwrap().contains(&entry));
        let record = IdempotencyRecord { guard, answer };
        assert_eq!(world.remembered(operation.name()), Some(record));
    }
}

fn an_earn_is_found_as_it_was_recorded(world: &World) {
    let badge = world.badge("Gold");
    let enrolment = enrolled(world, &badge, 1);
    let by = owner(OwnerType::Milestones, "7");
    let mut request = EarnRequest {
        triggered_by: Some(by.clone()),
        ..world.earning_at(&badge, [1], second(1500), at("2026-04-01T00:00:00.000009Z"))
    };
    request.terms.expires_on = Instant::MAX;
    world.earn(&request).unwrap();
    let expected = EarnRecord {
        earned: EarnedBadge {
            id: request.ids.get(0).unwrap().into(),
            enrolment: Some(enrolment),
            event_on: second(1500),
            earned_on: request.context.now,
            expires_on: Instant::MAX,
            revoked_on: None,
            imported: false,
        },
        triggered_by: Some(by),
        revoked_by: None,
        revoke_reason: None,
    };
    assert_eq!(world.details(&badge, 1).earns.items, [expected]);
    assert_eq!(world.details(&badge, 2).earns.items, []);
}

fn an_earn_may_expire_before_it_is_recorded(world: &World) {
    let badge = world.direct("Gold");
    let mut request = world.earning(&badge, [1]);
    request.terms.expires_on = second(1);
    assert_eq!(codes(&world.earn(&request).unwrap()), [0]);
    assert_eq!(world.details(&badge, 1).badge.standing.earned, 1);
    assert_eq!(world.details(&badge, 1).badge.standing.earned_unexpired, 0);
}

fn a_batch_whose_customers_are_all_refused_is_carried_out(world: &World) {
    let badge = world.badge("Gold");
    let request = world.earning(&badge, [1, 2]);
    assert_eq!(codes(&world.earn(&request).unwrap()), [811, 811]);
    let found = world.stores.requests.find(badge.org, &request.request_id);
    assert_eq!(found.unwrap().len(), 1);
    assert_eq!(world.earned(&badge), 0);
}

fn a_batch_without_any_known_customer_is_carried_out(world: &World) {
    let badge = world.limited(
        "Gold",
        [crate::earning::in_all(1)],
        [crate::earning::in_all(1)],
    );
    let request = world.earning(&badge, []);
    assert_eq!(world.earn(&request), Ok(Vec::new()));
    let found = world.stores.requests.find(badge.org, &request.request_id);
    assert_eq!(found.unwrap().len(), 1);
}

fn a_single_customer_who_is_refused_leaves_nothing_but_the_refusal(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.one(&badge, 1);
    request.context.key = Some(world.guard("key"));
    assert_eq!(code_of(&world.earn(&request)), 811);
    let used = world
        .stores
        .requests
        .is_used(badge.org, Operation::Earn, &request.request_id);
    assert!(!used.unwrap());
    assert_eq!(world.remembered("key"), None);
    assert_eq!(world.earned(&badge), 0);
    assert_eq!(world.details(&badge, 1).refusals.len(), 1);
    // The same request can be sent again.
    let mut hold = world.request(&badge, [1]);
    hold.hold = accolade_domain::enrolment::Hold::new(second(0), Instant::MAX).unwrap();
    world.enrol(&hold).unwrap();
    assert_eq!(code_of(&world.earn(&request)), 0);
}

fn an_enrolment_is_not_used_up_by_earning(world: &World) {
    let badge = world.badge("Gold");
    enrolled(world, &badge, 1);
    for times in 1..=5 {
        let request = world.earning_at(&badge, [1], second(1500), now());
        assert_eq!(codes(&world.earn(&request).unwrap()), [0]);
        assert_eq!(world.earned(&badge), times);
    }
}

fn another_orgs_badge_cannot_be_earned(world: &World) {
    use accolade_application::ports::RecordError;
    let badge = world.direct("Gold");
    let other = world.tenant(7);
    let mut request = world.earning(&badge, [1]);
    request.context.org = other.org;
    request.context.actor = other.actor;
    assert_eq!(world.earn(&request), Err(RecordError::BadgeChanged));
    assert_eq!(world.earned(&badge), 0);
}

fn ten_thousand_customers_earn_at_once_half_of_them_again_under_every_kind_of_limit(world: &World) {
    use crate::earning::{daily, in_all, rolling};
    use accolade_domain::zone::CalendarUnit;
    let badge = world.limited(
        "Gold",
        [in_all(1), daily(1, 1), rolling(CalendarUnit::Days, 1, 1)],
        [
            in_all(9_000),
            daily(2, 9_000),
            rolling(CalendarUnit::Months, 1, 9_000),
        ],
    );
    let half = world.earning(&badge, (1..=10_000).step_by(2));
    assert_eq!(earned(&world.earn(&half).unwrap()), 5_000);
    let all = world.earning(&badge, 1..=10_000);
    let outcomes = codes(&world.earn(&all).unwrap());
    let of = |code| outcomes.iter().filter(|other| **other == code).count();
    assert_eq!((of(817), of(0), of(818)), (5_000, 4_000, 1_000));
    assert_eq!(world.earned(&badge), 9_000);
}

sentences! {
    everybody_earns_in_the_order_of_the_request_with_the_id_of_its_position
    who_has_no_enrolment_that_covers_the_event_date_is_refused_and_the_rest_earn
    the_first_moment_of_an_enrolment_is_covered_and_its_last_is_not
    an_earn_rests_on_the_one_of_several_enrolments_that_covers_its_event_date
    a_revoked_enrolment_covers_nothing_and_another_in_its_place_does
    an_enrolment_for_another_badge_or_of_another_customer_covers_nothing
    what_was_earned_is_in_the_ledger_and_remembered_under_its_key
    an_earn_is_found_as_it_was_recorded
    an_earn_may_expire_before_it_is_recorded
    a_batch_whose_customers_are_all_refused_is_carried_out
    a_batch_without_any_known_customer_is_carried_out
    a_single_customer_who_is_refused_leaves_nothing_but_the_refusal
    an_enrolment_is_not_used_up_by_earning
    another_orgs_badge_cannot_be_earned
    ten_thousand_customers_earn_at_once_half_of_them_again_under_every_kind_of_limit
}
