//! Entity tags.

use accolade_application::badges::etag;
use accolade_domain::owner::OwnerType;

use crate::update::{update, updating};
use crate::world::{World, direct, draft, owner};

fn tag(world: &World, badge: accolade_domain::ids::BadgeId) -> String {
    etag(&world.found(badge)).unwrap()
}

#[test]
fn a_tag_is_32_hex_digits() {
    let world = World::new();
    let tag = tag(&world, world.badge(draft("Gold")));
    assert_eq!(tag.len(), 32);
    assert!(tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn a_tag_stays_while_the_badge_is_claimed_enrolled_for_and_earned() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let before = tag(&world, badge);
    world.claim(badge, owner(OwnerType::Loyalty, "1"));
    world.enrol(badge, 1);
    world.earned(badge, 1);
    assert_eq!(tag(&world, badge), before);
}

#[test]
fn a_tag_changes_with_the_definition_and_with_the_activity_and_comes_back_with_them() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let before = tag(&world, badge);
    update(&world, updating(badge, direct("Silver"))).unwrap();
    let renamed = tag(&world, badge);
    assert_ne!(renamed, before);
    update(&world, updating(badge, direct("Gold"))).unwrap();
    assert_eq!(tag(&world, badge), before);
    world.turn(badge, false);
    assert_ne!(tag(&world, badge), before);
    world.turn(badge, true);
    assert_eq!(tag(&world, badge), before);
}
