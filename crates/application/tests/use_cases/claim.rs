//! Claiming badges, and taking claims back.

use accolade_application::badges::{ClaimBadge, UnclaimBadge, get};
use accolade_domain::badge::Badge;
use accolade_domain::ids::BadgeId;
use accolade_domain::owner::{Owner, OwnerType};

use crate::world::{World, codes, owner, refused};

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
