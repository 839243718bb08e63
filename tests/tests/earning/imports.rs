//! Importing earned badges from elsewhere: each element succeeds or fails alone.

use accolade_tests::{Server, badge, direct_badge, imported, on_both_databases, with};
use serde_json::{Value, json};

const PATH: &str = "import/customerBadges";

fn both_verbs_answer_an_envelope_for_each_element_byte_for_byte(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    for (method, name) in [("PUT", "put"), ("POST", "post")] {
        let element = json!({
            "badgeMetaId": badge, "customerId": 382_442_802,
            "earnEventDate": 1_674_292_011, "earnExpiresOn": 1_705_828_011,
        });
        let reply = org
            .sending(method, PATH, &json!([element, element]))
            .header("requestId", name)
            .send()
            .ok();
        let json = reply.json();
        let id = |index: usize| {
            json[index]["data"]["earnedBadgeId"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let element = |id: &str, number: usize| {
            format!(
                r#"{{"data":{{"badgeMetaId":"{badge}","customerId":382442802,"earnedBadgeId":"{id}","expiresOn":1705828011.000000000,"expiresOnISO":"2024-01-21T09:06:51Z","requestId":"{name}_{number}"}},"errors":[],"warnings":[]}}"#
            )
        };
        assert_ne!(id(0), id(1));
        assert_eq!(
            reply.text(),
            format!("[{},{}]", element(&id(0), 1), element(&id(1), 2))
        );
    }
    assert_eq!(org.earned_count(&badge), 4);
    // No enrolment came of it.
    assert_eq!(org.issued_count(&badge), 0);
    let earn = org.between(382_442_802, &badge)["earnDetails"]["earns"][0].clone();
    assert_eq!(earn["issueId"], Value::Null);
    assert_eq!(earn["earnedStatus"], "EXPIRED");
    assert_eq!(earn["earnEventDateISO"], "2023-01-21T09:06:51Z");
    assert_eq!(earn["earnExpiresOnISO"], "2024-01-21T09:06:51Z");
}

fn an_id_is_made_for_a_request_that_has_none(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let reply = org.import(&[imported(&badge, 1), imported(&badge, 2)]).ok();
    let json = reply.json();
    let id = |index: usize| {
        json[index]["data"]["requestId"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let made = id(0).strip_suffix("_1").unwrap().to_owned();
    assert_eq!(id(1), format!("{made}_2"));
    org.outcome(&made).ok();
}

fn each_bad_element_fails_alone_with_its_own_message(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let badge = org.create(&direct_badge());
    let foreign = other.create(&direct_badge());
    let good = imported(&badge, 1);
    let elements = [
        good.clone(),
        with(&good, &json!({"badgeMetaId": "000000000000000000000000"})),
        with(&good, &json!({"badgeMetaId": foreign})),
        with(&good, &json!({"earnExpiresOn": "2023-06-15T12:00:00Z"})),
        with(&good, &json!({"earnExpiresOn": "2023-01-01T00:00:00Z"})),
        with(&good, &json!({"customerId": -1})),
        with(&good, &json!({"customerId": null, "earnEventDate": "x"})),
        with(&good, &json!({"badgeMetaId": "x"})),
        with(
            &good,
            &json!({"earnEventDate": null, "earnExpiresOn": null}),
        ),
        json!(7),
        json!({}),
        good.clone(),
    ];
    let reply = org.import(&elements).ok();
    let at = |code: u64, path: &str| (code, path.to_owned());
    let mut found = reply.imports();
    for list in &mut found {
        list.sort();
    }
    let at_the_element = found[9].clone();
    assert_eq!(at_the_element.len(), 1, "{reply}");
    assert_eq!(at_the_element[0].0, 999_999, "{reply}");
    found.remove(9);
    assert_eq!(
        found,
        [
            vec![],
            vec![at(404, "badgeMetaId")],
            vec![at(404, "badgeMetaId")],
            vec![at(999_999, "earnExpiresOn")],
            vec![at(999_999, "earnExpiresOn")],
            vec![at(999_999, "customerId")],
            vec![at(812, "customerId"), at(999_999, "earnEventDate")],
            vec![at(999_999, "badgeMetaId")],
            vec![at(999_999, "earnEventDate"), at(999_999, "earnExpiresOn")],
            vec![
                at(812, "customerId"),
                at(999_999, "badgeMetaId"),
                at(999_999, "earnEventDate"),
                at(999_999, "earnExpiresOn")
            ],
            vec![],
        ],
        "{reply}"
    );
    let messages = |index: usize| reply.json()[index]["errors"][0]["message"].to_string();
    assert!(messages(3).contains("expire"), "{reply}");
    assert!(messages(1).contains("not found"), "{reply}");
    // Of another org's badge no more is said than of none.
    assert_eq!(
        messages(2).replace(&foreign, ""),
        messages(1).replace("000000000000000000000000", "")
    );
    assert_eq!(org.earned_count(&badge), 2);
    assert_eq!(other.earned_count(&foreign), 0);
    // The number in a request id is the element's place.
    assert!(
        reply.json()[11]["data"]["requestId"]
            .as_str()
            .unwrap()
            .ends_with("_12"),
        "{reply}"
    );
}

fn a_body_that_is_no_array_or_has_too_much_is_refused_as_a_whole(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    for body in [json!({}), json!(7), json!("x"), imported(&badge, 1)] {
        let reply = org.post(PATH, &body);
        assert_eq!(
            (reply.status, reply.codes()),
            (400, vec![999_999]),
            "{body}: {reply}"
        );
    }
    let reply = org.request("POST", PATH).text("[{]").send();
    reply.refused(999_999, None);
    let many = vec![imported(&badge, 1); 10_001];
    let reply = org.import(&many);
    assert_eq!((reply.status, reply.codes()), (400, vec![1905]), "{reply}");
    assert_eq!(org.earned_count(&badge), 0);
}

fn deactivated_ended_and_upcoming_badges_and_any_dates_are_taken(server: &Server) {
    let org = server.org();
    let ended = accolade_tests::badge_from("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z");
    let off = org.create(&with(&ended, &json!({"active": false})));
    let upcoming = accolade_tests::badge_from("2080-01-01T00:00:00Z", "2090-01-01T00:00:00Z");
    let upcoming = org.create(&with(
        &upcoming,
        &json!({"issuedBadgeExpiry": {"expiryType": "NEVER"}}),
    ));
    for badge in [&off, &upcoming] {
        let old = with(
            &imported(badge, 1),
            &json!({"earnEventDate": "1999-01-01T00:00:00Z", "earnExpiresOn": "2001-01-01T00:00:00Z"}),
        );
        assert_eq!(
            org.import(&[imported(badge, 1), old]).ok().imports(),
            [[], []]
        );
        assert_eq!(org.earned_count(badge), 2);
    }
}

fn an_imported_badge_can_be_revoked(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let reply = org.import(&[imported(&badge, 1)]).ok();
    let id = reply.json()[0]["data"]["earnedBadgeId"]
        .as_str()
        .unwrap()
        .to_owned();
    org.revoke_earn(&badge, 1, &id).ok();
    assert_eq!(org.earned_count(&badge), 0);
}

fn iso_twins_and_unknown_fields_are_read_as_everywhere(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let element = json!({
        "badgeMetaId": badge, "customerId": "7",
        "earnEventDateISO": "2023-03-01T00:00:00+05:30",
        "earnExpiresOnISO": "2080-03-01T00:00:00+05:30",
        "benefit": true,
    });
    let reply = org.import(&[element]).ok();
    let envelope = reply.json()[0].clone();
    assert_eq!(envelope["data"]["expiresOnISO"], "2080-02-29T18:30:00Z");
    assert_eq!(envelope["data"]["customerId"], 7);
    assert_eq!(envelope["warnings"][0]["code"], 1990, "{reply}");
    let earn = org.between(7, &badge)["earnDetails"]["earns"][0].clone();
    assert_eq!(earn["earnEventDateISO"], "2023-02-28T18:30:00Z");
}

on_both_databases! {
    both_verbs_answer_an_envelope_for_each_element_byte_for_byte
    an_id_is_made_for_a_request_that_has_none
    each_bad_element_fails_alone_with_its_own_message
    a_body_that_is_no_array_or_has_too_much_is_refused_as_a_whole
    deactivated_ended_and_upcoming_badges_and_any_dates_are_taken
    an_imported_badge_can_be_revoked
    iso_twins_and_unknown_fields_are_read_as_everywhere
}
