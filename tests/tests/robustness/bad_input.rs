//! Bad values: a clear refusal with the path of the field, and nothing written.

use accolade_tests::{Org, Reply, Server, badge, enrolment, on_both_databases, with};
use serde_json::{Value, json};

fn raw(org: &Org, path: &str, body: impl AsRef<[u8]>) -> Reply {
    org.request("POST", path)
        .bytes(body.as_ref().to_vec())
        .header("Content-Type", "application/json")
        .send()
}

const ISSUE: &str = "badgeMeta/customer/issueBulk";

fn malformed_json_is_refused_with_its_place(server: &Server) {
    let org = server.org();
    for (body, place) in [
        ("{", "line 1 column 1"),
        ("{\"badgeMetaId\":}", "line 1 column 16"),
        ("{\n\"customers\": [1,]}", "line 2 column 17"),
        ("{\"a\": 01}", "line 1 column 8"),
        ("{\"a\": NaN}", "line 1 column 7"),
        ("{\"a\": Infinity}", "line 1 column 7"),
        ("{\"a\": 'x'}", "line 1 column 7"),
        ("{\"a\": \"\u{1}\"}", "line 1 column 7"),
        ("{\"a\": 1} x", "line 1 column 10"),
        ("{a: 1}", "line 1 column 2"),
        ("\u{feff}{}", "line 1 column 1"),
    ] {
        for path in [ISSUE, "badgeMeta"] {
            let reply = raw(&org, path, body);
            reply.refused(999_999, None);
            assert!(
                reply.text().contains(place),
                "{body:?} is not said to be wrong at {place}: {reply}"
            );
        }
    }
}

fn text_that_is_not_unicode_is_refused(server: &Server) {
    let org = server.org();
    for body in [
        &b"{\"requestId\":\"\xff\"}"[..],
        b"{\"requestId\":\"\xc3\"}",
        b"{\"\xff\":1}",
        b"\xff\xfe{\0}\0",
        br#"{"requestId":"\ud800"}"#,
        br#"{"requestId":"\udc00\ud800"}"#,
    ] {
        for path in [ISSUE, "badgeMeta"] {
            let reply = raw(&org, path, body);
            assert_eq!(
                reply.status,
                400,
                "{}: {reply}",
                String::from_utf8_lossy(body)
            );
            assert!(reply.codes().contains(&999_999), "{reply}");
        }
    }
    let reply = org.get("badgeMeta?name=%ff");
    assert_eq!(reply.status, 400, "{reply}");
}

fn a_key_given_twice_is_refused_with_its_path(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = format!(r#"{{"badgeMetaId":"{badge}","customers":[1],"customers":[2]}}"#);
    raw(&org, ISSUE, body).refused(999_999, Some("customers"));
    let body = format!(
        r#"{{"badgeMetaId":"{badge}","customers":[1],"triggeredBy":{{"ownerType":"Loyalty","ownerType":"Loyalty","referenceId":"123694"}}}}"#
    );
    raw(&org, ISSUE, body).refused(999_999, Some("triggeredBy.ownerType"));
    assert_eq!(org.issued_count(&badge), 0);
}

fn what_is_no_customer_is_refused_with_its_index(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    for customer in [
        "0",
        "-1",
        "1.5",
        "9223372036854775808",
        "-9223372036854775809",
        "1e300",
        "18446744073709551616",
        "\"\"",
        "\"0\"",
        "\"-1\"",
        "\"1.5\"",
        "\"9223372036854775808\"",
        "\"1 \"",
        "\"+1\"",
        "\"x\"",
        "\"\u{661}\"",
        "\"99999999999999999999999999999999999\"",
        "null",
        "true",
        "[]",
        "{}",
        "[1]",
        "\"1\\u0000\"",
    ] {
        let body = format!(r#"{{"badgeMetaId":"{badge}","customers":[7,{customer}]}}"#);
        raw(&org, ISSUE, body).refused(999_999, Some("customers[1]"));
    }
    for customers in ["7", "\"7\"", "{}", "true"] {
        let body = format!(r#"{{"badgeMetaId":"{badge}","customers":{customers}}}"#);
        raw(&org, ISSUE, body).refused(999_999, Some("customers"));
    }
    assert_eq!(org.issued_count(&badge), 0);
}

fn what_is_no_moment_is_refused(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    for field in ["issueEventDate", "issueEventDateISO"] {
        for moment in [
            "\"NaN\"",
            "\"Infinity\"",
            "\"-Infinity\"",
            "\"nan\"",
            "\"\"",
            "\" \"",
            "\"yesterday\"",
            "\"2024-13-01T00:00:00Z\"",
            "\"2024-02-30T00:00:00Z\"",
            "\"2023-02-29T00:00:00Z\"",
            "\"2024-01-01T24:01:00Z\"",
            "\"2024-01-01T00:60:00Z\"",
            "\"2024-01-01T00:00:00+25:00\"",
            "\"2024-01-01T00:00:00\"",
            "\"2024-01-01\"",
            "\"2024-01-01T00:00:00Z\\u0000\"",
            "\"24-01-01T00:00:00Z\"",
            "\"99999-01-01T00:00:00Z\"",
            "\"-0001-01-01T00:00:00Z\"",
            "true",
            "[]",
            "{}",
            "[1713860055]",
        ] {
            let body = format!(r#"{{"badgeMetaId":"{badge}","customers":[1],"{field}":{moment}}}"#);
            let reply = raw(&org, ISSUE, body);
            assert_eq!(
                (reply.status, reply.problems()),
                (400, vec![(999_999, Some(field.to_owned()))]),
                "{moment}: {reply}"
            );
        }
    }
    for moment in [
        "1e300",
        "-1e300",
        "1e-300",
        "99999999999999999999999999",
        "-99999999999999999999",
        "9223372036854775807",
        "-9223372036854775808",
        "253402300800000",
    ] {
        let body =
            format!(r#"{{"badgeMetaId":"{badge}","customers":[1],"issueEventDate":{moment}}}"#);
        let reply = raw(&org, ISSUE, body);
        assert_eq!(reply.status, 400, "{moment}: {reply}");
    }
    assert_eq!(org.issued_count(&badge), 0);
}

fn wrong_types_are_refused_with_the_path(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    for (changes, fields) in [
        (json!({"badgeMetaId": 7}), "badgeMetaId"),
        (json!({"badgeMetaId": []}), "badgeMetaId"),
        (
            json!({"badgeMetaId": "66276dc68fe258516a88ff8"}),
            "badgeMetaId",
        ),
        (
            json!({"badgeMetaId": "66276dc68fe258516a88ff8g"}),
            "badgeMetaId",
        ),
        (
            json!({"badgeMetaId": "66276dc68fe258516a88ff8\u{e4}"}),
            "badgeMetaId",
        ),
        (json!({"requestId": {}}), "requestId"),
        (json!({"requestId": true}), "requestId"),
        (json!({"requestId": "\u{0}"}), "requestId"),
        (json!({"triggeredBy": "Loyalty"}), "triggeredBy"),
        (json!({"triggeredBy": []}), "triggeredBy"),
        (
            json!({"triggeredBy": {"ownerType": "Loyalty", "referenceId": []}}),
            "triggeredBy.referenceId",
        ),
        (
            json!({"triggeredBy": {"ownerType": "Loyalty", "referenceId": "a\u{0}"}}),
            "triggeredBy.referenceId",
        ),
        (
            json!({"triggeredBy": {"ownerType": "Loyalty", "referenceId": "x".repeat(256)}}),
            "triggeredBy.referenceId",
        ),
    ] {
        let reply = org.enrol(&with(&enrolment(&badge), &changes));
        assert_eq!(
            reply.problems(),
            [(999_999, Some(fields.to_owned()))],
            "{changes}: {reply}"
        );
    }
    // An empty text is none.
    let reply = org.enrol(&with(
        &enrolment(&badge),
        &json!({"triggeredBy": {"ownerType": "Loyalty", "referenceId": ""}}),
    ));
    assert_eq!(reply.status, 400, "{reply}");
    assert_eq!(org.issued_count(&badge), 0);
}

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
            if reply.status == 200 {
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
            [(999_999, Some(field.to_owned()))],
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
        if reply.status != 200 {
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

fn unknown_fields_however_deep_are_a_warning_and_depth_elsewhere_a_refusal(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    for depth in [50, 100_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let body = format!(r#"{{"badgeMetaId":"{badge}","customers":[1],"extra":{open}{close}}}"#);
        raw(&org, ISSUE, body).warned(&[(1990, "extra")]);
    }
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    for body in [
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
        if reply.status == 200 {
            assert!(reply.text().contains(&"[".repeat(depth)));
            org.get("badgeMeta").ok();
        } else {
            assert_eq!(reply.status, 400, "{reply}");
            assert!(depth > 100, "{reply}");
        }
    }
}

fn at_most_fifty_problems_are_reported(server: &Server) {
    let org = server.org();
    let customers: Vec<Value> = (0..1_000).map(|_| json!("x")).collect();
    let reply = org.enrol(&with(
        &enrolment(&org.badge()),
        &json!({"customers": customers}),
    ));
    assert_eq!(reply.status, 400);
    assert_eq!(reply.problems().len(), 50);
}

fn many_unknown_fields_do_not_swell_the_answer(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let unknown = |count: usize| {
        let mut body = enrolment(&badge);
        for number in 0..count {
            body[format!("unknown{number}")] = json!(number);
        }
        org.enrol(&body)
    };
    let reply = unknown(500).ok();
    assert_eq!(reply.codes()[0], 1990, "{reply}");
    for reply in [reply, unknown(50_000)] {
        assert!(reply.body.len() < 50_000, "{} bytes", reply.body.len());
    }
}

fn huge_texts_are_refused_and_not_repeated(server: &Server) {
    let org = server.org();
    let huge = "x".repeat(5_000_000);
    for (changes, field) in [
        (json!({"requestId": huge}), "requestId"),
        (json!({"badgeMetaId": huge}), "badgeMetaId"),
        (json!({"issueEventDate": huge}), "issueEventDate"),
        (json!({"customers": [huge]}), "customers[0]"),
    ] {
        let reply = org.enrol(&with(&enrolment("66276dc68fe258516a88ff8e"), &changes));
        reply.refused(999_999, Some(field));
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
    malformed_json_is_refused_with_its_place
    text_that_is_not_unicode_is_refused
    a_key_given_twice_is_refused_with_its_path
    what_is_no_customer_is_refused_with_its_index
    what_is_no_moment_is_refused
    wrong_types_are_refused_with_the_path
    every_field_of_a_badge_refuses_what_it_cannot_hold
    dates_at_the_end_of_time_break_nothing
    unknown_fields_however_deep_are_a_warning_and_depth_elsewhere_a_refusal
    a_benefit_is_kept_at_any_depth_that_is_accepted
    at_most_fifty_problems_are_reported
    many_unknown_fields_do_not_swell_the_answer
    huge_texts_are_refused_and_not_repeated
    parameters_of_a_list_refuse_what_they_cannot_hold
}
