//! What a customer holds.

use insta::assert_snapshot;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{BADGE, TestApp, code_at};

const LIMITS: &str = r#","description":"Once a day","badgeRank":2,
    "customerConstraints":[
        {"constraintType":"CUSTOMER_BADGE_FIXED_WINDOW","durationType":"DAYS","refreshRate":1,"maxEarnLimit":1},
        {"constraintType":"CUSTOMER_BADGE_ROLLING_WINDOW","maxEarnForDays":5,"rollForDays":2,"maxEarnForMonths":9,"rollForMonths":1}],
    "badgeConstraints":[
        {"constraintType":"BADGE_FIXED_VALUE","maxEarnLimit":100},
        {"constraintType":"BADGE_ROLLING_WINDOW","rollType":"WEEKS","rollValue":1,"maxEarnLimit":50},
        {"constraintType":"BADGE_FIXED_WINDOW","durationType":"WEEKS","startDayOfTheWeek":"FRIDAY","maxEarnLimit":40}]"#;

/// Customer 7 is enrolled for the badge, has earned the direct one, and was refused it once.
async fn held() -> (TestApp, String) {
    let app = TestApp::new();
    let group = app
        .post("group", r#"{"name":"2024 Badges","rank":1}"#)
        .await
        .json()["data"]["id"]
        .clone();
    let besides = format!(r#","badgeGroupId":{group}{LIMITS}"#);
    let direct = app.direct_badge("Direct", &besides).await;
    let enrol = format!(
        r#"{{"badgeMetaId":"{BADGE}","customers":[7],"triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}}}}"#
    );
    app.enrol(&enrol).await.ok();
    app.clock.advance(Duration::MINUTE);
    for request_id in ["1", "2"] {
        let body = format!(
            r#"{{"badgeMetaId":"{direct}","customerId":7,"requestId":"{request_id}","earnEventDate":"2026-05-01T06:00:00Z"}}"#
        );
        app.post("customer/earn", &body).await;
        app.clock.advance(Duration::MINUTE);
    }
    (app, direct)
}

#[actix_web::test]
async fn a_customer_sees_its_badges_by_how_it_stands_to_them() {
    let (app, _) = held().await;
    assert_snapshot!(
        "available",
        app.get("customer/7?badgeType=AVAILABLE").await.ok()
    );
    assert_snapshot!(
        "earned",
        app.get("customer/7?badgeType=EARNED&sortOn=LAST_EARNED_ON_DATE")
            .await
            .ok()
    );
    let open = app.get("customer/8").await.json();
    assert_eq!(open["data"]["badges"][0]["badgeMetaId"], BADGE);
    let enrolled = app.get("customer/7").await.json();
    assert_eq!(enrolled["data"]["pagination"]["total"], 0);
    let expired = app
        .get("customer/7?badgeType=EXPIRED&includeExpired=true&limit=1&page=3")
        .await;
    assert_eq!(
        expired.ok(),
        r#"{"data":{"badges":[],"pagination":{"page":3,"size":1,"total":0,"totalPages":0}},"errors":[],"warnings":[]}"#
    );
}

#[actix_web::test]
async fn the_care_desk_sees_the_same_with_filters() {
    let (app, direct) = held().await;
    assert_snapshot!(
        "managed",
        app.get("management/7?badgeType=AVAILABLE&order=ASC")
            .await
            .ok()
    );
    let filtered = app
        .get("management/7?badgeType=AVAILABLE&name=DIR&badgeStatus=LIVE&action=ACTIVATED&owner=Loyalty\
              &startOn=2026-06-01T00:00:00Z&startOnOperator=LESS_THAN&sortOn=LAST_EARNED_EVENT_DATE")
        .await
        .json();
    assert_eq!(
        filtered["data"]["customerBadges"][0]["badgeMetaId"],
        direct.as_str()
    );
    assert_eq!(filtered["data"]["pagination"]["total"], 1);
}

#[actix_web::test]
async fn what_is_wrong_with_a_query_is_named() {
    let app = TestApp::new();
    let reply = app
        .get("customer/7?badgeType=GONE&groupId=8&sortOn=NAME&size=0&odd=1")
        .await;
    assert_eq!(
        reply.failure(),
        (
            400,
            vec![
                code_at(400, "badgeType"),
                code_at(400, "groupId"),
                code_at(400, "sortOn"),
                code_at(400, "size"),
            ]
        )
    );
    let reply = app
        .get("management/7?sortOn=RANK&expiresOnOperator=ABOUT&startOnOperator=LESS_THAN")
        .await;
    assert_eq!(
        reply.failure(),
        (
            400,
            vec![
                code_at(400, "startOnOperator"),
                code_at(400, "expiresOnOperator"),
                code_at(400, "sortOn"),
            ]
        )
    );
    let reply = app.get("customer/7?order=ASC").await;
    assert_eq!(reply.warnings(), [code_at(1990, "order")]);
}

#[actix_web::test]
async fn support_learns_why_she_did_not_get_it() {
    let (app, direct) = held().await;
    let path = format!("management/7/badge/{direct}");
    assert_snapshot!("details", app.get(&path).await.ok());
    assert_snapshot!(
        "statistics",
        app.get(&format!("{path}?includeStatistics=true"))
            .await
            .ok()
    );
}

#[actix_web::test]
async fn details_have_pages_and_count_all() {
    let (app, direct) = held().await;
    let path = format!("management/7/badge/{direct}?includeStatistics=true");
    let all = app.get(&path).await.json();
    let page = "earnsLimit=1&earnsPage=1&issualsLimit=1&issualsPage=9";
    let page = app.get(&format!("{path}&{page}")).await.json();
    assert_eq!(
        all["data"]["earnDetails"]["earns"][0]["issueId"],
        Value::Null
    );
    assert_eq!(
        page["data"]["earnDetails"],
        json!({"earnCount": 1, "earns": []})
    );
    assert_eq!(page["warnings"], json!([]));
    let reply = app.get(&format!("{path}&earnsLimit=1001")).await;
    assert_eq!(reply.failure().1[0].1.as_deref(), Some("earnsLimit"));
}

#[actix_web::test]
async fn an_enrolment_shows_who_triggered_it_and_that_it_was_revoked() {
    let (app, _) = held().await;
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[7]}}"#);
    app.post("badgeMeta/customer/revokeIssue", &body).await.ok();
    let path = format!("management/7/badge/{BADGE}?includeStatistics=true");
    assert_snapshot!("revoked", app.get(&path).await.ok());
}

#[actix_web::test]
async fn a_badge_that_there_is_not_is_not_found() {
    let app = TestApp::new();
    for id in ["66276dc68fe258516a880000", "8"] {
        let reply = app.get(&format!("management/7/badge/{id}")).await;
        assert_eq!(reply.failure(), (404, vec![(404, None)]), "{id}");
    }
}
