//! Revising a badge.

use accolade_application::answer::{Answer, BadgeView};
use accolade_application::badges::CreateBadge;
use accolade_application::badges::{UpdateBadge, etag};
use accolade_application::catalogue::{CreateGroup, RemoveGroup};
use accolade_application::error::UseCaseError;
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindowDraft, RollingWindow};
use accolade_domain::badge::{BadgeDraft, EarnType, Expiry, Rank};
use accolade_domain::ids::{BadgeId, GroupId};
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::zone::CalendarUnit;

use crate::world::{
    NOW, World, at, at_most, before, codes, count, direct, draft, faults, now, owner,
};

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

fn view(answer: Answer) -> BadgeView {
    match answer {
        Answer::Badge(view) => *view,
        other => panic!("{other:?}"),
    }
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

fn group(world: &World, name: &str) -> GroupId {
    let command = CreateGroup {
        name: name.try_into().unwrap(),
        rank: Rank::try_from(1).unwrap(),
    };
    match world.run(command).unwrap() {
        Answer::Group(group) => group.id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_update_replaces_the_definition_and_keeps_claims_activity_and_counts() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    world.claim(badge, owner(OwnerType::Loyalty, "1"));
    world.enrol(badge, 1);
    world.turn(badge, false);
    world.clock.set(at("2026-05-11T00:00:00Z"));
    let before = world.found(badge);
    let answer = view(update(&world, updating(badge, draft("Silver"))).unwrap());
    let after = world.found(badge);
    assert_eq!(answer.badge, after);
    assert_eq!((answer.counts.issued, answer.counts.earned), (1, 0));
    assert_eq!(after.definition.name.as_str(), "Silver");
    assert_eq!(after.updated_on, at("2026-05-11T00:00:00Z"));
    assert_eq!(
        (after.claims, after.active, after.created_on),
        (before.claims, false, before.created_on)
    );
}

#[test]
fn an_update_turns_the_badge_on_or_off_if_it_says_so() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    for active in [false, true] {
        let command = UpdateBadge {
            active: Some(active),
            ..updating(badge, draft("Gold"))
        };
        assert_eq!(view(update(&world, command).unwrap()).badge.active, active);
        assert_eq!(world.found(badge).active, active);
    }
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
        unread: vec![Rejection::of(Code::Unreadable).at("startOn")],
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
            (999_999, "startOn"),
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

#[test]
fn an_owner_with_an_active_claim_stays() {
    let world = World::new();
    let both = BadgeDraft {
        owners: vec![OwnerType::Loyalty, OwnerType::Journeys],
        ..upcoming("Gold")
    };
    let badge = world.badge(both.clone());
    world.claim(badge, owner(OwnerType::Journeys, "1"));
    let result = update(&world, updating(badge, upcoming("Gold")));
    assert_eq!(codes(&result), [729]);
    let journeys = BadgeDraft {
        owners: vec![OwnerType::Journeys],
        ..both
    };
    update(&world, updating(badge, journeys)).unwrap();
}

#[test]
fn past_dates_are_looked_at_only_where_they_change_unless_migrating() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let past = BadgeDraft {
        expires_on: Some(at("2026-05-01T00:00:00Z")),
        ..direct("Gold")
    };
    assert_eq!(codes(&update(&world, updating(badge, past.clone()))), [724]);
    let command = UpdateBadge {
        migrating: true,
        ..updating(badge, past.clone())
    };
    update(&world, command).unwrap();
    update(&world, updating(badge, past)).unwrap();
}

#[test]
fn another_badges_name_is_taken_and_its_own_is_not() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    world.badge(direct("Silver"));
    let result = update(&world, updating(badge, direct("Silver")));
    assert_eq!(faults(&result), [(725, "name")]);
    update(&world, updating(badge, direct("Gold"))).unwrap();
    update(&world, updating(badge, direct("gold"))).unwrap();
}

#[test]
fn a_group_is_shown_with_the_badge_until_it_is_removed_and_cannot_be_given_after() {
    let world = World::new();
    let group = group(&world, "Metals");
    let grouped = |name| BadgeDraft {
        group: Some(group),
        ..direct(name)
    };
    let badge = world.badge(direct("Gold"));
    let shown = view(update(&world, updating(badge, grouped("Gold"))).unwrap());
    assert_eq!(shown.group.unwrap().id, group);
    world.run(RemoveGroup { group }).unwrap();
    let found = accolade_application::badges::get(&world.ports, &world.caller, badge).unwrap();
    assert_eq!(found.group, None);
    let result = update(&world, updating(badge, grouped("Gold")));
    assert_eq!(faults(&result), [(404, "badgeGroupId")]);
    let command = CreateBadge {
        draft: grouped("Silver"),
        unread: Vec::new(),
        active: true,
        migrating: true,
        id: None,
    };
    let result = world.run(command);
    assert_eq!(faults(&result), [(404, "badgeGroupId")]);
}

#[test]
fn an_update_that_is_repeated_under_its_key_gets_its_answer_again() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let command = UpdateBadge {
        if_match: Some(vec![etag(&world.found(badge)).unwrap()]),
        ..updating(badge, direct("Silver"))
    };
    let guard = world.guard("key");
    let first = now(world.run_under(&guard, command.clone()).unwrap());
    let again = before(world.run_under(&guard, command).unwrap());
    assert_eq!(again, first);
}
