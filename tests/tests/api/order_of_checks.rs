//! Enrolment's checks: each stops the request, in the order that is promised.
//!
//! A request is made that fails every check, and mended one check after the other: each
//! time exactly the next one must answer. So every pair of neighbours is in order.

use accolade_tests::{
    LOYALTY, Server, badge, badge_from, direct_badge, enrolment, on_both_databases, with,
};
use serde_json::{Value, json};

fn credentials_come_before_the_access_group_before_the_idempotency_key_before_the_body(
    server: &Server,
) {
    let org = server.org();
    let reader = server.client_with(&org, "badges:read");
    let broken = "{";
    let enrol = |client: &accolade_tests::Client| {
        client
            .request("POST", "badgeMeta/customer/issueBulk")
            .text(broken)
            .header("Idempotency-Key", "a\tb")
            .send()
    };

    assert_eq!(enrol(&server.stranger()).codes(), [1930]);
    assert_eq!(
        enrol(&server.client(&org.credentials().unwrap().wrong())).codes(),
        [1930]
    );
    assert_eq!(enrol(&reader).codes(), [1931]);
    // A key that is none is refused before the body is looked at.
    enrol(&org).refused(999_999, Some("Idempotency-Key"));
    let reply = org
        .request("POST", "badgeMeta/customer/issueBulk")
        .text(broken)
        .send();
    reply.refused(999_999, None);
}

fn a_finished_idempotency_key_replays_before_anything_else_is_checked(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = with(&enrolment(&badge), &json!({"requestId": "once"}));
    let first = org
        .enrolling(&body)
        .header("Idempotency-Key", "key")
        .send()
        .ok();
    org.put(&format!("badgeMeta/{badge}/deactivate")).ok();
    let again = org
        .enrolling(&body)
        .header("Idempotency-Key", "key")
        .send()
        .ok();
    assert_eq!(first.body, again.body);
    // Without the key, the request id is what stops it.
    org.enrol(&body).refused(809, Some("requestId"));
}

fn the_shape_comes_before_the_request_id_and_all_its_problems_together(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    org.enrol(&with(&enrolment(&badge), &json!({"requestId": "used"})))
        .ok();

    let reply = org.enrol(&json!({
        "badgeMetaId": "nonsense",
        "customers": [1, -1, "x", 2.5],
        "requestId": "used",
        "issueEventDate": "yesterday",
        "triggeredBy": {"ownerType": "Nobody"},
    }));
    assert_eq!(reply.status, 400);
    let mut problems = reply.problems();
    problems.sort();
    let at = |code: u64, field: &str| (code, Some(field.to_owned()));
    assert_eq!(
        problems,
        [
            at(400, "triggeredBy.ownerType"),
            at(717, "triggeredBy.referenceId"),
            at(999_999, "badgeMetaId"),
            at(999_999, "customers[1]"),
            at(999_999, "customers[2]"),
            at(999_999, "customers[3]"),
            at(999_999, "issueEventDate"),
        ],
        "{reply}"
    );
    let reply = org.enrol(&json!({"customers": [], "triggeredBy": {}}));
    let mut problems = reply.problems();
    problems.sort();
    assert_eq!(
        problems,
        [
            at(716, "triggeredBy.ownerType"),
            at(717, "triggeredBy.referenceId"),
            at(812, "customers"),
            at(999_999, "badgeMetaId"),
        ],
        "{reply}"
    );
}

fn a_request_that_fails_every_check_meets_them_in_order_as_it_is_mended(server: &Server) {
    let org = server.org();
    // Its enrolments expire in 2024.
    let expired = json!({"issuedBadgeExpiry": {
        "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": "2024-01-01T00:00:00Z",
    }});
    let other = org.badge();
    org.enrol(&with(&enrolment(&other), &json!({"requestId": "used"})))
        .ok();
    let badge = org.create(&with(&badge(), &expired));
    let direct = org.create(&direct_badge());
    let deactivated = org.create(&with(&direct_badge(), &json!({"active": false})));

    let steps: [(Value, u64, &str); 9] = [
        (json!({"requestId": "used"}), 809, "requestId"),
        (json!({"requestId": "new"}), 404, "badgeMetaId"),
        (json!({"badgeMetaId": deactivated}), 1901, "badgeMetaId"),
        (json!({"badgeMetaId": direct}), 1902, "badgeMetaId"),
        (json!({"badgeMetaId": badge}), 714, "triggeredBy.ownerType"),
        (
            json!({"triggeredBy": {"ownerType": LOYALTY.0, "referenceId": LOYALTY.1}}),
            810,
            "triggeredBy",
        ),
        // Claimed below.
        (json!({}), 816, "issueEventDate"),
        (
            json!({"issueEventDate": "2025-01-01T00:00:00Z"}),
            1903,
            "issueEventDate",
        ),
        (json!({"issueEventDate": "2023-06-01T00:00:00Z"}), 0, ""),
    ];
    let mut body = json!({
        "badgeMetaId": "000000000000000000000000",
        "customers": [1],
        "issueEventDate": "2000-01-01T00:00:00Z",
        "triggeredBy": {"ownerType": "Journeys", "referenceId": "1"},
    });
    for (change, code, field) in steps {
        body = with(&body, &change);
        if code == 816 {
            org.claim(&badge, LOYALTY);
        }
        let reply = org.enrol(&body);
        if code == 0 {
            assert_eq!(reply.ok().outcomes()[0].3, "EXPIRED");
            continue;
        }
        assert_eq!(reply.codes(), [code], "{body}: {reply}");
        let reference = reply.problems()[0].1.clone().unwrap_or_default();
        assert!(
            reference.starts_with(field),
            "{code} at {reference:?}, not {field}"
        );
    }
    // Then 1040, and the failures before have not used up the id.
    body["requestId"] = json!("newer");
    assert_eq!(org.enrol(&body).ok().outcomes()[0].2, Some(1040));
}

fn an_upcoming_badge_takes_none_dated_now_but_one_dated_in_its_period(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&with(
        &badge_from("2080-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        &json!({"issuedBadgeExpiry": {"expiryType": "NEVER"}}),
    ));
    org.enrol(&enrolment(&badge))
        .refused(816, Some("issueEventDate"));
    let dated = with(
        &enrolment(&badge),
        &json!({"issueEventDate": "2080-01-01T00:00:00Z"}),
    );
    assert_eq!(org.enrol(&dated).ok().outcomes()[0].3, "UPCOMING");
}

fn a_badge_past_its_end_still_takes_enrolments_dated_in_its_period_ends_included(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&badge_from("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"));
    let dated = |customer: i64, date: &str| {
        let changes = json!({"customers": [customer], "issueEventDate": date});
        org.enrol(&with(&enrolment(&badge), &changes))
    };
    org.enrol(&enrolment(&badge))
        .refused(816, Some("issueEventDate"));
    dated(1, "2022-12-31T23:59:59.999999Z").refused(816, Some("issueEventDate"));
    dated(1, "2023-01-01T00:00:00Z").ok().issued();
    dated(2, "2024-01-01T00:00:00Z").ok().issued();
    dated(3, "2024-01-01T00:00:00.000001Z").refused(816, Some("issueEventDate"));
}

fn the_care_desk_needs_neither_owner_nor_claim(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let by = |customer: i64, by: Value| {
        let body = json!({"badgeMetaId": badge, "customers": [customer], "triggeredBy": by});
        org.enrol(&body)
    };
    by(1, Value::Null).ok().issued();
    let reply = by(2, json!({"ownerType": "membercare", "referenceId": 77})).ok();
    assert_eq!(
        reply.data()["triggeredBy"],
        json!({"ownerType": "Membercare", "referenceId": "77"})
    );
    by(3, json!({"ownerType": "Loyalty", "referenceId": "77"})).refused(810, Some("triggeredBy"));
}

fn an_unclaimed_owner_enrols_nobody_any_more(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    org.enrol(&enrolment(&badge)).ok().issued();
    let (owner, reference) = LOYALTY;
    let claim = json!({"ownerType": owner, "referenceId": reference});
    org.post(&format!("badgeMeta/{badge}/unclaim"), &claim).ok();
    let next = with(&enrolment(&badge), &json!({"customers": [2]}));
    org.enrol(&next).refused(810, Some("triggeredBy"));
    org.claim(&badge, LOYALTY);
    org.enrol(&next).ok().issued();
}

on_both_databases! {
    credentials_come_before_the_access_group_before_the_idempotency_key_before_the_body
    a_finished_idempotency_key_replays_before_anything_else_is_checked
    the_shape_comes_before_the_request_id_and_all_its_problems_together
    a_request_that_fails_every_check_meets_them_in_order_as_it_is_mended
    an_upcoming_badge_takes_none_dated_now_but_one_dated_in_its_period
    a_badge_past_its_end_still_takes_enrolments_dated_in_its_period_ends_included
    the_care_desk_needs_neither_owner_nor_claim
    an_unclaimed_owner_enrols_nobody_any_more
}
