//! Limits: how often, for whom, side by side, and what a refusal says.

use accolade_tests::{
    Org, Server, badge_value, customer_value, direct_badge, earning_all, imported, limited,
    on_both_databases, with,
};
use serde_json::{Value, json};

fn a_customers_value_limits_each_customer_alone(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(&json!([customer_value(2)]), &json!([])));
    for customer in [1, 2] {
        org.earned(&badge, customer);
        org.earn_at(&badge, customer, "2023-02-01T00:00:00Z").ok();
        let reply = org.earn_at(&badge, customer, "2024-02-01T00:00:00Z");
        assert_eq!((reply.status, reply.codes()), (400, vec![817]), "{reply}");
        assert_eq!(
            reply.message(),
            "The customer has reached its limit: 2 times in all. It does not open again unless an earned badge is revoked."
        );
    }
    assert_eq!(org.earned_count(&badge), 4);
}

fn a_badges_value_limits_all_together(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(&json!([]), &json!([badge_value(1)])));
    org.earned(&badge, 1);
    let reply = org.earn_at(&badge, 2, "2024-02-01T00:00:00Z");
    assert_eq!((reply.status, reply.codes()), (400, vec![818]), "{reply}");
    assert_eq!(
        reply.message(),
        "The badge has reached its limit: once in all. It does not open again unless an earned badge is revoked."
    );
    // Another badge has room of its own.
    let other = org.create(&limited(&json!([]), &json!([badge_value(1)])));
    org.earned(&other, 1);
}

/// What a customer is told at each of several events.
fn told(org: &Org, badge: &str, customer: i64, events: &[&str]) -> Vec<String> {
    events
        .iter()
        .map(|event| {
            let reply = org.earn_at(badge, customer, event);
            match reply.codes().first() {
                None => "earned".to_owned(),
                Some(_) => reply.message(),
            }
        })
        .collect()
}

fn several_limits_stand_side_by_side_and_the_first_without_room_is_named(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(
        &json!([
            customer_value(4),
            {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 1, "maxEarnLimit": 1},
            {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "durationType": "MONTHS", "maxEarnLimit": 2},
        ]),
        &json!([
            badge_value(6),
            {"constraintType": "BADGE_FIXED_WINDOW", "durationType": "MONTHS", "maxEarnLimit": 3},
        ]),
    ));
    let day = "The customer has reached its limit: once in the window from 2024-02-01T00:00:00Z to 2024-02-02T00:00:00Z. It opens again at 2024-02-02T00:00:00Z.";
    let month = "The customer has reached its limit: 2 times in the window from 2024-02-01T00:00:00Z to 2024-03-01T00:00:00Z. It opens again at 2024-03-01T00:00:00Z.";
    let value = "The customer has reached its limit: 4 times in all. It does not open again unless an earned badge is revoked.";
    assert_eq!(
        told(
            &org,
            &badge,
            1,
            &[
                "2024-02-01T10:00:00Z",
                "2024-02-01T23:59:59.999999Z",
                "2024-02-02T00:00:00Z",
                "2024-02-03T00:00:00Z",
                "2024-03-01T00:00:00Z",
                "2024-03-02T00:00:00Z",
                "2024-04-01T00:00:00Z",
            ]
        ),
        ["earned", day, "earned", month, "earned", "earned", value]
    );
    let month = "The badge has reached its limit: 3 times in the window from 2024-02-01T00:00:00Z to 2024-03-01T00:00:00Z. It opens again at 2024-03-01T00:00:00Z.";
    let value = "The badge has reached its limit: 6 times in all. It does not open again unless an earned badge is revoked.";
    assert_eq!(
        told(
            &org,
            &badge,
            2,
            &[
                "2024-02-05T00:00:00Z",
                "2024-02-06T00:00:00Z",
                "2024-05-01T00:00:00Z",
                "2024-06-01T00:00:00Z"
            ]
        ),
        ["earned", month, "earned", value]
    );
    assert_eq!(org.earned_count(&badge), 6);
}

fn a_bulk_meets_the_customers_limits_before_the_badges(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(
        &json!([customer_value(1)]),
        &json!([badge_value(3)]),
    ));
    org.earned(&badge, 2);
    let reply = org.earn_bulk(&earning_all(&badge, &[2, 1, 2, 3, 4]));
    assert_eq!(reply.element_codes(), [817, 0, 0, 818], "{reply}");
    assert_eq!(
        reply.data()["issuedBadges"][0],
        json!({"customerId": 2, "error": {
            "code": 817,
            "message": "The customer has reached its limit: once in all. It does not open again unless an earned badge is revoked.",
            "reference": null,
        }})
    );
}

fn no_limit_limits_nothing(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(
        &json!([{"constraintType": "CUSTOMER_BADGE_NO_LIMIT"}]),
        &json!([{"constraintType": "BADGE_NO_LIMIT"}]),
    ));
    for _ in 0..5 {
        org.earned(&badge, 1);
    }
}

/// Constraints of every kind by their names, each with room for one.
fn kinds() -> Vec<(Value, Value)> {
    let none = || json!([]);
    vec![
        (json!([customer_value(1)]), none()),
        (none(), json!([badge_value(1)])),
        (
            json!([{"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 7, "maxEarnLimit": 1}]),
            none(),
        ),
        (
            none(),
            json!([{"constraintType": "BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": 1}]),
        ),
        (
            json!([{"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 1, "rollForDays": 1}]),
            none(),
        ),
        (
            none(),
            json!([{"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "WEEKS", "rollValue": 1, "maxEarnLimit": 1}]),
        ),
    ]
}

fn a_revoked_earn_gives_its_place_back_under_every_limit(server: &Server) {
    let org = server.org();
    for (customer, badge) in kinds() {
        let id = org.create(&limited(&customer, &badge));
        for _ in 0..2 {
            let event = "2024-06-03T00:00:00Z";
            let earned = org.earn_at(&id, 1, event).ok().earned_id();
            let code = if badge == json!([]) { 817 } else { 818 };
            assert_eq!(
                org.earn_at(&id, 1, event).codes(),
                [code],
                "{customer} {badge}"
            );
            org.revoke_earn(&id, 1, &earned).ok();
        }
        assert_eq!(org.earned_count(&id), 0);
    }
}

fn a_limit_that_is_added_to_a_live_badge_counts_what_was_earned_before(server: &Server) {
    let org = server.org();
    for (customer, badge) in kinds() {
        let definition = direct_badge();
        let id = org.create(&definition);
        org.earn_at(&id, 1, "2024-06-03T00:00:00Z").ok();
        let changes = json!({"customerConstraints": customer, "badgeConstraints": badge});
        org.update(&id, &with(&definition, &changes)).ok();
        let reply = org.earn_at(&id, 1, "2024-06-03T00:00:00Z");
        let code = if badge == json!([]) { 817 } else { 818 };
        assert_eq!(reply.codes(), [code], "{customer} {badge}: {reply}");
        // And is gone when it is taken away.
        org.update(&id, &definition).ok();
        org.earn_at(&id, 1, "2024-06-03T00:00:00Z").ok();
    }
}

fn a_limit_may_be_changed_in_both_directions(server: &Server) {
    let org = server.org();
    let definition = limited(&json!([]), &json!([badge_value(3)]));
    let id = org.create(&definition);
    let limit = |max: i64| {
        let changes = json!({"badgeConstraints": [badge_value(max)]});
        org.update(&id, &with(&definition, &changes)).ok();
    };
    for _ in 0..3 {
        org.earned(&id, 1);
    }
    limit(1);
    assert_eq!(org.earn_at(&id, 1, "2024-01-01T00:00:00Z").codes(), [818]);
    limit(4);
    org.earned(&id, 1);
    assert_eq!(org.earn_at(&id, 1, "2024-01-01T00:00:00Z").codes(), [818]);
}

fn imports_count_under_values_and_fixed_windows_and_not_under_rolling_ones(server: &Server) {
    let org = server.org();
    for (customer, badge) in kinds() {
        let id = org.create(&limited(&customer, &badge));
        // No limit refuses them.
        let reply = org.import(&[imported(&id, 1), imported(&id, 1)]).ok();
        assert_eq!(reply.imports(), [[], []]);
        let reply = org.earn_at(&id, 1, "2023-06-15T13:00:00Z");
        let rolls =
            customer.to_string().contains("ROLLING") || badge.to_string().contains("ROLLING");
        match (rolls, badge == json!([])) {
            (true, _) => assert_eq!(reply.status, 200, "{reply}"),
            (false, true) => assert_eq!(reply.codes(), [817], "{reply}"),
            (false, false) => assert_eq!(reply.codes(), [818], "{reply}"),
        }
    }
}

fn a_refusal_can_be_looked_up_the_latest_first(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(
        &json!([customer_value(1)]),
        &json!([badge_value(2)]),
    ));
    org.earned(&badge, 1);
    let before = accolade_tests::now();
    let first = org.earn_at(&badge, 1, "2024-01-01T00:00:00Z").message();
    org.earned(&badge, 3);
    org.earn_bulk(&earning_all(&badge, &[1, 2])).ok();
    let details = org.between(1, &badge);
    let refusals = details["refusals"]
        .as_array()
        .unwrap_or_else(|| panic!("{details}"));
    assert_eq!(refusals.len(), 2, "{details}");
    assert_eq!(refusals[0]["code"], 817);
    assert_eq!(refusals[1]["code"], 817);
    assert_eq!(refusals[1]["message"], json!(first));
    assert_eq!(refusals[1]["earnEventDateISO"], "2024-01-01T00:00:00Z");
    let refused_on = refusals[1]["refusedOn"].as_f64().unwrap();
    #[allow(clippy::cast_precision_loss)]
    let near = (refused_on - before as f64).abs() < 60.0;
    assert!(near, "{details}");
    let other = org.between(2, &badge);
    assert_eq!(other["refusals"][0]["code"], 818, "{other}");
    assert_eq!(org.between(3, &badge)["refusals"], json!([]));
}

fn at_most_ten_refusals_are_kept(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(&json!([customer_value(1)]), &json!([])));
    org.earned(&badge, 1);
    for day in 1..=12 {
        org.earn_at(&badge, 1, &format!("2024-01-{day:02}T00:00:00Z"));
    }
    let details = org.between(1, &badge);
    let days: Vec<_> = details["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| refusal["earnEventDateISO"].as_str().unwrap()[8..10].to_owned())
        .collect();
    assert_eq!(
        days,
        ["12", "11", "10", "09", "08", "07", "06", "05", "04", "03"]
    );
}

on_both_databases! {
    a_customers_value_limits_each_customer_alone
    a_badges_value_limits_all_together
    several_limits_stand_side_by_side_and_the_first_without_room_is_named
    a_bulk_meets_the_customers_limits_before_the_badges
    no_limit_limits_nothing
    a_revoked_earn_gives_its_place_back_under_every_limit
    a_limit_that_is_added_to_a_live_badge_counts_what_was_earned_before
    a_limit_may_be_changed_in_both_directions
    imports_count_under_values_and_fixed_windows_and_not_under_rolling_ones
    a_refusal_can_be_looked_up_the_latest_first
    at_most_ten_refusals_are_kept
}
