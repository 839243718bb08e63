//! Enrolment: its fields, its answer, its warnings.

use accolade_tests::{Server, badge, enrolment, on_both_databases, with};
use serde_json::{Value, json};

fn the_answer_has_one_element_a_distinct_customer_in_the_order_of_the_request(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = with(
        &enrolment(&badge),
        &json!({"customers": [9, 3, "7", 9_223_372_036_854_775_807_i64, 1]}),
    );
    let customers: Vec<i64> = org
        .enrol(&body)
        .ok()
        .outcomes()
        .iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(customers, [9, 3, 7, i64::MAX, 1]);
}

fn a_customer_named_twice_is_enrolled_once_with_a_warning(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = with(
        &enrolment(&badge),
        &json!({"customers": [5, 6, 5, "6", 5, 7]}),
    );
    let reply = org.enrol(&body).ok();
    let customers: Vec<i64> = reply.outcomes().iter().map(|it| it.0).collect();
    assert_eq!(customers, [5, 6, 7]);
    assert!(
        !reply.codes().is_empty() && reply.codes().iter().all(|code| *code == 1992),
        "{reply}"
    );
    assert_eq!(org.issued_count(&badge), 3);
}

fn unknown_fields_and_parameters_are_accepted_and_named(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = with(
        &enrolment(&badge),
        &json!({
            "isueEventDate": 1,
            "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123694", "refrence": {"a": [1]}},
        }),
    );
    let reply = org
        .request("POST", "badgeMeta/customer/issueBulk?dryrun=true")
        .json(&body)
        .send();
    let mut warnings = reply.problems();
    warnings.sort();
    let at = |field: &str| (1990, Some(field.to_owned()));
    assert_eq!(
        warnings,
        [
            at("dryrun"),
            at("isueEventDate"),
            at("triggeredBy.refrence")
        ],
        "{reply}"
    );
    assert_eq!(org.issued_count(&badge), 1);
}

fn null_equals_absent(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let reply = org
        .request("POST", "badgeMeta/customer/issueBulk")
        .text(&format!(
            r#"{{"badgeMetaId":"{badge}","customers":[1],"requestId":null,"issueEventDate":null,"issueEventDateISO":null,"triggeredBy":null}}"#
        ))
        .send()
        .ok();
    reply.warned(&[]);
    assert_eq!(reply.data()["triggeredBy"], Value::Null);
    org.request("POST", "badgeMeta/customer/issueBulk")
        .text(&format!(r#"{{"badgeMetaId":"{badge}","customers":null}}"#))
        .send()
        .refused(812, Some("customers"));
}

fn a_badge_id_in_upper_case_is_the_same_badge(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let reply = org.enrol(&enrolment(&badge.to_uppercase())).ok();
    assert_eq!(reply.data()["badgeMetaId"], json!(badge));
}

fn enums_are_read_in_any_spelling_and_written_in_one(server: &Server) {
    let org = server.org();
    let badge = org.create(&with(
        &badge(),
        &json!({"ownership": {"restrictedToOwners": ["LOYALTY-promotion"]}}),
    ));
    org.claim(&badge, ("loyalty promotion", "1"));
    for (customer, spelling) in [
        (1, "Loyalty_Promotion"),
        (2, "loyalty-promotion"),
        (3, "LOYALTY PROMOTION"),
    ] {
        let body = json!({
            "badgeMetaId": badge,
            "customers": [customer],
            "triggeredBy": {"ownerType": spelling, "referenceId": "1"},
        });
        let reply = org.enrol(&body).ok();
        assert_eq!(
            reply.data()["triggeredBy"]["ownerType"],
            "Loyalty_Promotion"
        );
    }
    let reply = org.enrol(&json!({
        "badgeMetaId": badge,
        "customers": [4],
        "triggeredBy": {"ownerType": "Loyalty_Programme", "referenceId": "1"},
    }));
    reply.refused(400, Some("triggeredBy.ownerType"));
    for allowed in [
        "Loyalty",
        "Loyalty_Promotion",
        "Referral_Campaigns",
        "Journeys",
        "Audience_Campaigns",
        "Rewards_Catalog",
        "Goodwill_Module",
        "Milestones",
        "Historical_Import",
        "Membercare",
    ] {
        assert!(
            reply.text().contains(allowed),
            "{allowed} is not named: {reply}"
        );
    }
}

fn a_moment_is_read_in_every_form(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&with(&badge(), &json!({
        "issuedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 1},
    })));
    let day_later = 1_713_946_455;
    let forms = [
        json!(1_713_860_055),
        json!(1_713_860_055.0),
        json!("1713860055"),
        json!(1_713_860_055_000_i64),
        json!("1713860055000"),
        json!("2024-04-23T08:14:15Z"),
        json!("2024-04-23T13:44:15+05:30"),
        json!("2024-04-23T13:44:15.000+05:30"),
    ];
    for (customer, form) in (1..).zip(&forms) {
        let body = with(
            &enrolment(&badge),
            &json!({"customers": [customer], "issueEventDate": form}),
        );
        let reply = org.enrol(&body).ok();
        let wanted =
            format!(r#""expiresOn":{day_later}.000000000,"expiresOnISO":"2024-04-24T08:14:15Z""#);
        assert!(reply.text().contains(&wanted), "{form}: {reply}");
    }
}

fn fractions_are_kept_to_the_microsecond_and_come_back_the_same(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&with(&badge(), &json!({
        "issuedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 1},
    })));
    let cases = [
        (
            "2024-04-23T08:14:15.5Z",
            "1713946455.500000000",
            "2024-04-24T08:14:15.500Z",
        ),
        (
            "2024-04-23T08:14:15.123Z",
            "1713946455.123000000",
            "2024-04-24T08:14:15.123Z",
        ),
        (
            "2024-04-23T08:14:15.123456Z",
            "1713946455.123456000",
            "2024-04-24T08:14:15.123456Z",
        ),
        (
            "2024-04-23T08:14:15.123456999Z",
            "1713946455.123456000",
            "2024-04-24T08:14:15.123456Z",
        ),
        (
            "2024-04-23T08:14:15.000001Z",
            "1713946455.000001000",
            "2024-04-24T08:14:15.000001Z",
        ),
    ];
    for (customer, (sent, seconds, iso)) in (1..).zip(cases) {
        let body = with(
            &enrolment(&badge),
            &json!({"customers": [customer], "issueEventDateISO": sent}),
        );
        let reply = org.enrol(&body).ok();
        let wanted = format!(r#""expiresOn":{seconds},"expiresOnISO":"{iso}""#);
        assert!(reply.text().contains(&wanted), "{sent}: {reply}");
    }
    // A decimal number is read as it is written, not as the nearest double.
    let reply = org
        .request("POST", "badgeMeta/customer/issueBulk")
        .text(&format!(
            r#"{{"badgeMetaId":"{badge}","customers":[99],"issueEventDate":1713860055.123457}}"#
        ))
        .send()
        .ok();
    assert!(
        reply.text().contains(r#""expiresOn":1713946455.123457000"#),
        "{reply}"
    );
}

fn of_two_dates_that_disagree_the_iso_one_wins_with_a_warning(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&with(&badge(), &json!({
        "issuedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 1},
    })));
    let sent = |customer: i64, iso: &str| {
        let dates = json!({"customers": [customer], "issueEventDate": 1_713_860_055, "issueEventDateISO": iso});
        org.enrol(&with(&enrolment(&badge), &dates)).ok()
    };
    sent(1, "2024-04-23T08:14:15Z").warned(&[]);
    sent(2, "2024-04-23T08:14:16Z").warned(&[]);
    let reply = sent(3, "2024-04-23T08:14:17Z");
    assert_eq!(reply.codes(), [1991]);
    assert_eq!(reply.data()["expiresOnISO"], "2024-04-24T08:14:17Z");
}

fn ten_thousand_customers_are_one_request_and_one_more_is_too_many(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let customers: Vec<i64> = (1..=10_000).collect();
    let reply = org
        .enrol(&with(&enrolment(&badge), &json!({"customers": customers})))
        .ok();
    let outcomes = reply.outcomes();
    assert!(outcomes.iter().map(|it| it.0).eq(1..=10_000));
    assert!(outcomes.iter().all(|it| it.2.is_none()));
    let ids: std::collections::HashSet<_> = outcomes.iter().map(|it| &it.1).collect();
    assert_eq!(ids.len(), 10_000);
    assert_eq!(org.issued_count(&badge), 10_000);

    let customers: Vec<i64> = (1..=10_001).collect();
    org.enrol(&with(&enrolment(&badge), &json!({"customers": customers})))
        .refused(1905, Some("customers"));
    assert_eq!(org.issued_count(&badge), 10_000);
}

on_both_databases! {
    the_answer_has_one_element_a_distinct_customer_in_the_order_of_the_request
    a_customer_named_twice_is_enrolled_once_with_a_warning
    unknown_fields_and_parameters_are_accepted_and_named
    null_equals_absent
    a_badge_id_in_upper_case_is_the_same_badge
    enums_are_read_in_any_spelling_and_written_in_one
    a_moment_is_read_in_every_form
    fractions_are_kept_to_the_microsecond_and_come_back_the_same
    of_two_dates_that_disagree_the_iso_one_wins_with_a_warning
    ten_thousand_customers_are_one_request_and_one_more_is_too_many
}
