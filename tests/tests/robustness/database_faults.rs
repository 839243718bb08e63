//! PostgreSQL away, cut off in the middle, or busy; SQLite held by another program.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use accolade_tests::{
    Backend, Database, Mode, Org, Proxy, Server, Setup, Then, enrolment, on_both_databases, until,
    with,
};
use serde_json::json;

/// The id of a request whose COMMIT is lost.
const LOST: &str = "lost-at-commit";

/// A server whose way to PostgreSQL can be broken.
fn behind_proxy() -> (Proxy, Server, Org, String) {
    let database = Arc::new(Database::create(Backend::Postgres));
    let proxy = Proxy::before(database.url()).unwrap();
    let server = Setup::on(database)
        .set("database.connect_timeout", "1s")
        .set("database.pool_timeout", "1s")
        .through(proxy.url())
        .start();
    let org = server.org();
    let badge = org.badge();
    (proxy, server, org, badge)
}

fn is_ready(server: &Server) -> bool {
    let reply = server
        .stranger()
        .request("GET", "/health/ready")
        .may_fail()
        .send();
    assert!([200, 503].contains(&reply.status), "{reply}");
    reply.status == 200
}

/// Cuts at the COMMIT of an enrolment, whether or not it is still executed, and gives its
/// answer.
fn fault(carried_out: bool, then: Then) -> (Proxy, Server, Org, String, accolade_tests::Reply) {
    let (proxy, server, org, badge) = behind_proxy();
    proxy.break_only_what_sends(LOST);
    proxy.set(Mode::AtCommit { carried_out, then });
    let body = with(
        &enrolment(&badge),
        &json!({"requestId": LOST, "customers": [1, 2, 3]}),
    );
    let reply = org.enrolling(&body).may_fail().send();
    proxy.set(Mode::Pass);
    until("the database is back", Duration::from_secs(30), || {
        is_ready(&server)
    });
    (proxy, server, org, badge, reply)
}

#[test]
fn a_database_that_goes_away_is_1951_and_comes_back_by_itself() {
    let (proxy, server, org, badge) = behind_proxy();
    assert!(is_ready(&server));
    proxy.set(Mode::Refuse);
    let reply = org.enrolling(&enrolment(&badge)).may_fail().send();
    assert_eq!((reply.status, reply.codes()), (503, vec![1951]), "{reply}");
    assert!(reply.header("retry-after").is_some());
    assert!(!is_ready(&server));
    assert_eq!(server.stranger().get("/health/live").status, 200);
    proxy.set(Mode::Pass);
    until("the database is back", Duration::from_secs(30), || {
        is_ready(&server)
    });
    org.enrol(&enrolment(&badge)).ok().issued();
    assert_eq!(org.issued_count(&badge), 1);
}

#[test]
fn a_commit_that_was_not_carried_out_is_unknown_and_then_asked_for() {
    let (_proxy, _server, org, badge, reply) = fault(false, Then::Refuse);
    assert_eq!((reply.status, reply.codes()), (503, vec![1952]), "{reply}");
    assert_eq!(org.outcome(LOST).status, 404);
    assert_eq!(org.issued_count(&badge), 0);
    let body = with(&enrolment(&badge), &json!({"requestId": LOST}));
    org.enrol(&body).ok().issued();
}

#[test]
fn a_commit_that_was_carried_out_is_unknown_and_then_asked_for() {
    let (_proxy, _server, org, badge, reply) = fault(true, Then::Refuse);
    assert_eq!((reply.status, reply.codes()), (503, vec![1952]), "{reply}");
    assert_eq!(org.outcome(LOST).status, 200);
    assert_eq!(org.issued_count(&badge), 3);
    let body = with(&enrolment(&badge), &json!({"requestId": LOST}));
    org.enrol(&body).refused(809, Some("requestId"));
}

#[test]
fn if_the_ledger_can_be_asked_after_a_lost_commit_its_answer_is_the_answer() {
    let (_proxy, _server, org, badge, reply) = fault(true, Then::Pass);
    let outcomes = reply.ok().outcomes();
    assert!(
        outcomes.iter().all(|outcome| outcome.2.is_none()),
        "{outcomes:?}"
    );
    assert_eq!(org.issued_count(&badge), 3);
}

#[test]
fn if_the_ledger_says_that_a_lost_commit_did_nothing_nothing_is_lost() {
    let (_proxy, _server, org, badge, reply) = fault(false, Then::Pass);
    // Either it was executed then, or it says that it was not.
    let recorded = if reply.status == 200 {
        3
    } else {
        assert_eq!((reply.status, reply.codes()), (503, vec![1951]), "{reply}");
        0
    };
    assert_eq!(org.issued_count(&badge), recorded);
}

#[test]
fn sessions_that_the_database_ends_are_replaced() {
    let server = Server::start(Backend::Postgres);
    let org = server.org();
    let badge = org.badge();
    for customer in 1..=5 {
        server.database().number(
            "SELECT count(pg_terminate_backend(pid)) AS value FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let body = with(&enrolment(&badge), &json!({"customers": [customer]}));
        until("it is executed", Duration::from_secs(30), || {
            let reply = org.enrolling(&body).may_fail().send();
            assert!(reply.status == 200 || reply.codes() == [1951], "{reply}");
            reply.status == 200
        });
    }
    assert_eq!(org.issued_count(&badge), 5);
}

fn a_lock_that_is_not_given_in_time_is_1951_and_records_nothing(backend: Backend) {
    let server = Setup::new(backend)
        .set("database.lock_timeout", "100ms")
        .start();
    let org = server.org();
    let badge = org.badge();
    let body = with(&enrolment(&badge), &json!({"requestId": "r"}));
    let held = server.database().hold("enrolments");
    let reply = org.enrolling(&body).may_fail().send();
    assert_eq!((reply.status, reply.codes()), (503, vec![1951]), "{reply}");
    drop(held);
    assert_eq!(org.outcome("r").status, 404);
    org.enrol(&body).ok().issued();
}

fn more_requests_than_may_wait_get_503_at_once_and_those_that_wait_are_carried_out(
    backend: Backend,
) {
    let server = Setup::new(backend)
        .set("database.pool_size", "2")
        .set("http.queue", "2")
        .start();
    let org = server.org();
    let badge = org.badge();
    let held = server.database().hold("enrolments");
    let callers = 30_i64;
    let done = std::thread::scope(|scope| {
        let (send, replies) = mpsc::channel();
        for customer in 1..=callers {
            let (send, org, badge) = (send.clone(), &org, &badge);
            scope.spawn(move || {
                let body = with(&enrolment(badge), &json!({"customers": [customer]}));
                send.send(org.enrolling(&body).may_fail().send()).unwrap();
            });
        }
        drop(send);
        let first = replies.recv().unwrap();
        assert_eq!((first.status, first.codes()), (503, vec![1951]), "{first}");
        assert!(first.header("retry-after").is_some());
        drop(held);
        replies
            .into_iter()
            .filter(|reply| {
                assert!(reply.status == 200 || reply.codes() == [1951], "{reply}");
                reply.status == 200
            })
            .count()
    });
    assert!(done > 0, "those that waited are executed");
    assert_eq!(org.issued_count(&badge), i64::try_from(done).unwrap());
    org.get("badgeMeta").ok();
}

on_both_databases! {
    a_lock_that_is_not_given_in_time_is_1951_and_records_nothing
    more_requests_than_may_wait_get_503_at_once_and_those_that_wait_are_carried_out
}
