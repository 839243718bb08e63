//! The codes of earning, of updates and of the catalogue, each produced by a request.

use accolade_tests::{
    LOYALTY, Org, Reply, Server, badge, badge_from, badge_value, customer_value, direct_badge,
    earning, imported, limited, with,
};
use serde_json::{Value, json};

fn a_start_that_moves_once_live(server: &Server) -> Reply {
    let org = server.org();
    let id = org.create(&badge());
    org.update(
        &id,
        &with(&badge(), &json!({"startOn": "2023-02-01T00:00:00Z"})),
    )
}

fn an_owner_taken_away_that_has_a_claim(server: &Server) -> Reply {
    let org = server.org();
    let id = org.create(&badge());
    org.claim(&id, LOYALTY);
    let owners = json!({"ownership": {"restrictedToOwners": ["Journeys"]}});
    org.update(&id, &with(&badge(), &owners))
}

fn a_group_without_rank(server: &Server) -> Reply {
    server.org().post("group", &json!({"name": "Metals"}))
}

fn a_group_name_that_is_taken(server: &Server) -> Reply {
    let org = server.org();
    let body = json!({"name": "Metals", "rank": 1});
    org.post("group", &body).ok();
    org.post("group", &body)
}

fn field(org: &Org, changes: &Value) -> Reply {
    let body = json!({"name": "Tier", "dataType": "INTEGER"});
    org.post("customField", &with(&body, changes))
}

fn a_field_name_that_is_taken(server: &Server) -> Reply {
    let org = server.org();
    field(&org, &json!({})).ok();
    field(&org, &json!({}))
}

fn a_mandatory_field_without_default(server: &Server) -> Reply {
    field(&server.org(), &json!({"isMandatory": true}))
}

fn change(org: &Org, field: &Reply, change: &Value) -> Reply {
    let id = field.data()["id"].as_str().unwrap().to_owned();
    org.put_json(&format!("customField/{id}"), change)
}

fn a_field_that_would_change_its_type(server: &Server) -> Reply {
    let org = server.org();
    let created = field(&org, &json!({})).ok();
    change(&org, &created, &json!({"dataType": "DATE"}))
}

fn a_field_that_is_disabled(server: &Server) -> Reply {
    let org = server.org();
    let created = field(&org, &json!({})).ok();
    change(&org, &created, &json!({"isActive": false})).ok();
    change(&org, &created, &json!({"isActive": true}))
}

fn a_value_of_another_type(server: &Server) -> Reply {
    let org = server.org();
    field(&org, &json!({})).ok();
    let values = json!({"customFields": {"Tier": "gold"}});
    org.creating(&with(&badge(), &values)).send()
}

fn an_earn_in_the_future(server: &Server) -> Reply {
    let org = server.org();
    org.earn_at(&org.create(&direct_badge()), 1, "2080-01-01T00:00:00Z")
}

fn an_earn_without_request_id(server: &Server) -> Reply {
    let org = server.org();
    let body = earning(&org.create(&direct_badge()), 1);
    org.earn(&with(&body, &json!({"requestId": null})))
}

fn a_customer_who_is_not_enrolled(server: &Server) -> Reply {
    let org = server.org();
    org.earn(&earning(&org.create(&badge()), 1))
}

fn an_earn_that_there_is_not(server: &Server) -> Reply {
    let org = server.org();
    org.revoke_earn(&org.create(&badge()), 1, "000000000000000000000000")
}

fn a_badge_that_is_not_live(server: &Server) -> Reply {
    let org = server.org();
    let future = with(
        &badge_from("2080-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        &json!({"issuedBadgeExpiry": {"expiryType": "NEVER"}}),
    );
    org.earn(&earning(&org.create(&future), 1))
}

fn refused_second_earn(org: &Org, customer: &Value, all: &Value) -> Reply {
    let badge = org.create(&limited(customer, all));
    org.earned(&badge, 1);
    org.earn(&earning(&badge, 1))
}

fn a_customers_limit_that_is_reached(server: &Server) -> Reply {
    refused_second_earn(&server.org(), &json!([customer_value(1)]), &json!([]))
}

fn a_badges_limit_that_is_reached(server: &Server) -> Reply {
    refused_second_earn(&server.org(), &json!([]), &json!([badge_value(1)]))
}

fn a_constraint_that_changes_its_kind_once_live(server: &Server) -> Reply {
    let org = server.org();
    let id = org.create(&with(
        &badge(),
        &json!({"badgeConstraints": [badge_value(1)]}),
    ));
    let window = json!({"constraintType": "BADGE_FIXED_WINDOW", "durationType": "MONTHS", "maxEarnLimit": 1});
    org.update(&id, &with(&badge(), &json!({"badgeConstraints": [window]})))
}

fn nothing_to_revoke(server: &Server) -> Reply {
    let org = server.org();
    let badge = org.create(&badge());
    org.revoke_issue(&json!({"badgeMetaId": badge}))
}

fn an_earn_type_that_changes_once_live(server: &Server) -> Reply {
    let org = server.org();
    let id = org.create(&badge());
    org.update(&id, &direct_badge())
}

fn an_identifier_that_nobody_has(server: &Server) -> Reply {
    server
        .org()
        .request("GET", "customer/nobody@example.org")
        .header("X-CAP-CUSTOMER-IDENTIFIER", "email")
        .send()
}

fn a_kind_of_identifier_that_there_is_not(server: &Server) -> Reply {
    server
        .org()
        .request("GET", "customer/1")
        .header("X-CAP-CUSTOMER-IDENTIFIER", "passport")
        .send()
}

fn an_import_of_a_badge_that_there_is_not(server: &Server) -> Reply {
    let elements = json!([imported("000000000000000000000000", 1)]);
    server.org().put_json("import/customerBadges", &elements)
}

fn an_identifier_that_is_anothers(server: &Server) -> Reply {
    let org = server.org();
    org.register(1, &json!({"email": "ann@example.org"}));
    org.put_json("customers/2", &json!({"email": "ann@example.org"}))
}

fn a_mobile_that_is_no_number(server: &Server) -> Reply {
    let org = server.org();
    org.put_json("customers/1", &json!({"mobile": "0700 1"}))
}

fn a_badge_that_has_changed(server: &Server) -> Reply {
    let org = server.org();
    let id = org.create(&badge());
    let request = org.updating(&id, &badge());
    request.header("If-Match", "\"another\"").send()
}

produced! {
    723 => a_start_that_moves_once_live
    729 => an_owner_taken_away_that_has_a_claim
    732 => a_group_without_rank
    733 => a_group_name_that_is_taken
    741 => a_field_name_that_is_taken
    742 => a_mandatory_field_without_default
    743 => a_field_that_would_change_its_type
    744 => a_field_that_is_disabled
    745 => a_value_of_another_type
    750 => an_earn_in_the_future
    804 => an_earn_without_request_id
    811 => a_customer_who_is_not_enrolled
    814 => an_earn_that_there_is_not
    815 => a_badge_that_is_not_live
    817 => a_customers_limit_that_is_reached
    818 => a_badges_limit_that_is_reached
    826 => a_constraint_that_changes_its_kind_once_live
    1026 => an_identifier_that_nobody_has
    1028 => a_kind_of_identifier_that_there_is_not
    1051 => nothing_to_revoke
    1054 => an_import_of_a_badge_that_there_is_not
    1904 => an_earn_type_that_changes_once_live
    1921 => an_identifier_that_is_anothers
    1944 => a_badge_that_has_changed
    1994 => a_mobile_that_is_no_number
}
