//! `Idempotency-Key`: the same request is carried out once and answered twice.

use accolade_tests::{Backend, Client, Reply, Server, badge, enrolment, on_both_databases, with};
use serde_json::{Value, json};

fn keyed(client: &Client, key: &str, body: &Value) -> Reply {
    client.enrolling(body).header("Idempotency-Key", key).send()
}

fn the_same_request_is_answered_byte_for_byte_and_says_so(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = with(
        &enrolment(&badge),
        &json!({"customers": [1, 2, 1], "oops": 1}),
    );
    let first = keyed(&org, "key", &body).ok();
    assert_eq!(first.header("Idempotency-Replayed"), None);
    let again = keyed(&org, "key", &body).ok();
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    // The warnings too.
    assert_eq!(first.text(), again.text());
    assert_eq!(org.issued_count(&badge), 2);
}

fn the_quoted_form_is_the_same_key(server: &Server) {
    let org = server.org();
    let body = enrolment(&org.badge());
    let first = keyed(&org, "key", &body).ok();
    let again = keyed(&org, "\"key\"", &body).ok();
    assert_eq!(
        (first.text(), again.header("Idempotency-Replayed")),
        (again.text(), Some("true"))
    );
}

fn the_same_key_for_anything_else_is_refused(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = enrolment(&badge);
    keyed(&org, "key", &body).ok();
    let refused = |reply: Reply| {
        assert_eq!(reply.status, 422, "{reply}");
        assert_eq!(reply.codes(), [1910], "{reply}");
    };
    refused(keyed(&org, "key", &with(&body, &json!({"customers": [2]}))));
    let other_query = org
        .request("POST", "badgeMeta/customer/issueBulk?x=1")
        .json(&body);
    refused(other_query.header("Idempotency-Key", "key").send());
    let other_path = org.request("PUT", &format!("badgeMeta/{badge}/activate"));
    refused(other_path.header("Idempotency-Key", "key").send());
    assert_eq!(org.issued_count(&badge), 1);
}

fn a_key_belongs_to_its_client(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let colleague = server.client_with(&org, "badges:issue");
    keyed(&org, "key", &enrolment(&badge)).ok().issued();
    let other = keyed(&colleague, "key", &enrolment(&badge)).ok();
    assert_eq!(other.outcomes()[0].2, Some(1040));
}

fn failures_are_not_kept_so_they_can_be_mended(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let body = enrolment(&badge);
    keyed(&org, "key", &body).refused(810, Some("triggeredBy"));
    keyed(&org, "key", &with(&body, &json!({"customers": []}))).refused(812, Some("customers"));
    org.claim(&badge, accolade_tests::LOYALTY);
    let mended = keyed(&org, "key", &body).ok();
    mended.issued();
    assert_eq!(mended.header("Idempotency-Replayed"), None);
}

fn a_key_has_one_to_255_printable_characters(server: &Server) {
    let org = server.org();
    let body = enrolment(&org.badge());
    keyed(&org, "", &body).refused(999_999, Some("Idempotency-Key"));
    keyed(&org, &"k".repeat(256), &body).refused(999_999, Some("Idempotency-Key"));
    keyed(&org, &"k".repeat(255), &body).ok();
    keyed(&org, "with space ~!", &body).ok();
}

fn every_other_operation_that_writes_heeds_the_key_too(server: &Server) {
    let org = server.org();
    let create = with(&badge(), &json!({}));
    let creating = || {
        org.creating(&create)
            .header("Idempotency-Key", "create")
            .send()
            .ok()
    };
    let (first, again) = (creating(), creating());
    assert_eq!(first.text(), again.text());
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    let id = first.data()["id"].as_str().unwrap().to_owned();

    let owner = json!({"ownerType": "Loyalty", "referenceId": "9"});
    let calls: [(&str, &str, Option<&Value>); 4] = [
        ("POST", "claim", Some(&owner)),
        ("PUT", "deactivate", None),
        ("PUT", "activate", None),
        ("POST", "unclaim", Some(&owner)),
    ];
    for (method, action, body) in calls {
        let call = || {
            let request = org.request(method, &format!("badgeMeta/{id}/{action}"));
            let request = body.map_or(request.clone(), |body| request.json(body));
            request.header("Idempotency-Key", action).send().ok()
        };
        let (first, again) = (call(), call());
        assert_eq!(first.text(), again.text(), "{action}");
        assert_eq!(
            again.header("Idempotency-Replayed"),
            Some("true"),
            "{action}"
        );
    }
    // A replay does nothing again: the badge is still active, and not claimed.
    let data = org.get(&format!("badgeMeta/{id}")).ok().data();
    assert_eq!(data["active"], true);
    assert_eq!(data["ownership"]["claims"][0]["isActive"], false);
}

fn an_answer_is_kept_over_a_restart(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let body = enrolment(&org.badge());
    let first = keyed(&org, "key", &body).ok();
    let server = server.kill().start();
    let again = keyed(&server.take_over(&org), "key", &body).ok();
    assert_eq!(
        (first.text(), again.header("Idempotency-Replayed")),
        (again.text(), Some("true"))
    );
}

on_both_databases! {
    the_same_request_is_answered_byte_for_byte_and_says_so
    the_quoted_form_is_the_same_key
    the_same_key_for_anything_else_is_refused
    a_key_belongs_to_its_client
    failures_are_not_kept_so_they_can_be_mended
    a_key_has_one_to_255_printable_characters
    every_other_operation_that_writes_heeds_the_key_too
    an_answer_is_kept_over_a_restart
}
