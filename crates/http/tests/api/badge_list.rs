//! Listing badges.

use insta::assert_snapshot;

use crate::support::{TestApp, code_at};

async fn with_badges(names: &[&str]) -> TestApp {
    let app = TestApp::new();
    for name in names {
        let body = format!(
            r#"{{"name":"{name}","startOn":1780272000,"expiresOn":1811808000,"earnType":"EARN",
               "earnedBadgeExpiry":{{"expiryType":"NEVER"}},
               "benefits":[{{"benefitType":"COUPON","seriesId":1}}],
               "ownership":{{"restrictedToOwners":["Journeys"]}}}}"#
        );
        app.post("badgeMeta", &body).await.ok();
    }
    app
}

async fn names(app: &TestApp, query: &str) -> Vec<String> {
    let reply = app.get(&format!("badgeMeta?{query}")).await;
    reply.ok();
    let json = reply.json();
    json["data"]["metaBasicDetails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|badge| badge["name"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn a_page_is_answered_to_the_byte() {
    let app = with_badges(&["Silver"]).await;
    assert_snapshot!("page", app.get("badgeMeta").await.ok());
}

#[actix_web::test]
async fn filters_and_sorting_are_passed_on() {
    let app = with_badges(&["Silver", "Bronze 50%"]).await;
    assert_eq!(
        names(&app, "sortOn=NAME&order=ASC").await,
        ["Bronze 50%", "Gold", "Silver"]
    );
    assert_eq!(names(&app, "status=LIVE").await, ["Gold"]);
    assert_eq!(
        names(&app, "earnType=EARN&name=50%25").await,
        ["Bronze 50%"]
    );
    assert_eq!(names(&app, "claimedBy=Loyalty").await, ["Gold"]);
    assert_eq!(
        names(&app, "owner=Journeys&unclaimed=true&order=asc")
            .await
            .len(),
        2
    );
    assert_eq!(names(&app, "action=DE_ACTIVATED").await, [""; 0]);
    assert_eq!(
        names(
            &app,
            "startOn=2026-06-01T00:00:00Z&size=1&page=1&sortOn=NAME"
        )
        .await,
        ["Bronze 50%"]
    );
}

#[actix_web::test]
async fn the_page_is_counted_with_what_it_asks_for() {
    let app = with_badges(&["Silver", "Bronze"]).await;
    let json = app.get("badgeMeta?limit=2&page=5").await.json();
    assert_eq!(
        json["data"]["metaBasicDetails"].as_array().map(Vec::len),
        Some(0)
    );
    assert_eq!(
        json["data"]["pagination"].to_string(),
        r#"{"page":5,"size":2,"total":3,"totalPages":2}"#
    );
}

#[actix_web::test]
async fn every_parameter_that_is_wrong_is_named() {
    let app = TestApp::new();
    let reply = app
        .get("badgeMeta?status=LIVE,GONE&size=0&page=-1&owner=Nobody&startOn=soon&unclaimed=2&order=up")
        .await;
    assert_eq!(
        reply.failure(),
        (
            400,
            vec![
                code_at(400, "status"),
                code_at(400, "owner"),
                code_at(400, "unclaimed"),
                code_at(400, "startOn"),
                code_at(400, "order"),
                code_at(400, "page"),
                code_at(400, "size"),
            ]
        )
    );
    let reply = app.get("badgeMeta?stauts=LIVE").await;
    assert_eq!(reply.warnings(), [code_at(1990, "stauts")]);
}
