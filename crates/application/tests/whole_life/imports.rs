//! Importing earned badges.

use accolade_application::answer::{Answer, Imported};
use accolade_application::badges::get;
use accolade_application::earning::{ImportCustomerBadges, ImportRow};
use accolade_application::enrolment::requests;
use accolade_domain::badge::BadgeDraft;
use accolade_domain::badge::constraint::{Constraint, RollingWindow};
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::zone::CalendarUnit;

use crate::world::{World, at, at_most, codes, count, customer, direct, draft};

type Row = Result<ImportRow, Vec<Rejection>>;

fn row(badge: BadgeId, number: i64) -> ImportRow {
    ImportRow {
        badge,
        customer: customer(number).into(),
        event_on: at("2020-02-01T00:00:00Z"),
        expires_on: at("2021-02-01T00:00:00Z"),
    }
}

fn importing(world: &World, rows: Vec<Row>) -> ImportCustomerBadges {
    ImportCustomerBadges {
        rows,
        request_id: Some(world.request_id()),
    }
}

/// The codes of each element; none for one that was recorded.
fn outcomes(answer: &Answer) -> Vec<Vec<u32>> {
    let Answer::Imported { outcomes, .. } = answer else {
        panic!("{answer:?}")
    };
    let codes = |outcome: &Imported| match outcome {
        Imported::Recorded { .. } => Vec::new(),
        Imported::Refused(problems) => problems.iter().map(|p| p.code.number()).collect(),
    };
    outcomes.iter().map(codes).collect()
}

#[test]
fn each_element_fails_alone_and_the_rest_are_recorded_in_their_order() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let nobodys = "69381523cebb9648d8974501".parse().unwrap();
    let backwards = ImportRow {
        expires_on: row(badge, 3).event_on,
        ..row(badge, 3)
    };
    let unreadable = Rejection::of(Code::Unreadable);
    let rows = vec![
        Ok(row(badge, 1)),
        Err(vec![unreadable.clone(), unreadable]),
        Ok(row(nobodys, 2)),
        Ok(backwards),
        Ok(row(badge, 1)),
    ];
    let command = importing(&world, rows);
    let request_id = command.request_id.clone().unwrap();
    let answer = world.run(command.clone()).unwrap();
    assert_eq!(
        outcomes(&answer),
        [
            vec![],
            vec![999_999, 999_999],
            vec![404],
            vec![999_999],
            vec![]
        ]
    );
    assert_eq!(world.details(badge, 1).earns.len(), 2);
    let told = requests(&world.ports, &world.caller, &request_id).unwrap();
    assert_eq!(told[0].answer, answer);
    assert_eq!(codes(&world.run(command)), [809]);
}

#[test]
fn a_deactivated_badge_that_is_limited_and_nobodys_takes_imports_too() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        badge_constraints: at_most(1),
        ..draft("Gold")
    });
    world.turn(badge, false);
    let rows = (1..=3).map(|number| Ok(row(badge, number))).collect();
    let answer = world.run(importing(&world, rows)).unwrap();
    assert_eq!(outcomes(&answer), vec![Vec::<u32>::new(); 3]);
    assert_eq!(
        get(&world.ports, &world.caller, badge)
            .unwrap()
            .counts
            .earned,
        3
    );
}

#[test]
fn imports_count_towards_fixed_values_but_not_towards_rolling_windows() {
    let world = World::new();
    let fixed = world.badge(BadgeDraft {
        customer_constraints: at_most(2),
        ..direct("Fixed")
    });
    let rolling = world.badge(BadgeDraft {
        customer_constraints: vec![Constraint::RollingWindow(vec![RollingWindow {
            unit: CalendarUnit::Days,
            length: count(30),
            max: count(1),
        }])],
        ..direct("Rolling")
    });
    for badge in [fixed, rolling] {
        world.import(badge, 1);
        world.earned(badge, 1);
        assert_eq!(codes(&world.earn(&world.one(badge, 1))), [817]);
    }
}

#[test]
fn a_dry_run_says_the_same_and_records_nothing() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let command = importing(&world, vec![Ok(row(badge, 1)), Err(Vec::new())]);
    let request_id = command.request_id.clone().unwrap();
    let answer = world.try_out(command).unwrap();
    assert_eq!(outcomes(&answer).len(), 2);
    assert_eq!(world.details(badge, 1).earns, []);
    assert_eq!(
        codes(&requests(&world.ports, &world.caller, &request_id)),
        [404]
    );
}

#[test]
fn an_import_whose_elements_all_fail_is_carried_out() {
    let world = World::new();
    let rows = vec![Ok(row("69381523cebb9648d8974501".parse().unwrap(), 1))];
    let command = importing(&world, rows);
    let answer = world.run(command.clone()).unwrap();
    assert_eq!(outcomes(&answer), [[404]]);
    assert_eq!(codes(&world.run(command)), [809]);
}
