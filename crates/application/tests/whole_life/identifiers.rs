//! Customers who are named by an identifier.

use accolade_application::customers::{NamedCustomers, PutCustomers};
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::ports::{IdentifierKind, Identifiers};
use accolade_application::{Request, execute};

use crate::world::{World, customer, draft};

#[test]
fn no_identifier_shows_in_debug_output() {
    let world = World::new();
    let identifiers = Identifiers {
        email: Some("secret@x".try_into().unwrap()),
        mobile: Some("0700".try_into().unwrap()),
        ..Identifiers::default()
    };
    let put = PutCustomers::One(customer(1).into(), identifiers);
    let hidden = vec!["hidden@x".to_owned()];
    let enrol = EnrolCustomers {
        badge: world.badge(draft("Gold")),
        customers: NamedCustomers::Identifiers(IdentifierKind::Email, hidden),
        request_id: None,
        event_on: None,
        triggered_by: None,
        by_hand: None,
    };
    let commands = format!("{put:?} {enrol:?}");
    let answer = world.run(put).unwrap();
    let enrolled = execute(&world.ports, Request::new(world.caller.clone()), enrol).unwrap();
    let printed = format!("{commands} {answer:?} {enrolled:?}");
    for text in ["secret", "hidden", "0700"] {
        assert!(!printed.contains(text), "{printed}");
    }
}
