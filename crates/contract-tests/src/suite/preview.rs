//! Previews: what enrolling would make of customers.

use accolade_application::ports::EnrolmentRequest;
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Hold, Outcome};
use accolade_domain::instant::Instant;

use crate::World;
use crate::fixtures::{customer, customers, hold, now, second};

fn preview(
    world: &World,
    badge: &Badge,
    hold: Hold,
    numbers: &[i64],
    now: Instant,
) -> Vec<CustomerOutcome> {
    let customers = customers(numbers.iter().copied());
    let enrolments = &world.stores.enrolments;
    enrolments
        .preview(badge.org, badge.id, hold, &customers, now)
        .unwrap()
}

fn would(number: i64, status: EnrolmentStatus) -> CustomerOutcome {
    CustomerOutcome {
        customer: customer(number),
        outcome: Outcome::WouldEnrol,
        status,
    }
}

fn everybody_who_would_be_enrolled_is_shown_as_such_in_order_and_nothing_is_recorded(
    world: &World,
) {
    let badge = world.badge("Gold");
    for _ in 0..2 {
        let shown = preview(
            world,
            &badge,
            hold(1000, 2000),
            &[3, 1, i64::MAX],
            second(1500),
        );
        let expected = [3, 1, i64::MAX].map(|number| would(number, EnrolmentStatus::Active));
        assert_eq!(shown, expected);
    }
    assert_eq!(world.issued(&badge), 0);
    let outcomes = world.enrol(&world.request(&badge, [1])).unwrap();
    assert!(matches!(outcomes[0].outcome, Outcome::Enrolled(_)));
}

fn a_preview_refuses_whom_enrolling_would_refuse(world: &World) {
    let badge = world.badge("Gold");
    let first = world.request(&badge, [1, 2]);
    world.enrol(&first).unwrap();
    let early = EnrolmentRequest {
        hold: hold(100, 200),
        ..world.request(&badge, [2])
    };
    world.enrol(&early).unwrap();
    let other = world.badge("Silver");
    world.enrol(&world.request(&other, [3])).unwrap();

    let shown = preview(world, &badge, hold(150, 1001), &[3, 2, 1], second(150));
    let refused = |number, request: &EnrolmentRequest, position, status| CustomerOutcome {
        customer: customer(number),
        outcome: Outcome::AlreadyEnrolled(request.ids.get(position).unwrap().into()),
        status,
    };
    let expected = [
        would(3, EnrolmentStatus::Active),
        refused(2, &early, 0, EnrolmentStatus::Active),
        refused(1, &first, 0, EnrolmentStatus::Upcoming),
    ];
    assert_eq!(shown, expected);
    assert_eq!(world.issued(&badge), 3);
}

fn a_preview_of_a_touching_period_refuses_nobody(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [1])).unwrap();
    for hold in [hold(900, 1000), hold(2000, 2001)] {
        let shown = preview(world, &badge, hold, &[1], second(0));
        assert_eq!(shown, [would(1, EnrolmentStatus::Upcoming)]);
    }
}

fn another_orgs_enrolments_do_not_show(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [1])).unwrap();
    let stranger = Badge {
        org: world.tenant(7).org,
        ..badge
    };
    let shown = preview(world, &stranger, hold(1000, 2000), &[1], now());
    assert_eq!(shown, [would(1, EnrolmentStatus::Expired)]);
}

fn ten_thousand_customers_are_previewed_at_once(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [5000])).unwrap();
    let numbers: Vec<_> = (1..=10_000).collect();
    let shown = preview(world, &badge, hold(1000, 2000), &numbers, now());
    let free = shown.iter().filter(|o| o.outcome == Outcome::WouldEnrol);
    assert_eq!((shown.len(), free.count()), (10_000, 9_999));
}

sentences! {
    everybody_who_would_be_enrolled_is_shown_as_such_in_order_and_nothing_is_recorded
    a_preview_refuses_whom_enrolling_would_refuse
    a_preview_of_a_touching_period_refuses_nobody
    another_orgs_enrolments_do_not_show
    ten_thousand_customers_are_previewed_at_once
}
