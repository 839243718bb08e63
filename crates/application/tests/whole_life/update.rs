//! Revising a badge.

use accolade_application::answer::Answer;
use accolade_application::badges::{UpdateBadge, etag};
use accolade_application::error::UseCaseError;
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindowDraft, RollingWindow};
use accolade_domain::badge::{BadgeDraft, EarnType, Expiry};
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::zone::CalendarUnit;

use crate::world::{NOW, World, at, at_most, codes, count, direct, draft, faults};

pub(crate) fn updating(badge: BadgeId, draft: BadgeDraft) -> UpdateBadge {
    UpdateBadge {
        badge,
        draft,
        unread: Vec::new(),
        active: None,
        migrating: false,
        if_match: None,
    }
}

pub(crate) fn update(world: &World, command: UpdateBadge) -> Result<Answer, UseCaseError> {
    world.run(command)
}

/// A badge that starts after now.
fn upcoming(name: &str) -> BadgeDraft {
    BadgeDraft {
        starts_on: Some(at("2026-06-01T00:00:00Z")),
        ..direct(name)
    }
}

fn daily(max: i64) -> Constraint<FixedWindowDraft> {
    Constraint::FixedWindow(FixedWindowDraft {
        reference: None,
        cycle: Cycle::Days {
            refresh_rate: count(1),
        },
        max: count(max),
    })
}

fn rolling(max: i64) -> Constraint<FixedWindowDraft> {
    Constraint::RollingWindow(vec![RollingWindow {
        unit: CalendarUnit::Days,
        length: count(7),
        max: count(max),
    }])
}

#[test]
fn an_unknown_badge_is_not_found_before_anything_else_is_said_of_the_definition() {
    let world = World::new();
    let command = UpdateBadge {
        if_match: Some(vec!["x".to_owned()]),
        ..updating(
            "69381523cebb9648d8974501".parse().unwrap(),
            BadgeDraft::default(),
        )
    };
    assert_eq!(codes(&update(&world, command)), [404]);
}

#[test]
fn one_of_the_tags_must_be_the_badges_and_comes_before_the_definition() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let tag = etag(&world.found(badge)).unwrap();
    let command = |draft, tags: &[&str]| UpdateBadge {
        if_match: Some(tags.iter().map(|&tag| tag.to_owned()).collect()),
        ..updating(badge, draft)
    };
    for tags in [&[][..], &["other"]] {
        let result = update(&world, command(BadgeDraft::default(), tags));
        assert_eq!(codes(&result), [1944]);
    }
    update(&world, command(draft("Silver"), &["other", &tag])).unwrap();
    assert_eq!(
        codes(&update(&world, command(draft("Bronze"), &[&tag]))),
        [1944]
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let command = UpdateBadge {
        unread: vec![Rejection::new(Code::Unreadable).at_field("startOn")],
        ..updating(
            badge,
            BadgeDraft {
                starts_on: None,
                earn_type: Some(EarnType::Earn),
                group: Some("69381523cebb9648d8974501".parse().unwrap()),
                custom_values: [("x".try_into().unwrap(), "y".try_into().unwrap())].into(),
                owners: Vec::new(),
                ..draft("Gold")
            },
        )
    };
    let result = update(&world, command);
    assert_eq!(
        faults(&result),
        [
            (400, "startOn"),
            (1904, "earnType"),
            (728, "ownership.restrictedToOwners"),
            (404, "badgeGroupId"),
            (746, "customFields.x"),
        ]
    );
}

#[test]
fn what_must_stay_of_a_live_badge_may_change_of_an_upcoming_one() {
    for (change, code) in [
        (
            (|draft: &mut BadgeDraft| draft.starts_on = Some(at("2026-07-01T00:00:00Z")))
                as fn(&mut BadgeDraft),
            723,
        ),
        (
            |draft| {
                draft.earn_type = Some(EarnType::IssueEarn);
                draft.enrolment_expiry = Some(Expiry::Never);
            },
            1904,
        ),
        (|draft| draft.badge_constraints = vec![daily(1)], 826),
    ] {
        let limited = BadgeDraft {
            badge_constraints: at_most(1),
            ..upcoming("Gold")
        };
        let changed = |mut draft: BadgeDraft| {
            change(&mut draft);
            draft
        };
        let world = World::new();
        let badge = world.badge(limited.clone());
        world.clock.set(at("2026-06-01T00:00:00Z"));
        let result = update(&world, updating(badge, changed(limited.clone())));
        assert_eq!(codes(&result), [code]);
        world.clock.set(at("2027-06-01T00:00:00Z"));
        let result = update(&world, updating(badge, changed(limited.clone())));
        assert_eq!(codes(&result), [code], "after its end");
        world.clock.set(at(NOW));
        update(&world, updating(badge, changed(limited))).unwrap();
    }
}

#[test]
fn rolling_windows_and_fixed_values_may_become_each_other_once_live() {
    let world = World::new();
    let with = |constraint| BadgeDraft {
        customer_constraints: vec![constraint],
        ..direct("Gold")
    };
    let badge = world.badge(with(rolling(1)));
    update(
        &world,
        updating(badge, with(Constraint::FixedValue(count(1)))),
    )
    .unwrap();
    update(&world, updating(badge, with(rolling(2)))).unwrap();
    assert_eq!(
        codes(&update(&world, updating(badge, with(daily(1))))),
        [826]
    );
}
