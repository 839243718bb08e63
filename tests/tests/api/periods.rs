//! Several enrolments of one customer: one after another, backwards, never overlapping.

use accolade_tests::{Org, Server, badge, enrolment, on_both_databases, with};
use serde_json::json;

fn ten_days(org: &Org) -> String {
    org.claimed(&with(&badge(), &json!({
        "issuedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 10},
    })))
}

fn on(org: &Org, badge: &str, date: &str) -> (String, Option<u64>, String) {
    let body = with(&enrolment(badge), &json!({"issueEventDateISO": date}));
    let (_, id, code, status) = org.enrol(&body).ok().outcomes().remove(0);
    (id, code, status)
}

fn one_after_another_and_backwards_in_time(server: &Server) {
    let org = server.org();
    let badge = ten_days(&org);
    let (may, code, status) = on(&org, &badge, "2024-05-01T00:00:00Z");
    assert_eq!((code, status.as_str()), (None, "EXPIRED"));
    // Touching at either end is no overlap.
    let (later, code, _) = on(&org, &badge, "2024-05-11T00:00:00Z");
    assert_eq!(code, None);
    let (earlier, code, _) = on(&org, &badge, "2024-04-21T00:00:00Z");
    assert_eq!(code, None);
    assert_ne!(may, later);
    assert_ne!(may, earlier);
    assert_eq!(org.issued_count(&badge), 3);

    // A microsecond too many is one.
    let overlaps = |date: &str| on(&org, &badge, date);
    let expired = "EXPIRED".to_owned();
    assert_eq!(
        overlaps("2024-05-20T23:59:59.999999Z"),
        (later.clone(), Some(1040), expired.clone())
    );
    assert_eq!(
        overlaps("2024-04-11T00:00:00.000001Z"),
        (earlier.clone(), Some(1040), expired.clone())
    );
    // Of several that overlap, the one with the earliest event date.
    assert_eq!(
        overlaps("2024-05-05T00:00:00Z"),
        (may.clone(), Some(1040), expired.clone())
    );
    assert_eq!(
        overlaps("2024-04-25T00:00:00Z"),
        (earlier, Some(1040), expired)
    );
    assert_eq!(org.issued_count(&badge), 3);
}

fn a_customer_fills_the_gap_between_two_enrolments_exactly(server: &Server) {
    let org = server.org();
    let badge = ten_days(&org);
    for date in [
        "2024-05-01T00:00:00Z",
        "2024-05-21T00:00:00Z",
        "2024-05-11T00:00:00Z",
    ] {
        assert_eq!(on(&org, &badge, date).1, None, "{date}");
    }
    assert_eq!(on(&org, &badge, "2024-05-11T00:00:00Z").1, Some(1040));
    assert_eq!(org.issued_count(&badge), 3);
}

fn a_hundred_enrolments_of_one_customer_follow_each_other(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&with(&badge(), &json!({
        "issuedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 1},
    })));
    let start = 1_704_067_200_i64; // 2024-01-01
    // Every second one forwards, the rest backwards.
    let days = (0..100).step_by(2).chain((0..100).rev().step_by(2));
    for day in days {
        let body = with(
            &enrolment(&badge),
            &json!({"issueEventDate": start + day * 86_400}),
        );
        org.enrol(&body).ok().issued();
    }
    assert_eq!(org.issued_count(&badge), 100);
}

fn the_existing_enrolments_own_status_is_reported(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&badge());
    let (upcoming, code, status) = on(&org, &badge, "2030-06-01T00:00:00Z");
    assert_eq!((code, status.as_str()), (None, "UPCOMING"));
    // The one dated now overlaps it, for both end on the fixed date.
    assert_eq!(
        on(&org, &badge, "2024-06-01T00:00:00Z"),
        (upcoming, Some(1040), "UPCOMING".to_owned())
    );
}

fn badges_and_orgs_do_not_overlap_each_other(server: &Server) {
    let (org, other) = (server.org(), server.org());
    for (org, badge) in [
        (&org, org.badge()),
        (&org, org.badge()),
        (&other, other.badge()),
    ] {
        org.enrol(&enrolment(&badge)).ok().issued();
    }
}

on_both_databases! {
    one_after_another_and_backwards_in_time
    a_customer_fills_the_gap_between_two_enrolments_exactly
    a_hundred_enrolments_of_one_customer_follow_each_other
    the_existing_enrolments_own_status_is_reported
    badges_and_orgs_do_not_overlap_each_other
}
