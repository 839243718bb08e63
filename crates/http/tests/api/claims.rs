//! Claiming, unclaiming, activating and deactivating badges.

use actix_web::test::TestRequest;

use crate::support::{BADGE, TestApp, code_at};

const OWNER: &str = r#"{"ownerType":"milestones","referenceId":77}"#;

#[actix_web::test]
async fn a_claim_is_answered_to_the_byte_however_often_it_is_made() {
    let app = TestApp::new();
    let already = r#"{"code":900,"message":"The badge is claimed by this owner and reference already. Nothing has changed.","reference":null}"#;
    for warnings in ["", already, already] {
        let reply = app.post(&format!("badgeMeta/{BADGE}/claim"), OWNER).await;
        assert_eq!(
            reply.ok(),
            format!(
                r#"{{"data":{{"badgeMetaId":"66276dc68fe258516a88ff8e","ownerType":"Milestones","referenceId":"77","isActive":true}},"errors":null,"warnings":[{warnings}]}}"#
            )
        );
    }
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await;
    assert!(
        badge.ok().contains(
            r#""claims":[{"ownerType":"Loyalty","referenceId":"123694","isActive":true},{"ownerType":"Milestones","referenceId":"77","isActive":true}]"#
        ),
        "{}",
        badge.body
    );
}

#[actix_web::test]
async fn a_claim_is_taken_back_once() {
    let app = TestApp::new();
    let path = format!("badgeMeta/{BADGE}/unclaim");
    let owner = r#"{"ownerType":"Loyalty","referenceId":"123694"}"#;
    assert_eq!(
        app.post(&path, owner).await.ok(),
        r#"{"data":{"ownerType":"Loyalty","referenceId":"123694","isActive":false},"errors":null,"warnings":[]}"#
    );
    assert_eq!(
        app.post(&path, owner).await.failure(),
        (400, vec![(737, None)])
    );
}

#[actix_web::test]
async fn who_may_not_claim_is_told_why() {
    let app = TestApp::new();
    let path = format!("badgeMeta/{BADGE}/claim");
    let journeys = r#"{"ownerType":"Journeys","referenceId":"1"}"#;
    assert_eq!(
        app.post(&path, journeys).await.failure(),
        (400, vec![code_at(714, "ownerType")])
    );
    assert_eq!(
        app.post(&path, "{}").await.failure(),
        (
            400,
            vec![code_at(716, "ownerType"), code_at(717, "referenceId")]
        )
    );
    app.put(&format!("badgeMeta/{BADGE}/deactivate")).await.ok();
    assert_eq!(
        app.post(&path, OWNER).await.failure(),
        (400, vec![(1901, None)])
    );
}

#[actix_web::test]
async fn the_shape_of_the_body_comes_before_the_badge() {
    let app = TestApp::new();
    assert_eq!(
        app.post("badgeMeta/8/claim", OWNER).await.failure(),
        (404, vec![(404, None)])
    );
    assert_eq!(
        app.post("badgeMeta/8/claim", "{").await.failure(),
        (400, vec![(400, None)])
    );
}

#[actix_web::test]
async fn a_badge_is_turned_off_and_on_under_either_spelling() {
    let app = TestApp::new();
    let turned = |on: bool| {
        format!(r#"{{"data":{{"id":"{BADGE}","isActive":{on}}},"errors":[],"warnings":[]}}"#)
    };
    for (action, on) in [
        ("deactivate", false),
        ("Deactivate", false),
        ("activate", true),
        ("Activate", true),
    ] {
        let reply = app.put(&format!("badgeMeta/{BADGE}/{action}")).await;
        assert_eq!(reply.ok(), turned(on), "{action}");
    }
    let metrics = app.send_bare(TestRequest::get().uri("/metrics")).await;
    let line = r#"accolade_http_requests_total{method="PUT",route="/api_gateway/v1/badges/badgeMeta/{id}/activate",status="200"} 2"#;
    assert!(metrics.body.contains(line), "{}", metrics.body);
    assert_eq!(
        app.put("badgeMeta/8/activate").await.failure(),
        (404, vec![(404, None)])
    );
}

#[actix_web::test]
async fn nothing_is_enrolled_for_a_badge_that_is_off() {
    let app = TestApp::new();
    app.put(&format!("badgeMeta/{BADGE}/deactivate")).await.ok();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1]}}"#);
    assert_eq!(
        app.enrol(&body).await.failure(),
        (400, vec![code_at(1901, "badgeMetaId")])
    );
}
