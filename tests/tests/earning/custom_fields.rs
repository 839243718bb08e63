//! Custom fields of an org, and their values in badges.

use accolade_tests::{Org, Reply, Server, assert_answer, badge, on_both_databases, with};
use serde_json::{Value, json};

fn create(org: &Org, name: &str, kind: &str, default: &Value) -> Reply {
    let mandatory = !default.is_null();
    org.post(
        "customField",
        &json!({"name": name, "dataType": kind, "isMandatory": mandatory, "defaultValue": default}),
    )
}

fn id_of(reply: &Reply) -> String {
    reply.data()["id"].as_str().unwrap().to_owned()
}

fn a_field_is_created_looked_up_changed_and_disabled_for_good(server: &Server) {
    let org = server.org();
    let created = create(&org, "Tier", "integer", &json!("1")).ok();
    assert_answer!("custom_field_created", created);
    let path = format!("customField/{}", id_of(&created));
    assert_eq!(org.get(&path).ok().text(), created.text());
    let changed = org.put_json(&path, &json!({"defaultValue": "2"})).ok();
    assert_eq!(changed.data()["defaultValue"], "2");
    assert_eq!(changed.data()["name"], "Tier");
    assert_eq!(changed.data()["isMandatory"], true);
    let echoed = org.put_json(&path, &changed.data()).ok();
    assert_eq!(echoed.data()["defaultValue"], "2");
    org.put_json(&path, &json!({"dataType": "STRING"}))
        .refused(743, Some("dataType"));
    let disabled = org.put_json(&path, &json!({"isActive": false})).ok();
    assert_eq!(disabled.data()["isActive"], false);
    for change in [json!({"isActive": true}), json!({"name": "X"})] {
        assert_eq!(org.put_json(&path, &change).codes(), [744], "{change}");
    }
    assert_eq!(org.get(&path).ok().text(), disabled.text());
}

fn a_name_is_unique_among_active_fields(server: &Server) {
    let org = server.org();
    let tier = id_of(&create(&org, "Tier", "STRING", &Value::Null).ok());
    let other = id_of(&create(&org, "Other", "STRING", &Value::Null).ok());
    create(&org, "Tier", "INTEGER", &Value::Null).refused(741, Some("name"));
    org.put_json(&format!("customField/{other}"), &json!({"name": "Tier"}))
        .refused(741, Some("name"));
    org.put_json(&format!("customField/{tier}"), &json!({"isActive": false}))
        .ok();
    create(&org, "Tier", "INTEGER", &Value::Null).ok();
    create(&server.org(), "Tier", "STRING", &Value::Null).ok();
}

fn a_mandatory_field_needs_a_default_of_its_type(server: &Server) {
    let org = server.org();
    for (kind, good, bad) in [
        ("INTEGER", json!("-7"), json!("7.5")),
        ("BOOLEAN", json!("true"), json!("yes")),
        ("DATE", json!("2001-01-18T09:09:09Z"), json!("yesterday")),
    ] {
        create(&org, &format!("{kind} bad"), kind, &bad).refused(742, Some("defaultValue"));
        create(&org, &format!("{kind} empty"), kind, &json!("")).refused(742, Some("defaultValue"));
        let id = id_of(&create(&org, kind, kind, &good).ok());
        let change = json!({"defaultValue": bad});
        org.put_json(&format!("customField/{id}"), &change)
            .refused(742, Some("defaultValue"));
    }
    let body = json!({"name": "x", "dataType": "STRING", "isMandatory": true});
    org.post("customField", &body)
        .refused(742, Some("defaultValue"));
    let optional = id_of(&create(&org, "optional", "INTEGER", &Value::Null).ok());
    let path = format!("customField/{optional}");
    org.put_json(&path, &json!({"isMandatory": true}))
        .refused(742, Some("defaultValue"));
    let wrong =
        json!({"name": "y", "dataType": "INTEGER", "isMandatory": false, "defaultValue": "x"});
    org.post("customField", &wrong)
        .refused(745, Some("defaultValue"));
}

fn its_fields_are_checked_together(server: &Server) {
    let org = server.org();
    let reply = org.post("customField", &json!({"isMandatory": 7}));
    let mut problems = reply.problems();
    problems.sort();
    let at = |code: u64, path: &str| (code, Some(path.to_owned()));
    assert_eq!(
        problems,
        [
            at(999_999, "dataType"),
            at(999_999, "isMandatory"),
            at(999_999, "name")
        ],
        "{reply}"
    );
    let reply = org.post("customField", &json!({"name": "x", "dataType": "MONEY"}));
    reply.refused(400, Some("dataType"));
    for kind in ["STRING", "INTEGER", "BOOLEAN", "DATE"] {
        assert!(reply.message().contains(kind), "{reply}");
    }
}

fn values_of_a_badge_are_checked_and_defaults_filled_in(server: &Server) {
    let (org, other) = (server.org(), server.org());
    create(&org, "note", "STRING", &Value::Null).ok();
    create(&org, "tier", "INTEGER", &json!("7")).ok();
    create(&org, "vip", "BOOLEAN", &Value::Null).ok();
    create(&org, "day", "DATE", &Value::Null).ok();
    create(&other, "foreign", "STRING", &Value::Null).ok();
    let valued = |values: Value| with(&badge(), &json!({"customFields": values}));
    let id = org.create(&valued(json!({})));
    let stored = || org.get(&format!("badgeMeta/{id}")).ok().data()["customFields"].clone();
    assert_eq!(stored(), json!({"tier": "7"}));
    let all = json!({"note": "x", "tier": "8", "vip": "false", "day": "2024-02-29"});
    org.update(&id, &valued(all.clone())).ok();
    let mut found = stored();
    assert_eq!(found, all);
    // Numbers and truth values may come as such.
    org.update(&id, &valued(json!({"tier": 9, "vip": true})))
        .ok();
    found = stored();
    assert_eq!(found, json!({"tier": "9", "vip": "true"}));

    let wrong = valued(
        json!({"tier": "x", "vip": "maybe", "day": "2023-02-29", "foreign": "y", "Note": "z"}),
    );
    for reply in [org.creating(&wrong).send(), org.update(&id, &wrong)] {
        let mut problems = reply.problems();
        problems.sort();
        let at = |code: u64, name: &str| (code, Some(format!("customFields.{name}")));
        assert_eq!(
            problems,
            [
                at(745, "day"),
                at(745, "tier"),
                at(745, "vip"),
                at(746, "Note"),
                at(746, "foreign"),
            ],
            "{reply}"
        );
    }
    assert_eq!(stored(), found);
}

fn a_disabled_field_is_unknown_to_badges(server: &Server) {
    let org = server.org();
    let tier = id_of(&create(&org, "tier", "INTEGER", &json!("7")).ok());
    let definition = badge();
    let id = org.create(&definition);
    org.put_json(&format!("customField/{tier}"), &json!({"isActive": false}))
        .ok();
    let valued = with(&badge(), &json!({"customFields": {"tier": "1"}}));
    org.creating(&valued)
        .send()
        .refused(746, Some("customFields.tier"));
    let data = org.update(&id, &definition).ok().data();
    assert_eq!(data["customFields"], json!({}));
}

fn fields_are_listed_by_their_last_update(server: &Server) {
    let org = server.org();
    let ids: Vec<_> = ["A", "B", "C"]
        .iter()
        .map(|name| id_of(&create(&org, name, "STRING", &Value::Null).ok()))
        .collect();
    org.put_json(
        &format!("customField/{}", ids[0]),
        &json!({"defaultValue": "x"}),
    )
    .ok();
    org.put_json(
        &format!("customField/{}", ids[1]),
        &json!({"isActive": false}),
    )
    .ok();
    let names = |query: &str| -> String {
        let data = org.get(&format!("customField{query}")).ok().data();
        let list = data["customFieldROList"].as_array().unwrap().clone();
        list.iter()
            .map(|field| field["name"].as_str().unwrap())
            .collect()
    };
    assert_eq!(names(""), "BAC");
    assert_eq!(names("?order=ASC"), "CAB");
    assert_eq!(names("?sortOn=LAST_UPDATED_DATE&order=desc"), "BAC");
    assert_eq!(names("?isActive=true"), "AC");
    assert_eq!(names("?isActive=false"), "B");
    assert_eq!(names("?page=1&size=2"), "C");
    assert_eq!(
        org.get("customField?page=1&size=2").ok().data()["pagination"],
        json!({"page": 1, "size": 2, "total": 3, "totalPages": 2})
    );
    org.get("customField?sortOn=NAME")
        .refused(400, Some("sortOn"));
    org.get("customField?isActive=x")
        .refused(999_999, Some("isActive"));
}

fn another_orgs_field_is_not_found(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let path = format!(
        "customField/{}",
        id_of(&create(&org, "A", "STRING", &Value::Null).ok())
    );
    for reply in [
        other.get(&path),
        other.put_json(&path, &json!({"name": "B"})),
        org.get("customField/nonsense"),
        org.get("customField/000000000000000000000000"),
    ] {
        assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
    }
    let list = other.get("customField").ok().data();
    assert_eq!(list["pagination"]["total"], 0);
}

on_both_databases! {
    a_field_is_created_looked_up_changed_and_disabled_for_good
    a_name_is_unique_among_active_fields
    a_mandatory_field_needs_a_default_of_its_type
    its_fields_are_checked_together
    values_of_a_badge_are_checked_and_defaults_filled_in
    a_disabled_field_is_unknown_to_badges
    fields_are_listed_by_their_last_update
    another_orgs_field_is_not_found
}
