//! Where jobs live: what they are, their files, how far they have come, and what became of their rows.

use accolade_domain::actor::Actor;
use accolade_domain::audit::Entry;
use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::job::{Job, JobId, JobOperation, RowOutcome};
use accolade_domain::listing::{Page, PageOf};
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ports::{FilePlace, IdempotencyRecord, Operation, StoreError};

/// The most bytes of one part.
pub const MOST_PART_BYTES: usize = 8 * 1024 * 1024;

/// The highest number of a part.
pub const MOST_PARTS: u32 = 10_000;

/// The number of a job's state, raised by whatever changes the job.
pub type JobVersion = i64;

/// A job to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The job.
    pub job: Job,
    /// What the ids of its requests are made with, so that nobody can guess them.
    pub secret: Uuid,
    /// The most rows of a chunk of it.
    pub chunk_rows: u32,
}

/// A job as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJob {
    /// The job.
    pub job: Job,
    /// The version that it had.
    pub version: JobVersion,
    /// What the ids of its requests are made with.
    pub secret: Uuid,
    /// The most rows of a chunk of it.
    pub chunk_rows: u32,
    /// How many bytes its file has so far.
    pub bytes: u64,
    /// How far it has come.
    pub progress: JobProgress,
}

/// How far a job has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobProgress {
    /// The number of the chunk that comes next, from 0.
    pub chunk: u64,
    /// Where that chunk begins in the file.
    pub place: FilePlace,
    /// How many bytes of the file are before that place.
    pub bytes: u64,
    /// When the last chunk ended.
    pub advanced_on: Option<Instant>,
}

/// A part of a job's file, as it was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NewPart<'a> {
    /// Its number, from 1 to [`MOST_PARTS`].
    pub number: u32,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
    /// At least one byte, and at most [`MOST_PART_BYTES`].
    pub data: &'a [u8],
}

/// A part that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartInfo {
    /// Its number.
    pub number: u32,
    /// How many bytes it has.
    pub bytes: u32,
}

/// Why a job was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateJobError {
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The org has a job with this id.
    #[error("the id of the job has been used")]
    IdUsed,
    /// The org has as many jobs that have not ended as it may have.
    #[error("there are too many jobs that have not ended")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a part was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutPartError {
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// There is no such job.
    #[error("there is no such job")]
    NoJob,
    /// The job gets no parts any more.
    #[error("the job was started or cancelled")]
    NotOpen(Box<Job>),
    /// Other bytes were sent under its number.
    #[error("another part has this number")]
    Taken,
    /// The file would be longer than it may be.
    #[error("the file would be too long")]
    TooLong,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a job was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SaveJobError {
    /// It has another version, or is gone: read it and decide again.
    #[error("it has changed")]
    Changed,
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A job that a worker has something to do for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunnableJob {
    /// The org.
    pub org: OrgId,
    /// When it was created.
    pub created_on: Instant,
    /// The job.
    pub job: JobId,
    /// What the ids of its requests are made with.
    pub secret: Uuid,
}

/// What was found out about the rows of a chunk before the first of them was carried out, and must
/// stay so if the chunk is begun again: by position.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkPlan {
    /// Of several for one chunk the one with the highest number counts.
    pub number: u32,
    /// What was found out. Of rows behind the last of these there is nothing more to know than what stands
    /// in them.
    pub rows: Vec<PlannedRow>,
}

impl ChunkPlan {
    /// That of a chunk in whose rows stands what there is to know.
    pub const fn as_read() -> Self {
        Self {
            number: 1,
            rows: Vec::new(),
        }
    }
}

/// What was found out about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlannedRow {
    /// What there is to know stands in the row.
    AsRead,
    /// It is about this customer.
    Customer(CustomerId),
    /// It is refused.
    Refused(Rejection),
}

/// A job that is carried out, with the plan of the chunk that is under way, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedJob {
    /// The job.
    pub stored: StoredJob,
    /// The plan.
    pub plan: Option<ChunkPlan>,
}

/// A request of a job that was refused as a whole, and so is not in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotExecuted {
    /// What was asked for.
    pub operation: Operation,
    /// Its id.
    pub request_id: RequestId,
    /// Why it was refused.
    pub rejections: Vec<Rejection>,
}

/// A chunk that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// The org.
    pub org: OrgId,
    /// The job.
    pub job: JobId,
    /// The number of the chunk.
    pub chunk: u64,
    /// What became of its rows, in their order.
    pub outcomes: Vec<RowOutcome>,
    /// Requests of the chunk that were refused as a whole.
    pub not_executed: Vec<NotExecuted>,
    /// What is to be remembered of rows that were only tried, each in the place of what was remembered
    /// under its key.
    pub tried: Vec<(String, String)>,
    /// The plan of the next chunk, if it is known by now.
    pub plan: Option<ChunkPlan>,
    /// Where the next chunk begins in the file.
    pub place: FilePlace,
    /// How many bytes of the file are before that place.
    pub bytes: u64,
    /// Whether there are no more rows.
    pub is_last: bool,
    /// When it ended.
    pub now: Instant,
}

/// Why a job did not advance: nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// The job is at another chunk, has ended, or is gone: somebody else works on it.
    #[error("somebody else works on the job")]
    Superseded,
    /// One of the requests that were refused was executed meanwhile, by somebody else who works on the
    /// job: what became of it is in the ledger.
    #[error("a request that was refused was executed meanwhile")]
    Executed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where jobs live. One of another org is as good as none.
///
/// Nothing depends on who holds a lease: of several who carry out one chunk of a job at the same
/// moment one advances the job, and what the store keeps of the rows is what was recorded of
/// them, whoever recorded it. `entries` are what the audit trail tells of a change, written in its
/// transaction; a job that ends is an event of the feed, in the transaction that ends it.
pub trait JobStore: Send + Sync {
    /// How many enrolments of a job one transaction should record, more than 5 000: with more of them others
    /// who write would wait too long, with fewer they would cost more than they have to. A job keeps the
    /// number of the store that it is created in.
    fn enrolments_of_a_transaction(&self) -> u32;

    /// Creates a job with the first parts of its file, in the state of [`NewJob::job`], unless the org has
    /// `most_open` that have not ended.
    ///
    /// # Errors
    /// The first that applies: [`CreateJobError::IdempotencyKeyUsed`], [`CreateJobError::IdUsed`],
    /// [`CreateJobError::TooMany`].
    fn create_job(
        &self,
        new: &NewJob,
        parts: &[NewPart<'_>],
        most_open: u32,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), CreateJobError>;

    /// Stores a part of an open job's file, which is to have no more than `most_bytes`. The same bytes
    /// under the same number again change nothing, in any state of the job.
    ///
    /// # Errors
    /// The first that applies: [`PutPartError::IdempotencyKeyUsed`], [`PutPartError::NoJob`],
    /// [`PutPartError::NotOpen`], [`PutPartError::Taken`], [`PutPartError::TooLong`].
    fn put_part(
        &self,
        org: OrgId,
        job: &JobId,
        part: NewPart<'_>,
        most_bytes: u64,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<(), PutPartError>;

    /// The job.
    ///
    /// # Errors
    /// The store failed.
    fn job(&self, org: OrgId, job: &JobId) -> Result<Option<StoredJob>, StoreError>;

    /// A page of the org's jobs with one of these operations, the newest first, and then by id.
    ///
    /// # Errors
    /// The store failed.
    fn jobs(
        &self,
        org: OrgId,
        operations: &[JobOperation],
        page: PageOf,
    ) -> Result<Page<StoredJob>, StoreError>;

    /// The parts of a job's file, by number.
    ///
    /// # Errors
    /// The store failed.
    fn parts(&self, org: OrgId, job: &JobId) -> Result<Vec<PartInfo>, StoreError>;

    /// The bytes of a part, as they were sent; `None` if there is no such part.
    ///
    /// # Errors
    /// The store failed.
    fn part(&self, org: OrgId, job: &JobId, number: u32) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces `before` by `after`, if the job still has the version of `before`, and raises the version.
    ///
    /// # Errors
    /// [`SaveJobError::IdempotencyKeyUsed`], else [`SaveJobError::Changed`].
    fn save_job(
        &self,
        before: &StoredJob,
        after: &Job,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveJobError>;

    /// Deletes the job with its file and with what became of its rows, if it still has the version of
    /// `before`.
    ///
    /// # Errors
    /// [`SaveJobError::IdempotencyKeyUsed`], else [`SaveJobError::Changed`].
    fn delete_job(
        &self,
        before: &StoredJob,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveJobError>;

    /// The jobs of all orgs that a worker has something to do for
    /// ([`RUNNABLE`](accolade_domain::job::JobState::RUNNABLE)), by org and moment of creation.
    ///
    /// # Errors
    /// The store failed.
    fn runnable_jobs(&self) -> Result<Vec<RunnableJob>, StoreError>;

    /// Opens a job to carry it out, and says that it has [begun](Job::begun); `None` if there is nothing to
    /// do for it.
    ///
    /// # Errors
    /// The store failed.
    fn open_job(
        &self,
        org: OrgId,
        job: &JobId,
        now: Instant,
    ) -> Result<Option<OpenedJob>, StoreError>;

    /// Keeps `plan` for the chunk that is under way, unless there is one with its number or a higher one.
    /// Gives the plan that counts from now on; `None` if the job is at another chunk, has ended, or is
    /// gone.
    ///
    /// # Errors
    /// The store failed.
    fn plan_chunk(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
        plan: &ChunkPlan,
    ) -> Result<Option<ChunkPlan>, StoreError>;

    /// Keeps what became of the rows of a chunk and what was tried, lets the job
    /// [advance](Job::advanced), and replaces the plan by that of the next chunk, unless the job has ended;
    /// gives the job as it is then.
    ///
    /// In the same transaction the ids of requests that were refused are used up in the ledger, so that
    /// nobody, however late, executes what is kept as refused. Whoever was about to is refused there
    /// with [`RecordError::RequestIdUsed`](crate::ports::RecordError::RequestIdUsed) from then on; whoever
    /// has executed it before makes this fail.
    ///
    /// # Errors
    /// [`AdvanceError::Superseded`], else [`AdvanceError::Executed`].
    fn advance_job(&self, advance: &Advance) -> Result<StoredJob, AdvanceError>;

    /// What is remembered of rows of the job that were tried, under each of `keys`, by position, in a
    /// bounded number of statements. It is forgotten after the job has ended.
    ///
    /// # Errors
    /// The store failed.
    fn tried(
        &self,
        org: OrgId,
        job: &JobId,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError>;

    /// Lets the job [fail](Job::failed) at this chunk, of which no row was carried out; `false` if it is
    /// at another chunk, has ended, or is gone.
    ///
    /// # Errors
    /// The store failed.
    fn fail_job(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
        failure: &str,
        now: Instant,
    ) -> Result<bool, StoreError>;

    /// What became of the rows of a chunk, in their order; `None` if it was not carried out.
    ///
    /// # Errors
    /// The store failed.
    fn chunk_outcomes(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
    ) -> Result<Option<Vec<RowOutcome>>, StoreError>;

    /// Forgets the files of jobs that ended before `kept_since` and what became of their rows, but not
    /// the jobs; jobs that were created before then and not started; and what was tried by jobs that have
    /// ended. How many rows it removed: call it again until it removes none. Of a job whose file is there
    /// as a whole nothing is forgotten of what became of its rows.
    ///
    /// # Errors
    /// The store failed.
    fn sweep_jobs(&self, kept_since: Instant) -> Result<u64, StoreError>;
}

impl StoredJob {
    /// By whom what the job records is recorded.
    pub const fn actor(&self) -> Actor {
        self.job.created_by
    }
}

impl std::fmt::Debug for NewPart<'_> {
    /// What was sent is not printed: it may be personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewPart({}, {} bytes)", self.number, self.data.len())
    }
}
