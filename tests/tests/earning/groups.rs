//! Groups of badges.

use accolade_tests::{Org, Reply, Server, assert_answer, badge, on_both_databases, with};
use serde_json::{Value, json};

fn create(org: &Org, name: &str, rank: i64) -> Reply {
    org.post("group", &json!({"name": name, "rank": rank}))
}

fn id_of(reply: &Reply) -> String {
    reply.data()["id"].as_str().unwrap().to_owned()
}

fn a_group_is_created_looked_up_changed_and_removed(server: &Server) {
    let org = server.org();
    let created = create(&org, "Metals", 2).ok();
    assert_answer!("group_created", created);
    let id = id_of(&created);
    let path = format!("group/{id}");
    assert_eq!(org.get(&path).ok().text(), created.text());

    let changed = org.put_json(&path, &json!({"rank": 1})).ok();
    assert_eq!(changed.data()["name"], "Metals");
    assert_eq!(changed.data()["rank"], 1);
    assert!(changed.data()["lastUpdatedOn"].as_f64() > created.data()["lastUpdatedOn"].as_f64());
    let changed = org.put_json(&path, &json!({"name": "Stones"})).ok();
    assert_eq!(changed.data()["name"], "Stones");
    assert_eq!(changed.data()["rank"], 1);
    assert_eq!(org.get(&path).ok().text(), changed.text());
    // What was answered may be sent back.
    let echoed = org.put_json(&path, &changed.data()).ok();
    assert_eq!(echoed.data()["name"], "Stones");

    let removed = org.delete(&path).ok();
    assert_eq!(removed.data()["id"], json!(id));
    assert_eq!(removed.data()["isActive"], false);
    for reply in [
        org.get(&path),
        org.delete(&path),
        org.put_json(&path, &json!({"rank": 3})),
    ] {
        assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
    }
}

fn a_name_is_unique_among_active_groups(server: &Server) {
    let org = server.org();
    let metals = id_of(&create(&org, "Metals", 1).ok());
    let stones = id_of(&create(&org, "Stones", 2).ok());
    create(&org, "Metals", 3).refused(733, Some("name"));
    org.put_json(&format!("group/{stones}"), &json!({"name": "Metals"}))
        .refused(733, Some("name"));
    org.put_json(&format!("group/{metals}"), &json!({"name": "Metals"}))
        .ok();
    // Case matters, and another org's name does not.
    create(&org, "metals", 1).ok();
    create(&server.org(), "Metals", 1).ok();
    org.delete(&format!("group/{metals}")).ok();
    create(&org, "Metals", 1).ok();
}

fn a_group_needs_a_name_and_a_rank(server: &Server) {
    let org = server.org();
    let reply = org.post("group", &json!({}));
    let mut problems = reply.problems();
    problems.sort();
    assert_eq!(
        problems,
        [
            (732, Some("rank".to_owned())),
            (999_999, Some("name".to_owned()))
        ],
        "{reply}"
    );
    for rank in [json!(0), json!(-1), json!(1.5), json!("x"), json!(true)] {
        org.post("group", &json!({"name": "Metals", "rank": rank}))
            .refused(999_999, Some("rank"));
    }
    for name in [json!(""), json!("x".repeat(256)), json!(7), json!("a\u{0}")] {
        org.post("group", &json!({"name": name, "rank": 1}))
            .refused(999_999, Some("name"));
    }
    assert_eq!(org.get("group").ok().data()["pagination"]["total"], 0);
}

fn groups_are_listed_by_rank_and_paged(server: &Server) {
    let org = server.org();
    for (name, rank) in [("C", 3), ("A", 1), ("B", 2)] {
        create(&org, name, rank).ok();
    }
    let gone = id_of(&create(&org, "D", 1).ok());
    org.delete(&format!("group/{gone}")).ok();
    let names = |query: &str| -> Vec<String> {
        let data = org.get(&format!("group{query}")).ok().data();
        let list = data
            .as_object()
            .unwrap()
            .values()
            .find_map(Value::as_array)
            .unwrap();
        list.iter()
            .map(|group| group["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(""), ["A", "B", "C"]);
    assert_eq!(names("?page=1&size=2"), ["C"]);
    assert_eq!(
        org.get("group?page=1&size=2").ok().data()["pagination"],
        json!({"page": 1, "size": 2, "total": 3, "totalPages": 2})
    );
}

fn a_badge_names_a_group_that_is_there(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let metals = id_of(&create(&org, "Metals", 1).ok());
    let foreign = id_of(&create(&other, "Metals", 1).ok());
    let gone = id_of(&create(&org, "Gone", 1).ok());
    org.delete(&format!("group/{gone}")).ok();
    let in_group = |id: &str| with(&badge(), &json!({"badgeGroupId": id, "badgeRank": 4}));
    let id = org.create(&in_group(&metals));
    for group in [&foreign, &gone, "000000000000000000000000"] {
        for reply in [
            org.creating(&in_group(group)).send(),
            org.update(&id, &in_group(group)),
        ] {
            assert_eq!(
                reply.problems(),
                [(404, Some("badgeGroupId".to_owned()))],
                "{reply}"
            );
        }
    }
    org.creating(&in_group("nonsense"))
        .send()
        .refused(999_999, Some("badgeGroupId"));
    let total = |group: &str| {
        let data = org.get(&format!("badgeMeta?groupId={group}")).ok().data();
        data["pagination"]["total"].clone()
    };
    assert_eq!(total(&metals), 1);
    assert_eq!(total(&foreign), 0);
    let data = org.get(&format!("badgeMeta/{id}")).ok().data();
    assert_eq!(data["badgeGroupId"], json!(metals));

    // The badge keeps its rank and loses the group.
    org.delete(&format!("group/{metals}")).ok();
    let data = org.get(&format!("badgeMeta/{id}")).ok().data();
    assert_eq!(data["badgeGroupId"], Value::Null);
    assert_eq!(data["badgeRank"], 4);
    assert_eq!(total(&metals), 0);
}

fn another_orgs_group_is_not_found(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let path = format!("group/{}", id_of(&create(&org, "Metals", 1).ok()));
    for reply in [
        other.get(&path),
        other.put_json(&path, &json!({"rank": 2})),
        other.delete(&path),
        org.get("group/nonsense"),
        org.get("group/000000000000000000000000"),
    ] {
        assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
    }
    assert_eq!(org.get(&path).ok().data()["rank"], 1);
}

on_both_databases! {
    a_group_is_created_looked_up_changed_and_removed
    a_name_is_unique_among_active_groups
    a_group_needs_a_name_and_a_rank
    groups_are_listed_by_rank_and_paged
    a_badge_names_a_group_that_is_there
    another_orgs_group_is_not_found
}
