//! How a use case fails.

use std::fmt;

use accolade_domain::rejection::{Code, Rejection};
use anyhow::anyhow;

use crate::ports::{RecordError, StoreError};
use crate::turns::MOST_ROUNDS;

/// The most problems that one answer tells, and the most warnings of one kind.
pub const MOST_REPORTED: usize = 50;

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// The caller can mend it: at least one reason, the first decides the HTTP status.
    /// Nothing was written.
    #[error("refused: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Rejection>),
    /// The idempotency key was used meanwhile: look at what it stands for.
    /// Nothing was written.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// It was let through by rules for approval that have been replaced meanwhile: the door asks the new
    /// ones, and nobody else ever sees this. Nothing was written.
    #[error("the rules for approval have changed")]
    RulesChanged,
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Rejection> for UseCaseError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(vec![rejection])
    }
}

impl From<Vec<Rejection>> for UseCaseError {
    fn from(rejections: Vec<Rejection>) -> Self {
        Self::Refused(rejections)
    }
}

impl From<RecordError> for UseCaseError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::IdempotencyKeyUsed => Self::IdempotencyKeyUsed,
            RecordError::RequestIdUsed => request_id_used().into(),
            RecordError::Refused(rejection) => rejection.into(),
            RecordError::RulesChanged => Self::RulesChanged,
            // Who can decide again does so before it comes to this.
            RecordError::BadgeChanged | RecordError::CustomersMerged => {
                Self::unexpected(error.into())
            }
        }
    }
}

/// 809.
pub(crate) fn request_id_used() -> Rejection {
    Rejection::new(Code::RequestIdUsed).at_field("requestId")
}

impl UseCaseError {
    /// Others changed `what` all the time, so that nothing was written: the same can be sent again.
    pub(crate) fn overtaken(what: impl fmt::Display) -> Self {
        let cause = anyhow!("{what} changed {MOST_ROUNDS} times in a row");
        Self::Store(StoreError::Unavailable(cause))
    }

    /// Something that should not happen; nothing was written.
    pub(crate) fn unexpected(error: anyhow::Error) -> Self {
        Self::Store(StoreError::Unexpected(error))
    }
}
