//! What operators can watch: requests, their latency, enrolments and earns by outcome, connections.
//!
//! Labels never hold what callers choose: a route is its pattern, a method one of the known.

use std::time::Duration;

use accolade_application::ports::PoolUsage;
use actix_web::http::Method;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, MetricFamily};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::dispatch::DispatcherUsage;
use crate::listeners::OutcomeCounts;
use crate::turned_away::{Beyond, HandshakeFailure};

/// Upper bounds of the latency's buckets, in seconds.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Upper bounds of the sizes of groups.
const SIZES: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0,
];

/// The route of requests that matched none.
const UNMATCHED: &str = "unmatched";

/// The counters of one server. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    /// What others than this crate show.
    others: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    outcomes: OutcomeCounts,
    groups: HistogramVec,
    connections: IntGaugeVec,
    callers: IntGauge,
    body_bytes: IntGauge,
    refused_connections: IntCounterVec,
    failed_handshakes: IntCounterVec,
    use_cases: IntGaugeVec,
    followers: IntGauge,
    ready: IntGauge,
    streams: IntGauge,
}

impl Metrics {
    /// Counters at zero, and what `others` count.
    ///
    /// # Errors
    /// A name is not one that Prometheus takes.
    pub(crate) fn new(
        dropped_log_lines: fn() -> u64,
        others: Registry,
    ) -> prometheus::Result<Self> {
        let labels = &["method", "route", "status"];
        let registry = Registry::new();
        registry.register(Box::new(Counted {
            counter: IntCounter::new(
                "accolade_log_lines_dropped_total",
                "Lines of the log that were dropped, because standard error was not read.",
            )?,
            count: dropped_log_lines,
        }))?;
        let latency = HistogramOpts::new(
            "accolade_http_request_duration_seconds",
            "Time from a request's head to its answer, without what its caller wanted to wait, by route, method and status.",
        );
        let outcomes = OutcomeCounts::new(&registry)?;
        Ok(Self {
            requests: registered(
                &registry,
                counters(
                    "accolade_http_requests_total",
                    "Requests that were answered, by route, method and status.",
                    labels,
                )?,
            )?,
            latency: registered(
                &registry,
                HistogramVec::new(latency.buckets(BUCKETS.to_vec()), labels)?,
            )?,
            outcomes,
            groups: registered(
                &registry,
                HistogramVec::new(
                    HistogramOpts::new(
                        "accolade_group_size",
                        "Requests that were executed together, in one transaction where they may share it, by what they record.",
                    )
                    .buckets(SIZES.to_vec()),
                    &["kind"],
                )?,
            )?,
            connections: registered(
                &registry,
                gauges(
                    "accolade_database_connections",
                    "Connections to the database: busy, idle, and the most that may be open.",
                )?,
            )?,
            callers: registered(
                &registry,
                IntGauge::new(
                    "accolade_http_connections",
                    "Connections of callers.",
                )?,
            )?,
            body_bytes: registered(
                &registry,
                IntGauge::new(
                    "accolade_http_body_bytes",
                    "Bytes of large bodies that are held, received and answered.",
                )?,
            )?,
            refused_connections: refused_connections(&registry)?,
            failed_handshakes: failed_handshakes(&registry)?,
            use_cases: registered(
                &registry,
                gauges(
                    "accolade_use_cases",
                    "Use cases that run, and requests that wait for their turn.",
                )?,
            )?,
            followers: registered(
                &registry,
                IntGauge::new(
                    "accolade_event_followers",
                    "Requests that wait for an event, without a thread or a connection.",
                )?,
            )?,
            ready: registered(
                &registry,
                IntGauge::new(
                    "accolade_ready",
                    "1 if requests can be served, as /health/ready says; 0 if not, or if the database does not say so in time.",
                )?,
            )?,
            streams: registered(
                &registry,
                IntGauge::new(
                    "accolade_streams",
                    "Exports and results of jobs that are being sent: a thread or a connection to the database they have only while they read.",
                )?,
            )?,
            registry,
            others,
        })
    }

    /// Counts a request that was answered.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: Option<&str>,
        status: u16,
        latency: Duration,
    ) {
        let status = status.to_string();
        let labels = [known(method), route.unwrap_or(UNMATCHED), status.as_str()];
        self.requests.with_label_values(&labels).inc();
        self.latency
            .with_label_values(&labels)
            .observe(latency.as_secs_f64());
    }

    /// What counts customers by what became of them.
    pub(crate) const fn outcomes(&self) -> &OutcomeCounts {
        &self.outcomes
    }

    /// Shows the groups of this kind, before there is one.
    pub(crate) fn groups_start(&self, kind: &str) {
        self.groups.with_label_values(&[kind]);
    }

    /// Counts a group of so many requests of this kind.
    pub(crate) fn grouped(&self, kind: &str, requests: usize) {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        self.groups
            .with_label_values(&[kind])
            .observe(requests.into());
    }

    /// Counts a connection that was ended because it was beyond a bound.
    pub(crate) fn connection_refused(&self, beyond: Beyond) {
        self.refused_connections
            .with_label_values(&[beyond.label()])
            .inc();
    }

    /// Counts a handshake that failed.
    pub(crate) fn handshake_failed(&self, failure: HandshakeFailure) {
        self.failed_handshakes
            .with_label_values(&[failure.label()])
            .inc();
    }

    /// Everything in the text format of Prometheus, with the usage as it is now.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn render(
        &self,
        pool: PoolUsage,
        dispatcher: DispatcherUsage,
        counts: Counts,
        is_ready: bool,
    ) -> prometheus::Result<String> {
        let whole = |count: usize| count.try_into().unwrap_or(i64::MAX);
        self.ready.set(is_ready.into());
        self.followers.set(whole(counts.followers));
        self.streams.set(whole(counts.streams));
        self.callers.set(whole(counts.connections));
        self.body_bytes.set(whole(counts.body_bytes));
        let states = [
            (
                &self.connections,
                "busy",
                pool.open.saturating_sub(pool.idle),
            ),
            (&self.connections, "idle", pool.idle),
            (&self.connections, "max", pool.max),
            (&self.use_cases, "running", dispatcher.running),
            (&self.use_cases, "waiting", dispatcher.waiting),
        ];
        for (gauges, state, value) in states {
            gauges.with_label_values(&[state]).set(value.into());
        }
        let mut families = self.registry.gather();
        families.extend(self.others.gather());
        TextEncoder::new().encode_to_string(&families)
    }
}

/// How many there are of some things at the moment of a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Requests that wait for an event.
    pub(crate) followers: usize,
    /// Exports that run.
    pub(crate) streams: usize,
    /// Connections of callers.
    pub(crate) connections: usize,
    /// Bytes of large bodies.
    pub(crate) body_bytes: usize,
}

/// What somebody else counts, asked at each look.
struct Counted {
    counter: IntCounter,
    count: fn() -> u64,
}

impl Collector for Counted {
    fn desc(&self) -> Vec<&Desc> {
        self.counter.desc()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "Prometheus has no other numbers"
    )]
    fn collect(&self) -> Vec<MetricFamily> {
        let count = (self.count)() as f64;
        let mut families = self.counter.collect();
        for metric in families.iter_mut().flat_map(MetricFamily::mut_metric) {
            let mut counter = Counter::default();
            counter.set_value(count);
            metric.set_counter(counter);
        }
        families
    }
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> prometheus::Result<C> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

fn counters(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
    IntCounterVec::new(Opts::new(name, help), labels)
}

fn gauges(name: &str, help: &str) -> prometheus::Result<IntGaugeVec> {
    IntGaugeVec::new(Opts::new(name, help), &["state"])
}

/// The method's name, if it is one of the standard's; callers may send any word.
fn known(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN
        .iter()
        .zip(NAMES)
        .find(|(known, _)| *known == method)
        .map_or("other", |(_, name)| name)
}

/// A counter of each of `values` of the label `label`, at zero.
pub(crate) fn at_zero(
    registry: &Registry,
    (name, help): (&str, &str),
    label: &str,
    values: &[&str],
) -> prometheus::Result<IntCounterVec> {
    let counters = registered(registry, counters(name, help, &[label])?)?;
    for value in values {
        counters.with_label_values(&[*value]);
    }
    Ok(counters)
}

/// Connections that were ended.
fn refused_connections(registry: &Registry) -> prometheus::Result<IntCounterVec> {
    let counter = (
        "accolade_http_connections_refused_total",
        "Connections that were ended because there were too many, in all or from one address.",
    );
    at_zero(registry, counter, "bound", &Beyond::ALL.map(Beyond::label))
}

/// Handshakes that failed.
fn failed_handshakes(registry: &Registry) -> prometheus::Result<IntCounterVec> {
    let counter = (
        "accolade_tls_handshake_failures_total",
        "Connections whose handshake took too long (slow), or in which the two did not agree (broken).",
    );
    let failures = HandshakeFailure::ALL.map(HandshakeFailure::label);
    at_zero(registry, counter, "failure", &failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted_and_callers_choose_no_label() {
        let shown = Registry::new();
        let others = IntCounter::new("of_others", "What others count.").unwrap();
        let others = registered(&shown, others).unwrap();
        let metrics = Metrics::new(|| 7, shown).unwrap();
        others.inc_by(3);
        let odd = Method::from_bytes(b"BREW").unwrap();
        metrics.answered(
            &Method::POST,
            Some("/a/{id}"),
            200,
            Duration::from_millis(3),
        );
        metrics.answered(&odd, None, 404, Duration::from_millis(3));
        metrics.groups_start("earns");
        metrics.grouped("enrolments", 7);
        let pool = PoolUsage {
            open: 3,
            idle: 1,
            max: 8,
        };
        let usage = DispatcherUsage {
            running: 2,
            waiting: 5,
        };
        let counts = Counts {
            followers: 3,
            streams: 2,
            connections: 4,
            body_bytes: 5,
        };
        metrics.connection_refused(Beyond::Address);
        let text = metrics.render(pool, usage, counts, true).unwrap();
        for line in [
            r#"accolade_http_requests_total{method="POST",route="/a/{id}",status="200"} 1"#,
            r#"accolade_http_requests_total{method="other",route="unmatched",status="404"} 1"#,
            r#"accolade_http_request_duration_seconds_bucket{method="POST",route="/a/{id}",status="200",le="0.005"} 1"#,
            r#"accolade_enrolments_total{outcome="already_enrolled"} 0"#,
            r#"accolade_database_connections{state="busy"} 2"#,
            r#"accolade_use_cases{state="waiting"} 5"#,
            "accolade_log_lines_dropped_total 7",
            "of_others 3",
            "accolade_event_followers 3",
            r#"accolade_group_size_bucket{kind="enrolments",le="5"} 0"#,
            r#"accolade_group_size_bucket{kind="enrolments",le="10"} 1"#,
            r#"accolade_group_size_count{kind="earns"} 0"#,
            "accolade_ready 1",
            "accolade_streams 2",
            "accolade_http_connections 4",
            "accolade_http_body_bytes 5",
            r#"accolade_http_connections_refused_total{bound="address"} 1"#,
            r#"accolade_http_connections_refused_total{bound="all"} 0"#,
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
