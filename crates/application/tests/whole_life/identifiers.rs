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
