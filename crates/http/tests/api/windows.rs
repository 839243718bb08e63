//! The fixed windows of a badge.

use insta::assert_snapshot;

use crate::support::{TestApp, code_at};

const WINDOWS: &str = r#","customerConstraints":[{"constraintType":"CUSTOMER_BADGE_FIXED_WINDOW","durationType":"MONTHLY","maxEarnLimit":2}],
    "badgeConstraints":[{"constraintType":"BADGE_FIXED_WINDOW","durationType":"DAYS","refreshRate":100,"maxEarnLimit":9}]"#;

const PATH: &str = "badgeMeta/getFixedWindowDetails";

#[actix_web::test]
async fn windows_are_listed_with_their_counts() {
    let app = TestApp::new();
    let badge = app.direct_badge("Windows", WINDOWS).await;
    for (customer, day) in [(7, "04-30"), (7, "05-01"), (8, "05-01")] {
        let body = format!(
            r#"{{"badgeMetaId":"{badge}","customerId":{customer},"requestId":"{customer}{day}","earnEventDate":"2026-{day}T00:00:00Z"}}"#
        );
        app.post("customer/earn", &body).await.ok();
    }
    let query = format!(
        "{PATH}?badgeMetaId={badge}&startDate=2026-04-10T00:00:00Z&endDate=2026-06-01T00:00:00Z&includeEarnCount=true&customerId=7"
    );
    assert_snapshot!("counted", app.get(&query).await.ok());
    let query = format!(
        "{PATH}?badgeMetaId={badge}&constraintType=BADGE&includeEarnCount=true&size=1&page=1"
    );
    assert_snapshot!("badge", app.get(&query).await.ok());
    let reference = app.get(&format!("badgeMeta/{badge}")).await.json()["data"]["badgeConstraints"]
        [0]["referenceId"]
        .as_str()
        .unwrap()
        .to_owned();
    let query = format!("{PATH}?badgeMetaId={badge}&fixedWindowCycleReferenceId={reference}");
    let reply = app.get(&query).await.json();
    assert_eq!(reply["data"]["pagination"]["total"], 4);
}

#[actix_web::test]
async fn what_is_wrong_with_the_query_is_named() {
    let app = TestApp::new();
    let reply = app
        .get(&format!("{PATH}?constraintType=NONE&includeEarnCount=true&fixedWindowCycleReferenceId=x&startDate=soon"))
        .await;
    assert_eq!(
        reply.failure(),
        (
            400,
            vec![
                code_at(400, "badgeMetaId"),
                code_at(400, "constraintType"),
                code_at(812, "customerId"),
                code_at(400, "fixedWindowCycleReferenceId"),
                code_at(400, "startDate"),
            ]
        )
    );
    let nowhere = format!("{PATH}?badgeMetaId=66276dc68fe258516a880000");
    assert_eq!(
        app.get(&nowhere).await.failure(),
        (404, vec![code_at(404, "badgeMetaId")])
    );
    let malformed = app.get(&format!("{PATH}?badgeMetaId=8&customerId=x")).await;
    assert_eq!(
        malformed.failure(),
        (
            400,
            vec![code_at(400, "badgeMetaId"), code_at(400, "customerId")]
        )
    );
}
