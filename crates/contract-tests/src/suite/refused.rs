//! Requests to enrol that are refused: why, in which order, and that nothing is left.

use accolade_application::ports::{Context, EnrolmentRequest, Operation, RecordError};
use accolade_domain::badge::Badge;

use accolade_application::ports::BadgeEdit;

use crate::World;

/// Nothing of `request` is stored: it can be sent again, under another version.
fn assert_nothing_is_left(world: &World, request: &EnrolmentRequest, badge: &Badge) {
    let requests = &world.stores.requests;
    let (org, id) = (request.context.org, &request.request_id);
    assert!(!requests.is_used(org, Operation::IssueBulk, id).unwrap());
    assert_eq!(requests.find(org, id).unwrap(), []);
    if let Some(guard) = &request.context.key {
        assert_eq!(world.remembered(guard.key.as_str()), None);
    }
    assert_eq!(world.issued(badge), 0);
    let mended = EnrolmentRequest {
        badge: badge.id,
        version: world.version(badge),
        ..request.clone()
    };
    world.enrol(&mended).unwrap();
    assert_eq!(world.issued(badge), request.customers.len() as u64);
}

fn a_request_from_an_earlier_version_is_refused_and_leaves_nothing(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.request(&badge, [1, 2]);
    request.context.key = Some(world.guard("key"));
    world.edit(&badge, BadgeEdit::Activity(true));
    assert_eq!(world.enrol(&request), Err(RecordError::BadgeChanged));
    assert_nothing_is_left(world, &request, &badge);
}

fn a_request_from_a_version_that_never_was_is_refused(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.request(&badge, [1]);
    request.version.0 += 1;
    assert_eq!(world.enrol(&request), Err(RecordError::BadgeChanged));
    assert_nothing_is_left(world, &request, &badge);
}

fn a_badge_that_does_not_exist_has_changed(world: &World) {
    let badge = world.badge("Gold");
    let request = EnrolmentRequest {
        badge: world.draft("Silver").id,
        ..world.request(&badge, [1])
    };
    assert_eq!(world.enrol(&request), Err(RecordError::BadgeChanged));
    assert_nothing_is_left(world, &request, &badge);
}

fn a_used_request_id_is_refused_and_leaves_its_key_unused(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.badge("Silver"));
    let first = world.request(&gold, [1]);
    world.enrol(&first).unwrap();
    let entries = world
        .stores
        .requests
        .find(gold.org, &first.request_id)
        .unwrap();
    let mut again = world.request(&silver, [2]);
    again.context.key = Some(world.guard("key"));
    again.request_id = first.request_id.clone();
    assert_eq!(world.enrol(&again), Err(RecordError::RequestIdUsed));
    assert_eq!(world.remembered("key"), None);
    assert_eq!(world.issued(&silver), 0);
    let found = world
        .stores
        .requests
        .find(gold.org, &first.request_id)
        .unwrap();
    assert_eq!(found, entries);
    let request_id = world.request_id();
    world
        .enrol(&EnrolmentRequest {
            request_id,
            ..again
        })
        .unwrap();
}

fn a_used_key_is_refused_and_leaves_its_request_id_unused(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.badge("Silver"));
    let mut first = world.request(&gold, [1]);
    first.context.key = Some(world.guard("key"));
    world.enrol(&first).unwrap();
    let remembered = world.remembered("key");
    let mut again = world.request(&silver, [2]);
    again.context.key = Some(world.guard("key"));
    assert_eq!(world.enrol(&again), Err(RecordError::IdempotencyKeyUsed));
    assert_eq!(world.remembered("key"), remembered);
    let fresh = EnrolmentRequest {
        context: Context {
            key: None,
            ..again.context
        },
        ..again
    };
    assert_nothing_is_left(world, &fresh, &silver);
}

fn a_used_key_comes_before_a_used_request_id_and_both_before_a_changed_badge(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.request(&badge, [1]);
    request.context.key = Some(world.guard("key"));
    world.enrol(&request).unwrap();
    assert_eq!(world.enrol(&request), Err(RecordError::IdempotencyKeyUsed));
    world.edit(&badge, BadgeEdit::Activity(true));
    assert_eq!(world.enrol(&request), Err(RecordError::IdempotencyKeyUsed));
    let idempotency = Some(world.guard("another"));
    let request = EnrolmentRequest {
        context: Context {
            key: idempotency,
            ..request.context
        },
        ..request
    };
    assert_eq!(world.enrol(&request), Err(RecordError::RequestIdUsed));
    let request_id = world.request_id();
    let request = EnrolmentRequest {
        request_id,
        ..request
    };
    assert_eq!(world.enrol(&request), Err(RecordError::BadgeChanged));
}

fn request_ids_differ_by_every_code_point_and_belong_to_an_org(world: &World) {
    let badge = world.badge("Gold");
    let other = world.badge_of(world.tenant(7), "Gold");
    for (number, id) in (1..).zip(["a", "A", "a a", "ä", "a\u{200b}", "1", "01", "%", "_"]) {
        for badge in [&badge, &other] {
            let request = EnrolmentRequest {
                request_id: id.try_into().unwrap(),
                ..world.request(badge, [number])
            };
            world.enrol(&request).unwrap();
            assert_eq!(world.enrol(&request), Err(RecordError::RequestIdUsed));
        }
    }
}

sentences! {
    a_request_from_an_earlier_version_is_refused_and_leaves_nothing
    a_request_from_a_version_that_never_was_is_refused
    a_badge_that_does_not_exist_has_changed
    a_used_request_id_is_refused_and_leaves_its_key_unused
    a_used_key_is_refused_and_leaves_its_request_id_unused
    a_used_key_comes_before_a_used_request_id_and_both_before_a_changed_badge
    request_ids_differ_by_every_code_point_and_belong_to_an_org
}
