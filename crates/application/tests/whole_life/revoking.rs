//! Revoking earns and enrolments.

use accolade_application::answer::Answer;
use accolade_application::badges::get;
use accolade_application::earning::{RevokeEarn, preview_revoke, revoke as revoke_earn};
use accolade_application::enrolment::{RevokeEnrolments, requests, revoke as revoke_enrolments};
use accolade_application::ports::{Operation, RevokeTarget};
use accolade_domain::badge::BadgeDraft;
use accolade_domain::ids::{BadgeId, EnrolmentId};

use crate::world::{World, at_most, codes, customer, direct, draft};

fn revoking(badge: BadgeId, targets: &[(i64, Option<EnrolmentId>)]) -> RevokeEnrolments {
    let target = |(number, enrolment): &(i64, Option<EnrolmentId>)| RevokeTarget {
        customer: customer(*number),
        enrolment: *enrolment,
    };
    RevokeEnrolments {
        badge,
        targets: targets.iter().map(target).collect(),
        unknown: Vec::new(),
        request_id: None,
        dry_run: false,
        idempotency: None,
    }
}

/// Each outcome: whose, which, and the message of a refusal.
fn outcomes(world: &World, command: RevokeEnrolments) -> Vec<(i64, Option<EnrolmentId>, String)> {
    let answer = revoke_enrolments(&world.ports, &world.caller, command).unwrap();
    let Answer::EnrolmentsRevoked { outcomes, .. } = answer else {
        panic!("{answer:?}")
    };
    let shown = outcomes.into_iter().map(|outcome| {
        let message = outcome.refused.map(|rejection| rejection.message);
        (
            outcome.customer.get(),
            outcome.enrolment,
            message.unwrap_or_default(),
        )
    });
    shown.collect()
}

#[test]
fn a_revoked_earn_gives_its_place_back_once() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        customer_constraints: at_most(1),
        badge_constraints: at_most(1),
        ..direct("Gold")
    });
    let command = RevokeEarn {
        badge,
        customer: customer(1),
        earned: world.earned(badge, 1),
        request_id: Some(world.request_id()),
        idempotency: None,
    };
    assert_eq!(codes(&world.earn(&world.one(badge, 2))), [818]);
    preview_revoke(&world.ports, &world.caller, &command).unwrap();
    assert_eq!(codes(&world.earn(&world.one(badge, 2))), [818]);
    let answer = revoke_earn(&world.ports, &world.caller, command.clone()).unwrap();
    let told = requests(&world.ports, &world.caller, &command.request_id.unwrap()).unwrap();
    assert_eq!(
        (told[0].operation, &told[0].answer),
        (Operation::RevokeEarn, &answer)
    );
    world.earned(badge, 2);
    assert_eq!(codes(&world.earn(&world.one(badge, 1))), [818]);
}

#[test]
fn nothing_is_earned_by_virtue_of_a_revoked_enrolment() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let enrolment = world.enrol(badge, 1);
    world.earned(badge, 1);
    let revoked = outcomes(&world, revoking(badge, &[(1, None)]));
    assert_eq!(revoked, [(1, Some(enrolment), String::new())]);
    assert_eq!(codes(&world.earn(&world.one(badge, 1))), [811]);
    let counts = get(&world.ports, &world.caller, badge).unwrap().counts;
    assert_eq!((counts.issued, counts.earned), (0, 1));
}

#[test]
fn one_that_belongs_to_nobody_is_told_from_none_at_all() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let [one, two] = [1, 2].map(|number| world.enrol(badge, number));
    let targets = [(1, Some(two)), (1, Some(one)), (1, Some(one)), (3, None)];
    let not_theirs = "issue doesn't belong to customer".to_owned();
    let none = "Customer doesn't have issue instance".to_owned();
    assert_eq!(
        outcomes(&world, revoking(badge, &targets)),
        [
            (1, Some(two), not_theirs),
            (1, Some(one), String::new()),
            (1, Some(one), none.clone()),
            (3, None, none),
        ]
    );
}

#[test]
fn a_dry_run_of_a_revocation_revokes_nothing() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let enrolment = world.enrol(badge, 1);
    let command = RevokeEnrolments {
        dry_run: true,
        request_id: Some(world.request_id()),
        ..revoking(badge, &[(1, None)])
    };
    let expected = [(1, Some(enrolment), String::new())];
    assert_eq!(outcomes(&world, command.clone()), expected);
    assert_eq!(outcomes(&world, command), expected);
    world.earned(badge, 1);
}
