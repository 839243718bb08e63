//! The customer directory.

use actix_web::http::Method;
use insta::assert_snapshot;

use crate::support::{BADGE, IDENTIFIER, ISSUE, Reply, TestApp, code_at, json};

#[actix_web::test]
async fn a_customer_is_registered_and_loses_what_is_left_out() {
    let app = TestApp::new();
    let body = r#"{"email":"Anna@Example.org","mobile":"+91 99000-00001","cardNumber":"4711"}"#;
    assert_snapshot!("one", app.put_json("customers/1", body).await.ok());
    app.put_json("customers/1", r#"{"externalId":"x-1"}"#)
        .await
        .ok();
    let path = "customer/anna@example.org";
    assert_eq!(
        app.get_by("email", path).await.failure(),
        (404, vec![(1026, None)])
    );
    app.get_by("externalId", "customer/x-1").await.ok();
    let moved = json(
        Method::PUT,
        "customers/x-1",
        r#"{"email":"anna@example.com"}"#,
    );
    let reply = app
        .send(moved.insert_header((IDENTIFIER, "externalId")))
        .await;
    assert_eq!(reply.json()["data"]["customerId"], 1);
}

#[actix_web::test]
async fn what_is_no_telephone_number_is_compared_by_its_digits_with_a_warning() {
    let app = TestApp::new();
    let body = r#"{"customers":[{"customerId":1,"mobile":"+91 99000 00001"},{"customerId":2,"mobile":"0700-1"}]}"#;
    let warned = |reply: &Reply| {
        let warning = reply.json()["warnings"][0].clone();
        (warning["code"].as_u64(), warning["reference"].clone())
    };
    let reply = app.post("customers/bulk", body).await;
    assert_eq!(warned(&reply), (Some(1994), "customers[1].mobile".into()));
    assert_eq!(reply.json()["warnings"].as_array().map(Vec::len), Some(1));
    let enrol = format!(
        r#"{{"badgeMetaId":"{BADGE}","customers":["tel:+91-99000-00001","07 00 1","+919900000001"]}}"#
    );
    let reply = app.post_by("mobile", ISSUE, &enrol).await;
    assert_eq!(warned(&reply), (Some(1994), "customers[1]".into()));
    let issued = &reply.json()["data"]["issuedBadges"];
    assert_eq!(
        (&issued[0]["customerId"], &issued[1]["customerId"]),
        (&1.into(), &2.into())
    );
    assert_eq!(issued.as_array().map(Vec::len), Some(2));
}

#[actix_web::test]
async fn many_customers_are_registered_or_none() {
    let app = TestApp::new();
    let body = r#"{"customers":[{"customerId":1,"email":"anna@example.org"},{"customerId":"2","mobile":"0700"}]}"#;
    assert_snapshot!("several", app.post("customers/bulk", body).await.ok());
    let taken = r#"{"customers":[{"customerId":3,"email":"carl@example.org"},{"customerId":4,"email":"ANNA@example.org"}]}"#;
    let reply = app.post("customers/bulk", taken).await;
    assert_eq!(
        reply.failure(),
        (400, vec![code_at(1921, "customers[1].email")])
    );
    assert!(
        !reply.body.to_lowercase().contains("anna"),
        "{}",
        reply.body
    );
    let path = "customer/carl@example.org";
    assert_eq!(app.get_by("email", path).await.status, 404);
    let reply = app.put_json("customers/5", r#"{"mobile":"0700"}"#).await;
    assert_eq!(reply.failure(), (400, vec![code_at(1921, "mobile")]));
}

#[actix_web::test]
async fn what_is_wrong_is_said_at_its_place_without_the_identifier() {
    let app = TestApp::with(|options| options.customers_per_request = 3);
    let long = "x".repeat(256);
    let body = format!(
        r#"{{"customers":[{{"customerId":0,"email":"secret@\u0000"}},{{"customerId":1,"mobile":" "}},{{"customerId":1,"externalId":"{long}","phone":"12345"}}]}}"#
    );
    let reply = app.post("customers/bulk", &body).await;
    assert_eq!(
        reply.failure(),
        (
            400,
            vec![
                code_at(400, "customers[0].customerId"),
                code_at(400, "customers[0].email"),
                code_at(400, "customers[1].mobile"),
                code_at(400, "customers[2].customerId"),
                code_at(400, "customers[2].externalId"),
            ]
        )
    );
    assert!(
        !reply.body.contains("secret") && !reply.body.contains("xxx"),
        "{}",
        reply.body
    );
    for (body, code) in [
        (r#"{"customers":[]}"#, 812),
        ("{}", 812),
        (r#"{"customers":[{},{},{},{}]}"#, 1905),
    ] {
        let reply = app.post("customers/bulk", body).await;
        assert_eq!(
            reply.failure(),
            (400, vec![code_at(code, "customers")]),
            "{body}"
        );
    }
    let reply = app.put_json("customers/0", "{}").await;
    assert_eq!(reply.failure(), (404, vec![(404, None)]));
}

#[actix_web::test]
async fn a_customer_of_the_directory_may_be_named_by_an_identifier() {
    let app = TestApp::new();
    app.register().await;
    let body = r#"{"customers":[{"customerId":"anna@example.org","email":"anna@example.com"},
        {"customerId":"ANNA@example.org"},{"customerId":"nobody@example.org"}]}"#;
    let reply = app.post_by("email", "customers/bulk", body).await;
    assert_eq!(
        reply.failure(),
        (
            400,
            vec![
                code_at(400, "customers[1].customerId"),
                code_at(1026, "customers[2].customerId"),
            ]
        )
    );
}
