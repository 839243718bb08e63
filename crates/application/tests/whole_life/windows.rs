//! The fixed windows of a badge.

use accolade_application::earning::{FixedWindowQuery, FixedWindows, WindowScope, fixed_windows};
use accolade_application::ports::PageOf;
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindowDraft};
use accolade_domain::badge::{BadgeDraft, Expiry};
use accolade_domain::earning::Scope;
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;

use crate::update::{update, updating};
use crate::world::{World, at, codes, count, customer, direct, draft};

fn windows(cycle: Cycle, max: i64) -> Vec<Constraint<FixedWindowDraft>> {
    vec![Constraint::FixedWindow(FixedWindowDraft {
        reference: None,
        cycle,
        max: count(max),
    })]
}

fn days(number: i64) -> Cycle {
    Cycle::Days {
        refresh_rate: count(number),
    }
}

fn query(badge: BadgeId) -> FixedWindowQuery {
    FixedWindowQuery {
        badge,
        scope: WindowScope::All,
        customer: None,
        reference: None,
        counts: false,
        starts_on: None,
        ends_on: None,
        page: PageOf { page: 0, size: 100 },
    }
}

fn list(world: &World, query: &FixedWindowQuery) -> FixedWindows {
    fixed_windows(&world.ports, &world.caller, query).unwrap()
}

fn starts(windows: &FixedWindows) -> Vec<Instant> {
    let windows = windows.windows.iter();
    windows.map(|window| window.window.starts_on).collect()
}

#[test]
fn windows_tile_the_badges_life_page_by_page() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        badge_constraints: windows(Cycle::Months, 5),
        ..direct("Gold")
    });
    let all = list(&world, &query(badge));
    assert_eq!(all.total, 12);
    assert_eq!(all.windows[0].window.starts_on, at("2026-01-01T00:00:00Z"));
    for pair in all.windows.windows(2) {
        assert_eq!(pair[0].window.ends_on, Some(pair[1].window.starts_on));
    }
    assert_eq!(
        all.windows[11].window.ends_on,
        Some(at("2027-01-01T00:00:00Z"))
    );
    let third = FixedWindowQuery {
        page: PageOf { page: 2, size: 5 },
        ..query(badge)
    };
    let third = list(&world, &third);
    assert_eq!(
        (third.total, starts(&third)),
        (12, starts(&all)[10..].to_vec())
    );
}

#[test]
fn counts_are_the_customers_and_everybodys() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        customer_constraints: windows(Cycle::Months, 5),
        badge_constraints: windows(Cycle::Months, 5),
        ..direct("Gold")
    });
    for number in [1, 1, 2] {
        world.earned(badge, number);
    }
    world.import(badge, 1);
    let counts = |scope| {
        let query = FixedWindowQuery {
            scope,
            customer: Some(customer(1)),
            counts: true,
            ..query(badge)
        };
        let listed = list(&world, &query).windows;
        let counted = listed.into_iter().map(|window| window.earned.unwrap());
        counted.collect::<Vec<_>>()
    };
    let customers = [0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0];
    let everybodys = [0, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(counts(WindowScope::Of(Scope::Customer)), customers);
    assert_eq!(counts(WindowScope::Of(Scope::Badge)), everybodys);
    assert_eq!(counts(WindowScope::All), [customers, everybodys].concat());
}

#[test]
fn only_windows_that_share_a_moment_with_the_asked_time_are_listed() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        badge_constraints: windows(Cycle::Months, 5),
        ..direct("Gold")
    });
    let query = FixedWindowQuery {
        starts_on: Some(at("2026-03-15T00:00:00Z")),
        ends_on: Some(at("2026-05-01T00:00:00Z")),
        ..query(badge)
    };
    let expected = [at("2026-03-01T00:00:00Z"), at("2026-04-01T00:00:00Z")];
    assert_eq!(starts(&list(&world, &query)), expected);
}

#[test]
fn windows_without_end_are_listed_until_the_end_of_the_badge() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        enrolment_expiry: Some(Expiry::Never),
        customer_constraints: windows(Cycle::Months, 5),
        ..draft("Gold")
    });
    let all = list(&world, &query(badge));
    assert_eq!((all.total, all.whole.ends_on), (12, None));
    let later = FixedWindowQuery {
        ends_on: Some(at("2027-03-01T00:00:00Z")),
        ..query(badge)
    };
    assert_eq!(list(&world, &later).total, 14);
}

#[test]
fn a_changed_cycle_takes_over_when_the_running_window_ends() {
    let world = World::new();
    let limited = |cycle| BadgeDraft {
        badge_constraints: windows(cycle, 1),
        ..direct("Gold")
    };
    let badge = world.badge(limited(Cycle::Months));
    update(&world, updating(badge, limited(days(10)))).unwrap();
    let listed = list(&world, &query(badge));
    assert_eq!(listed.total, 5 + 22);
    let mut starts = starts(&listed);
    starts.sort();
    assert_eq!(
        starts[4..7],
        [
            at("2026-05-01T00:00:00Z"),
            at("2026-06-01T00:00:00Z"),
            at("2026-06-11T00:00:00Z"),
        ]
    );
    let follower = listed
        .windows
        .iter()
        .map(|w| w.reference)
        .collect::<std::collections::BTreeSet<_>>();
    assert_eq!(follower.len(), 2);
    for reference in follower {
        let one = FixedWindowQuery {
            reference: Some(reference),
            ..query(badge)
        };
        let one = list(&world, &one);
        assert!(
            one.windows
                .iter()
                .all(|window| window.reference == reference)
        );
        assert!(one.total == 5 || one.total == 22);
    }
}

#[test]
fn days_begin_at_the_orgs_own_midnight() {
    let world = World::in_zone("Asia/Kolkata".parse().unwrap());
    let badge = world.badge(BadgeDraft {
        starts_on: Some(at("2026-01-01T09:00:00+05:30")),
        customer_constraints: windows(days(1), 1),
        ..direct("Gold")
    });
    let starts = starts(&list(&world, &query(badge)));
    assert_eq!(
        starts[..2],
        [
            at("2026-01-01T09:00:00+05:30"),
            at("2026-01-02T00:00:00+05:30")
        ]
    );
    world.clock.set(at("2026-01-02T23:59:59+05:30"));
    world.earned(badge, 1);
    assert_eq!(codes(&world.earn(&world.one(badge, 1))), [817]);
    world.clock.set(at("2026-01-03T00:00:00+05:30"));
    world.earned(badge, 1);
}
