//! Rolling windows: what was recorded in the time back from now.

use accolade_domain::instant::Instant;
use accolade_tests::{Org, Server, limited, on_both_databases};
use serde_json::{Value, json};

const DAY: i64 = 24 * 3_600;

fn customer_days(max: i64, days: i64) -> Value {
    json!([{"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": max, "rollForDays": days}])
}

fn badge_window(unit: &str, length: i64, max: i64) -> Value {
    json!([{"constraintType": "BADGE_ROLLING_WINDOW", "rollType": unit, "rollValue": length, "maxEarnLimit": max}])
}

/// When the earns of a customer were recorded, the latest first.
fn recorded(org: &Org, badge: &str, customer: i64) -> Vec<Instant> {
    org.between(customer, badge)["earnDetails"]["earns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|earn| Instant::parse_iso(earn["earnedOnISO"].as_str().unwrap()).unwrap())
        .collect()
}

fn what_was_recorded_counts_whatever_its_event_date(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(&customer_days(2, 1), &json!([])));
    org.earn_at(&badge, 1, "2023-01-01T00:00:00Z").ok();
    org.earn_at(&badge, 1, "2025-01-01T00:00:00Z").ok();
    let reply = org.earn_at(&badge, 1, "2024-01-01T00:00:00Z");
    assert_eq!(reply.codes(), [817], "{reply}");
    let first = *recorded(&org, &badge, 1).last().unwrap();
    assert_eq!(
        reply.message(),
        format!(
            "The customer has reached its limit: 2 times in the last 1 days. It opens again at {}.",
            first + time::Duration::DAY
        )
    );
}

fn a_day_has_24_hours_and_a_week_168(server: &Server) {
    let org = server.org_in("America/New_York");
    let two_weeks = json!([{"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForWeeks": 1, "rollForWeeks": 2}]);
    let cases = [
        (customer_days(1, 1), json!([]), DAY),
        (customer_days(1, 30), json!([]), 30 * DAY),
        (two_weeks, json!([]), 14 * DAY),
        (json!([]), badge_window("DAYS", 2, 1), 2 * DAY),
        (json!([]), badge_window("WEEKS", 1, 1), 7 * DAY),
    ];
    for (customer, badge, length) in cases {
        let id = org.create(&limited(&customer, &badge));
        let code = if badge == json!([]) { 817 } else { 818 };
        let earn = || org.earn_at(&id, 1, "2024-01-01T00:00:00Z");
        earn().ok();
        server.database().time_passes(org.id(), length - 60);
        assert_eq!(earn().codes(), [code], "{customer} {badge}");
        server.database().time_passes(org.id(), 60);
        earn().ok();
        assert_eq!(earn().codes(), [code], "{customer} {badge}");
    }
}

fn months_are_of_the_calendar(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(&json!([]), &badge_window("MONTHS", 1, 1)));
    org.earned(&badge, 1);
    server.database().time_passes(org.id(), 27 * DAY);
    assert_eq!(
        org.earn_at(&badge, 2, "2024-01-01T00:00:00Z").codes(),
        [818]
    );
    server.database().time_passes(org.id(), 5 * DAY);
    org.earned(&badge, 2);
}

fn each_unit_of_a_customers_window_holds(server: &Server) {
    let org = server.org();
    let constraint = json!([{
        "constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW",
        "maxEarnForDays": 1, "rollForDays": 1,
        "maxEarnForWeeks": 2, "rollForWeeks": 1,
        "maxEarnForMonths": 3, "rollForMonths": 1,
    }]);
    let badge = org.create(&limited(&constraint, &json!([])));
    let says = |reply: accolade_tests::Reply| {
        let message = reply.message();
        let (_, rest) = message.split_once("in the last ").unwrap();
        rest.split('.').next().unwrap().to_owned()
    };
    let earn = || org.earn_at(&badge, 1, "2024-01-01T00:00:00Z");
    earn().ok();
    assert_eq!(says(earn()), "1 days");
    server.database().time_passes(org.id(), DAY);
    earn().ok();
    server.database().time_passes(org.id(), DAY);
    assert_eq!(says(earn()), "1 weeks");
    server.database().time_passes(org.id(), 7 * DAY);
    earn().ok();
    server.database().time_passes(org.id(), 8 * DAY);
    assert_eq!(says(earn()), "1 months");
}

fn a_badges_window_frees_one_place_after_the_other(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(&json!([]), &badge_window("DAYS", 3, 3)));
    for customer in [1, 2, 3] {
        org.earned(&badge, customer);
        server.database().time_passes(org.id(), DAY);
    }
    // The first is three days old now.
    org.earned(&badge, 4);
    let reply = org.earn_at(&badge, 5, "2024-01-01T00:00:00Z");
    let second = recorded(&org, &badge, 2)[0];
    assert_eq!(
        reply.message(),
        format!(
            "The badge has reached its limit: 3 times in the last 3 days. It opens again at {}.",
            second + time::Duration::days(3)
        )
    );
    server.database().time_passes(org.id(), DAY);
    org.earned(&badge, 5);
    assert_eq!(
        org.earn_at(&badge, 6, "2024-01-01T00:00:00Z").codes(),
        [818]
    );
}

on_both_databases! {
    what_was_recorded_counts_whatever_its_event_date
    a_day_has_24_hours_and_a_week_168
    months_are_of_the_calendar
    each_unit_of_a_customers_window_holds
    a_badges_window_frees_one_place_after_the_other
}
