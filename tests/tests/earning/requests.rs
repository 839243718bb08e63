//! Request ids, idempotency keys, asking what became of a request and dry runs: the same for
//! every operation.

use accolade_tests::{
    Client, Org, Reply, Request, Server, badge, direct_badge, imported, on_both_databases, with,
};
use serde_json::{Value, json};

/// One request of an operation.
struct Call {
    /// Its name in `GET requests/{id}`.
    operation: &'static str,
    path: &'static str,
    body: Value,
    /// Whether the request must have an id.
    needs_id: bool,
}

impl Call {
    fn sending<'c>(&self, client: &'c Client, suffix: &str) -> Request<'c> {
        let path = format!("{}{suffix}", self.path);
        client.sending("POST", &path, &self.body)
    }

    fn with_id(&self, id: &str) -> Self {
        let body = match &self.body {
            // An import's id comes in the header.
            Value::Array(_) => self.body.clone(),
            body => with(body, &json!({"requestId": id})),
        };
        Self { body, ..*self }
    }

    fn send(&self, client: &Client, id: &str) -> Reply {
        let call = self.with_id(id);
        let request = call.sending(client, "");
        if self.body.is_array() {
            request.header("requestId", id).send()
        } else {
            request.send()
        }
    }
}

/// A badge that customer 1 is enrolled for and has earned, and requests about it, the last of
/// which take both back.
fn calls(org: &Org) -> (String, Vec<Call>) {
    let expiry = json!({"earnedBadgeExpiry": {
        "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": 1_926_235_957,
    }});
    let badge = org.create(&with(&badge(), &expiry));
    let body = json!({"badgeMetaId": badge, "customers": [1, 2]});
    org.enrol(&body).ok();
    let earned = org.earned(&badge, 1);
    let call = |operation, path, body, needs_id| Call {
        operation,
        path,
        body,
        needs_id,
    };
    let calls = vec![
        call(
            "earn",
            "customer/earn",
            json!({"badgeMetaId": badge, "customerId": 1}),
            true,
        ),
        call(
            "earnBulk",
            "customer/earnBulk",
            json!({"badgeMetaId": badge, "customerIds": [3, 2, 1]}),
            true,
        ),
        call(
            "importCustomerBadges",
            "import/customerBadges",
            json!([imported(&badge, 4)]),
            false,
        ),
        call(
            "revokeEarn",
            "customer/revokeEarn",
            json!({"badgeMetaId": badge, "customerId": 1, "earnedBadgeId": earned}),
            false,
        ),
        call(
            "revokeIssue",
            "badgeMeta/customer/revokeIssue",
            json!({"badgeMetaId": badge, "customers": [2]}),
            false,
        ),
    ];
    (badge, calls)
}

/// What a badge's counts say of everything that was recorded.
fn counts(org: &Org, badge: &str) -> (i64, i64) {
    (org.issued_count(badge), org.earned_count(badge))
}

fn a_request_id_is_used_once_by_each_operation(server: &Server) {
    let org = server.org();
    let (_, calls) = calls(&org);
    for call in &calls {
        // The same id for all of them: it belongs to the operation.
        call.send(&org, "shared").ok();
        call.send(&org, "shared").refused(809, Some("requestId"));
    }
}

fn failures_do_not_use_a_request_id_up(server: &Server) {
    let org = server.org();
    let (badge, calls) = calls(&org);
    for call in calls.iter().filter(|call| !call.body.is_array()) {
        let mut wrong = call.with_id("id");
        wrong.body["badgeMetaId"] = json!("000000000000000000000000");
        let reply = wrong.sending(&org, "").send();
        assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
        call.send(&org, "id").ok();
    }
    let off = format!("badgeMeta/{badge}/deactivate");
    org.put(&off).ok();
    calls[0]
        .send(&org, "again")
        .refused(1901, Some("badgeMetaId"));
    org.put(&format!("badgeMeta/{badge}/activate")).ok();
    calls[0].send(&org, "again").ok();
}

fn earning_needs_a_request_id_from_the_body_or_the_header(server: &Server) {
    let org = server.org();
    let (_, calls) = calls(&org);
    for call in &calls {
        if call.needs_id {
            let reply = call.sending(&org, "").send();
            reply.refused(804, Some("requestId"));
        }
        let reply = call.sending(&org, "").header("requestId", "header").send();
        reply.ok();
        let reply = call.sending(&org, "").header("requestId", "header").send();
        assert_eq!(reply.codes(), [809], "{reply}");
    }
}

fn every_operation_tells_again_what_it_answered(server: &Server) {
    let org = server.org();
    let (_, calls) = calls(&org);
    let mut answers = Vec::new();
    for call in &calls {
        let reply = call.send(&org, "shared").ok();
        let text = reply.text();
        let data = match text.strip_prefix(r#"{"data":"#) {
            Some(rest) => rest[..rest.find(r#","errors":"#).unwrap()].to_owned(),
            None => text.to_owned(),
        };
        answers.push(data);
    }
    let reply = org.outcome("shared").ok();
    let requests = reply.data()["requests"].as_array().unwrap().clone();
    let operations: Vec<_> = requests.iter().map(|it| it["operation"].clone()).collect();
    let expected: Vec<_> = calls.iter().map(|call| json!(call.operation)).collect();
    assert_eq!(operations, expected, "{reply}");
    for answer in answers {
        assert!(
            reply.text().contains(&format!(r#""answer":{answer}"#)),
            "{reply} lacks {answer}"
        );
    }
    let other = server.org();
    assert_eq!(other.outcome("shared").status, 404);
}

fn every_operation_heeds_an_idempotency_key(server: &Server) {
    let org = server.org();
    let (badge, calls) = calls(&org);
    for call in &calls {
        let call = call.with_id(&format!("{} keyed", call.operation));
        let send = || {
            let request = call.sending(&org, "");
            request.header("Idempotency-Key", call.operation).send()
        };
        let first = send().ok();
        assert_eq!(first.header("Idempotency-Replayed"), None);
        let before = counts(&org, &badge);
        let again = send().ok();
        assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
        assert_eq!(first.text(), again.text());
        assert_eq!(counts(&org, &badge), before);
        let other = org
            .sending("POST", call.path, &json!({"badgeMetaId": badge}))
            .header("Idempotency-Key", call.operation)
            .send();
        assert_eq!((other.status, other.codes()), (422, vec![1910]), "{other}");
    }
}

fn a_refused_earn_does_not_use_its_key(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let body = json!({"badgeMetaId": badge, "customerId": 1, "requestId": "id"});
    let earn = || {
        let request = org.sending("POST", "customer/earn", &body);
        request.header("Idempotency-Key", "key").send()
    };
    assert_eq!(earn().codes(), [811]);
    org.enrol(&json!({"badgeMetaId": badge, "customers": [1]}))
        .ok();
    let reply = earn().ok();
    assert_eq!(reply.header("Idempotency-Replayed"), None);
}

fn a_dry_run_tells_every_outcome_and_records_nothing(server: &Server) {
    let org = server.org();
    let (badge, calls) = calls(&org);
    for call in &calls[..3] {
        let before = counts(&org, &badge);
        let call = call.with_id("dry");
        let dry = |value: &str| {
            let request = call.sending(&org, &format!("?dryRun={value}"));
            let request = request.header("Idempotency-Key", "dry");
            request.header("requestId", "dry").send()
        };
        let (first, again) = (dry("true").ok(), dry("true").ok());
        // No key is used, and what has no ids yet is the same again.
        assert_eq!(again.header("Idempotency-Replayed"), None);
        assert_eq!(first.text(), again.text());
        assert_eq!(counts(&org, &badge), before, "{}", call.operation);
        dry("maybe").refused(999_999, Some("dryRun"));
        let reply = call.send(&org, "real").ok();
        if reply.json().is_object() && reply.data()["issuedBadges"].is_array() {
            assert_eq!(reply.element_codes(), first.element_codes());
        }
        call.send(&org, "dry").ok();
        let reply = dry("true");
        assert_eq!(reply.codes(), [809], "{reply}");
    }
}

fn a_dry_run_of_a_revocation_revokes_nothing(server: &Server) {
    let org = server.org();
    let (badge, calls) = calls(&org);
    for call in &calls[3..] {
        let before = counts(&org, &badge);
        let dry = call.sending(&org, "?dryRun=true").send().ok();
        assert_eq!(counts(&org, &badge), before);
        let real = call.sending(&org, "").send().ok();
        assert_eq!(dry.text(), real.text());
        assert_ne!(counts(&org, &badge), before);
    }
    // What is gone is gone in a dry run too.
    let reply = calls[3].sending(&org, "?dryRun=true").send();
    reply.refused(814, Some("earnedBadgeId"));
    let reply = calls[4].sending(&org, "?dryRun=true").send();
    assert_eq!(reply.element_codes(), [404]);
}

fn a_dry_run_names_no_earn_that_there_is_not(server: &Server) {
    let org = server.org();
    let direct = org.create(&direct_badge());
    let dry = |path: &str, body: &Value| org.post(&format!("{path}?dryRun=true"), body).ok();
    let reply = dry(
        "customer/earnBulk",
        &json!({"badgeMetaId": direct, "customerIds": [1], "requestId": "a"}),
    );
    assert_eq!(
        reply.data()["issuedBadges"],
        json!([{"customerId": 1, "status": "LIVE"}])
    );
    let reply = dry(
        "customer/earn",
        &json!({"badgeMetaId": direct, "customerId": 1, "requestId": "a"}),
    );
    assert_eq!(reply.data()["earnedBadgeId"], Value::Null, "{reply}");
    let reply = dry("import/customerBadges", &json!([imported(&direct, 1)]));
    assert_eq!(
        reply.json()[0]["data"]["earnedBadgeId"],
        Value::Null,
        "{reply}"
    );
    assert_eq!(org.earned_count(&direct), 0);
}

fn a_refusal_in_a_dry_run_is_not_remembered(server: &Server) {
    let org = server.org();
    let badge = org.create(&badge());
    let body = json!({"badgeMetaId": badge, "customerId": 1, "requestId": "a"});
    let reply = org.post("customer/earn?dryRun=true", &body);
    assert_eq!(reply.codes(), [811]);
    let text = org.between(1, &badge).to_string();
    assert!(!text.contains("811"), "{text}");
}

on_both_databases! {
    a_request_id_is_used_once_by_each_operation
    failures_do_not_use_a_request_id_up
    earning_needs_a_request_id_from_the_body_or_the_header
    every_operation_tells_again_what_it_answered
    every_operation_heeds_an_idempotency_key
    a_refused_earn_does_not_use_its_key
    a_dry_run_tells_every_outcome_and_records_nothing
    a_dry_run_of_a_revocation_revokes_nothing
    a_dry_run_names_no_earn_that_there_is_not
    a_refusal_in_a_dry_run_is_not_remembered
}
