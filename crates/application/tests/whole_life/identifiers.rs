//! Customers who are named by an identifier.

use accolade_application::answer::{Answer, UnknownCustomer};
use accolade_application::customers::{NamedCustomer, NamedCustomers, PutCustomers, resolve_one};
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::ports::{IdentifierKind, Identifiers};
use accolade_application::{Executed, Request, execute};
use accolade_domain::ids::CustomerId;

use crate::world::{World, codes, customer, draft, faults};

type Entry = (NamedCustomer, Identifiers);

fn entry(number: i64, email: &str, mobile: &str) -> Entry {
    let text = |text: &str| (!text.is_empty()).then(|| text.try_into().unwrap());
    let identifiers = Identifiers {
        email: text(email),
        mobile: text(mobile),
        ..Identifiers::default()
    };
    (customer(number).into(), identifiers)
}

fn putting(mut entries: Vec<Entry>) -> PutCustomers {
    match entries.len() {
        1 => {
            let (customer, identifiers) = entries.remove(0);
            PutCustomers::One(customer, identifiers)
        }
        _ => PutCustomers::Several(entries),
    }
}

/// What a batch finds.
#[derive(Debug)]
struct Found {
    customers: Vec<CustomerId>,
    unknown: Vec<UnknownCustomer>,
    /// Where it warns of somebody who is named again.
    repeats: Vec<String>,
}

/// Customer 1 has two identifiers, customer 2 one.
fn world() -> World {
    let world = World::new();
    let entries = vec![
        entry(1, "Ann@Example.org", "0700"),
        entry(2, "bob@example.org", ""),
    ];
    world.run(putting(entries)).unwrap();
    world
}

/// Whom the customers are that a batch names, as a dry run of their enrolment tells.
fn resolved(world: &World, kind: IdentifierKind, texts: &[&str]) -> Found {
    let texts = texts.iter().map(|&text| text.to_owned()).collect();
    let command = EnrolCustomers {
        badge: world.badge(draft(&world.request_id().to_string())),
        customers: NamedCustomers::Identifiers(kind, texts),
        request_id: None,
        event_on: None,
        triggered_by: None,
    };
    let request = Request {
        dry_run: true,
        ..Request::new(world.caller.clone())
    };
    let executed = execute(&world.ports, request, command).unwrap();
    let Executed::Now { answer, warnings } = executed else {
        panic!("{executed:?}")
    };
    let Answer::Enrolment(answer) = answer else {
        panic!("{answer:?}")
    };
    Found {
        customers: answer.outcomes.iter().map(|it| it.customer).collect(),
        unknown: answer.unknown,
        repeats: warnings.into_iter().filter_map(|it| it.field).collect(),
    }
}

fn places(resolved: &Found) -> Vec<(u32, &str)> {
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
    assert_eq!(found.repeats, Vec::<String>::new());
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
    assert_eq!(found.repeats, ["customers[2]", "customers[3]"]);
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
        let named = NamedCustomer::Identifier(IdentifierKind::Mobile, text.to_owned());
        resolve_one(&world.ports, &world.caller, named, field)
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
    let result = world.run(putting(entries));
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

    let result = world.run(putting(vec![entry(3, "", "0700")]));
    assert_eq!(faults(&result), [(1921, "mobile")]);
}

#[test]
fn what_an_entry_leaves_out_the_customer_loses() {
    let world = world();
    world.run(putting(vec![entry(1, "", "0700")])).unwrap();
    let found = resolved(&world, IdentifierKind::Email, &["ann@example.org"]);
    assert_eq!(places(&found), [(0, "ann@example.org")]);
    let result = world.run(putting(vec![entry(2, "ann@example.org", "")]));
    assert_eq!(codes(&result), Vec::<u32>::new());
}

#[test]
fn no_identifier_shows_in_debug_output() {
    let world = world();
    let answer = world.run(putting(vec![entry(1, "secret@x", "0700")]));
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
