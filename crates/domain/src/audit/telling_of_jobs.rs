//! Which entries tell of what somebody does with a job.

use super::{Action, Attribution, Change, Entry, State};
use crate::job::Job;

fn settings(job: &Job) -> State {
    State::Job(Box::new(job.settings.clone()))
}

fn moved(before: &Job, after: &Job, action: Action, by: &Attribution) -> Entry {
    let states = (State::JobState(before.state), State::JobState(after.state));
    let change = Change::between(states.0, states.1);
    Entry::new(before.org, by, before.id.clone(), action, change)
}

/// A job was created.
pub fn job_created(job: &Job, by: &Attribution) -> Entry {
    let change = Change::to(settings(job));
    Entry::new(job.org, by, job.id.clone(), Action::Create, change)
}

/// A job was started.
pub fn job_started(before: &Job, after: &Job, by: &Attribution) -> Entry {
    moved(before, after, Action::Start, by)
}

/// Somebody has cancelled a job.
pub fn job_cancelled(before: &Job, after: &Job, by: &Attribution) -> Entry {
    moved(before, after, Action::Cancel, by)
}

/// A job was deleted, with its file and its results.
pub fn job_deleted(job: &Job, by: &Attribution) -> Entry {
    let change = Change {
        before: Some(settings(job)),
        after: None,
        hidden: Vec::new(),
    };
    Entry::new(job.org, by, job.id.clone(), Action::Delete, change)
}
