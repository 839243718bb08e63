//! The request ledger.

use accolade_application::answer::Answer;
use accolade_application::ports::{BadgeEdit, EnrolmentRequest, Operation};
use accolade_domain::enrolment::EnrolmentStatus;
use accolade_domain::text::RequestId;

use crate::World;
use crate::fixtures::second;

fn is_used(world: &World, request_id: &RequestId) -> bool {
    let (org, operation) = (world.tenant.org, Operation::IssueBulk);
    world
        .stores
        .requests
        .is_used(org, operation, request_id)
        .unwrap()
}

fn an_id_is_used_once_its_request_was_carried_out(world: &World) {
    let badge = world.badge("Gold");
    let request = world.request(&badge, [1]);
    let ledger = &world.stores.requests;
    assert!(!is_used(world, &request.request_id));
    assert_eq!(ledger.find(badge.org, &request.request_id).unwrap(), []);
    world.enrol(&request).unwrap();
    assert!(is_used(world, &request.request_id));
    assert_eq!(
        ledger.find(badge.org, &request.request_id).unwrap().len(),
        1
    );
}

fn an_answer_keeps_the_statuses_of_the_moment_and_outlives_every_change(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.request(&badge, [2, 1]);
    request.context.now = second(500);
    world.enrol(&request).unwrap();
    let ledger = &world.stores.requests;
    let before = ledger.find(badge.org, &request.request_id).unwrap();
    world.edit(&badge, BadgeEdit::Activity(false));
    let mut later = world.request(&badge, [2, 1]);
    later.context.now = second(5000);
    world.enrol(&later).unwrap();
    world
        .stores
        .housekeeping
        .sweep(second(200_000_000_000))
        .unwrap();
    assert_eq!(ledger.find(badge.org, &request.request_id).unwrap(), before);
    let Answer::Enrolment(answer) = &before[0].answer else {
        panic!("{before:?}");
    };
    let statuses = answer.outcomes.iter().map(|outcome| outcome.status);
    assert_eq!(statuses.collect::<Vec<_>>(), [EnrolmentStatus::Upcoming; 2]);
}

fn ids_are_found_as_they_were_written_only(world: &World) {
    let badge = world.badge("Gold");
    let request_id = "Request 1".try_into().unwrap();
    world
        .enrol(&EnrolmentRequest {
            request_id,
            ..world.request(&badge, [1])
        })
        .unwrap();
    for other in [
        "request 1",
        "Request  1",
        "Request",
        "Request%",
        "Request_1",
    ] {
        let other = RequestId::try_from(other).unwrap();
        assert!(!is_used(world, &other));
        assert_eq!(world.stores.requests.find(badge.org, &other).unwrap(), []);
    }
}

fn an_answer_about_ten_thousand_customers_is_found_whole(world: &World) {
    let badge = world.badge("Gold");
    world
        .enrol(&world.request(&badge, (1..=10_000).step_by(3)))
        .unwrap();
    let numbers = (1..=10_000).map(|number| i64::MAX - number);
    let request = world.request(&badge, numbers.chain([5, 4, 1]));
    let outcomes = world.enrol(&request).unwrap();
    let entries = world
        .stores
        .requests
        .find(badge.org, &request.request_id)
        .unwrap();
    let Answer::Enrolment(answer) = &entries[0].answer else {
        panic!("another kind of answer");
    };
    assert_eq!(answer.outcomes, outcomes);
}

sentences! {
    an_id_is_used_once_its_request_was_carried_out
    an_answer_keeps_the_statuses_of_the_moment_and_outlives_every_change
    ids_are_found_as_they_were_written_only
    an_answer_about_ten_thousand_customers_is_found_whole
}
