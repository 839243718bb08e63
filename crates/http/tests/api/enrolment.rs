//! Enrolling customers.

use actix_web::http::Method;

use crate::support::{BADGE, ISSUE, TestApp, code_at, json};

/// The API's own example, mended to valid JSON.
const SEED: &str = r#"{
"badgeMetaId": "66276dc68fe258516a88ff8e",
"customers": [
62090013
],
"requestId": "21390",
"issueEventDate" : 1713860055,
"issueEventDateISO" : "2024-04-23T13:44:15+05:30",
"triggeredBy": {
"ownerType": "Loyalty",
"referenceId": "123694"
}
}"#;

#[actix_web::test]
async fn the_apis_own_example_is_answered_to_the_byte() {
    let app = TestApp::new();
    let reply = app.enrol(SEED).await;
    assert_eq!(
        reply.ok(),
        r#"{"data":{"badgeMetaId":"66276dc68fe258516a88ff8e","triggeredBy":{"ownerType":"Loyalty","referenceId":"123694"},"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{"customerId":62090013,"issuedId":"000000000000000000000001","status":"ACTIVE"}],"requestId":"21390"},"errors":[],"warnings":[]}"#
    );
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.header("x-request-id").is_some());
}

#[actix_web::test]
async fn a_customer_who_is_enrolled_has_an_error_of_its_own() {
    let app = TestApp::new();
    app.enrol(SEED).await;
    let again = SEED
        .replace("21390", "21391")
        .replace("62090013", "62090013, 7");
    assert_eq!(
        app.enrol(&again).await.ok(),
        r#"{"data":{"badgeMetaId":"66276dc68fe258516a88ff8e","triggeredBy":{"ownerType":"Loyalty","referenceId":"123694"},"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{"customerId":62090013,"issuedId":"000000000000000000000001","error":{"code":1040,"message":"An active issue for the badge already exists.","reference":null},"status":"ACTIVE"},{"customerId":7,"issuedId":"000000000000000000000003","status":"ACTIVE"}],"requestId":"21391"},"errors":[],"warnings":[]}"#
    );
}

#[actix_web::test]
async fn a_used_request_id_and_an_event_outside_the_period_are_refused() {
    let app = TestApp::new();
    app.enrol(SEED).await;
    assert_eq!(
        app.enrol(SEED).await.body,
        r#"{"data":null,"errors":[{"code":809,"message":"Request with the same requestId is not allowed","reference":"requestId"}],"warnings":null}"#
    );
    let outside =
        r#"{"badgeMetaId":"66276dc68fe258516a88ff8e","customers":[1],"issueEventDate":1600000000}"#;
    assert_eq!(
        app.enrol(outside).await.body,
        r#"{"data":null,"errors":[{"code":816,"message":"Event date is not in duration of badge meta. Pass the issue event date.","reference":"issueEventDate"}],"warnings":null}"#
    );
}

#[actix_web::test]
async fn by_hand_there_is_no_owner_and_a_request_id_is_made() {
    let app = TestApp::new();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":["62090013"]}}"#);
    assert_eq!(
        app.enrol(&body).await.ok(),
        r#"{"data":{"badgeMetaId":"66276dc68fe258516a88ff8e","triggeredBy":null,"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{"customerId":62090013,"issuedId":"000000000000000000000002","status":"ACTIVE"}],"requestId":"00000000-0000-0000-0000-000000000001"},"errors":[],"warnings":[]}"#
    );
}

#[actix_web::test]
async fn a_dry_run_has_no_ids_and_records_nothing() {
    let app = TestApp::new();
    let dry = format!("{ISSUE}?dryRun=true");
    let expected = r#"{"data":{"badgeMetaId":"66276dc68fe258516a88ff8e","triggeredBy":{"ownerType":"Loyalty","referenceId":"123694"},"expiresOn":1926235957.000000000,"expiresOnISO":"2031-01-15T09:32:37Z","issuedBadges":[{"customerId":62090013,"status":"ACTIVE"}],"requestId":"21390"},"errors":[],"warnings":[]}"#;
    assert_eq!(app.post(&dry, SEED).await.ok(), expected);
    let keyed = json(Method::POST, &dry, SEED).insert_header(("Idempotency-Key", ""));
    assert_eq!(app.send(keyed).await.ok(), expected);
    let first = app.get(&format!("badgeMeta/{BADGE}")).await.json();
    assert_eq!(first["data"]["issuedCount"], 0);
    assert!(app.enrol(SEED).await.ok().contains("issuedId"));
}

#[actix_web::test]
async fn what_is_odd_is_warned_of_and_done() {
    let app = TestApp::new();
    let body = format!(
        r#"{{"badgeMetaId":"{BADGE}","customers":[1,2,1],"isueEventDate":1,
            "issueEventDate":1713860055,"issueEventDateISO":"2024-04-23T08:14:20Z"}}"#
    );
    let reply = app.post(&format!("{ISSUE}?dryrun=1"), &body).await;
    assert_eq!(
        reply.warnings(),
        [
            code_at(1990, "dryrun"),
            code_at(1991, "issueEventDate"),
            code_at(1992, "customers[2]"),
            code_at(1990, "isueEventDate"),
        ]
    );
}

#[actix_web::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let app = TestApp::new();
    let body = r#"{"badgeMetaId":"8","customers":[0,"x"],"requestId":"",
                   "triggeredBy":{"ownerType":"Nobody"}}"#;
    let reply = app.post(&format!("{ISSUE}?dryRun=perhaps"), body).await;
    assert_eq!(
        reply.failure(),
        (
            400,
            vec![
                code_at(400, "dryRun"),
                code_at(400, "badgeMetaId"),
                code_at(400, "customers[0]"),
                code_at(400, "customers[1]"),
                code_at(400, "requestId"),
                code_at(400, "triggeredBy.ownerType"),
                code_at(717, "triggeredBy.referenceId"),
            ]
        )
    );
}

#[actix_web::test]
async fn the_apis_own_example_as_it_stands_is_refused_with_the_place() {
    let app = TestApp::new();
    let body = SEED.replace(
        "\"2024-04-23T13:44:15+05:30\",",
        "2024-04-23T13:44:15+05:30",
    );
    let reply = app.enrol(&body).await;
    let message = reply.json()["errors"][0]["message"].to_string();
    assert!(message.contains("line 8 column 27"), "{message}");
    assert_eq!(reply.failure(), (400, vec![(400, None)]));
}

#[actix_web::test]
async fn the_request_id_may_come_in_a_header_and_the_body_wins() {
    let app = TestApp::new();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1]}}"#);
    let request = |body: &str| json(Method::POST, ISSUE, body).insert_header(("requestId", "h-1"));
    let reply = app.send(request(&body)).await.json();
    assert_eq!(reply["data"]["requestId"], "h-1");
    let reply = app.send(request(SEED)).await.json();
    assert_eq!(reply["data"]["requestId"], "21390");
}

#[actix_web::test]
async fn ten_thousand_customers_are_one_request_and_one_more_is_too_many() {
    let app = TestApp::new();
    let body = |count: usize| {
        let customers: Vec<_> = (1..=count).map(|n| n.to_string()).collect();
        let customers = customers.join(",");
        format!(r#"{{"badgeMetaId":"{BADGE}","customers":[{customers}]}}"#)
    };
    let reply = app.enrol(&body(10_000)).await;
    let issued = reply.json()["data"]["issuedBadges"]
        .as_array()
        .map(Vec::len);
    assert_eq!(issued, Some(10_000));
    assert_eq!(
        app.enrol(&body(10_001)).await.failure(),
        (400, vec![code_at(1905, "customers")])
    );
}

#[actix_web::test]
async fn what_is_no_customer_is_refused_at_its_place() {
    let app = TestApp::new();
    for customer in [
        "-9223372036854775809",
        "18446744073709551616",
        "1e300",
        "\"1.5\"",
        "\"1 \"",
        "\"\u{661}\"",
        "\"99999999999999999999999999999999999\"",
        "\"1\\u0000\"",
        "null",
        "true",
        "{}",
    ] {
        let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[7,{customer}]}}"#);
        assert_eq!(
            app.enrol(&body).await.failure(),
            (400, vec![code_at(400, "customers[1]")]),
            "{customer}"
        );
    }
}
