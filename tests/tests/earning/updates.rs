//! Replacing a badge's definition.

use accolade_tests::{
    LOYALTY, Reply, Server, badge, badge_from, badge_value, direct_badge, enrolment,
    on_both_databases, with,
};
use serde_json::{Value, json};

fn future() -> Value {
    with(
        &badge_from("2080-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        &json!({"issuedBadgeExpiry": {"expiryType": "NEVER"}}),
    )
}

/// An answer without what every update changes.
fn definition_of(reply: &Reply) -> Value {
    let fields = json!({"lastUpdatedOn": null, "lastUpdatedOnISO": null, "lastUpdatedBy": null});
    with(&reply.data(), &fields)
}

fn an_update_replaces_the_whole_definition(server: &Server) {
    let org = server.org();
    let group = org
        .post("group", &json!({"name": "Metals", "rank": 1}))
        .ok();
    let full = with(
        &badge(),
        &json!({
            "description": "Before", "badgeRank": 3, "defaultTillId": 7,
            "badgeGroupId": group.data()["id"],
            "images": [{"name": "a", "fileSvcHandle": "b", "url": "https://x.example/y", "tag": "EARNED"}],
            "tags": [{"name": "a", "value": "b"}],
            "benefits": [{"benefitType": "COUPON", "seriesId": 1}],
            "badgeConstraints": [badge_value(5)],
        }),
    );
    let id = org.create(&full);
    let bare = with(&badge(), &json!({"name": "After"}));
    let reply = org.update(&id, &bare).ok();
    let data = reply.data();
    assert_eq!(data["id"], json!(id));
    assert_eq!(data["name"], "After");
    assert_eq!(data["startOnISO"], "2023-01-01T00:00:00Z");
    for gone in ["description", "badgeRank", "defaultTillId", "badgeGroupId"] {
        assert_eq!(data[gone], Value::Null, "{gone}");
    }
    for gone in ["images", "tags", "benefits", "badgeConstraints"] {
        assert_eq!(data[gone], json!([]), "{gone}");
    }
    assert_eq!(
        org.get(&format!("badgeMeta/{id}")).ok().text(),
        reply.text()
    );
    // And back: as it was created, to the byte of what does not change.
    let back = org.update(&id, &full).ok();
    assert_eq!(definition_of(&back)["images"], full["images"]);
    assert_eq!(back.data()["badgeRank"], 3);
}

fn the_id_may_be_in_the_path_or_in_the_body(server: &Server) {
    let org = server.org();
    let id = org.create(&badge());
    let named = |name: &str| with(&badge(), &json!({"name": name, "id": id}));
    let in_body = org.put_json("badgeMeta", &named("One")).ok();
    assert_eq!(in_body.data()["name"], "One");
    let in_both = org.put_json(&format!("badgeMeta/{id}"), &named("Two")).ok();
    assert_eq!(in_both.data()["name"], "Two");
    org.put_json("badgeMeta", &badge())
        .refused(999_999, Some("id"));
    let other = with(&badge(), &json!({"id": "000000000000000000000000"}));
    let reply = org.put_json(&format!("badgeMeta/{id}"), &other);
    assert_eq!(
        (reply.status, reply.codes()),
        (400, vec![999_999]),
        "{reply}"
    );
    for (path, body) in [
        (
            "badgeMeta",
            with(&badge(), &json!({"id": "000000000000000000000000"})),
        ),
        ("badgeMeta/000000000000000000000000", badge()),
        ("badgeMeta/nonsense", badge()),
    ] {
        let reply = org.put_json(path, &body);
        assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
    }
}

fn what_get_answered_can_be_sent_back(server: &Server) {
    let org = server.org();
    let id = org.claimed(&with(
        &badge(),
        &json!({
            "customerConstraints": [
                {"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 5},
                {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "durationType": "MONTHS", "maxEarnLimit": 2},
                {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 1, "rollForDays": 3},
            ],
            "badgeConstraints": [
                {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 1, "maxEarnLimit": 9},
            ],
        }),
    ));
    org.enrol(&enrolment(&id)).ok();
    let before = org.get(&format!("badgeMeta/{id}")).ok();
    let reply = org.update(&id, &before.data()).ok();
    assert_eq!(definition_of(&reply), definition_of(&before));
    // Claims are not edited here, which is said once.
    let codes = reply.codes();
    assert!(codes.iter().all(|code| *code == 1993), "{reply}");
    assert_eq!(org.tag(&id), before.header("etag").unwrap());
}

fn activity_claims_and_counts_stay(server: &Server) {
    let org = server.org();
    let id = org.badge();
    org.enrol(&enrolment(&id)).ok();
    org.put(&format!("badgeMeta/{id}/deactivate")).ok();
    let data = org
        .update(&id, &with(&badge(), &json!({"name": "New"})))
        .ok()
        .data();
    assert_eq!(data["active"], false);
    assert_eq!(data["issuedCount"], 1);
    assert_eq!(
        data["ownership"]["claims"],
        json!([{"ownerType": LOYALTY.0, "referenceId": LOYALTY.1, "isActive": true}])
    );
    let data = org
        .update(&id, &with(&badge(), &json!({"active": true})))
        .ok()
        .data();
    assert_eq!(data["active"], true);
    let data = org
        .update(&id, &with(&badge(), &json!({"isActive": false})))
        .ok()
        .data();
    assert_eq!(data["active"], false);
    let claims = with(
        &badge(),
        &json!({"ownership": {"restrictedToOwners": ["Loyalty"], "claims": []}}),
    );
    let reply = org.update(&id, &claims).ok();
    assert_eq!(reply.data()["ownership"]["claims"][0]["isActive"], true);
}

fn who_updated_and_when_is_recorded_and_who_created_stays(server: &Server) {
    let org = server.org();
    let other = server.client_with(&org, "badges:write,badges:read");
    let id = org.create(&badge());
    let before = org.get(&format!("badgeMeta/{id}")).ok().data();
    let after = other.update(&id, &badge()).ok().data();
    assert_eq!(after["createdBy"], before["createdBy"]);
    assert_eq!(after["createdOn"], before["createdOn"]);
    assert_ne!(after["lastUpdatedBy"], before["lastUpdatedBy"]);
    assert!(after["lastUpdatedOn"].as_f64() > before["lastUpdatedOn"].as_f64());
}

fn its_problems_are_those_of_creating_all_at_once(server: &Server) {
    let org = server.org();
    let id = org.create(&future());
    let before = org.get(&format!("badgeMeta/{id}")).ok();
    let reply = org.update(&id, &json!({}));
    let mut problems: Vec<_> = reply
        .problems()
        .into_iter()
        .map(|(code, path)| (code, path.unwrap()))
        .collect();
    problems.sort();
    let at = |code: u64, path: &str| (code, path.to_owned());
    assert_eq!(
        problems,
        [
            at(728, "ownership.restrictedToOwners"),
            at(999_999, "earnType"),
            at(999_999, "earnedBadgeExpiry"),
            at(999_999, "expiresOn"),
            at(999_999, "name"),
            at(999_999, "startOn"),
        ],
        "{reply}"
    );
    let value = |max: i64| json!({"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": max});
    for (constraints, path) in [
        (json!([value(1), value(2)]), "badgeConstraints[1]"),
        (json!([value(0)]), "badgeConstraints[0].maxEarnLimit"),
        (
            json!([{"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "maxEarnLimit": 1}]),
            "badgeConstraints[0].rollValue",
        ),
    ] {
        let body = with(&future(), &json!({"badgeConstraints": constraints}));
        org.update(&id, &body).refused(999_999, Some(path));
    }
    let half = with(
        &future(),
        &json!({"customerConstraints": [{"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 1}]}),
    );
    org.update(&id, &half)
        .refused(999_999, Some("customerConstraints[0].rollForDays"));
    let long = with(
        &direct_badge(),
        &json!({
            "startOn": "2080-01-01T00:00:00Z",
            "badgeConstraints": [{"constraintType": "BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 5_000, "maxEarnLimit": 1}],
        }),
    );
    org.update(&id, &long)
        .refused(999_999, Some("badgeConstraints[0]"));
    assert_eq!(
        org.get(&format!("badgeMeta/{id}")).ok().text(),
        before.text()
    );
}

fn a_name_is_taken_by_another_badge_only(server: &Server) {
    let org = server.org();
    let (first, second) = (badge(), badge());
    let id = org.create(&first);
    org.create(&second);
    org.update(&id, &first).ok();
    let taken = with(&first, &json!({"name": second["name"]}));
    org.update(&id, &taken).refused(725, Some("name"));
    // Case matters.
    let upper = second["name"].as_str().unwrap().to_uppercase();
    org.update(&id, &with(&first, &json!({"name": upper}))).ok();
    // The old name is free.
    org.create(&first);
}

fn before_its_start_everything_may_change(server: &Server) {
    let org = server.org();
    let id = org.create(&with(
        &future(),
        &json!({"badgeConstraints": [badge_value(5)]}),
    ));
    let other = with(
        &future(),
        &json!({
            "startOn": "2081-01-01T00:00:00Z", "earnType": "EARN", "issuedBadgeExpiry": null,
            "badgeConstraints": [{"constraintType": "BADGE_FIXED_WINDOW", "durationType": "MONTHS", "maxEarnLimit": 2}],
            "ownership": {"restrictedToOwners": ["Journeys"]},
        }),
    );
    let data = org.update(&id, &other).ok().data();
    assert_eq!(data["startOnISO"], "2081-01-01T00:00:00Z");
    assert_eq!(data["earnType"], "EARN");
    assert_eq!(data["issuedBadgeExpiry"], Value::Null);
    assert_eq!(data["badgeConstraints"][0]["cycleStatus"], "UPCOMING");
    assert_eq!(data["ownership"]["restrictedToOwners"], json!(["Journeys"]));
}

fn without_an_etag_that_it_has_an_update_is_refused(server: &Server) {
    let org = server.org();
    let id = org.create(&badge());
    let first = org.tag(&id);
    let if_match = |tag: &str, name: &str| {
        org.updating(&id, &with(&badge(), &json!({"name": name})))
            .header("If-Match", tag)
            .send()
    };
    let reply = if_match(&first, "One").ok();
    assert_eq!(reply.header("etag"), Some(org.tag(&id).as_str()), "{reply}");
    let second = org.tag(&id);
    assert_ne!(first, second);
    let reply = if_match(&first, "Two");
    assert_eq!((reply.status, reply.codes()), (412, vec![1944]), "{reply}");
    assert_eq!(
        org.get(&format!("badgeMeta/{id}")).ok().data()["name"],
        "One"
    );
    if_match(&format!("\"nobody's\", {second}"), "Three").ok();
    if_match("*", "Four").ok();
    let in_body = with(&badge(), &json!({"name": "Five", "id": id}));
    let reply = org
        .sending("PUT", "badgeMeta", &in_body)
        .header("If-Match", &second)
        .send();
    assert_eq!((reply.status, reply.codes()), (412, vec![1944]), "{reply}");
}

fn the_etag_changes_with_the_definition_and_not_with_counts_or_claims(server: &Server) {
    let org = server.org();
    let id = org.create(&badge());
    let before = org.tag(&id);
    assert!(before.starts_with('"') && before.ends_with('"'), "{before}");
    org.claim(&id, LOYALTY);
    org.enrol(&enrolment(&id)).ok();
    org.earned(&id, 1);
    assert_eq!(org.tag(&id), before);
    org.update(&id, &badge()).ok();
    assert_ne!(org.tag(&id), before);
}

fn an_update_heeds_its_idempotency_key(server: &Server) {
    let org = server.org();
    let id = org.create(&badge());
    let body = with(&badge(), &json!({"name": "Once"}));
    let send = || {
        org.updating(&id, &body)
            .header("Idempotency-Key", "key")
            .send()
    };
    let first = send().ok();
    org.update(&id, &with(&badge(), &json!({"name": "Later"})))
        .ok();
    let again = send().ok();
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    assert_eq!(first.text(), again.text());
    assert_eq!(
        org.get(&format!("badgeMeta/{id}")).ok().data()["name"],
        "Later"
    );
}

on_both_databases! {
    an_update_replaces_the_whole_definition
    the_id_may_be_in_the_path_or_in_the_body
    what_get_answered_can_be_sent_back
    activity_claims_and_counts_stay
    who_updated_and_when_is_recorded_and_who_created_stays
    its_problems_are_those_of_creating_all_at_once
    a_name_is_taken_by_another_badge_only
    before_its_start_everything_may_change
    without_an_etag_that_it_has_an_update_is_refused
    the_etag_changes_with_the_definition_and_not_with_counts_or_claims
    an_update_heeds_its_idempotency_key
}
