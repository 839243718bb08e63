//! Jobs started, cancelled and deleted.

use accolade_domain::approval::RuledOperation;
use accolade_domain::audit::{Entry, telling};
use accolade_domain::job::{Job, JobId, JobSettings};
use accolade_domain::rejection::{Code, Rejection};
use serde::{Deserialize, Serialize};

use super::{found, not_now, view};
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{
    FilePlace, IdempotencyRecord, PartInfo, Ports, SaveJobError, StoreError, StoredJob,
};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// Has the rows of a job carried out. A job that was started before stays as it is.
///
/// Refused with 1962; 1931; 1963 if a part of the file is missing, or the job was cancelled before it was
/// started; 1969 for each column that is missing, and 400 if the file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartJob {
    /// The job.
    pub job: JobId,
}

impl Command for StartJob {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Job, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        change(ports, request, &self.job, |stored, by| {
            let Some(started) = stored.job.started()? else {
                return Ok(None);
            };
            check_parts(ports, stored)?;
            let entry = telling::job_started(&stored.job, &started, by);
            Ok(Some((started, entry)))
        })
    }
}

/// Has a job carried out no further: it ends behind the rows that are under way. One that has ended stays
/// as it is.
///
/// Refused with 1962; 1931.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelJob {
    /// The job.
    pub job: JobId,
}

impl Command for CancelJob {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("it has a job do no more, and who must stop one cannot wait");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let now = ports.clock.now();
        change(ports, request, &self.job, |stored, by| {
            Ok(stored.job.cancelled(now).map(|cancelled| {
                let entry = telling::job_cancelled(&stored.job, &cancelled, by);
                (cancelled, entry)
            }))
        })
    }
}

/// Deletes a job with its file and its results. What it has recorded stays.
///
/// Refused with 1962; 1931; 1963 while somebody works on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteJob {
    /// The job.
    pub job: JobId,
}

impl Command for DeleteJob {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("it takes away what was uploaded, and nothing that was recorded");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let by = request.attribution(ports.clock.now());
        let answer = Answer::JobDeleted(self.job.clone());
        for _ in 0..MOST_ROUNDS {
            let stored = found(ports, &request.caller, &self.job)?;
            stored.job.check_deletable()?;
            let record = request.record(&answer);
            let told = [telling::job_deleted(&stored.job, &by)];
            let store = &ports.stores.jobs;
            match store.delete_job(&stored, record.as_ref(), &told) {
                Ok(()) => return Ok(answer),
                Err(SaveJobError::Changed) => {}
                Err(error) => return Err(refused(error)),
            }
        }
        Err(UseCaseError::overtaken(format_args!("job {}", self.job)))
    }
}

/// Changes a job by what `decide` makes of it, if it makes anything; again if somebody was faster.
fn change(
    ports: &Ports,
    request: &Request,
    job: &JobId,
    decide: impl Fn(
        &StoredJob,
        &accolade_domain::audit::Attribution,
    ) -> Result<Option<(Job, Entry)>, UseCaseError>,
) -> Result<Answer, UseCaseError> {
    let by = request.attribution(ports.clock.now());
    for _ in 0..MOST_ROUNDS {
        let stored = found(ports, &request.caller, job)?;
        let Some((after, entry)) = decide(&stored, &by)? else {
            let answer = Answer::Job(Box::new(view(&stored)));
            remember(ports, request.record(&answer).as_ref())?;
            return Ok(answer);
        };
        let answer = Answer::Job(Box::new(view(&StoredJob {
            job: after.clone(),
            ..stored.clone()
        })));
        if request.dry_run {
            return Ok(answer);
        }
        let record = request.record(&answer);
        let store = &ports.stores.jobs;
        match store.save_job(&stored, &after, record.as_ref(), &[entry]) {
            Ok(()) => {
                ports.started_jobs.note(&after);
                return Ok(answer);
            }
            Err(SaveJobError::Changed) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    Err(UseCaseError::overtaken(format_args!("job {job}")))
}

/// Keeps the answer of a request that had nothing to change.
fn remember(ports: &Ports, record: Option<&IdempotencyRecord>) -> Result<(), UseCaseError> {
    let Some(record) = record else {
        return Ok(());
    };
    let remembered = ports.stores.idempotency.remember(record)?;
    remembered.map_err(|_| UseCaseError::IdempotencyKeyUsed)
}

fn refused(error: SaveJobError) -> UseCaseError {
    match error {
        SaveJobError::IdempotencyKeyUsed => UseCaseError::IdempotencyKeyUsed,
        SaveJobError::Store(error) => error.into(),
        SaveJobError::Changed => UseCaseError::overtaken("a job"),
    }
}

/// # Errors
/// 1963 if a part is missing; those of [`check_file`].
fn check_parts(ports: &Ports, stored: &StoredJob) -> Result<(), UseCaseError> {
    let (org, id) = (stored.job.org, &stored.job.id);
    let store = &ports.stores.jobs;
    let sent = store.parts(org, id)?;
    check_complete(&sent)?;
    let file = sent.iter().map(|part| {
        let found = store.part(org, id, part.number)?;
        found.ok_or_else(|| StoreError::Unavailable(anyhow::anyhow!("a part is gone")))
    });
    check_file(ports, &stored.job.settings, file)
}

/// # Errors
/// 1963 if there is no part, or one is missing before another.
fn check_complete(parts: &[PartInfo]) -> Result<(), Rejection> {
    if parts.is_empty() {
        return Err(not_now(
            "The job has no file. Send its parts, then start it.",
        ));
    }
    let missing = (1..)
        .zip(parts)
        .find(|(number, part)| *number != part.number);
    match missing {
        Some((number, _)) => Err(not_now(format!(
            "Part {number} of the file is missing. Send it, then start the job."
        ))),
        None => Ok(()),
    }
}

/// Looks at the beginning of the file that these parts are, as far as must be.
///
/// # Errors
/// 1969 for each column that is missing; 400 if it cannot be read.
pub(super) fn check_file<P: AsRef<[u8]>>(
    ports: &Ports,
    settings: &JobSettings,
    sent: impl Iterator<Item = Result<P, StoreError>>,
) -> Result<(), UseCaseError> {
    let file = ports.files.open(settings, &FilePlace::default());
    let mut file = file.map_err(UseCaseError::unexpected)?;
    for part in sent {
        file.feed(part?.as_ref());
        if let Some(checked) = file.check() {
            return Ok(checked?);
        }
    }
    file.finish();
    if let Some(checked) = file.check() {
        return Ok(checked?);
    }
    let message = "The file has no line that says what its columns are.";
    Err(Rejection::new(Code::Unreadable)
        .with_message(message)
        .into())
}
