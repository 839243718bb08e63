//! What operators can watch of the background.
//!
//! Labels hold what this program is made of, never an org, a webhook or a customer. Gauges that say
//! how the database stands are the same on every server of it.

use std::time::Duration;

use accolade_domain::webhook::{DisabledReason, WebhookState};
use prometheus::core::Collector;
use prometheus::{
    Counter, Gauge, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

/// How a request to a receiver ended.
const OUTCOMES: [&str; 2] = ["succeeded", "failed"];

/// Why a webhook was disabled.
const fn reason(reason: DisabledReason) -> &'static str {
    match reason {
        DisabledReason::NoSuccess => "no_success",
        DisabledReason::Gone => "gone",
    }
}

/// The label of each state of a webhook.
const STATES: [&str; 3] = ["active", "paused", "disabled"];

const fn label(state: WebhookState) -> &'static str {
    match state {
        WebhookState::Active => "active",
        WebhookState::Paused => "paused",
        WebhookState::Disabled(_) => "disabled",
    }
}

/// How the webhooks of all orgs stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WebhookFigures {
    /// The state of each.
    pub(crate) states: Vec<WebhookState>,
    /// For each active one how many events are behind its position.
    pub(crate) lags: Vec<u64>,
}

/// The figures of one worker. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    sequenced: IntCounter,
    unsequenced: IntGauge,
    feed_lag: Gauge,
    expired: IntCounter,
    webhooks: IntGaugeVec,
    webhook_lag: IntGauge,
    longest_webhook_lag: IntGauge,
    attempts: IntCounterVec,
    disabled: IntCounterVec,
    takeovers: IntCounter,
    leases: IntGauge,
    jobs: IntGauge,
    job_leases: IntGauge,
    job_rows: IntCounter,
    job_seconds: Counter,
    failures: IntCounterVec,
}

impl Metrics {
    /// Figures at zero.
    ///
    /// # Errors
    /// A name is not one that Prometheus takes.
    #[allow(
        clippy::too_many_lines,
        reason = "a list of figures, one after the other"
    )]
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let metrics = Self {
            sequenced: registered(
                &registry,
                IntCounter::new(
                    "accolade_events_sequenced_total",
                    "Events that this server gave their position in the background.",
                )?,
            )?,
            unsequenced: registered(
                &registry,
                IntGauge::new(
                    "accolade_feed_unsequenced_requests",
                    "Requests that were recorded and have no position in the feed yet.",
                )?,
            )?,
            feed_lag: registered(
                &registry,
                Gauge::new(
                    "accolade_feed_lag_seconds",
                    "For how long the oldest of them was recorded already; 0 if there are none.",
                )?,
            )?,
            expired: registered(
                &registry,
                IntCounter::new(
                    "accolade_events_expired_total",
                    "Expiries of enrolments and earned badges of which this server made events.",
                )?,
            )?,
            webhooks: registered(
                &registry,
                IntGaugeVec::new(
                    Opts::new("accolade_webhooks", "Webhooks of all orgs, by state."),
                    &["state"],
                )?,
            )?,
            webhook_lag: registered(
                &registry,
                IntGauge::new(
                    "accolade_webhook_lag_events",
                    "Events behind the position of active webhooks, all of them together.",
                )?,
            )?,
            longest_webhook_lag: registered(
                &registry,
                IntGauge::new(
                    "accolade_webhook_lag_events_max",
                    "Events behind the position of the active webhook that is behind the most.",
                )?,
            )?,
            attempts: registered(
                &registry,
                IntCounterVec::new(
                    Opts::new(
                        "accolade_webhook_attempts_total",
                        "Requests that this server sent to receivers, by outcome.",
                    ),
                    &["outcome"],
                )?,
            )?,
            disabled: registered(
                &registry,
                IntCounterVec::new(
                    Opts::new(
                        "accolade_webhooks_disabled_total",
                        "Webhooks that this server disabled, by reason.",
                    ),
                    &["reason"],
                )?,
            )?,
            takeovers: registered(
                &registry,
                IntCounter::new(
                    "accolade_lease_takeovers_total",
                    "Leases that this server took over from one that had let them run out.",
                )?,
            )?,
            leases: registered(
                &registry,
                IntGauge::new(
                    "accolade_webhook_leases",
                    "Webhooks whose deliveries this server has taken on.",
                )?,
            )?,
            jobs: registered(
                &registry,
                IntGauge::new(
                    "accolade_jobs_unfinished",
                    "Jobs of all orgs that were started and have not ended.",
                )?,
            )?,
            job_leases: registered(
                &registry,
                IntGauge::new("accolade_job_leases", "Jobs that this server has taken on.")?,
            )?,
            job_rows: registered(
                &registry,
                IntCounter::new(
                    "accolade_job_rows_total",
                    "Rows of jobs that this server carried out, whatever became of them.",
                )?,
            )?,
            job_seconds: registered(
                &registry,
                Counter::new(
                    "accolade_job_seconds_total",
                    "How long this server was at work on chunks of jobs.",
                )?,
            )?,
            failures: registered(
                &registry,
                IntCounterVec::new(
                    Opts::new(
                        "accolade_background_failures_total",
                        "Steps of background tasks that failed, by task.",
                    ),
                    &["task"],
                )?,
            )?,
            registry,
        };
        for outcome in OUTCOMES {
            metrics.attempts.with_label_values(&[outcome]);
        }
        for disabled in [DisabledReason::NoSuccess, DisabledReason::Gone] {
            metrics.disabled.with_label_values(&[reason(disabled)]);
        }
        metrics.webhooks_stand(&WebhookFigures::default());
        Ok(metrics)
    }

    /// What is served beside the metrics of requests.
    pub fn registry(&self) -> Registry {
        self.registry.clone()
    }

    /// Counts a request that was sent to a receiver.
    pub fn attempted(&self, is_success: bool) {
        let [succeeded, failed] = OUTCOMES;
        let outcome = if is_success { succeeded } else { failed };
        self.attempts.with_label_values(&[outcome]).inc();
    }

    /// Counts a webhook that this server disabled.
    pub fn disabled(&self, disabled: DisabledReason) {
        self.disabled.with_label_values(&[reason(disabled)]).inc();
    }

    /// Shows a task at zero, before it ever fails.
    pub(crate) fn task_starts(&self, task: &str) {
        self.failures.with_label_values(&[task]);
    }

    pub(crate) fn task_failed(&self, task: &str) {
        self.failures.with_label_values(&[task]).inc();
    }

    pub(crate) fn sequenced(&self, events: u64) {
        self.sequenced.inc_by(events);
    }

    pub(crate) fn feed_stands(&self, unsequenced: u64, lag: Duration) {
        self.unsequenced.set(gauge(unsequenced));
        self.feed_lag.set(lag.as_secs_f64());
    }

    pub(crate) fn expired(&self, events: u64) {
        self.expired.inc_by(events);
    }

    pub(crate) fn webhooks_stand(&self, figures: &WebhookFigures) {
        for state in STATES {
            let those = figures.states.iter().filter(|it| label(**it) == state);
            self.webhooks
                .with_label_values(&[state])
                .set(gauge(those.count() as u64));
        }
        let lags = figures.lags.iter();
        self.webhook_lag.set(gauge(lags.clone().sum()));
        self.longest_webhook_lag
            .set(gauge(lags.copied().max().unwrap_or_default()));
    }

    pub(crate) fn took_over(&self, leases: u64) {
        self.takeovers.inc_by(leases);
    }

    pub(crate) fn delivers(&self, webhooks: usize) {
        self.leases.set(gauge(webhooks as u64));
    }

    pub(crate) fn jobs_stand(&self, unfinished: usize, taken_on: usize) {
        self.jobs.set(gauge(unfinished as u64));
        self.job_leases.set(gauge(taken_on as u64));
    }

    pub(crate) fn job_rows(&self, rows: u64, took: Duration) {
        self.job_rows.inc_by(rows);
        self.job_seconds.inc_by(took.as_secs_f64());
    }
}

fn gauge(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> prometheus::Result<C> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_there_before_anything_happens_and_counts_what_happens() {
        let metrics = Metrics::new().unwrap();
        let text = || {
            let families = metrics.registry().gather();
            prometheus::TextEncoder::new()
                .encode_to_string(&families)
                .unwrap()
        };
        let shows = |line: &str| text().lines().any(|found| found == line);
        for line in [
            "accolade_feed_unsequenced_requests 0",
            "accolade_feed_lag_seconds 0",
            "accolade_events_expired_total 0",
            "accolade_webhook_lag_events 0",
            "accolade_webhook_lag_events_max 0",
            r#"accolade_webhook_attempts_total{outcome="failed"} 0"#,
            r#"accolade_webhooks{state="disabled"} 0"#,
            r#"accolade_webhooks_disabled_total{reason="no_success"} 0"#,
            "accolade_lease_takeovers_total 0",
            "accolade_jobs_unfinished 0",
            "accolade_job_rows_total 0",
        ] {
            assert!(shows(line), "{line} is not in\n{}", text());
        }
        metrics.attempted(true);
        metrics.attempted(false);
        metrics.attempted(false);
        metrics.disabled(DisabledReason::Gone);
        for line in [
            r#"accolade_webhook_attempts_total{outcome="succeeded"} 1"#,
            r#"accolade_webhook_attempts_total{outcome="failed"} 2"#,
            r#"accolade_webhooks_disabled_total{reason="gone"} 1"#,
        ] {
            assert!(shows(line), "{line} is not in\n{}", text());
        }
    }
}
