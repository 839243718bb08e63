//! A customer's badges as the care desk sees them: `management/{customerId}`.

use accolade_tests::{
    LOYALTY, Org, Server, assert_answer, badge, badge_from, direct_badge, on_both_databases,
};
use serde_json::{Value, json};

use super::customer_badges::{every_standing, named, names};

fn shown(org: &Org, query: &str) -> Vec<String> {
    names(
        &org.get(&format!("management/1?size=100{query}"))
            .ok()
            .data(),
    )
}

fn sorted(org: &Org, query: &str) -> Vec<String> {
    let mut names = shown(org, query);
    names.sort();
    names
}

fn each_type_shows_the_badges_that_stand_so_to_the_customer(server: &Server) {
    let org = server.org();
    every_standing(&org);
    for query in ["", "&badgeType=AVAILABLE_TO_ISSUE"] {
        assert_eq!(sorted(&org, query), ["given back", "open"]);
    }
    assert_eq!(
        sorted(&org, "&badgeType=AVAILABLE"),
        [
            "direct", "earned", "enrolled", "expired", "other's", "revoked"
        ]
    );
    assert_eq!(sorted(&org, "&badgeType=EARNED"), ["earned"]);
    assert_eq!(sorted(&org, "&badgeType=EXPIRED"), ["expired"]);
    org.get("management/1?badgeType=LOST")
        .refused(400, Some("badgeType"));
}

/// Badges that a customer has earned, of every state.
fn earned_by_all(org: &Org) -> String {
    let group = org
        .post("group", &json!({"name": "Metals", "rank": 1}))
        .ok();
    let group = group.data()["id"].as_str().unwrap().to_owned();
    let owners = |owners: Value| json!({"ownership": {"restrictedToOwners": owners}});
    let direct = json!({"earnType": "EARN", "issuedBadgeExpiry": null});
    for (name, base, changes) in [
        (
            "live gold",
            direct_badge(),
            owners(json!(["Loyalty", "Journeys"])),
        ),
        ("live off", direct_badge(), json!({"badgeGroupId": group})),
        (
            "ended_50%",
            badge_from("2023-02-01T00:00:00Z", "2024-01-01T00:00:00Z"),
            direct.clone(),
        ),
    ] {
        let id = org.create(&named(&base, name, &changes));
        org.earn_at(&id, 1, "2023-05-01T00:00:00Z").ok();
        match name {
            "live gold" => org.claim(&id, LOYALTY),
            "live off" => {
                org.put(&format!("badgeMeta/{id}/deactivate")).ok();
            }
            _ => {}
        }
    }
    group
}

fn each_filter_holds_and_all_of_them_together(server: &Server) {
    let org = server.org();
    let group = earned_by_all(&org);
    let earned = |query: &str| sorted(&org, &format!("&badgeType=EARNED{query}"));
    assert_eq!(earned(""), ["ended_50%", "live gold", "live off"]);
    assert_eq!(earned("&action=ACTIVATED"), ["ended_50%", "live gold"]);
    assert_eq!(earned("&action=de-activated"), ["live off"]);
    assert_eq!(earned("&badgeStatus=LIVE"), ["live gold", "live off"]);
    assert_eq!(earned("&badgeStatus=ENDED"), ["ended_50%"]);
    assert_eq!(earned("&badgeStatus=EXPIRED,UPCOMING"), ["ended_50%"]);
    assert_eq!(earned("&owner=Journeys"), ["live gold"]);
    assert_eq!(earned("&claimedBy=Loyalty"), ["live gold"]);
    assert_eq!(earned("&claimedBy=Journeys"), Vec::<String>::new());
    assert_eq!(earned("&name=LIVE"), ["live gold", "live off"]);
    assert_eq!(earned("&name=%25"), ["ended_50%"]);
    assert_eq!(earned("&name=_"), ["ended_50%"]);
    assert_eq!(earned(&format!("&groupId={group}")), ["live off"]);
    assert_eq!(
        earned("&name=live&action=ACTIVATED&badgeStatus=LIVE"),
        ["live gold"]
    );
    let start = "&startOn=2023-01-15T00:00:00Z&startOnOperator=";
    assert_eq!(earned(&format!("{start}GREATER_THAN")), ["ended_50%"]);
    assert_eq!(
        earned(&format!("{start}LESS_THAN")),
        ["live gold", "live off"]
    );
    let end = "&expiresOn=2025-01-01T00:00:00Z&expiresOnOperator=";
    assert_eq!(
        earned(&format!("{end}greater-than")),
        ["live gold", "live off"]
    );
    assert_eq!(earned(&format!("{end}LESS_THAN")), ["ended_50%"]);
    // Neither is the moment itself.
    for operator in ["LESS_THAN", "GREATER_THAN"] {
        let same = format!("&startOn=2023-02-01T00:00:00Z&startOnOperator={operator}");
        assert!(!earned(&same).contains(&"ended_50%".to_owned()));
    }
}

fn what_a_filter_cannot_hold_is_refused(server: &Server) {
    let org = server.org();
    for (query, code, field) in [
        ("action=OFF", 400, "action"),
        ("badgeStatus=SOON", 400, "badgeStatus"),
        ("owner=Nobody", 400, "owner"),
        ("claimedBy=Nobody", 400, "claimedBy"),
        ("startOn=x", 999_999, "startOn"),
        ("startOn=1&startOnOperator=ABOUT", 400, "startOnOperator"),
        (
            "expiresOn=1&expiresOnOperator=ABOUT",
            400,
            "expiresOnOperator",
        ),
        ("sortOn=RANK", 400, "sortOn"),
        ("order=UP", 400, "order"),
        ("groupId=x", 999_999, "groupId"),
        ("size=0", 999_999, "size"),
    ] {
        org.get(&format!("management/1?{query}"))
            .refused(code, Some(field));
    }
}

fn every_order_sorts_both_ways(server: &Server) {
    let org = server.org();
    // Created a, b, c; ending c, a, b; updated b last; enrolled b, c, a; earned c, a, b;
    // for what happened in b, c, a.
    let ends = [
        "2070-01-01T00:00:00Z",
        "2080-01-01T00:00:00Z",
        "2060-01-01T00:00:00Z",
    ];
    let mut badges = Vec::new();
    for (name, end) in ["a", "b", "c"].iter().zip(ends) {
        let definition = named(&badge_from("2023-01-01T00:00:00Z", end), name, &json!({}));
        badges.push((org.create(&definition), definition));
    }
    org.update(&badges[1].0, &badges[1].1).ok();
    for index in [1, 2, 0] {
        let body = json!({
            "badgeMetaId": badges[index].0, "customers": [1],
            "issueEventDate": "2024-01-01T00:00:00Z",
        });
        org.enrol(&body).ok();
    }
    for (index, event) in [
        (2, "2024-03-01T00:00:00Z"),
        (0, "2024-04-01T00:00:00Z"),
        (1, "2024-02-01T00:00:00Z"),
    ] {
        org.earn_at(&badges[index].0, 1, event).ok();
    }
    let by = |sort: &str, order: &str| {
        shown(
            &org,
            &format!("&badgeType=EARNED&sortOn={sort}&order={order}"),
        )
        .concat()
    };
    for (sort, descending) in [
        ("EXPIRES_ON", "bac"),
        ("LAST_MODIFIED_DATE", "bca"),
        ("LAST_ISSUED_DATE", "acb"),
        ("LAST_EARNED_ON_DATE", "bac"),
        ("LAST_EARNED_EVENT_DATE", "acb"),
    ] {
        assert_eq!(by(sort, "DESC"), descending, "{sort}");
        let ascending: String = descending.chars().rev().collect();
        assert_eq!(by(sort, "asc"), ascending, "{sort}");
    }
    assert_eq!(
        shown(&org, "&badgeType=EARNED").concat(),
        "bac",
        "by end unless told"
    );
}

fn expired_badges_sort_by_when_they_expired(server: &Server) {
    let org = server.org();
    for (name, end) in [
        ("a", "2024-02-01"),
        ("b", "2024-03-01"),
        ("c", "2024-01-01"),
    ] {
        let expiry = json!({"earnedBadgeExpiry": {
            "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": format!("{end}T00:00:00Z"),
        }});
        let id = org.create(&named(&direct_badge(), name, &expiry));
        org.earned(&id, 1);
    }
    let query = "&badgeType=EXPIRED&sortOn=LAST_EXPIRED_BADGE";
    assert_eq!(shown(&org, query).concat(), "bac");
    assert_eq!(shown(&org, &format!("{query}&order=ASC")).concat(), "cab");
}

fn what_has_nothing_to_be_sorted_by_comes_last(server: &Server) {
    let org = server.org();
    let ids: Vec<_> = ["a", "b"]
        .iter()
        .map(|name| org.create(&named(&direct_badge(), name, &json!({}))))
        .collect();
    org.earned(&ids[0], 1);
    for order in ["DESC", "ASC"] {
        let query = format!("&badgeType=AVAILABLE&sortOn=LAST_EARNED_ON_DATE&order={order}");
        assert_eq!(shown(&org, &query).concat(), "ab", "{order}");
    }
}

fn pages_follow_each_other_without_gap(server: &Server) {
    let org = server.org();
    for number in 0..7 {
        org.create(&named(&badge(), &format!("{number}"), &json!({})));
    }
    let mut seen = String::new();
    for page in 0..4 {
        let data = org
            .get(&format!("management/1?size=2&page={page}"))
            .ok()
            .data();
        assert_eq!(
            data["pagination"],
            json!({"page": page, "size": 2, "total": 7, "totalPages": 4})
        );
        seen += &names(&data).concat();
    }
    // Of one end, the newest id first.
    assert_eq!(seen, "6543210");
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
            "images": [{"name": "a", "fileSvcHandle": "b", "url": "https://x.example/y", "tag": "EARNED"}],
        }),
    ));
    assert_answer!("management_available", org.get("management/1").ok());
    let body =
        json!({"badgeMetaId": id, "customers": [1], "issueEventDate": "2024-01-01T00:00:00Z"});
    org.enrol(&body).ok();
    org.earn_at(&id, 1, "2024-02-01T00:00:00Z").ok();
    let reply = org.get("management/1?badgeType=EARNED").ok();
    assert_answer!("management_earned", reply);
    let shown = reply.data()["customerBadges"][0].clone();
    assert_eq!(shown["earnCount"], 1);
    assert_eq!(shown["issueStatus"], "ACTIVE");
    assert_eq!(shown["badgeStatus"], "LIVE");
}

on_both_databases! {
    each_type_shows_the_badges_that_stand_so_to_the_customer
    each_filter_holds_and_all_of_them_together
    what_a_filter_cannot_hold_is_refused
    every_order_sorts_both_ways
    expired_badges_sort_by_when_they_expired
    what_has_nothing_to_be_sorted_by_comes_last
    pages_follow_each_other_without_gap
    a_badge_is_shown_byte_for_byte
}
