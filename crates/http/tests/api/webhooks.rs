//! Webhooks, as who defines them sees them.

use accolade_application::ports::{
    Attempt, AttemptResult, AttemptStatus, AttemptedEvent, Progress,
};
use accolade_domain::event::Position;
use accolade_domain::ids::WebhookId;
use accolade_domain::webhook::{DisabledReason, Health};
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{NOW, PREFIX, Reply, TestApp, at, code_at};

const PLAIN: &str = r#"{"url":"https://example.org/hook"}"#;

/// The id of the webhook in `reply`.
fn id_in(reply: &Reply) -> String {
    reply.json()["data"]["id"].as_str().unwrap().to_owned()
}

/// Creates a plain webhook; gives its path.
async fn created(app: &TestApp) -> String {
    let reply = app.post("webhooks", PLAIN).await;
    reply.ok();
    format!("webhooks/{}", id_in(&reply))
}

async fn act(app: &TestApp, path: &str, action: &str) -> Reply {
    app.post(&format!("{path}/{action}"), "").await
}

/// Saves that a delivery failed, and disables the webhook at `path` if there is a reason to.
fn fail(app: &TestApp, path: &str, disable: Option<DisabledReason>) {
    let id: WebhookId = path.strip_prefix("webhooks/").unwrap().parse().unwrap();
    let position: Position = 1.try_into().unwrap();
    let org = 100_458.try_into().unwrap();
    let store = &app.ports.stores.webhooks;
    let progress = Progress {
        org,
        webhook: id,
        version: store.webhook(org, id).unwrap().unwrap().version,
        cursor: position,
        put: Vec::new(),
        done: Vec::new(),
        attempts: vec![Attempt {
            events: vec![AttemptedEvent {
                position,
                attempt: 3,
            }],
            result: AttemptResult {
                attempted_on: at(NOW),
                status: AttemptStatus::Failed,
                http_status: Some(410),
                duration: Duration::milliseconds(7),
                error: Some("The receiver answered 410.".to_owned()),
                answer: Some("gone".to_owned()),
            },
        }],
        health: Health::default().after_failure(at(NOW)),
        disable,
        now: at(NOW),
    };
    store.save(&progress).unwrap().unwrap();
}

#[actix_web::test]
async fn a_webhook_is_created_changed_looked_up_and_deleted() {
    let app = TestApp::new();
    let body = r#"{"url":"https://example.org/hook","types":["earn.created"],
        "headers":{"X-Api-Key":"secret of the receiver"},"batch":10,"description":"Congratulate"}"#;
    let reply = app.post("webhooks", body).await;
    assert_snapshot!("webhook_created", reply.ok());
    let path = format!("webhooks/{}", id_in(&reply));
    app.clock.advance(Duration::HOUR);
    let change = r#"{"types":[],"signature":"ED25519","ratePerSecond":50,"headers":{"x-api-key":null,"X-Other":"y"}}"#;
    let changed = app.put_json(&path, change).await;
    assert_snapshot!("webhook_changed", changed.ok());
    assert_eq!(app.get(&path).await.ok(), changed.body);
    assert_snapshot!("webhook_key", app.get(&format!("{path}/key")).await.ok());
    let listed = app.get("webhooks").await.json();
    assert_eq!(listed["data"]["webhooks"][0], changed.json()["data"]);
    let uri = format!("{PREFIX}/{path}");
    let deleted = app.send(TestRequest::delete().uri(&uri)).await;
    assert_snapshot!("webhook_deleted", deleted.ok());
    let again = app.send(TestRequest::delete().uri(&uri)).await;
    assert_eq!(again.failure(), (404, vec![(1962, None)]));
    assert_eq!(app.get(&path).await.failure(), (404, vec![(1962, None)]));
    assert_eq!(
        app.get("webhooks/8").await.failure(),
        (404, vec![(1962, None)])
    );
}

#[actix_web::test]
async fn a_secret_is_shown_once_and_not_under_a_key_again() {
    let app = TestApp::new();
    let send = |path: &str| {
        let request = TestRequest::post()
            .uri(&format!("{PREFIX}/{path}"))
            .insert_header(("Idempotency-Key", path.to_owned()))
            .insert_header(("Content-Type", "application/json"))
            .set_payload(PLAIN);
        app.send(request)
    };
    let secret = |reply: &Reply| reply.json()["data"]["secret"].clone();
    let first = send("webhooks").await;
    let shown = secret(&first);
    assert!(shown.as_str().unwrap().starts_with("whsec_"), "{first:?}");
    let replayed = send("webhooks").await;
    assert_eq!(id_in(&replayed), id_in(&first));
    assert_eq!(secret(&replayed), Value::Null);
    let path = format!("webhooks/{}", id_in(&first));
    assert_eq!(secret(&app.get(&path).await), Value::Null);
    let rotated = act(&app, &path, "rotate").await;
    assert!(secret(&rotated).as_str().unwrap().starts_with("whsec_"));
    assert_ne!(secret(&rotated), shown);
}

#[actix_web::test]
async fn what_is_wrong_with_a_webhook_has_its_code_and_field() {
    let app = TestApp::new();
    let refused = |url: &str| {
        let body = json!({"url": url}).to_string();
        let app = &app;
        async move { app.post("webhooks", &body).await.failure() }
    };
    let not_allowed = (400, vec![code_at(1961, "url")]);
    assert_eq!(refused("http://example.org/").await, not_allowed);
    assert_eq!(refused("https://localhost/").await, not_allowed);
    let path = created(&app).await;
    let reply = app.put_json(&path, r#"{"url":"https://localhost/"}"#).await;
    assert_eq!(reply.failure(), not_allowed);
    let reply = app.put_json(&path, r#"{"headers":{"X-A":null}}"#).await;
    assert_eq!(reply.failure(), (400, vec![code_at(400, "headers.x-a")]));
    let key = app.get(&format!("{path}/key")).await;
    assert_eq!(key.failure(), (409, vec![(1963, None)]));
}

#[actix_web::test]
async fn a_webhook_is_paused_disabled_and_enabled() {
    let app = TestApp::new();
    let path = created(&app).await;
    let state = |reply: &Reply| reply.json()["data"]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(&act(&app, &path, "pause").await), "PAUSED");
    assert_eq!(state(&act(&app, &path, "pause").await), "PAUSED");
    assert_eq!(state(&act(&app, &path, "enable").await), "ACTIVE");
    fail(&app, &path, Some(DisabledReason::Gone));
    assert_snapshot!("webhook_disabled", app.get(&path).await.ok());
    let paused = act(&app, &path, "pause").await;
    assert_eq!(paused.failure(), (409, vec![(1963, None)]));
    let enabled = act(&app, &path, "enable").await.json();
    assert_eq!(enabled["data"]["state"], "ACTIVE");
    assert_eq!(enabled["data"]["failingSince"], Value::Null);
}

#[actix_web::test]
async fn what_deliveries_may_have_failed_of_is_changed_and_they_begin_anew() {
    let app = TestApp::new();
    let path = created(&app).await;
    let failing_since = |reply: &Reply| reply.json()["data"]["failingSince"].clone();
    let changes = [
        r#"{"url":"https://example.org/other"}"#,
        r#"{"headers":{"X-Api-Key":"another"}}"#,
        r#"{"signature":"ED25519"}"#,
    ];
    for change in changes {
        fail(&app, &path, None);
        let reply = app.put_json(&path, r#"{"batch":7}"#).await;
        assert_ne!(failing_since(&reply), Value::Null);
        let reply = app.put_json(&path, change).await;
        assert_eq!(failing_since(&reply), Value::Null, "{change}");
    }
    fail(&app, &path, None);
    let rotated = act(&app, &path, "rotate").await;
    assert_eq!(failing_since(&rotated), Value::Null);
}

#[actix_web::test]
async fn a_webhook_is_tried_out_and_tells_what_it_was_sent() {
    let app = TestApp::new();
    let path = created(&app).await;
    assert_snapshot!("webhook_tested", act(&app, &path, "test").await.ok());
    fail(&app, &path, None);
    fail(&app, &path, None);
    let attempts = format!("{path}/attempts");
    let first = app.get(&format!("{attempts}?limit=1&status=failed")).await;
    assert_snapshot!("webhook_attempts", first.ok());
    let next = first.json()["data"]["next"].as_str().unwrap().to_owned();
    let last = app.get(&format!("{attempts}?after={next}")).await.json();
    assert_eq!(last["data"]["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(last["data"]["next"], Value::Null);
    let odd = app
        .get(&format!("{attempts}?status=x&after=1&limit=0"))
        .await;
    let fields = ["limit", "status", "after"].map(|field| code_at(400, field));
    assert_eq!(odd.failure(), (400, fields.to_vec()));
}

#[actix_web::test]
async fn events_are_sent_again() {
    let app = TestApp::new();
    let path = format!("{}/resend", created(&app).await);
    let reply = app.post(&path, r#"{"positions":[1]}"#).await;
    assert_snapshot!("webhook_resent", reply.ok());
    app.post(&path, r#"{"from":1764000000,"onlyFailed":true}"#)
        .await
        .ok();
    let neither = app.post(&path, "{}").await;
    assert_eq!(neither.failure(), (400, vec![code_at(400, "from")]));
}
