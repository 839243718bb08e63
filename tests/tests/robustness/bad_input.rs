//! Bad values: a clear refusal and no 5xx, whatever they would do to a database or to a stack.
//! What each field refuses, and where, is tested where it is read.

use accolade_tests::{
    Backend, Org, Reply, Server, badge, enrolment, on_both_databases, shared, with,
};
use serde_json::json;

fn raw(org: &Org, path: &str, body: impl AsRef<[u8]>) -> Reply {
    org.request("POST", path)
        .bytes(body.as_ref().to_vec())
        .header("Content-Type", "application/json")
        .send()
}

const ISSUE: &str = "badgeMeta/customer/issueBulk";

fn every_field_of_a_badge_refuses_what_it_cannot_hold(server: &Server) {
    let org = server.org();
    let wrong = [
        json!(true),
        json!([[]]),
        json!({"a": 1}),
        json!("\u{0}"),
        json!(-1),
        json!(1.5),
        json!(1e300),
    ];
    let fields = [
        "name",
        "description",
        "startOn",
        "expiresOn",
        "startOnISO",
        "earnType",
        "issuedBadgeExpiry",
        "earnedBadgeExpiry",
        "ownership",
        "customerConstraints",
        "badgeConstraints",
        "images",
        "tags",
        "benefits",
        "badgeRank",
        "defaultTillId",
        "active",
        "isActive",
        "customFields",
        "badgeGroupId",
    ];
    for field in fields {
        for value in &wrong {
            // Some of these are right somewhere: what matters is that none breaks anything.
            let reply = org.creating(&with(&badge(), &json!({field: value}))).send();
            if reply.is_success() {
                continue;
            }
            assert_eq!(reply.status, 400, "{field} = {value}: {reply}");
            let named = reply.problems().iter().all(|(_, path)| path.is_some());
            assert!(named, "{field} = {value}: {reply}");
        }
    }
    for (changes, field) in [
        (json!({"name": 7}), "name"),
        (
            json!({"images": [{"name": "a", "fileSvcHandle": "b", "url": "not a url", "tag": "EARNED"}]}),
            "images[0].url",
        ),
        (
            json!({"images": [{"name": "a", "fileSvcHandle": "b", "url": "javascript:alert(1)", "tag": "EARNED"}]}),
            "images[0].url",
        ),
        (
            json!({"images": [{"name": "a", "fileSvcHandle": "b", "url": "/relative", "tag": "EARNED"}]}),
            "images[0].url",
        ),
        (json!({"tags": {}}), "tags"),
        (json!({"badgeRank": "x"}), "badgeRank"),
        (json!({"defaultTillId": 1.5}), "defaultTillId"),
        (json!({"active": 2}), "active"),
        (
            json!({"earnedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 36_501}}),
            "earnedBadgeExpiry.value",
        ),
        (
            json!({"earnedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 0}}),
            "earnedBadgeExpiry.value",
        ),
        (
            json!({"earnedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 1.5}}),
            "earnedBadgeExpiry.value",
        ),
    ] {
        let reply = org.creating(&with(&badge(), &changes)).send();
        assert_eq!(
            reply.problems(),
            [(400, Some(field.to_owned()))],
            "{changes}: {reply}"
        );
    }
}

fn dates_at_the_end_of_time_break_nothing(server: &Server) {
    let org = server.org();
    for expiry in [
        json!({"expiryType": "NEVER"}),
        json!({"expiryType": "RELATIVE", "relativeExpirytype": "MONTHS", "value": 36_500}),
        json!({"expiryType": "RELATIVE", "relativeExpirytype": "WEEKS", "value": 36_500}),
        json!({"expiryType": "ABSOLUTE", "type": "WITH_BADGE_META"}),
        json!({"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": "9999-12-31T23:59:59.999999Z"}),
    ] {
        let window = json!([{"constraintType": "BADGE_FIXED_WINDOW", "maxEarnLimit": 1, "durationType": "MONTHS"}]);
        let reply = org.creating(&with(&badge(), &json!({
            "expiresOn": "9999-12-31T23:59:59Z", "issuedBadgeExpiry": expiry, "badgeConstraints": window,
        }))).send();
        if !reply.is_success() {
            continue;
        }
        let id = reply.data()["id"].as_str().unwrap().to_owned();
        org.claim(&id, accolade_tests::LOYALTY);
        for date in [
            "9999-12-31T23:59:58Z",
            "9000-01-01T00:00:00Z",
            "2024-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
        ] {
            // 5xx fails in the client.
            org.enrol(&with(&enrolment(&id), &json!({"issueEventDate": date})));
        }
    }
}

#[test]
fn a_body_may_be_nested_as_deep_as_a_person_would_but_not_a_hundred_thousand_times() {
    let server = shared(Backend::Sqlite);
    let org = server.org();
    let badge = org.badge();
    let extra = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"badgeMetaId":"{badge}","customers":[1],"extra":{open}{close}}}"#)
    };
    raw(&org, ISSUE, extra(50)).warned(&[(1990, "extra")]);
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    for body in [
        extra(100_000),
        open.clone(),
        format!("{open}{close}"),
        format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        format!(r#"{{"badgeMetaId":"{badge}","customers":{open}{close}}}"#),
        format!(r#"{{"badgeMetaId":"{badge}","customers":[1],"triggeredBy":{open}{close}}}"#),
        format!(r#"{{"badgeMetaId":{open}{close},"customers":[2]}}"#),
        format!(r#"{{"name":{open}{close}}}"#),
        format!(r#"{{"name":"x","ownership":{open}"#),
    ] {
        for path in [ISSUE, "badgeMeta"] {
            let reply = raw(&org, path, &body);
            assert_eq!(reply.status, 400, "{reply}");
            assert!(reply.body.len() < 10_000, "{} bytes", reply.body.len());
        }
    }
    assert_eq!(org.issued_count(&badge), 1);
}

fn a_benefit_is_kept_at_any_depth_that_is_accepted(server: &Server) {
    let org = server.org();
    for depth in [50, 100, 200, 100_000] {
        let body = badge_with_benefit(depth);
        let reply = org
            .request("POST", "badgeMeta")
            .header("X-CAP-BADGES-MIGRATION", "migration")
            .text(&body)
            .send();
        if reply.is_success() {
            assert!(reply.text().contains(&"[".repeat(depth)));
            org.get("badgeMeta").ok();
        } else {
            assert_eq!(reply.status, 400, "{reply}");
            assert!(depth > 100, "{reply}");
        }
    }
}

#[test]
fn huge_texts_are_refused_and_not_repeated() {
    let server = shared(Backend::Sqlite);
    let org = server.org();
    let huge = "x".repeat(5_000_000);
    for (changes, field) in [
        (json!({"requestId": huge}), "requestId"),
        (json!({"badgeMetaId": huge}), "badgeMetaId"),
        (json!({"issueEventDate": huge}), "issueEventDate"),
        (json!({"customers": [huge]}), "customers[0]"),
    ] {
        let reply = org.enrol(&with(&enrolment("66276dc68fe258516a88ff8e"), &changes));
        reply.refused(400, Some(field));
        assert!(reply.body.len() < 2_000, "{} bytes", reply.body.len());
    }
    let owner = json!({"triggeredBy": {"ownerType": huge, "referenceId": "1"}});
    let reply = org.enrol(&with(&enrolment("66276dc68fe258516a88ff8e"), &owner));
    reply.refused(400, Some("triggeredBy.ownerType"));
    assert!(reply.body.len() < 2_000, "{} bytes", reply.body.len());
    let reply = org.enrol(&with(&enrolment(&org.badge()), &json!({huge.as_str(): 1})));
    assert!(reply.body.len() < 10_000, "{} bytes", reply.body.len());
}

fn parameters_of_a_list_refuse_what_they_cannot_hold(server: &Server) {
    let org = server.org();
    for query in [
        "page=99999999999999999999",
        "size=-1",
        "size=1.5",
        "page=%00",
        "name=%00",
        "startOn=NaN",
        "startOn=1e300",
        "status=%00",
        "status=,",
        "size=10&size=20",
        "page=4294967295",
        "page=4294967296",
        "page=9223372036854775807&size=100",
        "name=%f0%9f%8f%85",
        "groupId=x",
        "groupId=000000000000000000000000",
        "unclaimed=",
    ] {
        let reply = org.get(&format!("badgeMeta?{query}"));
        assert!([200, 400].contains(&reply.status), "{query}: {reply}");
    }
    let long = format!("badgeMeta?name={}", "x".repeat(4_000));
    assert!([200, 400].contains(&org.get(&long).status));
}

fn badge_with_benefit(depth: usize) -> String {
    let body = with(&badge(), &json!({"benefits": "BENEFITS"}));
    let benefit = format!(
        r#"[{{"benefitType":"COUPON","deep":{}{}}}]"#,
        "[".repeat(depth),
        "]".repeat(depth)
    );
    body.to_string().replace("\"BENEFITS\"", &benefit)
}

on_both_databases! {
    every_field_of_a_badge_refuses_what_it_cannot_hold
    dates_at_the_end_of_time_break_nothing
    a_benefit_is_kept_at_any_depth_that_is_accepted
    parameters_of_a_list_refuse_what_they_cannot_hold
}
