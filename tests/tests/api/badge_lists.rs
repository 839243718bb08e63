//! Listing badges: every filter, every order, every page.

use std::fmt::Write as _;

use accolade_tests::{
    Org, Server, assert_answer, badge_from, direct_badge, on_both_databases, with,
};
use serde_json::json;

/// The names of the badges that `query` finds, in order.
fn names(org: &Org, query: &str) -> String {
    let reply = org.get(&format!("badgeMeta?size=100&{query}")).ok();
    reply.warned(&[]);
    let data = reply.data();
    let list = data["metaBasicDetails"].as_array().unwrap();
    assert_eq!(data["pagination"]["total"], list.len(), "{reply}");
    let mut names = String::new();
    for badge in list {
        let name = badge["name"].as_str().unwrap();
        write!(names, "{}{name}", if names.is_empty() { "" } else { "," }).unwrap();
    }
    names
}

/// Five badges, created in this order:
/// `a%1` upcoming, claimed; `B_2` live; `c3` expired, off; `D4` direct, live; `Äb` live,
/// claimed and unclaimed.
fn five(org: &Org) {
    let make = |name: &str, start: &str, end: &str, changes: &serde_json::Value| {
        let body = badge_from(&format!("{start}T00:00:00Z"), &format!("{end}T00:00:00Z"));
        org.create(&with(&with(&body, &json!({"name": name})), changes))
    };
    let both = json!({"ownership": {"restrictedToOwners": ["Loyalty", "Milestones"]}});
    let first = make("a%1", "2080-01-01", "2090-01-01", &both);
    org.claim(&first, ("Milestones", "1"));
    make("B_2", "2020-01-01", "2085-01-01", &json!({}));
    make("c3", "2019-01-01", "2021-01-01", &json!({"active": false}));
    make(
        "D4",
        "2021-01-01",
        "2086-01-01",
        &json!({
            "earnType": "EARN", "issuedBadgeExpiry": null,
        }),
    );
    let last = make("Äb", "2022-01-01", "2087-01-01", &json!({}));
    org.claim(&last, ("Loyalty", "1"));
    let claim = json!({"ownerType": "Loyalty", "referenceId": "1"});
    org.post(&format!("badgeMeta/{last}/unclaim"), &claim).ok();
}

fn every_filter_finds_what_it_says(server: &Server) {
    let org = server.org();
    five(&org);
    for (query, found) in [
        ("", "Äb,D4,c3,B_2,a%1"),
        ("status=UPCOMING", "a%1"),
        ("status=live", "Äb,D4,B_2"),
        ("status=EXPIRED", "c3"),
        ("status=ENDED", "c3"),
        ("status=upcoming,ended", "c3,a%1"),
        ("earnType=EARN", "D4"),
        ("badgeType=EARN", "D4"),
        ("earnType=issue_earn", "Äb,c3,B_2,a%1"),
        ("action=ACTIVATED", "Äb,D4,B_2,a%1"),
        ("action=DE_ACTIVATED", "c3"),
        ("action=de-activated", "c3"),
        ("owner=Milestones", "a%1"),
        ("owner=Loyalty", "Äb,D4,c3,B_2,a%1"),
        ("claimedBy=Milestones", "a%1"),
        ("claimedBy=Loyalty", ""),
        ("unclaimed=true", "Äb,D4,c3,B_2"),
        ("unclaimed=false", "a%1"),
        ("name=b", "Äb,B_2"),
        ("name=%25", "a%1"),
        ("name=_", "B_2"),
        ("name=%C3%A4B", "Äb"),
        ("name=nothing", ""),
        ("startOn=2021-01-01T00:00:00Z", "Äb,D4,a%1"),
        ("startOn=1609459201", "Äb,a%1"),
        ("expiresOn=2086-01-01T00:00:00Z", "D4,c3,B_2"),
        ("expiresOn=1609459200", "c3"),
        ("status=LIVE&earnType=ISSUE_EARN&name=B", "Äb,B_2"),
        ("sortOn=NAME&order=ASC", "B_2,D4,a%1,c3,Äb"),
        ("sortOn=NAME", "Äb,c3,a%1,D4,B_2"),
        ("sortOn=START_DATE", "a%1,Äb,D4,B_2,c3"),
        ("sortOn=START_DATE&order=asc", "c3,B_2,D4,Äb,a%1"),
        ("sortOn=ID&order=ASC", "a%1,B_2,c3,D4,Äb"),
    ] {
        assert_eq!(names(&org, query), found, "{query}");
    }
}

fn pages_are_cut_as_asked(server: &Server) {
    let org = server.org();
    for number in 0..12 {
        org.create(&with(
            &direct_badge(),
            &json!({"name": format!("{number:02}")}),
        ));
    }
    let page = |query: &str| {
        let data = org
            .get(&format!("badgeMeta?sortOn=NAME&order=ASC&{query}"))
            .ok()
            .data();
        let names: Vec<_> = data["metaBasicDetails"]
            .as_array()
            .unwrap()
            .iter()
            .map(|badge| badge["name"].as_str().unwrap().to_owned())
            .collect();
        (names.join(","), data["pagination"].clone())
    };
    let all = "00,01,02,03,04,05,06,07,08,09";
    assert_eq!(
        page(""),
        (
            all.to_owned(),
            json!({"page": 0, "size": 10, "total": 12, "totalPages": 2})
        )
    );
    assert_eq!(
        page("page=1"),
        (
            "10,11".to_owned(),
            json!({"page": 1, "size": 10, "total": 12, "totalPages": 2})
        )
    );
    assert_eq!(
        page("page=9"),
        (
            String::new(),
            json!({"page": 9, "size": 10, "total": 12, "totalPages": 2})
        )
    );
    assert_eq!(
        page("size=5&page=2"),
        (
            "10,11".to_owned(),
            json!({"page": 2, "size": 5, "total": 12, "totalPages": 3})
        )
    );
    assert_eq!(
        page("limit=2"),
        (
            "00,01".to_owned(),
            json!({"page": 0, "size": 2, "total": 12, "totalPages": 6})
        )
    );
    assert_eq!(page("size=12").1["totalPages"], 1);
    for (query, field) in [
        ("size=0", "size"),
        ("size=101", "size"),
        ("limit=101", "limit"),
        ("page=-1", "page"),
        ("size=x", "size"),
    ] {
        org.get(&format!("badgeMeta?{query}"))
            .refused(999_999, Some(field));
    }
}

fn an_element_has_its_fields_in_this_order(server: &Server) {
    let org = server.org();
    let id = org.create(&with(
        &badge_from("2023-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        &json!({"name": "Listed"}),
    ));
    org.claim(&id, ("Loyalty", "1"));
    assert_answer!("badge_list", org.get("badgeMeta").ok());
}

fn an_org_without_badges_has_an_empty_page(server: &Server) {
    let org = server.org();
    assert_eq!(
        org.get("badgeMeta").ok().text(),
        r#"{"data":{"metaBasicDetails":[],"pagination":{"page":0,"size":10,"total":0,"totalPages":0}},"errors":[],"warnings":[]}"#
    );
}

fn what_no_list_understands_is_refused_or_named(server: &Server) {
    let org = server.org();
    for (query, code, field) in [
        ("status=GONE", 400, "status"),
        ("earnType=GONE", 400, "earnType"),
        ("action=GONE", 400, "action"),
        ("owner=GONE", 400, "owner"),
        ("claimedBy=GONE", 400, "claimedBy"),
        ("sortOn=GONE", 400, "sortOn"),
        ("order=GONE", 400, "order"),
        ("unclaimed=perhaps", 999_999, "unclaimed"),
        ("startOn=perhaps", 999_999, "startOn"),
        ("expiresOn=perhaps", 999_999, "expiresOn"),
    ] {
        org.get(&format!("badgeMeta?{query}"))
            .refused(code, Some(field));
    }
    let reply = org.get("badgeMeta?status=GONE&order=GONE&size=0");
    assert_eq!(reply.problems().len(), 3, "{reply}");
    org.get("badgeMeta?sizes=3").warned(&[(1990, "sizes")]);
}

on_both_databases! {
    every_filter_finds_what_it_says
    pages_are_cut_as_asked
    an_element_has_its_fields_in_this_order
    an_org_without_badges_has_an_empty_page
    what_no_list_understands_is_refused_or_named
}
