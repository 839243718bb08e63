//! Revoking enrolments.

use accolade_application::answer::{Answer, RevokedEnrolment};
use accolade_application::ports::{
    IdempotencyRecord, LedgerEntry, Operation, RecordError, RevokeEnrolmentsRequest,
};
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::{EnrolmentStatus, Outcome};
use accolade_domain::ids::EnrolmentId;
use accolade_domain::rejection::{Code, Rejection};

use crate::World;
use crate::fixtures::{at, customer, hold};

const NOT_THEIRS: &str = "issue doesn't belong to customer";
const NONE: &str = "Customer doesn't have issue instance";

fn revoked(number: i64, enrolment: EnrolmentId) -> RevokedEnrolment {
    RevokedEnrolment {
        customer: customer(number),
        enrolment: Some(enrolment),
        refused: None,
    }
}

fn refused(number: i64, enrolment: Option<EnrolmentId>, message: &str) -> RevokedEnrolment {
    RevokedEnrolment {
        customer: customer(number),
        enrolment,
        refused: Some(Rejection::new(Code::NotFound).with_message(message)),
    }
}

/// Enrols the customer from one second after 1970 for a thousand.
fn enrolled(world: &World, badge: &Badge, number: i64, from: i64) -> EnrolmentId {
    let mut request = world.request(badge, [number]);
    request.hold = hold(from, from + 1000);
    match world.enrol(&request).unwrap()[0].outcome {
        Outcome::Enrolled(id) => id,
        other => panic!("{other:?}"),
    }
}

fn all_enrolments_of_a_customer_are_revoked_in_the_order_in_which_they_were_recorded(
    world: &World,
) {
    let badge = world.badge("Gold");
    let ids = [3000, 1000, 2000].map(|from| enrolled(world, &badge, 1, from));
    let other = enrolled(world, &badge, 2, 1000);
    let outcomes = world
        .unenrol(&world.unenrolling(&badge, &[(1, None)]))
        .unwrap();
    assert_eq!(outcomes, ids.map(|id| revoked(1, id)));
    assert_eq!(world.issued(&badge), 1);
    let outcomes = world
        .unenrol(&world.unenrolling(&badge, &[(2, None)]))
        .unwrap();
    assert_eq!(outcomes, [revoked(2, other)]);
}

fn the_enrolment_that_is_named_is_revoked_and_no_other(world: &World) {
    let badge = world.badge("Gold");
    let ids = [1000, 2000].map(|from| enrolled(world, &badge, 1, from));
    let target = [(1, Some(ids[1]))];
    let outcomes = world.unenrol(&world.unenrolling(&badge, &target)).unwrap();
    assert_eq!(outcomes, [revoked(1, ids[1])]);
    assert_eq!(world.issued(&badge), 1);
    let outcomes = world
        .unenrol(&world.unenrolling(&badge, &[(1, None)]))
        .unwrap();
    assert_eq!(outcomes, [revoked(1, ids[0])]);
}

fn each_target_has_its_outcome_in_its_order(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.badge(name));
    let [one, two, three] = [1, 2, 3].map(|number| enrolled(world, &gold, number, 1000));
    let of_silver = enrolled(world, &silver, 1, 1000);
    world
        .unenrol(&world.unenrolling(&gold, &[(3, None)]))
        .unwrap();
    let targets = [
        (2, Some(two)),
        (1, Some(two)),
        (3, Some(three)),
        (1, Some(of_silver)),
        (1, Some(one)),
        (4, Some(one)),
    ];
    let outcomes = world.unenrol(&world.unenrolling(&gold, &targets)).unwrap();
    let expected = [
        revoked(2, two),
        refused(1, Some(two), NOT_THEIRS),
        refused(3, Some(three), NONE),
        refused(1, Some(of_silver), NOT_THEIRS),
        revoked(1, one),
        refused(4, Some(one), NOT_THEIRS),
    ];
    assert_eq!(outcomes, expected);
    let outcomes = world
        .unenrol(&world.unenrolling(&gold, &[(4, None), (1, None)]))
        .unwrap();
    assert_eq!(outcomes, [refused(4, None, NONE), refused(1, None, NONE)]);
    assert_eq!((world.issued(&gold), world.issued(&silver)), (0, 1));
}

fn a_revoked_enrolment_is_found_as_such_and_stands_in_nobodys_way(world: &World) {
    let badge = world.badge("Gold");
    let first = enrolled(world, &badge, 1, 1000);
    let mut request = world.unenrolling(&badge, &[(1, None)]);
    request.context.now = at("2026-05-03T00:00:00.000001Z");
    world.unenrol(&request).unwrap();
    let second = enrolled(world, &badge, 1, 1000);
    let enrolments = world.details(&badge, 1).enrolments.items;
    let shown: Vec<_> = enrolments
        .iter()
        .map(|record| (record.enrolment.id, record.enrolment.revoked_on))
        .collect();
    assert_eq!(shown, [(second, None), (first, Some(request.context.now))]);
    let again = world.enrol(&world.request(&badge, [1])).unwrap();
    assert_eq!(again[0].outcome, Outcome::AlreadyEnrolled(second));
    assert_eq!(again[0].status, EnrolmentStatus::Expired);
    assert_eq!(world.issued(&badge), 1);
}

fn revoking_enrolments_is_in_the_ledger_and_remembered_under_its_key(world: &World) {
    let badge = world.badge("Gold");
    enrolled(world, &badge, 1, 1000);
    let mut request = world.unenrolling(&badge, &[(1, None), (2, None)]);
    request.context.key = Some(world.guard("key"));
    let outcomes = world.unenrol(&request).unwrap();
    let answer = Answer::EnrolmentsRevoked {
        badge: badge.id,
        outcomes,
        unknown: Vec::new(),
        request_id: request.request_id.clone(),
    };
    let request_id = request.request_id.clone().unwrap();
    let entry = LedgerEntry {
        request_id: request_id.clone(),
        operation: Operation::RevokeIssue,
        recorded_on: request.context.now,
        answer: answer.clone(),
    };
    let found = world.stores.requests.find(badge.org, &request_id);
    assert_eq!(found.unwrap(), [entry]);
    let record = IdempotencyRecord {
        guard: world.guard("key"),
        answer,
    };
    assert_eq!(world.remembered("key"), Some(record));
}

fn of_the_reasons_not_to_revoke_enrolments_the_first_is_given_and_nothing_is_written(
    world: &World,
) {
    let badge = world.badge("Gold");
    let mut used = world.unenrolling(&badge, &[(1, None)]);
    used.context.key = Some(world.guard("used"));
    world.unenrol(&used).unwrap();
    enrolled(world, &badge, 1, 1000);
    for (key, id, expected) in [
        ("used", true, RecordError::IdempotencyKeyUsed),
        ("used", false, RecordError::IdempotencyKeyUsed),
        ("fresh", true, RecordError::RequestIdUsed),
    ] {
        let mut request = world.unenrolling(&badge, &[(1, None)]);
        request.context.key = Some(world.guard(key));
        if id {
            request.request_id.clone_from(&used.request_id);
        }
        assert_eq!(world.unenrol(&request), Err(expected));
        assert_eq!(world.remembered("fresh"), None);
        assert_eq!(world.issued(&badge), 1);
    }
}

fn a_revocation_of_enrolments_without_request_id_may_be_repeated(world: &World) {
    let badge = world.badge("Gold");
    let id = enrolled(world, &badge, 1, 1000);
    let request = RevokeEnrolmentsRequest {
        request_id: None,
        ..world.unenrolling(&badge, &[(1, None)])
    };
    assert_eq!(world.unenrol(&request), Ok(vec![revoked(1, id)]));
    assert_eq!(world.unenrol(&request), Ok(vec![refused(1, None, NONE)]));
}

fn another_orgs_enrolments_are_not_revoked(world: &World) {
    let badge = world.badge("Gold");
    let id = enrolled(world, &badge, 1, 1000);
    let other = world.tenant(7);
    let mut request = world.unenrolling(&badge, &[(1, None), (1, Some(id))]);
    request.context.org = other.org;
    let expected = vec![refused(1, None, NONE), refused(1, Some(id), NOT_THEIRS)];
    assert_eq!(world.unenrol(&request), Ok(expected));
    assert_eq!(world.issued(&badge), 1);
}

fn a_preview_of_revocations_says_the_same_and_writes_nothing(world: &World) {
    let badge = world.badge("Gold");
    let id = enrolled(world, &badge, 1, 1000);
    let mut request = world.unenrolling(&badge, &[(1, None), (2, None)]);
    request.context.key = Some(world.guard("key"));
    let expected = vec![revoked(1, id), refused(2, None, NONE)];
    for _ in 0..2 {
        let shown = world.stores.enrolments.preview_revoke(&request);
        assert_eq!(shown.unwrap(), expected);
    }
    assert_eq!(world.remembered("key"), None);
    assert_eq!(world.issued(&badge), 1);
    assert_eq!(world.unenrol(&request), Ok(expected));
}

fn a_target_that_an_earlier_one_of_the_request_revoked_has_nothing_left(world: &World) {
    let badge = world.badge("Gold");
    let [one, two] = [1000, 2000].map(|from| enrolled(world, &badge, 1, from));
    let targets = [(1, Some(two)), (1, None), (1, Some(one))];
    let request = world.unenrolling(&badge, &targets);
    let expected = vec![
        revoked(1, two),
        revoked(1, one),
        refused(1, Some(one), NONE),
    ];
    let shown = world.stores.enrolments.preview_revoke(&request);
    assert_eq!(shown.unwrap(), expected);
    assert_eq!(world.unenrol(&request), Ok(expected));
}

fn many_enrolments_are_revoked_at_once(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, 1..=1000)).unwrap();
    let targets: Vec<_> = (1..=1000).map(|number| (number, None)).collect();
    let outcomes = world.unenrol(&world.unenrolling(&badge, &targets)).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.refused.is_none()));
    assert_eq!((outcomes.len(), world.issued(&badge)), (1000, 0));
}

sentences! {
    all_enrolments_of_a_customer_are_revoked_in_the_order_in_which_they_were_recorded
    the_enrolment_that_is_named_is_revoked_and_no_other
    each_target_has_its_outcome_in_its_order
    a_revoked_enrolment_is_found_as_such_and_stands_in_nobodys_way
    revoking_enrolments_is_in_the_ledger_and_remembered_under_its_key
    of_the_reasons_not_to_revoke_enrolments_the_first_is_given_and_nothing_is_written
    a_revocation_of_enrolments_without_request_id_may_be_repeated
    another_orgs_enrolments_are_not_revoked
    a_preview_of_revocations_says_the_same_and_writes_nothing
    a_target_that_an_earlier_one_of_the_request_revoked_has_nothing_left
    many_enrolments_are_revoked_at_once
}
