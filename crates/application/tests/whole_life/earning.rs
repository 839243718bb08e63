//! Earning, as far as it is more than the order of checks.

use accolade_application::answer::{Answer, EarnOutcome};
use accolade_application::badges::get;
use accolade_application::customers::{NamedCustomers, details};
use accolade_application::earning::{EarnBadge, Earners};
use accolade_application::enrolment::requests;
use accolade_application::ports::IdentifierKind;
use accolade_domain::badge::constraint::{Constraint, RollingWindow};
use accolade_domain::badge::{BadgeDraft, Expiry, ExpiryValue};
use accolade_domain::zone::CalendarUnit;
use time::Duration;

use crate::world::{
    NOW, World, at, at_most, before, codes, count, customer, direct, draft, now, outcome_codes,
    outcomes,
};

#[test]
fn an_earn_names_the_enrolment_that_it_rests_on() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let enrolment = world.enrol(badge, 1);
    let answer = world.earn(&world.one(badge, 1)).unwrap();
    let [outcome] = &outcomes(answer)[..] else {
        panic!("one outcome")
    };
    let EarnOutcome::Earned(_, by) = outcome.outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(by, Some(enrolment));
}

#[test]
fn an_enrolment_is_not_used_up_by_earning() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    world.enrol(badge, 1);
    for _ in 0..3 {
        world.earned(badge, 1);
    }
    assert_eq!(
        get(&world.ports, &world.caller, badge)
            .unwrap()
            .counts
            .earned,
        3
    );
}

#[test]
fn a_relative_expiry_counts_from_now_whatever_the_event_date() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        earned_expiry: Some(Expiry::Relative {
            unit: CalendarUnit::Days,
            value: ExpiryValue::try_from(3).unwrap(),
        }),
        ..direct("Gold")
    });
    let command = EarnBadge {
        event_on: Some(at("2026-02-01T00:00:00Z")),
        ..world.one(badge, 1)
    };
    let Answer::Earned(answer) = world.earn(&command).unwrap() else {
        panic!("not earned")
    };
    assert_eq!(answer.expires_on, at(NOW) + Duration::days(3));
}

#[test]
fn with_room_for_three_the_first_three_of_five_get_it() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        badge_constraints: at_most(3),
        ..direct("Gold")
    });
    let command = world.several(badge, [5, 4, 3, 2, 1]);
    let dry = world.try_out(command.clone()).unwrap();
    assert_eq!(outcome_codes(dry), [0, 0, 0, 818, 818]);
    let answer = world.earn(&command).unwrap();
    assert_eq!(outcome_codes(answer), [0, 0, 0, 818, 818]);
    assert_eq!(codes(&world.earn(&world.one(badge, 1))), [818]);
}

#[test]
fn a_refusal_can_be_looked_up_with_the_counts_of_the_limits() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        customer_constraints: at_most(1),
        badge_constraints: at_most(9),
        ..direct("Gold")
    });
    world.earned(badge, 1);
    world.earned(badge, 2);
    world.earn(&world.one(badge, 1)).unwrap_err();
    let shown = details(&world.ports, &world.caller, customer(1), badge, true).unwrap();
    let [refusal] = &shown.details.refusals[..] else {
        panic!("one refusal")
    };
    assert_eq!(refusal.rejection.code.number(), 817);
    assert_eq!((refusal.refused_on, refusal.event_on), (at(NOW), at(NOW)));
    let counted: Vec<_> = shown
        .limits
        .iter()
        .map(|l| (l.counted, l.limit.max))
        .collect();
    assert_eq!(counted, [(1, 1), (2, 9)]);

    let shown = details(&world.ports, &world.caller, customer(1), badge, false).unwrap();
    assert_eq!(shown.limits, []);
}

#[test]
fn the_details_of_a_badge_that_the_org_does_not_have_are_not_found() {
    let world = World::new();
    let nobodys = "69381523cebb9648d8974501".parse().unwrap();
    let result = details(&world.ports, &world.caller, customer(1), nobodys, true);
    assert_eq!(codes(&result), [404]);
}

#[test]
fn a_dry_run_records_nothing_not_even_a_refusal() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let command = world.one(badge, 1);
    assert_eq!(codes(&world.try_out(command.clone())), [811]);
    assert_eq!(world.details(badge, 1).refusals, []);
    world.enrol(badge, 1);
    world.try_out(command.clone()).unwrap();
    assert_eq!(world.details(badge, 1).earns, []);
    assert_eq!(
        codes(&requests(&world.ports, &world.caller, &command.request_id)),
        [404]
    );
}

#[test]
fn a_request_of_strangers_alone_is_carried_out_and_told_again() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let command = EarnBadge {
        earners: Earners::Several(NamedCustomers::Identifiers(
            IdentifierKind::Email,
            vec!["x@example.org".to_owned()],
        )),
        ..world.several(badge, [])
    };
    let answer = world.earn(&command).unwrap();
    let told = requests(&world.ports, &world.caller, &command.request_id).unwrap();
    assert_eq!(told[0].answer, answer);
    assert_eq!(codes(&world.earn(&command)), [809]);
}

#[test]
fn a_request_that_is_repeated_under_its_key_gets_its_answer_again() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let (guard, command) = (world.guard("key"), world.one(badge, 1));
    let first = now(world.run_under(&guard, command.clone()).unwrap());
    let again = before(world.run_under(&guard, command).unwrap());
    assert_eq!(again, first);
    assert_eq!(world.details(badge, 1).earns.len(), 1);
}

#[test]
fn a_rolling_limit_opens_when_it_says_so() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        badge_constraints: vec![Constraint::RollingWindow(vec![RollingWindow {
            unit: CalendarUnit::Days,
            length: count(2),
            max: count(1),
        }])],
        ..direct("Gold")
    });
    world.earned(badge, 1);
    let result = world.earn(&world.one(badge, 2)).unwrap_err().to_string();
    assert!(
        result.ends_with("It opens again at 2026-05-12T12:00:00Z."),
        "{result}"
    );
    world.clock.set(at("2026-05-12T11:59:59.999999Z"));
    assert_eq!(codes(&world.earn(&world.one(badge, 2))), [818]);
    world.clock.set(at("2026-05-12T12:00:00Z"));
    world.earned(badge, 2);
}

#[test]
fn an_earn_at_the_last_moment_of_a_badge_is_limited_by_its_last_window() {
    use accolade_domain::badge::constraint::{Cycle, FixedWindowDraft};
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        badge_constraints: vec![Constraint::FixedWindow(FixedWindowDraft {
            reference: None,
            cycle: Cycle::Months,
            max: count(1),
        })],
        ..direct("Gold")
    });
    world.clock.set(at("2026-12-31T12:00:00Z"));
    let last = |number| EarnBadge {
        event_on: Some(at("2027-01-01T00:00:00Z")),
        ..world.one(badge, number)
    };
    world.earn(&last(1)).unwrap();
    assert_eq!(codes(&world.earn(&last(2))), [818]);
    assert_eq!(codes(&world.earn(&world.one(badge, 2))), [818]);
}
