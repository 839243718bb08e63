//! Which enrolments stand in each other's way.

use accolade_application::ports::EnrolmentRequest;
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::{Hold, Outcome};
use accolade_domain::ids::EnrolmentId;
use accolade_domain::instant::Instant;

use crate::World;
use crate::fixtures::{hold, second};

/// What becomes of a customer who wants to be enrolled from one second until another.
fn attempt(world: &World, badge: &Badge, number: i64, from: i64, until: i64) -> Outcome {
    let request = EnrolmentRequest {
        hold: hold(from, until),
        ..world.request(badge, [number])
    };
    world.enrol(&request).unwrap()[0].outcome
}

fn enrolled(outcome: Outcome) -> EnrolmentId {
    match outcome {
        Outcome::Enrolled(id) => id,
        other => panic!("not enrolled: {other:?}"),
    }
}

fn whoever_holds_a_moment_of_the_wanted_period_is_refused_and_nobody_else(world: &World) {
    let badge = world.badge("Gold");
    for (number, (from, until, refused)) in (1..).zip([
        (100, 200, true),
        (150, 160, true),
        (50, 250, true),
        (50, 150, true),
        (150, 250, true),
        (100, 150, true),
        (150, 200, true),
        (50, 100, false),
        (200, 250, false),
        (1, 2, false),
        (300, 400, false),
    ]) {
        let first = enrolled(attempt(world, &badge, number, 100, 200));
        let outcome = attempt(world, &badge, number, from, until);
        let is_refused = outcome == Outcome::AlreadyEnrolled(first);
        assert_eq!(is_refused, refused, "{from} to {until}: {outcome:?}");
    }
}

fn one_microsecond_in_common_is_enough(world: &World) {
    let badge = world.badge("Gold");
    let first = enrolled(attempt(world, &badge, 1, 100, 200));
    let micros = |micros| Instant::from_unix_micros(micros).unwrap();
    let want = |from, until| {
        let hold = Hold::new(from, until).unwrap();
        let request = EnrolmentRequest {
            hold,
            ..world.request(&badge, [1])
        };
        world.enrol(&request).unwrap()[0].outcome
    };
    let refused = Outcome::AlreadyEnrolled(first);
    assert_eq!(want(second(50), micros(100_000_001)), refused);
    assert_eq!(want(micros(199_999_999), second(300)), refused);
    enrolled(want(micros(99_999_999), micros(100_000_000)));
    enrolled(want(micros(200_000_000), micros(200_000_001)));
}

fn a_customer_may_hold_several_one_after_another_also_backwards_in_time(world: &World) {
    let badge = world.badge("Gold");
    let mut ids = Vec::new();
    for from in [500, 700, 600, 100, 900, 300, 200, 400, 800] {
        ids.push(enrolled(attempt(world, &badge, 1, from, from + 100)));
    }
    assert_eq!(world.issued(&badge), 9);
    for (from, id) in [500, 700, 600, 100, 900, 300, 200, 400, 800]
        .iter()
        .zip(ids)
    {
        let outcome = attempt(world, &badge, 1, from + 99, from + 100);
        assert_eq!(outcome, Outcome::AlreadyEnrolled(id));
    }
}

fn of_several_in_the_way_the_one_with_the_earliest_event_date_is_named(world: &World) {
    let badge = world.badge("Gold");
    let ids =
        [300, 100, 200].map(|from| (from, enrolled(attempt(world, &badge, 1, from, from + 50))));
    for (from, until, named) in [
        (1, 1000, 100),
        (150, 1000, 200),
        (249, 301, 200),
        (250, 301, 300),
    ] {
        let (_, id) = ids.iter().find(|(from, _)| *from == named).unwrap();
        let outcome = attempt(world, &badge, 1, from, until);
        assert_eq!(outcome, Outcome::AlreadyEnrolled(*id), "{from} to {until}");
    }
}

fn enrolments_of_other_customers_badges_and_orgs_are_in_nobodys_way(world: &World) {
    let gold = world.badge("Gold");
    enrolled(attempt(world, &gold, 1, 100, 200));
    enrolled(attempt(world, &gold, 2, 100, 200));
    enrolled(attempt(world, &world.badge("Silver"), 1, 100, 200));
    let other = world.badge_of(world.tenant(7), "Gold");
    enrolled(attempt(world, &other, 1, 100, 200));
    assert_eq!((world.issued(&gold), world.issued(&other)), (2, 1));
}

fn a_request_may_find_some_free_some_refused_and_some_free_after_an_earlier_one(world: &World) {
    let badge = world.badge("Gold");
    enrolled(attempt(world, &badge, 2, 100, 200));
    let held = enrolled(attempt(world, &badge, 3, 250, 260));
    enrolled(attempt(world, &badge, 4, 300, 400));
    enrolled(attempt(world, &badge, 5, 100, 200));
    let named = enrolled(attempt(world, &badge, 5, 220, 230));
    enrolled(attempt(world, &badge, 5, 240, 250));
    let request = EnrolmentRequest {
        hold: hold(200, 300),
        ..world.request(&badge, [5, 1, 2, 3, 4])
    };
    let outcomes = world.enrol(&request).unwrap();
    let id = |i| Outcome::Enrolled(request.ids.get(i).unwrap().into());
    let refused = Outcome::AlreadyEnrolled;
    let expected = [refused(named), id(1), id(2), refused(held), id(4)];
    assert_eq!(
        outcomes.iter().map(|o| o.outcome).collect::<Vec<_>>(),
        expected
    );
}

sentences! {
    whoever_holds_a_moment_of_the_wanted_period_is_refused_and_nobody_else
    one_microsecond_in_common_is_enough
    a_customer_may_hold_several_one_after_another_also_backwards_in_time
    of_several_in_the_way_the_one_with_the_earliest_event_date_is_named
    enrolments_of_other_customers_badges_and_orgs_are_in_nobodys_way
    a_request_may_find_some_free_some_refused_and_some_free_after_an_earlier_one
}
