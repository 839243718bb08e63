//! What is answered to those who earn.

use accolade_domain::instant::Instant;
use accolade_domain::zone::{CalendarUnit, Zone};
use accolade_tests::{
    LOYALTY, Server, badge, badge_value, direct_badge, earning, earning_all, enrolment, limited,
    now, on_both_databases, with,
};
use serde_json::{Value, json};

/// Kept until 2031-01-15T09:32:37Z.
fn fixed() -> Value {
    json!({"earnedBadgeExpiry": {
        "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": 1_926_235_957,
    }})
}

fn one_earn_of_a_direct_badge_answers_byte_for_byte(server: &Server) {
    let org = server.org();
    let badge = org.create(&with(&direct_badge(), &fixed()));
    let reply = org.earn(&json!({
        "badgeMetaId": badge, "customerId": "62090013", "requestId": 2132,
        "earnEventDate": "2023-11-03T21:51:00.192Z",
    }));
    let id = reply.clone().ok().earned_id();
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"data":{{"badgeMetaId":"{badge}","customerId":62090013,"earnedBadgeId":"{id}","expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","requestId":"2132","issuedId":null}},"errors":[],"warnings":[]}}"#
        )
    );
}

fn one_earn_of_an_enrolment_names_it_and_does_not_use_it_up(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&with(&badge(), &fixed()));
    let issued = org.enrol(&enrolment(&badge)).ok().issued();
    let (owner, reference) = LOYALTY;
    let by = json!({"triggeredBy": {"ownerType": owner, "referenceId": reference}});
    for id in ["a", "b", "c"] {
        let body = with(&with(&earning(&badge, 1), &by), &json!({"requestId": id}));
        let reply = org.earn(&body).ok();
        let earned = reply.earned_id();
        assert_eq!(
            reply.text(),
            format!(
                r#"{{"data":{{"badgeMetaId":"{badge}","customerId":1,"earnedBadgeId":"{earned}","expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","requestId":"{id}","issuedId":"{issued}"}},"errors":[],"warnings":[]}}"#
            )
        );
    }
    assert_eq!(org.earned_count(&badge), 3);
    assert_eq!(org.issued_count(&badge), 1);
}

fn several_earns_answer_byte_for_byte_in_the_order_of_the_request(server: &Server) {
    let org = server.org();
    let badge = org.claimed(&with(&badge(), &fixed()));
    org.enrol(&with(&enrolment(&badge), &json!({"customers": [9, 5]})))
        .ok();
    let body = json!({
        "badgeMetaId": badge, "customerIds": [9, 7, 5], "requestId": "bulk",
        "triggeredBy": {"ownerType": "loyalty", "referenceId": "123694"},
    });
    let reply = org.earn_bulk(&body).ok();
    let outcomes = reply.outcomes();
    let (first, second) = (&outcomes[0].1, &outcomes[2].1);
    assert_eq!((first.len(), second.len()), (24, 24), "{reply}");
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"data":{{"badgeMetaId":"{badge}","triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}},"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{{"customerId":9,"issuedId":"{first}","status":"LIVE"}},{{"customerId":7,"error":{{"code":811,"message":"The customer is not enrolled for the badge on the event date. Enrol the customer first.","reference":null}}}},{{"customerId":5,"issuedId":"{second}","status":"LIVE"}}],"requestId":"bulk"}},"errors":[],"warnings":[]}}"#
        )
    );
    // It is the earned badge that is named.
    assert_eq!(
        org.between(9, &badge)["earnDetails"]["earns"][0]["earnedBadgeId"],
        json!(first)
    );
    org.revoke_earn(&badge, 9, first).ok();
}

fn without_owner_the_trigger_is_null(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    let data = org.earn_bulk(&earning_all(&badge, &[1])).ok().data();
    assert_eq!(data["triggeredBy"], Value::Null);
}

fn the_status_is_that_of_the_earned_badge_now(server: &Server) {
    let org = server.org();
    let live = org.create(&with(&direct_badge(), &fixed()));
    let expired = org.create(&with(
        &direct_badge(),
        &json!({"earnedBadgeExpiry": {
            "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": "2024-01-01T00:00:00Z",
        }}),
    ));
    let status = |badge: &str, event: i64| {
        let body = with(&earning_all(badge, &[1]), &json!({"earnEventDate": event}));
        org.earn_bulk(&body).ok().outcomes()[0].3.clone()
    };
    assert_eq!(status(&live, now() - 60), "LIVE");
    assert_eq!(status(&live, now() + 3_600), "UPCOMING");
    assert_eq!(status(&expired, now() - 60), "EXPIRED");
}

fn with_room_for_three_the_first_three_of_five_get_it(server: &Server) {
    let org = server.org();
    let badge = org.create(&limited(&json!([]), &json!([badge_value(3)])));
    let reply = org.earn_bulk(&earning_all(&badge, &[5, 4, 3, 2, 1])).ok();
    let found: Vec<_> = reply
        .outcomes()
        .into_iter()
        .map(|it| (it.0, it.2))
        .collect();
    assert_eq!(
        found,
        [
            (5, None),
            (4, None),
            (3, None),
            (2, Some(818)),
            (1, Some(818))
        ]
    );
    assert_eq!(org.earned_count(&badge), 3);
}

fn who_fails_takes_no_room(server: &Server) {
    let org = server.org();
    let badge = org.create(&with(
        &badge(),
        &json!({"badgeConstraints": [badge_value(2)]}),
    ));
    let body = json!({"badgeMetaId": badge, "customers": [2, 4]});
    org.enrol(&body).ok();
    let reply = org.earn_bulk(&earning_all(&badge, &[1, 2, 3, 4]));
    assert_eq!(reply.element_codes(), [811, 0, 811, 0], "{reply}");
}

fn a_customer_named_twice_earns_once_and_a_warning_says_so(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    let reply = org.earn_bulk(&earning_all(&badge, &[3, 1, 3]));
    reply.warned(&[(1992, "customerIds[2]")]);
    let customers: Vec<_> = reply.outcomes().into_iter().map(|it| it.0).collect();
    assert_eq!(customers, [3, 1]);
    assert_eq!(org.earned_count(&badge), 2);
}

/// The moments between which an answer's `expiresOn` must lie that counts from now.
fn counts_from_now(server: &Server, zone: &str, unit: CalendarUnit, value: u32) {
    let org = server.org_in(zone);
    let zone: Zone = zone.parse().unwrap();
    let expiry = json!({
        "expiryType": "RELATIVE", "relativeExpirytype": unit.name(), "value": value,
    });
    let badge = org.create(&with(
        &direct_badge(),
        &json!({"earnedBadgeExpiry": expiry}),
    ));
    let moment = || zone.add(Instant::from_unix_seconds(now()).unwrap(), unit, value);
    let before = moment();
    // Whatever the event date.
    let reply = org.earn_at(&badge, 1, "2023-06-01T00:00:00Z").ok();
    let after = moment() + time::Duration::SECOND;
    let data = reply.data();
    let expires = Instant::parse_iso(data["expiresOnISO"].as_str().unwrap()).unwrap();
    assert!(
        before <= expires && expires <= after,
        "{before} {expires} {after}"
    );
}

fn a_relative_expiry_counts_from_now_in_the_orgs_zone(server: &Server) {
    for zone in ["UTC", "Asia/Kolkata", "America/New_York"] {
        counts_from_now(server, zone, CalendarUnit::Days, 200);
        counts_from_now(server, zone, CalendarUnit::Months, 7);
    }
}

fn other_expiries_are_those_of_enrolments(server: &Server) {
    let org = server.org();
    let expires = |expiry: Value| {
        let badge = org.create(&with(
            &direct_badge(),
            &json!({"earnedBadgeExpiry": expiry}),
        ));
        let reply = org.earn_at(&badge, 1, "2023-06-01T00:00:00Z").ok();
        reply.data()["expiresOnISO"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        expires(json!({"expiryType": "ABSOLUTE", "type": "WITH_BADGE_META"})),
        "2090-01-01T00:00:00Z"
    );
    assert_eq!(
        expires(
            json!({"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": 1_926_235_957})
        ),
        "2031-01-15T09:32:37Z"
    );
}

fn the_iso_twin_wins_and_a_difference_is_a_warning(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    let reply = org.earn(&with(
        &earning(&badge, 1),
        &json!({"earnEventDate": 1_713_860_055, "earnEventDateISO": "2024-04-23T00:00:00Z"}),
    ));
    reply.warned(&[(1991, "earnEventDate")]);
    let earn = org.between(1, &badge)["earnDetails"]["earns"][0].clone();
    assert_eq!(earn["earnEventDateISO"], "2024-04-23T00:00:00Z");
    org.earn(&with(&earning(&badge, 1), &json!({"isueEventDate": 1})))
        .warned(&[(1990, "isueEventDate")]);
}

on_both_databases! {
    one_earn_of_a_direct_badge_answers_byte_for_byte
    one_earn_of_an_enrolment_names_it_and_does_not_use_it_up
    several_earns_answer_byte_for_byte_in_the_order_of_the_request
    without_owner_the_trigger_is_null
    the_status_is_that_of_the_earned_badge_now
    with_room_for_three_the_first_three_of_five_get_it
    who_fails_takes_no_room
    a_customer_named_twice_earns_once_and_a_warning_says_so
    a_relative_expiry_counts_from_now_in_the_orgs_zone
    other_expiries_are_those_of_enrolments
    the_iso_twin_wins_and_a_difference_is_a_warning
}
