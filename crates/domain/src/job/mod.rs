//! Jobs: a file of rows, each carried out as if it had been a request of its own.
//!
//! A [`Job`] is opened, gets its file in parts, and is started. Its rows are then carried out in
//! chunks, in the order of the file, until there are no more or somebody has cancelled it. Each row has
//! exactly one [`RowOutcome`].

mod file;
mod id;
mod numbers;
mod outcome;
mod state;
#[cfg(test)]
mod tests;

pub use file::{JobFormat, JobOperation, RowStatus};
pub use id::{JobId, MalformedJobId};
pub use outcome::{RowOutcome, Rows};
pub use state::JobState;

use crate::actor::Actor;
use crate::ids::{BadgeId, OrgId};
use crate::instant::Instant;
use crate::owner::Owner;
use crate::rejection::{Code, Rejection};

/// What a job is to do, and what is the same for all of its rows: a row's own wins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct JobSettings {
    /// What is done by each row.
    pub operation: JobOperation,
    /// How the rows are written.
    pub format: JobFormat,
    /// The badge.
    pub badge: Option<BadgeId>,
    /// Who triggers it.
    pub triggered_by: Option<Owner>,
    /// The event date.
    pub event_on: Option<Instant>,
    /// Whether nothing is to be recorded: each row is judged as if those before it had been.
    pub dry_run: bool,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Job {
    /// The org.
    pub org: OrgId,
    /// Its id.
    pub id: JobId,
    /// What it is to do.
    pub settings: JobSettings,
    /// How far it has come.
    pub state: JobState,
    /// When it was created.
    pub created_on: Instant,
    /// By whom: whatever it records is recorded as done by this actor.
    pub created_by: Actor,
    /// When its first row was looked at.
    pub started_on: Option<Instant>,
    /// When it ended.
    pub finished_on: Option<Instant>,
    /// What became of its rows so far.
    pub rows: Rows,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

impl Job {
    /// A job that has no file yet.
    pub fn new(
        (org, id): (OrgId, JobId),
        settings: JobSettings,
        created_on: Instant,
        created_by: Actor,
    ) -> Self {
        Self {
            org,
            id,
            settings,
            state: JobState::Open,
            created_on,
            created_by,
            started_on: None,
            finished_on: None,
            rows: Rows::default(),
            failure: None,
        }
    }

    /// The job once somebody has started it; `None` if somebody had before.
    ///
    /// # Errors
    /// 1963 if it was cancelled before it was started.
    pub fn started(&self) -> Result<Option<Self>, Rejection> {
        match self.state {
            JobState::Open => Ok(Some(self.in_state(JobState::Queued))),
            JobState::Cancelled if self.started_on.is_none() => Err(not_now(
                "The job was cancelled before it was started. Create another one.",
            )),
            _ => Ok(None),
        }
    }

    /// The job once somebody has cancelled it at `now`: one whose rows are being carried out ends behind
    /// the chunk that is under way, any other at once. `None` if it has ended, or somebody had before.
    pub fn cancelled(&self, now: Instant) -> Option<Self> {
        match self.state {
            JobState::Open | JobState::Queued => {
                let mut job = self.in_state(JobState::Cancelled);
                job.finished_on = Some(now);
                Some(job)
            }
            JobState::Running => Some(self.in_state(JobState::Cancelling)),
            JobState::Cancelling | JobState::Cancelled | JobState::Completed | JobState::Failed => {
                None
            }
        }
    }

    /// The job as its first row is looked at, at `now`, if none was before.
    #[must_use]
    pub fn begun(&self, now: Instant) -> Self {
        let mut job = self.clone();
        if job.state == JobState::Queued {
            job.state = JobState::Running;
        }
        job.started_on.get_or_insert(now);
        job
    }

    /// The job behind a chunk with these rows, at `now`; `is_last` says that there are no more behind it.
    /// Every row of a job that has read its file to the end has its outcome, cancelled or not.
    #[must_use]
    pub fn advanced<'a>(
        &self,
        outcomes: impl IntoIterator<Item = &'a RowOutcome>,
        is_last: bool,
        now: Instant,
    ) -> Self {
        let mut job = self.clone();
        for outcome in outcomes {
            job.rows.count(outcome.status());
        }
        if is_last {
            job.rows.total = Some(job.rows.processed());
            job.end(JobState::Completed, now);
        } else if job.state == JobState::Cancelling {
            job.end(JobState::Cancelled, now);
        }
        job
    }

    /// The job that ends at `now`, because of what no further try would mend.
    #[must_use]
    pub fn failed(&self, failure: String, now: Instant) -> Self {
        let mut job = self.clone();
        job.failure = Some(failure);
        job.end(JobState::Failed, now);
        job
    }

    fn end(&mut self, state: JobState, now: Instant) {
        self.state = state;
        self.finished_on = Some(now);
    }

    fn in_state(&self, state: JobState) -> Self {
        Self {
            state,
            ..self.clone()
        }
    }

    /// # Errors
    /// 1963 if it gets no parts any more.
    pub fn check_open(&self) -> Result<(), Rejection> {
        if self.state == JobState::Open {
            Ok(())
        } else {
            Err(not_now(
                "The job was started or cancelled: its file is complete.",
            ))
        }
    }

    /// # Errors
    /// 1963 if somebody works on it, or will.
    pub fn check_deletable(&self) -> Result<(), Rejection> {
        if self.state == JobState::Open || self.state.is_finished() {
            Ok(())
        } else {
            Err(not_now(
                "The job is at work. Cancel it first, and wait until it has ended.",
            ))
        }
    }
}

/// 1963: a job is not in a state for what is asked.
fn not_now(message: &str) -> Rejection {
    Rejection::new(Code::NotInState).with_message(message)
}
