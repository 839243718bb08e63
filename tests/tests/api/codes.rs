//! Every code of the table is produced by a request, and its answer is a snapshot.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use accolade_domain::rejection::Code;
use accolade_tests::{
    Backend, Client, Database, Mode, Org, Proxy, Raw, Reply, Server, Setup, Then, badge,
    direct_badge, enrolling_job, enrolment, now, until, with,
};
use serde_json::{Value, json};

/// Where the request workflow of the API family is.
const WORKFLOW: &str = "/api_gateway/v2/request-workflow";

/// A badge and a request to enrol a customer for it.
fn ready(server: &Server) -> (Org, Value) {
    let org = server.org();
    let body = with(&enrolment(&org.badge()), &json!({"requestId": "r"}));
    (org, body)
}

fn dated(start: i64, end: i64) -> Value {
    with(&badge(), &json!({"startOn": start, "expiresOn": end}))
}

const FAR: i64 = 3_000_000_000;

fn a_badge_that_there_is_not(server: &Server) -> Reply {
    server.org().enrol(&enrolment("000000000000000000000000"))
}

fn an_owner_who_is_not_allowed(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(
        &body,
        &json!({"triggeredBy": {"ownerType": "Journeys", "referenceId": "1"}}),
    ))
}

fn a_trigger_without_owner_type(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(&body, &json!({"triggeredBy": {"referenceId": "1"}})))
}

fn a_trigger_without_reference(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(
        &body,
        &json!({"triggeredBy": {"ownerType": "Loyalty"}}),
    ))
}

fn a_badge_that_ends_before_it_starts(server: &Server) -> Reply {
    server.org().post("badgeMeta", &dated(FAR, FAR - 1))
}

fn a_badge_that_starts_in_the_past(server: &Server) -> Reply {
    server.org().post("badgeMeta", &dated(now() - 60, FAR))
}

fn a_badge_that_ends_in_the_past(server: &Server) -> Reply {
    // What ends in the past also starts there: the one without a start shows it alone.
    let reply = server
        .org()
        .post("badgeMeta", &dated(now() - 120, now() - 60));
    let mut only = reply.json();
    let errors = only["errors"].as_array_mut().unwrap();
    assert_eq!(errors.len(), 2);
    let end = errors.iter().find(|error| error["code"] == 724).unwrap();
    let body = format!(
        r#"{{"data":null,"errors":[{{"code":724,"message":{},"reference":{}}}],"warnings":null}}"#,
        end["message"], end["reference"]
    );
    reply.with_body(body)
}

fn a_name_that_is_taken(server: &Server) -> Reply {
    let org = server.org();
    org.create(&badge());
    let body = badge();
    org.create(&body);
    org.creating(&body).send()
}

fn a_badge_without_owners(server: &Server) -> Reply {
    server
        .org()
        .creating(&with(
            &badge(),
            &json!({"ownership": {"restrictedToOwners": []}}),
        ))
        .send()
}

fn a_claim_that_there_is_not(server: &Server) -> Reply {
    let org = server.org();
    let path = format!("badgeMeta/{}/unclaim", org.badge());
    org.post(
        &path,
        &json!({"ownerType": "Loyalty", "referenceId": "nobody's"}),
    )
}

fn a_claim_that_is_there(server: &Server) -> Reply {
    let org = server.org();
    let (owner, reference) = accolade_tests::LOYALTY;
    let path = format!("badgeMeta/{}/claim", org.badge());
    org.post(
        &path,
        &json!({"ownerType": owner, "referenceId": reference}),
    )
}

fn a_custom_field_that_there_is_not(server: &Server) -> Reply {
    server
        .org()
        .creating(&with(&badge(), &json!({"customFields": {"CF1": "x"}})))
        .send()
}

fn a_request_id_that_is_used(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&body).ok();
    org.enrol(&body)
}

fn a_badge_that_is_not_claimed(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(
        &body,
        &json!({"triggeredBy": {"ownerType": "Loyalty", "referenceId": "other"}}),
    ))
}

fn no_customers(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(&body, &json!({"customers": []})))
}

fn an_event_outside_the_badges_period(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(&body, &json!({"issueEventDate": 0})))
}

fn a_customer_who_holds_it_already(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&body).ok();
    org.enrol(&with(&body, &json!({"requestId": "again"})))
}

fn a_badge_that_is_off(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.put(&format!(
        "badgeMeta/{}/deactivate",
        body["badgeMetaId"].as_str().unwrap()
    ))
    .ok();
    org.enrol(&body)
}

fn a_badge_that_is_earned_directly(server: &Server) -> Reply {
    let org = server.org();
    let badge = org.claimed(&direct_badge());
    org.enrol(&enrolment(&badge))
}

fn an_enrolment_that_would_expire_before_it_starts(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(&body, &json!({"issueEventDate": 2_000_000_000})))
}

fn too_many_customers(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(
        &body,
        &json!({"customers": (1..=10_001).collect::<Vec<i64>>()}),
    ))
}

fn an_idempotency_key_for_two_requests(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrolling(&body)
        .header("Idempotency-Key", "key")
        .send()
        .ok();
    let other = with(&body, &json!({"customers": [2]}));
    org.enrolling(&other)
        .header("Idempotency-Key", "key")
        .send()
}

fn an_idempotency_key_whose_first_request_still_runs(backend: Backend) -> Reply {
    let server = Server::start(backend);
    let (org, body) = ready(&server);
    let held = server.database().hold("enrolments");
    std::thread::scope(|scope| {
        let (done, answers) = mpsc::channel();
        for _ in 0..2 {
            let (done, org, body) = (done.clone(), &org, &body);
            scope.spawn(move || {
                let reply = org.enrolling(body).header("Idempotency-Key", "key").send();
                done.send(reply).unwrap();
            });
        }
        // One waits for the table; so it is the other that answers first.
        let refused = answers.recv().unwrap();
        drop(held);
        answers.recv().unwrap().ok();
        refused
    })
}

fn a_cursor_whose_events_are_kept_no_more(backend: Backend) -> Reply {
    let server = Setup::new(backend).set("events.retention", "1s").start();
    let org = server.org();
    let before = org.get("events?after=latest").ok();
    let before = before.data()["next"].as_str().unwrap().to_owned();
    org.create(&badge());
    let path = format!("events?after={before}");
    until("the event is given no more", Duration::from_mins(1), || {
        org.get(&path).status == 410
    });
    org.get(&path)
}

fn no_credentials(server: &Server) -> Reply {
    server.stranger().get("badgeMeta")
}

fn no_access_group(server: &Server) -> Reply {
    let org = server.org();
    server.client_with(&org, "badges:issue").get("badgeMeta")
}

fn too_many_wrong_secrets(server: &Server) -> Reply {
    let wrong = server.client(&server.org().credentials().unwrap().wrong());
    for _ in 0..20 {
        wrong.get("badgeMeta");
    }
    wrong.get("badgeMeta")
}

fn a_path_that_there_is_not(server: &Server) -> Reply {
    server.org().get("nothing")
}

fn a_method_that_the_path_does_not_take(server: &Server) -> Reply {
    server.org().request("DELETE", "badgeMeta").send()
}

fn a_body_that_is_too_large(backend: Backend) -> Reply {
    let server = Setup::new(backend).set("http.body_limit", "1KiB").start();
    server.org().enrol(&json!({"customers": vec![1; 1_000]}))
}

fn a_body_that_is_no_json_by_its_type(server: &Server) -> Reply {
    let org = server.org();
    org.request("POST", "badgeMeta")
        .bytes(b"x".to_vec())
        .header("Content-Type", "text/plain")
        .send()
}

fn a_body_that_does_not_arrive(backend: Backend) -> Reply {
    let server = Setup::new(backend)
        .set("http.request_timeout", "1s")
        .start();
    let org = server.org();
    let mut raw = Raw::connect(&server);
    raw.send(format!(
        "POST {}/badgeMeta HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        accolade_tests::PREFIX,
        org.credentials().unwrap().basic()
    ));
    raw.envelope()
}

fn something_unexpected(backend: Backend) -> Reply {
    let server = Server::start(backend);
    let (org, body) = ready(&server);
    server.database().execute("DROP TABLE enrolments");
    let reply = org
        .enrolling(&body)
        .header("X-Request-Id", "the-request")
        .may_fail()
        .send();
    server.logs().expect("the-request");
    // The caller learns nothing of the cause.
    assert!(!reply.text().contains("enrolments"), "{reply}");
    reply
}

fn a_database_that_is_away(backend: Backend) -> Reply {
    let database = std::sync::Arc::new(Database::create(backend));
    let setup = Setup::on(database.clone())
        .set("database.lock_timeout", "100ms")
        .set("database.pool_timeout", "1s");
    let refused = |server: &Server, cut: &dyn Fn() -> Option<accolade_tests::Transaction>| {
        let (org, body) = ready(server);
        let _held = cut();
        let reply = org
            .enrolling(&body)
            .header("X-Request-Id", "the-request")
            .may_fail()
            .send();
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!(wait >= 1);
        reply
    };
    match backend {
        // A file is never away, but another program may hold it.
        Backend::Sqlite => refused(&setup.start(), &|| Some(database.hold("enrolments"))),
        Backend::Postgres => {
            let proxy = Proxy::before(database.url()).unwrap();
            let server = setup.through(proxy.url()).start();
            refused(&server, &|| {
                proxy.set(Mode::Refuse);
                None
            })
        }
    }
}

fn a_receiver_inside_of_the_network(server: &Server) -> Reply {
    // Loopback, in a spelling of its own.
    let body = json!({"url": "https://0x7f.1/hook"});
    server.org().post("webhooks", &body)
}

fn a_webhook_that_there_is_not(server: &Server) -> Reply {
    server.org().get("webhooks/000000000000000000000000")
}

fn the_public_key_of_a_webhook_that_has_none(server: &Server) -> Reply {
    let org = server.org();
    let created = org.post("webhooks", &json!({"url": "https://1.1.1.1/"}));
    let id = created.ok().data()["id"].as_str().unwrap().to_owned();
    org.get(&format!("webhooks/{id}/key"))
}

fn another_part_under_a_number(server: &Server) -> Reply {
    let org = server.org();
    let job = org.create_job(&enrolling_job(&org.badge()));
    org.putting_part(&job, 1, b"customerId\n").send().ok();
    org.putting_part(&job, 1, b"email\n").send()
}

fn a_job_beside_as_many_as_there_may_be(backend: Backend) -> Reply {
    let server = Setup::new(backend).set("jobs.max_unfinished", "1").start();
    let org = server.org();
    let body = enrolling_job(&org.badge());
    org.create_job(&body);
    org.post("jobs", &body)
}

fn a_file_without_a_column_that_is_needed(server: &Server) -> Reply {
    let org = server.org();
    let job = org.create_job(&enrolling_job(&org.badge()));
    org.putting_part(&job, 1, b"name\nJane\n").send().ok();
    org.request("POST", &format!("jobs/{job}/start")).send()
}

fn an_unknown_field(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(&body, &json!({"isueEventDate": 1})))
}

fn two_dates_that_disagree(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(
        &body,
        &json!({"issueEventDate": 1_713_860_055, "issueEventDateISO": "2024-04-23T00:00:00Z"}),
    ))
}

fn a_customer_named_twice(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(&body, &json!({"customers": [1, 1]})))
}

fn claims_in_a_definition(server: &Server) -> Reply {
    let owners = json!({"restrictedToOwners": ["Loyalty"], "claims": [{"ownerType": "Loyalty", "referenceId": "1"}]});
    server
        .org()
        .creating(&with(
            &badge(),
            &json!({"name": "Claimed", "ownership": owners}),
        ))
        .send()
}

fn what_cannot_be_read(server: &Server) -> Reply {
    let (org, body) = ready(server);
    org.enrol(&with(&body, &json!({"customers": ["nobody"]})))
}

/// A request of the request workflow to enrol a customer, handed in by `client`.
fn handed_in(client: &Client, org: &Org, request_id: &str) -> Reply {
    let body = with(&enrolment(&org.badge()), &json!({"requestId": request_id}));
    client.post(&format!("{WORKFLOW}/ISSUE-BADGE"), &submission(&body))
}

/// What is handed in to have `body` carried out.
fn submission(body: &Value) -> Value {
    json!({"payload": {"IntouchAPITask-Payload": {
        "path": "/api_gateway/v1/badges/badgeMeta/customer/issueBulk",
        "body": body,
    }}})
}

fn decision(request: &Value) -> Value {
    let payload = json!({"AdminTask-Payload": {"actionDecision": "approved"}});
    json!({"requestId": request, "actionName": "AdminTask", "payload": payload})
}

fn decided(client: &Client, request: &Value) -> Reply {
    let path = format!("{WORKFLOW}/ISSUE-BADGE");
    client.sending("PUT", &path, &decision(request)).send()
}

fn an_approval_by_the_maker(server: &Server) -> Reply {
    let org = server.org();
    let admin = server.client_with(&org, "admin");
    let request = handed_in(&admin, &org, "r").ok().data()["requestId"].clone();
    let id = request.as_str().unwrap();
    admin.post(&format!("changes/{id}/approve"), &json!({}))
}

fn a_change_of_what_waits_already(server: &Server) -> Reply {
    let org = server.org();
    handed_in(&org, &org, "r").ok();
    handed_in(&org, &org, "r")
}

fn a_request_decided_by_who_made_it(server: &Server) -> Reply {
    let org = server.org();
    let admin = server.client_with(&org, "admin");
    let request = handed_in(&admin, &org, "r").ok().data()["requestId"].clone();
    decided(&admin, &request)
}

fn a_request_that_is_completed(server: &Server) -> Reply {
    let org = server.org();
    let admin = server.client_with(&org, "admin");
    let request = handed_in(&org, &org, "r").ok().data()["requestId"].clone();
    decided(&admin, &request).ok();
    decided(&admin, &request)
}

fn a_request_that_there_is_not(server: &Server) -> Reply {
    let id = "00000000-0000-4000-8000-000000000000";
    server.org().get(&format!("{WORKFLOW}/requests/{id}"))
}

fn a_payload_of_another_operation(server: &Server) -> Reply {
    let org = server.org();
    let body = submission(&enrolment(&org.badge()));
    org.post(&format!("{WORKFLOW}/EARN-BADGE"), &body)
}

fn a_type_of_request_that_there_is_not(server: &Server) -> Reply {
    let org = server.org();
    let body = submission(&enrolment(&org.badge()));
    org.post(&format!("{WORKFLOW}/REVOKE-BADGE"), &body)
}

/// SQLite has no connection that could break inside COMMIT.
#[test]
fn a_connection_that_breaks_inside_commit() {
    let database = std::sync::Arc::new(Database::create(Backend::Postgres));
    let proxy = Proxy::before(database.url()).unwrap();
    let setup = Setup::on(database).set("database.pool_timeout", "1s");
    let server = setup.through(proxy.url()).start();
    let (org, body) = ready(&server);
    proxy.break_only_what_sends("lost-at-commit");
    proxy.set(Mode::AtCommit {
        carried_out: true,
        then: Then::Refuse,
    });
    let body = with(&body, &json!({"requestId": "lost-at-commit"}));
    let request = org.enrolling(&body).header("X-Request-Id", "the-request");
    let reply = request.may_fail().send();
    super::produced::check(1952, &reply);
}

#[test]
fn no_code_is_left_out() {
    let produced: BTreeSet<u32> = PRODUCED
        .iter()
        .chain(super::earning_codes::PRODUCED)
        .copied()
        // By a broken connection, by a thousand claims (`robustness/contention.rs`), and by a change that
        // fails (`approvals.rs`).
        .chain([1952, 1906, 1968])
        .collect();
    let all: BTreeSet<u32> = Code::ALL.iter().map(|code| code.number()).collect();
    let missing: Vec<_> = all.difference(&produced).collect();
    assert!(missing.is_empty(), "no test produces {missing:?}");
}

produced! {
    400 => what_cannot_be_read
    404 => a_badge_that_there_is_not
    714 => an_owner_who_is_not_allowed
    716 => a_trigger_without_owner_type
    717 => a_trigger_without_reference
    720 => a_badge_that_ends_before_it_starts
    722 => a_badge_that_starts_in_the_past
    724 => a_badge_that_ends_in_the_past
    725 => a_name_that_is_taken
    728 => a_badge_without_owners
    737 => a_claim_that_there_is_not
    746 => a_custom_field_that_there_is_not
    809 => a_request_id_that_is_used
    810 => a_badge_that_is_not_claimed
    812 => no_customers
    816 => an_event_outside_the_badges_period
    900 => a_claim_that_is_there
    1040 => a_customer_who_holds_it_already
    1901 => a_badge_that_is_off
    1902 => a_badge_that_is_earned_directly
    1903 => an_enrolment_that_would_expire_before_it_starts
    1905 => too_many_customers
    1910 => an_idempotency_key_for_two_requests
    1911 => an_idempotency_key_whose_first_request_still_runs
    1930 => no_credentials
    1931 => no_access_group
    1932 => too_many_wrong_secrets
    1940 => a_path_that_there_is_not
    1941 => a_method_that_the_path_does_not_take
    1942 => a_body_that_is_too_large
    1943 => a_body_that_is_no_json_by_its_type
    1945 => a_body_that_does_not_arrive
    1951 => a_database_that_is_away
    1960 => a_cursor_whose_events_are_kept_no_more
    1961 => a_receiver_inside_of_the_network
    1962 => a_webhook_that_there_is_not
    1963 => the_public_key_of_a_webhook_that_has_none
    1964 => another_part_under_a_number
    1965 => a_job_beside_as_many_as_there_may_be
    1966 => an_approval_by_the_maker
    1967 => a_change_of_what_waits_already
    1969 => a_file_without_a_column_that_is_needed
    1990 => an_unknown_field
    1991 => two_dates_that_disagree
    1992 => a_customer_named_twice
    1993 => claims_in_a_definition
    2001 => a_request_decided_by_who_made_it
    2002 => a_request_that_is_completed
    2007 => a_request_that_there_is_not
    2008 => a_payload_of_another_operation
    2009 => a_type_of_request_that_there_is_not
    999_999 => something_unexpected
}
