//! Editing badges: claims and activity.

use accolade_application::ports::{BadgeEdit, BadgeEditRequest, EditBadgeError};
use accolade_domain::badge::Badge;
use accolade_domain::owner::{Claim, OwnerType};

use crate::World;
use crate::fixtures::{at, claim};
use crate::race::{eventually, only_winner, race};
use crate::world::was_changed;

fn assert_key_used(result: &Result<(), EditBadgeError>) {
    let used = matches!(result, Err(EditBadgeError::IdempotencyKeyUsed));
    assert!(used, "{result:?}");
}

fn claims_after(world: &World, badge: &Badge, edit: Claim) -> Vec<Claim> {
    world.edit(badge, BadgeEdit::Claim(edit));
    world.found(badge).badge.claims
}

fn an_edit_changes_what_it_says_and_who_updated_the_badge_when(world: &World) {
    let badge = world.badge("Gold");
    let by = world.tenant(7).actor;
    let request = BadgeEditRequest {
        by,
        now: at("2026-05-02T00:00:00.000009Z"),
        ..world.edit_request(&badge, BadgeEdit::Activity(false))
    };
    world.stores.badges.edit(&request).unwrap();
    let expected = Badge {
        active: false,
        updated_on: request.now,
        updated_by: by,
        ..badge.clone()
    };
    assert_eq!(world.found(&badge).badge, expected);
    assert_eq!(world.counted(&badge).badge, expected);
}

fn every_edit_raises_the_version_even_if_it_changes_nothing(world: &World) {
    let badge = world.badge("Gold");
    let claimed = BadgeEdit::Claim(claim(OwnerType::Loyalty, "1", true));
    let mut versions = vec![world.version(&badge)];
    for edit in [
        BadgeEdit::Activity(true),
        BadgeEdit::Activity(false),
        BadgeEdit::Activity(true),
        claimed.clone(),
        claimed,
    ] {
        world.edit(&badge, edit);
        versions.push(world.version(&badge));
    }
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
}

fn only_the_badge_that_is_meant_is_edited(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.badge("Silver"));
    let before = world.found(&silver);
    world.edit(&gold, BadgeEdit::Activity(false));
    world.edit(
        &gold,
        BadgeEdit::Claim(claim(OwnerType::Loyalty, "1", true)),
    );
    assert_eq!(world.found(&silver), before);
}

fn a_new_claim_is_added_as_the_last(world: &World) {
    let badge = world.badge("Gold");
    let claims = [
        claim(OwnerType::Milestones, "2", true),
        claim(OwnerType::Loyalty, "1", true),
        claim(OwnerType::Loyalty, "0", false),
    ];
    for made in 0..claims.len() {
        let found = claims_after(world, &badge, claims[made].clone());
        assert_eq!(found, claims[..=made]);
    }
}

fn a_known_claim_is_set_where_it_stands(world: &World) {
    let badge = world.badge("Gold");
    for reference in ["a", "b", "c"] {
        claims_after(world, &badge, claim(OwnerType::Loyalty, reference, true));
    }
    for active in [false, true] {
        let claims = claims_after(world, &badge, claim(OwnerType::Loyalty, "b", active));
        let expected = [("a", true), ("b", active), ("c", true)]
            .map(|(reference, active)| claim(OwnerType::Loyalty, reference, active));
        assert_eq!(claims, expected);
    }
}

fn claims_differ_by_type_and_by_every_code_point_of_the_reference(world: &World) {
    let badge = world.badge("Gold");
    let mut claims = vec![claim(OwnerType::Journeys, "a", true)];
    for reference in ["a", "A", "a a", "ä", "%", "_"] {
        claims.push(claim(OwnerType::Loyalty, reference, true));
    }
    for claim in &claims {
        claims_after(world, &badge, claim.clone());
    }
    assert_eq!(world.found(&badge).badge.claims, claims);
}

fn an_edit_from_an_earlier_version_is_refused_and_writes_nothing(world: &World) {
    let badge = world.badge("Gold");
    let stale = BadgeEditRequest {
        idempotency: Some(world.record("key")),
        ..world.edit_request(&badge, BadgeEdit::Activity(false))
    };
    world.edit(&badge, BadgeEdit::Activity(true));
    let before = world.found(&badge);
    assert!(was_changed(world.stores.badges.edit(&stale)));
    assert_eq!(world.found(&badge), before);
    assert_eq!(world.remembered("key"), None);

    let version = before.version;
    world
        .stores
        .badges
        .edit(&BadgeEditRequest { version, ..stale })
        .unwrap();
    assert!(!world.found(&badge).badge.active);
}

fn an_edit_from_a_version_that_never_was_is_refused(world: &World) {
    let badge = world.badge("Gold");
    let mut early = world.edit_request(&badge, BadgeEdit::Activity(false));
    early.version.0 += 1;
    assert!(was_changed(world.stores.badges.edit(&early)));
    assert!(world.found(&badge).badge.active);
}

fn a_badge_that_does_not_exist_has_changed(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.edit_request(&badge, BadgeEdit::Activity(false));
    request.badge = world.draft("Silver").id;
    assert!(was_changed(world.stores.badges.edit(&request)));
}

fn an_edit_is_remembered_under_its_key(world: &World) {
    let badge = world.badge("Gold");
    let request = BadgeEditRequest {
        idempotency: Some(world.record("key")),
        ..world.edit_request(&badge, BadgeEdit::Activity(false))
    };
    world.stores.badges.edit(&request).unwrap();
    assert_eq!(world.remembered("key"), request.idempotency);
}

fn a_used_key_is_refused_before_a_changed_badge_and_nothing_is_written(world: &World) {
    let badge = world.badge("Gold");
    let first = BadgeEditRequest {
        idempotency: Some(world.record("key")),
        ..world.edit_request(&badge, BadgeEdit::Activity(false))
    };
    world.stores.badges.edit(&first).unwrap();
    let before = world.found(&badge);
    assert_key_used(&world.stores.badges.edit(&first));
    let fresh = BadgeEditRequest {
        idempotency: Some(world.record("key")),
        ..world.edit_request(&badge, BadgeEdit::Activity(true))
    };
    assert_key_used(&world.stores.badges.edit(&fresh));
    assert_eq!(world.found(&badge), before);
    assert_eq!(world.remembered("key"), first.idempotency);
}

fn of_edits_that_race_from_one_version_exactly_one_wins(world: &World) {
    let servers = world.servers();
    for round in 0..10 {
        let badge = world.badge(&format!("Badge {round}"));
        let requests: Vec<_> = (0..8)
            .map(|i| {
                let edit = claim(OwnerType::Loyalty, &i.to_string(), true);
                world.edit_request(&badge, BadgeEdit::Claim(edit))
            })
            .collect();
        let results = race(8, |i| servers[i % 2].badges.edit(&requests[i]));
        let winner = only_winner(&results, |error| matches!(error, EditBadgeError::Changed));
        let expected = claim(OwnerType::Loyalty, &winner.to_string(), true);
        assert_eq!(world.found(&badge).badge.claims, [expected]);
    }
}

fn edits_that_decide_again_until_they_win_are_all_made(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    race(8, |i| {
        let edit = BadgeEdit::Claim(claim(OwnerType::Loyalty, &i.to_string(), true));
        let again = || world.edit_request(&badge, edit.clone());
        eventually(|| !was_changed(servers[i % 2].badges.edit(&again())));
    });
    let mut claims = world.found(&badge).badge.claims;
    claims.sort();
    let expected: Vec<_> = (0..8)
        .map(|i| claim(OwnerType::Loyalty, &i.to_string(), true))
        .collect();
    assert_eq!(claims, expected);
}

fn of_edits_that_race_under_one_key_exactly_one_is_made(world: &World) {
    let servers = world.servers();
    let badges: Vec<_> = (0..8).map(|i| world.badge(&format!("Badge {i}"))).collect();
    let record = world.record("key");
    let results = race(8, |i| {
        let request = BadgeEditRequest {
            idempotency: Some(record.clone()),
            ..world.edit_request(&badges[i], BadgeEdit::Activity(false))
        };
        servers[i % 2].badges.edit(&request)
    });
    let winner = only_winner(&results, |error| {
        matches!(error, EditBadgeError::IdempotencyKeyUsed)
    });
    for (number, badge) in badges.iter().enumerate() {
        assert_eq!(world.found(badge).badge.active, number != winner);
    }
}

sentences! {
    an_edit_changes_what_it_says_and_who_updated_the_badge_when
    every_edit_raises_the_version_even_if_it_changes_nothing
    only_the_badge_that_is_meant_is_edited
    a_new_claim_is_added_as_the_last
    a_known_claim_is_set_where_it_stands
    claims_differ_by_type_and_by_every_code_point_of_the_reference
    an_edit_from_an_earlier_version_is_refused_and_writes_nothing
    an_edit_from_a_version_that_never_was_is_refused
    a_badge_that_does_not_exist_has_changed
    an_edit_is_remembered_under_its_key
    a_used_key_is_refused_before_a_changed_badge_and_nothing_is_written
    of_edits_that_race_from_one_version_exactly_one_wins
    edits_that_decide_again_until_they_win_are_all_made
    of_edits_that_race_under_one_key_exactly_one_is_made
}
