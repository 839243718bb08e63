//! What a client may ask for a minute, if that is bounded, and until when.

use std::num::NonZeroU32;

use accolade_application::access::{AccessGroup, NewCredentials, set_bounds};
use accolade_application::ports::BoundsChange;
use accolade_domain::instant::Instant;
use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::{BADGE, ISSUE, NOW, PREFIX, Reply, TestApp, at, json};

/// A client that may have so many requests and customers a minute.
fn bounded(app: &TestApp, requests: u32, customers: u32) -> NewCredentials {
    let client = app.client(&[AccessGroup::BadgesRead, AccessGroup::BadgesIssue]);
    let change = BoundsChange {
        requests_per_minute: Some(NonZeroU32::new(requests)),
        customers_per_minute: Some(NonZeroU32::new(customers)),
        ends_on: None,
    };
    set_bounds(&app.ports, &client.key, &change).unwrap();
    client
}

async fn look_up(app: &TestApp, client: &NewCredentials) -> Reply {
    let request = TestRequest::get().uri(&format!("{PREFIX}/badgeMeta/{BADGE}"));
    app.send_as(client, request).await
}

async fn enrol(app: &TestApp, client: &NewCredentials, customers: std::ops::Range<u32>) -> Reply {
    let customers: Vec<_> = customers.collect();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":{customers:?}}}"#);
    app.send_as(client, json(Method::POST, ISSUE, &body)).await
}

fn told(reply: &Reply) -> [Option<&str>; 3] {
    ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| reply.header(name))
}

#[actix_web::test]
async fn a_client_with_bounds_is_told_what_is_left_and_then_to_wait() {
    let app = TestApp::new();
    let client = bounded(&app, 2, 0);
    let policy = Some(r#""requests";q=2;w=60"#);
    let first = look_up(&app, &client).await;
    assert_eq!(first.status, 200);
    assert_eq!(told(&first), [policy, Some(r#""requests";r=1;t=30"#), None]);
    let second = enrol(&app, &client, 1..2).await;
    assert_eq!(second.status, 200);
    assert_eq!(told(&second)[1], Some(r#""requests";r=0;t=60"#));
    let third = enrol(&app, &client, 2..3).await;
    assert_eq!(third.failure(), (429, vec![(1932, None)]));
    let [_, left, wait] = told(&third);
    assert_eq!(left, Some(r#""requests";r=0;t=60"#));
    assert!((1..=30).contains(&wait.unwrap().parse::<u32>().unwrap()));
    // It is this client's alone.
    assert_eq!(look_up(&app, &bounded(&app, 2, 0)).await.status, 200);
    assert_eq!(app.get(&format!("badgeMeta/{BADGE}")).await.status, 200);
}

#[actix_web::test]
async fn customers_of_requests_that_change_something_are_counted_and_nothing_is_recorded_beyond() {
    let app = TestApp::new();
    let client = bounded(&app, 0, 100);
    assert_eq!(enrol(&app, &client, 1..61).await.status, 200);
    let refused = enrol(&app, &client, 61..121).await;
    assert_eq!(refused.failure(), (429, vec![(1932, None)]));
    assert_eq!(told(&refused)[0], Some(r#""customers";q=100;w=60"#));
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await.json();
    assert_eq!(badge["data"]["issuedCount"], 60);
    // Look-ups name nobody whom they change.
    assert_eq!(look_up(&app, &client).await.status, 200);
    assert_eq!(enrol(&app, &client, 61..91).await.status, 200);
    let never = enrol(&app, &client, 200..301).await;
    assert_eq!(never.failure(), (400, vec![(1905, None)]));
    assert!(
        never.body.contains("100 customers a minute"),
        "{}",
        never.body
    );
}

#[actix_web::test]
async fn who_has_no_bounds_is_told_of_none() {
    let reply = TestApp::new().get(&format!("badgeMeta/{BADGE}")).await;
    assert_eq!(told(&reply), [None; 3]);
}

fn ends(app: &TestApp, client: &NewCredentials, on: Instant) {
    let change = BoundsChange {
        ends_on: Some(Some(on)),
        ..BoundsChange::default()
    };
    set_bounds(&app.ports, &client.key, &change).unwrap();
}

#[actix_web::test]
async fn a_client_that_has_ended_is_refused_with_its_secret_and_with_its_token() {
    let app = TestApp::new();
    let client = app.client(&[AccessGroup::BadgesRead]);
    ends(&app, &client, at("2026-05-01T12:00:10Z"));
    let body = format!(
        r#"{{"key":"{}","secret":"{}"}}"#,
        client.key,
        client.secret.reveal()
    );
    let token = || json(Method::POST, "/v3/oauth/token/generate", &body);
    let given = app.send_bare(token()).await.json();
    let bearer = format!("Bearer {}", given["data"]["accessToken"].as_str().unwrap());
    let with_token = || {
        TestRequest::get()
            .uri(&format!("{PREFIX}/badgeMeta/{BADGE}"))
            .insert_header(("Authorization", bearer.as_str()))
    };
    assert_eq!(look_up(&app, &client).await.status, 200);
    assert_eq!(app.send_bare(with_token()).await.status, 200);
    app.clock.set(at("2026-05-01T12:00:10Z"));
    assert_eq!(look_up(&app, &client).await.failure().0, 401);
    assert_eq!(app.send_bare(with_token()).await.failure().0, 401);
    assert_eq!(app.send_bare(token()).await.status, 401);
}

#[actix_web::test]
async fn who_is_let_in_is_noted_and_who_is_not_is_not() {
    let app = TestApp::new();
    let [used, ended, unused] = [(); 3].map(|()| app.client(&[AccessGroup::BadgesRead]));
    ends(&app, &ended, at(NOW));
    assert_eq!(look_up(&app, &used).await.status, 200);
    assert_eq!(look_up(&app, &ended).await.status, 401);
    let wrong = NewCredentials {
        secret: used.secret.clone(),
        ..unused.clone()
    };
    assert_eq!(look_up(&app, &wrong).await.status, 401);
    let access = &app.ports.stores.access;
    assert_eq!(app.ports.uses.write(&**access, at(NOW)).unwrap(), 1);
    let last_use = |client: &NewCredentials| {
        let client = access.client(&client.key).unwrap();
        client.unwrap().last_used_on
    };
    assert_eq!(
        [&used, &ended, &unused].map(last_use),
        [Some(at(NOW)), None, None]
    );
}
