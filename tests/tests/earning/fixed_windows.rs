//! Fixed windows: where they begin and end in the org's zone, and the list of them.

use accolade_tests::{
    Org, Server, badge, badge_from, direct_badge, limited, on_both_databases, with,
};
use serde_json::{Value, json};

/// A zone, a window's rule, and one window: its first moment and the one after its last.
type Case = (&'static str, &'static str, &'static str, &'static str);

const DAILY: &str = r#""durationType":"DAILY","refreshRate":1"#;
const THREE_DAYS: &str = r#""durationType":"DAYS","refreshRate":3"#;
const WEEKLY: &str = r#""durationType":"WEEKLY""#;
const SUNDAYS: &str = r#""durationType":"WEEKS","startDayOfTheWeek":7"#;
const THURSDAYS: &str = r#""durationType":"WEEKS","startDayOfTheWeek":"Thursday""#;
const MONTHLY: &str = r#""durationType":"MONTHS""#;

/// In New York clocks go forward on 10 March 2024 and back on 3 November 2024.
const CASES: &[Case] = &[
    (
        "America/New_York",
        DAILY,
        "2024-03-10T05:00:00Z",
        "2024-03-11T04:00:00Z",
    ),
    (
        "America/New_York",
        DAILY,
        "2024-11-03T04:00:00Z",
        "2024-11-04T05:00:00Z",
    ),
    (
        "America/New_York",
        SUNDAYS,
        "2024-03-10T05:00:00Z",
        "2024-03-17T04:00:00Z",
    ),
    (
        "America/New_York",
        WEEKLY,
        "2024-03-04T05:00:00Z",
        "2024-03-11T04:00:00Z",
    ),
    (
        "America/New_York",
        THURSDAYS,
        "2024-10-31T04:00:00Z",
        "2024-11-07T05:00:00Z",
    ),
    (
        "America/New_York",
        MONTHLY,
        "2024-03-01T05:00:00Z",
        "2024-04-01T04:00:00Z",
    ),
    (
        "America/New_York",
        MONTHLY,
        "2024-11-01T04:00:00Z",
        "2024-12-01T05:00:00Z",
    ),
    // The badge starts on the evening of 31 December 2022 there: its day counts from midnight.
    (
        "America/New_York",
        THREE_DAYS,
        "2023-01-03T05:00:00Z",
        "2023-01-06T05:00:00Z",
    ),
    (
        "Asia/Kolkata",
        DAILY,
        "2024-03-09T18:30:00Z",
        "2024-03-10T18:30:00Z",
    ),
    (
        "Asia/Kolkata",
        THREE_DAYS,
        "2023-01-03T18:30:00Z",
        "2023-01-06T18:30:00Z",
    ),
    (
        "Asia/Kolkata",
        WEEKLY,
        "2024-03-10T18:30:00Z",
        "2024-03-17T18:30:00Z",
    ),
    (
        "Asia/Kolkata",
        MONTHLY,
        "2024-01-31T18:30:00Z",
        "2024-02-29T18:30:00Z",
    ),
    (
        "UTC",
        MONTHLY,
        "2024-02-01T00:00:00Z",
        "2024-03-01T00:00:00Z",
    ),
];

/// The moment a microsecond earlier.
fn before(moment: &str) -> String {
    use accolade_domain::instant::Instant;
    (Instant::parse_iso(moment).unwrap() - time::Duration::MICROSECOND).to_string()
}

fn constraints(scope: &str, rule: &str) -> (Value, Value) {
    let (kind, is_badge) = match scope {
        "The badge" => ("BADGE_FIXED_WINDOW", true),
        _ => ("CUSTOMER_BADGE_FIXED_WINDOW", false),
    };
    let text = format!(r#"[{{"constraintType":"{kind}","maxEarnLimit":1,{rule}}}]"#);
    let list: Value = serde_json::from_str(&text).unwrap();
    if is_badge {
        (json!([]), list)
    } else {
        (list, json!([]))
    }
}

fn windows_begin_at_local_midnights_over_both_clock_changes(server: &Server) {
    let zones = ["America/New_York", "Asia/Kolkata", "UTC"];
    let orgs = zones.map(|zone| (zone, server.org_in(zone)));
    for (zone, rule, start, end) in CASES {
        let org = &orgs.iter().find(|(name, _)| name == zone).unwrap().1;
        for (whose, code) in [("The customer", 817), ("The badge", 818)] {
            let (customer, badge) = constraints(whose, rule);
            let badge = org.create(&limited(&customer, &badge));
            let what = format!("{whose} {zone} {rule} {start}");
            let earn = |event: &str| org.earn_at(&badge, 1, event);
            assert_eq!(earn(start).status, 200, "{what}");
            let refused = earn(&before(end));
            assert_eq!(refused.codes(), [code], "{what}");
            assert_eq!(
                refused.message(),
                format!(
                    "{whose} has reached its limit: once in the window from {start} to {end}. It opens again at {end}."
                )
            );
            assert_eq!(earn(end).status, 200, "{what}");
            assert_eq!(earn(&before(start)).status, 200, "{what}");
            assert_eq!(earn(start).codes(), [code], "{what}");
        }
    }
}

fn the_first_window_begins_with_the_badge_and_the_last_ends_with_it(server: &Server) {
    let org = server.org();
    let direct = json!({"earnType": "EARN", "issuedBadgeExpiry": null});
    let dates = badge_from("2023-01-10T12:00:00Z", "2023-03-05T06:00:00Z");
    let (_, window) = constraints("The badge", MONTHLY);
    let badge = org.create(&with(
        &with(&dates, &direct),
        &json!({"badgeConstraints": window}),
    ));
    org.earn_at(&badge, 1, "2023-01-31T23:59:59.999999Z").ok();
    assert_eq!(
        org.earn_at(&badge, 1, "2023-01-10T12:00:00Z").message(),
        "The badge has reached its limit: once in the window from 2023-01-10T12:00:00Z to 2023-02-01T00:00:00Z. It opens again at 2023-02-01T00:00:00Z."
    );
    // The badge's last moment is in its last window.
    org.earn_at(&badge, 1, "2023-03-05T06:00:00Z").ok();
    assert_eq!(
        org.earn_at(&badge, 1, "2023-03-01T00:00:00Z").message(),
        "The badge has reached its limit: once in the window from 2023-03-01T00:00:00Z to 2023-03-05T06:00:00Z, which is the last. It does not open again unless an earned badge is revoked."
    );
}

const LIST: &str = "badgeMeta/getFixedWindowDetails";

/// Days of January to March 2023, by months for all and by two weeks for each customer.
fn listed(org: &Org) -> String {
    let direct = json!({"earnType": "EARN", "issuedBadgeExpiry": null});
    let dates = badge_from("2023-01-10T12:00:00Z", "2023-03-05T06:00:00Z");
    org.create(&with(
        &with(&dates, &direct),
        &json!({
            "customerConstraints": [{"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20, "maxEarnLimit": 5}],
            "badgeConstraints": [
                {"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 100},
                {"constraintType": "BADGE_FIXED_WINDOW", "durationType": "MONTHS", "maxEarnLimit": 9},
            ],
        }),
    ))
}

/// The windows of an answer: whose, from when, until when, and the count if there is one.
fn windows(data: &Value) -> Vec<(String, String, String, Option<u64>)> {
    data["fixedWindowCycles"]
        .as_array()
        .unwrap_or_else(|| panic!("{data}"))
        .iter()
        .map(|window| {
            let text = |name: &str| window[name].as_str().unwrap_or_default().to_owned();
            (
                text("constraintType"),
                text("startDateISO"),
                text("endDateISO"),
                window["earnCount"].as_u64(),
            )
        })
        .collect()
}

fn window(
    whose: &str,
    start: &str,
    end: &str,
    count: Option<u64>,
) -> (String, String, String, Option<u64>) {
    (whose.to_owned(), start.to_owned(), end.to_owned(), count)
}

fn the_windows_of_a_badge_are_listed_with_their_counts(server: &Server) {
    let org = server.org();
    let badge = listed(&org);
    let definition = org.get(&format!("badgeMeta/{badge}")).ok().data();
    org.earn_at(&badge, 1, "2023-01-10T12:00:00Z").ok();
    org.earn_at(&badge, 1, "2023-01-30T00:00:00Z").ok();
    org.earn_at(&badge, 2, "2023-03-05T06:00:00Z").ok();
    let revoked = org.earn_at(&badge, 2, "2023-02-05T00:00:00Z").earned_id();
    org.revoke_earn(&badge, 2, &revoked).ok();

    let list = |query: &str| {
        org.get(&format!("{LIST}?badgeMetaId={badge}{query}"))
            .ok()
            .data()
    };
    let months = |counts: [Option<u64>; 3]| {
        vec![
            window(
                "BADGE",
                "2023-01-10T12:00:00Z",
                "2023-02-01T00:00:00Z",
                counts[0],
            ),
            window(
                "BADGE",
                "2023-02-01T00:00:00Z",
                "2023-03-01T00:00:00Z",
                counts[1],
            ),
            window(
                "BADGE",
                "2023-03-01T00:00:00Z",
                "2023-03-05T06:00:00Z",
                counts[2],
            ),
        ]
    };
    let twenties = |counts: [Option<u64>; 3]| {
        vec![
            window(
                "CUSTOMER",
                "2023-01-10T12:00:00Z",
                "2023-01-30T00:00:00Z",
                counts[0],
            ),
            window(
                "CUSTOMER",
                "2023-01-30T00:00:00Z",
                "2023-02-19T00:00:00Z",
                counts[1],
            ),
            window(
                "CUSTOMER",
                "2023-02-19T00:00:00Z",
                "2023-03-05T06:00:00Z",
                counts[2],
            ),
        ]
    };
    let data = list("&constraintType=BADGE");
    assert_eq!(windows(&data), months([None; 3]));
    assert_eq!(data["badgeMetaId"], json!(badge));
    assert_eq!(data["orgId"], json!(org.id()));
    assert_eq!(data["startDateISO"], "2023-01-10T12:00:00Z");
    assert_eq!(data["endDateISO"], "2023-03-05T06:00:00Z");
    let reference = &definition["badgeConstraints"][1]["referenceId"];
    assert!(reference.is_string());
    for cycle in data["fixedWindowCycles"].as_array().unwrap() {
        assert_eq!(&cycle["fixedWindowCycleReferenceId"], reference);
        assert!(cycle.get("earnCount").is_none(), "{cycle}");
    }
    let data = list("&constraintType=BADGE&includeEarnCount=true");
    assert_eq!(windows(&data), months([Some(2), Some(0), Some(1)]));
    assert_eq!(
        windows(&list("&constraintType=customer")),
        twenties([None; 3])
    );
    let data = list("&constraintType=CUSTOMER&includeEarnCount=true&customerId=1");
    assert_eq!(windows(&data), twenties([Some(1), Some(1), Some(0)]));
    let data = list("&constraintType=ALL&includeEarnCount=true&customerId=2");
    let mut all = twenties([Some(0), Some(0), Some(1)]);
    all.extend(months([Some(2), Some(0), Some(1)]));
    assert_eq!(windows(&data), all);
    assert_eq!(windows(&list("")).len(), 6, "both are listed unless told");
}

fn the_list_is_filtered_and_paged(server: &Server) {
    let org = server.org();
    let badge = listed(&org);
    let list = |query: &str| {
        org.get(&format!("{LIST}?badgeMetaId={badge}{query}"))
            .ok()
            .data()
    };
    let page = list("&page=1&size=4");
    assert_eq!(
        page["pagination"],
        json!({"page": 1, "size": 4, "total": 6, "totalPages": 2})
    );
    assert_eq!(
        windows(&page),
        [
            window(
                "BADGE",
                "2023-02-01T00:00:00Z",
                "2023-03-01T00:00:00Z",
                None
            ),
            window(
                "BADGE",
                "2023-03-01T00:00:00Z",
                "2023-03-05T06:00:00Z",
                None
            ),
        ]
    );
    assert_eq!(windows(&list("&page=7")), []);
    let between = "&startDate=2023-01-31T00:00:00Z&endDate=2023-02-10T00:00:00Z";
    assert_eq!(
        windows(&list(between)),
        [
            window(
                "CUSTOMER",
                "2023-01-30T00:00:00Z",
                "2023-02-19T00:00:00Z",
                None
            ),
            window(
                "BADGE",
                "2023-01-10T12:00:00Z",
                "2023-02-01T00:00:00Z",
                None
            ),
            window(
                "BADGE",
                "2023-02-01T00:00:00Z",
                "2023-03-01T00:00:00Z",
                None
            ),
        ]
    );
    let reference = page["fixedWindowCycles"][0]["fixedWindowCycleReferenceId"]
        .as_str()
        .unwrap();
    let one = list(&format!("&fixedWindowCycleReferenceId={reference}"));
    assert_eq!(windows(&one).len(), 3);
    let none = list("&fixedWindowCycleReferenceId=f47ac10b-58cc-4372-a567-0e02b2c3d479");
    assert_eq!(windows(&none), []);
}

fn the_list_refuses_what_it_cannot_answer(server: &Server) {
    let org = server.org();
    let badge = listed(&org);
    let ask = |query: &str| org.get(&format!("{LIST}?{query}"));
    ask("").refused(999_999, Some("badgeMetaId"));
    ask("badgeMetaId=nonsense").refused(999_999, Some("badgeMetaId"));
    for scope in ["CUSTOMER", "ALL"] {
        let query = format!("badgeMetaId={badge}&constraintType={scope}&includeEarnCount=true");
        ask(&query).refused(812, Some("customerId"));
        ask(&format!("{query}&customerId=x")).refused(999_999, Some("customerId"));
    }
    ask(&format!("badgeMetaId={badge}&constraintType=NONE")).refused(400, Some("constraintType"));
    ask(&format!(
        "badgeMetaId={badge}&fixedWindowCycleReferenceId=x"
    ))
    .refused(999_999, Some("fixedWindowCycleReferenceId"));
    ask(&format!("badgeMetaId={badge}&startDate=x")).refused(999_999, Some("startDate"));
    let nobodys = ask("badgeMetaId=000000000000000000000000");
    assert_eq!((nobodys.status, nobodys.codes()), (404, vec![404]));
    let other = server.org();
    let foreign = other.get(&format!("{LIST}?badgeMetaId={badge}"));
    assert_eq!((foreign.status, foreign.codes()), (404, vec![404]));
}

fn windows_without_end_are_listed_until_the_badges_end_or_the_asked_one(server: &Server) {
    let org = server.org();
    let dates = badge_from("2023-01-01T00:00:00Z", "2023-03-01T00:00:00Z");
    let badge = org.create(&with(
        &dates,
        &json!({
            "issuedBadgeExpiry": {"expiryType": "NEVER"},
            "badgeConstraints": [{"constraintType": "BADGE_FIXED_WINDOW", "durationType": "MONTHS", "maxEarnLimit": 9}],
        }),
    ));
    let list = |query: &str| {
        org.get(&format!("{LIST}?badgeMetaId={badge}{query}"))
            .ok()
            .data()
    };
    assert_eq!(list("")["endDate"], Value::Null);
    assert_eq!(windows(&list("")).len(), 2);
    assert_eq!(
        windows(&list("&endDate=2023-06-01T00:00:00Z&size=100")).len(),
        5
    );
    // However far: the list has an end.
    let all = list("&endDate=9999-01-01T00:00:00Z");
    assert!(all["pagination"]["total"].as_u64().unwrap() > 10, "{all}");
}

fn a_badge_without_fixed_windows_has_none_to_list(server: &Server) {
    let org = server.org();
    for definition in [badge(), direct_badge()] {
        let badge = org.create(&definition);
        let data = org.get(&format!("{LIST}?badgeMetaId={badge}")).ok().data();
        assert_eq!(windows(&data), []);
        assert_eq!(data["pagination"]["total"], 0);
    }
}

on_both_databases! {
    windows_begin_at_local_midnights_over_both_clock_changes
    the_first_window_begins_with_the_badge_and_the_last_ends_with_it
    the_windows_of_a_badge_are_listed_with_their_counts
    the_list_is_filtered_and_paged
    the_list_refuses_what_it_cannot_answer
    windows_without_end_are_listed_until_the_badges_end_or_the_asked_one
    a_badge_without_fixed_windows_has_none_to_list
}
