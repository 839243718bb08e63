//! SIGKILL during load: what was answered is there, and what was not is there as a whole or
//! not at all.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use accolade_tests::{
    Backend, Org, Reply, Request, Server, Setup, enrolment, on_both_databases, until, with,
};
use serde_json::{Value, json};

/// Customers of one request.
const BATCH: i64 = 40;
const WRITERS: i64 = 4;

#[derive(Default)]
struct Sent {
    answered: Vec<(Value, Reply)>,
    unanswered: Vec<Value>,
}

/// A request to enrol customers that no other request names.
fn request(badge: &str, round: i64, writer: i64, number: i64) -> Value {
    let first = ((round * 10 + writer) * 10_000 + number) * BATCH + 1;
    let customers: Vec<i64> = (first..first + BATCH).collect();
    let id = format!("{round}-{writer}-{number}");
    let changes = json!({"requestId": id, "customers": customers});
    with(&enrolment(badge), &changes)
}

fn id(request: &Value) -> &str {
    request["requestId"].as_str().unwrap()
}

/// The request under an idempotency key of its own.
fn keyed<'o>(org: &'o Org, request: &Value) -> Request<'o> {
    let key = format!("key {}", id(request));
    org.enrolling(request).header("Idempotency-Key", &key)
}

/// Sends requests from several threads until the server is gone, which it is after `enough`.
fn load(server: Server, org: &Org, badge: &str, round: i64, enough: usize) -> (Sent, Setup) {
    let sent = Mutex::new(Sent::default());
    let count = AtomicUsize::new(0);
    let gone = AtomicBool::new(false);
    let setup = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (sent, count, gone) = (&sent, &count, &gone);
            scope.spawn(move || {
                for number in 0.. {
                    let request = request(badge, round, writer, number);
                    let outcome = keyed(org, &request).try_send();
                    let mut sent = sent.lock().unwrap();
                    let Ok(reply) = outcome else {
                        sent.unanswered.push(request);
                        assert!(gone.load(Ordering::SeqCst), "the server is not gone");
                        return;
                    };
                    sent.answered.push((request, reply.ok()));
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        until("requests are answered", Duration::from_mins(1), || {
            count.load(Ordering::SeqCst) >= enough
        });
        gone.store(true, Ordering::SeqCst);
        server.kill()
    });
    (sent.into_inner().unwrap(), setup)
}

fn sigkill_during_load_loses_no_answered_request_and_leaves_no_half_one(backend: Backend) {
    let mut server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    let mut recorded = 0;
    for round in 1..=3 {
        let here = server.take_over(&org);
        let (sent, setup) = load(server, &here, &badge, round, 20);
        server = setup.start();
        let org = server.take_over(&org);
        for (request, reply) in &sent.answered {
            let outcome = org.outcome(id(request)).ok();
            let there = outcome.text().contains(reply.data_text());
            assert!(there, "answered with {reply}, now {outcome}");
            recorded += BATCH;
        }
        let mut lost = 0;
        for request in &sent.unanswered {
            let outcome = org.outcome(id(request));
            if outcome.status == 404 {
                lost += BATCH;
                continue;
            }
            let answer = outcome.ok().data()["requests"][0]["answer"].clone();
            let issued = answer["issuedBadges"].as_array().unwrap();
            assert_eq!(issued.len(), usize::try_from(BATCH).unwrap());
            recorded += BATCH;
        }
        assert_eq!(org.issued_count(&badge), recorded);
        let rows = server
            .database()
            .number("SELECT count(*) AS value FROM enrolments");
        assert_eq!(rows, recorded);

        // All of them sent once more under their keys: the lost ones are made up for.
        for (request, reply) in &sent.answered {
            assert_eq!(keyed(&org, request).send().ok().body, reply.body);
        }
        for request in &sent.unanswered {
            let outcomes = keyed(&org, request).send().ok().outcomes();
            assert!(outcomes.iter().all(|outcome| outcome.2.is_none()));
        }
        recorded += lost;
        assert_eq!(org.issued_count(&badge), recorded);
    }
}

fn badges_and_claims_survive_too(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    let before = org.get(&format!("badgeMeta/{badge}")).ok();
    org.put(&format!("badgeMeta/{badge}/deactivate")).ok();
    let server = server.kill().start();
    let org = server.take_over(&org);
    org.enrol(&enrolment(&badge))
        .refused(1901, Some("badgeMetaId"));
    let after = org.get(&format!("badgeMeta/{badge}")).ok();
    let claims = |reply: &Reply| reply.data()["ownership"].clone();
    assert_eq!(claims(&before), claims(&after));
}

on_both_databases! {
    sigkill_during_load_loses_no_answered_request_and_leaves_no_half_one
    badges_and_claims_survive_too
}
