//! Finding customers by anything, and what has happened to them.

use accolade_application::answer::{Answer, EarnOutcome};
use accolade_application::customers::{
    MOST_MATCHES, Match, MatchKind, PutCustomers, room, search, timeline,
};
use accolade_application::ports::{Happening, HistoryPlace, IdentifierKind, Identifiers};
use accolade_domain::badge::constraint::{Constraint, RollingWindow};
use accolade_domain::ids::{BadgeId, EarnedBadgeId};
use accolade_domain::text::{BadgeName, RequestId};
use accolade_domain::zone::CalendarUnit;
use time::Duration;

use crate::world::{NOW, World, at, at_most, codes, count, customer, direct, draft};

fn found(world: &World, text: &str) -> Vec<(&'static str, i64)> {
    let matches = search(&world.ports, &world.caller, text).unwrap();
    let shown = matches.iter();
    shown
        .map(|it| (it.kind.name(), it.customer.get()))
        .collect()
}

fn call(world: &World, number: i64, identifiers: Identifiers) {
    let put = PutCustomers::One(customer(number).into(), identifiers);
    world.run(put).unwrap();
}

fn earned(world: &World, badge: BadgeId, number: i64) -> EarnedBadgeId {
    match world.run(world.one(badge, number)).unwrap() {
        Answer::Earned(answer) => match answer.outcomes[0].outcome {
            EarnOutcome::Earned(id, _) => id,
            ref other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn somebody_is_found_by_every_identifier_as_it_is_compared() {
    let world = World::new();
    let identifiers = Identifiers {
        email: Some("anna@example.org".try_into().unwrap()),
        mobile: Some("+919876543210".try_into().unwrap()),
        external_id: Some("crm-7".try_into().unwrap()),
        card_number: Some("4000-0101".try_into().unwrap()),
    };
    call(&world, 7, identifiers);
    for (text, kind) in [
        (" ANNA@Example.org ", "EMAIL"),
        ("+91 98765 43210", "MOBILE"),
        ("crm-7", "EXTERNAL_ID"),
        ("4000-0101", "CARD_NUMBER"),
        ("7", "CUSTOMER_ID"),
    ] {
        assert_eq!(found(&world, text), [(kind, 7)], "{text}");
    }
    for text in ["", " ", "anna", "CRM-7", "8-9", "\0", &"x".repeat(300)] {
        assert_eq!(found(&world, text), [], "{text:?}");
    }
}

#[test]
fn a_number_that_is_somebodys_card_is_hers_and_a_number_of_nobody_may_be_a_new_customer() {
    let world = World::new();
    let identifiers = Identifiers {
        card_number: Some("4711".try_into().unwrap()),
        ..Identifiers::default()
    };
    call(&world, 7, identifiers);
    assert_eq!(found(&world, "4711"), [("CARD_NUMBER", 7)]);
    assert_eq!(found(&world, "4712"), [("CUSTOMER_ID", 4712)]);
    let badge = world.badge(direct("Gold"));
    earned(&world, badge, 4711);
    let both = [("CUSTOMER_ID", 4711), ("CARD_NUMBER", 7)];
    assert_eq!(found(&world, "4711"), both);
}

#[test]
fn somebody_is_found_by_the_ids_of_enrolments_earned_badges_and_requests() {
    let world = World::new();
    let gold = world.badge(draft("Gold"));
    let enrolment = world.enrol(gold, 1);
    let badge = world.badge(direct("Silver"));
    let earned = earned(&world, badge, 2);
    assert_eq!(found(&world, &enrolment.to_string()), [("ISSUED_ID", 1)]);
    let upper = earned.to_string().to_uppercase();
    let matches = search(&world.ports, &world.caller, &upper).unwrap();
    let expected = Match {
        kind: MatchKind::Earn,
        customer: customer(2),
        badge: Some(badge),
    };
    assert_eq!(matches, [expected]);
    let request = world.several(badge, 1..=30);
    let id = request.request_id.clone();
    world.run(request).unwrap();
    let matches = found(&world, id.as_str());
    assert_eq!(matches.len(), MOST_MATCHES);
    assert_eq!(matches[19], ("REQUEST_ID", 20));
    assert_eq!(found(&world, &gold.to_string()), []);
    // An element of an import has an id of its own.
    world.import_as(RequestId::try_from("import").ok(), badge, [41, 42]);
    assert_eq!(found(&world, "import").len(), 2);
    assert_eq!(found(&world, "import_2"), [("REQUEST_ID", 42)]);
    assert_eq!(found(&world, "import_3"), []);
}

#[test]
fn every_kind_of_match_has_a_name_of_its_own() {
    let mut names: Vec<_> = MatchKind::ALL.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4 + IdentifierKind::ALL.len());
}

#[test]
fn a_timeline_has_names_and_goes_on_page_by_page() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    for _ in 0..5 {
        earned(&world, badge, 1);
    }
    let page = |after: Option<HistoryPlace>| {
        timeline(&world.ports, &world.caller, customer(1), after, 2).unwrap()
    };
    let first = page(None);
    let (mut entries, mut next) = (first.entries, first.next);
    while let Some(place) = next {
        let page = page(Some(place));
        assert!(page.entries.len() <= 2);
        entries.extend(page.entries);
        next = page.next;
    }
    assert_eq!(entries.len(), 5);
    let mut ids = std::collections::BTreeSet::new();
    for entry in &entries {
        let name = entry.badge_name.as_ref().map(BadgeName::as_str);
        assert_eq!(name, Some("Gold"));
        let Happening::Earned(id) = entry.entry.what else {
            panic!("{entry:?}");
        };
        ids.insert(id);
    }
    assert_eq!(ids.len(), 5);
}

#[test]
fn room_is_what_limits_leave_and_a_full_rolling_window_says_when_it_opens() {
    let world = World::new();
    let badge = world.badge(accolade_domain::badge::BadgeDraft {
        customer_constraints: vec![
            at_most(3).remove(0),
            Constraint::RollingWindow(vec![RollingWindow {
                unit: CalendarUnit::Days,
                length: count(2),
                max: count(2),
            }]),
        ],
        badge_constraints: at_most(10),
        ..direct("Gold")
    });
    let rooms = || {
        let rooms = room(&world.ports, &world.caller, customer(1), badge).unwrap();
        let shown = rooms.iter().map(|it| (it.counted, it.room, it.opens_on));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(rooms(), [(0, 3, None), (0, 2, None), (0, 10, None)]);
    earned(&world, badge, 1);
    world.clock.advance(Duration::HOUR);
    earned(&world, badge, 1);
    let opens_on = at(NOW) + Duration::days(2);
    assert_eq!(
        rooms(),
        [(2, 1, None), (2, 0, Some(opens_on)), (2, 8, None)]
    );
    assert_eq!(codes(&world.run(world.one(badge, 1))), [817]);
    world.clock.set(opens_on);
    earned(&world, badge, 1);
    // In all there will be no room any more.
    assert_eq!(rooms()[0], (3, 0, None));
}
