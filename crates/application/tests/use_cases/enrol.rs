//! Enrolling customers.

use accolade_domain::badge::{Expiry, ExpiryValue};
use accolade_domain::zone::CalendarUnit;

use crate::world::{World, at, codes, command, draft};

#[test]
fn an_expiry_is_reckoned_in_the_orgs_zone() {
    let world = World::new();
    let mut definition = draft("Gold");
    definition.enrolment_expiry = Some(Expiry::Relative {
        unit: CalendarUnit::Months,
        value: ExpiryValue::try_from(1).unwrap(),
    });
    let mut request = command(world.badge_from(definition), &[1]);
    // The 31st in Kolkata, still the 30th in UTC.
    request.event_on = Some(at("2026-01-31T04:00:00+05:30"));
    let answer = world.enrol(request).unwrap();
    assert_eq!(answer.expires_on, at("2026-02-28T04:00:00+05:30"));
}

#[test]
fn a_refused_request_does_not_use_up_its_id() {
    let world = World::new();
    let mut request = command(world.badge("Gold"), &[1]);
    request.request_id = Some("request".try_into().unwrap());
    request.event_on = Some(at("2031-01-01T00:00:00Z"));
    assert_eq!(codes(world.enrol(request.clone())), [816]);
    request.event_on = None;
    world.enrol(request.clone()).unwrap();
    assert_eq!(codes(world.enrol(request)), [809]);
}
