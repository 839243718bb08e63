//! Request ids, asking what became of a request, and dry runs.

use std::fmt::Write as _;

use accolade_tests::{Server, badge, enrolment, on_both_databases, with};
use serde_json::json;

fn a_request_id_is_used_up_by_success_whatever_the_customers_outcomes(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = |id: &str| with(&enrolment(&badge), &json!({"requestId": id}));
    org.enrol(&body("a")).ok();
    assert_eq!(org.enrol(&body("b")).ok().outcomes()[0].2, Some(1040));
    org.enrol(&body("a")).refused(809, Some("requestId"));
    org.enrol(&body("b")).refused(809, Some("requestId"));
    // Ids are compared as they are.
    org.enrol(&body("A")).ok();
}

fn a_request_id_is_not_used_up_by_failure(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = with(&enrolment(&badge), &json!({"requestId": "a"}));
    org.enrol(&with(&body, &json!({"issueEventDate": 0})))
        .refused(816, Some("issueEventDate"));
    org.enrol(&with(&body, &json!({"customers": []})))
        .refused(812, Some("customers"));
    org.enrol(&body).ok().issued();
}

fn a_request_id_belongs_to_its_org(server: &Server) {
    for org in [server.org(), server.org()] {
        let body = with(&enrolment(&org.badge()), &json!({"requestId": "a"}));
        org.enrol(&body).ok().issued();
    }
}

fn a_request_id_comes_from_the_body_or_the_header_or_is_made(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let id =
        |reply: accolade_tests::Reply| reply.ok().data()["requestId"].as_str().unwrap().to_owned();
    let numbered = with(&enrolment(&badge), &json!({"requestId": 2132}));
    assert_eq!(
        id(org
            .enrolling(&numbered)
            .header("requestId", "header")
            .send()),
        "2132"
    );
    let without = enrolment(&badge);
    assert_eq!(
        id(org.enrolling(&without).header("requestId", "header").send()),
        "header"
    );
    org.enrolling(&without)
        .header("requestId", "header")
        .send()
        .refused(809, Some("requestId"));
    let (first, second) = (id(org.enrol(&without)), id(org.enrol(&without)));
    assert_ne!(first, second);
    assert!(!first.is_empty());
    org.outcome(&first).ok();
}

fn a_request_id_has_one_to_255_characters(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = |id: String| with(&enrolment(&badge), &json!({"requestId": id}));
    org.enrol(&body(String::new()))
        .refused(999_999, Some("requestId"));
    org.enrol(&body("ä".repeat(256)))
        .refused(999_999, Some("requestId"));
    org.enrol(&body("ä".repeat(255))).ok();
    org.enrol(&body("a\u{0}b".to_owned()))
        .refused(999_999, Some("requestId"));
    org.enrolling(&enrolment(&badge))
        .header("requestId", &"x".repeat(256))
        .send()
        .refused(999_999, Some("requestId"));
}

fn an_earlier_request_is_answered_again_as_it_was(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    org.enrol(&with(&enrolment(&badge), &json!({"customers": [2]})))
        .ok();
    let body = with(
        &enrolment(&badge),
        &json!({"requestId": "ask me", "customers": [3, 2, 1]}),
    );
    let answer = org.enrol(&body).ok();

    let reply = org.outcome("ask%20me").ok();
    let data = answer.data_text();
    assert!(
        reply.text().contains(&format!(r#""answer":{data}"#)),
        "{reply} lacks {data}"
    );
    let requests = reply.data()["requests"].as_array().unwrap().clone();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["requestId"], "ask me");
    accolade_tests::assert_answer!("an_earlier_request", reply);
    // Also once the badge is off.
    org.put(&format!("badgeMeta/{badge}/deactivate")).ok();
    assert_eq!(org.outcome("ask%20me").ok().text(), reply.text());
}

fn a_request_is_found_whatever_characters_its_id_has(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let encode = |id: &str| {
        id.bytes().fold(String::new(), |mut path, byte| {
            write!(path, "%{byte:02X}").unwrap();
            path
        })
    };
    for id in [
        "a/b",
        "a?b#c",
        "100%",
        "%2F",
        "%25",
        "..",
        ".",
        "a+b",
        "a b",
        " a ",
        "ä\u{1f3c5}",
        "\"",
        "\\",
        "'; DROP TABLE orgs; --",
        "a\tb",
        "null",
        "issueBulk",
        "0",
        "{}",
    ] {
        let body = with(&enrolment(&badge), &json!({"requestId": id}));
        assert_eq!(org.enrol(&body).ok().data()["requestId"], json!(id));
        org.enrol(&body).refused(809, Some("requestId"));
        let found = org.outcome(&encode(id)).ok().data();
        assert_eq!(found["requests"][0]["requestId"], json!(id));
    }
}

fn an_unknown_request_is_not_found_nor_is_another_orgs(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let body = with(&enrolment(&org.badge()), &json!({"requestId": "mine"}));
    org.enrol(&body).ok();
    assert_eq!(org.outcome("nobody's").codes(), [404]);
    let reply = other.outcome("mine");
    assert_eq!((reply.status, reply.codes()), (404, vec![404]));
}

fn a_dry_run_tells_every_outcome_and_records_nothing(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let held = org.enrol(&enrolment(&badge)).ok().issued();
    let body = with(
        &enrolment(&badge),
        &json!({"requestId": "dry", "customers": [2, 1]}),
    );
    let dry = |body: &serde_json::Value, value: &str| {
        org.request(
            "POST",
            &format!("badgeMeta/customer/issueBulk?dryRun={value}"),
        )
        .json(body)
        .send()
    };
    let reply = dry(&body, "true").ok();
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"data":{{"badgeMetaId":"{badge}","triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}},"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{{"customerId":2,"status":"ACTIVE"}},{{"customerId":1,"issuedId":"{held}","error":{{"code":1040,"message":"An active issue for the badge already exists.","reference":null}},"status":"ACTIVE"}}],"requestId":"dry"}},"errors":[],"warnings":[]}}"#
        )
    );
    assert_eq!(org.outcome("dry").status, 404);
    assert_eq!(org.issued_count(&badge), 1);
    dry(&body, "maybe").refused(999_999, Some("dryRun"));
    // It is checked like any other, request id included.
    dry(&body, "false").ok();
    dry(&body, "true").refused(809, Some("requestId"));
    dry(
        &with(&enrolment(&badge), &json!({"issueEventDate": 0})),
        "true",
    )
    .refused(816, Some("issueEventDate"));
}

fn a_dry_run_ignores_the_idempotency_key(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&badge());
    let dry = || {
        org.request("POST", "badgeMeta/customer/issueBulk?dryRun=true")
            .json(&enrolment(&badge))
            .header("Idempotency-Key", "key")
            .send()
            .ok()
    };
    dry();
    assert_eq!(dry().header("Idempotency-Replayed"), None);
    let real = org
        .enrolling(&enrolment(&badge))
        .header("Idempotency-Key", "key")
        .send()
        .ok();
    real.issued();
    assert_eq!(real.header("Idempotency-Replayed"), None);
}

on_both_databases! {
    a_request_is_found_whatever_characters_its_id_has
    a_request_id_is_used_up_by_success_whatever_the_customers_outcomes
    a_request_id_is_not_used_up_by_failure
    a_request_id_belongs_to_its_org
    a_request_id_comes_from_the_body_or_the_header_or_is_made
    a_request_id_has_one_to_255_characters
    an_earlier_request_is_answered_again_as_it_was
    an_unknown_request_is_not_found_nor_is_another_orgs
    a_dry_run_tells_every_outcome_and_records_nothing
    a_dry_run_ignores_the_idempotency_key
}
