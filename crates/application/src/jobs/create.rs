//! A new job.

use accolade_domain::approval::RuledOperation;
use accolade_domain::audit::telling;
use accolade_domain::job::{Job, JobId, JobSettings};
use accolade_domain::rejection::{Code, Rejection};

use super::parts::{TooLong, digest};
use super::{JobLimits, change, new_view, not_now, run, scope};
use crate::answer::Answer;
use crate::approvals::{Approval, RuledCommand};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{CreateJobError, MOST_PART_BYTES, NewJob, NewPart, Ports};
use crate::request::Request;

/// Creates a job, with its file and started or without.
///
/// Refused with 1931; 1942 if the file is too long; 1963, 1969 and 400 as [`StartJob`](super::StartJob)
/// is, if it is to be started; 809 if the org has a job with the id; 1965 if it has as many jobs that
/// have not ended as it may have.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateJob {
    /// The id of the job; one is made if `None`.
    pub id: Option<JobId>,
    /// What it is to do.
    pub settings: JobSettings,
    /// The whole file, if it comes with it.
    pub file: Option<Vec<u8>>,
    /// Whether it is to be started.
    pub start: bool,
    /// How much there may be.
    pub limits: JobLimits,
}

impl Command for CreateJob {
    const APPROVAL: Approval<Self> =
        Approval::Ruled(RuledOperation::Job, |it| Ok(RuledCommand::NewJob(it)));

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (now, caller) = (ports.clock.now(), &request.caller);
        caller.require(scope(self.settings.operation))?;
        let id = match self.id {
            Some(id) => id,
            None => JobId::try_from(ports.ids.uuid().to_string())
                .map_err(|error| UseCaseError::unexpected(error.into()))?,
        };
        let file = self.file.unwrap_or_default();
        if file.len() as u64 > self.limits.most_bytes {
            return Err(TooLong(self.limits.most_bytes).rejection().into());
        }
        let created = Job::new((caller.org, id), self.settings, now, caller.actor);
        let by = request.attribution(now);
        let mut entries = vec![telling::job_created(&created, &by)];
        let mut job = created.clone();
        if self.start {
            if file.is_empty() {
                return Err(not_now("The job has no file. Send it, then start the job.").into());
            }
            change::check_file(ports, &job.settings, file.chunks(MOST_PART_BYTES).map(Ok))?;
            if let Some(started) = created.started()? {
                entries.push(telling::job_started(&created, &started, &by));
                job = started;
            }
        }
        let answer = Answer::Job(Box::new(new_view(&job)));
        let record = request.record(&answer);
        let sent: Vec<_> = (1..)
            .zip(file.chunks(MOST_PART_BYTES))
            .map(|(number, data)| NewPart {
                number,
                digest: digest(data),
                data,
            })
            .collect();
        let store = &ports.stores.jobs;
        let enrolments = store.enrolments_of_a_transaction();
        let new = NewJob {
            chunk_rows: run::rows_of_a_chunk(job.settings.operation, enrolments),
            job,
            secret: ports.ids.uuid(),
        };
        let most_open = self.limits.most_open;
        match store.create_job(&new, &sent, most_open, record.as_ref(), &entries) {
            Ok(()) => {
                ports.started_jobs.note(&new.job);
                Ok(answer)
            }
            Err(CreateJobError::IdempotencyKeyUsed) => Err(UseCaseError::IdempotencyKeyUsed),
            Err(CreateJobError::IdUsed) => Err(Rejection::new(Code::RequestIdUsed)
                .with_message("There is a job with this jobId already. Choose another one.")
                .at_field("jobId")
                .into()),
            Err(CreateJobError::TooMany) => Err(Rejection::new(Code::TooManyJobs)
                .with_message(format!(
                    "There are {most_open} jobs that have not ended. Wait for one of them, or \
                     cancel one."
                ))
                .into()),
            Err(CreateJobError::Store(error)) => Err(error.into()),
        }
    }
}

impl std::fmt::Debug for CreateJob {
    /// What the file says is not printed: it may be personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateJob")
            .field("id", &self.id)
            .field("settings", &self.settings)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}
