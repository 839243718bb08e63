//! Creating badges.

use accolade_application::answer::{Answer, BadgeCounts, BadgeView};
use accolade_application::badges::{CreateBadge, UpdateBadge, get};
use accolade_domain::badge::{BadgeDraft, Benefit, Expiry};
use accolade_domain::rejection::{Code, Rejection};

use crate::world::{World, at, codes, creation, draft, refused};

fn created(world: &World, command: CreateBadge) -> BadgeView {
    match world.run(command).unwrap() {
        Answer::BadgeCreated(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn fields(world: &World, command: CreateBadge) -> Vec<(u32, String)> {
    let reasons = refused(world.run(command));
    let reasons = reasons.into_iter();
    reasons
        .map(|(code, field)| (code, field.unwrap_or_default()))
        .collect()
}

#[test]
fn a_new_badge_is_the_callers_and_has_no_claims_and_no_counts() {
    let world = World::new();
    let view = created(&world, creation(draft("Gold")));
    let now = world.ports.clock.now();
    let badge = &view.badge;
    assert_eq!(
        (badge.org, badge.created_by),
        (world.caller.org, world.caller.actor)
    );
    assert_eq!(
        (badge.created_on, badge.updated_on, view.now),
        (now, now, now)
    );
    assert_eq!((badge.active, badge.claims.as_slice()), (true, &[][..]));
    assert_eq!(view.counts, BadgeCounts::default());
    assert_eq!(view.earning_ends_on, Some(at("2031-01-15T09:32:37Z")));
    assert_eq!(get(&world.ports, &world.caller, badge.id).unwrap(), view);
}

#[test]
fn a_badge_whose_enrolments_never_expire_can_be_earned_for_ever() {
    let world = World::new();
    let mut definition = draft("Gold");
    definition.enrolment_expiry = Some(Expiry::Never);
    assert_eq!(created(&world, creation(definition)).earning_ends_on, None);
}

#[test]
fn what_could_not_be_read_and_what_is_wrong_are_reported_together_and_once() {
    let world = World::new();
    let command = CreateBadge {
        unread: vec![
            Rejection::unreadable("must be text").at_field("description"),
            Rejection::unreadable("must be a date").at_field("expiresOn"),
        ],
        migrating: false,
        ..creation(BadgeDraft {
            name: None,
            expires_on: None,
            owners: vec![],
            ..draft("Gold")
        })
    };
    let expected = [
        (400, "description"),
        (400, "expiresOn"),
        (400, "name"),
        (728, "ownership.restrictedToOwners"),
        (722, "startOn"),
    ];
    let expected = expected.map(|(code, field)| (code, field.to_owned()));
    assert_eq!(fields(&world, command), expected);
}

#[test]
fn what_could_not_be_read_is_refused_even_if_the_rest_is_right() {
    let world = World::new();
    let unread = vec![Rejection::unreadable("must be text").at_field("description")];
    let command = CreateBadge {
        unread,
        ..creation(draft("Gold"))
    };
    assert_eq!(fields(&world, command), [(400, "description".to_owned())]);
    world.badge("Gold");
}

#[test]
fn a_definition_has_at_most_64_kibibytes_when_it_is_created_and_when_it_is_revised() {
    let world = World::new();
    let with_benefits = |len: usize| {
        let benefit = format!(r#"{{"benefitType":"COUPON","x":"{}"}}"#, "x".repeat(3_900));
        BadgeDraft {
            benefits: vec![Benefit::from_json(benefit); len],
            ..draft("Gold")
        }
    };
    let too_long = [(Code::Unreadable.number(), String::new())];
    assert_eq!(fields(&world, creation(with_benefits(17))), too_long);
    let badge = created(&world, creation(with_benefits(16))).badge.id;
    let revision = UpdateBadge {
        badge,
        draft: with_benefits(17),
        unread: Vec::new(),
        active: None,
        migrating: true,
        if_match: None,
    };
    assert_eq!(codes(world.run(revision)), [Code::Unreadable.number()]);
}
