//! Requests to earn that are not executed: of several reasons the first, and what is left.

use accolade_application::ports::{BadgeEdit, EarnRequest, Operation, RecordError};

use crate::World;
use crate::earning::{code_of, codes};

fn is_used(world: &World, request: &EarnRequest) -> bool {
    let requests = &world.stores.requests;
    let used = requests.is_used(request.context.org, request.operation, &request.request_id);
    used.unwrap()
}

fn an_earn_from_an_earlier_version_is_refused_and_leaves_nothing(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.earning(&badge, [1, 2]);
    request.context.key = Some(world.guard("key"));
    world.edit(&badge, BadgeEdit::Activity(true));
    assert_eq!(world.earn(&request), Err(RecordError::BadgeChanged));
    assert!(!is_used(world, &request));
    assert_eq!(world.remembered("key"), None);
    assert_eq!(world.details(&badge, 1).refusals, []);
    let version = world.version(&badge);
    let again = EarnRequest { version, ..request };
    assert_eq!(codes(&world.earn(&again).unwrap()), [811, 811]);
}

fn an_earn_of_a_badge_that_does_not_exist_has_changed(world: &World) {
    let badge = world.direct("Gold");
    let request = EarnRequest {
        badge: world.draft("Silver").id,
        ..world.earning(&badge, [1])
    };
    assert_eq!(world.earn(&request), Err(RecordError::BadgeChanged));
}

fn of_the_reasons_not_to_carry_an_earn_out_the_first_is_given(world: &World) {
    let badge = world.badge("Gold");
    let mut used = world.one(&world.direct("Silver"), 1);
    used.context.key = Some(world.guard("used"));
    world.earn(&used).unwrap();
    // For every subset of the reasons.
    for reasons in 0..16 {
        let [key, id, version, enrolment] = [1, 2, 4, 8].map(|bit| reasons & bit != 0);
        let mut request = world.one(&badge, 1);
        if !enrolment {
            request.terms.earn_type = accolade_domain::badge::EarnType::Earn;
        }
        if version {
            request.version.0 += 1;
        }
        if id {
            request.request_id = used.request_id.clone();
        }
        let name = format!("key {reasons}");
        request.context.key = Some(world.guard(if key { "used" } else { &name }));
        match world.earn(&request) {
            Err(RecordError::IdempotencyKeyUsed) => assert!(key, "{reasons}"),
            Err(RecordError::RequestIdUsed) => assert!(id && !key, "{reasons}"),
            Err(RecordError::BadgeChanged) => assert!(version && !id && !key, "{reasons}"),
            refused => {
                assert!(!(version || id || key), "{reasons}");
                assert_eq!(code_of(&refused), if enrolment { 811 } else { 0 });
            }
        }
    }
    assert_eq!(world.earned(&badge), 1);
}

fn each_operation_has_request_ids_of_its_own(world: &World) {
    let badge = world.direct("Gold");
    let one = world.one(&badge, 1);
    let several = EarnRequest {
        request_id: one.request_id.clone(),
        ..world.earning(&badge, [1])
    };
    let mut enrolment = world.request(&world.badge("Silver"), [1]);
    enrolment.request_id = one.request_id.clone();
    world.enrol(&enrolment).unwrap();
    for request in [&one, &several] {
        assert!(!is_used(world, request));
        world.earn(request).unwrap();
        assert!(is_used(world, request));
        assert_eq!(world.earn(request), Err(RecordError::RequestIdUsed));
    }
    let found = world.stores.requests.find(badge.org, &one.request_id);
    let operations: Vec<_> = found.unwrap().iter().map(|entry| entry.operation).collect();
    assert_eq!(
        operations,
        [Operation::IssueBulk, Operation::Earn, Operation::EarnBulk]
    );
}

fn requests_with_one_id_are_found_by_the_moment_of_each(world: &World) {
    let badge = world.direct("Gold");
    let several = world.earning(&badge, [1]);
    let mut one = world.one(&badge, 1);
    one.context.now = several.context.now - time::Duration::MICROSECOND;
    one.request_id = several.request_id.clone();
    for request in [&several, &one] {
        world.earn(request).unwrap();
    }
    let found = world.stores.requests.find(badge.org, &one.request_id);
    let moments: Vec<_> = found
        .unwrap()
        .iter()
        .map(|entry| entry.recorded_on)
        .collect();
    assert_eq!(moments, [one.context.now, several.context.now]);
}

fn a_request_id_that_another_org_used_is_free(world: &World) {
    let other = world.tenant(7);
    let mut theirs = world.draft_of(other, "Gold");
    theirs.definition.earn_mode = accolade_domain::badge::EarnMode::Direct;
    world.create(&theirs);
    let request = world.one(&world.direct("Gold"), 1);
    world.earn(&request).unwrap();
    let their_request = EarnRequest {
        request_id: request.request_id.clone(),
        ..world.one(&theirs, 1)
    };
    assert_eq!(code_of(&world.earn(&their_request)), 0);
}

sentences! {
    an_earn_from_an_earlier_version_is_refused_and_leaves_nothing
    an_earn_of_a_badge_that_does_not_exist_has_changed
    of_the_reasons_not_to_carry_an_earn_out_the_first_is_given
    each_operation_has_request_ids_of_its_own
    requests_with_one_id_are_found_by_the_moment_of_each
    a_request_id_that_another_org_used_is_free
}
