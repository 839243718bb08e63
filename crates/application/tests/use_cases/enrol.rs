//! Enrolling customers.

use accolade_domain::badge::{Expiry, ExpiryValue};
use accolade_domain::enrolment::{EnrolmentStatus, Outcome};
use accolade_domain::owner::OwnerType;
use accolade_domain::zone::CalendarUnit;

use crate::world::{World, at, codes, command, draft, outcomes, owner};

#[test]
fn the_answer_names_the_badge_the_trigger_the_expiry_and_the_request() {
    let world = World::new();
    let badge = world.badge("Gold");
    world.claim(badge, owner(OwnerType::Loyalty, "123694"));
    let mut request = command(badge, &[2, 1]);
    request.triggered_by = Some(owner(OwnerType::Loyalty, "123694"));
    request.request_id = Some("21390".try_into().unwrap());
    request.event_on = Some(at("2024-04-23T13:44:15+05:30"));
    let answer = world.enrol(request.clone()).unwrap();
    assert_eq!(answer.badge, badge);
    assert_eq!(answer.triggered_by, request.triggered_by);
    assert_eq!(Some(answer.request_id), request.request_id);
    assert_eq!(answer.expires_on, at("2031-01-15T09:32:37Z"));
    let customers = answer.outcomes.iter().map(|outcome| outcome.customer.get());
    assert_eq!(customers.collect::<Vec<_>>(), [2, 1]);
    let mut statuses = answer.outcomes.iter().map(|outcome| outcome.status);
    assert!(statuses.all(|status| status == EnrolmentStatus::Active));
}

#[test]
fn a_request_without_an_id_gets_one_of_its_own() {
    let world = World::new();
    let badge = world.badge("Gold");
    let first = world.enrol(command(badge, &[1])).unwrap();
    let second = world.enrol(command(badge, &[2])).unwrap();
    assert_ne!(first.request_id, second.request_id);
}

#[test]
fn who_holds_an_enrolment_is_refused_with_it_and_the_rest_go_through() {
    let world = World::new();
    let badge = world.badge("Gold");
    let first = outcomes(&world.enrol(command(badge, &[1])).unwrap());
    let Outcome::Enrolled(id) = first[0] else {
        panic!("{first:?}");
    };
    let second = outcomes(&world.enrol(command(badge, &[2, 1])).unwrap());
    assert!(matches!(second[0], Outcome::Enrolled(_)));
    assert_eq!(second[1], Outcome::AlreadyEnrolled(id));
    assert_eq!(world.issued(badge), 2);
}

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

#[test]
fn another_orgs_badge_is_not_found_and_its_request_ids_are_free() {
    let world = World::new();
    let badge = world.badge("Gold");
    let mut request = command(badge, &[1]);
    request.request_id = Some("request".try_into().unwrap());
    world.enrol(request.clone()).unwrap();
    let stranger = world.stranger();
    assert_eq!(codes(world.run_as(&stranger, request)), [404]);
}

#[test]
fn after_a_deactivation_nobody_is_enrolled_and_after_an_activation_again() {
    use accolade_application::badges::SetActivity;

    let world = World::new();
    let badge = world.badge("Gold");
    world.deactivate(badge);
    assert_eq!(codes(world.enrol(command(badge, &[1]))), [1901]);
    let on = SetActivity {
        badge,
        active: true,
    };
    world.run(on).unwrap();
    world.enrol(command(badge, &[1])).unwrap();
}
