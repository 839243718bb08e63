//! Delivers the events of webhooks, as they come.

mod run;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::ports::{
    Clock, CustomerBadges, Deliverable, EventStore, StoreError, WebhookStore,
};
use accolade_domain::webhook::DisabledReason;
use anyhow::Context as _;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::sender::Sender;

/// What may be chosen of deliveries.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long events are kept: older ones are not sent.
    pub retention: Duration,
    /// How many connections to the database all deliveries of this server use at once: one to save, so
    /// that it never waits for those that read, and the others, at least one, to read.
    pub connections: usize,
}

/// Watches deliveries, for metrics.
pub trait Watch: Send + Sync + 'static {
    /// A request with so many events was answered, or was not, after so long.
    fn attempted(&self, is_success: bool, events: usize, took: Duration);

    /// A webhook was disabled.
    fn disabled(&self, reason: DisabledReason);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn attempted(&self, _: bool, _: usize, _: Duration) {}

    fn disabled(&self, _: DisabledReason) {}
}

/// Delivers the events of webhooks. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Deliveries {
    events: Arc<dyn EventStore>,
    held: Arc<dyn CustomerBadges>,
    webhooks: Arc<dyn WebhookStore>,
    clock: Arc<dyn Clock>,
    sender: Sender,
    watch: Arc<dyn Watch>,
    options: Options,
    readers: Arc<Semaphore>,
    savers: Arc<Semaphore>,
}

impl Deliveries {
    /// Deliveries of what is in `events` to what is in `webhooks`, by `sender`. `held` knows of the
    /// enrolments that earns rest on.
    pub fn new(
        events: Arc<dyn EventStore>,
        held: Arc<dyn CustomerBadges>,
        webhooks: Arc<dyn WebhookStore>,
        clock: Arc<dyn Clock>,
        sender: Sender,
        watch: Arc<dyn Watch>,
        options: Options,
    ) -> Self {
        Self {
            events,
            held,
            webhooks,
            clock,
            sender,
            watch,
            options,
            readers: Arc::new(Semaphore::new(options.connections.saturating_sub(1).max(1))),
            savers: Arc::new(Semaphore::new(1)),
        }
    }

    /// Delivers the events of `webhook`, as they come, until it is to `stop`, or until nothing is to be
    /// delivered to it any more: it was disabled, or is not there. What has gone out when it is to
    /// stop has a moment to be answered; then what became of everything is saved.
    ///
    /// Only one at a time should do it for a webhook. Two deliver twice, never not at all. Where it is
    /// dropped, all that it does ends with it, and what was not saved is delivered again.
    ///
    /// # Errors
    /// The store failed.
    pub async fn deliver(
        self,
        webhook: Deliverable,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), StoreError> {
        let (org, id) = (webhook.org, webhook.webhook);
        let open = move |it: &Self| it.webhooks.open(org, id);
        match self.read(open).await? {
            Some(delivery) => run::Run::new(self, delivery).until(stop).await,
            None => Ok(()),
        }
    }

    /// Runs `work`, which reads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(&self.readers, work).await
    }

    /// Runs `work`, which saves.
    async fn save<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(&self.savers, work).await
    }

    /// Runs `work`, which blocks, on a thread that may, when there is a connection for it.
    async fn call<T: Send + 'static>(
        &self,
        connections: &Arc<Semaphore>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(connections).acquire_owned().await;
        let connection = connection
            .context("deliveries end")
            .map_err(StoreError::Unavailable)?;
        let this = self.clone();
        let worked = spawn_blocking(move || {
            // Given back when the work ends, whoever waits for it.
            let _connection = connection;
            work(&this)
        });
        let worked = worked.await.context("a call of the store broke off");
        worked.map_err(StoreError::Unexpected)?
    }
}
