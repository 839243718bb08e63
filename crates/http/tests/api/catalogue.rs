//! Groups and custom fields, and the badges that have them.

use actix_web::test::TestRequest;
use insta::assert_snapshot;
use time::Duration;

use accolade_application::access::AccessGroup;

use crate::support::{BADGE, PREFIX, TestApp, code_at, direct_badge};

/// Creates at `path`; gives the id.
async fn create(app: &TestApp, path: &str, body: &str) -> String {
    let reply = app.post(path, body).await;
    reply.ok();
    reply.json()["data"]["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_group_is_created_changed_looked_up_and_removed() {
    let app = TestApp::new();
    let created = app
        .post("group", r#"{"name":"GROUP_RANK_2","rank":2}"#)
        .await;
    assert_snapshot!("group", created.ok());
    let id = created.json()["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("group/{id}");
    assert_eq!(app.get(&path).await.ok(), created.body);
    app.clock.advance(Duration::HOUR);
    assert_snapshot!(
        "group_changed",
        app.put_json(&path, r#"{"name":"GROUP_RANK_58"}"#)
            .await
            .ok()
    );
    assert_snapshot!("groups", app.get("group?size=5").await.ok());
    let uri = format!("{PREFIX}/{path}");
    let removed = app.send(TestRequest::delete().uri(&uri)).await;
    assert!(
        removed.ok().contains(r#""isActive":false"#),
        "{}",
        removed.body
    );
    let again = app.send(TestRequest::delete().uri(&uri)).await;
    assert_eq!(again.failure(), (404, vec![(404, None)]));
    assert_eq!(app.get(&path).await.failure(), (404, vec![(404, None)]));
    assert_eq!(app.get("group/8").await.failure(), (404, vec![(404, None)]));
}

#[actix_web::test]
async fn what_is_wrong_with_a_group_has_its_code() {
    let app = TestApp::new();
    let id = create(&app, "group", r#"{"name":"A","rank":1}"#).await;
    create(&app, "group", r#"{"name":"B","rank":1}"#).await;
    assert_eq!(
        app.post("group", "{}").await.failure(),
        (400, vec![code_at(400, "name"), code_at(732, "rank")])
    );
    assert_eq!(
        app.post("group", r#"{"name":"A","rank":3}"#)
            .await
            .failure(),
        (400, vec![code_at(733, "name")])
    );
    let reply = app
        .put_json(&format!("group/{id}"), r#"{"name":"B"}"#)
        .await;
    assert_eq!(reply.failure(), (400, vec![code_at(733, "name")]));
    let reply = app
        .put_json(&format!("group/{id}"), r#"{"rank":0,"id":"x"}"#)
        .await;
    assert_eq!(reply.failure(), (400, vec![code_at(400, "rank")]));
    let echo = app.get(&format!("group/{id}")).await.json()["data"].to_string();
    let reply = app.put_json(&format!("group/{id}"), &echo).await;
    assert!(reply.warnings().iter().all(|(code, _)| *code == 1993));
}

#[actix_web::test]
async fn a_badge_shows_its_group_until_the_group_is_removed() {
    let app = TestApp::new();
    let group = create(&app, "group", r#"{"name":"2024 Badges","rank":1}"#).await;
    let besides = format!(r#","badgeGroupId":"{group}","badgeRank":2"#);
    let badge = app.direct_badge("Grouped", &besides).await;
    let path = format!("badgeMeta/{badge}");
    assert_eq!(
        app.get(&path).await.json()["data"]["badgeGroupId"],
        group.as_str()
    );
    let listed = app.get(&format!("badgeMeta?groupId={group}")).await.json();
    assert_eq!(listed["data"]["pagination"]["total"], 1);
    let listed = &listed["data"]["metaBasicDetails"][0];
    assert_eq!(listed["badgeGroupName"], "2024 Badges");
    let uri = format!("{PREFIX}/group/{group}");
    app.send(TestRequest::delete().uri(&uri)).await.ok();
    let data = app.get(&path).await.json()["data"].clone();
    assert!(data["badgeGroupId"].is_null());
    assert_eq!(data["badgeRank"], 2);
    let reply = app.get(&format!("badgeMeta?groupId={group}")).await;
    assert_eq!(
        reply.ok(),
        r#"{"data":{"metaBasicDetails":[],"pagination":{"page":0,"size":10,"total":0,"totalPages":0}},"errors":[],"warnings":[]}"#
    );
    let reply = app.post("badgeMeta", &direct_badge("Late", &besides)).await;
    assert!(reply.failure().1.contains(&code_at(404, "badgeGroupId")));
}

#[actix_web::test]
async fn a_custom_field_is_created_changed_looked_up_and_disabled() {
    let app = TestApp::new();
    let body = r#"{"name":"CF15 date","isMandatory":false,"defaultValue":"","dataType":"STRING"}"#;
    let created = app.post("customField", body).await;
    assert_snapshot!("field", created.ok());
    let id = created.json()["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("customField/{id}");
    assert_eq!(app.get(&path).await.ok(), created.body);
    app.clock.advance(Duration::HOUR);
    let change = r#"{"name":"CF31 date","isMandatory":false,"defaultValue":"cgvhjb","isActive":true,"dataType":"STRING"}"#;
    assert_snapshot!("field_changed", app.put_json(&path, change).await.ok());
    create(
        &app,
        "customField",
        r#"{"name":"CF2","dataType":"INTEGER","isMandatory":true,"defaultValue":1}"#,
    )
    .await;
    assert_snapshot!(
        "fields",
        app.get("customField?order=ASC&isActive=true&sortOn=LAST_UPDATED_DATE")
            .await
            .ok()
    );
    let disabled = app.put_json(&path, r#"{"isActive":false}"#).await;
    assert!(disabled.ok().contains(r#""isActive":false"#));
    let reply = app.put_json(&path, r#"{"isActive":true}"#).await;
    assert_eq!(reply.failure(), (400, vec![(744, None)]));
    let listed = app.get("customField?isActive=false").await.json();
    assert_eq!(listed["data"]["pagination"]["total"], 1);
}

#[actix_web::test]
async fn what_is_wrong_with_a_custom_field_has_its_code() {
    let app = TestApp::new();
    let id = create(&app, "customField", r#"{"name":"A","dataType":"INTEGER"}"#).await;
    for (body, code, field) in [
        (r#"{"name":"A","dataType":"STRING"}"#, 741, "name"),
        (
            r#"{"name":"B","dataType":"DATE","isMandatory":true}"#,
            742,
            "defaultValue",
        ),
        (
            r#"{"name":"B","dataType":"DATE","defaultValue":"soon"}"#,
            745,
            "defaultValue",
        ),
        (r#"{"name":"B","dataType":"MONEY"}"#, 400, "dataType"),
        (r#"{"name":"B"}"#, 400, "dataType"),
    ] {
        let reply = app.post("customField", body).await;
        assert_eq!(reply.failure(), (400, vec![code_at(code, field)]), "{body}");
    }
    let path = format!("customField/{id}");
    let reply = app.put_json(&path, r#"{"dataType":"STRING"}"#).await;
    assert_eq!(reply.failure(), (400, vec![code_at(743, "dataType")]));
    assert_eq!(
        app.get("customField/8").await.failure(),
        (404, vec![(404, None)])
    );
    let reply = app.get("customField?sortOn=NAME&order=up").await;
    assert_eq!(
        reply.failure(),
        (400, vec![code_at(400, "sortOn"), code_at(400, "order")])
    );
}

#[actix_web::test]
async fn a_badge_has_values_of_custom_fields_and_gets_defaults() {
    let app = TestApp::new();
    create(
        &app,
        "customField",
        r#"{"name":"Priority","dataType":"INTEGER","isMandatory":true,"defaultValue":"1"}"#,
    )
    .await;
    create(
        &app,
        "customField",
        r#"{"name":"2024","dataType":"BOOLEAN"}"#,
    )
    .await;
    let badge = app
        .direct_badge("Fields", r#","customFields":{"2024":true}"#)
        .await;
    let data = app.get(&format!("badgeMeta/{badge}")).await.json()["data"].clone();
    assert_eq!(
        data["customFields"].to_string(),
        r#"{"2024":"true","Priority":"1"}"#
    );
    let besides = r#","customFields":{"2024":"maybe","Nobody":1}"#;
    let reply = app.post("badgeMeta", &direct_badge("Wrong", besides)).await;
    let (_, codes) = reply.failure();
    assert!(
        codes.contains(&code_at(745, "customFields.2024")),
        "{}",
        reply.body
    );
    assert!(
        codes.contains(&code_at(746, "customFields.Nobody")),
        "{}",
        reply.body
    );
}

#[actix_web::test]
async fn the_catalogue_is_for_those_who_may_write_definitions() {
    let app = TestApp::new();
    let reader = app.client(&[AccessGroup::BadgesRead, AccessGroup::BadgesIssue]);
    for path in ["group", "customField"] {
        let uri = format!("{PREFIX}/{path}");
        let reply = app.send_as(&reader, TestRequest::get().uri(&uri)).await;
        assert_eq!(reply.failure().1[0].0, 1931, "{path}");
    }
    let uri = format!("{PREFIX}/management/1/badge/{BADGE}");
    app.send_as(&reader, TestRequest::get().uri(&uri))
        .await
        .ok();
}
