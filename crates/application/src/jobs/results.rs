//! What became of the rows of a job: its file and the outcomes, read side by side.

use std::sync::Arc;

use accolade_domain::ids::OrgId;
use accolade_domain::job::{Job, JobId, JobState, RowOutcome};
use anyhow::anyhow;

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
    stores: Arc<Stores>,
    /// How many there are, of the file and of rows that were carried out.
    parts: u32,
    chunks: u64,
    /// How many of them were given.
    part: u32,
    chunk: u64,
}

impl std::fmt::Debug for JobResults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "JobResults({}, {}, {})",
            self.job.id, self.part, self.chunk
        )
    }
}

impl JobResults {
    /// The next part of the file, as it was sent; `None` behind the last one.
    ///
    /// # Errors
    /// The store failed, or what there was when this was asked for is there no more.
    pub fn next_part(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.part == self.parts {
            return Ok(None);
        }
        let (org, job) = self.key();
        let part = self.stores.jobs.part(org, job, self.part + 1)?;
        let part = part.ok_or_else(gone)?;
        self.part += 1;
        Ok(Some(part))
    }

    /// What became of the rows that come next, of at least one; `None` where they have no outcomes.
    ///
    /// # Errors
    /// The store failed, or what there was when this was asked for is there no more.
    pub fn next_outcomes(&mut self) -> Result<Option<Vec<RowOutcome>>, StoreError> {
        while self.chunk < self.chunks {
            let (org, job) = self.key();
            let outcomes = self.stores.jobs.chunk_outcomes(org, job, self.chunk)?;
            let outcomes = outcomes.ok_or_else(gone)?;
            self.chunk += 1;
            if !outcomes.is_empty() {
                return Ok(Some(outcomes));
            }
        }
        Ok(None)
    }

    const fn key(&self) -> (OrgId, &JobId) {
        (self.job.org, &self.job.id)
    }
}

/// Half a file must not be taken for a whole one.
fn gone() -> StoreError {
    StoreError::Unexpected(anyhow!(
        "the job was deleted, or swept, while its results were read"
    ))
}

/// What became of the rows of a job so far.
///
/// # Errors
/// 1962, also if its results are kept no more; 1931; 1963 if it was not started.
pub fn results(ports: &Ports, caller: &Caller, job: &JobId) -> Result<JobResults, UseCaseError> {
    let stored = found(ports, caller, job)?;
    if stored.job.state == JobState::Open {
        let message = "The job was not started: nothing has become of its rows yet.";
        return Err(not_now(message).into());
    }
    let kept = ports.stores.jobs.parts(caller.org, job)?;
    let bytes: u64 = kept.iter().map(|part| u64::from(part.bytes)).sum();
    if bytes < stored.bytes {
        let message = "The results of the job are kept no more.";
        return Err(no_such_job().with_message(message).into());
    }
    // A job that was given up before it was started may lack one: where its rows go on behind that is not known.
    let without_a_hole = (1..)
        .zip(&kept)
        .take_while(|(number, part)| part.number == *number);
    Ok(JobResults {
        chunks: stored.progress.chunk,
        job: stored.job,
        stores: ports.stores.clone(),
        parts: without_a_hole.last().map_or(0, |(number, _)| number),
        part: 0,
        chunk: 0,
    })
}
