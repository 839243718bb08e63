//! What operators see, and the pages that describe the API.

use accolade_domain::rejection::Code;
use accolade_http::app::ops_app;
use actix_web::test::{self, TestRequest};

use crate::support::{BADGE, TestApp};

async fn bare(app: &TestApp, path: &str) -> crate::support::Reply {
    app.send_bare(TestRequest::get().uri(path)).await
}

#[actix_web::test]
async fn health_needs_no_credentials() {
    let app = TestApp::new();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(bare(&app, path).await.ok(), r#"{"status":"up"}"#);
    }
}

#[actix_web::test]
async fn enrolments_are_counted_by_outcome_once() {
    let app = TestApp::new();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1,2]}}"#);
    app.enrol(&body).await.ok();
    app.enrol(&body.replace("1,2", "2,3")).await.ok();
    let metrics = bare(&app, "/metrics").await;
    for line in [
        r#"accolade_enrolments_total{outcome="enrolled"} 3"#,
        r#"accolade_enrolments_total{outcome="already_enrolled"} 1"#,
        r#"accolade_http_requests_total{method="POST",route="/api_gateway/v1/badges/badgeMeta/customer/issueBulk",status="200"} 2"#,
    ] {
        assert!(metrics.ok().contains(line), "{}", metrics.body);
    }
}

#[actix_web::test]
async fn metrics_with_a_port_of_their_own_are_seen_there_alone() {
    let app = TestApp::with(|options| options.metrics = false);
    assert_eq!(bare(&app, "/metrics").await.status, 404);
    let ops = test::init_service(ops_app(&app.state)).await;
    for (path, status) in [("/metrics", 200), ("/health/ready", 200), ("/docs/", 404)] {
        let request = TestRequest::get().uri(path).to_request();
        let response = test::call_service(&ops, request).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}

#[actix_web::test]
async fn documents_that_are_not_to_be_served_are_not_there() {
    let app = TestApp::with(|options| options.docs = false);
    for path in ["/docs", "/docs/", "/openapi.json", "/asyncapi.json"] {
        assert_eq!(bare(&app, path).await.status, 404, "{path}");
    }
    assert_eq!(bare(&app, "/health/ready").await.status, 200);
}

#[actix_web::test]
async fn the_page_of_the_api_asks_no_other_host() {
    let app = TestApp::new();
    let redirect = bare(&app, "/docs").await;
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (308, Some("docs/"))
    );
    for file in ["", "index.html", "index.css", "swagger-initializer.js"] {
        let reply = bare(&app, &format!("/docs/{file}")).await;
        assert!(!reply.ok().contains("://"), "{file}: {}", reply.body);
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("http"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    let page = bare(&app, "/docs/").await.body;
    for inline in ["style=", "<style", "onload", "<script>"] {
        assert!(!page.contains(inline), "{inline} is in {page}");
    }
    let initializer = bare(&app, "/docs/swagger-initializer.js").await;
    assert!(
        initializer.body.contains(r#""url": "../openapi.json""#),
        "{}",
        initializer.body
    );
    assert!(
        initializer.body.contains(r#""validatorUrl": "none""#),
        "{}",
        initializer.body
    );
}

#[actix_web::test]
async fn the_page_of_the_api_has_the_operations_first_and_all_codes_last() {
    let page = bare(&TestApp::new(), "/docs/").await.body;
    let operations = page.find(r#"id="swagger-ui""#).unwrap();
    let codes = page.find(r#"id="codes""#).unwrap();
    assert!(operations < codes, "{page}");
    assert_eq!(page[codes..].matches("<tr><td>").count(), Code::ALL.len());
}

#[actix_web::test]
async fn every_file_that_the_page_names_is_there() {
    let app = TestApp::new();
    let page = bare(&app, "/docs/").await;
    let files: Vec<_> = page
        .ok()
        .split(['"', '\''])
        .filter_map(|text| text.strip_prefix("./"))
        .collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        assert_eq!(
            bare(&app, &format!("/docs/{file}")).await.status,
            200,
            "{file}"
        );
    }
}

#[actix_web::test]
async fn the_openapi_document_is_served_as_it_is_checked_in() {
    let app = TestApp::new();
    let reply = bare(&app, "/openapi.json").await;
    assert_eq!(reply.ok(), accolade_http::openapi::openapi_json());
}
