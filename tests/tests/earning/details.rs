//! Everything between a customer and a badge, and that it stays answerable when it is much.

use accolade_tests::{
    Server, at_once, badge, direct_badge, enrolment, imported, on_both_databases, with,
};
use serde_json::{Value, json};

use super::customer_badges::named;

fn without_statistics_only_the_badge_is_shown(server: &Server) {
    let org = server.org();
    let id = org.claimed(&with(
        &badge(),
        &json!({"badgeConstraints": [{"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 5}]}),
    ));
    org.enrol(&enrolment(&id)).ok();
    org.earned(&id, 1);
    for query in ["", "?includeStatistics=false"] {
        let data = org
            .get(&format!("management/1/badge/{id}{query}"))
            .ok()
            .data();
        assert_eq!(data["id"], json!(id));
        assert_eq!(data["activeEarnedCount"], 1);
        for absent in [
            "customerConstraints",
            "badgeConstraints",
            "issualDetails",
            "earnDetails",
        ] {
            assert_eq!(data.get(absent), None, "{absent}");
        }
    }
    org.get(&format!("management/1/badge/{id}?includeStatistics=x"))
        .refused(999_999, Some("includeStatistics"));
}

fn constraints_show_their_counts_and_windows(server: &Server) {
    let org = server.org();
    let id = org.create(&with(
        &direct_badge(),
        &json!({
            "customerConstraints": [
                {"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 50},
                {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 10, "rollForDays": 1, "maxEarnForMonths": 20, "rollForMonths": 1},
            ],
            "badgeConstraints": [
                {"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 100},
                {"constraintType": "BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": 60},
                {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "WEEKS", "rollValue": 1, "maxEarnLimit": 70},
            ],
        }),
    ));
    org.earned(&id, 1);
    org.earned(&id, 1);
    org.earned(&id, 2);
    org.import(&[imported(&id, 1)]).ok();
    let data = org.between(1, &id);
    let customer = data["customerConstraints"].as_array().unwrap();
    let count =
        |constraint: &Value, name: &str| constraint["earnConstraintBlockStatistics"][name].clone();
    assert_eq!(customer[0]["constraintLevel"], "CUSTOMER");
    assert_eq!(customer[0]["constraintType"], "OVERALL");
    assert_eq!(customer[0]["maxEarnLimit"], 50);
    assert_eq!(count(&customer[0], "currentEarnCount"), 3);
    assert_eq!(customer[1]["constraintType"], "ROLLING_WINDOW");
    assert_eq!(count(&customer[1], "currentEarnCountDays"), 2);
    assert_eq!(count(&customer[1], "currentEarnCountWeeks"), Value::Null);
    assert_eq!(count(&customer[1], "currentEarnCountMonths"), 2);
    let all = data["badgeConstraints"].as_array().unwrap();
    assert_eq!(all[0]["constraintLevel"], "BADGE");
    assert_eq!(count(&all[0], "currentEarnCount"), 4);
    assert_eq!(all[1]["constraintType"], "FIXED_WINDOW");
    assert_eq!(all[1]["refreshRate"], 20_000);
    assert_eq!(all[1]["cycleStatus"], "ACTIVE");
    assert_eq!(count(&all[1], "currentEarnCount"), 4);
    let window = &all[1]["fixedWindowCycle"];
    assert_eq!(window["startDateISO"], "2023-01-01T00:00:00Z");
    assert_eq!(window["endDateISO"], "2077-10-04T00:00:00Z");
    assert_eq!(all[2]["rollType"], "WEEKS");
    assert_eq!(all[2]["rollValue"], 1);
    assert_eq!(count(&all[2], "currentEarnCount"), 3);
}

fn enrolments_and_earns_are_listed_the_last_first(server: &Server) {
    let org = server.org();
    let id = org.claimed(&badge());
    let (owner, reference) = accolade_tests::LOYALTY;
    let issued = org
        .enrol(&with(
            &enrolment(&id),
            &json!({"issueEventDate": "2024-01-01T00:00:00Z"}),
        ))
        .ok()
        .issued();
    org.earn_at(&id, 1, "2024-02-01T00:00:00Z").ok();
    let body = json!({
        "badgeMetaId": id, "customerId": 1, "requestId": "r",
        "earnEventDate": "2024-03-01T00:00:00Z",
        "triggeredBy": {"ownerType": owner, "referenceId": reference},
    });
    let last = org.earn(&body).ok().earned_id();
    let data = org.between(1, &id);
    let issuals = &data["issualDetails"];
    assert_eq!(issuals["issuedCount"], 1);
    let issual = &issuals["issuals"][0];
    assert_eq!(issual["issueId"], json!(issued));
    assert_eq!(issual["issuedStatus"], "ACTIVE");
    assert_eq!(issual["issueEventDateISO"], "2024-01-01T00:00:00Z");
    assert_eq!(issual["issueExpiresOnISO"], "2031-01-15T09:32:37Z");
    assert_eq!(issual["ownerType"], json!(owner));
    assert_eq!(issual["ownerReferenceId"], json!(reference));
    assert_eq!(issual["revokedOn"], Value::Null);
    let earns = &data["earnDetails"];
    assert_eq!(earns["earnCount"], 2);
    let earn = &earns["earns"][0];
    assert_eq!(earn["earnedBadgeId"], json!(last));
    assert_eq!(earn["issueId"], json!(issued));
    assert_eq!(earn["earnEventDateISO"], "2024-03-01T00:00:00Z");
    assert_eq!(earn["earnedStatus"], "ACTIVE");
    assert_eq!(earn["ownerType"], json!(owner));
    assert_eq!(earn["ownerReferenceId"], json!(reference));
    let by_hand = &earns["earns"][1];
    assert_eq!(by_hand["ownerType"], Value::Null);
    assert_eq!(by_hand["earnEventDateISO"], "2024-02-01T00:00:00Z");
}

fn a_badge_that_is_unknown_or_another_orgs_is_not_found(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let id = org.create(&badge());
    for reply in [
        other.get(&format!("management/1/badge/{id}")),
        org.get("management/1/badge/000000000000000000000000"),
        org.get("management/1/badge/nonsense"),
    ] {
        assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
    }
}

fn a_customer_with_ten_thousand_earns_is_answered(server: &Server) {
    let org = server.org();
    let id = org.create(&with(
        &direct_badge(),
        &json!({"customerConstraints": [accolade_tests::customer_value(10_001)]}),
    ));
    org.import(&vec![imported(&id, 1); 10_000]).ok();
    assert_eq!(org.earned_count(&id), 10_000);
    let data = org.get("customer/1?badgeType=EARNED").ok().data();
    assert_eq!(data["badges"][0]["earnedCount"], 10_000);
    let data = org.get("management/1?badgeType=EARNED").ok().data();
    assert_eq!(data["customerBadges"][0]["earnCount"], 10_000);
    let data = org.between(1, &id);
    assert_eq!(data["earnDetails"]["earnCount"], 10_000);
    org.earned(&id, 1);
    let reply = org.earn_at(&id, 1, "2024-01-01T00:00:00Z");
    assert_eq!(reply.codes(), [817], "{reply}");
}

fn an_org_with_many_badges_is_answered(server: &Server) {
    let org = server.org();
    at_once(4, |thread| {
        for number in 0..60 {
            let name = format!("{:03}", thread * 60 + number);
            let id = org.create(&named(&direct_badge(), &name, &json!({})));
            org.earned(&id, 1);
        }
    });
    for path in ["customer", "management"] {
        for kind in ["AVAILABLE", "EARNED"] {
            let reply = org.get(&format!("{path}/1?badgeType={kind}&size=100&page=2"));
            let data = reply.ok().data();
            assert_eq!(data["pagination"]["total"], 240);
            assert_eq!(super::customer_badges::names(&data).len(), 40);
        }
    }
}

on_both_databases! {
    without_statistics_only_the_badge_is_shown
    constraints_show_their_counts_and_windows
    enrolments_and_earns_are_listed_the_last_first
    a_badge_that_is_unknown_or_another_orgs_is_not_found
    a_customer_with_ten_thousand_earns_is_answered
    an_org_with_many_badges_is_answered
}
