//! Metrics and logs: they tell what happens, and nothing about whom.

use std::collections::BTreeSet;
use std::path::Path;

use accolade_tests::{Backend, Server, Setup, enrolment, on_both_databases, shared, with};
use serde_json::json;

/// A customer whose number appears nowhere else.
const CUSTOMER: i64 = 620_900_137_219;

fn metrics_count_by_route_and_outcome_and_name_nobody(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    let body = |request: &str| {
        with(
            &enrolment(&badge),
            &json!({"customers": [CUSTOMER, CUSTOMER + 1], "requestId": request}),
        )
    };
    org.enrol(&body("request-one")).ok();
    org.enrol(&body("request-two")).ok();
    org.get("nothing-at-this-path-620900137219");
    org.get(&format!("badgeMeta/{badge}")).ok();

    let metrics = server.stranger().get("/metrics").ok();
    assert!(
        metrics
            .text()
            .contains(r#"accolade_database_connections{state="busy"}"#)
    );
    assert!(
        metrics
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    let text = metrics.text();
    for line in [
        r#"accolade_http_requests_total{method="POST",route="/api_gateway/v1/badges/badgeMeta/customer/issueBulk",status="200"} 2"#,
        r#"accolade_http_request_duration_seconds_count{method="GET",route="/api_gateway/v1/badges/badgeMeta/{id}",status="200"} 1"#,
        r#"accolade_http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
        r#"accolade_enrolments_total{outcome="enrolled"} 2"#,
        r#"accolade_enrolments_total{outcome="already_enrolled"} 2"#,
    ] {
        assert!(
            text.lines().any(|other| other == line),
            "no {line} in {text}"
        );
    }
    assert!(text.contains("accolade_http_request_duration_seconds_bucket{"));
    for private in [
        &badge,
        "620900137219",
        "request-one",
        &org.credentials().unwrap().key,
    ] {
        assert!(
            !text.contains(private),
            "{private} is in the metrics: {text}"
        );
    }
}

#[test]
fn metrics_have_a_port_of_their_own_when_told() {
    let server = Setup::new(Backend::Sqlite).set("metrics.port", "0").start();
    assert_eq!(server.stranger().get("/metrics").status, 404);
    let line = server.logs().expect("metrics on http://");
    let (_, address) = line.split_once("http://").unwrap();
    let mut raw = accolade_tests::Raw::to(address.strip_suffix("/metrics").unwrap());
    raw.send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(raw.reply().unwrap().status, 200);
}

/// The names in `text` that a metric of the server or of its process may have.
fn names(text: &str) -> BTreeSet<String> {
    let is_of_names = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_of_names(c))
        .filter(|word| word.starts_with("accolade_") || word.starts_with("process_"))
        .map(|word| {
            let parts = ["_bucket", "_sum", "_count"];
            let whole = parts.iter().find_map(|part| word.strip_suffix(part));
            whole.unwrap_or(word).to_owned()
        })
        .collect()
}

/// The names of the metrics that a server on this database has.
fn served(backend: Backend) -> BTreeSet<String> {
    let server = shared(backend);
    server.org().get("badgeMeta").ok();
    let metrics = server.stranger().get("/metrics").ok();
    let types = metrics.text().lines();
    let types = types.filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_metric_that_dashboards_alerts_and_documents_name_is_there_and_each_is_documented() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut served = served(Backend::Sqlite);
    served.extend(self::served(Backend::Postgres));
    for file in [
        "docker/grafana/accolade.json",
        "docker/prometheus/alerts.yml",
        "docker/prometheus/alerts.test.yml",
        "docs/events.md",
        "docs/operations.md",
    ] {
        let named = names(&std::fs::read_to_string(root.join(file)).unwrap());
        let unknown: Vec<_> = named.difference(&served).collect();
        assert!(
            unknown.is_empty(),
            "{file} names what is not there: {unknown:?}"
        );
    }
    let documented = names(&std::fs::read_to_string(root.join("docs/operations.md")).unwrap());
    let own = served.iter().filter(|name| name.starts_with("accolade_"));
    let missing: Vec<_> = own.filter(|name| !documented.contains(*name)).collect();
    assert!(
        missing.is_empty(),
        "docs/operations.md does not tell of {missing:?}"
    );
}

fn what_is_executed_shows_in_the_figures_of_groups_and_transactions(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    org.enrol(&enrolment(&badge)).ok();
    let metrics = server.stranger().get("/metrics").ok();
    let value = |series: &str| -> f64 {
        let text = metrics.text();
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        let line = line.unwrap_or_else(|| panic!("no {series} in {text}"));
        line.trim().parse().unwrap()
    };
    assert!(value(r#"accolade_group_size_count{kind="enrolments"}"#) >= 1.0);
    assert!(value(r#"accolade_database_transaction_seconds_count{use="write"}"#) >= 2.0);
    assert!(value("accolade_database_commit_seconds_count") >= 2.0);
    assert!(value(r#"accolade_database_connection_wait_seconds_count{use="read"}"#) >= 1.0);
    assert!(value("accolade_ready") > 0.5);
    assert!(value("process_resident_memory_bytes") > 1e6);
    if backend == Backend::Sqlite {
        assert!(value("accolade_sqlite_file_bytes") > 0.0);
        assert!(value("accolade_sqlite_wal_bytes") > 0.0);
    }
}

fn no_secret_and_no_customer_is_in_the_log_however_much_is_logged(backend: Backend) {
    let server = Setup::new(backend).set("log.level", "trace").start();
    let org = server.org();
    let credentials = org.credentials().unwrap();
    let body = json!({"key": credentials.key, "secret": credentials.secret});
    let token = server
        .stranger()
        .post("/v3/oauth/token/generate", &body)
        .ok()
        .json();
    let token = token["data"]["accessToken"].as_str().unwrap().to_owned();
    let bearer = server
        .stranger()
        .request("GET", "badgeMeta")
        .header("Authorization", &format!("Bearer {token}"))
        .send();
    bearer.ok();
    let wrong = accolade_tests::Credentials {
        key: credentials.key.clone(),
        secret: "hunter2hunter2".to_owned(),
    };
    assert_eq!(server.client(&wrong).get("badgeMeta").status, 401);
    let enrol = with(&enrolment(&org.badge()), &json!({"customers": [CUSTOMER]}));
    org.enrol(&enrol).ok();
    org.enrol(&with(
        &enrol,
        &json!({"customers": [CUSTOMER, "nobody@example.com"]}),
    ));
    server.database().execute("DROP TABLE enrolments");
    let failed = org
        .enrolling(&with(&enrol, &json!({"requestId": "x"})))
        .header("X-Request-Id", "failing")
        .may_fail()
        .send();
    assert_eq!(failed.codes(), [999_999]);

    // The log has the request that failed, and so everything before it.
    server.logs().expect("failing");
    let log = server.logs().text();
    let basic = credentials.basic().replace("Basic ", "");
    let customer = CUSTOMER.to_string();
    for secret in [
        &credentials.secret,
        &basic,
        &token,
        "hunter2hunter2",
        &customer,
        "nobody@example.com",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[test]
fn a_line_of_the_json_log_is_an_object_with_the_request_id() {
    let server = Server::start(Backend::Sqlite);
    let org = server.org();
    org.request("GET", "badgeMeta")
        .header("X-Request-Id", "find-me")
        .send()
        .ok();
    let line = server.logs().expect("find-me");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(line.is_object());
}

#[test]
fn each_line_of_a_request_names_its_client_and_its_org_once_they_are_known() {
    let server = Server::start(Backend::Sqlite);
    let org = server.org();
    org.request("GET", "badgeMeta")
        .header("X-Request-Id", "find-me")
        .send()
        .ok();
    let badge = org.badge();
    let created_by = org.get(&format!("badgeMeta/{badge}")).ok().data()["createdBy"].clone();
    let line = server.logs().expect("find-me");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["span"]["org"], org.id(), "{line}");
    assert_eq!(line["span"]["client"], created_by, "{line}");
    assert_eq!(line["span"]["request_id"], "find-me", "{line}");

    // What fails is told with its cause in a line of its own.
    server.database().execute("DROP TABLE enrolments");
    org.enrolling(&enrolment(&badge))
        .header("X-Request-Id", "failing")
        .may_fail()
        .send();
    let line = server.logs().expect("request failed");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["span"]["org"], org.id(), "{line}");
    assert_eq!(line["span"]["client"], created_by, "{line}");

    let stranger = server.stranger();
    let stranger = stranger.request("GET", "badgeMeta");
    stranger.header("X-Request-Id", "nobody").send();
    let line = server.logs().expect("nobody");
    assert!(!line.contains(r#""org""#), "{line}");
}

#[test]
fn what_is_not_http_is_no_error_of_the_server() {
    let server = Server::start(Backend::Sqlite);
    let mut raw = accolade_tests::Raw::connect(&server);
    raw.send("hello\r\n\r\n");
    assert_eq!(raw.reply().unwrap().status, 400);
    server
        .stranger()
        .request("GET", "/health/live")
        .header("X-Request-Id", "after-that")
        .send()
        .ok();
    server.logs().expect("after-that");
    let log = server.logs().text();
    let error = log.lines().find(|line| line.contains("ERROR"));
    assert_eq!(error, None);
}

on_both_databases! {
    metrics_count_by_route_and_outcome_and_name_nobody
    no_secret_and_no_customer_is_in_the_log_however_much_is_logged
    what_is_executed_shows_in_the_figures_of_groups_and_transactions
}
