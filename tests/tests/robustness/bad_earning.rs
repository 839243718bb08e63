//! Bad values where customers earn, are revoked and imported, and where the catalogue is
//! written: a clear refusal with the path of the field, and nothing written.

use accolade_tests::{
    Org, Reply, Server, badge_value, direct_badge, earning_all, imported, limited, new_id,
    on_both_databases, with,
};
use serde_json::{Value, json};

const POSTS: [&str; 8] = [
    "customer/earn",
    "customer/earnBulk",
    "customer/revokeEarn",
    "badgeMeta/customer/revokeIssue",
    "import/customerBadges",
    "group",
    "customField",
    "customers/bulk",
];

fn raw(org: &Org, path: &str, body: impl AsRef<[u8]>) -> Reply {
    org.request("POST", path)
        .bytes(body.as_ref().to_vec())
        .header("Content-Type", "application/json")
        .send()
}

fn malformed_bodies_are_refused_with_their_place(server: &Server) {
    let org = server.org();
    for path in POSTS {
        for (body, place) in [
            ("{", "line 1 column 1"),
            ("{\n\"customerId\": [1,]}", "line 2 column 18"),
            ("{\"a\": NaN}", "line 1 column 7"),
            ("{\"a\": 1} x", "line 1 column 10"),
        ] {
            let reply = raw(&org, path, body);
            reply.refused(999_999, None);
            assert!(reply.text().contains(place), "{path} {body:?}: {reply}");
        }
        for body in [
            &b"{\"requestId\":\"\xff\"}"[..],
            br#"{"requestId":"\ud800"}"#,
            b"7",
            b"null",
            b"\"x\"",
        ] {
            let reply = raw(&org, path, body);
            assert_eq!(reply.status, 400, "{path}: {reply}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(raw(&org, path, &deep).status, 400, "{path}");
        let reply = org
            .request("POST", path)
            .bytes(b"x".to_vec())
            .header("Content-Type", "text/plain")
            .send();
        assert_eq!(reply.codes(), [1943], "{path}");
    }
}

fn a_key_given_twice_is_refused_with_its_path(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    let body =
        format!(r#"{{"badgeMetaId":"{badge}","customerId":1,"customerId":2,"requestId":"r"}}"#);
    raw(&org, "customer/earn", body).refused(999_999, Some("customerId"));
    let body = format!(
        r#"[{{"badgeMetaId":"{badge}","customerId":1,"customerId":2,"earnEventDate":1,"earnExpiresOn":2}}]"#
    );
    let reply = raw(&org, "import/customerBadges", body);
    // Whether it is the element's or the whole request's: nothing is written.
    assert!(reply.text().contains("customerId"), "{reply}");
    assert_eq!(org.earned_count(&badge), 0);
}

fn what_is_no_customer_is_refused_with_its_path(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    for customer in [
        "0",
        "-1",
        "1.5",
        "9223372036854775808",
        "1e300",
        "\"\"",
        "\"x\"",
        "\"1 \"",
        "true",
        "[]",
        "{}",
        "\"1\\u0000\"",
    ] {
        let body =
            format!(r#"{{"badgeMetaId":"{badge}","customerId":{customer},"requestId":"r"}}"#);
        raw(&org, "customer/earn", body).refused(999_999, Some("customerId"));
        let body =
            format!(r#"{{"badgeMetaId":"{badge}","customerIds":[7,{customer}],"requestId":"r"}}"#);
        raw(&org, "customer/earnBulk", body).refused(999_999, Some("customerIds[1]"));
        let body = format!(
            r#"{{"badgeMetaId":"{badge}","customerId":{customer},"earnedBadgeId":"000000000000000000000000"}}"#
        );
        raw(&org, "customer/revokeEarn", body).refused(999_999, Some("customerId"));
        let body = format!(r#"{{"badgeMetaId":"{badge}","customers":[7,{customer}]}}"#);
        raw(&org, "badgeMeta/customer/revokeIssue", body).refused(999_999, Some("customers[1]"));
        let body = format!(
            r#"[{{"badgeMetaId":"{badge}","customerId":{customer},"earnEventDate":1,"earnExpiresOn":2}}]"#
        );
        let reply = raw(&org, "import/customerBadges", body).ok();
        assert_eq!(reply.imports(), [[(999_999, "customerId".to_owned())]]);
    }
    let many = json!({
        "badgeMetaId": badge, "customerIds": (1..=10_001).collect::<Vec<i64>>(), "requestId": "r",
    });
    org.earn_bulk(&many).refused(1905, Some("customerIds"));
    org.earn_bulk(&with(&many, &json!({"customerIds": []})))
        .refused(812, Some("customerIds"));
    assert_eq!(org.earned_count(&badge), 0);
}

fn what_is_no_moment_is_refused(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    for moment in [
        json!("NaN"),
        json!("2024-02-30T00:00:00Z"),
        json!("2024-01-01"),
        json!(1e300),
        json!(i64::MAX),
        json!(true),
        json!([]),
        json!("\u{0}"),
    ] {
        let body = json!({
            "badgeMetaId": badge, "customerId": 1, "requestId": new_id(), "earnEventDate": moment,
        });
        org.earn(&body).refused(999_999, Some("earnEventDate"));
        for field in ["earnEventDate", "earnExpiresOn"] {
            let element = with(&imported(&badge, 1), &json!({field: moment}));
            let reply = org.import(&[element]).ok();
            assert_eq!(reply.imports(), [[(999_999, field.to_owned())]]);
        }
        let query = moment.as_str().map(|text| text.replace('\0', "%00"));
        if let Some(text) = query {
            for path in [
                format!("badgeMeta/getFixedWindowDetails?badgeMetaId={badge}&startDate={text}"),
                format!("management/1?expiresOn={text}&expiresOnOperator=LESS_THAN"),
            ] {
                assert_eq!(org.get(&path).status, 400, "{path}");
            }
        }
    }
    assert_eq!(org.earned_count(&badge), 0);
}

fn each_contradiction_of_constraints_has_its_own_message(server: &Server) {
    let org = server.org();
    let mut messages = Vec::new();
    let window = |days: i64, max: i64| json!({"constraintType": "BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": days, "maxEarnLimit": max});
    let definitions: [(Value, Value, &str); 6] = [
        (
            json!([]),
            json!([window(7, 1), window(7, 2)]),
            "badgeConstraints[1]",
        ),
        (
            json!([]),
            json!([badge_value(0)]),
            "badgeConstraints[0].maxEarnLimit",
        ),
        (json!([]), json!([window(36_000, 1)]), "badgeConstraints[0]"),
        (
            json!([{"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForWeeks": 1}]),
            json!([]),
            "customerConstraints[0].rollForWeeks",
        ),
        (
            json!([{"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "rollForMonths": 1}]),
            json!([]),
            "customerConstraints[0].maxEarnForMonths",
        ),
        (
            json!([{"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW"}]),
            json!([]),
            "customerConstraints[0]",
        ),
    ];
    for (customer, badge, path) in definitions {
        let reply = org.creating(&limited(&customer, &badge)).send();
        reply.refused(999_999, Some(path));
        messages.push(reply.message());
    }
    // The two halves of a pair are one message about two fields.
    let distinct: std::collections::HashSet<_> = messages.iter().collect();
    assert!(distinct.len() >= 5, "{messages:?}");
    assert_eq!(org.get("badgeMeta").ok().data()["pagination"]["total"], 0);
}

fn wrong_ids_and_texts_are_refused_with_their_paths(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    let earned = org.earned(&badge, 1);
    let huge = "x".repeat(1_000_000);
    for (path, body, field) in [
        (
            "customer/earn",
            json!({"badgeMetaId": 7, "customerId": 1, "requestId": "r"}),
            "badgeMetaId",
        ),
        (
            "customer/earn",
            json!({"badgeMetaId": badge, "customerId": 1, "requestId": huge}),
            "requestId",
        ),
        (
            "customer/earn",
            json!({"badgeMetaId": badge, "customerId": 1, "requestId": "a\u{0}"}),
            "requestId",
        ),
        (
            "customer/earn",
            json!({"badgeMetaId": badge, "customerId": 1, "requestId": "r", "triggeredBy": 7}),
            "triggeredBy",
        ),
        (
            "customer/revokeEarn",
            json!({"badgeMetaId": badge, "customerId": 1, "earnedBadgeId": "8"}),
            "earnedBadgeId",
        ),
        (
            "customer/revokeEarn",
            json!({"badgeMetaId": badge, "customerId": 1, "earnedBadgeId": format!("{earned}0")}),
            "earnedBadgeId",
        ),
        (
            "badgeMeta/customer/revokeIssue",
            json!({"badgeMetaId": badge, "revokeIssuals": [{"customerId": 1, "issueId": "236"}]}),
            "revokeIssuals[0].issueId",
        ),
        (
            "badgeMeta/customer/revokeIssue",
            json!({"badgeMetaId": badge, "revokeIssuals": {}}),
            "revokeIssuals",
        ),
        ("group", json!({"name": huge, "rank": 1}), "name"),
        (
            "group",
            json!({"name": "x", "rank": 99_999_999_999_i64}),
            "rank",
        ),
        (
            "customField",
            json!({"name": huge, "dataType": "STRING"}),
            "name",
        ),
        (
            "customField",
            json!({"name": "x", "dataType": "STRING", "defaultValue": huge}),
            "defaultValue",
        ),
    ] {
        let reply = org.post(path, &body);
        reply.refused(999_999, Some(field));
        assert!(reply.body.len() < 2_000, "{} bytes", reply.body.len());
    }
    assert_eq!(org.earned_count(&badge), 1);
}

fn a_batch_of_bad_and_good_writes_the_good_alone(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let badge = org.create(&limited(&json!([]), &json!([badge_value(2)])));
    let foreign = other.create(&direct_badge());
    let reply = org
        .import(&[
            imported(&foreign, 1),
            with(&imported(&badge, 1), &json!({"earnExpiresOn": 0})),
            imported(&badge, 1),
        ])
        .ok();
    let codes: Vec<_> = reply
        .imports()
        .into_iter()
        .map(|list| list.first().map(|(code, _)| *code))
        .collect();
    assert_eq!(codes, [Some(404), Some(999_999), None]);
    let reply = org.earn_bulk(&earning_all(&badge, &[1, 2]));
    assert_eq!(reply.element_codes(), [0, 818]);
    assert_eq!(org.earned_count(&badge), 2);
    assert_eq!(other.earned_count(&foreign), 0);
}

on_both_databases! {
    malformed_bodies_are_refused_with_their_place
    a_key_given_twice_is_refused_with_its_path
    what_is_no_customer_is_refused_with_its_path
    what_is_no_moment_is_refused
    each_contradiction_of_constraints_has_its_own_message
    wrong_ids_and_texts_are_refused_with_their_paths
    a_batch_of_bad_and_good_writes_the_good_alone
}
