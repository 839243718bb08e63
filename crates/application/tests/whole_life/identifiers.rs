//! Customers who are named by an identifier.

use accolade_application::customers::{PutCustomers, Resolved, put, resolve, resolve_one};
use accolade_application::ports::{DirectoryEntry, IdentifierKind, Identifiers};
use accolade_domain::ids::CustomerId;

use crate::world::{World, codes, customer, faults};

fn entry(number: i64, email: &str, mobile: &str) -> DirectoryEntry {
    let text = |text: &str| (!text.is_empty()).then(|| text.try_into().unwrap());
    DirectoryEntry {
        customer: customer(number),
        identifiers: Identifiers {
            email: text(email),
            mobile: text(mobile),
            ..Identifiers::default()
        },
    }
}

fn putting(single: bool, entries: Vec<DirectoryEntry>) -> PutCustomers {
    PutCustomers {
        single,
        entries,
        idempotency: None,
    }
}

/// Customer 1 has two identifiers, customer 2 one.
fn world() -> World {
    let world = World::new();
    let entries = vec![
        entry(1, "Ann@Example.org", "0700"),
        entry(2, "bob@example.org", ""),
    ];
    put(&world.ports, &world.caller, putting(false, entries)).unwrap();
    world
}

fn resolved(world: &World, kind: IdentifierKind, texts: &[&str]) -> Resolved {
    let texts = texts.iter().map(|&text| text.to_owned()).collect();
    resolve(&world.ports, &world.caller, kind, texts).unwrap()
}

fn places(resolved: &Resolved) -> Vec<(u32, &str)> {
    let unknown = resolved.unknown.iter();
    unknown
        .map(|u| (u.position, u.identifier.as_str()))
        .collect()
}

#[test]
fn no_identifier_shows_in_debug_output() {
    let world = world();
    let answer = put(
        &world.ports,
        &world.caller,
        putting(true, vec![entry(1, "secret@x", "0700")]),
    );
    let found = resolved(&world, IdentifierKind::Email, &["hidden@x"]);
    let printed = format!(
        "{:?} {:?} {:?}",
        answer.unwrap(),
        found,
        entry(1, "secret@x", "0700")
    );
    for text in ["secret", "hidden", "0700"] {
        assert!(!printed.contains(text), "{printed}");
    }
}
