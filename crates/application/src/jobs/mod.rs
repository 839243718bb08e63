//! Jobs: files of millions of rows, each carried out as if it had been a request of its own.
//!
//! Here is what callers do with a job (create it, send its file, start and cancel it, look at it and at
//! what became of its rows), and how it is carried out: chunk by chunk, as ordinary batches through
//! the ordinary use cases ([`run`]).
//!
//! What a job records it records as whoever created it. It goes on if that client is revoked
//! meanwhile: what was started by who might is not half done because of what came later. Who wants
//! to stop it cancels it.

mod change;
mod create;
mod list;
mod parts;
mod results;
pub mod run;
mod started;

pub use change::{CancelJob, DeleteJob, StartJob};
pub use create::CreateJob;
pub use list::{job, jobs};
pub use parts::PutPart;
pub use results::{JobResults, results};
pub use started::StartedJobs;

use accolade_domain::job::{Job, JobId, JobOperation};
use accolade_domain::rejection::{Code, Rejection};
use time::Duration;

use crate::access::{AccessGroup, AccessGroups, Caller};
use crate::answer::JobView;
use crate::error::UseCaseError;
use crate::ports::{Ports, StoredJob};

/// How much there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLimits {
    /// How many jobs of an org may be there that have not ended.
    pub most_open: u32,
    /// How many bytes the file of one may have.
    pub most_bytes: u64,
}

/// What a caller must be permitted, any one of it, to have to do with jobs of `operation`: what the
/// operation needs by itself.
pub fn scope(operation: JobOperation) -> AccessGroups {
    match operation {
        JobOperation::Enrol
        | JobOperation::Earn
        | JobOperation::RevokeEnrolments
        | JobOperation::RevokeEarns
        | JobOperation::Import => AccessGroup::BadgesIssue.into(),
        JobOperation::Customers => AccessGroup::BadgesWrite.into(),
    }
}

/// 1962: there is no such job in the org.
pub fn no_such_job() -> Rejection {
    Rejection::new(Code::NothingLikeThat).with_message("Job not found. Check the id.")
}

/// 1963: the job is not in a state for what is asked.
fn not_now(message: impl Into<String>) -> Rejection {
    Rejection::new(Code::NotInState).with_message(message)
}

/// The job as it is now.
///
/// # Errors
/// 1962; 1931 if the caller may not do what it does.
pub(crate) fn found(ports: &Ports, caller: &Caller, id: &JobId) -> Result<StoredJob, UseCaseError> {
    let found = ports.stores.jobs.job(caller.org, id)?;
    let stored = found.ok_or_else(no_such_job)?;
    caller.require(scope(stored.job.settings.operation))?;
    Ok(stored)
}

/// How `stored` looks.
fn view(stored: &StoredJob) -> JobView {
    let job = stored.job.clone();
    let progress = &stored.progress;
    let (Some(began), Some(last)) = (job.started_on, progress.advanced_on) else {
        return JobView {
            job,
            rows_per_second: None,
            estimated_end: None,
        };
    };
    let took = last.since(began).max(Duration::MILLISECOND);
    let millis = u64::try_from(took.whole_milliseconds()).unwrap_or(u64::MAX);
    JobView {
        rows_per_second: Some(job.rows.processed().saturating_mul(1_000) / millis),
        estimated_end: (!job.state.is_finished() && progress.bytes > 0).then(|| {
            let left = stored.bytes.saturating_sub(progress.bytes);
            let left_millis = u128::from(millis) * u128::from(left) / u128::from(progress.bytes);
            last + Duration::milliseconds(i64::try_from(left_millis).unwrap_or(i64::MAX / 1_000))
        }),
        job,
    }
}

/// A job that was not stored, as it would look.
fn new_view(job: &Job) -> JobView {
    JobView {
        job: job.clone(),
        rows_per_second: None,
        estimated_end: None,
    }
}
