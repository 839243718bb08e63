//! When an enrolment expires, in the calendar of the org's zone.

use accolade_tests::{Org, Server, badge, enrolment, on_both_databases, with};
use serde_json::{Value, json};

/// Enrols one customer at `event` under `expiry`, and gives `expiresOnISO`.
fn expires(org: &Org, expiry: &Value, event: &str) -> String {
    let badge = org.claimed(&with(&badge(), &json!({"issuedBadgeExpiry": expiry})));
    let body = with(&enrolment(&badge), &json!({"issueEventDateISO": event}));
    let data = org.enrol(&body).ok().data();
    data["expiresOnISO"].as_str().unwrap().to_owned()
}

fn relative(unit: &str, value: i64) -> Value {
    json!({"expiryType": "RELATIVE", "relativeExpirytype": unit, "value": value})
}

fn each_kind_of_expiry_gives_its_date(server: &Server) {
    let org = server.org();
    let event = "2024-04-23T08:14:15.250Z";
    let cases = [
        (relative("DAYS", 10), "2024-05-03T08:14:15.250Z"),
        (relative("WEEKS", 2), "2024-05-07T08:14:15.250Z"),
        (relative("MONTHS", 1), "2024-05-23T08:14:15.250Z"),
        (
            json!({"expiryType": "relative", "relativeExpiryType": "months", "value": 12}),
            "2025-04-23T08:14:15.250Z",
        ),
        (
            json!({"expiryType": "ABSOLUTE", "type": "WITH_BADGE_META"}),
            "2090-01-01T00:00:00Z",
        ),
        (
            json!({"expiryType": "ABSOLUTE", "type": "WITH_BADGE_META", "expireWithBadgeMeta": true}),
            "2090-01-01T00:00:00Z",
        ),
        (
            json!({"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": 1_926_235_957}),
            "2031-01-15T09:32:37Z",
        ),
        (json!({"expiryType": "NEVER"}), "2124-04-23T08:14:15.250Z"),
    ];
    for (expiry, wanted) in cases {
        assert_eq!(expires(&org, &expiry, event), wanted, "{expiry}");
    }
}

fn months_are_clamped_to_their_last_day(server: &Server) {
    let org = server.org();
    let cases = [
        ("2023-01-31T12:00:00Z", 1, "2023-02-28T12:00:00Z"),
        ("2024-01-31T12:00:00Z", 1, "2024-02-29T12:00:00Z"),
        ("2024-02-29T12:00:00Z", 12, "2025-02-28T12:00:00Z"),
        ("2024-10-31T12:00:00Z", 4, "2025-02-28T12:00:00Z"),
    ];
    for (event, months, wanted) in cases {
        assert_eq!(expires(&org, &relative("MONTHS", months), event), wanted);
    }
}

fn in_kolkata_months_are_those_of_its_calendar(server: &Server) {
    let org = server.org_in("Asia/Kolkata");
    // 31 January 01:00 there, still the 30th in UTC.
    assert_eq!(
        expires(&org, &relative("MONTHS", 1), "2023-01-30T19:30:00Z"),
        "2023-02-27T19:30:00Z"
    );
    // 1 March 00:30 there, still 28 February in UTC.
    assert_eq!(
        expires(&org, &relative("MONTHS", 1), "2023-02-28T19:00:00Z"),
        "2023-03-31T19:00:00Z"
    );
}

fn in_new_york_the_local_time_stays_over_a_clock_change(server: &Server) {
    let org = server.org_in("America/New_York");
    // Clocks go forward on 10 March 2024 and back on 3 November 2024.
    let cases = [
        (
            relative("DAYS", 1),
            "2024-03-09T17:00:00Z",
            "2024-03-10T16:00:00Z",
        ),
        (
            relative("WEEKS", 1),
            "2024-03-09T17:00:00Z",
            "2024-03-16T16:00:00Z",
        ),
        (
            relative("MONTHS", 1),
            "2024-10-15T16:00:00Z",
            "2024-11-15T17:00:00Z",
        ),
        // 02:30 does not exist: it moves forward by the gap, to 03:30.
        (
            relative("DAYS", 1),
            "2024-03-09T07:30:00Z",
            "2024-03-10T07:30:00Z",
        ),
        // 01:30 comes twice: the earlier one.
        (
            relative("DAYS", 1),
            "2024-11-02T05:30:00Z",
            "2024-11-03T05:30:00Z",
        ),
        // Started in the second 01:30, a day later it comes once.
        (
            relative("DAYS", 1),
            "2024-11-03T06:30:00Z",
            "2024-11-04T06:30:00Z",
        ),
    ];
    for (expiry, event, wanted) in cases {
        assert_eq!(
            expires(&org, &expiry, event),
            wanted,
            "{expiry} from {event}"
        );
    }
}

fn never_is_a_hundred_years_also_from_a_leap_day(server: &Server) {
    let org = server.org();
    assert_eq!(
        expires(
            &org,
            &json!({"expiryType": "NEVER"}),
            "2024-02-29T00:00:00Z"
        ),
        "2124-02-29T00:00:00Z"
    );
}

fn an_enrolment_that_would_expire_before_it_starts_is_refused(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&with(&badge(), &json!({
        "issuedBadgeExpiry": {"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": "2024-01-01T00:00:00Z"},
    })));
    let at = |date: &str| org.enrol(&with(&enrolment(&badge), &json!({"issueEventDate": date})));
    at("2024-01-01T00:00:00Z").refused(1903, Some("issueEventDate"));
    at("2023-12-31T23:59:59.999999Z").ok().issued();
}

on_both_databases! {
    each_kind_of_expiry_gives_its_date
    months_are_clamped_to_their_last_day
    in_kolkata_months_are_those_of_its_calendar
    in_new_york_the_local_time_stays_over_a_clock_change
    never_is_a_hundred_years_also_from_a_leap_day
    an_enrolment_that_would_expire_before_it_starts_is_refused
}
