//! What runs beside requests, put together: the worker, and what delivers to webhooks on its threads.

use std::sync::Arc;
use std::time::Duration;

use accolade_application::ports::{Deliverable, Ports, WebhookSender};
use accolade_domain::webhook::DisabledReason;
use accolade_domain::webhook::address::ReceiverPolicy;
use accolade_webhooks::{Deliveries, Sender, SystemResolver, WaitingSender, Watch, system_roots};
use accolade_worker::{Deliverer, Delivering, Metrics, Stop, Threads, Worker};
use anyhow::{Context as _, Result};
use prometheus::Registry;

use crate::serve::traces::PassedOn;
use crate::settings::{DatabaseUrl, Settings};
use crate::sources::SystemClock;

/// How many connections to the database all deliveries use at once: one reads, one saves.
const DELIVERY_CONNECTIONS: u32 = 2;

/// How many connections to the database are used in the background at once: of a job a chunk is carried
/// out while the next is read.
pub(crate) fn connections(settings: &Settings) -> u32 {
    accolade_worker::CONNECTIONS + DELIVERY_CONNECTIONS + 2 * settings.jobs.concurrency
}

/// How long the end of the process waits for the background.
const PATIENCE: Duration = Duration::from_secs(5);

/// What runs beside requests, before it begins.
pub(super) struct Background {
    threads: Threads,
    sender: Sender,
    metrics: Metrics,
}

impl Background {
    /// Starts its threads, which have nothing to do yet. Receivers follow on what they are sent by
    /// `traceparent`, if somebody collects that.
    ///
    /// # Errors
    /// There can be no further thread, or no TLS.
    pub(super) fn prepare(settings: &Settings, traceparent: Option<PassedOn>) -> Result<Self> {
        let policy = ReceiverPolicy {
            allowed_networks: settings.webhooks.allow_networks.clone(),
            allow_http: settings.webhooks.allow_http,
        };
        let is_shared = matches!(settings.database.url, DatabaseUrl::Postgres(_));
        if is_shared && settings.secrets.key.is_none() {
            tracing::warn!(
                "secrets.key is not set: the secrets of webhooks are stored as they are"
            );
        }
        let resolver = Arc::new(SystemResolver::default());
        let clock = Arc::new(SystemClock);
        let sender = Sender::new(resolver, policy, system_roots(), clock).context("webhooks")?;
        Ok(Self {
            threads: Threads::start().context("background")?,
            sender: match traceparent {
                Some(traceparent) => sender.with_traceparent(traceparent),
                None => sender,
            },
            metrics: Metrics::new().context("metrics")?,
        })
    }

    /// The way to receivers, for requests that wait for them.
    pub(super) fn receivers(&self) -> Arc<dyn WebhookSender> {
        Arc::new(WaitingSender::new(
            self.sender.clone(),
            self.threads.handle(),
        ))
    }

    /// What it shows.
    pub(super) fn metrics(&self) -> Registry {
        self.metrics.registry()
    }

    /// Begins to work on `ports`.
    ///
    /// # Errors
    /// There can be no further thread.
    pub(super) fn start(self, ports: &Ports, settings: &Settings) -> Result<Worker> {
        let events = &settings.events;
        let deliveries = Deliveries::new(
            Arc::clone(&ports.stores.events),
            Arc::clone(&ports.stores.customer_badges),
            Arc::clone(&ports.stores.webhooks),
            Arc::clone(&ports.clock),
            self.sender,
            Arc::new(Counting(self.metrics.clone())),
            accolade_webhooks::Options {
                retention: events.retention,
                connections: DELIVERY_CONNECTIONS as usize,
            },
        );
        let options = accolade_worker::Options {
            retention: events.retention,
            expiry_grace: events.expiry_grace,
            expiry_rate: events.expiry_rate,
            job_concurrency: settings.jobs.concurrency as usize,
            job_retention: settings.jobs.retention,
            // It has the lock of the file.
            is_alone: matches!(settings.database.url, DatabaseUrl::Sqlite(_)),
            patience: PATIENCE,
        };
        let deliverer = Arc::new(Pushing(deliveries));
        Worker::start(self.threads, ports, deliverer, self.metrics, options).context("background")
    }
}

/// Has the events of a webhook pushed.
struct Pushing(Deliveries);

impl Deliverer for Pushing {
    fn deliver(&self, webhook: Deliverable, mut stop: Stop) -> Delivering {
        let deliveries = self.0.clone();
        Box::pin(async move { deliveries.deliver(webhook, stop.asked()).await })
    }
}

/// Counts what becomes of deliveries.
struct Counting(Metrics);

impl Watch for Counting {
    fn attempted(&self, is_success: bool, _: usize, _: Duration) {
        self.0.attempted(is_success);
    }

    fn disabled(&self, reason: DisabledReason) {
        self.0.disabled(reason);
    }
}
