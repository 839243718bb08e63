//! Requests under an idempotency key: carried out once, answered the same ever after.

use accolade_domain::rejection::{Code, Rejection};

use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::ports::{IdempotencyGuard, IdempotencyRecord, Ports};

/// How a request came by its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// It was carried out now.
    Out(Answer),
    /// It was carried out before, under the same idempotency key.
    Before(Box<IdempotencyRecord>),
}

/// What was answered to the request that `guard` stands for; `None` if
/// its key is new.
///
/// # Errors
/// 1910 if the key was used for another request; the store failed.
pub fn recall(
    ports: &Ports,
    guard: &IdempotencyGuard,
) -> Result<Option<Box<IdempotencyRecord>>, UseCaseError> {
    match ports
        .stores
        .idempotency
        .find(guard.org, guard.actor, &guard.key, guard.used_on)?
    {
        None => Ok(None),
        Some(record) if record.guard.fingerprint == guard.fingerprint => Ok(Some(Box::new(record))),
        Some(_) => Err(Rejection::of(Code::IdempotencyKeyReused).into()),
    }
}

/// Carries out `operation`, which `guard` guards, and [settles](settle) it.
///
/// # Errors
/// Those of `operation`; 1910 if the key was used for another request a moment ago.
pub fn carry_out(
    ports: &Ports,
    guard: Option<&IdempotencyGuard>,
    operation: impl FnOnce() -> Result<Answer, UseCaseError>,
) -> Result<Carried, UseCaseError> {
    settle(ports, guard, operation())
}

/// How the request that `guard` guards came by its answer, if it was not looked for before and
/// `ended` like this. If it failed because the same request was carried out before, whether the
/// key, the request id or something else told so, that one's answer is the answer.
///
/// # Errors
/// That of `ended`; 1910 if the key was used for another request.
pub fn settle(
    ports: &Ports,
    guard: Option<&IdempotencyGuard>,
    ended: Result<Answer, UseCaseError>,
) -> Result<Carried, UseCaseError> {
    let failure = match ended {
        Ok(answer) => return Ok(Carried::Out(answer)),
        Err(failure) => failure,
    };
    match (&failure, guard) {
        (UseCaseError::Refused(_) | UseCaseError::IdempotencyKeyUsed, Some(guard)) => {
            match recall(ports, guard)? {
                Some(record) => Ok(Carried::Before(record)),
                None => Err(failure),
            }
        }
        _ => Err(failure),
    }
}
