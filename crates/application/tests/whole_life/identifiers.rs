//! Customers who are named by an identifier.

use accolade_application::customers::{PutCustomers, put, resolve};
use accolade_application::ports::{DirectoryEntry, IdentifierKind, Identifiers};

use crate::world::{World, customer};

#[test]
fn no_identifier_shows_in_debug_output() {
    let world = World::new();
    let entry = DirectoryEntry {
        customer: customer(1),
        identifiers: Identifiers {
            email: Some("secret@x".try_into().unwrap()),
            mobile: Some("0700".try_into().unwrap()),
            ..Identifiers::default()
        },
    };
    let command = PutCustomers {
        single: true,
        entries: vec![entry.clone()],
        idempotency: None,
    };
    let answer = put(&world.ports, &world.caller, command).unwrap();
    let hidden = vec!["hidden@x".to_owned()];
    let found = resolve(&world.ports, &world.caller, IdentifierKind::Email, hidden);
    let printed = format!("{answer:?} {:?} {entry:?}", found.unwrap());
    for text in ["secret", "hidden", "0700"] {
        assert!(!printed.contains(text), "{printed}");
    }
}
