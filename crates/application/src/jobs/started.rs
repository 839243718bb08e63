//! That jobs were started in this process: its worker need not ask the store for them all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use accolade_domain::job::{Job, JobState};

/// How often a job was stored that a worker has something to do for, in this process; what stored it may
/// have been undone. Cheap to clone; clones share it.
#[derive(Debug, Clone, Default)]
pub struct StartedJobs(Arc<AtomicU64>);

impl StartedJobs {
    /// Notes that `job` was stored, if there is something to do for it, perhaps in a transaction that is
    /// committed a moment later.
    pub(super) fn note(&self, job: &Job) {
        if JobState::RUNNABLE.contains(&job.state) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often it was so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
