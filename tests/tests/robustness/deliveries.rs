//! Deliveries to a webhook by the real server: what a killed one leaves to the next, and what only the
//! database knows of an event.

use std::collections::BTreeMap;
use std::time::Duration;

use accolade_tests::{
    Backend, Receiver, Setup, direct_badge, earning_all, enrolment, on_both_databases, until,
};
use serde_json::json;

const PATIENCE: Duration = Duration::from_mins(1);

/// Who earns, one after the other, again and again.
const CUSTOMERS: [i64; 5] = [11, 12, 13, 14, 15];
const ROUNDS: usize = 12;

/// The sequences of each customer's events, in the order in which the receiver saw each first.
fn seen_first(receiver: &Receiver) -> BTreeMap<i64, Vec<String>> {
    let mut seen: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for body in receiver.bodies() {
        for event in body.as_array().unwrap() {
            let customer = event["data"]["customerId"].as_i64().unwrap();
            let sequence = event["sequence"].as_str().unwrap().to_owned();
            let before = seen.entry(customer).or_default();
            if !before.contains(&sequence) {
                before.push(sequence);
            }
        }
    }
    seen
}

fn sigkill_in_mid_delivery_loses_no_event_and_no_order_of_a_customer(backend: Backend) {
    let receiver = Receiver::start();
    let setup = Setup::new(backend).with_receivers_on_this_machine();
    let server = setup.start();
    let org = server.org();
    let badge = org.claimed(&direct_badge());
    let webhook = json!({"url": receiver.url(), "types": ["earn.created"], "batch": 2});
    org.post("webhooks", &webhook).ok();
    receiver.hang_after(3);
    for _ in 0..ROUNDS {
        org.earn_bulk(&earning_all(&badge, &CUSTOMERS)).ok();
    }
    until("a delivery hangs", PATIENCE, || receiver.hanging() > 0);
    let server = server.kill().start();
    receiver.answer();
    let org = server.take_over(&org);
    org.earn_bulk(&earning_all(&badge, &CUSTOMERS)).ok();
    until("everything is delivered", PATIENCE, || {
        seen_first(&receiver).values().map(Vec::len).sum::<usize>()
            == CUSTOMERS.len() * (ROUNDS + 1)
    });
    for (customer, sequences) in seen_first(&receiver) {
        assert!(sequences.is_sorted(), "of {customer}: {sequences:?}");
    }
}

fn an_earn_as_the_api_family_tells_it_says_when_its_enrolment_was_recorded(backend: Backend) {
    let receiver = Receiver::start();
    let setup = Setup::new(backend).with_receivers_on_this_machine();
    let server = setup.start();
    let org = server.org();
    let badge = org.badge();
    let webhook = json!({"url": receiver.url(), "format": "GATEWAY"});
    org.post("webhooks", &webhook).ok();
    let issued = org.enrol(&enrolment(&badge)).ok().issued();
    let earned = org.earned(&badge, 1);
    until("it is delivered", PATIENCE, || {
        !receiver.bodies().is_empty()
    });
    let sent = receiver.bodies().remove(0);
    let between = org.between(1, &badge);
    // In seconds; what is sent has milliseconds.
    let recorded = between["issualDetails"]["issuals"][0]["issuedOn"]
        .as_f64()
        .unwrap();
    let told = sent["data"]["issuedOn"].as_f64().unwrap();
    assert!(
        (0.0..1.0).contains(&(recorded * 1000.0 - told)),
        "{told} instead of {recorded}"
    );
    let said = json!([sent["data"]["issualId"], sent["data"]["earnId"]]);
    assert_eq!(said, json!([issued, earned]));
}

on_both_databases! {
    sigkill_in_mid_delivery_loses_no_event_and_no_order_of_a_customer
    an_earn_as_the_api_family_tells_it_says_when_its_enrolment_was_recorded
}
