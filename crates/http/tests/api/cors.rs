//! Pages of other origins, as a browser asks for them.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::{BADGE, ISSUE, Reply, TestApp};

const APP: &str = "https://app.example.org";

fn allowing(origins: &[&str]) -> TestApp {
    let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    TestApp::with(|options| options.cors_origins = origins)
}

fn preflight(origin: &str, method: &str, headers: &str) -> TestRequest {
    TestRequest::with_uri(ISSUE)
        .method(Method::OPTIONS)
        .insert_header(("Origin", origin))
        .insert_header(("Access-Control-Request-Method", method))
        .insert_header(("Access-Control-Request-Headers", headers))
}

fn from(origin: &str, path: &str) -> TestRequest {
    TestRequest::with_uri(path).insert_header(("Origin", origin))
}

/// The elements of a header that is a list, in lower case.
fn listed(reply: &Reply, name: &str) -> BTreeSet<String> {
    let list = reply.header(name).unwrap_or_default();
    list.split(", ").map(str::to_ascii_lowercase).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn allowed(reply: &Reply) -> Option<&str> {
    reply.header("access-control-allow-origin")
}

#[actix_web::test]
async fn unless_origins_are_named_no_page_of_another_is_let_in() {
    let app = TestApp::new();
    let reply = app.send_bare(preflight(APP, "POST", "authorization")).await;
    assert_eq!((reply.status, allowed(&reply)), (405, None));
    let reply = app.send(from(APP, "/health/live")).await;
    assert_eq!((reply.status, allowed(&reply)), (200, None));
}

#[actix_web::test]
async fn a_preflight_request_of_a_named_origin_is_answered_without_credentials() {
    let app = allowing(&["https://other.example.org", APP]);
    let asked = "authorization, content-type, idempotency-key, if-match, requestid, \
                 x-cap-api-auth-org-id, x-cap-api-oauth-token, x-cap-badges-migration, \
                 x-cap-customer-identifier, x-cap-request-id, x-request-id";
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
        let reply = app.send_bare(preflight(APP, method, asked)).await;
        assert_eq!(
            (reply.status, allowed(&reply)),
            (200, Some(APP)),
            "{method}"
        );
        assert!(listed(&reply, "access-control-allow-methods").contains(&method.to_lowercase()));
        assert_eq!(
            listed(&reply, "access-control-allow-headers"),
            set(&asked.split(", ").collect::<Vec<_>>())
        );
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        assert!(reply.header("x-cap-request-id").is_some());
    }
    for refused in [
        preflight("https://evil.example.org", "POST", "authorization"),
        preflight("http://app.example.org", "POST", "authorization"),
        preflight("https://app.example.org:8443", "POST", "authorization"),
        preflight(APP, "PATCH", "authorization"),
        preflight(APP, "POST", "x-other"),
    ] {
        let reply = app.send_bare(refused).await;
        assert_eq!((reply.status, allowed(&reply)), (400, None));
    }
}

#[actix_web::test]
async fn answers_to_a_named_origin_may_be_read_with_the_headers_that_matter() {
    let app = allowing(&[APP]);
    let unauthenticated = app.send_bare(from(APP, ISSUE).method(Method::POST)).await;
    assert_eq!(unauthenticated.status, 401);
    for reply in [
        unauthenticated,
        app.send(from(APP, "/nothing")).await,
        app.send(from(APP, "/api_gateway/v1/badges/badgeMeta"))
            .await,
    ] {
        assert_eq!(allowed(&reply), Some(APP), "{}", reply.body);
        assert!(listed(&reply, "vary").contains("origin"));
        let exposed = [
            "accolade-as-of",
            "accolade-oldest",
            "accolade-warnings",
            "etag",
            "idempotency-replayed",
            "link",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "x-cap-request-id",
            "x-request-id",
        ];
        assert_eq!(
            listed(&reply, "access-control-expose-headers"),
            set(&exposed)
        );
    }
    let reply = app.send(from("https://evil.example.org", "/nothing")).await;
    assert_eq!(allowed(&reply), None);
}

/// A page of another site cannot read the answer, but what it has a browser send, with the credentials
/// that the browser remembers, would be done.
#[actix_web::test]
async fn what_another_sites_page_has_a_browser_send_is_refused() {
    let forged = || {
        TestRequest::put()
            .uri(&format!(
                "/api_gateway/v1/badges/badgeMeta/{BADGE}/deactivate"
            ))
            .insert_header(("Origin", APP))
            .insert_header(("Sec-Fetch-Site", "cross-site"))
    };
    let reply = TestApp::new().send(forged()).await;
    assert_eq!(reply.failure(), (403, vec![(1931, None)]));
    assert_eq!(allowing(&[APP]).send(forged()).await.status, 200);
    let own = forged().insert_header(("Sec-Fetch-Site", "same-origin"));
    assert_eq!(TestApp::new().send(own).await.status, 200);
}
