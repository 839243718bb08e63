//! Importing earned badges.

use accolade_application::answer::{Answer, Imported};
use accolade_application::badges::get;
use accolade_application::earning::{ImportCustomerBadges, ImportRow};
use accolade_domain::badge::BadgeDraft;
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::Rejection;

use crate::world::{World, at, at_most, codes, customer, draft};

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
        Imported::Recorded { .. } | Imported::Forgotten => Vec::new(),
        Imported::Refused(problems) => problems.iter().map(|p| p.code.number()).collect(),
    };
    outcomes.iter().map(codes).collect()
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
fn an_import_whose_elements_all_fail_is_carried_out() {
    let world = World::new();
    let rows = vec![Ok(row("69381523cebb9648d8974501".parse().unwrap(), 1))];
    let command = importing(&world, rows);
    let answer = world.run(command.clone()).unwrap();
    assert_eq!(outcomes(&answer), [[1054]]);
    assert_eq!(codes(&world.run(command)), [809]);
}
