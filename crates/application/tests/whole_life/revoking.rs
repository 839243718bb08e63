//! Revoking earns and enrolments.

use accolade_application::answer::Answer;
use accolade_application::badges::get;
use accolade_application::earning::RevokeEarn;
use accolade_application::enrolment::{RevokeEnrolments, WhichEnrolments, requests};
use accolade_application::ports::Operation;
use accolade_domain::badge::BadgeDraft;
use accolade_domain::ids::{BadgeId, EnrolmentId};

use crate::world::{World, at_most, codes, customer, direct, draft};

fn revoking(badge: BadgeId, which: WhichEnrolments) -> RevokeEnrolments {
    RevokeEnrolments {
        badge,
        which,
        request_id: None,
    }
}

/// All enrolments of the customer.
fn all_of(number: i64) -> WhichEnrolments {
    WhichEnrolments::AllOf(vec![customer(number)].into())
}

/// Each outcome: whose, which, and the message of a refusal.
fn outcomes(world: &World, command: RevokeEnrolments) -> Vec<(i64, Option<EnrolmentId>, String)> {
    shown(world.run(command).unwrap())
}

fn shown(answer: Answer) -> Vec<(i64, Option<EnrolmentId>, String)> {
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
        customer: customer(1).into(),
        earned: world.earned(badge, 1),
        request_id: Some(world.request_id()),
    };
    assert_eq!(codes(&world.earn(&world.one(badge, 2))), [818]);
    world.try_out(command.clone()).unwrap();
    assert_eq!(codes(&world.earn(&world.one(badge, 2))), [818]);
    let answer = world.run(command.clone()).unwrap();
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
    let revoked = outcomes(&world, revoking(badge, all_of(1)));
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
    let named = |ids: &[EnrolmentId]| {
        let named = ids.iter().map(|id| (customer(1).into(), *id));
        revoking(badge, WhichEnrolments::Named(named.collect()))
    };
    let not_theirs = "issue doesn't belong to customer".to_owned();
    let none = "Customer doesn't have issue instance".to_owned();
    assert_eq!(
        outcomes(&world, named(&[two, one, one])),
        [(1, Some(two), not_theirs), (1, Some(one), String::new())]
    );
    let again = outcomes(&world, named(&[one]));
    assert_eq!(again, [(1, Some(one), none.clone())]);
    let nobodys = outcomes(&world, revoking(badge, all_of(3)));
    assert_eq!(nobodys, [(3, None, none)]);
}

#[test]
fn a_dry_run_of_a_revocation_revokes_nothing() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let enrolment = world.enrol(badge, 1);
    let command = RevokeEnrolments {
        request_id: Some(world.request_id()),
        ..revoking(badge, all_of(1))
    };
    let expected = [(1, Some(enrolment), String::new())];
    assert_eq!(shown(world.try_out(command.clone()).unwrap()), expected);
    assert_eq!(shown(world.try_out(command).unwrap()), expected);
    world.earned(badge, 1);
}
