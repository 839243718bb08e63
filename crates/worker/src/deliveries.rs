//! Delivers to webhooks: each by one server at a time, all of them shared among the servers.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::pin::pin;
use std::time::Duration;

use accolade_application::ports::{Deliverable, LeaseName, StoreError, WebhookVersion};
use accolade_domain::ids::{OrgId, WebhookId};
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use crate::context::{Context, Line};
use crate::leases::HeldLeases;
use crate::stop::{Stop, Stopper};
use crate::task::{Task, one_line};

/// How often it looks for webhooks that something may be delivered to.
const PERIOD: Duration = Duration::from_secs(1);

/// How long a webhook is left alone, by this server, whose deliveries failed for reasons of ours.
const REST: Duration = Duration::from_secs(5);

/// How long deliveries have to save what became of them when the server stops.
const END_PATIENCE: Duration = Duration::from_secs(3);

/// The deliveries of a webhook while they go on.
pub type Delivering = BoxFuture<'static, Result<(), StoreError>>;

/// Delivers the events of webhooks.
pub trait Deliverer: Send + Sync + 'static {
    /// Delivers the events of a webhook, as they come, until it is to `stop`, which it does as soon as
    /// what became of deliveries is saved; or until nothing is to be delivered to the webhook. Where
    /// the lease of the webhook is lost the future is dropped, so whatever it does that outlives it
    /// ends by itself.
    ///
    /// # Errors
    /// The store failed.
    fn deliver(&self, webhook: Deliverable, stop: Stop) -> Delivering;
}

type Key = (OrgId, WebhookId);

/// Looks for webhooks, takes as many leases as are this server's share, and has their events delivered
/// while it has the lease.
pub(crate) struct Deliveries {
    context: Context,
    leases: HeldLeases,
    running: BTreeMap<Key, Running>,
    /// Ends all of them when it goes.
    tasks: JoinSet<Ended>,
    resting: BTreeMap<Key, Instant>,
}

/// The deliveries of one webhook.
struct Running {
    task: Id,
    version: WebhookVersion,
    stopper: Stopper,
    /// When the lease ends.
    lease: watch::Sender<Instant>,
}

/// How the deliveries of a webhook ended.
enum Ended {
    /// By themselves, or because they were to stop.
    Delivered(Result<(), StoreError>),
    /// The lease was lost, or not renewed in time.
    LeaseLost,
}

impl Task for Deliveries {
    const NAME: &'static str = "deliveries";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
            leases: HeldLeases::new(context),
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            resting: BTreeMap::new(),
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        let renewed = self.leases.renew().await;
        self.tell_leases();
        self.take_ended().await?;
        renewed?;
        let wanted = self.wanted().await?;
        self.stop_unwanted(&wanted);
        let share = self.leases.share(wanted.len()).await?;
        self.stop_surplus(share);
        self.start_missing(&wanted, share).await?;
        self.context.metrics.delivers(self.running.len());
        Ok(PERIOD)
    }

    async fn end(mut self) {
        for running in self.running.values() {
            running.stopper.stop();
        }
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(END_PATIENCE, ended).await.is_err() {
            tracing::warn!("deliveries are broken off: what they sent last may be sent again");
            self.tasks.shutdown().await;
        }
        self.context.metrics.delivers(0);
        self.leases.release_all().await;
    }
}

impl Deliveries {
    /// Tells each delivery when its lease ends.
    fn tell_leases(&self) {
        for (key, running) in &self.running {
            let end = self.leases.end(name(*key));
            running.lease.send_replace(end.unwrap_or_else(Instant::now));
        }
    }

    /// Takes note of deliveries that have ended, and gives their leases back.
    async fn take_ended(&mut self) -> Result<(), StoreError> {
        let mut released = Vec::new();
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let (task, ended) = match ended {
                Ok((task, ended)) => (task, Ok(ended)),
                Err(panic) => (panic.id(), Err(panic)),
            };
            let key = self.running.iter().find(|(_, it)| it.task == task);
            let Some(key) = key.map(|(key, _)| *key) else {
                continue;
            };
            self.running.remove(&key);
            released.push(name(key));
            if is_failure(key, ended) {
                self.context.metrics.task_failed(Self::NAME);
                self.resting.insert(key, Instant::now() + REST);
            }
        }
        self.leases.release(released).await
    }

    /// The webhooks that something may be delivered to, with their versions.
    async fn wanted(&self) -> Result<BTreeMap<Key, WebhookVersion>, StoreError> {
        let now = self.context.clock.now();
        let look = self
            .context
            .call(Line::Prompt, move |it| it.webhooks.deliverable(now));
        let deliverable = look.await?;
        Ok(deliverable
            .into_iter()
            .map(|it| ((it.org, it.webhook), it.version))
            .collect())
    }

    /// Stops deliveries to what is not wanted any more, or has changed: they begin anew then.
    fn stop_unwanted(&self, wanted: &BTreeMap<Key, WebhookVersion>) {
        for (key, running) in &self.running {
            if wanted.get(key) != Some(&running.version) {
                running.stopper.stop();
            }
        }
    }

    /// Leaves what is more than the share to servers that have less.
    fn stop_surplus(&self, share: usize) {
        let lasting = self.running.values().filter(|it| !it.stopper.has_stopped());
        for surplus in lasting.skip(share) {
            surplus.stopper.stop();
        }
    }

    /// Takes leases up to the share, and has those webhooks delivered to.
    async fn start_missing(
        &mut self,
        wanted: &BTreeMap<Key, WebhookVersion>,
        share: usize,
    ) -> Result<(), StoreError> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let mut missing: Vec<_> = wanted
            .keys()
            .filter(|key| !self.running.contains_key(*key) && !self.resting.contains_key(*key))
            .copied()
            .collect();
        // Servers that look at the same moment begin with different ones.
        missing.sort_by_key(|key| self.rank(*key));
        let most = share.saturating_sub(self.running.len());
        let names = missing.iter().copied().map(name).collect();
        let taken: BTreeSet<_> = self.leases.take(names, most).await?.into_iter().collect();
        for key in missing {
            if taken.contains(&name(key)) {
                self.start(key, wanted[&key]);
            }
        }
        Ok(())
    }

    /// A number for the webhook that is another one on each server.
    fn rank(&self, key: Key) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.context.holder, key).hash(&mut hasher);
        hasher.finish()
    }

    fn start(&mut self, (org, webhook): Key, version: WebhookVersion) {
        let Some(end) = self.leases.end(name((org, webhook))) else {
            // So slow was the store that it has run out.
            return;
        };
        let (stopper, stop) = Stopper::new();
        let (lease, end) = watch::channel(end);
        let deliverable = Deliverable {
            org,
            webhook,
            version,
        };
        let delivery = self.context.deliverer.deliver(deliverable, stop);
        let task = self.tasks.spawn(while_leased(delivery, end)).id();
        let running = Running {
            task,
            version,
            stopper,
            lease,
        };
        self.running.insert((org, webhook), running);
    }
}

const fn name((org, webhook): Key) -> LeaseName {
    LeaseName::Webhook(org, webhook)
}

/// Waits for `delivery`, but not beyond the end of its lease, which is put off again and again.
async fn while_leased(delivery: Delivering, mut end: watch::Receiver<Instant>) -> Ended {
    let mut delivery = pin!(delivery);
    loop {
        let until = *end.borrow_and_update();
        tokio::select! {
            biased;
            result = &mut delivery => return Ended::Delivered(result),
            changed = end.changed() => if changed.is_err() {
                return Ended::LeaseLost;
            },
            () = sleep_until(until) => return Ended::LeaseLost,
        }
    }
}

/// Logs how the deliveries of a webhook ended, if not well. Whether they failed.
fn is_failure((org, webhook): Key, ended: Result<Ended, JoinError>) -> bool {
    let (org, webhook) = (org.get(), webhook.to_string());
    match ended {
        Ok(Ended::Delivered(Ok(()))) => false,
        Ok(Ended::Delivered(Err(error))) => {
            let error = one_line(error);
            tracing::warn!(
                org,
                webhook,
                error,
                "deliveries failed, and are begun again"
            );
            true
        }
        Ok(Ended::LeaseLost) => {
            tracing::warn!(org, webhook, "the lease of a webhook was lost");
            false
        }
        // What it said is a line of the log already.
        Err(_) => {
            tracing::error!(org, webhook, "deliveries panicked, and are begun again");
            true
        }
    }
}
