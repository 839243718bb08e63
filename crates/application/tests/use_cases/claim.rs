//! Claiming badges, and taking claims back.

use accolade_application::answer::Answer;
use accolade_application::badges::{ClaimBadge, UnclaimBadge, get};
use accolade_domain::badge::Badge;
use accolade_domain::ids::BadgeId;
use accolade_domain::owner::{Owner, OwnerType};
use time::Duration;

use crate::world::{World, codes, command, owner, refused};

fn claiming(badge: BadgeId, owner: Owner) -> ClaimBadge {
    ClaimBadge { badge, owner }
}

fn unclaiming(badge: BadgeId, owner: Owner) -> UnclaimBadge {
    UnclaimBadge { badge, owner }
}

fn loyalty() -> Owner {
    owner(OwnerType::Loyalty, "1")
}

fn found(world: &World, badge: BadgeId) -> Badge {
    get(&world.ports, &world.caller, badge).unwrap().badge
}

#[test]
fn to_claim_what_is_claimed_changes_nothing() {
    let world = World::new();
    let badge = world.badge("Gold");
    let answer = world.run(claiming(badge, loyalty())).unwrap();
    assert_eq!(
        answer,
        Answer::Claimed {
            badge,
            owner: loyalty()
        }
    );
    let before = found(&world, badge);
    world.clock.advance(Duration::hours(1));
    let again = world.run(claiming(badge, loyalty())).unwrap();
    assert_eq!(again, answer);
    assert_eq!(found(&world, badge), before);
}

#[test]
fn a_claim_is_taken_back_once_and_can_be_made_again() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.claim(badge, loyalty());
    let answer = world.run(unclaiming(badge, loyalty())).unwrap();
    assert_eq!(answer, Answer::Unclaimed { owner: loyalty() });
    assert!(!found(&world, badge).is_claimed_by(&loyalty()));
    let again = world.run(unclaiming(badge, loyalty()));
    assert_eq!(codes(again), [737]);
    world.claim(badge, loyalty());
    assert_eq!(found(&world, badge).claims.len(), 1);
    assert!(found(&world, badge).is_claimed_by(&loyalty()));
}

#[test]
fn once_a_claim_is_taken_back_nobody_is_enrolled_by_virtue_of_it() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.claim(badge, loyalty());
    let mut request = command(badge, &[1]);
    request.triggered_by = Some(loyalty());
    world.enrol(request.clone()).unwrap();
    world.run(unclaiming(badge, loyalty())).unwrap();
    request.customers = command(badge, &[2]).customers;
    assert_eq!(codes(world.enrol(request)), [810]);
}

#[test]
fn a_claim_needs_a_badge_an_owner_that_is_allowed_and_activity_in_this_order() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.deactivate(badge);
    let stranger = owner(OwnerType::Journeys, "1");
    let unknown = "ffffffffffffffffffffffff".parse().unwrap();
    let claim = |badge, owner| world.run(claiming(badge, owner));
    assert_eq!(codes(claim(unknown, stranger.clone())), [404]);
    let not_allowed = refused(claim(badge, stranger));
    assert_eq!(not_allowed, [(714, Some("ownerType".to_owned()))]);
    assert_eq!(codes(claim(badge, loyalty())), [1901]);
    assert_eq!(found(&world, badge).claims, []);
}

#[test]
fn a_claim_on_a_deactivated_badge_can_be_taken_back() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.claim(badge, loyalty());
    world.deactivate(badge);
    world.run(unclaiming(badge, loyalty())).unwrap();
}

#[test]
fn another_orgs_badge_is_neither_claimed_nor_unclaimed() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.claim(badge, loyalty());
    let stranger = world.stranger();
    let claimed = world.run_as(&stranger, claiming(badge, loyalty()));
    assert_eq!(codes(claimed), [404]);
    let unclaimed = world.run_as(&stranger, unclaiming(badge, loyalty()));
    assert_eq!(codes(unclaimed), [404]);
    assert!(found(&world, badge).is_claimed_by(&loyalty()));
}
