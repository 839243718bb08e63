//! Updating badges.

use actix_web::http::Method;
use insta::assert_snapshot;
use time::Duration;

use crate::support::{BADGE, TestApp, code_at, direct_badge, json};

/// A definition that changes nothing that may not change once the badge is live.
const GOLD: &str = r#"{"name":"Gold","startOn":"2024-01-01T00:00:00Z","expiresOn":"2030-01-01T00:00:00Z",
    "earnType":"ISSUE_EARN","issuedBadgeExpiry":{"expiryType":"NEVER"},
    "earnedBadgeExpiry":{"expiryType":"NEVER"},"ownership":{"restrictedToOwners":["Loyalty"]}}"#;

fn path() -> String {
    format!("badgeMeta/{BADGE}")
}

fn upcoming(name: &str, besides: &str) -> String {
    direct_badge(name, besides).replace("2026-01-01", "2026-06-01")
}

async fn created(app: &TestApp, body: &str) -> String {
    let reply = app.post("badgeMeta", body).await;
    reply.ok();
    reply.json()["data"]["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn an_update_replaces_the_definition_and_keeps_claims_and_activity() {
    let app = TestApp::new();
    app.put(&format!("{}/deactivate", path())).await.ok();
    app.clock.advance(Duration::HOUR);
    let reply = app.put_json(&path(), GOLD).await;
    assert_snapshot!("updated", reply.ok());
    assert_eq!(app.get(&path()).await.ok(), reply.body);
    let named = GOLD.replacen('{', &format!(r#"{{"id":"{BADGE}","isActive":true,"#), 1);
    let reply = app.put_json("badgeMeta", &named).await;
    assert_eq!(reply.json()["data"]["active"], true);
}

#[actix_web::test]
async fn an_update_is_made_only_of_what_was_read() {
    let app = TestApp::new();
    let read = app.get(&path()).await;
    let tag = read.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.len() == 34, "{tag}");
    let update = |if_match: &str, name: &str| {
        let body = GOLD.replace("Gold", name);
        json(Method::PUT, &path(), &body).insert_header(("If-Match", if_match.to_owned()))
    };
    let first = app.send(update(&tag, "Silver")).await;
    first.ok();
    assert_ne!(first.header("etag"), Some(tag.as_str()));
    assert_eq!(
        app.send(update(&tag, "Bronze")).await.failure(),
        (412, vec![(1944, None)])
    );
    let weak = format!("W/{}", first.header("etag").unwrap());
    assert_eq!(app.send(update(&weak, "Bronze")).await.status, 412);
    let list = format!("\"x\", {}", first.header("etag").unwrap());
    app.send(update(&list, "Bronze")).await.ok();
    app.send(update("*", "Gold")).await.ok();
    assert_eq!(
        app.send(update("nonsense", "Gold")).await.failure(),
        (400, vec![code_at(400, "If-Match")])
    );
    let owner = r#"{"ownerType":"Loyalty","referenceId":"9"}"#;
    let before = app.get(&path()).await;
    app.post(&format!("{}/claim", path()), owner).await.ok();
    let after = app.get(&path()).await;
    assert_eq!(before.header("etag"), after.header("etag"));
}

#[actix_web::test]
async fn an_update_is_answered_again_with_its_tag() {
    let app = TestApp::new();
    let send = || json(Method::PUT, &path(), GOLD).insert_header(("Idempotency-Key", "k"));
    let first = app.send(send()).await;
    let second = app.send(send()).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.ok(), second.ok());
    assert_eq!(first.header("etag"), second.header("etag"));
}

#[actix_web::test]
async fn what_stays_once_a_badge_is_live_has_its_codes() {
    let app = TestApp::new();
    let body = GOLD
        .replace("2024-01-01", "2026-06-01")
        .replace("ISSUE_EARN", "EARN")
        .replace("Loyalty", "Milestones");
    assert_eq!(
        app.put_json(&path(), &body).await.failure(),
        (
            400,
            vec![
                code_at(729, "ownership.restrictedToOwners"),
                code_at(723, "startOn"),
                code_at(1904, "earnType"),
            ]
        )
    );
    let windows = r#","badgeConstraints":[{"constraintType":"BADGE_FIXED_WINDOW","durationType":"MONTHS","maxEarnLimit":1}]"#;
    let badge = app.direct_badge("Windows", windows).await;
    let value = r#","badgeConstraints":[{"constraintType":"BADGE_FIXED_VALUE","maxEarnLimit":1}]"#;
    let reply = app
        .put_json(
            &format!("badgeMeta/{badge}"),
            &direct_badge("Windows", value),
        )
        .await;
    assert_eq!(
        reply.failure(),
        (400, vec![code_at(826, "badgeConstraints")])
    );
}

#[actix_web::test]
async fn a_changed_cycle_begins_when_the_running_window_ends() {
    let app = TestApp::new();
    let windows = |unit: &str, besides: &str| {
        format!(
            r#","badgeConstraints":[{{"constraintType":"BADGE_FIXED_WINDOW","durationType":"{unit}","maxEarnLimit":1{besides}}}]"#
        )
    };
    let badge = app.direct_badge("Windows", &windows("MONTHS", "")).await;
    let path = format!("badgeMeta/{badge}");
    let running = app.get(&path).await;
    assert_snapshot!("running", running.ok());
    let before = running.json()["data"]["badgeConstraints"].clone();
    let echo = app.get(&path).await.json()["data"]
        .to_string()
        .replace(r#""maxEarnLimit":1"#, r#""maxEarnLimit":5"#);
    let reply = app.put_json(&path, &echo).await;
    reply.ok();
    let same = &reply.json()["data"]["badgeConstraints"][0];
    assert_eq!(same["referenceId"], before[0]["referenceId"]);
    assert_eq!(same["maxEarnLimit"], 5);
    let reference = format!(r#","referenceId":{}"#, before[0]["referenceId"]);
    let body = direct_badge("Windows", &windows("WEEKS", &reference));
    let reply = app.put_json(&path, &body).await;
    reply.ok();
    assert_snapshot!("changed", reply.ok());
    app.clock.advance(Duration::days(40));
    let later = app.get(&path).await.json()["data"]["badgeConstraints"].clone();
    let states: Vec<_> = later
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["cycleStatus"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["EXPIRED", "ACTIVE"]);
}

#[actix_web::test]
async fn everything_may_change_of_a_badge_that_has_not_begun() {
    let app = TestApp::new();
    let badge = created(&app, &upcoming("Soon", "")).await;
    let body = upcoming("Later", r#","badgeRank":4"#)
        .replace("2026-06-01", "2026-07-01")
        .replace(
            r#""earnType":"EARN""#,
            r#""earnType":"ISSUE_EARN","issuedBadgeExpiry":{"expiryType":"NEVER"}"#,
        );
    let reply = app.put_json(&format!("badgeMeta/{badge}"), &body).await;
    reply.ok();
    let data = &reply.json()["data"];
    assert_eq!(
        (&data["name"], &data["badgeRank"]),
        (&"Later".into(), &4.into())
    );
    let past = body.replace("2026-07-01", "2026-02-01");
    let path = format!("badgeMeta/{badge}");
    assert_eq!(
        app.put_json(&path, &past).await.failure(),
        (400, vec![code_at(722, "startOn")])
    );
    let migrating =
        json(Method::PUT, &path, &past).insert_header(("X-CAP-BADGES-MIGRATION", "migration"));
    app.send(migrating).await.ok();
}

#[actix_web::test]
async fn an_update_that_cannot_be_made_says_why() {
    let app = TestApp::new();
    created(&app, &upcoming("Taken", "")).await;
    let taken = GOLD.replace("Gold", "Taken");
    assert_eq!(
        app.put_json(&path(), &taken).await.failure(),
        (400, vec![code_at(725, "name")])
    );
    assert_eq!(
        app.put_json("badgeMeta", GOLD).await.failure(),
        (400, vec![code_at(400, "id")])
    );
    let other = GOLD.replacen('{', r#"{"id":"66276dc68fe258516a880000","#, 1);
    assert_eq!(
        app.put_json(&path(), &other).await.failure(),
        (400, vec![code_at(400, "id")])
    );
    for id in ["66276dc68fe258516a880000", "8"] {
        let reply = app.put_json(&format!("badgeMeta/{id}"), GOLD).await;
        assert_eq!(reply.failure(), (404, vec![(404, None)]), "{id}");
    }
    assert_eq!(
        app.put_json("badgeMeta", &other).await.failure(),
        (404, vec![(404, None)])
    );
}
