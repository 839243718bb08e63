//! Dry runs.

use accolade_application::enrolment::requests;
use accolade_application::{Request, execute};
use accolade_domain::enrolment::{EnrolmentStatus, Outcome};

use crate::world::{World, at, codes, command, enrolment, now, outcomes};

#[test]
fn a_preview_shows_every_outcome_and_records_nothing() {
    let world = World::new();
    let badge = world.badge("Gold");
    let held = outcomes(&world.enrol(command(badge, &[2])).unwrap());
    let Outcome::Enrolled(id) = held[0] else {
        panic!("{held:?}");
    };
    let mut request = command(badge, &[1, 2, 3]);
    request.request_id = Some("request".try_into().unwrap());
    let guard = world.guard("key", 1);
    let dry_run = Request {
        dry_run: true,
        ..world.under(&guard)
    };
    let executed = execute(&world.ports, dry_run, request.clone()).unwrap();
    let answer = enrolment(now(executed));
    let expected = [
        Outcome::WouldEnrol,
        Outcome::AlreadyEnrolled(id),
        Outcome::WouldEnrol,
    ];
    assert_eq!(outcomes(&answer), expected);
    assert_eq!(answer.expires_on, at("2031-01-15T09:32:37Z"));
    assert_eq!(Some(&answer.request_id), request.request_id.as_ref());

    assert_eq!(world.issued(badge), 1);
    let asked = requests(&world.ports, &world.caller, &answer.request_id);
    assert_eq!(codes(asked), [404]);
    let executed = world.run_under(&guard, request).unwrap();
    let enrolled = outcomes(&enrolment(now(executed)));
    assert!(matches!(enrolled[0], Outcome::Enrolled(_)));
}

#[test]
fn a_previewed_status_is_that_of_the_would_be_enrolment() {
    let world = World::new();
    let badge = world.badge("Gold");
    for (event_on, status) in [
        (None, EnrolmentStatus::Active),
        (Some(at("2027-01-01T00:00:00Z")), EnrolmentStatus::Upcoming),
    ] {
        let mut request = command(badge, &[1]);
        request.event_on = event_on;
        let answer = enrolment(world.try_out(request).unwrap());
        assert_eq!(answer.outcomes[0].status, status);
    }
}
