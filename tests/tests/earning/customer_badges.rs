//! What a customer sees of badges: `customer/{customerId}`.

use accolade_tests::{
    Org, Server, assert_answer, badge, badge_from, direct_badge, on_both_databases, with,
};
use serde_json::{Value, json};

/// The names that a list shows, in its order.
pub(super) fn names(data: &Value) -> Vec<String> {
    ["badges", "customerBadges"]
        .iter()
        .find_map(|list| data[*list].as_array())
        .unwrap_or_else(|| panic!("{data}"))
        .iter()
        .map(|badge| badge["name"].as_str().unwrap().to_owned())
        .collect()
}

fn shown(org: &Org, query: &str) -> Vec<String> {
    names(&org.get(&format!("customer/1{query}")).ok().data())
}

fn sorted(org: &Org, query: &str) -> Vec<String> {
    let mut names = shown(org, query);
    names.sort();
    names
}

/// `base` under this name, with changes.
pub(super) fn named(base: &Value, name: &str, changes: &Value) -> Value {
    with(&with(base, &json!({"name": name})), changes)
}

fn expiring(date: &str) -> Value {
    json!({"earnedBadgeExpiry": {"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": date}})
}

/// Badges that stand to customer 1 in every way, by what they are named.
pub(super) fn every_standing(org: &Org) {
    let none = json!({});
    let ended = badge_from("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z");
    let upcoming = with(
        &badge_from("2080-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        &json!({"issuedBadgeExpiry": {"expiryType": "NEVER"}}),
    );
    let direct = json!({"earnType": "EARN", "issuedBadgeExpiry": null});
    let off = json!({"active": false});
    let enrol = |id: &str, date: &str| {
        let body = json!({"badgeMetaId": id, "customers": [1], "issueEventDate": date});
        org.enrol(&body).ok().issued();
    };

    org.create(&named(&badge(), "open", &none));
    org.create(&named(&badge(), "off", &off));
    org.create(&named(&ended, "ended", &none));
    org.create(&named(&upcoming, "upcoming", &none));
    org.create(&named(&direct_badge(), "direct", &none));
    org.create(&named(&direct_badge(), "direct off", &off));
    org.create(&named(&ended, "direct ended", &direct));
    let enrolled = org.create(&named(&badge(), "enrolled", &none));
    enrol(&enrolled, "2024-01-01T00:00:00Z");
    let earned = org.create(&named(&badge(), "earned", &none));
    enrol(&earned, "2024-01-01T00:00:00Z");
    org.earned(&earned, 1);
    let expired = org.create(&named(
        &direct_badge(),
        "expired",
        &expiring("2025-01-01T00:00:00Z"),
    ));
    org.earned(&expired, 1);
    let revoked = org.create(&named(&direct_badge(), "revoked", &none));
    let id = org.earned(&revoked, 1);
    org.revoke_earn(&revoked, 1, &id).ok();
    let given_back = org.create(&named(&badge(), "given back", &none));
    enrol(&given_back, "2024-01-01T00:00:00Z");
    org.revoke_issue(&json!({"badgeMetaId": given_back, "customers": [1]}))
        .ok();
    // Another customer's.
    org.earned(&org.create(&named(&direct_badge(), "other's", &none)), 2);
}

fn each_type_shows_the_badges_that_stand_so_to_the_customer(server: &Server) {
    let org = server.org();
    every_standing(&org);
    for query in [
        "",
        "?badgeType=AVAILABLE_TO_ISSUE",
        "?badgeType=available-to-issue",
    ] {
        assert_eq!(sorted(&org, query), ["given back", "open"]);
    }
    assert_eq!(
        sorted(&org, "?badgeType=AVAILABLE&size=100"),
        [
            "direct", "earned", "enrolled", "expired", "other's", "revoked"
        ]
    );
    assert_eq!(sorted(&org, "?badgeType=EARNED"), ["earned"]);
    assert_eq!(sorted(&org, "?badgeType=EXPIRED"), ["expired"]);
    org.get("customer/1?badgeType=LOST")
        .refused(400, Some("badgeType"));
}

fn expired_ones_are_included_when_asked(server: &Server) {
    let org = server.org();
    every_standing(&org);
    assert_eq!(
        sorted(&org, "?includeExpired=true"),
        ["ended", "given back", "open"]
    );
    assert_eq!(
        sorted(&org, "?badgeType=EARNED&includeExpired=true"),
        ["earned", "expired"]
    );
    assert_eq!(
        sorted(&org, "?badgeType=EARNED&includeExpired=false"),
        ["earned"]
    );
    assert_eq!(
        sorted(&org, "?badgeType=AVAILABLE&includeExpired=true&size=100"),
        [
            "direct",
            "direct ended",
            "earned",
            "enrolled",
            "expired",
            "other's",
            "revoked"
        ]
    );
    org.get("customer/1?includeExpired=x")
        .refused(999_999, Some("includeExpired"));
}

/// Badges of two groups and of none, ranked and unranked.
fn ranked(org: &Org) -> [String; 2] {
    let group = |name: &str, rank: i64| {
        let reply = org.post("group", &json!({"name": name, "rank": rank})).ok();
        reply.data()["id"].as_str().unwrap().to_owned()
    };
    let (second, first) = (group("second", 2), group("first", 1));
    let dates = |end: &str| badge_from("2023-01-01T00:00:00Z", end);
    for (name, changes, end) in [
        ("alone 1", json!({"badgeRank": 1}), "2060-01-01T00:00:00Z"),
        ("alone unranked", json!({}), "2090-01-01T00:00:00Z"),
        (
            "second 1",
            json!({"badgeRank": 1, "badgeGroupId": second}),
            "2060-01-01T00:00:00Z",
        ),
        (
            "second 2 early",
            json!({"badgeRank": 2, "badgeGroupId": second}),
            "2060-01-01T00:00:00Z",
        ),
        (
            "second 2 late",
            json!({"badgeRank": 2, "badgeGroupId": second}),
            "2070-01-01T00:00:00Z",
        ),
        (
            "first unranked",
            json!({"badgeGroupId": first}),
            "2060-01-01T00:00:00Z",
        ),
        (
            "first 7",
            json!({"badgeRank": 7, "badgeGroupId": first}),
            "2060-01-01T00:00:00Z",
        ),
    ] {
        org.create(&named(&dates(end), name, &changes));
    }
    [first, second]
}

const BY_RANK: [&str; 7] = [
    "first 7",
    "first unranked",
    "second 1",
    "second 2 late",
    "second 2 early",
    "alone 1",
    "alone unranked",
];

fn rank_sorts_by_group_then_badge_then_expiry(server: &Server) {
    let org = server.org();
    let [first, second] = ranked(&org);
    assert_eq!(shown(&org, "?sortOn=RANK"), BY_RANK);
    assert_eq!(shown(&org, ""), BY_RANK, "by rank unless told");
    assert_eq!(shown(&org, "?sortOn=rank&size=3&page=1"), BY_RANK[3..6]);
    assert_eq!(shown(&org, "?limit=2&page=3"), BY_RANK[6..]);
    assert_eq!(shown(&org, &format!("?groupId={first}")), BY_RANK[..2]);
    assert_eq!(
        org.get("customer/1?size=3&page=1").ok().data()["pagination"],
        json!({"page": 1, "size": 3, "total": 7, "totalPages": 3})
    );
    assert_eq!(shown(&org, "?page=9"), Vec::<String>::new());
    // A group that is removed leaves its badges behind; of equal ones the newest is first.
    org.delete(&format!("group/{second}")).ok();
    assert_eq!(
        shown(&org, "?sortOn=RANK"),
        [
            "first 7",
            "first unranked",
            "second 1",
            "alone 1",
            "second 2 late",
            "second 2 early",
            "alone unranked"
        ]
    );
    assert_eq!(
        shown(&org, &format!("?groupId={second}")),
        Vec::<String>::new()
    );
}

fn earned_badges_sort_by_when_they_were_earned(server: &Server) {
    let org = server.org();
    for (name, event) in [
        ("a", "2024-03-01T00:00:00Z"),
        ("b", "2024-01-01T00:00:00Z"),
        ("c", "2024-02-01T00:00:00Z"),
    ] {
        let id = org.create(&named(&direct_badge(), name, &json!({})));
        org.earn_at(&id, 1, event).ok();
    }
    assert_eq!(
        shown(&org, "?badgeType=EARNED&sortOn=LAST_EARNED_ON_DATE"),
        ["c", "b", "a"]
    );
    assert_eq!(
        shown(&org, "?badgeType=EARNED&sortOn=LAST_EARNED_EVENT_DATE"),
        ["a", "c", "b"]
    );
    org.get("customer/1?sortOn=NAME")
        .refused(400, Some("sortOn"));
}

fn a_badge_is_shown_byte_for_byte(server: &Server) {
    let org = server.org();
    let group = org
        .post("group", &json!({"name": "Metals", "rank": 1}))
        .ok();
    let id = org.claimed(&named(
        &badge(),
        "Gold",
        &json!({
            "description": "Shiny", "badgeRank": 2, "badgeGroupId": group.data()["id"],
            "customerConstraints": [{"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 5}],
            "tags": [{"name": "a", "value": "b"}],
        }),
    ));
    assert_answer!("customer_badges_available", org.get("customer/1").ok());
    let body =
        json!({"badgeMetaId": id, "customers": [1], "issueEventDate": "2024-01-01T00:00:00Z"});
    org.enrol(&body).ok();
    org.earn_at(&id, 1, "2024-02-01T00:00:00Z").ok();
    org.earn_at(&id, 1, "2024-01-15T00:00:00Z").ok();
    let reply = org.get("customer/1?badgeType=EARNED").ok();
    assert_answer!("customer_badges_earned", reply);
    let shown = reply.data()["badges"][0].clone();
    assert_eq!(shown["earnedCount"], 2);
    assert_eq!(shown["badgeMetaId"], json!(id));
    assert_eq!(shown["badgeGroupName"], "Metals");
}

fn what_is_no_customer_and_no_page_is_refused(server: &Server) {
    let org = server.org();
    for customer in ["0", "-1", "x", "9223372036854775808"] {
        for path in ["customer", "management"] {
            let reply = org.get(&format!("{path}/{customer}"));
            assert!([400, 404].contains(&reply.status), "{reply}");
        }
    }
    org.get("customer/1?page=-1").refused(999_999, Some("page"));
    org.get("customer/1?size=101")
        .refused(999_999, Some("size"));
    org.get("customer/1?groupId=x")
        .refused(999_999, Some("groupId"));
    org.get("customer/1?oops=1").warned(&[(1990, "oops")]);
    // Who has nothing has nothing, which is no error.
    assert_eq!(shown(&org, ""), Vec::<String>::new());
}

fn another_orgs_badges_are_not_shown(server: &Server) {
    let (org, other) = (server.org(), server.org());
    every_standing(&org);
    for kind in ["AVAILABLE_TO_ISSUE", "AVAILABLE", "EARNED", "EXPIRED"] {
        assert_eq!(
            shown(&other, &format!("?badgeType={kind}&includeExpired=true")),
            Vec::<String>::new()
        );
    }
}

on_both_databases! {
    each_type_shows_the_badges_that_stand_so_to_the_customer
    expired_ones_are_included_when_asked
    rank_sorts_by_group_then_badge_then_expiry
    earned_badges_sort_by_when_they_were_earned
    a_badge_is_shown_byte_for_byte
    what_is_no_customer_and_no_page_is_refused
    another_orgs_badges_are_not_shown
}
