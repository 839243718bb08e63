//! The same request again, under its key.

use accolade_application::Executed;
use accolade_application::answer::Answer;
use accolade_application::badges::{SetActivity, UnclaimBadge, get};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{IdempotencyGuard, IdempotencyRecord};
use accolade_domain::ids::BadgeId;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};
use time::Duration;

use crate::world::{World, at, before, codes, command, creation, draft, now, owner};

/// Enrols customer 1 under `guard`, as the edge would.
fn enrol_under(
    world: &World,
    guard: &IdempotencyGuard,
    badge: BadgeId,
) -> Result<Executed, UseCaseError> {
    world.run_under(guard, command(badge, &[1]))
}

/// What is remembered under `guard`.
fn remembered(world: &World, guard: &IdempotencyGuard) -> Option<IdempotencyRecord> {
    let store = &world.ports.stores.idempotency;
    let found = store.find(guard.org, guard.actor, &guard.key, guard.used_on);
    found.unwrap()
}

#[test]
fn a_request_is_carried_out_once_and_answered_the_same_ever_after() {
    let world = World::new();
    let badge = world.badge("Gold");
    let guard = IdempotencyGuard {
        warnings: vec![Rejection::new(Code::CustomerRepeated).at_field("customers[1]")],
        ..world.guard("key", 1)
    };
    assert_eq!(remembered(&world, &guard), None);
    let answer = now(enrol_under(&world, &guard, badge).unwrap());
    let record = remembered(&world, &guard).unwrap();
    assert_eq!((&record.answer, &record.guard), (&answer, &guard));
    assert_eq!(before(enrol_under(&world, &guard, badge).unwrap()), answer);
    world.deactivate(badge);
    assert_eq!(before(enrol_under(&world, &guard, badge).unwrap()), answer);
    assert_eq!(world.issued(badge), 1);
}

#[test]
fn a_key_that_was_used_for_another_request_is_refused_with_1910() {
    let world = World::new();
    let badge = world.badge("Gold");
    enrol_under(&world, &world.guard("key", 1), badge).unwrap();
    let other = world.guard("key", 2);
    assert_eq!(codes(enrol_under(&world, &other, badge)), [1910]);
}

#[test]
fn a_refused_request_can_be_mended_under_its_key() {
    let world = World::new();
    let badge = world.badge("Gold");
    let guard = world.guard("key", 1);
    let mut request = command(badge, &[1]);
    request.event_on = Some(at("2031-01-01T00:00:00Z"));
    let refused = world.run_under(&guard, request);
    assert_eq!(codes(refused), [816]);
    now(enrol_under(&world, &world.guard("key", 2), badge).unwrap());
}

#[test]
fn a_key_is_as_good_as_new_once_it_has_expired() {
    let world = World::new();
    let badge = world.badge("Gold");
    enrol_under(&world, &world.guard("key", 1), badge).unwrap();
    world
        .clock
        .advance(Duration::hours(72) - Duration::microseconds(1));
    let other = enrol_under(&world, &world.guard("key", 2), badge);
    assert_eq!(codes(other), [1910]);
    world.clock.advance(Duration::microseconds(1));
    let guard = world.guard("key", 2);
    assert_eq!(remembered(&world, &guard), None);
    now(enrol_under(&world, &guard, badge).unwrap());
}

#[test]
fn without_a_key_a_refusal_is_a_refusal() {
    let world = World::new();
    let mut request = command(world.badge("Gold"), &[1]);
    request.request_id = Some("request".try_into().unwrap());
    world.enrol(request.clone()).unwrap();
    let again = world.run(request);
    assert_eq!(codes(again), [809]);
}

#[test]
fn a_creation_is_remembered_whole() {
    let world = World::new();
    let guard = world.guard("key", 1);
    let create_again = || world.run_under(&guard, creation(draft("Gold")));
    let answer = now(create_again().unwrap());
    assert!(matches!(answer, Answer::BadgeCreated(_)));
    assert_eq!(before(create_again().unwrap()), answer);
}

#[test]
fn an_edit_that_changes_nothing_is_remembered_and_leaves_who_updated_the_badge() {
    let world = World::new();
    let badge = world.badge("Gold");
    let untouched = get(&world.ports, &world.caller, badge).unwrap().badge;
    world.clock.advance(Duration::hours(1));
    let guard = world.guard("on", 1);
    let on_again = || {
        let on = SetActivity {
            badge,
            active: true,
        };
        world.run_under(&guard, on)
    };
    let answer = now(on_again().unwrap());
    let after = get(&world.ports, &world.caller, badge).unwrap().badge;
    assert_eq!(after, untouched);
    world.deactivate(badge);
    assert_eq!(before(on_again().unwrap()), answer);
    let found = get(&world.ports, &world.caller, badge).unwrap().badge;
    assert!(!found.active, "the key was executed a second time");
}

#[test]
fn an_edit_is_made_once_under_its_key_whatever_happened_since() {
    let world = World::new();
    let badge = world.badge("Gold");
    let guard = world.guard("off", 1);
    let off = SetActivity {
        badge,
        active: false,
    };
    let answer = now(world.run_under(&guard, off).unwrap());
    assert_eq!(remembered(&world, &guard).unwrap().answer, answer);

    let owner = owner(OwnerType::Loyalty, "1");
    let on = SetActivity {
        badge,
        active: true,
    };
    world.run(on).unwrap();
    world.claim(badge, owner.clone());
    let guard = world.guard("unclaim", 1);
    let command = UnclaimBadge { badge, owner };
    let unclaim_again = || {
        let command = command.clone();
        world.run_under(&guard, command)
    };
    let answer = now(unclaim_again().unwrap());
    // There is no claim any more, but the key tells that this very request took it back.
    assert_eq!(before(unclaim_again().unwrap()), answer);
}
