//! Somebody edits a badge between the moment it is read and the moment of writing.

use accolade_application::answer::Answer;
use accolade_application::badges::{ClaimBadge, UnclaimBadge, get};
use accolade_application::ports::BadgeEdit;
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
fn who_merely_loses_often_is_served_in_the_end() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    let often = || std::iter::repeat_n(BadgeEdit::Activity(true), 1000);
    meddle(&mut world, often());
    world.enrol(command(badge, &[1])).unwrap();
    meddle(&mut world, often());
    world.deactivate(badge);
    assert_eq!(world.issued(badge), 1);
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
    };
    assert_eq!(codes(world.run(command)), [1901]);
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
    };
    let answer = world.run(command).unwrap();
    let claimed = Answer::Claimed {
        badge,
        owner: owner.clone(),
    };
    assert_eq!(answer, claimed);
    meddle(&mut world, [claiming("1", false)]);
    let command = UnclaimBadge { badge, owner };
    assert_eq!(codes(world.run(command)), [737]);
}
