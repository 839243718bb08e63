//! Enrolling: one request, nobody else about.

use accolade_application::answer::{Answer, EnrolmentAnswer};
use accolade_application::ports::{
    EnrolmentBatch, EnrolmentRequest, IdempotencyGuard, IdempotencyRecord, LedgerEntry, Operation,
};
use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Hold, Outcome};
use accolade_domain::ids::EnrolmentId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};

use crate::World;
use crate::fixtures::{customer, hold, owner, second};

fn id(request: &EnrolmentRequest, position: usize) -> EnrolmentId {
    request.ids.get(position).unwrap().into()
}

fn enrolled(request: &EnrolmentRequest, position: usize) -> CustomerOutcome {
    CustomerOutcome {
        customer: request.customers[position],
        outcome: Outcome::Enrolled(id(request, position)),
        status: EnrolmentStatus::of(request.hold, request.context.now),
    }
}

fn everybody_is_enrolled_in_the_order_of_the_request_with_the_id_of_its_position(world: &World) {
    let badge = world.badge("Gold");
    let request = world.request(&badge, [30, 1, i64::MAX, 2, 20]);
    let outcomes = world.enrol(&request).unwrap();
    let expected: Vec<_> = (0..5).map(|i| enrolled(&request, i)).collect();
    assert_eq!(outcomes, expected);
    assert_eq!(world.issued(&badge), 5);
}

fn a_status_refers_to_the_moment_of_the_request(world: &World) {
    let badge = world.badge("Gold");
    for (number, now, expected) in [
        (1, second(999), EnrolmentStatus::Upcoming),
        (2, second(1000), EnrolmentStatus::Active),
        (3, second(1999), EnrolmentStatus::Active),
        (4, second(2000), EnrolmentStatus::Expired),
    ] {
        let request = {
            let mut request = world.request(&badge, [number]);
            request.context.now = now;
            request
        };
        assert_eq!(world.enrol(&request).unwrap()[0].status, expected);
    }
}

fn who_is_refused_gets_the_existing_enrolment_and_its_status_and_the_rest_are_enrolled(
    world: &World,
) {
    let badge = world.badge("Gold");
    let first = world.request(&badge, [1, 2]);
    world.enrol(&first).unwrap();
    for (now, status) in [
        (second(500), EnrolmentStatus::Upcoming),
        (second(1500), EnrolmentStatus::Active),
        (second(2500), EnrolmentStatus::Expired),
    ] {
        let number = now.unix_micros();
        let mut second = world.request(&badge, [number, 2, number + 1]);
        second.context.now = now;
        second.hold = hold(1500, 4000);
        let refused = CustomerOutcome {
            customer: customer(2),
            outcome: Outcome::AlreadyEnrolled(id(&first, 1)),
            status,
        };
        let expected = [enrolled(&second, 0), refused, enrolled(&second, 2)];
        assert_eq!(world.enrol(&second).unwrap(), expected);
    }
    assert_eq!(world.issued(&badge), 2 + 3 * 2);
}

fn a_request_whose_customers_are_all_refused_is_carried_out(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [1])).unwrap();
    let mut request = world.request(&badge, [1]);
    request.context.key = Some(world.guard("key"));
    world.enrol(&request).unwrap();
    assert_eq!(world.issued(&badge), 1);
    let operation = Operation::IssueBulk;
    let used = world
        .stores
        .requests
        .is_used(badge.org, operation, &request.request_id);
    assert!(used.unwrap());
    assert!(world.remembered("key").is_some());
}

fn what_was_carried_out_is_in_the_ledger_and_remembered_under_its_key(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [2])).unwrap();
    let guard = IdempotencyGuard {
        warnings: vec![
            Rejection::new(Code::CustomerRepeated).at_field("customers[3]"),
            Rejection::new(Code::UnknownField)
                .with_message("𝄞 \"'\\")
                .at_field(""),
        ],
        ..world.guard("key")
    };
    let mut request = world.request(&badge, [1, 2, 3]);
    request.context.now = second(1500);
    request.context.key = Some(guard.clone());
    request.triggered_by = Some(owner(OwnerType::RewardsCatalog, &"𝄞".repeat(255)));
    request.request_id = "𝄞".repeat(255).try_into().unwrap();
    let outcomes = world.enrol(&request).unwrap();
    let answer = Answer::Enrolment(EnrolmentAnswer {
        badge: badge.id,
        triggered_by: request.triggered_by.clone(),
        expires_on: request.hold.expires_on(),
        outcomes,
        unknown: Vec::new(),
        request_id: request.request_id.clone(),
    });
    let entry = LedgerEntry {
        request_id: request.request_id.clone(),
        operation: Operation::IssueBulk,
        recorded_on: second(1500),
        answer: answer.clone(),
    };
    let ledger = &world.stores.requests;
    assert_eq!(
        ledger.find(badge.org, &request.request_id).unwrap(),
        [entry]
    );
    assert_eq!(
        world.remembered("key"),
        Some(IdempotencyRecord { guard, answer })
    );
}

fn instants_at_their_ends_are_kept(world: &World) {
    let badge = world.badge("Gold");
    let all = EnrolmentRequest {
        hold: Hold::new(Instant::MIN, Instant::MAX).unwrap(),
        ..world.request(&badge, [1])
    };
    world.enrol(&all).unwrap();
    for (from, until) in [
        (Instant::MIN, second(i64::from(i32::MIN))),
        (second(-1), second(0)),
        (second(253_402_300_799), Instant::MAX),
    ] {
        let request = {
            let mut request = world.request(&badge, [1, until.unix_micros().abs() + 2]);
            request.context.now = Instant::MAX;
            request.hold = Hold::new(from, until).unwrap();
            request
        };
        let outcomes = world.enrol(&request).unwrap();
        assert_eq!(outcomes[0].outcome, Outcome::AlreadyEnrolled(id(&all, 0)));
        assert_eq!(outcomes[0].status, EnrolmentStatus::Expired);
        assert_eq!(outcomes[1], enrolled(&request, 1));
    }
    let mut latest = world.request(&badge, [i64::MAX]);
    latest.context.now = Instant::MIN;
    latest.hold = Hold::new(second(0), second(1)).unwrap();
    world.enrol(&latest).unwrap();
    let entries = world
        .stores
        .requests
        .find(badge.org, &latest.request_id)
        .unwrap();
    assert_eq!(entries[0].recorded_on, Instant::MIN);
}

fn ten_thousand_customers_are_enrolled_at_once_half_of_them_again(world: &World) {
    let badge = world.badge("Gold");
    let evens = world.request(&badge, (2..=10_000).step_by(2));
    world.enrol(&evens).unwrap();
    let all = world.request(&badge, (1..=10_000).rev());
    let outcomes = world.enrol(&all).unwrap();
    assert_eq!(outcomes.len(), 10_000);
    for (position, outcome) in outcomes.into_iter().enumerate() {
        let number = 10_000 - position;
        assert_eq!(outcome.customer.get(), i64::try_from(number).unwrap());
        let expected = if number.is_multiple_of(2) {
            Outcome::AlreadyEnrolled(id(&evens, number / 2 - 1))
        } else {
            Outcome::Enrolled(id(&all, position))
        };
        assert_eq!(outcome.outcome, expected);
    }
    assert_eq!(world.issued(&badge), 10_000);
}

fn an_empty_batch_does_nothing(world: &World) {
    let results = world.stores.enrolments.enrol(&EnrolmentBatch::default());
    assert_eq!(results.unwrap(), []);
}

sentences! {
    everybody_is_enrolled_in_the_order_of_the_request_with_the_id_of_its_position
    a_status_refers_to_the_moment_of_the_request
    who_is_refused_gets_the_existing_enrolment_and_its_status_and_the_rest_are_enrolled
    a_request_whose_customers_are_all_refused_is_carried_out
    what_was_carried_out_is_in_the_ledger_and_remembered_under_its_key
    instants_at_their_ends_are_kept
    ten_thousand_customers_are_enrolled_at_once_half_of_them_again
    an_empty_batch_does_nothing
}
