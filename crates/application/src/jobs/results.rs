//! What became of the rows of a job: its file and the outcomes, read side by side.

use std::time::Duration;

use accolade_domain::ids::OrgId;
use accolade_domain::job::{Job, JobId, JobState, RowOutcome};

use super::{found, no_such_job, not_now};
use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::{Ports, StoreError, Stores};

/// What became of the rows of a job: the parts of its file, and beside them the outcomes of its rows,
/// both in the order of the file. Rows that have none were not carried out: not yet, or never,
/// because the job was cancelled or failed. Holds nothing but its place.
#[derive(Clone)]
pub struct JobResults {
    /// The job, as it was when this was asked for.
    pub job: Job,
    stores: Stores,
    part: u32,
    chunk: u64,
}

impl std::fmt::Debug for JobResults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JobResults({}, {}, {})", self.job.id, self.part, self.chunk)
    }
}

impl JobResults {
    /// The next part of the file, as it was sent; `None` behind the last one.
    ///
    /// # Errors
    /// The store failed.
    pub fn next_part(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let (org, job) = self.key();
        let part = self.stores.jobs.part(org, job, self.part + 1)?;
        self.part += u32::from(part.is_some());
        Ok(part)
    }

    /// What became of the rows that come next, of at least one; `None` where they have no outcomes.
    ///
    /// # Errors
    /// The store failed.
    pub fn next_outcomes(&mut self) -> Result<Option<Vec<RowOutcome>>, StoreError> {
        loop {
            let (org, job) = self.key();
            let Some(outcomes) = self.stores.jobs.chunk_outcomes(org, job, self.chunk)? else {
                return Ok(None);
            };
            self.chunk += 1;
            if !outcomes.is_empty() {
                return Ok(Some(outcomes));
            }
        }
    }

    const fn key(&self) -> (OrgId, &JobId) {
        (self.job.org, &self.job.id)
    }
}

/// What became of the rows of a job so far.
///
/// # Errors
/// 1962, also if it ended longer ago than the `retention`, swept or not; 1931; 1963 if it was not started.
pub fn results(
    ports: &Ports,
    caller: &Caller,
    job: &JobId,
    retention: Duration,
) -> Result<JobResults, UseCaseError> {
    let stored = found(ports, caller, job)?;
    if stored.job.state == JobState::Open {
        let message = "The job was not started: nothing has become of its rows yet.";
        return Err(not_now(message).into());
    }
    let kept_since = ports.clock.now().earlier_by(retention);
    if stored.job.finished_on.is_some_and(|ended| ended < kept_since) {
        let message = "The results of the job are kept no more.";
        return Err(no_such_job().with_message(message).into());
    }
    Ok(JobResults {
        job: stored.job,
        stores: ports.stores.clone(),
        part: 0,
        chunk: 0,
    })
}
