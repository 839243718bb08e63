//! Customers who are merged, and customers who are erased.

use accolade_application::access::{AccessGroup, NewCredentials};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{BADGE, IDENTIFIER, ISSUE, PREFIX, Reply, TestApp, json as sent};

/// An application, and a client of its org that may do everything.
struct People {
    app: TestApp,
    admin: NewCredentials,
}

impl People {
    fn new() -> Self {
        let app = TestApp::new();
        let admin = app.client(&[AccessGroup::Admin]);
        Self { app, admin }
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = sent(Method::POST, path, &body.to_string());
        self.app.send_as(&self.admin, request).await
    }

    async fn get(&self, path: &str) -> Reply {
        let request = TestRequest::get().uri(&format!("{PREFIX}/{path}"));
        self.app.send_as(&self.admin, request).await
    }

    async fn merge(&self, from: i64, to: i64) -> Reply {
        let body = json!({"fromCustomerId": from, "toCustomerId": to, "reason": "one person"});
        self.post("customers/merge", &body).await
    }

    async fn erase(&self, customer: &str) -> Reply {
        let request = TestRequest::delete().uri(&format!("{PREFIX}/customers/{customer}"));
        self.app.send_as(&self.admin, request).await
    }

    async fn enrol(&self, customers: &[i64], request_id: &str) -> Reply {
        let body = json!({"badgeMetaId": BADGE, "customers": customers, "requestId": request_id});
        self.post("badgeMeta/customer/issueBulk", &body).await
    }

    /// What is kept of the request with this id.
    async fn kept(&self, request_id: &str) -> Value {
        let reply = self.get(&format!("requests/{request_id}")).await;
        reply.ok();
        reply.json()["data"]["requests"][0]["answer"].clone()
    }

    /// The kinds of all events, with their subjects and their data.
    async fn events(&self) -> Vec<Value> {
        let reply = self.get("events?limit=1000").await;
        reply.json()["data"]["events"].as_array().unwrap().clone()
    }
}

/// The customers of `issuedBadges`, in their order.
fn issued(data: &Value) -> Vec<i64> {
    let issued = data["issuedBadges"].as_array().unwrap().iter();
    issued.filter_map(|it| it["customerId"].as_i64()).collect()
}

fn warned(reply: &Reply) -> Vec<(u64, String)> {
    let warnings = reply.json()["warnings"].as_array().unwrap().clone();
    let told = warnings.iter().map(|it| {
        let reference = it["reference"].as_str().unwrap_or_default();
        (it["code"].as_u64().unwrap(), reference.to_owned())
    });
    told.collect()
}

#[actix_web::test]
async fn two_customers_become_one() {
    let people = People::new();
    people.enrol(&[1], "r").await.ok();
    assert_snapshot!("merged", people.merge(1, 2).await.ok());
    let again = people.merge(1, 2).await;
    assert_snapshot!("merged", again.ok());
    let events = people.events().await;
    let last = events.last().unwrap();
    assert_eq!(last["type"], "accolade.customer.merged");
    assert_eq!(last["subject"], "customers/2");
    assert_eq!(
        last["data"],
        json!({"fromCustomerId": 1, "toCustomerId": 2})
    );
    let trail = people.get("audit?entityType=CUSTOMER&action=MERGE").await;
    let entry = trail.json()["data"]["entries"][0].clone();
    assert_eq!(
        (&entry["entityId"], &entry["reason"]),
        (&json!("2"), &json!("one person"))
    );
    let changes = json!([
        {"field": "fromCustomerId", "before": null, "after": 1},
        {"field": "toCustomerId", "before": null, "after": 2},
    ]);
    assert_eq!(entry["changes"], changes);
}

#[actix_web::test]
async fn who_was_merged_stands_for_the_other_wherever_a_customer_is_named() {
    let people = People::new();
    let direct = people.app.direct_badge("Pets", "").await;
    people.merge(1, 2).await.ok();
    let enrolled = people.enrol(&[5, 1, 2, 7], "r").await;
    assert_eq!(issued(&enrolled.json()["data"]), [5, 2, 7]);
    assert_eq!(warned(&enrolled), [(1992, "customers[2]".to_owned())]);
    let dry = json!({"badgeMetaId": BADGE, "customers": [3, 1, 1, 2]});
    let dry = people
        .post("badgeMeta/customer/issueBulk?dryRun=true", &dry)
        .await;
    assert_eq!(issued(&dry.json()["data"]), [3, 2]);
    let at = |position: usize| (1992, format!("customers[{position}]"));
    assert_eq!(warned(&dry), [at(2), at(3)]);
    let earn = json!({"badgeMetaId": direct, "customerId": 1, "requestId": "e"});
    let earned = people.post("customer/earn", &earn).await;
    assert_eq!(earned.json()["data"]["customerId"], 2);
    let earned_id = earned.json()["data"]["earnedBadgeId"].clone();
    let bulk = json!({"badgeMetaId": direct, "customerIds": [2, 1], "requestId": "b"});
    let bulk = people.post("customer/earnBulk", &bulk).await;
    assert_eq!(issued(&bulk.json()["data"]), [2]);
    assert_eq!(warned(&bulk), [(1992, "customerIds[1]".to_owned())]);
    let revoke = json!({"badgeMetaId": direct, "customerId": 1, "earnedBadgeId": earned_id});
    let revoked = people.post("customer/revokeEarn", &revoke).await;
    assert_eq!(revoked.json()["data"]["customerId"], 2);
    let revoke = json!({"badgeMetaId": BADGE, "customers": [2, 9, 1]});
    let revoked = people.post("badgeMeta/customer/revokeIssue", &revoke).await;
    let outcomes = revoked.json()["data"]["revokedIssuedBadges"].clone();
    let numbers: Vec<_> = outcomes
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["customerId"])
        .collect();
    assert_eq!(numbers, [&json!(2), &json!(9)]);
    assert_eq!(warned(&revoked), [(1992, "customers[2]".to_owned())]);
    let import = json!([{
        "badgeMetaId": direct, "customerId": 1,
        "earnEventDate": 1_674_292_011, "earnExpiresOn": 1_905_828_011,
    }]);
    let imported = people.post("import/customerBadges", &import).await;
    assert_eq!(imported.json()[0]["data"]["customerId"], 2);
    let put = sent(
        Method::PUT,
        "customers/1",
        r#"{"email":"anna@example.org"}"#,
    );
    let put = people.app.send(put).await;
    assert_eq!(put.json()["data"]["customerId"], 2);
    let both = json!({"customers": [{"customerId": 1}, {"customerId": 2}]});
    let both = people.post("customers/bulk", &both).await;
    assert_eq!(
        both.failure(),
        (400, vec![(400, Some("customers[1].customerId".to_owned()))])
    );
    for path in [
        "customer/{}?badgeType=EARNED",
        "management/{}?badgeType=EARNED",
        "events?customerId={}",
        "exports/enrolments?customerId={}",
        "exports/earnedBadges?customerId={}",
        "exports/customers?customerId={}",
    ] {
        let of = |number: &str| path.replace("{}", number);
        assert_eq!(
            people.get(&of("1")).await.body,
            people.get(&of("2")).await.body,
            "{path}"
        );
    }
    let path = format!("management/1/badge/{direct}?includeStatistics=true");
    let details = people.get(&path).await.json();
    assert_eq!(details["data"]["earnDetails"]["earnCount"], 3);
}

#[actix_web::test]
async fn one_customer_is_not_merged_and_who_may_not_merges_nobody() {
    let people = People::new();
    people.merge(1, 2).await.ok();
    let refused = (400, vec![(400, Some("toCustomerId".to_owned()))]);
    assert_eq!(people.merge(3, 3).await.failure(), refused);
    assert_eq!(people.merge(2, 1).await.failure(), refused);
    people
        .app
        .put_json("customers/4", r#"{"email":"anna@example.org"}"#)
        .await
        .ok();
    let body = json!({"fromCustomerId": "anna@example.org", "toCustomerId": "anna@example.org"});
    let request = sent(Method::POST, "customers/merge", &body.to_string());
    let request = request.insert_header((IDENTIFIER, "email"));
    let reply = people.app.send_as(&people.admin, request).await;
    assert_eq!(reply.failure(), refused);
    let body = json!({"fromCustomerId": "nobody", "toCustomerId": "anna@example.org"});
    let request = sent(Method::POST, "customers/merge", &body.to_string());
    let request = request.insert_header((IDENTIFIER, "email"));
    let reply = people.app.send_as(&people.admin, request).await;
    let unknown = (404, vec![(1026, Some("fromCustomerId".to_owned()))]);
    assert_eq!(reply.failure(), unknown);
    let merge = r#"{"fromCustomerId":1,"toCustomerId":2}"#;
    assert_eq!(people.app.post("customers/merge", merge).await.status, 403);
    let erase = TestRequest::delete().uri("/api_gateway/v1/badges/customers/1");
    assert_eq!(people.app.send(erase).await.status, 403);
}

#[actix_web::test]
async fn a_merge_is_done_once_for_each_key_and_replayed() {
    let people = People::new();
    let body = json!({"fromCustomerId": 1, "toCustomerId": 2}).to_string();
    let send = || {
        let request = sent(Method::POST, "customers/merge", &body);
        let request = request.insert_header(("Idempotency-Key", "k"));
        people.app.send_as(&people.admin, request)
    };
    let first = send().await;
    first.ok();
    people.merge(2, 3).await.ok();
    let again = send().await;
    assert_eq!(again.body, first.body);
    let replayed = ("idempotency-replayed".to_owned(), "true".to_owned());
    assert!(again.headers.contains(&replayed));
    people.erase("3").await.ok();
    assert_eq!(send().await.json()["data"], Value::Null);
}

#[actix_web::test]
async fn a_customer_is_erased_and_answers_leave_it_out() {
    let people = People::new();
    let direct = people.app.direct_badge("Pets", "").await;
    people.enrol(&[1, 2], "r").await.ok();
    let earn = json!({"badgeMetaId": direct, "customerId": 1, "requestId": "e"}).to_string();
    let send = || {
        let request = sent(Method::POST, "customer/earn", &earn);
        people
            .app
            .send(request.insert_header(("Idempotency-Key", "k")))
    };
    send().await.ok();
    let row = |number: i64| {
        json!({
            "badgeMetaId": direct, "customerId": number,
            "earnEventDate": 1_674_292_011, "earnExpiresOn": 1_905_828_011,
        })
    };
    let rows = json!([row(1), row(2)]).to_string();
    let import = sent(Method::PUT, "import/customerBadges", &rows);
    people
        .app
        .send(import.insert_header(("requestId", "i")))
        .await
        .ok();
    assert_snapshot!("erased", people.erase("1").await.ok());
    assert_snapshot!("erased", people.erase("1").await.ok());
    assert_eq!(issued(&people.kept("r").await), [2]);
    assert_eq!(people.kept("e").await, Value::Null);
    let imported = people.kept("i").await;
    assert_eq!(imported.as_array().map(Vec::len), Some(1));
    assert_eq!(imported[0]["data"]["requestId"], "i_2");
    assert_eq!(people.kept("i_1").await, imported);
    assert_snapshot!("replayed", send().await.ok());
    assert_eq!(
        people.enrol(&[3], "r").await.failure().1,
        [(809, Some("requestId".to_owned()))]
    );
    let events = people.events().await;
    let of = |kind: &str, subject: &str| {
        let found = events
            .iter()
            .find(|it| it["type"] == kind && it["subject"] == subject);
        found.cloned().unwrap()
    };
    let gone = of("accolade.enrolment.created", &format!("badges/{BADGE}"));
    assert_eq!(
        (&gone["data"], &gone["partitionkey"]),
        (&Value::Null, &json!(BADGE))
    );
    of(
        "accolade.enrolment.created",
        &format!("customers/2/badges/{BADGE}"),
    );
    let erased = of("accolade.customer.erased", "customers/1");
    assert_eq!(erased["data"], json!({"customerId": 1}));
    let badge = people.get(&format!("badgeMeta/{direct}")).await.json();
    assert_eq!(badge["data"]["earnedCount"], 3);
    let issue = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1]}}"#);
    let anew = people.app.send(sent(Method::POST, ISSUE, &issue)).await;
    assert_eq!(issued(&anew.json()["data"]), [1]);
}

#[actix_web::test]
async fn nobody_is_erased_by_what_names_nobody() {
    let people = People::new();
    assert_eq!(people.erase("x").await.failure(), (404, vec![(404, None)]));
    let request = TestRequest::delete().uri("/api_gateway/v1/badges/customers/nobody");
    let request = request.insert_header((IDENTIFIER, "email"));
    let reply = people.app.send_as(&people.admin, request).await;
    assert_eq!(reply.failure(), (404, vec![(1026, None)]));
    let before = people.events().await;
    people.erase("77").await.ok();
    assert_eq!(people.events().await, before);
}
