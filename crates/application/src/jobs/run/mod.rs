//! How a job is carried out: chunk by chunk, in the order of the file.
//!
//! A chunk is the next rows of the file: how many is decided by the file and the job's settings
//! alone. Its rows become ordinary requests (`plan`) that are executed by the ordinary use cases
//! (`requests`, `directory`), under ids that name job, chunk and request (`names`). What became of
//! the rows is kept when the job advances to the next chunk, in one transaction.
//!
//! # Why every row has exactly one outcome
//!
//! Whoever carries out a chunk may end at any moment, and another server begins the same chunk again,
//! perhaps while the first still believes that the job is its own. Nothing here rests on the lease.
//!
//! - The same chunk is the same rows, and the same rows are the same requests with the same ids. What
//!   those depend on besides the file (who has an identifier, who was merged into whom) is found out
//!   once and kept with the job before the first request ([`ChunkPlan`]).
//! - A request that was executed is in the request ledger, with its answer. Whoever executes it again
//!   is refused with 809, and takes the answer from there: **the ledger is the checkpoint**.
//! - A request that is refused as a whole is not in the ledger, and might be executed by somebody
//!   else a moment later, when its badge was activated. So the transaction that keeps the refusal as
//!   what became of the rows uses up the id of the request in the ledger: nobody executes it any
//!   more; and if somebody has, that transaction fails, and the answer is in the ledger.
//! - Identifiers of customers are written under an idempotency key instead, since they are in no ledger.
//!   The plan says which rows are refused, so the key alone tells whether it was done.
//! - A dry run (`trial`) records nothing but what it remembers, in the transaction that advances it.
//! - A job advances from a chunk once: of several who have carried it out, the others are told that
//!   they are [superseded](AdvanceError::Superseded). So nobody can be at work on a chunk behind the one
//!   that the job is at; and one that is cancelled or fails ends between two chunks.

mod directory;
mod names;
mod plan;
mod reader;
mod requests;
mod trial;

use accolade_domain::ids::OrgId;
use accolade_domain::job::{JobId, JobOperation, JobState, RowOutcome};
use anyhow::anyhow;

pub(super) use self::plan::rows_of_a_chunk;

use self::names::Names;
use self::reader::{ReadAhead, ReadRows, Reader};
use self::requests::Rows;
use self::trial::Tried;
use crate::access::Caller;
use crate::badges::KnownBadges;
use crate::jobs::scope;
use crate::ports::{
    Advance, AdvanceError, ChunkPlan, JobRow, NotExecuted, Ports, StoreError, StoredJob,
};

/// Why a job was carried out no further. It must be opened anew.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Somebody else works on it, or it is gone.
    #[error("somebody else works on the job")]
    Superseded,
    /// The next rows cannot be read from the store.
    #[error("the file cannot be read")]
    Unreadable(#[source] anyhow::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How many rows have their outcome now that had none.
    pub rows: u64,
    /// The state of the job: one that has not ended has more to be done.
    pub state: JobState,
}

/// A job that is being carried out. Holds a part of its file and two chunks of rows: while one is carried
/// out the next is read.
pub struct JobRun {
    ports: Ports,
    known: KnownBadges,
    caller: Caller,
    stored: StoredJob,
    /// Of the chunk that comes next.
    plan: Option<ChunkPlan>,
    chunks: ReadAhead,
    /// The chunk that comes next, if it was taken from those before its turn.
    next: Option<Result<ReadRows, RunError>>,
}

/// What a chunk has come to.
struct Carried {
    outcomes: Vec<RowOutcome>,
    not_executed: Vec<NotExecuted>,
    tried: Vec<(String, String)>,
}

/// The rows of a chunk, and what becomes of them.
struct Chunk<'r> {
    ports: &'r Ports,
    known: &'r KnownBadges,
    caller: &'r Caller,
    names: Names<'r>,
    rows: Vec<JobRow>,
    /// How many there may be.
    most_rows: u32,
    /// The rows sorted instead, if in each of them stands what there is to know.
    sorted: Option<Rows>,
    /// By position.
    outcomes: Vec<Option<RowOutcome>>,
    /// Requests that were refused as a whole.
    not_executed: Vec<NotExecuted>,
}

impl std::fmt::Debug for JobRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JobRun({} {})", self.stored.job.org, self.stored.job.id)
    }
}

impl JobRun {
    /// Opens a job; `None` if there is nothing to do for it. Badges that are `known` are not read first.
    ///
    /// # Errors
    /// The place that it has come to is none in its file; the store failed.
    pub fn open(
        ports: &Ports,
        known: &KnownBadges,
        org: OrgId,
        job: &JobId,
    ) -> Result<Option<Self>, RunError> {
        let jobs = &ports.stores.jobs;
        let Some(opened) = jobs.open_job(org, job, ports.clock.now())? else {
            return Ok(None);
        };
        let stored = &opened.stored;
        let orgs = ports.stores.access.orgs()?;
        let its_org = orgs.into_iter().find(|it| it.id == org);
        let its_org = its_org.ok_or_else(|| StoreError::Unexpected(anyhow!("a job of no org")))?;
        let caller = Caller {
            org,
            zone: its_org.zone,
            region: its_org.region,
            actor: stored.actor(),
            groups: scope(stored.job.settings.operation),
        };
        let sent = jobs.parts(org, job)?;
        let sizes = sent.iter().map(|part| part.bytes).collect();
        let reader = Reader::open(ports, &opened, sizes).map_err(RunError::Unreadable)?;
        Ok(Some(Self {
            ports: ports.clone(),
            known: known.clone(),
            caller,
            plan: opened.plan,
            chunks: reader.read_ahead()?,
            next: None,
            stored: opened.stored,
        }))
    }

    /// The org and the job.
    pub const fn key(&self) -> (OrgId, &JobId) {
        (self.stored.job.org, &self.stored.job.id)
    }

    /// Carries out the next chunk. Not to be called any more once the job has ended or this has failed.
    ///
    /// # Errors
    /// Somebody else works on the job; its file cannot be read; the store failed.
    pub fn step(&mut self) -> Result<Step, RunError> {
        let read = match self.next.take() {
            Some(read) => read?,
            None => self.chunks.next()?,
        };
        let (is_last, place, bytes) = (read.is_last, read.place.clone(), read.bytes);
        let Carried {
            outcomes,
            not_executed,
            tried,
        } = self.carry_out(read)?;
        let count = outcomes.len() as u64;
        self.next = (!is_last).then(|| self.chunks.next());
        let plan = (self.next.as_ref()).and_then(|next| next.as_ref().ok()?.plan());
        let advance = Advance {
            org: self.stored.job.org,
            job: self.stored.job.id.clone(),
            chunk: self.stored.progress.chunk,
            outcomes,
            not_executed,
            tried,
            plan: plan.clone(),
            bytes,
            place,
            is_last,
            now: self.ports.clock.now(),
        };
        match self.ports.stores.jobs.advance_job(&advance) {
            Ok(stored) => {
                self.plan = plan;
                self.stored = stored;
                Ok(Step {
                    rows: count,
                    state: self.stored.job.state,
                })
            }
            // Whoever opens it again finds the answer in the ledger.
            Err(AdvanceError::Superseded | AdvanceError::Executed) => Err(RunError::Superseded),
            Err(AdvanceError::Store(error)) => Err(error.into()),
        }
    }

    /// Carries out the next chunk, or tries it.
    fn carry_out(&mut self, read: ReadRows) -> Result<Carried, RunError> {
        let Self {
            ports,
            known,
            caller,
            stored,
            plan,
            ..
        } = self;
        let mut chunk = Chunk {
            ports,
            known,
            caller,
            names: Names::new(stored),
            rows: read.rows,
            most_rows: stored.chunk_rows,
            sorted: read.sorted,
            outcomes: read.outcomes,
            not_executed: Vec::new(),
        };
        let keeping = Keeping {
            ports,
            stored,
            plan,
        };
        let mut tried = Tried::new(ports, stored);
        let settings = &stored.job.settings;
        match (settings.operation, settings.dry_run) {
            _ if chunk.outcomes.is_empty() => {}
            (JobOperation::Customers, false) => chunk.put_customers(keeping)?,
            (JobOperation::Customers, true) => chunk.try_customers(&mut tried)?,
            (_, false) => chunk.execute(keeping)?,
            (_, true) => chunk.try_out(&mut tried)?,
        }
        let outcomes: Option<Vec<_>> = chunk.outcomes.into_iter().collect();
        let outcomes = outcomes
            .ok_or_else(|| StoreError::Unexpected(anyhow!("a row of a job has no outcome")))?;
        Ok(Carried {
            outcomes,
            not_executed: chunk.not_executed,
            tried: tried.into_changed(),
        })
    }

    /// Lets the job fail, whose file cannot be read.
    ///
    /// # Errors
    /// The store failed.
    pub fn fail(ports: &Ports, org: OrgId, job: &JobId, failure: &str) -> Result<(), StoreError> {
        let jobs = &ports.stores.jobs;
        if let Some(stored) = jobs.job(org, job)? {
            jobs.fail_job(org, job, stored.progress.chunk, failure, ports.clock.now())?;
        }
        Ok(())
    }
}

/// Where the plan of a chunk is kept.
struct Keeping<'r> {
    ports: &'r Ports,
    stored: &'r StoredJob,
    plan: &'r mut Option<ChunkPlan>,
}

impl Keeping<'_> {
    /// The plan that is kept, if there is one.
    fn kept(&self) -> Option<&ChunkPlan> {
        self.plan.as_ref()
    }

    /// Keeps `plan`, unless somebody was faster; gives the one that counts.
    fn keep(&mut self, plan: &ChunkPlan) -> Result<ChunkPlan, RunError> {
        let (job, chunk) = (&self.stored.job, self.stored.progress.chunk);
        let jobs = &self.ports.stores.jobs;
        let kept = jobs.plan_chunk(job.org, &job.id, chunk, plan)?;
        let kept = kept.ok_or(RunError::Superseded)?;
        *self.plan = Some(kept.clone());
        Ok(kept)
    }
}
