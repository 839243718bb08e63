//! Whole answers, byte for byte, as they are read back from each database.

use accolade_tests::{
    Org, Server, assert_answer, badge, badge_from, direct_badge, enrolment, on_both_databases, with,
};
use serde_json::{Value, json};

/// The answer to creating a badge, which looking it up repeats to the byte.
fn created(org: &Org, changes: &Value) -> accolade_tests::Reply {
    let reply = org.creating(&with(&badge(), changes)).send().ok();
    let id = reply.data()["id"].as_str().unwrap().to_owned();
    let found = org.get(&format!("badgeMeta/{id}")).ok();
    assert_eq!(found.text(), reply.text());
    reply
}

fn badges(server: &Server) {
    let org = server.org();
    let everything = json!({
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
    });
    assert_answer!("badge_created", created(&org, &everything));
    let expiries = json!({
        "name": "Expiries",
        "issuedBadgeExpiry": {"expiryType": "absolute", "type": "with badge meta", "expireWithBadgeMeta": true},
        "earnedBadgeExpiry": {"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOnISO": "2031-01-15T15:02:37+05:30"},
    });
    assert_answer!("badge_created_expiries", created(&org, &expiries));
    let plain = with(&direct_badge(), &json!({"name": "Plain"}));
    assert_answer!("badge_created_plain", org.creating(&plain).send().ok());
}

fn constraints_in_the_orgs_zone(server: &Server) {
    let org = server.org_in("Asia/Kolkata");
    let changes = json!({
        "name": "Constrained",
        "customerConstraints": [
            {"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 5_000},
            {"constraintType": "customer badge fixed window", "maxEarnLimit": 100, "durationType": "WEEKS", "startDayOfTheWeek": "sunday"},
            {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 50, "rollForDays": 5,
             "maxEarnForWeeks": 100, "rollForWeeks": 1, "maxEarnForMonths": 200, "rollForMonths": 1},
        ],
        "badgeConstraints": [
            {"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 10_000},
            {"constraintType": "BADGE_FIXED_WINDOW", "maxEarnLimit": 3_000, "durationType": "MONTHLY"},
            {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 1, "maxEarnLimit": 300},
            {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "MONTHS", "rollValue": 1, "maxEarnLimit": 3_000},
        ],
    });
    assert_answer!("constraints_of_every_kind", created(&org, &changes));
}

fn definitions_that_are_wrong(server: &Server) {
    let org = server.org();
    let every_problem = json!({
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
    });
    let reply = org.post("badgeMeta", &every_problem);
    assert_answer!("badge_with_every_problem", reply);
    let reply = org.post("badgeMeta", &json!({}));
    assert_answer!("badge_without_anything", reply);
    let constraints = json!({
        "name": "Constrained",
        "customerConstraints": [
            {"constraintType": "CUSTOMER_BADGE_FIXED_VALUE"},
            {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "maxEarnLimit": 0, "durationType": "YEARS"},
            {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 1},
            {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW"},
            {"maxEarnLimit": 1},
        ],
        "badgeConstraints": [
            {"constraintType": "BADGE_FIXED_WINDOW", "maxEarnLimit": 1, "durationType": "WEEKS", "startDayOfTheWeek": 8},
            {"constraintType": "BADGE_FIXED_WINDOW", "maxEarnLimit": 1, "durationType": "DAYS"},
            {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "maxEarnLimit": 1},
            {"constraintType": "BADGE_UNHEARD_OF"},
            7,
        ],
    });
    let reply = org.creating(&with(&badge(), &constraints)).send();
    assert_answer!("constraints_that_are_wrong", reply);
    let total = org.get("badgeMeta").ok().data()["pagination"]["total"].clone();
    assert_eq!(total, 0, "nothing of it is written");
}

fn the_list_of_badges_and_claims(server: &Server) {
    let org = server.org();
    let dates = badge_from("2023-01-01T00:00:00Z", "2090-01-01T00:00:00Z");
    let id = org.create(&with(&dates, &json!({"name": "Listed"})));
    org.claim(&id, ("Loyalty", "1"));
    assert_answer!("badge_list", org.get("badgeMeta").ok());
    let reply = org.post(&format!("badgeMeta/{id}/claim"), &json!({}));
    assert_answer!("claim_without_anything", reply);
}

fn the_catalogue(server: &Server) {
    let org = server.org();
    let group = json!({"name": "Metals", "rank": 2});
    assert_answer!("group_created", org.post("group", &group).ok());
    let field =
        json!({"name": "Tier", "dataType": "integer", "isMandatory": true, "defaultValue": "1"});
    assert_answer!("custom_field_created", org.post("customField", &field).ok());
}

/// A badge "Gold" with a group, shown before and after the customer has earned it.
fn shown(
    org: &Org,
    path: &str,
    besides: &Value,
    earns: &[&str],
) -> (accolade_tests::Reply, accolade_tests::Reply) {
    let group = json!({"name": "Metals", "rank": 1});
    let group = org.post("group", &group).ok().data()["id"].clone();
    let named =
        json!({"name": "Gold", "description": "Shiny", "badgeRank": 2, "badgeGroupId": group});
    let id = org.claimed(&with(&with(&badge(), &named), besides));
    let available = org.get(path).ok();
    let enrolled =
        json!({"badgeMetaId": id, "customers": [1], "issueEventDate": "2024-01-01T00:00:00Z"});
    org.enrol(&enrolled).ok();
    for event in earns {
        org.earn_at(&id, 1, event).ok();
    }
    let earned = org.get(&format!("{path}?badgeType=EARNED")).ok();
    (available, earned)
}

fn the_badges_of_a_customer(server: &Server) {
    let limits_and_tags = json!({
        "customerConstraints": [{"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 5}],
        "tags": [{"name": "a", "value": "b"}],
    });
    let (available, earned) = shown(
        &server.org(),
        "customer/1",
        &limits_and_tags,
        &["2024-02-01T00:00:00Z", "2024-01-15T00:00:00Z"],
    );
    assert_answer!("customer_badges_available", available);
    assert_answer!("customer_badges_earned", earned);
    let images = json!({
        "images": [{"name": "a", "fileSvcHandle": "b", "url": "https://x.example/y", "tag": "EARNED"}],
    });
    let (available, earned) = shown(
        &server.org(),
        "management/1",
        &images,
        &["2024-02-01T00:00:00Z"],
    );
    assert_answer!("management_available", available);
    assert_answer!("management_earned", earned);
}

fn an_earlier_request(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let with_customer =
        |customers: Value| with(&enrolment(&badge), &json!({"customers": customers}));
    org.enrol(&with_customer(json!([2]))).ok();
    let named = json!({"requestId": "ask me"});
    let answer = org
        .enrol(&with(&with_customer(json!([3, 2, 1])), &named))
        .ok();
    let reply = org.outcome("ask%20me").ok();
    let data = answer.data_text();
    assert!(
        reply.text().contains(&format!(r#""answer":{data}"#)),
        "{reply} lacks {data}"
    );
    assert_answer!("an_earlier_request", reply);
}

fn refusals_at_the_edge(server: &Server) {
    let org = server.org();
    assert_answer!("missing_credentials", server.stranger().get("badgeMeta"));
    let wrong = server.client(&org.credentials().unwrap().wrong());
    assert_answer!("wrong_secret", wrong.get("badgeMeta"));
    let issuer = server.client_with(&org, "badges:issue");
    assert_answer!("missing_group", issuer.get("badgeMeta"));
    let other = org.request("GET", "badgeMeta");
    let other = other.header("X-CAP-API-AUTH-ORG-ID", "1").send();
    assert_answer!("other_org_named", other);
    assert_answer!("unknown_path", org.get("nothing"));
    assert_answer!("wrong_method", org.request("DELETE", "badgeMeta").send());
    let post = || org.request("POST", "badgeMeta");
    let xml = post().bytes(b"<a/>".to_vec());
    let xml = xml.header("Content-Type", "text/xml").send();
    assert_answer!("wrong_content_type", xml);
    assert_answer!("no_json", post().text("{\"a\":\n nope}").send());
}

on_both_databases! {
    badges
    constraints_in_the_orgs_zone
    definitions_that_are_wrong
    the_list_of_badges_and_claims
    the_catalogue
    the_badges_of_a_customer
    an_earlier_request
    refusals_at_the_edge
}
