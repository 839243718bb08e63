//! Who changed what.

use accolade_application::access::{AccessGroup, NewCredentials, revoke_client};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use serde_json::Value;
use time::Duration;

use crate::support::{BADGE, PREFIX, Reply, TestApp, code_at, direct_badge, json};

/// An identifier of a customer, which no answer here may have.
const EMAIL: &str = "anna@example.org";

/// An application, and a client of its org that may read the trail.
struct Trail {
    app: TestApp,
    admin: NewCredentials,
}

impl Trail {
    fn new() -> Self {
        let app = TestApp::new();
        let admin = app.client(&[AccessGroup::Admin]);
        Self { app, admin }
    }

    async fn read(&self, query: &str) -> Reply {
        let request = TestRequest::get().uri(&format!("{PREFIX}/audit{query}"));
        let reply = self.app.send_as(&self.admin, request).await;
        assert!(!reply.body.contains(EMAIL), "{}", reply.body);
        reply
    }

    /// The entries that `query` finds, the newest first.
    async fn entries(&self, query: &str) -> Vec<Value> {
        let reply = self.read(query).await;
        reply.ok();
        reply.json()["data"]["entries"].as_array().unwrap().clone()
    }

    /// The entries of the request `tag` as action, kind and the fields that changed, oldest first.
    async fn told(&self, tag: &str) -> Vec<String> {
        let mut entries = self.entries("?limit=1000").await;
        entries.retain(|entry| entry["requestId"] == tag);
        entries.reverse();
        let said = |entry: &Value| {
            let changes = entry["changes"].as_array().unwrap().iter();
            let fields: Vec<_> = changes.filter_map(|it| it["field"].as_str()).collect();
            let (action, kind) = (&entry["action"], &entry["entityType"]);
            let what = format!("{} {}", action.as_str().unwrap(), kind.as_str().unwrap());
            format!("{what}: {}", fields.join(" "))
        };
        entries.iter().map(said).collect()
    }

    /// Sends the request `tag` and looks what is told of it. The same once more, under the same
    /// idempotency key, is not told again.
    async fn sent(
        &self,
        tag: &str,
        method: Method,
        path: &str,
        body: &str,
    ) -> (Reply, Vec<String>) {
        let request = || {
            json(method.clone(), path, body)
                .insert_header(("X-Request-Id", tag))
                .insert_header(("X-CAP-BADGES-MIGRATION", "migration"))
        };
        let key = ("Idempotency-Key", tag);
        let reply = self.app.send(request().insert_header(key)).await;
        let told = self.told(tag).await;
        if reply.status < 300 && method != Method::DELETE && !path.contains("dryRun") {
            let again = self.app.send(request().insert_header(key)).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{path}");
            assert_eq!(self.told(tag).await, told, "{path}");
        }
        (reply, told)
    }
}

fn id(reply: &Reply) -> String {
    reply.json()["data"]["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn every_change_of_a_badge_is_told_and_what_changes_nothing_is_not() {
    let trail = Trail::new();
    let body = |besides: &str| direct_badge("Pets", besides);
    let limit = |most: u32| {
        format!(
            r#","badgeConstraints":[{{"constraintType":"BADGE_FIXED_VALUE","maxEarnLimit":{most}}}]"#
        )
    };
    let (created, told) = trail
        .sent("t1", Method::POST, "badgeMeta", &body(&limit(2)))
        .await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("CREATE BADGE: name startOn startOnISO"),
        "{told:?}"
    );
    let path = format!("badgeMeta/{}", id(&created));
    let owner = r#"{"ownerType":"Loyalty","referenceId":"1"}"#;
    let claims = "ownership.claims[0].ownerType ownership.claims[0].referenceId \
                  ownership.claims[0].isActive";
    let claimed = format!("CLAIM BADGE: {claims}");
    let both = format!(r#"{},"active":true"#, limit(5));
    let update = "UPDATE BADGE: badgeConstraints[0].maxEarnLimit";
    for (tag, method, below, body, expected) in [
        ("t2", Method::PUT, "", body(&limit(3)), vec![update]),
        ("t3", Method::PUT, "", body(&limit(3)), vec![]),
        (
            "t4",
            Method::PUT,
            "/deactivate",
            String::new(),
            vec!["DEACTIVATE BADGE: active"],
        ),
        ("t5", Method::PUT, "/deactivate", String::new(), vec![]),
        (
            "t6",
            Method::PUT,
            "",
            body(&both),
            vec![update, "ACTIVATE BADGE: active"],
        ),
        ("t7", Method::PUT, "/activate", String::new(), vec![]),
        (
            "t8",
            Method::POST,
            "/claim",
            owner.to_owned(),
            vec![claimed.as_str()],
        ),
        ("t9", Method::POST, "/claim", owner.to_owned(), vec![]),
        (
            "t10",
            Method::POST,
            "/unclaim",
            owner.to_owned(),
            vec!["UNCLAIM BADGE: ownership.claims[0].isActive"],
        ),
        ("t11", Method::POST, "/unclaim", owner.to_owned(), vec![]),
        ("t12", Method::PUT, "", direct_badge("Gold", ""), vec![]),
    ] {
        let (_, told) = trail
            .sent(tag, method, &format!("{path}{below}"), &body)
            .await;
        assert_eq!(told, expected, "{tag}");
    }
    let history = trail.entries(&format!("?entityId={}", id(&created))).await;
    assert_eq!(history.len(), 7);
    assert_eq!(history[5]["changes"][0]["before"], 2);
    assert_eq!(history[5]["changes"][0]["after"], 3);
}

#[actix_web::test]
async fn every_change_of_a_group_or_a_custom_field_is_told() {
    let trail = Trail::new();
    let group = r#"{"name":"Metals","rank":2}"#;
    let (created, told) = trail.sent("g1", Method::POST, "group", group).await;
    assert_eq!(told, ["CREATE GROUP: name rank isActive"]);
    let path = format!("group/{}", id(&created));
    let put = Method::PUT;
    for (tag, method, body, expected) in [
        (
            "g2",
            put.clone(),
            r#"{"rank":3}"#,
            vec!["UPDATE GROUP: rank"],
        ),
        ("g3", put.clone(), r#"{"rank":3}"#, vec![]),
        ("g4", Method::DELETE, "", vec!["DELETE GROUP: isActive"]),
        ("g5", Method::DELETE, "", vec![]),
    ] {
        let (_, told) = trail.sent(tag, method, &path, body).await;
        assert_eq!(told, expected, "{tag}");
    }
    let field = r#"{"name":"tier","dataType":"INTEGER"}"#;
    let (created, told) = trail.sent("f1", Method::POST, "customField", field).await;
    assert_eq!(
        told,
        ["CREATE CUSTOM_FIELD: name isMandatory isActive dataType"]
    );
    let path = format!("customField/{}", id(&created));
    let last = r#"{"name":"level","isActive":false}"#;
    let both = vec!["UPDATE CUSTOM_FIELD: name", "DELETE CUSTOM_FIELD: isActive"];
    for (tag, body, expected) in [
        (
            "f2",
            r#"{"defaultValue":"1"}"#,
            vec!["UPDATE CUSTOM_FIELD: defaultValue"],
        ),
        ("f3", r#"{"defaultValue":"1"}"#, vec![]),
        ("f4", last, both),
    ] {
        let (_, told) = trail.sent(tag, put.clone(), &path, body).await;
        assert_eq!(told, expected, "{tag}");
    }
}

#[actix_web::test]
async fn of_a_customer_it_is_told_which_identifiers_changed_and_never_what_they_are() {
    let trail = Trail::new();
    let (put, post) = (Method::PUT, Method::POST);
    let both = format!(r#"{{"email":"{EMAIL}","mobile":"+919900000001"}}"#);
    let bulk = format!(
        r#"{{"customers":[{{"customerId":1,"mobile":"+919900000001"}},{{"customerId":2,"email":"{EMAIL}"}}]}}"#
    );
    for (tag, method, path, body, expected) in [
        (
            "c1",
            put.clone(),
            "customers/1",
            both.as_str(),
            vec!["UPDATE CUSTOMER: email mobile"],
        ),
        ("c2", put.clone(), "customers/1", both.as_str(), vec![]),
        ("c3", put.clone(), "customers/2", both.as_str(), vec![]),
        (
            "c4",
            post.clone(),
            "customers/bulk",
            bulk.as_str(),
            vec!["UPDATE CUSTOMER: email", "UPDATE CUSTOMER: email"],
        ),
    ] {
        let (_, told) = trail.sent(tag, method, path, body).await;
        assert_eq!(told, expected, "{tag}");
    }
    let reply = trail.read("?entityType=customer&entityId=1&limit=1").await;
    assert_snapshot!("customer", reply.ok());
}

#[actix_web::test]
async fn what_is_revoked_or_imported_is_told_with_the_reason() {
    let trail = Trail::new();
    let post = Method::POST;
    let issue = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1,2]}}"#);
    let (_, told) = trail
        .sent("r1", post.clone(), "badgeMeta/customer/issueBulk", &issue)
        .await;
    assert_eq!(told, [""; 0]);
    let revoke = format!(
        r#"{{"badgeMetaId":"{BADGE}","customers":[1,2,3],"reason":" Enrolled by mistake "}}"#
    );
    let path = "badgeMeta/customer/revokeIssue";
    let revoked = "REVOKE ENROLMENT: revokedOn revokedOnISO revokeReason";
    let (_, told) = trail
        .sent("r2", post.clone(), &format!("{path}?dryRun=true"), &revoke)
        .await;
    assert_eq!(told, [""; 0]);
    let (_, told) = trail.sent("r3", post.clone(), path, &revoke).await;
    assert_eq!(told, [revoked, revoked]);
    let direct = trail.app.direct_badge("Direct", "").await;
    let earn = format!(r#"{{"badgeMetaId":"{direct}","customerId":7,"requestId":"1"}}"#);
    let (earned, told) = trail.sent("e1", post.clone(), "customer/earn", &earn).await;
    assert_eq!(told, [""; 0]);
    let earned = &earned.json()["data"]["earnedBadgeId"];
    let revoke = format!(
        r#"{{"badgeMetaId":"{direct}","customerId":7,"earnedBadgeId":{earned},"reason":"Fraud"}}"#
    );
    let (_, told) = trail
        .sent("e2", post.clone(), "customer/revokeEarn", &revoke)
        .await;
    assert_eq!(told, ["REVOKE EARN: revokedOn revokedOnISO revokeReason"]);
    let again = trail
        .sent("e3", post.clone(), "customer/revokeEarn", &revoke)
        .await;
    assert_eq!((again.0.status, again.1), (409, vec![]));
    let element = |badge: &str| {
        format!(
            r#"{{"badgeMetaId":"{badge}","customerId":1,"earnEventDate":1713860055,"earnExpiresOn":1926235957}}"#
        )
    };
    let nobodys = element("66276dc68fe258516a88ff8f");
    let path = "import/customerBadges";
    let imports = format!("[{},{nobodys}]", element(BADGE));
    let (_, told) = trail.sent("i1", post.clone(), path, &imports).await;
    assert_eq!(told, ["CREATE IMPORT: earnedCount"]);
    let (_, told) = trail
        .sent("i2", post.clone(), path, &format!("[{nobodys}]"))
        .await;
    assert_eq!(told, [""; 0]);
    let reply = trail.read("?entityType=EARN").await;
    assert_snapshot!("revoked_earn", reply.ok());
    let details = format!("management/7/badge/{direct}?includeStatistics=true");
    let details = trail.app.get(&details).await.json();
    let earn = &details["data"]["earnDetails"]["earns"][0];
    assert_eq!(earn["revokeReason"], "Fraud");
    let details = format!("management/1/badge/{BADGE}?includeStatistics=true");
    let details = trail.app.get(&details).await.json();
    let issual = &details["data"]["issualDetails"]["issuals"][0];
    assert_eq!(issual["revokeReason"], "Enrolled by mistake");
}

#[actix_web::test]
async fn a_reason_has_1_to_255_characters() {
    let app = TestApp::new();
    for reason in [
        r#""  ""#.to_owned(),
        format!("\"{}\"", "ä".repeat(256)),
        "7".to_owned(),
    ] {
        let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1],"reason":{reason}}}"#);
        let reply = app.post("badgeMeta/customer/revokeIssue", &body).await;
        assert_eq!(
            reply.failure(),
            (400, vec![code_at(400, "reason")]),
            "{reason}"
        );
    }
}

#[actix_web::test]
async fn what_the_command_line_does_is_told_of_the_system_without_a_request() {
    let trail = Trail::new();
    let till = trail.app.client(&[AccessGroup::BadgesRead]);
    trail.app.clock.advance(Duration::HOUR);
    revoke_client(&trail.app.ports, &till.key).unwrap();
    let reply = trail
        .read(&format!("?entityType=CLIENT&entityId={}", till.number))
        .await;
    let body = reply.ok();
    assert!(!body.contains(till.secret.reveal()), "{body}");
    assert_snapshot!("client", body);
}

#[actix_web::test]
async fn pages_follow_each_other_within_the_time_that_is_asked_for() {
    let trail = Trail::new();
    for rank in 1..=5 {
        trail.app.clock.advance(Duration::MINUTE);
        let group = format!(r#"{{"name":"Group {rank}","rank":{rank}}}"#);
        trail.app.post("group", &group).await.ok();
    }
    let query = "entityType=GROUP&from=2026-05-01T12:02:00Z&to=2026-05-01T12:05:00%2B00:00";
    let mut ranks = Vec::new();
    let mut after = String::new();
    loop {
        let reply = trail.read(&format!("?{query}&limit=2{after}")).await.json();
        for entry in reply["data"]["entries"].as_array().unwrap() {
            ranks.push(entry["changes"][1]["after"].clone());
        }
        match reply["data"]["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(ranks, [4, 3, 2]);
}

#[actix_web::test]
async fn who_is_no_admin_may_not_read_it_and_what_cannot_be_read_is_said() {
    let trail = Trail::new();
    assert_eq!(
        trail.app.get("audit").await.failure(),
        (403, vec![(1931, None)])
    );
    let reply = trail.read("?entityType=JOBS&limit=0").await;
    let problems = vec![code_at(400, "entityType"), code_at(400, "limit")];
    assert_eq!(reply.failure(), (400, problems));
}
