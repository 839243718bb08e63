//! Approvals, as who asks and who votes see them, here and in the request workflow.

use accolade_application::access::{AccessGroup, NewCredentials};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{BADGE, ISSUE, PREFIX, Reply, TestApp, code_at, json as sending};

const WORKFLOW: &str = "/api_gateway/v2/request-workflow";

/// A body that enrols customer 7.
fn enrolment() -> String {
    format!(
        r#"{{"badgeMetaId":"{BADGE}","customers":[7],"requestId":"welcome-7",
            "triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}}}}"#
    )
}

/// A definition of the badge with this name.
fn named(name: &str) -> String {
    format!(
        r#"{{"name":"{name}","startOn":"2024-01-01T00:00:00Z","expiresOn":"2030-01-01T00:00:00Z",
            "earnType":"ISSUE_EARN","issuedBadgeExpiry":{{"expiryType":"NEVER"}},
            "earnedBadgeExpiry":{{"expiryType":"NEVER"}},"ownership":{{"restrictedToOwners":["Loyalty"]}}}}"#
    )
}

/// A body by which the request workflow is asked to enrol customer 7.
fn handed_in() -> String {
    let body: Value = serde_json::from_str(&enrolment()).unwrap();
    let task = json!({"path": ISSUE, "method": "POST", "pathParams": {}, "body": body});
    json!({"entityInfo": {}, "payload": {"IntouchAPITask-Payload": task}}).to_string()
}

fn decision(request: &str, decision: &str) -> String {
    let task = json!({"actionDecision": decision, "actionMessage": "As agreed"});
    let payload = json!({"AdminTask-Payload": task});
    json!({"requestId": request, "actionName": "AdminTask", "payload": payload}).to_string()
}

/// An org where each of these operations needs one approval, and somebody who may vote.
async fn with_rules(operations: &[&str]) -> (TestApp, NewCredentials) {
    let app = TestApp::new();
    let rules: Vec<_> = operations
        .iter()
        .map(|operation| json!({"operation": operation, "approvals": 1}))
        .collect();
    let body = json!({ "rules": rules }).to_string();
    put_rules(&app, &body).await.ok();
    let voter = app.client(&[AccessGroup::BadgesApprove]);
    (app, voter)
}

/// Has an administrator put rules.
async fn put_rules(app: &TestApp, body: &str) -> Reply {
    let admin = app.client(&[AccessGroup::Admin]);
    let request = sending(Method::PUT, "approvalRules", body);
    app.send_as(&admin, request).await
}

/// The rules, as an administrator looks them up.
async fn rules(app: &TestApp) -> String {
    let admin = app.client(&[AccessGroup::Admin]);
    let request = TestRequest::get().uri(&format!("{PREFIX}/approvalRules"));
    app.send_as(&admin, request).await.ok().to_owned()
}

/// The id of the change that `reply` tells of.
fn held(reply: &Reply) -> String {
    assert_eq!(reply.status, 202, "{}", reply.body);
    reply.json()["data"]["changeId"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The id of the request that `reply` tells of.
fn request(reply: &Reply) -> String {
    reply.ok();
    reply.json()["data"]["requestId"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn vote(app: &TestApp, voter: &NewCredentials, change: &str, how: &str) -> Reply {
    let path = format!("changes/{change}/{how}");
    let body = r#"{"comment":"As agreed"}"#;
    app.send_as(voter, sending(Method::POST, &path, body)).await
}

async fn decide(app: &TestApp, voter: &NewCredentials, request: &str, how: &str) -> Reply {
    let body = decision(request, how);
    let path = format!("{WORKFLOW}/ISSUE-BADGE");
    app.send_as(voter, sending(Method::PUT, &path, &body)).await
}

/// How many customers the badge was issued to.
async fn issued(app: &TestApp) -> Value {
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await;
    badge.json()["data"]["issuedCount"].clone()
}

#[actix_web::test]
async fn rules_are_put_and_looked_up() {
    let app = TestApp::new();
    assert_snapshot!("no_rules", rules(&app).await);
    let body = r#"{"rules":[{"operation":"ENROL","aboveRows":100,"approvals":2,"expiresAfter":86400},
        {"operation":"UPDATE_BADGE","approvals":1}]}"#;
    let reply = put_rules(&app, body).await;
    assert_snapshot!("rules", reply.ok());
    assert_eq!(rules(&app).await, reply.body);
    let body = r#"{"rules":[{"operation":"SING","approvals":0},{"operation":"EARN","approvals":1,"above":7}]}"#;
    let refused = put_rules(&app, body).await;
    assert_snapshot!(
        "rules_refused",
        format!("{}\n{}", refused.status, refused.body)
    );
    assert_eq!(rules(&app).await, reply.body);
}

#[actix_web::test]
async fn an_enrolment_waits_and_is_carried_out_as_who_asked_for_it() {
    let (app, voter) = with_rules(&["ENROL"]).await;
    app.clock.advance(Duration::HOUR);
    let reply = app.enrol(&enrolment()).await;
    let change = held(&reply);
    assert_snapshot!("held", reply.body);
    assert_eq!(issued(&app).await, json!(0));
    let waiting = app.get(&format!("changes/{change}")).await;
    assert_snapshot!("change_that_waits", waiting.ok());
    app.clock.advance(Duration::HOUR);
    let approved = vote(&app, &voter, &change, "approve").await;
    assert_snapshot!("change_approved", approved.ok());
    assert_eq!(issued(&app).await, json!(1));
    let found = app.get(&format!("changes/{change}")).await;
    assert_eq!(found.ok(), approved.body);
    let listed = app.get("changes?state=APPROVED&operation=ENROL").await;
    assert_snapshot!("changes", listed.ok());
    let outcome = app.get("requests/welcome-7").await;
    assert_eq!(outcome.status, 200, "{}", outcome.body);
}

#[actix_web::test]
async fn what_asks_for_fewer_than_the_rule_says_is_done_at_once() {
    let app = TestApp::new();
    let body = r#"{"rules":[{"operation":"ENROL","aboveRows":1,"approvals":1}]}"#;
    put_rules(&app, body).await.ok();
    assert_eq!(app.enrol(&enrolment()).await.status, 200);
    let two = enrolment()
        .replace("[7]", "[8,9]")
        .replace("welcome-7", "welcome-8");
    assert_eq!(app.enrol(&two).await.status, 202);
    assert_eq!(issued(&app).await, json!(1));
}

#[actix_web::test]
async fn the_answer_that_something_waits_is_replayed_under_its_key() {
    let (app, voter) = with_rules(&["ENROL"]).await;
    let send = || {
        let request = sending(Method::POST, ISSUE, &enrolment());
        app.send(request.insert_header(("Idempotency-Key", "welcome")))
    };
    let first = send().await;
    let change = held(&first);
    let again = send().await;
    assert_eq!((again.status, &again.body), (202, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    vote(&app, &voter, &change, "approve").await.ok();
    let after = send().await;
    assert_eq!((after.status, &after.body), (202, &first.body));
    assert_eq!(issued(&app).await, json!(1));
}

#[actix_web::test]
async fn a_second_change_of_a_badge_is_refused_while_one_waits() {
    let (app, voter) = with_rules(&["UPDATE_BADGE", "DEACTIVATE_BADGE"]).await;
    let path = format!("badgeMeta/{BADGE}");
    let first = app.put_json(&path, &named("Frequent flyer")).await;
    let change = held(&first);
    assert_snapshot!(
        "update_that_waits",
        app.get(&format!("changes/{change}")).await.ok()
    );
    let second = app.put_json(&path, &named("Other")).await;
    assert_snapshot!(
        "second_update",
        format!("{}\n{}", second.status, second.body)
    );
    let deactivation = app.put(&format!("{path}/deactivate")).await;
    assert_eq!(deactivation.failure().1[0].0, 1967);
    vote(&app, &voter, &change, "reject").await.ok();
    held(&app.put_json(&path, &named("Other")).await);
}

#[actix_web::test]
async fn a_badge_that_has_changed_meanwhile_fails_the_change() {
    let (app, voter) = with_rules(&["UPDATE_BADGE"]).await;
    let path = format!("badgeMeta/{BADGE}");
    let change = held(&app.put_json(&path, &named("Frequent flyer")).await);
    app.put(&format!("{path}/deactivate")).await.ok();
    let failed = vote(&app, &voter, &change, "approve").await;
    assert_snapshot!("change_failed", failed.ok());
}

#[actix_web::test]
async fn nobody_votes_on_what_she_made_nor_twice() {
    let app = TestApp::new();
    let body = r#"{"rules":[{"operation":"ENROL","approvals":2}]}"#;
    put_rules(&app, body).await.ok();
    let voter = app.client(&[AccessGroup::BadgesApprove]);
    let maker = app.client(&[AccessGroup::BadgesIssue, AccessGroup::BadgesApprove]);
    let asking = sending(Method::POST, ISSUE, &enrolment());
    let change = held(&app.send_as(&maker, asking).await);
    let own = vote(&app, &maker, &change, "approve").await;
    assert_snapshot!("own_vote", format!("{}\n{}", own.status, own.body));
    let first = vote(&app, &voter, &change, "approve").await;
    first.ok();
    assert_eq!(first.json()["data"]["state"], "PENDING");
    let second = vote(&app, &voter, &change, "approve").await;
    assert_eq!(second.failure().1[0].0, 1963);
    let withdrawn = app.send_as(&voter, withdrawing(&change)).await;
    assert_snapshot!(
        "withdrawn_by_another",
        format!("{}\n{}", withdrawn.status, withdrawn.body)
    );
    app.send_as(&maker, withdrawing(&change)).await.ok();
    let late = vote(&app, &voter, &change, "approve").await;
    assert_snapshot!("late_vote", format!("{}\n{}", late.status, late.body));
    assert_eq!(issued(&app).await, json!(0));
}

fn withdrawing(change: &str) -> TestRequest {
    sending(Method::POST, &format!("changes/{change}/withdraw"), "{}")
}

#[actix_web::test]
async fn a_change_that_there_is_not_is_not_found() {
    let (app, voter) = with_rules(&[]).await;
    for change in ["8", "00000000-0000-4000-8000-000000000000"] {
        let reply = app.get(&format!("changes/{change}")).await;
        assert_eq!(reply.failure(), (404, vec![(1962, None)]), "{change}");
        let reply = vote(&app, &voter, change, "approve").await;
        assert_eq!(reply.failure(), (404, vec![(1962, None)]), "{change}");
    }
    let reply = app.get("changes?state=LOST").await;
    assert_eq!(reply.failure().0, 400);
}

#[actix_web::test]
async fn a_request_is_handed_in_and_decided() {
    let (app, voter) = with_rules(&[]).await;
    app.clock.advance(Duration::HOUR);
    let submitted = app
        .post(&format!("{WORKFLOW}/ISSUE-BADGE"), &handed_in())
        .await;
    assert_snapshot!("request_submitted", submitted.ok());
    let id = request(&submitted);
    let found = app.get(&format!("{WORKFLOW}/requests/{id}")).await;
    assert_eq!(found.ok(), submitted.body);
    assert_eq!(issued(&app).await, json!(0));
    app.clock.advance(Duration::HOUR);
    let approved = decide(&app, &voter, &id, "approved").await;
    assert_snapshot!("request_approved", approved.ok());
    assert_eq!(issued(&app).await, json!(1));
    let listed = app
        .get(&format!(
            "{WORKFLOW}/requests?states=approved&requestType=ISSUE-BADGE"
        ))
        .await;
    assert_snapshot!("requests", listed.ok());
    let again = decide(&app, &voter, &id, "approved").await;
    assert_snapshot!(
        "request_decided",
        format!("{}\n{}", again.status, again.body)
    );
}

#[actix_web::test]
async fn a_request_is_rejected_or_fails() {
    let (app, voter) = with_rules(&[]).await;
    let path = format!("{WORKFLOW}/ISSUE-BADGE");
    let rejected = request(&app.post(&path, &handed_in()).await);
    let reply = decide(&app, &voter, &rejected, "rejected").await;
    reply.ok();
    assert_eq!(reply.json()["data"]["state"], "rejected");
    let failing = request(&app.post(&path, &handed_in()).await);
    app.put(&format!("badgeMeta/{BADGE}/deactivate")).await.ok();
    let failed = decide(&app, &voter, &failing, "approved").await;
    assert_snapshot!("request_failed", failed.ok());
    assert_eq!(issued(&app).await, json!(0));
}

#[actix_web::test]
async fn requests_are_refused_by_the_codes_of_the_workflow() {
    let (app, voter) = with_rules(&[]).await;
    let path = format!("{WORKFLOW}/ISSUE-BADGE");
    let maker = app.client(&[AccessGroup::BadgesIssue, AccessGroup::BadgesApprove]);
    let handing_in = sending(Method::POST, &path, &handed_in());
    let id = request(&app.send_as(&maker, handing_in).await);
    let code = |reply: Reply| reply.failure();
    // Who made it may not decide, nor may who has not the access group.
    assert_eq!(
        code(decide(&app, &maker, &id, "approved").await).1[0].0,
        2001
    );
    let reader = app.client(&[AccessGroup::BadgesRead]);
    assert_eq!(
        code(decide(&app, &reader, &id, "approved").await).1[0].0,
        2001
    );
    let unknown = "00000000-0000-4000-8000-000000000000";
    assert_eq!(
        code(decide(&app, &voter, unknown, "approved").await).1[0].0,
        2007
    );
    let of_other_type = sending(
        Method::PUT,
        &format!("{WORKFLOW}/EARN-BADGE"),
        &decision(&id, "approved"),
    );
    assert_eq!(code(app.send_as(&voter, of_other_type).await).1[0].0, 2007);
    let sung = app.post(&format!("{WORKFLOW}/SING"), &handed_in()).await;
    assert_eq!(code(sung).1[0].0, 2009);
    let body = decision(&id, "approved").replace("\"AdminTask\"", "\"OtherTask\"");
    let other_task = app
        .send_as(&voter, sending(Method::PUT, &path, &body))
        .await;
    assert_eq!(code(other_task), (400, vec![code_at(2007, "actionName")]));
}
