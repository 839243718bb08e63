//! Somebody edits a badge between the moment it is read and the moment of writing.

use accolade_application::answer::Answer;
use accolade_application::badges::{ClaimBadge, SetActivity, claim, get, set_activity, unclaim};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{BadgeEdit, StoreError};
use accolade_domain::owner::{Claim, OwnerType};

use crate::meddling::meddle;
use crate::world::{World, codes, command, owner};

fn claiming(reference: &str, active: bool) -> BadgeEdit {
    let owner = owner(OwnerType::Loyalty, reference);
    BadgeEdit::Claim(Claim { owner, active })
}

#[test]
fn an_enrolment_is_decided_again_until_nobody_came_between() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    meddle(
        &mut world,
        ["1", "2", "3"].map(|reference| claiming(reference, true)),
    );
    world.enrol(command(badge, &[1, 2])).unwrap();
    assert_eq!(world.issued(badge), 2);
}

#[test]
fn an_enrolment_that_was_overtaken_by_a_deactivation_is_refused() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    meddle(&mut world, [BadgeEdit::Activity(false)]);
    assert_eq!(codes(world.enrol(command(badge, &[1]))), [1901]);
    assert_eq!(world.issued(badge), 0);
}

#[test]
fn an_enrolment_that_was_overtaken_by_an_unclaim_is_refused() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    world.claim(badge, owner(OwnerType::Loyalty, "1"));
    meddle(&mut world, [claiming("1", false)]);
    let mut request = command(badge, &[1]);
    request.triggered_by = Some(owner(OwnerType::Loyalty, "1"));
    assert_eq!(codes(world.enrol(request)), [810]);
    assert_eq!(world.issued(badge), 0);
}

#[test]
fn a_badge_that_changes_at_every_attempt_ends_as_an_unexpected_failure() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    let edits = std::iter::repeat_n(BadgeEdit::Activity(true), 1000);
    meddle(&mut world, edits.clone());
    let failed = world.enrol(command(badge, &[1]));
    let is_unexpected =
        |error: &UseCaseError| matches!(error, UseCaseError::Store(StoreError::Unexpected(_)));
    assert!(failed.as_ref().is_err_and(is_unexpected), "{failed:?}");
    let command = SetActivity {
        badge,
        active: false,
        idempotency: None,
    };
    let failed = set_activity(&world.ports, &world.caller, command);
    assert!(failed.as_ref().is_err_and(is_unexpected), "{failed:?}");
    assert_eq!(world.issued(badge), 0);
}

#[test]
fn a_claim_is_decided_again_and_keeps_what_others_claimed_meanwhile() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    meddle(&mut world, [claiming("2", true), claiming("3", true)]);
    world.claim(badge, owner(OwnerType::Loyalty, "1"));
    let view = get(&world.ports, &world.caller, badge).unwrap();
    let references = view
        .badge
        .claims
        .iter()
        .map(|claim| claim.owner.reference.as_str());
    assert_eq!(references.collect::<Vec<_>>(), ["2", "3", "1"]);
}

#[test]
fn a_claim_that_was_overtaken_by_a_deactivation_is_refused() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    meddle(&mut world, [BadgeEdit::Activity(false)]);
    let command = ClaimBadge {
        badge,
        owner: owner(OwnerType::Loyalty, "1"),
        idempotency: None,
    };
    assert_eq!(codes(claim(&world.ports, &world.caller, command)), [1901]);
    let view = get(&world.ports, &world.caller, badge).unwrap();
    assert_eq!(view.badge.claims, []);
}

#[test]
fn what_somebody_else_did_meanwhile_is_done() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    let owner = owner(OwnerType::Loyalty, "1");
    meddle(&mut world, [claiming("1", true)]);
    let command = ClaimBadge {
        badge,
        owner: owner.clone(),
        idempotency: None,
    };
    let answer = claim(&world.ports, &world.caller, command.clone()).unwrap();
    assert_eq!(answer, Answer::Claimed { badge, owner });
    meddle(&mut world, [claiming("1", false)]);
    assert_eq!(codes(unclaim(&world.ports, &world.caller, command)), [737]);
}
