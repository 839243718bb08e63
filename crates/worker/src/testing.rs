//! Stores of which tests decide what they do, and servers on them, in the virtual time of tokio.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accolade_application::access::ClientUses;
use accolade_application::jobs::run::{RunError, Step};
use accolade_application::ports::{
    AttemptPage, AttemptQuery, Clock, Deliverable, Delivery, EventStore, Expired, FeedError,
    FeedPage, FeedQuery, Housekeeping, IdempotencyRecord, LeaseName, Leases, Progress, Resend,
    RunnableJob, SaveWebhookError, Saved, StoreError, StoredWebhook, Swept, TakenLease, Term,
    Unsequenced, Waiting, WebhookStanding, WebhookStore, WebhookVersion,
};
use accolade_domain::audit::Entry;
use accolade_domain::event::Position;
use accolade_domain::fixtures::at;
use accolade_domain::ids::{ObjectId, OrgId, WebhookId};
use accolade_domain::instant::Instant;
use accolade_domain::job::JobState;
use accolade_domain::webhook::Webhook;
use accolade_memory::MemoryStore;
use anyhow::anyhow;
use tokio::task::JoinHandle;
use tokio::time;
use uuid::Uuid;

use crate::context::{Context, Stores};
use crate::deliveries::{Deliverer, Delivering};
use crate::jobs::{Carrier, Run};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::stop::{Stop, Stopper};
use crate::task::{Task, run};

/// A webhook of a test.
pub(crate) type Key = (OrgId, WebhookId);

/// What the stores say, and what they were asked.
#[derive(Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one thing that a test wants"
)]
pub(crate) struct State {
    /// Whether every call fails.
    pub(crate) fails: bool,
    /// Whether every call panics.
    pub(crate) panics: bool,
    /// How often events were to get positions.
    pub(crate) sequences: u32,
    /// Whether there was nothing that could get any.
    pub(crate) nothing_recorded: bool,
    /// What has no position.
    pub(crate) unsequenced: Unsequenced,
    /// How many events are due to be expired.
    pub(crate) due: u64,
    /// How many more than it is to a call expires.
    pub(crate) too_many: u64,
    /// Until when it was to expire last, and how many were at most.
    pub(crate) expire: Option<(Instant, u64)>,
    /// How many events were expired.
    pub(crate) expired: u64,
    /// How often the store was swept.
    pub(crate) sweeps: u32,
    /// Since when events were to be kept, and attempts, last.
    pub(crate) kept_since: [Option<Instant>; 2],
    /// How many calls leave something to be swept.
    pub(crate) sweeps_left: u32,
    /// How many calls it takes to sweep events.
    pub(crate) events_left: u32,
    /// How many calls it takes to sweep attempts.
    pub(crate) attempts_left: u32,
    /// What can be delivered to.
    pub(crate) deliverable: BTreeMap<Key, WebhookVersion>,
    /// How the webhooks stand.
    pub(crate) standings: Vec<WebhookStanding>,
    /// How often it was asked for.
    pub(crate) looks: u32,
    /// Where the feeds of all orgs end.
    pub(crate) newest: Option<Position>,
    /// Which servers deliver to a webhook.
    pub(crate) delivering: BTreeMap<Key, Vec<Uuid>>,
    /// How often deliveries were begun.
    pub(crate) begun: u32,
    /// The most servers that ever delivered to one webhook at once.
    pub(crate) most_at_once: usize,
    /// Whether deliveries fail at once.
    pub(crate) deliveries_fail: bool,
    /// Whether deliveries panic at once.
    pub(crate) deliveries_panic: bool,
    /// Whether deliveries do not stop when they are to.
    pub(crate) deliveries_hang: bool,
    /// How many jobs were started by the servers that ask.
    pub(crate) started_jobs: u64,
    /// How often they asked for jobs.
    pub(crate) asked_for_jobs: u32,
    /// How many chunks of each job are left.
    pub(crate) jobs: BTreeMap<RunnableJob, u32>,
    /// Which server carried out a chunk of which job, in the order in which they began.
    pub(crate) chunks: Vec<(Uuid, String)>,
    /// How chunks fail, if they do.
    pub(crate) chunks_fail: Option<ChunkFailure>,
    /// Jobs that were to fail.
    pub(crate) failed_jobs: Vec<String>,
    /// How often jobs were opened.
    pub(crate) opened_jobs: u32,
    /// How many calls it takes to sweep jobs.
    pub(crate) jobs_left: u32,
}

/// How a chunk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChunkFailure {
    Unavailable,
    Unreadable,
    /// It cannot even be opened.
    Nowhere,
    Superseded,
    Panic,
}

/// Carries out the chunks that the test says there are.
struct FakeCarrier {
    link: Link,
    server: Uuid,
}

struct FakeRun {
    link: Link,
    server: Uuid,
    job: RunnableJob,
}

impl Carrier for FakeCarrier {
    fn started(&self) -> u64 {
        self.link.fake.state().started_jobs
    }

    fn runnable(&self) -> Result<Vec<RunnableJob>, StoreError> {
        let mut state = self.link.call()?;
        state.asked_for_jobs += 1;
        Ok(state.jobs.keys().cloned().collect())
    }

    fn open(&self, job: &RunnableJob) -> Result<Option<Box<dyn Run>>, RunError> {
        let mut state = self.link.call()?;
        state.opened_jobs += 1;
        if let Some(ChunkFailure::Nowhere) = state.chunks_fail {
            return Err(RunError::Unreadable(anyhow!("as the test says")));
        }
        let run = FakeRun {
            link: self.link.clone(),
            server: self.server,
            job: job.clone(),
        };
        let is_there = state.jobs.contains_key(job);
        Ok(is_there.then(|| Box::new(run) as Box<dyn Run>))
    }

    fn fail(&self, job: &RunnableJob, _: &str) -> Result<(), StoreError> {
        let mut state = self.link.call()?;
        state.jobs.remove(job);
        state.failed_jobs.push(job.job.to_string());
        Ok(())
    }

    fn sweep(&self, _: Instant) -> Result<u64, StoreError> {
        let mut state = self.link.call()?;
        let some = u64::from(state.jobs_left > 0);
        state.jobs_left = state.jobs_left.saturating_sub(1);
        Ok(some)
    }
}

impl Run for FakeRun {
    fn step(&mut self) -> Result<Step, RunError> {
        let mut state = self.link.call()?;
        let name = self.job.job.to_string();
        state.chunks.push((self.server, name));
        match state.chunks_fail {
            None => {}
            Some(ChunkFailure::Unavailable) => {
                let cause = anyhow!("as the test says");
                return Err(StoreError::Unavailable(cause).into());
            }
            Some(ChunkFailure::Unreadable | ChunkFailure::Nowhere) => {
                return Err(RunError::Unreadable(anyhow!("as the test says")));
            }
            Some(ChunkFailure::Superseded) => return Err(RunError::Superseded),
            Some(ChunkFailure::Panic) => panic!("as the test says"),
        }
        let Some(left) = state.jobs.get_mut(&self.job) else {
            return Err(RunError::Superseded);
        };
        *left -= 1;
        let state_now = if *left == 0 {
            JobState::Completed
        } else {
            JobState::Running
        };
        if state_now.is_finished() {
            state.jobs.remove(&self.job);
        }
        Ok(Step {
            rows: 10,
            state: state_now,
        })
    }
}

/// What all servers of a test share: all ports but leases, as the test says, and leases.
#[derive(Default)]
pub(crate) struct Fake {
    state: Mutex<State>,
    pub(crate) leases: MemoryStore,
    pub(crate) access: Arc<MemoryStore>,
    pub(crate) uses: ClientUses,
}

impl Fake {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way of one server to them.
#[derive(Clone)]
struct Link {
    fake: Arc<Fake>,
    is_cut: Arc<AtomicBool>,
}

impl Link {
    /// The state, unless calls are to fail.
    fn call(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.fake.state();
        if self.is_cut.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable(anyhow!("the database is away")));
        }
        assert!(!state.panics, "as the test says");
        if state.fails {
            return Err(StoreError::Unavailable(anyhow!("as the test says")));
        }
        Ok(state)
    }
}

impl EventStore for Link {
    fn read(&self, _: &FeedQuery) -> Result<FeedPage, FeedError> {
        unreachable!("no task reads")
    }

    fn newest(&self, _: OrgId) -> Result<Position, StoreError> {
        Ok(self.call()?.newest.unwrap_or(Position::START))
    }

    fn oldest(&self, _: OrgId, _: Instant) -> Result<Position, StoreError> {
        unreachable!("no task asks")
    }

    fn before(&self, _: OrgId, _: Instant) -> Result<Position, StoreError> {
        unreachable!("no task asks")
    }

    fn sequence(&self) -> Result<u64, StoreError> {
        self.fake.state().sequences += 1;
        let is_any_recorded = !self.call()?.nothing_recorded;
        Ok(if is_any_recorded { 2 } else { 0 })
    }

    fn unsequenced(&self) -> Result<Unsequenced, StoreError> {
        Ok(self.call()?.unsequenced)
    }

    fn expire(&self, until: Instant, _: Instant, most: u64) -> Result<Expired, StoreError> {
        let mut state = self.call()?;
        state.expire = Some((until, most));
        let events = state.due.min(most + state.too_many);
        state.due -= events;
        state.expired += events;
        Ok(Expired {
            events,
            has_more: state.due > 0,
        })
    }

    fn sweep_events(&self, kept_since: Instant) -> Result<u64, StoreError> {
        let mut state = self.call()?;
        state.kept_since[0] = Some(kept_since);
        let some = u64::from(state.events_left > 0);
        state.events_left = state.events_left.saturating_sub(1);
        Ok(some)
    }
}

impl Housekeeping for Link {
    fn sweep(&self, _: Instant) -> Result<Swept, StoreError> {
        let mut state = self.call()?;
        state.sweeps += 1;
        let has_more = state.sweeps_left > 0;
        state.sweeps_left = state.sweeps_left.saturating_sub(1);
        Ok(Swept {
            has_more,
            ..Swept::default()
        })
    }

    fn note_counts(&self, _: Instant) -> Result<(), StoreError> {
        self.call().map(drop)
    }
}

impl WebhookStore for Link {
    fn create_webhook(
        &self,
        _: &Webhook,
        _: Position,
        _: Option<&IdempotencyRecord>,
        _: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        unreachable!("no task creates one")
    }

    fn save_webhook(
        &self,
        _: &StoredWebhook,
        _: &Webhook,
        _: Waiting,
        _: Option<&IdempotencyRecord>,
        _: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        unreachable!("no task changes one")
    }

    fn delete_webhook(
        &self,
        _: &StoredWebhook,
        _: Option<&IdempotencyRecord>,
        _: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        unreachable!("no task deletes one")
    }

    fn webhook(&self, _: OrgId, _: WebhookId) -> Result<Option<StoredWebhook>, StoreError> {
        unreachable!("no task asks")
    }

    fn webhooks(&self, _: OrgId) -> Result<Vec<StoredWebhook>, StoreError> {
        unreachable!("no task asks")
    }

    fn resend(&self, _: &Resend, _: Option<&IdempotencyRecord>) -> Result<u64, SaveWebhookError> {
        unreachable!("no task asks for it")
    }

    fn attempts(&self, _: &AttemptQuery) -> Result<AttemptPage, StoreError> {
        unreachable!("no task asks")
    }

    fn deliverable(&self, _: Instant) -> Result<Vec<Deliverable>, StoreError> {
        let state = self.call()?;
        let deliverable = state.deliverable.iter();
        Ok(deliverable
            .map(|((org, webhook), version)| Deliverable {
                org: *org,
                webhook: *webhook,
                version: *version,
            })
            .collect())
    }

    fn open(&self, _: OrgId, _: WebhookId) -> Result<Option<Delivery>, StoreError> {
        unreachable!("the deliverer does")
    }

    fn save(&self, _: &Progress) -> Result<Option<Saved>, StoreError> {
        unreachable!("the deliverer does")
    }

    fn standings(&self) -> Result<Vec<WebhookStanding>, StoreError> {
        let mut state = self.call()?;
        state.looks += 1;
        Ok(state.standings.clone())
    }

    fn sweep_attempts(&self, kept_since: Instant) -> Result<u64, StoreError> {
        let mut state = self.call()?;
        state.kept_since[1] = Some(kept_since);
        let some = u64::from(state.attempts_left > 0);
        state.attempts_left = state.attempts_left.saturating_sub(1);
        Ok(some)
    }
}

impl Leases for Link {
    fn take(
        &self,
        names: &[LeaseName],
        most: usize,
        term: &Term,
    ) -> Result<Vec<TakenLease>, StoreError> {
        drop(self.call()?);
        self.fake.leases.take(names, most, term)
    }

    fn renew(&self, names: &[LeaseName], term: &Term) -> Result<Vec<LeaseName>, StoreError> {
        drop(self.call()?);
        self.fake.leases.renew(names, term)
    }

    fn release(&self, names: &[LeaseName], holder: Uuid) -> Result<(), StoreError> {
        drop(self.call()?);
        self.fake.leases.release(names, holder)
    }

    fn count_holders(&self, now: Instant) -> Result<u64, StoreError> {
        drop(self.call()?);
        self.fake.leases.count_holders(now)
    }

    fn sweep_leases(&self, now: Instant, ran_out_for: Duration) -> Result<u64, StoreError> {
        drop(self.call()?);
        self.fake.leases.sweep_leases(now, ran_out_for)
    }
}

/// Shows the virtual time.
struct VirtualClock {
    start: Instant,
    started: time::Instant,
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.start + self.started.elapsed().try_into().unwrap()
    }
}

/// Delivers nothing, and notes who does.
struct FakeDeliverer {
    fake: Arc<Fake>,
    server: Uuid,
}

/// Is there while a server delivers to a webhook.
struct InProgress {
    fake: Arc<Fake>,
    server: Uuid,
    key: Key,
}

impl InProgress {
    fn begin(fake: &Arc<Fake>, server: Uuid, key: Key) -> Self {
        let mut state = fake.state();
        let servers = state.delivering.entry(key).or_default();
        servers.push(server);
        let at_once = servers.len();
        state.most_at_once = state.most_at_once.max(at_once);
        state.begun += 1;
        Self {
            fake: Arc::clone(fake),
            server,
            key,
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        let mut state = self.fake.state();
        let servers = state.delivering.entry(self.key).or_default();
        servers.retain(|server| *server != self.server);
    }
}

impl Deliverer for FakeDeliverer {
    fn deliver(&self, webhook: Deliverable, mut stop: Stop) -> Delivering {
        let (fake, server) = (Arc::clone(&self.fake), self.server);
        Box::pin(async move {
            let key = (webhook.org, webhook.webhook);
            let _delivering = InProgress::begin(&fake, server, key);
            assert!(!fake.state().deliveries_panic, "as the test says");
            if fake.state().deliveries_fail {
                return Err(StoreError::Unavailable(anyhow!("as the test says")));
            }
            stop.asked().await;
            if fake.state().deliveries_hang {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }
}

/// A database that servers share.
pub(crate) struct World {
    pub(crate) fake: Arc<Fake>,
    clock: Arc<VirtualClock>,
}

/// A server that runs one task.
pub(crate) struct Server {
    pub(crate) context: Context,
    is_cut: Arc<AtomicBool>,
    stopper: Stopper,
    running: JoinHandle<()>,
}

impl World {
    /// One at the beginning of time; within a runtime whose time is virtual.
    pub(crate) fn new() -> Self {
        Self {
            fake: Arc::default(),
            clock: Arc::new(VirtualClock {
                start: at("2026-05-01T09:30:00Z"),
                started: time::Instant::now(),
            }),
        }
    }

    /// The moment.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// How many servers have a lease.
    pub(crate) fn holders(&self) -> u64 {
        self.fake.leases.count_holders(self.now()).unwrap()
    }

    /// What a server with this number works with.
    pub(crate) fn context_with(&self, number: u128, options: Options) -> Context {
        self.context_on(Arc::default(), number, options)
    }

    fn context_on(&self, is_cut: Arc<AtomicBool>, number: u128, options: Options) -> Context {
        let server = Uuid::from_u128(number);
        let link = Arc::new(Link {
            fake: Arc::clone(&self.fake),
            is_cut,
        });
        let stores = Stores {
            events: link.clone(),
            housekeeping: link.clone(),
            access: self.fake.access.clone(),
            changes: self.fake.access.clone(),
            uses: self.fake.uses.clone(),
            leases: link.clone(),
            operators: self.fake.access.clone(),
            webhooks: link.clone(),
        };
        let carrier = Arc::new(FakeCarrier {
            link: Link::clone(&link),
            server,
        });
        let deliverer = Arc::new(FakeDeliverer {
            fake: Arc::clone(&self.fake),
            server,
        });
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Context::new(
            stores,
            clock,
            server,
            deliverer,
            carrier,
            Metrics::new().unwrap(),
            options,
        )
    }

    /// Starts a server with this number that runs one task.
    pub(crate) fn serve<T: Task>(&self, number: u128) -> Server {
        self.serve_with::<T>(number, options())
    }

    pub(crate) fn serve_with<T: Task>(&self, number: u128, options: Options) -> Server {
        let is_cut = Arc::default();
        let context = self.context_on(Arc::clone(&is_cut), number, options);
        let (stopper, stop) = Stopper::new();
        let running = tokio::spawn(run::<T>(context.clone(), stop));
        Server {
            context,
            is_cut,
            stopper,
            running,
        }
    }
}

impl Server {
    /// Takes the database away from this server, or gives it back.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::Relaxed);
    }

    /// Stops in order.
    pub(crate) async fn stop(self) {
        self.stopper.stop();
        self.running.await.unwrap();
    }

    /// Ends without a word.
    pub(crate) async fn kill(self) {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
    }

    /// The value of a metric of this server, with its labels as they are shown.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let families = self.context.metrics.registry().gather();
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&families)
            .unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
            .trim()
            .parse()
            .unwrap()
    }
}

pub(crate) fn options() -> Options {
    Options {
        retention: Duration::from_hours(90 * 24),
        expiry_grace: Duration::from_mins(1),
        expiry_rate: 1_000,
        job_concurrency: 1,
        job_retention: Duration::from_hours(30 * 24),
        is_alone: false,
        patience: Duration::from_secs(5),
    }
}

/// The job of this org with this name, which was created at this second.
pub(crate) fn job(org: i64, name: &str, second: i64) -> RunnableJob {
    RunnableJob {
        org: org.try_into().unwrap(),
        created_on: accolade_domain::fixtures::second(second),
        job: name.try_into().unwrap(),
        secret: Uuid::from_u128(u128::try_from(second).unwrap()),
    }
}

/// The webhook with this number.
pub(crate) fn webhook(number: u8) -> Key {
    let id = ObjectId::from_bytes([number; 12]);
    (100_458.try_into().unwrap(), id.into())
}

/// Lets so much virtual time pass, and a little more, so that what is due then is done.
pub(crate) async fn pass(duration: Duration) {
    time::sleep(duration + Duration::from_millis(1)).await;
}
