//! Customers who are named by identifiers of the directory.

use actix_web::http::Method;
use insta::assert_snapshot;

use crate::support::{BADGE, IDENTIFIER, ISSUE, TestApp, code_at, json};

#[actix_web::test]
async fn an_unknown_one_fails_alone_at_its_place_and_two_of_one_customer_are_a_repeat() {
    let app = TestApp::new();
    app.register().await;
    let body = format!(
        r#"{{"badgeMetaId":"{BADGE}","requestId":"i","customers":["nobody@example.org","Bob@example.org","anna@example.org","BOB@example.org","NOBODY@example.org"]}}"#
    );
    let reply = app.post_by("email", ISSUE, &body).await;
    assert_snapshot!("enrolled", reply.ok());
    let told = app.get("requests/i").await.json()["data"]["requests"][0]["answer"].clone();
    assert_eq!(told, reply.json()["data"]);
    let earn = body
        .replace(r#""customers""#, r#""customerIds""#)
        .replace(r#""i""#, r#""e""#);
    assert_snapshot!(
        "earned",
        app.post_by("email", "customer/earnBulk", &earn).await.ok()
    );
    let revoke = body.replace(r#""i""#, r#""r""#);
    let reply = app
        .post_by("email", "badgeMeta/customer/revokeIssue", &revoke)
        .await;
    assert_snapshot!("revoked", reply.ok());
    let told = app.get("requests/r").await.json()["data"]["requests"][0]["answer"].clone();
    assert_eq!(told, reply.json()["data"]);
}

#[actix_web::test]
async fn enrolments_are_revoked_by_their_ids_of_customers_who_are_named_so() {
    let app = TestApp::new();
    app.register().await;
    let enrolled = app
        .enrol(&format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1,2]}}"#))
        .await;
    let issued = |index: usize| enrolled.json()["data"]["issuedBadges"][index]["issuedId"].clone();
    let body = format!(
        r#"{{"badgeMetaId":"{BADGE}","revokeIssuals":[
            {{"customerId":"anna@example.org","issueId":{first}}},
            {{"customerId":"nobody@example.org","issueId":{first}}},
            {{"customerId":"ANNA@example.org","issueId":{first}}},
            {{"customerId":"bob@example.org","issueId":{second}}}]}}"#,
        first = issued(0),
        second = issued(1),
    );
    let reply = app
        .post_by("email", "badgeMeta/customer/revokeIssue", &body)
        .await;
    assert_snapshot!("revoked_by_id", reply.ok());
}

#[actix_web::test]
async fn one_customer_is_found_or_the_request_is_refused() {
    let app = TestApp::new();
    app.register().await;
    let badge = app.direct_badge("Direct", "").await;
    let body = |customer: &str| {
        format!(r#"{{"badgeMetaId":"{badge}","customerId":{customer},"requestId":"1"}}"#)
    };
    let reply = app
        .post_by("mobile", "customer/earn", &body("\"0000\""))
        .await;
    assert_eq!(reply.failure(), (404, vec![code_at(1026, "customerId")]));
    assert!(!reply.body.contains("0000"), "{}", reply.body);
    let reply = app
        .post_by("MOBILE", "customer/earn", &body("\"+91 99000-00001\""))
        .await;
    reply.ok();
    assert_eq!(reply.json()["data"]["customerId"], 1);
    let earned = reply.json()["data"]["earnedBadgeId"].clone();
    let body = format!(
        r#"{{"badgeMetaId":"{badge}","customerId":"anna@example.org","earnedBadgeId":{earned}}}"#
    );
    let reply = app.post_by("email", "customer/revokeEarn", &body).await;
    assert_eq!(reply.json()["data"]["customerId"], 1);
    for path in [
        "customer/anna%40example.org".to_owned(),
        "management/anna@example.org".to_owned(),
        format!("management/anna@example.org/badge/{badge}"),
        format!("badgeMeta/getFixedWindowDetails?badgeMetaId={badge}&customerId=anna@example.org"),
    ] {
        app.get_by("email", &path).await.ok();
        let unknown = path.replace("anna", "nobody");
        let reply = app.get_by("email", &unknown).await;
        assert_eq!(
            (reply.status, reply.failure().1[0].0),
            (404, 1026),
            "{path}"
        );
        assert!(!reply.body.contains("nobody"), "{}", reply.body);
    }
}

#[actix_web::test]
async fn what_is_no_telephone_number_is_warned_of_wherever_it_names_a_customer() {
    let app = TestApp::new();
    app.register().await;
    let register = json(Method::PUT, "customers/1", r#"{"mobile":"1234"}"#);
    app.send(register).await.ok();
    let badge = app.direct_badge("Direct", "").await;
    for (path, field) in [
        ("customer/12-34".to_owned(), None),
        ("management/12-34".to_owned(), None),
        (format!("management/12-34/badge/{badge}"), None),
        (
            format!("badgeMeta/getFixedWindowDetails?badgeMetaId={badge}&customerId=12-34"),
            Some("customerId"),
        ),
    ] {
        let reply = app.get_by("mobile", &path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        let warning = &reply.json()["warnings"][0];
        assert_eq!(warning["code"], 1994, "{path}");
        assert_eq!(warning["reference"].as_str(), field, "{path}");
    }
    let request = json(Method::PUT, "customers/12-34", r#"{"mobile":"1234"}"#);
    let reply = app
        .send(request.insert_header((IDENTIFIER, "mobile")))
        .await;
    let references: Vec<_> = (reply.json()["warnings"].as_array().unwrap().iter())
        .map(|warning| warning["reference"].clone())
        .collect();
    assert_eq!(references, [serde_json::Value::Null, "mobile".into()]);
}

#[actix_web::test]
async fn without_the_header_a_customer_is_a_number() {
    let app = TestApp::new();
    for path in [
        "customer/anna@example.org",
        "management/0",
        "management/x/badge/y",
    ] {
        let reply = app.get(path).await;
        assert_eq!(reply.failure(), (404, vec![(404, None)]), "{path}");
    }
}

#[actix_web::test]
async fn a_kind_that_there_is_not_is_refused_everywhere() {
    let app = TestApp::new();
    let enrol = format!(r#"{{"badgeMetaId":"{BADGE}","customers":["a"]}}"#);
    for (method, path, body) in [
        (Method::POST, ISSUE, enrol.as_str()),
        (Method::POST, "customer/earn", "{}"),
        (Method::POST, "customer/earnBulk", "{}"),
        (Method::POST, "customer/revokeEarn", "{}"),
        (Method::POST, "badgeMeta/customer/revokeIssue", "{}"),
        (Method::PUT, "import/customerBadges", "[]"),
        (Method::POST, "customers/bulk", "{}"),
        (Method::PUT, "customers/1", "{}"),
        (Method::GET, "customer/1", ""),
        (Method::GET, "management/1", ""),
        (
            Method::GET,
            "management/1/badge/66276dc68fe258516a88ff8e",
            "",
        ),
        (
            Method::GET,
            "badgeMeta/getFixedWindowDetails?badgeMetaId=66276dc68fe258516a88ff8e",
            "",
        ),
    ] {
        let request = json(method, path, body).insert_header((IDENTIFIER, "passport"));
        let reply = app.send(request).await;
        assert_eq!(
            reply.failure(),
            (400, vec![code_at(1028, IDENTIFIER)]),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn another_kind_of_identifier_is_another_request_under_the_same_key() {
    let app = TestApp::new();
    app.register().await;
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":["1"]}}"#);
    let request = || json(Method::POST, ISSUE, &body).insert_header(("Idempotency-Key", "k"));
    app.send(request()).await.ok();
    let by_mobile = request().insert_header((IDENTIFIER, "mobile"));
    assert_eq!(app.send(by_mobile).await.failure().1[0].0, 1910);
}

#[actix_web::test]
async fn what_is_no_identifier_is_refused_at_its_place() {
    let app = TestApp::new();
    app.register().await;
    let body = format!(
        r#"{{"badgeMetaId":"{BADGE}","requestId":"r","customerIds":["anna@example.org","",{{}},true,"a\u0000"]}}"#
    );
    let reply = app.post_by("email", "customer/earnBulk", &body).await;
    let places = [
        "customerIds[1]",
        "customerIds[2]",
        "customerIds[3]",
        "customerIds[4]",
    ];
    let expected = places.map(|place| code_at(400, place)).to_vec();
    assert_eq!(reply.failure(), (400, expected));
}
