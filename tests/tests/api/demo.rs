//! The API's own examples, on a server with the demo.

use accolade_tests::{Backend, Client, Credentials, Server, Setup, on_both_databases};
use serde_json::{Value, json};

fn demo(backend: Backend) -> (Server, Client) {
    let server = Setup::new(backend).set("demo.enabled", "true").start();
    let client = server.client(&Credentials {
        key: "demo".to_owned(),
        secret: "demo-secret".to_owned(),
    });
    (server, client)
}

fn first_example() -> Value {
    json!({
        "badgeMetaId": "66276dc68fe258516a88ff8e",
        "customers": [62_090_013],
        "requestId": "21390",
        "issueEventDate": 1_713_860_055,
        "issueEventDateISO": "2024-04-23T13:44:15+05:30",
        "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123694"},
    })
}

/// The first example's body as it is printed: not quite JSON.
const FIRST_AS_PRINTED: &str = r#"{
"badgeMetaId": "66276dc68fe258516a88ff8e",
"customers": [
62090013
],
"requestId": "21390",
"issueEventDate" : 1713860055,
"issueEventDateISO" : 2024-04-23T13:44:15+05:30
"triggeredBy": {
"ownerType": "Loyalty",
"referenceId": "123694"
}
}"#;

/// The second one.
const SECOND_AS_PRINTED: &str = r#"{
"badgeMetaId": "653de84db3cda7078c7c68ed",
"customers": [
62090013, 123
],
"requestId": "10few789",
"issueEventDate" : 1713860055,
"issueEventDateISO" : 2024-04-23T13:44:15+05:30
"triggeredBy": {
"ownerType": "Loyalty",
"referenceId": "626"
}
}"#;

fn the_first_example_answers_byte_for_byte(backend: Backend) {
    let (_server, demo) = demo(backend);

    let reply = demo.enrol(&first_example()).ok();
    let id = reply.issued();
    assert!(
        id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        "{id}"
    );
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"data":{{"badgeMetaId":"66276dc68fe258516a88ff8e","triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}},"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{{"customerId":62090013,"issuedId":"{id}","status":"ACTIVE"}}],"requestId":"21390"}},"errors":[],"warnings":[]}}"#
        )
    );

    let mut again = first_example();
    again["requestId"] = json!("21390a");
    assert_eq!(
        demo.enrol(&again).text(),
        format!(
            r#"{{"data":{{"badgeMetaId":"66276dc68fe258516a88ff8e","triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}},"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{{"customerId":62090013,"issuedId":"{id}","error":{{"code":1040,"message":"An active issue for the badge already exists.","reference":null}},"status":"ACTIVE"}}],"requestId":"21390a"}},"errors":[],"warnings":[]}}"#
        )
    );

    let reply = demo.enrol(&first_example());
    assert_eq!(
        (reply.status, reply.text()),
        (
            400,
            r#"{"data":null,"errors":[{"code":809,"message":"Request with the same requestId is not allowed","reference":"requestId"}],"warnings":null}"#
        )
    );

    let mut early = first_example();
    early["requestId"] = json!("21390b");
    early["issueEventDate"] = json!(946_684_800);
    early["issueEventDateISO"] = Value::Null;
    let reply = demo.enrol(&early);
    assert_eq!(
        (reply.status, reply.text()),
        (
            400,
            r#"{"data":null,"errors":[{"code":816,"message":"Event date is not in duration of badge meta. Pass the issue event date.","reference":"issueEventDate"}],"warnings":null}"#
        )
    );
}

fn the_second_example_enrols_both_customers_in_the_order_of_the_request(backend: Backend) {
    let (_server, demo) = demo(backend);
    let mut body = first_example();
    body["badgeMetaId"] = json!("653de84db3cda7078c7c68ed");
    body["customers"] = json!([62_090_013, 123]);
    body["requestId"] = json!("10few789");
    body["triggeredBy"]["referenceId"] = json!("626");

    let reply = demo.enrol(&body).ok();
    let outcomes = reply.outcomes();
    let (first, second) = (&outcomes[0].1, &outcomes[1].1);
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"data":{{"badgeMetaId":"653de84db3cda7078c7c68ed","triggeredBy":{{"ownerType":"Loyalty","referenceId":"626"}},"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{{"customerId":62090013,"issuedId":"{first}","status":"ACTIVE"}},{{"customerId":123,"issuedId":"{second}","status":"ACTIVE"}}],"requestId":"10few789"}},"errors":[],"warnings":[]}}"#
        )
    );

    // Where one of two holds it already, the other still gets it.
    body["customers"] = json!([566_881_934, 62_090_013]);
    body["requestId"] = json!("434e0d861777711w2yyybj265");
    let outcomes = demo.enrol(&body).ok().outcomes();
    assert_eq!(outcomes[0].0, 566_881_934);
    assert_eq!(outcomes[0].2, None);
    assert_eq!(
        outcomes[1],
        (62_090_013, first.clone(), Some(1040), "ACTIVE".to_owned())
    );
}

fn the_examples_as_printed_are_refused_with_the_place_of_the_mistake(backend: Backend) {
    let (_server, demo) = demo(backend);
    for body in [FIRST_AS_PRINTED, SECOND_AS_PRINTED] {
        let reply = demo
            .request("POST", "badgeMeta/customer/issueBulk")
            .text(body)
            .send();
        assert_eq!(reply.status, 400, "{reply}");
        assert_eq!(reply.codes(), [999_999], "{reply}");
        let message = reply.json()["errors"][0]["message"].to_string();
        assert!(
            message.contains("line ") && message.contains(" column "),
            "{message}"
        );
    }
    let count = demo.get("badgeMeta/66276dc68fe258516a88ff8e").ok().data();
    assert_eq!(count["issuedCount"], 0);
}

fn the_demo_is_made_once_and_kept_over_restarts(backend: Backend) {
    let (server, client) = demo(backend);
    let first = client.enrol(&first_example()).ok().issued();
    let server = server.kill().start();
    let again = server.client(client.credentials().unwrap());
    again
        .enrol(&first_example())
        .refused(809, Some("requestId"));
    let outcome = again.outcome("21390").ok();
    assert!(outcome.text().contains(&first), "{outcome}");
}

fn the_demo_has_a_direct_badge_with_limits_a_group_and_a_custom_field(backend: Backend) {
    let (_server, demo) = demo(backend);
    let list = demo.get("badgeMeta?earnType=EARN").ok().data();
    let id = list["metaBasicDetails"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let badge = demo.get(&format!("badgeMeta/{id}")).ok().data();
    assert_ne!(badge["customerConstraints"], json!([]));
    assert_eq!(badge["status"], "LIVE");
    demo.earned(&id, 1);
    for list in ["group", "customField"] {
        let data = demo.get(list).ok().data();
        assert_eq!(data["pagination"]["total"], 1, "{list}");
    }
}

on_both_databases! {
    the_demo_has_a_direct_badge_with_limits_a_group_and_a_custom_field
    the_first_example_answers_byte_for_byte
    the_second_example_enrols_both_customers_in_the_order_of_the_request
    the_examples_as_printed_are_refused_with_the_place_of_the_mistake
    the_demo_is_made_once_and_kept_over_restarts
}
