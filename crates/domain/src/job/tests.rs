//! What becomes of a job.

use super::*;
use crate::fixtures::at;

fn job() -> Job {
    let settings = JobSettings {
        operation: JobOperation::Enrol,
        format: JobFormat::Csv,
        badge: None,
        triggered_by: None,
        event_on: None,
        dry_run: false,
    };
    let org = 1.try_into().unwrap();
    let id = JobId::try_from("spring").unwrap();
    Job::new((org, id), settings, at(NOW), Actor::SYSTEM)
}

const NOW: &str = "2026-05-01T00:00:00Z";

fn in_state(state: JobState) -> Job {
    Job { state, ..job() }
}

fn refused() -> RowOutcome {
    RowOutcome::Refused(None, Rejection::new(Code::NotEnrolled).into())
}

#[test]
fn a_job_is_started_once_and_not_after_it_was_cancelled_as_it_was_open() {
    let started = job().started().unwrap().unwrap();
    assert_eq!(started.state, JobState::Queued);
    for state in JobState::RUNNABLE {
        assert_eq!(in_state(*state).started(), Ok(None));
    }
    let cancelled = job().cancelled(at(NOW)).unwrap();
    assert_eq!(cancelled.state, JobState::Cancelled);
    assert_eq!(cancelled.finished_on, Some(at(NOW)));
    assert_eq!(cancelled.started().unwrap_err().code, Code::NotInState);
}

#[test]
fn a_job_that_runs_ends_behind_the_chunk_under_way_once_it_is_cancelled() {
    let running = job().started().unwrap().unwrap().begun(at(NOW));
    assert_eq!(running.state, JobState::Running);
    let cancelling = running.cancelled(at(NOW)).unwrap();
    assert_eq!(cancelling.state, JobState::Cancelling);
    assert_eq!(cancelling.cancelled(at(NOW)), None);
    let ended = cancelling.advanced(&[RowOutcome::Succeeded(None)], false, at(NOW));
    assert_eq!(ended.state, JobState::Cancelled);
    assert_eq!((ended.rows.total, ended.rows.processed()), (None, 1));
    // Nothing is left that could have been cancelled.
    let last = cancelling.advanced(&[RowOutcome::Succeeded(None)], true, at(NOW));
    assert_eq!(last.state, JobState::Completed);
}

#[test]
fn a_job_that_has_completed_has_counted_every_row() {
    let invalid = RowOutcome::Invalid(Rejection::new(Code::Unreadable).into());
    let rows = [RowOutcome::Succeeded(None), refused(), invalid, refused()];
    let job = in_state(JobState::Running).advanced(&rows, false, at(NOW));
    assert_eq!((job.state, job.finished_on), (JobState::Running, None));
    let job = job.advanced(&rows[..1], true, at(NOW));
    let rows = Rows {
        total: Some(5),
        succeeded: 2,
        refused: 2,
        invalid: 1,
    };
    assert_eq!((job.state, job.rows), (JobState::Completed, rows));
}

#[test]
fn a_job_at_work_is_not_deleted_and_gets_no_parts() {
    for state in JobState::ALL {
        let is_at_work = JobState::RUNNABLE.contains(state);
        let job = in_state(*state);
        assert_eq!(job.check_deletable().is_err(), is_at_work, "{state:?}");
        assert_eq!(job.check_open().is_ok(), *state == JobState::Open);
    }
}

#[test]
fn an_id_has_no_more_than_64_of_its_characters() {
    assert!(JobId::try_from("a.B_9-".repeat(10)).is_ok());
    for text in ["", "ä", "a b", "a/b", &"a".repeat(65)] {
        assert_eq!(JobId::try_from(text), Err(MalformedJobId), "{text}");
    }
}

#[test]
fn an_id_is_nothing_that_means_something_else_in_an_address() {
    for text in [".", "..", "new"] {
        assert_eq!(JobId::try_from(text), Err(MalformedJobId), "{text}");
    }
    for text in ["...", ".a", "New", "new.1"] {
        assert!(JobId::try_from(text).is_ok(), "{text}");
    }
}

#[test]
fn every_number_is_that_of_one_word() {
    for state in JobState::ALL {
        assert_eq!(JobState::from_number(state.number()), Some(*state));
    }
    for operation in JobOperation::ALL {
        let found = JobOperation::from_number(operation.number());
        assert_eq!(found, Some(*operation));
    }
    for format in JobFormat::ALL {
        assert_eq!(JobFormat::from_number(format.number()), Some(*format));
    }
    assert_eq!(JobState::from_number(0), None);
}
