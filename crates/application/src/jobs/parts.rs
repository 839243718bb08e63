//! The file of a job, which comes in parts.

use accolade_domain::job::JobId;
use accolade_domain::rejection::{Code, Rejection};
use sha2::{Digest as _, Sha256};

use super::{JobLimits, found, no_such_job};
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{MOST_PART_BYTES, MOST_PARTS, NewPart, Ports, PutPartError};
use crate::request::Request;

/// Stores a part of a job's file. The same bytes under the same number again change nothing.
///
/// Refused with 400 for another number than there may be, or a part without a byte; 1942 for one that
/// is too large, or would make the file too long; 1962; 1931; 1963 once the job was started; 1964 if
/// other bytes were sent under the number.
#[derive(Clone, PartialEq, Eq)]
pub struct PutPart {
    /// The job.
    pub job: JobId,
    /// The number of the part, from 1.
    pub part: u32,
    /// Its bytes.
    pub data: Vec<u8>,
    /// How much there may be.
    pub limits: JobLimits,
}

impl Command for PutPart {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("a job does nothing before it is started, and that is held");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        if !(1..=MOST_PARTS).contains(&self.part) {
            let message = format!("Must be the number of a part: from 1 to {MOST_PARTS}.");
            return Err(Rejection::unreadable(message).at_field("part").into());
        }
        if self.data.is_empty() {
            return Err(Rejection::unreadable("The part is empty. Send its bytes.").into());
        }
        if self.data.len() > MOST_PART_BYTES {
            return Err(TooLong(MOST_PART_BYTES as u64).rejection().into());
        }
        let caller = &request.caller;
        found(ports, caller, &self.job)?;
        let answer = Answer::JobPart {
            job: self.job.clone(),
            part: self.part,
        };
        let record = request.record(&answer);
        let part = NewPart {
            number: self.part,
            digest: digest(&self.data),
            data: &self.data,
        };
        let most = self.limits.most_bytes;
        let jobs = &ports.stores.jobs;
        match jobs.put_part(caller.org, &self.job, part, most, record.as_ref()) {
            Ok(()) => Ok(answer),
            Err(PutPartError::IdempotencyKeyUsed) => Err(UseCaseError::IdempotencyKeyUsed),
            Err(PutPartError::NoJob) => Err(no_such_job().into()),
            Err(PutPartError::NotOpen(job)) => {
                job.check_open()?;
                Err(UseCaseError::overtaken(format_args!("job {}", self.job)))
            }
            Err(PutPartError::Taken) => Err(Rejection::new(Code::PartTaken).into()),
            Err(PutPartError::TooLong) => Err(TooLong(most).rejection().into()),
            Err(PutPartError::Store(error)) => Err(error.into()),
        }
    }
}

/// Something is longer than this.
pub(super) struct TooLong(pub(super) u64);

impl TooLong {
    pub(super) fn rejection(&self) -> Rejection {
        let message = format!(
            "There may be no more than {} bytes. Send the file in parts, or as several jobs.",
            self.0
        );
        Rejection::new(Code::BodyTooLarge).with_message(message)
    }
}

/// What tells the same bytes from others.
pub(super) fn digest(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

impl std::fmt::Debug for PutPart {
    /// What was sent is not printed: it may be personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PutPart({} of {})", self.part, self.job)
    }
}
