//! Whatever goes wrong is told in the envelope.

use accolade_application::access::AccessGroup;
use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::gate::{Gatekeeper, gate};
use crate::support::{BADGE, ISSUE, PREFIX, Reply, TestApp, code_at, json};

/// Status and code of a failure about no field.
fn said(reply: &Reply) -> (u16, u64) {
    let (status, codes) = reply.failure();
    assert_eq!(codes.len(), 1, "{}", reply.body);
    assert!(reply.header("x-request-id").is_some());
    assert_eq!(
        reply.header("x-cap-request-id"),
        reply.header("x-request-id")
    );
    (status, codes[0].0)
}

#[actix_web::test]
async fn an_unknown_path_is_1940_wherever_it_is() {
    let app = TestApp::new();
    for path in [
        "nothing",
        "badgeMeta/",
        "/",
        "/nothing",
        "/api_gateway/v1/badges",
        "/docs/nothing.js",
    ] {
        assert_eq!(said(&app.get(path).await), (404, 1940), "{path}");
    }
    let reply = app.get("badgeMeta/66276dc68fe258516a88ff8e/Claim/").await;
    assert_eq!(said(&reply), (404, 1940));
    let hint = "Did you mean /api_gateway/v1/badges/badgeMeta/{id}/claim?";
    assert!(reply.body.contains(hint), "{}", reply.body);
}

#[actix_web::test]
async fn another_method_is_1941_and_the_right_ones_are_told() {
    let app = TestApp::new();
    for (method, path, allowed) in [
        (Method::GET, ISSUE, "POST"),
        (Method::DELETE, "badgeMeta", "GET, HEAD, POST, PUT"),
        (Method::POST, "requests/1", "GET, HEAD"),
        (Method::POST, "badgeMeta/8/activate", "PUT"),
        (Method::GET, "/oauth2/token", "POST"),
        (Method::POST, "/health/live", "GET, HEAD"),
    ] {
        let reply = app.send(json(method, path, "{}")).await;
        assert_eq!(said(&reply), (405, 1941), "{path}");
        assert_eq!(reply.header("allow"), Some(allowed), "{path}");
    }
}

#[actix_web::test]
async fn a_body_that_is_too_large_or_no_json_is_refused() {
    let app = TestApp::with(|options| options.body_limit = 100);
    assert_eq!(said(&app.enrol(&"x".repeat(101)).await), (413, 1942));
    let text = TestRequest::post()
        .uri(ISSUE)
        .insert_header(("Content-Type", "text/plain"))
        .set_payload("{}");
    assert_eq!(said(&app.send(text).await), (415, 1943));
    assert_eq!(said(&app.enrol("").await), (400, 400));
    assert_eq!(said(&app.enrol("[]").await), (400, 400));
}

#[actix_web::test]
async fn credentials_come_first_and_then_what_the_client_may_do() {
    let app = TestApp::new();
    let reader = app.client(&[AccessGroup::BadgesRead]);
    let issuer = app.client(&[AccessGroup::BadgesIssue]);
    let writer = app.client(&[AccessGroup::BadgesWrite]);
    let claim = format!("badgeMeta/{BADGE}/claim");
    let badge = format!("badgeMeta/{BADGE}");
    for (method, path, other) in [
        (Method::POST, ISSUE, &reader),
        (Method::POST, "badgeMeta", &reader),
        (Method::POST, claim.as_str(), &reader),
        (Method::PUT, "badgeMeta/8/activate", &issuer),
        (Method::GET, "badgeMeta", &issuer),
        (Method::GET, badge.as_str(), &issuer),
        (Method::GET, "requests/1", &writer),
    ] {
        let request = || json(method.clone(), path, "no JSON");
        let reply = app.send_bare(request()).await;
        assert_eq!(said(&reply), (401, 1930), "{path}");
        assert!(reply.header("www-authenticate").is_some());
        assert_eq!(
            said(&app.send_as(other, request()).await),
            (403, 1931),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn the_callers_id_of_a_request_is_given_back() {
    let app = TestApp::new();
    for (name, path) in [
        ("X-Request-Id", "/nothing"),
        ("X-CAP-REQUEST-ID", "/nothing"),
        ("X-CAP-REQUEST-ID", "/badgeMeta"),
    ] {
        let request = TestRequest::get()
            .uri(&format!("{PREFIX}{path}"))
            .insert_header((name, "abc-1"));
        let reply = app.send(request).await;
        assert_eq!(reply.header("x-request-id"), Some("abc-1"));
        assert_eq!(reply.header("x-cap-request-id"), Some("abc-1"));
    }
}

#[actix_web::test]
async fn a_field_given_twice_is_a_problem_of_its_own() {
    let app = TestApp::new();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1],"customers":[2]}}"#);
    assert_eq!(
        app.enrol(&body).await.failure(),
        (400, vec![code_at(400, "customers")])
    );
}

#[actix_web::test]
async fn more_requests_than_may_wait_are_refused_and_told_to_come_again() {
    let mut gatekeeper = None;
    let app = TestApp::on(
        |ports| gatekeeper = Some(gate(ports)),
        |options| (options.concurrency, options.queue) = (1, 0),
    );
    let Gatekeeper { mut arrived, pass } = gatekeeper.unwrap();
    // So many that they go their own way.
    let customers: Vec<_> = (1..=1_000).collect();
    let body = serde_json::json!({"badgeMetaId": BADGE, "customers": customers}).to_string();
    let second = async {
        arrived.recv().await.unwrap();
        let reply = app.get("badgeMeta").await;
        pass.send(()).unwrap();
        reply
    };
    let (first, second) = tokio::join!(app.enrol(&body), second);
    first.ok();
    assert_eq!(said(&second), (503, 1951));
    assert!(second.header("retry-after").is_some());
    app.get("badgeMeta").await.ok();
}
