//! Revoking earned badges and enrolments.

use insta::assert_snapshot;
use time::Duration;

use crate::support::{BADGE, TestApp, code_at};

const REVOKE_EARN: &str = "customer/revokeEarn";
const REVOKE_ISSUE: &str = "badgeMeta/customer/revokeIssue";

async fn enrolled(customers: &str) -> TestApp {
    let app = TestApp::new();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":{customers}}}"#);
    app.enrol(&body).await.ok();
    app
}

#[actix_web::test]
async fn a_revoked_earn_gives_its_place_back() {
    let app = TestApp::new();
    let limits = r#","customerConstraints":[{"constraintType":"CUSTOMER_BADGE_FIXED_VALUE","maxEarnLimit":1}]"#;
    let badge = app.direct_badge("Once", limits).await;
    let earn = |request_id: &str| {
        format!(r#"{{"badgeMetaId":"{badge}","customerId":7,"requestId":"{request_id}"}}"#)
    };
    let earned =
        app.post("customer/earn", &earn("1")).await.json()["data"]["earnedBadgeId"].clone();
    assert_eq!(app.post("customer/earn", &earn("2")).await.status, 400);
    let body = format!(
        r#"{{"badgeMetaId":"{badge}","customerId":7,"earnedBadgeId":{earned},"requestId":"rv"}}"#
    );
    let dry = format!("{REVOKE_EARN}?dryRun=true");
    let expected = format!(
        r#"{{"data":{{"badgeMetaId":"{badge}","customerId":7,"earnedBadgeId":{earned},"isActive":false}},"errors":[],"warnings":[]}}"#
    );
    assert_eq!(app.post(&dry, &body).await.ok(), expected);
    assert_eq!(app.post(REVOKE_EARN, &body).await.ok(), expected);
    assert_eq!(
        app.post(REVOKE_EARN, &body).await.failure(),
        (400, vec![code_at(809, "requestId")])
    );
    let again = body.replace("rv", "rv2");
    assert_eq!(
        app.post(REVOKE_EARN, &again).await.failure(),
        (409, vec![code_at(814, "earnedBadgeId")])
    );
    assert!(app.get("requests/rv").await.ok().contains("revokeEarn"));
    app.post("customer/earn", &earn("2")).await.ok();
}

#[actix_web::test]
async fn an_earned_badge_of_another_customer_is_none_of_this_one() {
    let app = TestApp::new();
    let badge = app.direct_badge("Direct", "").await;
    let body = format!(r#"{{"badgeMetaId":"{badge}","customerId":7,"requestId":"1"}}"#);
    let earned = app.post("customer/earn", &body).await.json()["data"]["earnedBadgeId"].clone();
    let body = format!(r#"{{"badgeMetaId":"{badge}","customerId":8,"earnedBadgeId":{earned}}}"#);
    assert_eq!(
        app.post(REVOKE_EARN, &body).await.failure(),
        (409, vec![code_at(814, "earnedBadgeId")])
    );
    assert_eq!(
        app.post(REVOKE_EARN, r#"{"badgeMetaId":"8"}"#)
            .await
            .failure(),
        (
            400,
            vec![
                code_at(400, "badgeMetaId"),
                code_at(812, "customerId"),
                code_at(400, "earnedBadgeId"),
            ]
        )
    );
}

#[actix_web::test]
async fn what_a_badge_has_given_is_revoked_also_once_it_is_off_and_has_expired() {
    let app = enrolled("[7]").await;
    let badge = app.direct_badge("Direct", "").await;
    let body = format!(r#"{{"badgeMetaId":"{badge}","customerId":7,"requestId":"1"}}"#);
    let earned = app.post("customer/earn", &body).await.json()["data"]["earnedBadgeId"].clone();
    for badge in [BADGE, &badge] {
        app.put(&format!("badgeMeta/{badge}/deactivate")).await.ok();
    }
    app.clock.advance(Duration::days(10_000));
    let body = format!(r#"{{"badgeMetaId":"{badge}","customerId":7,"earnedBadgeId":{earned}}}"#);
    app.post(REVOKE_EARN, &body).await.ok();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[7]}}"#);
    let revoked = app.post(REVOKE_ISSUE, &body).await.json();
    let revoked = &revoked["data"]["revokedIssuedBadges"][0];
    assert!(revoked["error"].is_null(), "{revoked}");
}

#[actix_web::test]
async fn all_enrolments_of_customers_are_revoked() {
    let app = enrolled("[123,62090013]").await;
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[123,5,62090013,123]}}"#);
    let dry = app
        .post(&format!("{REVOKE_ISSUE}?dryRun=true"), &body)
        .await;
    let reply = app.post(REVOKE_ISSUE, &body).await;
    assert_eq!(dry.ok(), reply.ok());
    assert_snapshot!("all", reply.ok());
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await.json();
    assert_eq!(badge["data"]["issuedCount"], 0);
}

#[actix_web::test]
async fn enrolments_are_revoked_by_their_ids() {
    let app = enrolled("[1,2]").await;
    let body = format!(
        r#"{{"badgeMetaId":"{BADGE}","customers":[9],"requestId":"rv","revokeIssuals":[
            {{"customerId":"1","issueId":"000000000000000000000001"}},
            {{"customerId":1,"issueId":"000000000000000000000002"}},
            {{"customerId":1,"issueId":"000000000000000000000001"}}]}}"#
    );
    assert_snapshot!("named", app.post(REVOKE_ISSUE, &body).await.ok());
    assert_eq!(
        app.post(REVOKE_ISSUE, &body).await.failure(),
        (400, vec![code_at(809, "requestId")])
    );
    let again = body.replace(r#""rv""#, "null");
    assert_snapshot!("named_again", app.post(REVOKE_ISSUE, &again).await.ok());
    assert!(app.get("requests/rv").await.ok().contains("revokeIssue"));
}

#[actix_web::test]
async fn who_names_nothing_to_revoke_is_told_as_the_api_does() {
    let app = TestApp::new();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}"}}"#);
    assert_eq!(
        app.post(REVOKE_ISSUE, &body).await.body,
        r#"{"data":null,"errors":[{"code":1051,"message":"RevokeIssuals or CustomerId is mandatory","reference":null}],"warnings":null}"#
    );
    let nowhere = r#"{"badgeMetaId":"66276dc68fe258516a880000","customers":[1]}"#;
    assert_eq!(
        app.post(REVOKE_ISSUE, nowhere).await.failure(),
        (404, vec![code_at(404, "badgeMetaId")])
    );
}

#[actix_web::test]
async fn nobody_earns_by_virtue_of_a_revoked_enrolment() {
    let app = enrolled("[1]").await;
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1]}}"#);
    app.post(REVOKE_ISSUE, &body).await.ok();
    let earn = format!(r#"{{"badgeMetaId":"{BADGE}","customerId":1,"requestId":"1"}}"#);
    assert_eq!(app.post("customer/earn", &earn).await.failure().1[0].0, 811);
}
