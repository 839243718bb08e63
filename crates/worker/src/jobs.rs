//! Carries out jobs: each by one server at a time, chunk by chunk, and all orgs in turn.
//!
//! A chunk is short, so orgs take turns by chunks, and so do the jobs of one org: a small file is done
//! soon, however large the ones are that were sent before. Whoever carries out a chunk has the lease of
//! its job, but nothing depends on it: what is right is decided by the store
//! ([`run`](accolade_application::jobs::run)).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::badges::KnownBadges;
use accolade_application::jobs::run::{JobRun, RunError, Step};
use accolade_application::ports::{LeaseName, Ports, RunnableJob, StoreError};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant as Moment;
use accolade_domain::job::JobState;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use crate::context::{Context, Line};
use crate::leases::HeldLeases;
use crate::task::{Task, one_line};

/// How often it looks for jobs while there are some, or one was just started by this server: so long does
/// who starts a small one wait for nothing.
const PERIOD: Duration = Duration::from_millis(100);

/// How often it looks otherwise, for jobs that were started by other servers.
const SELDOM: Duration = Duration::from_secs(1);

/// How long a job rests of which a chunk failed once; twice as long each time after that.
const FIRST_REST: Duration = Duration::from_millis(500);

/// The longest rest of a job that fails.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// How often in a row the file of a job cannot be read before the job fails.
const MOST_UNREADABLE: u32 = 5;

/// How many jobs are kept open that nobody works on at the moment: each has a part of its file in memory.
const MOST_OPEN: usize = 2;

/// How long chunks have that are under way when the server stops.
const END_PATIENCE: Duration = Duration::from_secs(3);

/// Carries out jobs.
pub(crate) trait Carrier: Send + Sync + 'static {
    /// How many jobs were started by this server so far.
    fn started(&self) -> u64;

    /// The jobs that there is something to do for.
    fn runnable(&self) -> Result<Vec<RunnableJob>, StoreError>;

    /// Opens one; `None` if there is nothing to do for it any more.
    fn open(&self, job: &RunnableJob) -> Result<Option<Box<dyn Run>>, RunError>;

    /// Lets a job fail.
    fn fail(&self, job: &RunnableJob, failure: &str) -> Result<(), StoreError>;

    /// Forgets a bounded number of what is kept no longer; how much it was.
    fn sweep(&self, kept_since: Moment) -> Result<u64, StoreError>;
}

/// A job that is open.
pub(crate) trait Run: Send {
    /// Carries out the next chunk.
    fn step(&mut self) -> Result<Step, RunError>;
}

impl Run for JobRun {
    fn step(&mut self) -> Result<Step, RunError> {
        Self::step(self)
    }
}

/// Carries out the jobs that are in the stores.
pub(crate) struct PortsCarrier {
    ports: Ports,
    known: KnownBadges,
}

impl From<Ports> for PortsCarrier {
    fn from(ports: Ports) -> Self {
        Self {
            ports,
            known: KnownBadges::default(),
        }
    }
}

impl Carrier for PortsCarrier {
    fn started(&self) -> u64 {
        self.ports.started_jobs.count()
    }

    fn runnable(&self) -> Result<Vec<RunnableJob>, StoreError> {
        self.ports.stores.jobs.runnable_jobs()
    }

    fn open(&self, job: &RunnableJob) -> Result<Option<Box<dyn Run>>, RunError> {
        let run = JobRun::open(&self.ports, &self.known, job.org, &job.job)?;
        Ok(run.map(|run| Box::new(run) as Box<dyn Run>))
    }

    fn fail(&self, job: &RunnableJob, failure: &str) -> Result<(), StoreError> {
        JobRun::fail(&self.ports, job.org, &job.job, failure)
    }

    fn sweep(&self, kept_since: Moment) -> Result<u64, StoreError> {
        self.ports.stores.jobs.sweep_jobs(kept_since)
    }
}

/// A job, as its lease names it.
type Key = (OrgId, Uuid);

fn key(job: &RunnableJob) -> Key {
    (job.org, job.secret)
}

const fn name((org, job): Key) -> LeaseName {
    LeaseName::Job(org, job)
}

/// A job that can go on behind a chunk, and what the chunk has come to.
type Carried = (Box<dyn Run>, Step);

/// How the chunk of a job ended: `None` if there was nothing to do.
struct Ended {
    key: Key,
    result: Result<Option<Carried>, RunError>,
    took: Duration,
}

/// What there is to remember of a job that failed.
struct Failing {
    failures: u32,
    unreadable: u32,
    until: Instant,
}

/// Looks for jobs, takes leases, and has chunks carried out, those of all orgs in turn.
pub(crate) struct Jobs {
    context: Context,
    leases: HeldLeases,
    looked: Option<Instant>,
    /// How many jobs this server had started when it looked last.
    started: u64,
    /// Until when it looks often: what this server has started may be committed only now.
    often_until: Instant,
    runnable: BTreeMap<Key, RunnableJob>,
    /// The chunks that are under way. What they have begun goes on when this goes.
    chunks: JoinSet<Ended>,
    working: BTreeSet<Key>,
    /// Jobs that nobody works on at the moment.
    open: HashMap<Key, Box<dyn Run>>,
    failing: HashMap<Key, Failing>,
    /// When it was the turn of a job, or an org, the last time.
    turn: u64,
    turns: HashMap<Key, u64>,
    turns_of_orgs: HashMap<OrgId, u64>,
}

impl Task for Jobs {
    const NAME: &'static str = "jobs";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
            leases: HeldLeases::new(context),
            looked: None,
            started: context.carrier.started(),
            often_until: Instant::now(),
            runnable: BTreeMap::new(),
            chunks: JoinSet::new(),
            working: BTreeSet::new(),
            open: HashMap::new(),
            failing: HashMap::new(),
            turn: 0,
            turns: HashMap::new(),
            turns_of_orgs: HashMap::new(),
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        self.leases.renew().await?;
        self.note_started();
        if self.next_look() <= Instant::now() {
            self.look().await?;
            self.looked = Some(Instant::now());
        }
        while self.working.len() < self.context.options.job_concurrency
            && let Some(key) = self.next()
        {
            self.begin(key);
        }
        if self.working.is_empty() {
            return Ok(PERIOD);
        }
        if let Ok(Some(ended)) = timeout_at(self.next_look(), self.chunks.join_next()).await {
            self.take_ended(ended).await?;
        }
        Ok(Duration::ZERO)
    }

    async fn end(mut self) {
        let ended = async { while self.chunks.join_next().await.is_some() {} };
        if timeout(END_PATIENCE, ended).await.is_err() {
            tracing::warn!("chunks of jobs are left behind: another server begins them again");
        }
        self.context.metrics.jobs_stand(0, 0);
        self.leases.release_all().await;
    }
}

impl Jobs {
    /// Looks often from now on, if this server has started a job since.
    fn note_started(&mut self) {
        let started = self.context.carrier.started();
        if started != self.started {
            self.started = started;
            self.often_until = Instant::now() + SELDOM;
        }
    }

    /// When it is time to look.
    fn next_look(&self) -> Instant {
        let now = Instant::now();
        let is_any = !self.runnable.is_empty() || !self.working.is_empty();
        let period = if is_any || now < self.often_until {
            PERIOD
        } else {
            SELDOM
        };
        self.looked.map_or(now, |looked| looked + period)
    }

    /// Looks which jobs there are, and takes leases of this server's share of them.
    async fn look(&mut self) -> Result<(), StoreError> {
        let carrier = Arc::clone(&self.context.carrier);
        let look = self.context.call(Line::Prompt, move |_| carrier.runnable());
        let jobs: BTreeMap<Key, RunnableJob> = look
            .await?
            .into_iter()
            .map(|job| (key(&job), job))
            .collect();
        self.runnable = jobs;
        let jobs = &self.runnable;
        self.open.retain(|key, _| jobs.contains_key(key));
        self.failing.retain(|key, _| jobs.contains_key(key));
        self.turns.retain(|key, _| jobs.contains_key(key));
        self.turns_of_orgs
            .retain(|org, _| jobs.keys().any(|(of, _)| of == org));
        let share = self.leases.share(self.runnable.len()).await?;
        self.release_unwanted(share).await?;
        let held = self.held().count();
        let mut missing: Vec<_> = (self.runnable.keys().copied())
            .filter(|key| self.leases.end(name(*key)).is_none())
            .collect();
        // Orgs of which this server has no job yet come first.
        let orgs: BTreeSet<_> = self.held().map(|(org, _)| *org).collect();
        missing.sort_by_key(|key| (orgs.contains(&key.0), self.runnable[key].created_on));
        let names = missing.into_iter().map(name).collect();
        self.leases.take(names, share.saturating_sub(held)).await?;
        let held = self.held().count();
        self.context.metrics.jobs_stand(self.runnable.len(), held);
        Ok(())
    }

    /// The jobs whose leases this server has.
    fn held(&self) -> impl Iterator<Item = &Key> {
        (self.runnable.keys()).filter(|key| self.leases.end(name(**key)).is_some())
    }

    /// Gives back the leases of jobs that are done, and those above the share of this server.
    async fn release_unwanted(&mut self, share: usize) -> Result<(), StoreError> {
        let held: Vec<_> = self.held().copied().collect();
        let idle = held.iter().filter(|key| !self.working.contains(key));
        let surplus: Vec<_> = idle
            .rev()
            .take(held.len().saturating_sub(share))
            .copied()
            .collect();
        for key in &surplus {
            self.open.remove(key);
        }
        let mut released: Vec<_> = surplus.into_iter().map(name).collect();
        let (jobs, working) = (&self.runnable, &self.working);
        let done = self.leases.names().filter(|held| match held {
            LeaseName::Job(org, job) => {
                !jobs.contains_key(&(*org, *job)) && !working.contains(&(*org, *job))
            }
            _ => false,
        });
        released.extend(done);
        self.leases.release(released).await
    }

    /// Whose turn it is: the org that had none for the longest, and of it the job that had none for the
    /// longest.
    fn next(&self) -> Option<Key> {
        let now = Instant::now();
        let may = |key: &&Key| {
            !self.working.contains(*key) && self.failing.get(*key).is_none_or(|it| it.until <= now)
        };
        let last = |key: &Key| {
            let of_org = self.turns_of_orgs.get(&key.0).copied();
            let created_on = self.runnable[key].created_on;
            (of_org, self.turns.get(key).copied(), created_on)
        };
        self.held().filter(may).min_by_key(|key| last(key)).copied()
    }

    /// Has the next chunk of a job carried out.
    fn begin(&mut self, key: Key) {
        let Some(job) = self.runnable.get(&key).cloned() else {
            return;
        };
        self.turn += 1;
        self.turns.insert(key, self.turn);
        self.turns_of_orgs.insert(key.0, self.turn);
        self.working.insert(key);
        let run = self.open.remove(&key);
        let carrier = Arc::clone(&self.context.carrier);
        self.chunks.spawn(async move {
            let begun = Instant::now();
            let work = spawn_blocking(move || {
                // What is open is dropped with the panic, and opened anew.
                let step = AssertUnwindSafe(|| chunk(&*carrier, &job, run));
                std::panic::catch_unwind(step)
            });
            let result = match work.await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) | Err(_) => Err(panicked()),
            };
            Ended {
                key,
                result,
                took: begun.elapsed(),
            }
        });
    }

    /// Takes note of a chunk that has ended.
    async fn take_ended(&mut self, ended: Result<Ended, JoinError>) -> Result<(), StoreError> {
        let Ok(Ended { key, result, took }) = ended else {
            // It catches what may panic.
            self.working.clear();
            return Ok(());
        };
        self.working.remove(&key);
        match result {
            Ok(Some((run, step))) => {
                self.context.metrics.job_rows(step.rows, took);
                self.failing.remove(&key);
                if step.state.is_finished() {
                    self.finished(key, step.state).await?;
                } else if self.open.len() < MOST_OPEN {
                    self.open.insert(key, run);
                }
            }
            Ok(None) => self.forget(key).await?,
            Err(error) => self.failed(key, error).await?,
        }
        Ok(())
    }

    async fn finished(&mut self, key: Key, state: JobState) -> Result<(), StoreError> {
        if let Some(job) = self.runnable.get(&key) {
            let (org, job) = (job.org.get(), job.job.as_str());
            tracing::info!(org, job, state = state.name(), "a job has ended");
        }
        self.forget(key).await
    }

    async fn forget(&mut self, key: Key) -> Result<(), StoreError> {
        self.runnable.remove(&key);
        // Metrics say soon that it has ended, and often another one follows.
        self.often_until = Instant::now() + SELDOM;
        self.leases.release(vec![name(key)]).await
    }

    /// Has a job rest of which a chunk failed; longer each time. One whose file cannot be read at all
    /// fails.
    async fn failed(&mut self, key: Key, error: RunError) -> Result<(), StoreError> {
        let Some(job) = self.runnable.get(&key).cloned() else {
            return Ok(());
        };
        let failing = self.failing.entry(key).or_insert_with(|| Failing {
            failures: 0,
            unreadable: 0,
            until: Instant::now(),
        });
        failing.failures += 1;
        let doublings = failing.failures.saturating_sub(1).min(10);
        let rest = (FIRST_REST * 2u32.pow(doublings)).min(LONGEST_REST);
        failing.until = Instant::now() + rest;
        let (org, id) = (job.org.get(), job.job.to_string());
        match error {
            RunError::Superseded => {
                tracing::debug!(org, job = id, "another server works on a job");
            }
            RunError::Unreadable(cause) => {
                self.context.metrics.task_failed(Self::NAME);
                failing.unreadable += 1;
                let error = one_line(StoreError::Unexpected(cause));
                tracing::warn!(org, job = id, error, "the file of a job cannot be read");
                if failing.unreadable >= MOST_UNREADABLE {
                    let carrier = Arc::clone(&self.context.carrier);
                    let failure = "The file cannot be read: the log of the server says why.";
                    let fail = self
                        .context
                        .call(Line::Prompt, move |_| carrier.fail(&job, failure));
                    fail.await?;
                    self.forget(key).await?;
                }
            }
            RunError::Store(error) => {
                self.context.metrics.task_failed(Self::NAME);
                let failures = failing.failures;
                let error = one_line(error);
                if failures == 1 {
                    tracing::warn!(org, job = id, error, "a chunk failed, and is tried again");
                } else {
                    tracing::debug!(org, job = id, failures, error, "a chunk failed again");
                }
            }
        }
        Ok(())
    }
}

/// Carries out the next chunk of a job, which is `run` if it is open.
fn chunk(
    carrier: &dyn Carrier,
    job: &RunnableJob,
    run: Option<Box<dyn Run>>,
) -> Result<Option<Carried>, RunError> {
    let run = match run {
        Some(run) => Some(run),
        None => carrier.open(job)?,
    };
    let Some(mut run) = run else {
        return Ok(None);
    };
    let step = run.step()?;
    Ok(Some((run, step)))
}

/// What a panic comes to: what it said is a line of the log already.
fn panicked() -> RunError {
    RunError::Store(StoreError::Unexpected(anyhow::anyhow!("a chunk panicked")))
}
