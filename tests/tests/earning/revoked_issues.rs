//! Taking enrolments back.

use accolade_tests::{Org, Reply, Server, badge, earning, on_both_databases, with};
use serde_json::{Value, json};

/// A badge whose enrolments hold for ten days.
fn ten_days(org: &Org) -> String {
    let days = json!({"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 10});
    org.create(&with(&badge(), &json!({"issuedBadgeExpiry": days})))
}

fn enrol(org: &Org, badge: &str, customer: i64, date: &str) -> String {
    let body = json!({"badgeMetaId": badge, "customers": [customer], "issueEventDate": date});
    org.enrol(&body).ok().issued()
}

fn revoked(reply: &Reply) -> Value {
    reply.data()["revokedIssuedBadges"].clone()
}

fn not_the_customers() -> Value {
    json!({"code": 404, "message": "issue doesn't belong to customer", "reference": null})
}

fn none_left() -> Value {
    json!({"code": 404, "message": "Customer doesn't have issue instance", "reference": null})
}

fn customers_lose_all_their_enrolments_with_an_element_for_each(server: &Server) {
    let org = server.org();
    let badge = ten_days(&org);
    let first = enrol(&org, &badge, 1, "2024-01-01T00:00:00Z");
    let second = enrol(&org, &badge, 1, "2024-02-01T00:00:00Z");
    let other = enrol(&org, &badge, 2, "2024-01-01T00:00:00Z");
    let reply = org.revoke_issue(&json!({"badgeMetaId": badge, "customers": [2, 3, "1"]}));
    assert_eq!(
        reply.ok().text(),
        format!(
            r#"{{"data":{{"badgeMetaId":"{badge}","revokedIssuedBadges":[{{"customerId":2,"issuedId":"{other}","error":null}},{{"customerId":3,"error":{{"code":404,"message":"Customer doesn't have issue instance","reference":null}}}},{{"customerId":1,"issuedId":"{first}","error":null}},{{"customerId":1,"issuedId":"{second}","error":null}}],"requestId":null}},"errors":[],"warnings":[]}}"#
        )
    );
    assert_eq!(org.issued_count(&badge), 0);
    // What is revoked is no more in the way.
    enrol(&org, &badge, 1, "2024-01-05T00:00:00Z");
}

fn named_enrolments_are_revoked_alone(server: &Server) {
    let org = server.org();
    let (badge, other_badge) = (ten_days(&org), ten_days(&org));
    let first = enrol(&org, &badge, 1, "2024-01-01T00:00:00Z");
    let second = enrol(&org, &badge, 1, "2024-02-01T00:00:00Z");
    let foreign = enrol(&org, &badge, 2, "2024-01-01T00:00:00Z");
    let elsewhere = enrol(&org, &other_badge, 1, "2024-01-01T00:00:00Z");
    let pair = |customer: i64, id: &str| json!({"customerId": customer, "issueId": id});
    let body = json!({"badgeMetaId": badge, "requestId": "named", "revokeIssuals": [
        pair(1, &second), pair(1, &foreign), pair(1, &elsewhere), pair(3, &first),
        pair(1, "000000000000000000000000"),
    ]});
    let reply = org.revoke_issue(&body).ok();
    let element = |customer: i64, id: &str, error: Value| json!({"customerId": customer, "issuedId": id, "error": error});
    assert_eq!(
        revoked(&reply),
        json!([
            element(1, &second, Value::Null),
            element(1, &foreign, not_the_customers()),
            element(1, &elsewhere, not_the_customers()),
            element(3, &first, not_the_customers()),
            element(1, "000000000000000000000000", not_the_customers()),
        ])
    );
    assert_eq!(reply.data()["requestId"], "named");
    assert_eq!(org.issued_count(&badge), 2);
    let again = json!({"badgeMetaId": badge, "revokeIssuals": [pair(1, &second), pair(1, &first)]});
    assert_eq!(
        revoked(&org.revoke_issue(&again).ok()),
        json!([
            element(1, &second, none_left()),
            element(1, &first, Value::Null)
        ])
    );
}

fn with_both_the_named_ones_win_and_a_warning_says_so(server: &Server) {
    let org = server.org();
    let badge = ten_days(&org);
    let first = enrol(&org, &badge, 1, "2024-01-01T00:00:00Z");
    enrol(&org, &badge, 2, "2024-01-01T00:00:00Z");
    let body = json!({
        "badgeMetaId": badge, "customers": [2],
        "revokeIssuals": [{"customerId": 1, "issueId": first}],
    });
    let reply = org.revoke_issue(&body);
    reply.warned(&[(1993, "customers")]);
    assert_eq!(revoked(&reply)[0]["issuedId"], json!(first));
    assert_eq!(org.issued_count(&badge), 1);
}

fn with_neither_it_is_refused(server: &Server) {
    let org = server.org();
    let badge = ten_days(&org);
    let reply = org.revoke_issue(&json!({"badgeMetaId": badge}));
    assert_eq!(
        (reply.status, reply.text()),
        (
            400,
            r#"{"data":null,"errors":[{"code":1051,"message":"RevokeIssuals or CustomerId is mandatory","reference":null}],"warnings":null}"#
        )
    );
    for (given, code) in [
        (json!({"customers": null, "revokeIssuals": null}), 1051),
        (json!({"revokeIssuals": []}), 1051),
        (json!({"customers": []}), 812),
    ] {
        let body = with(&json!({"badgeMetaId": badge}), &given);
        assert_eq!(org.revoke_issue(&body).codes(), [code], "{given}");
    }
}

fn at_most_twenty_enrolments_may_be_named(server: &Server) {
    let org = server.org();
    let badge = ten_days(&org);
    let named = |count: i64| {
        let pairs: Vec<_> = (1..=count)
            .map(|customer| json!({"customerId": customer, "issueId": "000000000000000000000000"}))
            .collect();
        org.revoke_issue(&json!({"badgeMetaId": badge, "revokeIssuals": pairs}))
    };
    named(21).refused(999_999, Some("revokeIssuals"));
    assert_eq!(named(20).ok().element_codes(), [404; 20]);
}

fn as_many_customers_as_a_request_may_have_lose_theirs_at_once(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let customers: Vec<i64> = (1..=10_000).collect();
    let body = json!({"badgeMetaId": badge, "customers": customers});
    org.enrol(&body).ok();
    assert_eq!(org.issued_count(&badge), 10_000);
    let codes = org.revoke_issue(&body).ok().element_codes();
    assert_eq!(codes, vec![0; 10_000]);
    assert_eq!(org.issued_count(&badge), 0);
    let customers: Vec<i64> = (1..=10_001).collect();
    org.revoke_issue(&with(&body, &json!({"customers": customers})))
        .refused(1905, Some("customers"));
}

fn what_is_named_twice_is_revoked_once_and_a_warning_says_so(server: &Server) {
    let org = server.org();
    let badge = ten_days(&org);
    let first = enrol(&org, &badge, 1, "2024-01-01T00:00:00Z");
    let second = enrol(&org, &badge, 1, "2024-02-01T00:00:00Z");
    let pair = |id: &str| json!({"customerId": 1, "issueId": id});
    let body =
        json!({"badgeMetaId": badge, "revokeIssuals": [pair(&first), pair(&second), pair(&first)]});
    let reply = org.revoke_issue(&body);
    reply.warned(&[(1992, "revokeIssuals[2]")]);
    assert_eq!(reply.element_codes(), [0, 0]);
    let reply = org.revoke_issue(&json!({"badgeMetaId": badge, "customers": [1, 1]}));
    reply.warned(&[(1992, "customers[1]")]);
    assert_eq!(reply.element_codes(), [404]);
}

fn after_it_the_customer_earns_no_more(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    org.enrol(&json!({"badgeMetaId": badge, "customers": [1, 2]}))
        .ok();
    org.earned(&badge, 1);
    org.revoke_issue(&json!({"badgeMetaId": badge, "customers": [1]}))
        .ok();
    let reply = org.earn(&earning(&badge, 1));
    assert_eq!((reply.status, reply.codes()), (409, vec![811]), "{reply}");
    let body = json!({"badgeMetaId": badge, "customerIds": [1, 2], "requestId": "bulk"});
    assert_eq!(org.earn_bulk(&body).element_codes(), [811, 0]);
    // What was earned before stays, and a new enrolment lets earn again.
    assert_eq!(org.earned_count(&badge), 2);
    org.enrol(&json!({"badgeMetaId": badge, "customers": [1]}))
        .ok()
        .issued();
    org.earned(&badge, 1);
}

fn a_revoked_enrolment_shows_in_the_answer_of_enrolling_no_more(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let enrol = || {
        org.enrol(&json!({"badgeMetaId": badge, "customers": [1]}))
            .ok()
    };
    let first = enrol().issued();
    assert_eq!(enrol().outcomes()[0].2, Some(1040));
    org.revoke_issue(&json!({"badgeMetaId": badge, "customers": [1]}))
        .ok();
    assert_ne!(enrol().issued(), first);
    let issuals = org.between(1, &badge)["issualDetails"].clone();
    let statuses: Vec<_> = issuals["issuals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issual| issual["issuedStatus"].clone())
        .collect();
    assert_eq!(statuses, ["ACTIVE", "REVOKED"]);
}

fn a_badge_that_is_unknown_or_another_orgs_is_not_found(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let badge = org.create(&badge());
    org.enrol(&json!({"badgeMetaId": badge, "customers": [1]}))
        .ok();
    let body = |badge: &str| json!({"badgeMetaId": badge, "customers": [1]});
    for reply in [
        other.revoke_issue(&body(&badge)),
        org.revoke_issue(&body("000000000000000000000000")),
    ] {
        assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
    }
    assert_eq!(org.issued_count(&badge), 1);
}

fn all_problems_of_its_fields_are_reported_at_once(server: &Server) {
    let org = server.org();
    let reply = org.revoke_issue(&json!({
        "badgeMetaId": "x",
        "revokeIssuals": [{"customerId": 0, "issueId": "y"}, {}, 7],
    }));
    let mut problems: Vec<_> = reply
        .problems()
        .into_iter()
        .map(|(code, path)| (code, path.unwrap()))
        .collect();
    problems.sort();
    let at = |code: u64, path: &str| (code, path.to_owned());
    assert_eq!(
        problems,
        [
            at(812, "revokeIssuals[1].customerId"),
            at(999_999, "badgeMetaId"),
            at(999_999, "revokeIssuals[0].customerId"),
            at(999_999, "revokeIssuals[0].issueId"),
            at(999_999, "revokeIssuals[1].issueId"),
            at(999_999, "revokeIssuals[2]"),
        ],
        "{reply}"
    );
}

on_both_databases! {
    customers_lose_all_their_enrolments_with_an_element_for_each
    named_enrolments_are_revoked_alone
    with_both_the_named_ones_win_and_a_warning_says_so
    with_neither_it_is_refused
    at_most_twenty_enrolments_may_be_named
    as_many_customers_as_a_request_may_have_lose_theirs_at_once
    what_is_named_twice_is_revoked_once_and_a_warning_says_so
    after_it_the_customer_earns_no_more
    a_revoked_enrolment_shows_in_the_answer_of_enrolling_no_more
    a_badge_that_is_unknown_or_another_orgs_is_not_found
    all_problems_of_its_fields_are_reported_at_once
}
