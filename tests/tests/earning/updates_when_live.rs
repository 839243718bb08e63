//! What of a badge stays once it is live, or has ended.

use accolade_tests::{
    Org, Server, badge, badge_from, badge_value, customer_value, on_both_databases, with,
};
use serde_json::{Value, json};

/// A live badge and an ended one.
fn started(org: &Org) -> [(String, Value); 2] {
    let never = json!({"issuedBadgeExpiry": {"expiryType": "NEVER"}});
    [
        badge(),
        badge_from("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
    ]
    .map(|definition| {
        let definition = with(&definition, &never);
        (org.create(&definition), definition)
    })
}

fn the_start_and_the_earn_type_stay(server: &Server) {
    let org = server.org();
    for (id, definition) in started(&org) {
        for start in ["2023-01-01T00:00:01Z", "2022-01-01T00:00:00Z"] {
            let body = with(&definition, &json!({"startOn": start}));
            org.update(&id, &body).refused(723, Some("startOn"));
        }
        let direct = with(&definition, &json!({"earnType": "EARN"}));
        org.update(&id, &direct).refused(1904, Some("earnType"));
        let both = with(&direct, &json!({"startOn": "2023-02-01T00:00:00Z"}));
        let mut codes = org.update(&id, &both).codes();
        codes.sort_unstable();
        assert_eq!(codes, [723, 1904]);
        org.update(&id, &definition).ok();
    }
}

fn a_past_date_is_refused_only_where_it_changes(server: &Server) {
    let org = server.org();
    let [(live, live_definition), (ended, ended_definition)] = started(&org);
    // Both dates are past, and stay.
    org.update(&ended, &ended_definition).ok();
    let earlier = json!({"expiresOn": "2023-12-01T00:00:00Z"});
    org.update(&ended, &with(&ended_definition, &earlier))
        .refused(724, Some("expiresOn"));
    org.update(&live, &with(&live_definition, &earlier))
        .refused(724, Some("expiresOn"));
    org.update(
        &live,
        &with(
            &live_definition,
            &json!({"expiresOn": "2022-01-01T00:00:00Z"}),
        ),
    )
    .problems()
    .iter()
    .find(|(code, _)| *code == 720)
    .unwrap();
    org.update(
        &live,
        &with(
            &live_definition,
            &json!({"expiresOn": "2085-01-01T00:00:00Z"}),
        ),
    )
    .ok();
    // Migrating, past dates are taken.
    org.updating(&live, &with(&live_definition, &earlier))
        .header("X-CAP-BADGES-MIGRATION", "migration")
        .send()
        .ok();
    // An upcoming badge cannot be moved into the past, but may be to what it is.
    let future = with(
        &badge_from("2080-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        &json!({"issuedBadgeExpiry": {"expiryType": "NEVER"}}),
    );
    let id = org.create(&future);
    org.update(
        &id,
        &with(&future, &json!({"startOn": "2024-01-01T00:00:00Z"})),
    )
    .refused(722, Some("startOn"));
    org.update(&id, &future).ok();
}

fn the_kind_of_a_constraint_stays(server: &Server) {
    let org = server.org();
    let window =
        |kind: &str| json!({"constraintType": kind, "durationType": "MONTHS", "maxEarnLimit": 1});
    let rolling = json!({"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 1, "maxEarnLimit": 1});
    let customer_rolling = json!({"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 1, "rollForDays": 1});
    let cases = [
        (
            "badgeConstraints",
            badge_value(1),
            window("BADGE_FIXED_WINDOW"),
        ),
        (
            "badgeConstraints",
            rolling.clone(),
            window("BADGE_FIXED_WINDOW"),
        ),
        (
            "customerConstraints",
            customer_value(1),
            window("CUSTOMER_BADGE_FIXED_WINDOW"),
        ),
        (
            "customerConstraints",
            customer_rolling.clone(),
            window("CUSTOMER_BADGE_FIXED_WINDOW"),
        ),
    ];
    for (scope, one, other) in cases {
        for (from, to) in [(&one, &other), (&other, &one)] {
            let definition = with(&badge(), &json!({scope: [from]}));
            let id = org.create(&definition);
            org.update(&id, &with(&definition, &json!({scope: [to]})))
                .refused(826, Some(scope));
            // To take one away, or to add one, changes no kind.
            org.update(&id, &with(&definition, &json!({scope: [from, to]})))
                .ok();
            org.update(&id, &with(&definition, &json!({scope: []})))
                .ok();
        }
    }
    for (scope, one, other) in [
        ("badgeConstraints", badge_value(1), rolling),
        ("customerConstraints", customer_value(1), customer_rolling),
    ] {
        for (from, to) in [(&one, &other), (&other, &one)] {
            let definition = with(&badge(), &json!({scope: [from]}));
            let id = org.create(&definition);
            org.update(&id, &with(&definition, &json!({scope: [to]})))
                .ok();
        }
    }
}

fn an_owner_with_an_active_claim_stays(server: &Server) {
    let org = server.org();
    let owners = |list: Value| json!({"ownership": {"restrictedToOwners": list}});
    let definition = with(&badge(), &owners(json!(["Loyalty", "Journeys"])));
    let id = org.claimed(&definition);
    let without = with(&definition, &owners(json!(["Journeys"])));
    org.update(&id, &without)
        .refused(729, Some("ownership.restrictedToOwners"));
    org.update(&id, &with(&definition, &owners(json!(["Loyalty"]))))
        .ok();
    let (owner, reference) = accolade_tests::LOYALTY;
    let claim = json!({"ownerType": owner, "referenceId": reference});
    org.post(&format!("badgeMeta/{id}/unclaim"), &claim).ok();
    org.update(&id, &without).ok();
    org.post(&format!("badgeMeta/{id}/claim"), &claim)
        .refused(714, Some("ownerType"));
}

fn an_update_changes_terms_from_then_on(server: &Server) {
    let org = server.org();
    let definition = badge();
    let id = org.create(&definition);
    let enrol = |customer: i64| {
        let body = json!({"badgeMetaId": id, "customers": [customer]});
        org.enrol(&body).ok().data()["expiresOnISO"].clone()
    };
    assert_eq!(enrol(1), "2031-01-15T09:32:37Z");
    let later = json!({"issuedBadgeExpiry": {
        "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": "2050-01-01T00:00:00Z",
    }});
    org.update(&id, &with(&definition, &later)).ok();
    assert_eq!(enrol(2), "2050-01-01T00:00:00Z");
    let issual = org.between(1, &id)["issualDetails"]["issuals"][0].clone();
    assert_eq!(issual["issueExpiresOnISO"], "2031-01-15T09:32:37Z");
}

on_both_databases! {
    the_start_and_the_earn_type_stay
    a_past_date_is_refused_only_where_it_changes
    the_kind_of_a_constraint_stays
    an_owner_with_an_active_claim_stays
    an_update_changes_terms_from_then_on
}
