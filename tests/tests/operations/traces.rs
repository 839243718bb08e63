//! Traces: what a request spent its time on, as a part of what its caller follows; and a collector that
//! is away holds up nobody.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use accolade_tests::{
    Backend, CollectedSpan, Collector, Receiver, Server, Setup, enrolment, on_both_databases,
    until, with,
};
use serde_json::json;

/// What a caller follows, which it has collected.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa01c902b7";

fn parent(sampled: &str) -> String {
    format!("00-{TRACE}-{CALLER}-{sampled}")
}

fn of_trace(spans: &[CollectedSpan]) -> Vec<CollectedSpan> {
    let of_it = spans.iter().filter(|it| it.trace == TRACE);
    of_it.cloned().collect()
}

fn named<'a>(spans: &'a [CollectedSpan], name: &str) -> Option<&'a CollectedSpan> {
    spans.iter().find(|it| it.name == name)
}

/// The request of this name in the caller's trace, once all of it has arrived: it ends last.
fn request(collector: &Collector, name: &str) -> (CollectedSpan, Vec<CollectedSpan>) {
    collector.expect(|spans| {
        let spans = of_trace(spans);
        let request = named(&spans, name)?.clone();
        Some((request, spans))
    })
}

fn a_command_is_a_use_case_and_a_transaction_within_the_callers_trace(backend: Backend) {
    let collector = Collector::start();
    let server = Setup::new(backend)
        .set("telemetry.otlp_endpoint", collector.url())
        .start();
    let org = server.org();
    let badge = org.badge();
    org.request("PUT", &format!("badgeMeta/{badge}/deactivate"))
        .header("traceparent", &parent("01"))
        .header("X-Request-Id", "find-me")
        .send()
        .ok();
    let (request, spans) = request(
        &collector,
        "PUT /api_gateway/v1/badges/badgeMeta/{id}/deactivate",
    );
    assert_eq!(request.parent, CALLER);
    let org_id = org.id().to_string();
    for (key, value) in [
        ("request_id", "find-me"),
        ("org", &org_id),
        ("http.response.status_code", "200"),
    ] {
        assert_eq!(
            request.attributes.get(key).map(String::as_str),
            Some(value),
            "{request:?}"
        );
    }
    let use_case = spans
        .iter()
        .find(|it| {
            it.attributes
                .get("what")
                .is_some_and(|what| what == "SetActivity")
        })
        .unwrap_or_else(|| panic!("{spans:#?}"));
    assert_eq!(
        (&*use_case.name, &use_case.parent),
        ("use case", &request.id)
    );
    let of_use_case = |it: &&CollectedSpan| it.name == "transaction" && it.parent == use_case.id;
    assert!(spans.iter().any(|it| of_use_case(&it)), "{spans:#?}");
    // The log has its line as without traces.
    let line = server.logs().expect("find-me");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["span"]["org"], org.id(), "{line}");
    assert!(line["span"]["client"].is_number(), "{line}");
}

fn a_small_request_is_a_part_of_a_group(backend: Backend) {
    let collector = Collector::start();
    let server = Setup::new(backend)
        .set("telemetry.otlp_endpoint", collector.url())
        .start();
    let org = server.org();
    org.enrolling(&enrolment(&org.badge()))
        .header("traceparent", &parent("01"))
        .send()
        .ok();
    let name = "POST /api_gateway/v1/badges/badgeMeta/customer/issueBulk";
    let (request, spans) = request(&collector, name);
    let group = named(&spans, "group").unwrap_or_else(|| panic!("{spans:#?}"));
    assert_eq!(group.parent, request.id);
    assert_eq!(group.attributes["members"], "1");
    let use_case = named(&spans, "use case").unwrap();
    assert_eq!(use_case.parent, group.id);
    assert_eq!(use_case.attributes["what"], "EnrolCustomers");
    let transaction = named(&spans, "transaction").unwrap();
    assert_eq!(transaction.parent, use_case.id);
}

#[test]
fn what_the_caller_does_not_collect_is_not_collected_and_nobody_in_it_is_named() {
    let collector = Collector::start();
    let server = Setup::new(Backend::Sqlite)
        .set("telemetry.otlp_endpoint", collector.url())
        .start();
    let org = server.org();
    org.request("GET", "badgeMeta")
        .header("traceparent", &parent("00"))
        .send()
        .ok();
    let customer = 620_900_137_219_i64;
    let body = with(&enrolment(&org.badge()), &json!({"customers": [customer]}));
    org.enrol(&body).ok();
    org.get(&format!("customer/{customer}")).ok();
    collector
        .expect(|spans| named(spans, "GET /api_gateway/v1/badges/customer/{customerId}").map(drop));
    assert_eq!(of_trace(&collector.spans()).len(), 0);
    let everything = format!("{:?}", collector.spans());
    assert!(!everything.contains(&customer.to_string()), "{everything}");
}

#[test]
fn of_requests_that_nobody_follows_the_share_is_collected_that_the_settings_say() {
    let collector = Collector::start();
    let server = Setup::new(Backend::Sqlite)
        .set("telemetry.otlp_endpoint", collector.url())
        .set("telemetry.otlp_ratio", "0")
        .start();
    let org = server.org();
    org.get("badgeMeta").ok();
    org.request("GET", "badgeMeta")
        .header("traceparent", &parent("01"))
        .send()
        .ok();
    request(&collector, "GET /api_gateway/v1/badges/badgeMeta");
    assert_eq!(collector.spans().len(), of_trace(&collector.spans()).len());
}

#[test]
fn a_delivery_to_a_webhook_is_followed_on_by_its_receiver() {
    let (collector, receiver) = (Collector::start(), Receiver::start());
    let server = Setup::new(Backend::Sqlite)
        .with_receivers_on_this_machine()
        .set("telemetry.otlp_endpoint", collector.url())
        .start();
    let org = server.org();
    org.post("webhooks", &json!({"url": receiver.url()})).ok();
    org.badge();
    until("something is delivered", Duration::from_mins(1), || {
        !receiver.bodies().is_empty()
    });
    let parents = receiver.headers("traceparent");
    let delivery = collector.expect(|spans| {
        let found = spans.iter().find(|it| {
            let parent = format!("00-{}-{}-01", it.trace, it.id);
            it.name == "delivery" && parents.contains(&parent)
        });
        found.cloned()
    });
    assert_eq!(delivery.parent, "");
}

/// The value of a metric.
fn metric(server: &Server, series: &str) -> f64 {
    let metrics = server.stranger().get("/metrics").ok();
    let text = metrics.text();
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line.unwrap().trim().parse().unwrap()
}

#[test]
fn requests_go_on_beside_a_collector_that_is_not_there_or_takes_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let [silent_at, nobody_at] = [&silent, &nobody].map(|it| it.local_addr().unwrap());
    drop(nobody);
    for (at, cause) in [(nobody_at, "not_taken"), (silent_at, "queue_full")] {
        let server = Setup::new(Backend::Sqlite)
            .set("telemetry.otlp_endpoint", &format!("http://{at}"))
            .start();
        let org = server.org().with_a_connection();
        let dropped = format!(r#"accolade_trace_spans_dropped_total{{cause="{cause}"}}"#);
        until("spans are dropped", Duration::from_mins(3), || {
            for _ in 0..100 {
                let asked = Instant::now();
                org.get("badgeMeta").ok();
                assert!(asked.elapsed() < Duration::from_secs(5));
            }
            metric(&server, &dropped) > 0.5
        });
        assert!(metric(&server, "accolade_trace_spans_exported_total") < 0.5);
        let told = Instant::now();
        server.signal(rustix::process::Signal::TERM);
        assert_eq!(server.wait().code(), Some(0));
        assert!(told.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn a_ratio_or_an_endpoint_that_is_none_is_refused() {
    for (key, value) in [
        ("telemetry.otlp_ratio", "1.5"),
        ("telemetry.otlp_ratio", "all"),
        ("telemetry.otlp_endpoint", "127.0.0.1:4318"),
    ] {
        let line = Setup::new(Backend::Sqlite)
            .set(key, value)
            .stops()
            .refused();
        assert!(line.contains("ACCOLADE__TELEMETRY__OTLP_"), "{line}");
    }
}

on_both_databases! {
    a_command_is_a_use_case_and_a_transaction_within_the_callers_trace
    a_small_request_is_a_part_of_a_group
}
