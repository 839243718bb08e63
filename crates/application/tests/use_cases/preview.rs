//! Dry runs.

use accolade_application::enrolment::{preview, requests};
use accolade_application::idempotency::recall;
use accolade_domain::enrolment::{EnrolmentStatus, Outcome};

use crate::world::{World, at, codes, command, enrolment, outcomes};

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
    request.idempotency = Some(world.guard("key", 1));
    let answer = enrolment(preview(&world.ports, &world.caller, request.clone()).unwrap());
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
    let guard = request.idempotency.clone().unwrap();
    assert_eq!(recall(&world.ports, &guard).unwrap(), None);
    let enrolled = outcomes(&world.enrol(request).unwrap());
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
        let answer = enrolment(preview(&world.ports, &world.caller, request).unwrap());
        assert_eq!(answer.outcomes[0].status, status);
    }
}
