//! Identifiers of customers are in no log line, however much is logged, and in no metric.

use accolade_tests::{Backend, Org, Setup, badge, imported, on_both_databases, with};
use serde_json::json;

const EMAIL: &str = "ann.private@example.org";
const STRANGER: &str = "nobody.private@example.org";
const MOBILE: &str = "07005550123";
const CARD: &str = "card-private-77";
const EXTERNAL: &str = "external-private-77";

/// Names customers by identifiers wherever that can be done, and wherever it cannot.
fn named_in_every_place(org: &Org) {
    let badge = org.create(&badge());
    let by = |kind: &str, method: &str, path: &str, body: Option<&serde_json::Value>| {
        let request = org.request(method, path);
        let request = body.map_or(request.clone(), |body| request.json(body));
        request.header("X-CAP-CUSTOMER-IDENTIFIER", kind).send()
    };
    let names = json!([EMAIL, STRANGER, EMAIL]);
    for (path, body) in [
        (
            "badgeMeta/customer/issueBulk",
            json!({"badgeMetaId": badge, "customers": names}),
        ),
        (
            "customer/earnBulk",
            json!({"badgeMetaId": badge, "customerIds": names, "requestId": "b"}),
        ),
        (
            "customer/earn",
            json!({"badgeMetaId": badge, "customerId": EMAIL, "requestId": "e"}),
        ),
        (
            "customer/earn",
            json!({"badgeMetaId": badge, "customerId": STRANGER, "requestId": "s"}),
        ),
        (
            "import/customerBadges",
            json!([with(&imported(&badge, 1), &json!({"customerId": EMAIL}))]),
        ),
        (
            "badgeMeta/customer/revokeIssue",
            json!({"badgeMetaId": badge, "customers": names}),
        ),
    ] {
        by("email", "POST", path, Some(&body));
        // Without the header it is no number, and refused.
        org.post(path, &body);
    }
    for (kind, name) in [
        ("email", EMAIL),
        ("email", STRANGER),
        ("mobile", MOBILE),
        ("externalId", EXTERNAL),
        ("cardNumber", CARD),
    ] {
        for path in [
            format!("customer/{name}"),
            format!("management/{name}"),
            format!("management/{name}/badge/{badge}"),
        ] {
            by(kind, "GET", &path, None);
            org.get(&path);
        }
    }
}

fn identifiers_are_in_no_log_line_and_no_metric(backend: Backend) {
    let server = Setup::new(backend).set("log.level", "trace").start();
    let org = server.org();
    let everything =
        json!({"email": EMAIL, "mobile": MOBILE, "externalId": EXTERNAL, "cardNumber": CARD});
    org.register(1, &everything);
    // Taken, unreadable, in bulk, in a query.
    org.put_json("customers/2", &everything);
    org.put_json(
        "customers/2",
        &with(&everything, &json!({"email": [EMAIL]})),
    );
    let bulk = json!({"customers": [{"customerId": 2, "email": format!("{EMAIL}\u{0}")}]});
    org.post("customers/bulk", &bulk);
    let bulk = json!({"customers": [with(&everything, &json!({"customerId": 1}))]});
    org.post("customers/bulk", &bulk).ok();
    org.get(&format!("badgeMeta?name={EMAIL}"));

    named_in_every_place(&org);
    // And where something unexpected fails.
    server.database().execute("DROP TABLE customer_identifiers");
    let failed = org
        .request("GET", &format!("customer/{EMAIL}"))
        .header("X-CAP-CUSTOMER-IDENTIFIER", "email")
        .header("X-Request-Id", "failing")
        .may_fail()
        .send();
    assert_eq!(failed.codes(), [999_999]);
    let failed = org
        .sending("PUT", "customers/1", &everything)
        .header("X-Request-Id", "failing-too")
        .may_fail()
        .send();
    assert_eq!(failed.codes(), [999_999]);
    let logged = server
        .logs()
        .find(std::time::Duration::from_secs(10), |line| {
            line.contains("failing-too").then_some(())
        });
    assert!(logged.is_some());

    let log = server.logs().text();
    let metrics = server.stranger().get("/metrics").ok();
    for private in [
        EMAIL,
        STRANGER,
        MOBILE,
        CARD,
        EXTERNAL,
        "ann.private",
        "nobody.private",
        "ann.private%40",
    ] {
        let line = log.lines().find(|line| line.contains(private));
        assert_eq!(line, None, "{private}");
        assert!(!metrics.text().contains(private), "{private}: {metrics}");
    }
}

on_both_databases! {
    identifiers_are_in_no_log_line_and_no_metric
}
