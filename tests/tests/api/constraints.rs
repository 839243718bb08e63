//! Constraints are accepted, checked and given back as they are shaped.

use accolade_tests::{
    Org, Reply, Server, assert_answer, badge, badge_from, on_both_databases, with,
};
use serde_json::{Value, json};

fn create(org: &Org, customer: &Value, badge_wide: &Value) -> Reply {
    let constraints = json!({"customerConstraints": customer, "badgeConstraints": badge_wide});
    let base = with(&badge(), &json!({"name": "Constrained"}));
    org.creating(&with(&base, &constraints)).send()
}

fn every_kind_comes_back_with_its_window(server: &Server) {
    let org = server.org_in("Asia/Kolkata");
    let reply = create(
        &org,
        &json!([
            {"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 5_000},
            {"constraintType": "customer badge fixed window", "maxEarnLimit": 100, "durationType": "WEEKS", "startDayOfTheWeek": "sunday"},
            {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 50, "rollForDays": 5,
             "maxEarnForWeeks": 100, "rollForWeeks": 1, "maxEarnForMonths": 200, "rollForMonths": 1},
        ]),
        &json!([
            {"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 10_000},
            {"constraintType": "BADGE_FIXED_WINDOW", "maxEarnLimit": 3_000, "durationType": "MONTHLY"},
            {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 1, "maxEarnLimit": 300},
            {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "MONTHS", "rollValue": 1, "maxEarnLimit": 3_000},
        ]),
    )
    .ok();
    assert_answer!("constraints_of_every_kind", reply);
    let id = reply.data()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        org.get(&format!("badgeMeta/{id}")).ok().text(),
        reply.text()
    );
}

fn no_limit_is_a_constraint_too(server: &Server) {
    let org = server.org();
    let reply = create(
        &org,
        &json!([{"constraintType": "CUSTOMER_BADGE_NO_LIMIT"}]),
        &json!([{"constraintType": "BADGE_NO_LIMIT"}]),
    )
    .ok();
    let data = reply.data();
    assert_eq!(
        data["customerConstraints"][0]["constraintType"],
        "CUSTOMER_BADGE_NO_LIMIT"
    );
    assert_eq!(
        data["badgeConstraints"][0]["constraintType"],
        "BADGE_NO_LIMIT"
    );
}

fn a_fixed_window_ends_with_the_last_enrolment_or_never(server: &Server) {
    let org = server.org();
    let window = json!([{"constraintType": "BADGE_FIXED_WINDOW", "maxEarnLimit": 1, "durationType": "DAILY", "refreshRate": 1}]);
    let end = |changes: Value| {
        let body = with(
            &badge_from("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
            &changes,
        );
        let reply = org
            .creating(&with(&body, &json!({"badgeConstraints": window})))
            .send()
            .ok();
        let window = reply.data()["badgeConstraints"][0].clone();
        assert_eq!(window["startDateISO"], "2023-01-01T00:00:00Z", "{reply}");
        window["endDateISO"].clone()
    };
    assert_eq!(
        end(json!({"earnType": "EARN", "issuedBadgeExpiry": null})),
        "2024-01-01T00:00:00Z"
    );
    assert_eq!(end(json!({})), "2031-01-15T09:32:37Z");
    let months = json!({"expiryType": "RELATIVE", "relativeExpirytype": "MONTHS", "value": 2});
    assert_eq!(
        end(json!({"issuedBadgeExpiry": months})),
        "2024-03-01T00:00:00Z"
    );
    assert_eq!(
        end(json!({"issuedBadgeExpiry": {"expiryType": "NEVER"}})),
        Value::Null
    );
}

fn what_is_wrong_with_constraints_is_reported_with_its_path(server: &Server) {
    let org = server.org();
    let reply = create(
        &org,
        &json!([
            {"constraintType": "CUSTOMER_BADGE_FIXED_VALUE"},
            {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "maxEarnLimit": 0, "durationType": "YEARS"},
            {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 1},
            {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW"},
            {"maxEarnLimit": 1},
        ]),
        &json!([
            {"constraintType": "BADGE_FIXED_WINDOW", "maxEarnLimit": 1, "durationType": "WEEKS", "startDayOfTheWeek": 8},
            {"constraintType": "BADGE_FIXED_WINDOW", "maxEarnLimit": 1, "durationType": "DAYS"},
            {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "maxEarnLimit": 1},
            {"constraintType": "BADGE_UNHEARD_OF"},
            7,
        ]),
    );
    assert_answer!("constraints_that_are_wrong", reply);
}

fn constraints_that_contradict_each_other_or_the_badge_are_refused(server: &Server) {
    let org = server.org();
    let value = |max: i64| json!({"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": max});
    create(&org, &json!([]), &json!([value(1), value(2)]))
        .refused(999_999, Some("badgeConstraints[1]"));
    // Enrolments end in 2031, eight years after the badge's start.
    let window = |days: i64| {
        json!({
            "constraintType": "CUSTOMER_BADGE_FIXED_WINDOW",
            "maxEarnLimit": 1,
            "durationType": "DAYS",
            "refreshRate": days,
        })
    };
    create(&org, &json!([window(3_000)]), &json!([]))
        .refused(999_999, Some("customerConstraints[0]"));
    create(&org, &json!([window(2_000), window(7)]), &json!([value(1)])).ok();
}

on_both_databases! {
    every_kind_comes_back_with_its_window
    no_limit_is_a_constraint_too
    a_fixed_window_ends_with_the_last_enrolment_or_never
    what_is_wrong_with_constraints_is_reported_with_its_path
    constraints_that_contradict_each_other_or_the_badge_are_refused
}
