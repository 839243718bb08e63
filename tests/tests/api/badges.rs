//! Creating badges and getting them.

use accolade_tests::{
    Server, assert_answer, badge, badge_from, direct_badge, enrolment, now, on_both_databases, with,
};
use serde_json::{Value, json};

fn full() -> Value {
    with(
        &badge(),
        &json!({
            "name": "Five transactions",
            "description": "Make 5 transactions in a month, get a badge & 10 % off – \u{1f3c5}",
            "ownership": {"restrictedToOwners": ["audience campaigns", "Loyalty"]},
            "earnedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "WEEKS", "value": 2},
            "customerConstraints": [
                {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "maxEarnLimit": 2, "durationType": "DAYS", "refreshRate": 3},
            ],
            "badgeConstraints": [
                {"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 10_000},
                {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 1, "maxEarnLimit": 300},
                {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "WEEKS", "rollValue": 1, "maxEarnLimit": 3_000},
            ],
            "images": [
                {"name": "Issued", "fileSvcHandle": "qwer-8634", "url": "https://images.example.com/a%2Fb.jpg?alt=media&x=1", "tag": "EARNED"},
                {"name": "Not yet", "fileSvcHandle": "qwer-8635", "url": "http://images.example.com/b.jpg", "tag": "un-earned"},
            ],
            "tags": [{"name": "category", "value": "rare"}, {"name": "Priority", "value": "1"}],
            "benefits": [
                {"benefitType": "COUPON", "seriesId": 6789},
                {"benefitType": "LOYALTY_POINTS", "programId": 626, "x": [1, {"y": null}], "factor": 1.5},
            ],
            "badgeRank": 3,
            "defaultTillId": 50_682_289,
        }),
    )
}

fn a_badge_is_created_and_given_back_with_every_field(server: &Server) {
    let org = server.org();
    let created = org.creating(&full()).send().ok();
    assert_answer!("badge_created", created);
    let data = created.data();
    assert_eq!(data["orgId"], json!(org.id()));
    let id = data["id"].as_str().unwrap();
    assert_eq!(
        org.get(&format!("badgeMeta/{id}")).ok().text(),
        created.text()
    );
    assert_eq!(
        org.get(&format!("badgeMeta/{}", id.to_uppercase()))
            .ok()
            .text(),
        created.text()
    );
    let with_statistics = org
        .get(&format!("badgeMeta/{id}?includeStatistics=true"))
        .ok();
    assert_eq!(with_statistics.text(), created.text());
}

fn benefits_are_kept_as_they_were_sent(server: &Server) {
    let org = server.org();
    let benefits = r#"[{"seriesId":123456789012345678901234567890,"benefitType":"COUPON","factor":1.50,"z":{"b":null,"a":[true,"\u00e9"]},"tiny":1e-400}]"#;
    let body = with(&badge(), &json!({"benefits": "BENEFITS"})).to_string();
    let reply = org
        .request("POST", "badgeMeta")
        .header("X-CAP-BADGES-MIGRATION", "migration")
        .text(&body.replace("\"BENEFITS\"", benefits))
        .send()
        .ok();
    let kept = |text: &str| text.replace("\\u00e9", "é");
    assert!(kept(reply.text()).contains(&kept(benefits)), "{reply}");
    let id = reply.data()["id"].as_str().unwrap().to_owned();
    assert!(kept(org.get(&format!("badgeMeta/{id}")).ok().text()).contains(&kept(benefits)));
}

fn a_badge_with_only_what_is_required_has_the_defaults(server: &Server) {
    let org = server.org();
    let created = org
        .creating(&with(&direct_badge(), &json!({"name": "Plain"})))
        .send()
        .ok();
    assert_answer!("badge_created_plain", created);
}

fn each_kind_of_expiry_comes_back_as_it_was_meant(server: &Server) {
    let org = server.org();
    let reply = org
        .creating(&with(&badge(), &json!({
            "name": "Expiries",
            "issuedBadgeExpiry": {"expiryType": "absolute", "type": "with badge meta", "expireWithBadgeMeta": true},
            "earnedBadgeExpiry": {"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOnISO": "2031-01-15T15:02:37+05:30"},
        })))
        .send()
        .ok();
    assert_answer!("badge_created_expiries", reply);
}

fn every_problem_of_a_body_is_reported_at_once(server: &Server) {
    let org = server.org();
    let reply = org.post("badgeMeta", &json!({
        "name": "",
        "description": "d".repeat(4001),
        "startOn": "2020-01-01T00:00:00Z",
        "expiresOn": "2019-01-01T00:00:00Z",
        "earnType": "GIVE",
        "issuedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "YEARS", "value": 0},
        "earnedBadgeExpiry": {"expiryType": "ABSOLUTE", "type": "FIXED_DATE"},
        "ownership": {"restrictedToOwners": []},
        "images": [{"name": "n", "url": "ftp://x", "tag": "NONE"}],
        "tags": [{"name": 1, "value": []}],
        "benefits": [{"seriesId": 1}],
        "badgeRank": "first",
        "active": "perhaps",
    }));
    assert_answer!("badge_with_every_problem", reply);
    let reply = org.post("badgeMeta", &json!({}));
    assert_answer!("badge_without_anything", reply);
    let total = org.get("badgeMeta").ok().data()["pagination"]["total"].clone();
    assert_eq!(total, 0);
}

fn dates_are_checked_unless_the_badge_is_taken_over(server: &Server) {
    let org = server.org();
    let dated =
        |start: Value, end: Value| with(&badge(), &json!({"startOn": start, "expiresOn": end}));
    let soon = json!(now() + 3_600);
    let past = json!(now() - 3_600);
    let far = json!("2090-01-01T00:00:00Z");

    org.post("badgeMeta", &dated(soon.clone(), far.clone()))
        .ok();
    org.post("badgeMeta", &dated(past.clone(), far.clone()))
        .refused(722, Some("startOn"));
    org.post("badgeMeta", &dated(far.clone(), soon.clone()))
        .refused(720, Some("startOn"));
    org.post("badgeMeta", &dated(soon.clone(), soon.clone()))
        .refused(720, Some("startOn"));
    let reply = org.post(
        "badgeMeta",
        &dated(json!("2020-01-01T00:00:00Z"), past.clone()),
    );
    let mut codes = reply.codes();
    codes.sort_unstable();
    assert_eq!(codes, [722, 724], "{reply}");

    let migrating = |body: &Value| org.creating(body).send();
    migrating(&dated(json!("2020-01-01T00:00:00Z"), past.clone())).ok();
    migrating(&dated(json!("1930-01-01T00:00:00Z"), past.clone())).ok();
    migrating(&dated(json!("1900-01-01T00:00:00Z"), past)).refused(722, Some("startOn"));
    migrating(&dated(far, soon)).refused(720, Some("startOn"));
}

fn status_follows_the_period(server: &Server) {
    let org = server.org();
    let status = |start: &str, end: &str| {
        let reply = org.creating(&badge_from(start, end)).send().ok();
        reply.data()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        status("2080-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        "UPCOMING"
    );
    assert_eq!(
        status("2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        "LIVE"
    );
    assert_eq!(
        status("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
        "EXPIRED"
    );
}

fn a_name_is_taken_once_an_org_and_case_matters(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let named = |name: &str| with(&badge(), &json!({"name": name}));
    let first = org.create(&named("Gold"));
    org.creating(&named("Gold"))
        .send()
        .refused(725, Some("name"));
    org.create(&named("gold"));
    other.create(&named("Gold"));
    // A badge that is off keeps its name.
    org.put(&format!("badgeMeta/{first}/deactivate")).ok();
    org.creating(&named("Gold"))
        .send()
        .refused(725, Some("name"));
}

fn texts_have_their_lengths_in_characters(server: &Server) {
    let org = server.org();
    let create = |changes: Value| org.creating(&with(&badge(), &changes)).send();
    create(json!({"name": "ß".repeat(255)})).ok();
    create(json!({"name": "ß".repeat(256)})).refused(999_999, Some("name"));
    create(json!({"description": "ß".repeat(4_000)})).ok();
    create(json!({"description": "ß".repeat(4_001)})).refused(999_999, Some("description"));
    create(json!({"name": "nul\u{0}"})).refused(999_999, Some("name"));
    create(json!({"tags": [{"name": "a", "value": "\u{0}"}]}))
        .refused(999_999, Some("tags[0].value"));
}

fn claims_in_a_definition_are_ignored_with_a_warning(server: &Server) {
    let org = server.org();
    let reply = org
        .creating(&with(
            &badge(),
            &json!({"ownership": {
                "restrictedToOwners": ["Loyalty"],
                "claims": [{"ownerType": "Loyalty", "referenceId": "626"}],
            }}),
        ))
        .send();
    reply.warned(&[(1993, "ownership.claims")]);
    assert_eq!(reply.data()["ownership"]["claims"], json!([]));
}

fn a_badge_may_be_created_off_under_either_name_of_the_field(server: &Server) {
    let org = server.org();
    for field in ["active", "isActive"] {
        let reply = org.creating(&with(&badge(), &json!({field: false}))).send();
        reply.warned(&[]);
        assert_eq!(reply.data()["active"], false);
        let id = reply.data()["id"].as_str().unwrap().to_owned();
        let body = json!({"badgeMetaId": id, "customers": [1]});
        assert_eq!(org.enrol(&body).codes(), [1901]);
    }
}

fn custom_fields_that_the_org_does_not_have_are_refused_by_name(server: &Server) {
    let org = server.org();
    let reply = org
        .creating(&with(
            &badge(),
            &json!({"customFields": {"CF1": "x", "CF2": 1}}),
        ))
        .send();
    let mut problems = reply.problems();
    problems.sort();
    let at = |field: &str| (746, Some(field.to_owned()));
    assert_eq!(problems, [at("customFields.CF1"), at("customFields.CF2")]);
    org.create(&with(&badge(), &json!({"customFields": {}})));
}

fn a_badge_that_does_not_exist_or_is_anothers_is_not_found(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let badge = other.badge();
    for id in [
        badge.as_str(),
        "000000000000000000000000",
        "nonsense",
        "8",
        "66276dc68fe258516a88ff8",
    ] {
        for (method, path) in [
            ("GET", format!("badgeMeta/{id}")),
            ("PUT", format!("badgeMeta/{id}/activate")),
            ("PUT", format!("badgeMeta/{id}/deactivate")),
            ("POST", format!("badgeMeta/{id}/claim")),
            ("POST", format!("badgeMeta/{id}/unclaim")),
        ] {
            let owner = json!({"ownerType": "Loyalty", "referenceId": "1"});
            let request = org.request(method, &path);
            let request = if method == "POST" {
                request.json(&owner)
            } else {
                request
            };
            let reply = request.send();
            assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
        }
    }
    other.get(&format!("badgeMeta/{badge}")).ok();
}

fn counts_are_exact_at_once(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let mut expected = 0;
    for (first, last) in [(1, 10), (5, 20), (21, 21), (1, 25)] {
        let customers: Vec<i64> = (first..=last).collect();
        org.enrol(&with(&enrolment(&badge), &json!({"customers": customers})))
            .ok();
        expected = expected.max(last);
        assert_eq!(org.issued_count(&badge), expected);
    }
    let data = org.get(&format!("badgeMeta/{badge}")).ok().data();
    assert_eq!(
        (&data["issuedCount"], &data["earnedCount"]),
        (&json!(25), &json!(0))
    );
    let listed = org.get("badgeMeta").ok().data();
    assert_eq!(listed["metaBasicDetails"][0]["issuedCount"], 25);
}

on_both_databases! {
    benefits_are_kept_as_they_were_sent
    a_badge_is_created_and_given_back_with_every_field
    a_badge_with_only_what_is_required_has_the_defaults
    each_kind_of_expiry_comes_back_as_it_was_meant
    every_problem_of_a_body_is_reported_at_once
    dates_are_checked_unless_the_badge_is_taken_over
    status_follows_the_period
    a_name_is_taken_once_an_org_and_case_matters
    texts_have_their_lengths_in_characters
    claims_in_a_definition_are_ignored_with_a_warning
    a_badge_may_be_created_off_under_either_name_of_the_field
    custom_fields_that_the_org_does_not_have_are_refused_by_name
    a_badge_that_does_not_exist_or_is_anothers_is_not_found
    counts_are_exact_at_once
}
