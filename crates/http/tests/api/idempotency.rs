//! One request under one idempotency key.

use accolade_application::answer::Answer;
use accolade_application::ports::IdempotencyKey;
use accolade_domain::zone::Zone;
use accolade_wire::render;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use time::Duration;

use crate::gate::{Gatekeeper, gate};
use crate::support::{
    BADGE, IDENTIFIER, ISSUE, NOW, Reply, TestApp, at, code_at, direct_badge, json,
};

fn body(customers: &str) -> String {
    format!(r#"{{"badgeMetaId":"{BADGE}","customers":{customers},"odd":1}}"#)
}

async fn send(app: &TestApp, key: &str, request: TestRequest) -> Reply {
    app.send(request.insert_header(("Idempotency-Key", key)))
        .await
}

async fn enrol(app: &TestApp, key: &str, customers: &str) -> Reply {
    send(app, key, json(Method::POST, ISSUE, &body(customers))).await
}

/// Sends `request` twice, and demands the same answer to the byte, and the status that it must have:
/// 201 for a created badge or custom field.
async fn twice(app: &TestApp, key: &str, request: impl Fn() -> TestRequest) -> String {
    let first = send(app, key, request()).await;
    let path = request().to_request().path().to_owned();
    let creates = path.ends_with("/badgeMeta") || path.ends_with("/customField");
    assert_eq!(first.status, if creates { 201 } else { 200 }, "{path}");
    assert_eq!(first.header("idempotency-replayed"), None);
    app.clock.advance(Duration::hours(71));
    let second = send(app, key, request()).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!((first.status, first.ok()), (second.status, second.ok()));
    first.body
}

#[actix_web::test]
async fn an_enrolment_is_answered_again_with_its_warnings() {
    let app = TestApp::new();
    let first = twice(&app, "k-1", || json(Method::POST, ISSUE, &body("[1,2]"))).await;
    assert!(first.contains(r#""code":1990"#), "{first}");
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await.json();
    assert_eq!(badge["data"]["issuedCount"], 2);
}

#[actix_web::test]
async fn every_other_operation_that_writes_is_answered_again() {
    let app = TestApp::new();
    let created = r#"{"name":"Silver","startOn":"2026-06-01T00:00:00Z","expiresOn":"2026-07-01T00:00:00Z",
        "earnType":"EARN","earnedBadgeExpiry":{"expiryType":"NEVER"},
        "ownership":{"restrictedToOwners":["Loyalty"]}}"#;
    twice(&app, "create", || json(Method::POST, "badgeMeta", created)).await;
    let owner = r#"{"ownerType":"Milestones","referenceId":"9"}"#;
    let at = |action: &str| format!("badgeMeta/{BADGE}/{action}");
    twice(&app, "claim", || json(Method::POST, &at("claim"), owner)).await;
    twice(&app, "unclaim", || {
        json(Method::POST, &at("unclaim"), owner)
    })
    .await;
    twice(&app, "deactivate", || {
        json(Method::PUT, &at("deactivate"), "")
    })
    .await;
    twice(&app, "activate", || json(Method::PUT, &at("activate"), "")).await;
    let earned = app.direct_badge("Direct", "").await;
    let earn = format!(r#"{{"badgeMetaId":"{earned}","customerId":1,"requestId":"1"}}"#);
    let id = app.post("customer/earn", &earn).await.json()["data"]["earnedBadgeId"].clone();
    let revoked = format!(r#"{{"badgeMetaId":"{earned}","customerId":1,"earnedBadgeId":{id}}}"#);
    let enrolments = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1]}}"#);
    for (method, path, body) in [
        (Method::POST, "customer/revokeEarn", revoked.as_str()),
        (Method::POST, "badgeMeta/customer/revokeIssue", &enrolments),
        (Method::POST, "group", r#"{"name":"Metals","rank":1}"#),
        (
            Method::POST,
            "customField",
            r#"{"name":"Tier","dataType":"STRING"}"#,
        ),
        (
            Method::PUT,
            "customers/1",
            r#"{"email":"anna@example.org"}"#,
        ),
        (
            Method::POST,
            "customers/bulk",
            r#"{"customers":[{"customerId":1,"mobile":"1"}]}"#,
        ),
    ] {
        twice(&app, path, || json(method.clone(), path, body)).await;
    }
}

#[actix_web::test]
async fn what_an_earlier_release_kept_of_a_created_badge_is_answered_again_with_its_status() {
    let app = TestApp::new();
    let created = || {
        json(
            Method::POST,
            "badgeMeta",
            &direct_badge("Silver", "").replace("2026-01-01", "2026-06-01"),
        )
    };
    let now = send(&app, "now", created()).await;
    let (org, actor) = (100_458.try_into().unwrap(), 1.try_into().unwrap());
    let key = |text: &str| IdempotencyKey::try_from(text.to_owned()).unwrap();
    let kept = &app.ports.stores.idempotency;
    let found = kept.find(org, actor, &key("now"), at(NOW)).unwrap();
    let record = found.unwrap();
    let Answer::BadgeCreated(badge) = record.answer else {
        panic!("{:?}", record.answer);
    };
    // The document does not have it: no release answers so any more of its own accord.
    let context = render::Context {
        zone: &Zone::utc(),
        warnings: &[],
    };
    let before = render::answer(&Answer::Badge(badge), true, context).unwrap();
    assert_eq!((now.status, before.created), (201, false));
    assert_eq!(now.body.as_bytes(), before.body);
}

#[actix_web::test]
async fn an_earn_is_answered_again_also_when_its_place_was_the_last() {
    let app = TestApp::new();
    let limit = r#","customerConstraints":[{"constraintType":"CUSTOMER_BADGE_FIXED_VALUE","maxEarnLimit":1}]"#;
    let badge = app.direct_badge("Once", limit).await;
    let one = format!(r#"{{"badgeMetaId":"{badge}","customerId":1,"requestId":"1"}}"#);
    twice(&app, "one", || json(Method::POST, "customer/earn", &one)).await;
    let many = format!(r#"{{"badgeMetaId":"{badge}","customerIds":[1,2],"requestId":"2"}}"#);
    twice(&app, "many", || {
        json(Method::POST, "customer/earnBulk", &many)
    })
    .await;
    let refused = one.replace(r#""1"}"#, r#""3"}"#);
    for _ in 0..2 {
        let reply = send(&app, "no", json(Method::POST, "customer/earn", &refused)).await;
        assert_eq!(reply.failure(), (400, vec![(817, None)]));
    }
    let mended = refused.replace(r#""customerId":1"#, r#""customerId":3"#);
    send(&app, "no", json(Method::POST, "customer/earn", &mended))
        .await
        .ok();
    let other = many.replace("[1,2]", "[9]");
    let reply = send(
        &app,
        "many",
        json(Method::POST, "customer/earnBulk", &other),
    )
    .await;
    assert_eq!(reply.failure().1[0].0, 1910);
}

#[actix_web::test]
async fn an_earn_of_a_customer_whose_identifier_is_gone_is_answered_again() {
    let app = TestApp::new();
    app.register().await;
    let badge = app.direct_badge("Direct", "").await;
    let body =
        format!(r#"{{"badgeMetaId":"{badge}","customerId":"anna@example.org","requestId":"1"}}"#);
    let request =
        || json(Method::POST, "customer/earn", &body).insert_header((IDENTIFIER, "email"));
    let first = send(&app, "k-1", request()).await;
    let moved = r#"{"customers":[{"customerId":1,"email":"anna@example.com"}]}"#;
    app.post("customers/bulk", moved).await.ok();
    let second = send(&app, "k-1", request()).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.ok(), second.ok());
    let reply = send(&app, "k-2", request()).await;
    assert_eq!(reply.failure(), (404, vec![code_at(1026, "customerId")]));
}

#[actix_web::test]
async fn a_bare_and_a_quoted_key_are_one_key() {
    let app = TestApp::new();
    let first = enrol(&app, "k-1", "[1]").await;
    let second = enrol(&app, "\"k-1\"", "[1]").await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.body, second.body);
}

#[actix_web::test]
async fn a_key_does_not_stand_for_another_request() {
    let app = TestApp::new();
    enrol(&app, "k-1", "[1]").await.ok();
    for request in [
        json(Method::POST, ISSUE, &body("[2]")),
        json(Method::POST, &format!("{ISSUE}?x=1"), &body("[1]")),
        json(Method::POST, "badgeMeta", &body("[1]")),
        json(Method::POST, ISSUE, "no JSON"),
    ] {
        assert_eq!(
            send(&app, "k-1", request).await.failure(),
            (422, vec![(1910, None)])
        );
    }
}

#[actix_web::test]
async fn a_key_is_one_clients() {
    let app = TestApp::new();
    enrol(&app, "k-1", "[1]").await.ok();
    let other = app.client(&[accolade_application::access::AccessGroup::BadgesIssue]);
    let request = json(Method::POST, ISSUE, &body("[2]")).insert_header(("Idempotency-Key", "k-1"));
    let reply = app.send_as(&other, request).await;
    assert_eq!(reply.header("idempotency-replayed"), None);
    reply.ok();
}

#[actix_web::test]
async fn a_failed_request_can_be_mended_and_sent_again_under_its_key() {
    let app = TestApp::new();
    assert_eq!(enrol(&app, "k-1", "[0]").await.status, 400);
    let reply = enrol(&app, "k-1", "[1]").await;
    assert_eq!(reply.header("idempotency-replayed"), None);
    reply.ok();
}

#[actix_web::test]
async fn a_key_is_forgotten_after_three_days() {
    let app = TestApp::new();
    enrol(&app, "k-1", "[1]").await.ok();
    app.clock.advance(Duration::hours(72));
    let reply = enrol(&app, "k-1", "[1]").await;
    assert_eq!(reply.header("idempotency-replayed"), None);
    assert!(reply.ok().contains("1040"));
}

#[actix_web::test]
async fn a_malformed_key_is_refused_before_the_body_is_read() {
    let app = TestApp::new();
    let request = json(Method::POST, ISSUE, "no JSON");
    assert_eq!(
        send(&app, "\"open", request).await.failure(),
        (400, vec![code_at(400, "Idempotency-Key")])
    );
}

#[actix_web::test]
async fn while_the_first_request_runs_its_key_is_busy() {
    let mut gatekeeper = None;
    let app = TestApp::on(|ports| gatekeeper = Some(gate(ports)), |_| ());
    let Gatekeeper { mut arrived, pass } = gatekeeper.unwrap();
    let second = async {
        arrived.recv().await.unwrap();
        let reply = enrol(&app, "k-1", "[1]").await;
        let dry = format!("{ISSUE}?dryRun=true");
        send(&app, "k-1", json(Method::POST, &dry, &body("[1]")))
            .await
            .ok();
        // The third one too, which the store refuses.
        pass.send(()).unwrap();
        pass.send(()).unwrap();
        reply
    };
    let (first, second) = tokio::join!(enrol(&app, "k-1", "[1]"), second);
    assert_eq!(
        second.failure(),
        (409, vec![code_at(1911, "Idempotency-Key")])
    );
    assert!(second.header("retry-after").is_some());
    let third = enrol(&app, "k-1", "[1]").await;
    assert_eq!(third.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.ok(), third.body);
}

#[actix_web::test]
async fn a_key_is_free_again_after_a_panic() {
    let mut gatekeeper = None;
    let app = TestApp::on(|ports| gatekeeper = Some(gate(ports)), |_| ());
    // A gate without its keeper panics.
    drop(gatekeeper);
    let many: Vec<_> = (1..=101).collect();
    for customers in ["[1]", &format!("{many:?}")] {
        for _ in 0..2 {
            let reply = enrol(&app, "k-1", customers).await;
            assert_eq!(reply.failure(), (500, vec![(999_999, None)]));
        }
    }
}
