//! The customer directory.

use actix_web::http::Method;
use insta::assert_snapshot;

use crate::support::{IDENTIFIER, TestApp, code_at, json};

#[actix_web::test]
async fn a_customer_is_registered_and_loses_what_is_left_out() {
    let app = TestApp::new();
    let body = r#"{"email":"Anna@Example.org","mobile":919900000001,"cardNumber":"4711"}"#;
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
