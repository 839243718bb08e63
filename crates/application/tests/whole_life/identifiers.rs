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
fn known_customers_keep_their_order_and_strangers_their_place_among_them() {
    let world = world();
    let texts = ["x@x", "bob@example.org", "Y@x", "ANN@example.org"];
    let found = resolved(&world, IdentifierKind::Email, &texts);
    assert_eq!(found.customers, [customer(2), customer(1)]);
    assert_eq!(places(&found), [(0, "x@x"), (2, "Y@x")]);
    assert_eq!(found.repeats, Vec::<usize>::new());
}

#[test]
fn two_that_name_one_customer_are_a_repeat_and_so_are_strangers_of_one_name() {
    let world = world();
    let texts = [
        "ann@example.org",
        "x@x",
        " Ann@Example.ORG ",
        "X@X",
        "bob@example.org",
    ];
    let found = resolved(&world, IdentifierKind::Email, &texts);
    assert_eq!(found.customers, [customer(1), customer(2)]);
    assert_eq!(places(&found), [(1, "x@x")]);
    assert_eq!(found.repeats, [2, 3]);
}

#[test]
fn an_identifier_of_another_kind_names_nobody() {
    let world = world();
    let found = resolved(&world, IdentifierKind::CardNumber, &["0700"]);
    assert_eq!(found.customers, Vec::<CustomerId>::new());
    assert_eq!(places(&found), [(0, "0700")]);
}

#[test]
fn one_identifier_that_nobody_has_is_refused_at_its_field() {
    let world = world();
    let one = |text: &str, field| {
        let kind = IdentifierKind::Mobile;
        resolve_one(&world.ports, &world.caller, kind, text.to_owned(), field)
    };
    assert_eq!(one("0700", None).unwrap(), customer(1));
    assert_eq!(
        faults(&one("0701", Some("customerId"))),
        [(1920, "customerId")]
    );
    assert_eq!(faults(&one("0701", None)), [(1920, "")]);
}

#[test]
fn each_identifier_that_is_taken_is_named_at_its_place_and_nothing_is_written() {
    let world = world();
    let entries = vec![
        entry(3, "carl@example.org", "0700"),
        entry(4, "BOB@example.org", ""),
        entry(5, "Carl@example.org", ""),
    ];
    let result = put(&world.ports, &world.caller, putting(false, entries));
    assert_eq!(
        faults(&result),
        [
            (1921, "customers[0].mobile"),
            (1921, "customers[1].email"),
            (1921, "customers[2].email"),
        ]
    );
    let found = resolved(&world, IdentifierKind::Email, &["carl@example.org"]);
    assert_eq!(found.customers, Vec::<CustomerId>::new());

    let result = put(
        &world.ports,
        &world.caller,
        putting(true, vec![entry(3, "", "0700")]),
    );
    assert_eq!(faults(&result), [(1921, "mobile")]);
}

#[test]
fn what_an_entry_leaves_out_the_customer_loses() {
    let world = world();
    put(
        &world.ports,
        &world.caller,
        putting(true, vec![entry(1, "", "0700")]),
    )
    .unwrap();
    let found = resolved(&world, IdentifierKind::Email, &["ann@example.org"]);
    assert_eq!(places(&found), [(0, "ann@example.org")]);
    let result = put(
        &world.ports,
        &world.caller,
        putting(true, vec![entry(2, "ann@example.org", "")]),
    );
    assert_eq!(codes(&result), Vec::<u32>::new());
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
