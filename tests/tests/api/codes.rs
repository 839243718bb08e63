//! Every code of the table is produced by a request, and its answer is a snapshot.

use std::collections::BTreeSet;
use std::sync::mpsc;

use accolade_domain::rejection::Code;
use accolade_tests::{
    Backend, CommitFault, Database, Org, Proxy, Raw, Reply, Server, Setup, assert_answer, badge,
    direct_badge, enrolment, now, on_both_databases, with,
};
use serde_json::{Value, json};

/// The answer must carry this code, alone, in the place that belongs to it.
fn check(number: u32, reply: &Reply) {
    let code = Code::from_number(number).unwrap();
    assert_eq!(reply.status, code.status(), "{reply}");
    let found = if code == Code::ActiveIssueExists {
        vec![reply.outcomes()[0].2.unwrap()]
    } else {
        reply.codes()
    };
    assert_eq!(found, [u64::from(number)], "{reply}");
    assert_answer!(format!("code_{number}"), reply);
}

macro_rules! produced {
    ($($number:literal => fn $name:ident($argument:ident: $($kind:tt)+) $body:block)*) => {
        const PRODUCED: &[u32] = &[$($number),*];
        $(on_both_databases! {
            fn $name($argument: $($kind)+) {
                let reply: Reply = $body;
                check($number, &reply);
            }
        })*
    };
}

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

produced! {
    400 => fn an_owner_type_that_there_is_not(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"triggeredBy": {"ownerType": "Nobody", "referenceId": "1"}})))
    }
    404 => fn a_badge_that_there_is_not(server: &Server) {
        server.org().enrol(&enrolment("000000000000000000000000"))
    }
    714 => fn an_owner_who_is_not_allowed(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"triggeredBy": {"ownerType": "Journeys", "referenceId": "1"}})))
    }
    716 => fn a_trigger_without_owner_type(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"triggeredBy": {"referenceId": "1"}})))
    }
    717 => fn a_trigger_without_reference(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"triggeredBy": {"ownerType": "Loyalty"}})))
    }
    720 => fn a_badge_that_ends_before_it_starts(server: &Server) {
        server.org().post("badgeMeta", &dated(FAR, FAR - 1))
    }
    722 => fn a_badge_that_starts_in_the_past(server: &Server) {
        server.org().post("badgeMeta", &dated(now() - 60, FAR))
    }
    724 => fn a_badge_that_ends_in_the_past(server: &Server) {
        // What ends in the past also starts there: the one without a start shows it alone.
        let reply = server.org().post("badgeMeta", &dated(now() - 120, now() - 60));
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
    725 => fn a_name_that_is_taken(server: &Server) {
        let org = server.org();
        org.create(&badge());
        let body = badge();
        org.create(&body);
        org.creating(&body).send()
    }
    728 => fn a_badge_without_owners(server: &Server) {
        server.org().creating(&with(&badge(), &json!({"ownership": {"restrictedToOwners": []}}))).send()
    }
    737 => fn a_claim_that_there_is_not(server: &Server) {
        let org = server.org();
        let path = format!("badgeMeta/{}/unclaim", org.badge());
        org.post(&path, &json!({"ownerType": "Loyalty", "referenceId": "nobody's"}))
    }
    746 => fn a_custom_field_that_there_is_not(server: &Server) {
        server.org().creating(&with(&badge(), &json!({"customFields": {"CF1": "x"}}))).send()
    }
    809 => fn a_request_id_that_is_used(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&body).ok();
        org.enrol(&body)
    }
    810 => fn a_badge_that_is_not_claimed(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"triggeredBy": {"ownerType": "Loyalty", "referenceId": "other"}})))
    }
    812 => fn no_customers(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"customers": []})))
    }
    816 => fn an_event_outside_the_badges_period(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"issueEventDate": 0})))
    }
    1040 => fn a_customer_who_holds_it_already(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&body).ok();
        org.enrol(&with(&body, &json!({"requestId": "again"})))
    }
    1901 => fn a_badge_that_is_off(server: &Server) {
        let (org, body) = ready(server);
        org.put(&format!("badgeMeta/{}/deactivate", body["badgeMetaId"].as_str().unwrap())).ok();
        org.enrol(&body)
    }
    1902 => fn a_badge_that_is_earned_directly(server: &Server) {
        let org = server.org();
        let badge = org.claimed(&direct_badge());
        org.enrol(&enrolment(&badge))
    }
    1903 => fn an_enrolment_that_would_expire_before_it_starts(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"issueEventDate": 2_000_000_000})))
    }
    1905 => fn too_many_customers(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"customers": (1..=10_001).collect::<Vec<i64>>()})))
    }
    1910 => fn an_idempotency_key_for_two_requests(server: &Server) {
        let (org, body) = ready(server);
        org.enrolling(&body).header("Idempotency-Key", "key").send().ok();
        let other = with(&body, &json!({"customers": [2]}));
        org.enrolling(&other).header("Idempotency-Key", "key").send()
    }
    1911 => fn an_idempotency_key_whose_first_request_still_runs(backend: Backend) {
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
    1930 => fn no_credentials(server: &Server) {
        server.stranger().get("badgeMeta")
    }
    1931 => fn no_access_group(server: &Server) {
        let org = server.org();
        server.client_with(&org, "badges:issue").get("badgeMeta")
    }
    1932 => fn too_many_wrong_secrets(server: &Server) {
        let wrong = server.client(&server.org().credentials().unwrap().wrong());
        for _ in 0..20 {
            wrong.get("badgeMeta");
        }
        wrong.get("badgeMeta")
    }
    1940 => fn a_path_that_there_is_not(server: &Server) {
        server.org().get("nothing")
    }
    1941 => fn a_method_that_the_path_does_not_take(server: &Server) {
        server.org().request("DELETE", "badgeMeta").send()
    }
    1942 => fn a_body_that_is_too_large(backend: Backend) {
        let server = Setup::new(backend).set("http.body_limit", "1KiB").start();
        server.org().enrol(&json!({"customers": vec![1; 1_000]}))
    }
    1943 => fn a_body_that_is_no_json_by_its_type(server: &Server) {
        let org = server.org();
        org.request("POST", "badgeMeta").bytes(b"x".to_vec()).header("Content-Type", "text/plain").send()
    }
    1945 => fn a_body_that_does_not_arrive(backend: Backend) {
        let server = Setup::new(backend).set("http.request_timeout", "300ms").start();
        let org = server.org();
        let mut raw = Raw::connect(&server);
        raw.send(format!(
            "POST {}/badgeMeta HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
            accolade_tests::PREFIX,
            org.credentials().unwrap().basic()
        ));
        raw.envelope()
    }
    1950 => fn something_unexpected(backend: Backend) {
        let server = Server::start(backend);
        let (org, body) = ready(&server);
        server.database().execute("DROP TABLE enrolments");
        let reply = org.enrolling(&body).header("X-Request-Id", "the-request").may_fail().send();
        assert!(server.logs().text().contains("the-request"));
        // The caller learns nothing of the cause.
        assert!(!reply.text().contains("enrolments"), "{reply}");
        reply
    }
    1951 => fn a_database_that_is_away(backend: Backend) {
        let database = std::sync::Arc::new(Database::create(backend));
        let setup = Setup::on(database.clone()).set("database.lock_timeout", "100ms");
        let refused = |server: &Server, cut: &dyn Fn() -> Option<accolade_tests::Transaction>| {
            let (org, body) = ready(server);
            let _held = cut();
            let reply = org.enrolling(&body).header("X-Request-Id", "the-request").may_fail().send();
            let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
            assert!(wait >= 1);
            reply
        };
        match backend {
            // A file is never away, but another program may hold it.
            Backend::Sqlite => refused(&setup.start(), &|| Some(database.hold("enrolments"))),
            Backend::Postgres => {
                let proxy = Proxy::before(database.url());
                let server = setup.through(proxy.url()).start();
                refused(&server, &|| {
                    proxy.cut();
                    None
                })
            }
        }
    }
    1990 => fn an_unknown_field(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"isueEventDate": 1})))
    }
    1991 => fn two_dates_that_disagree(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"issueEventDate": 1_713_860_055, "issueEventDateISO": "2024-04-23T00:00:00Z"})))
    }
    1992 => fn a_customer_named_twice(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"customers": [1, 1]})))
    }
    1993 => fn claims_in_a_definition(server: &Server) {
        let owners = json!({"restrictedToOwners": ["Loyalty"], "claims": [{"ownerType": "Loyalty", "referenceId": "1"}]});
        server.org().creating(&with(&badge(), &json!({"name": "Claimed", "ownership": owners}))).send()
    }
    999_999 => fn what_cannot_be_read(server: &Server) {
        let (org, body) = ready(server);
        org.enrol(&with(&body, &json!({"customers": ["nobody"]})))
    }
}

/// SQLite has no connection that could break inside COMMIT.
#[test]
fn a_connection_that_breaks_inside_commit() {
    let database = std::sync::Arc::new(Database::create(Backend::Postgres));
    let proxy = Proxy::before(database.url());
    let server = Setup::on(database).through(proxy.url()).start();
    let (org, body) = ready(&server);
    proxy.cut_at_commit(CommitFault {
        carried_out: true,
        reachable: false,
    });
    let request = org.enrolling(&body).header("X-Request-Id", "the-request");
    let reply = request.may_fail().send();
    check(1952, &reply);
}

#[test]
fn no_code_is_left_out() {
    let produced: BTreeSet<u32> = PRODUCED.iter().copied().chain([1952]).collect();
    let all: BTreeSet<u32> = Code::ALL.iter().map(|code| code.number()).collect();
    let missing: Vec<_> = all.difference(&produced).collect();
    assert!(missing.is_empty(), "no test produces {missing:?}");
}
