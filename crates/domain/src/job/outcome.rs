//! What became of the rows of a job.

use super::RowStatus;
use crate::ids::ObjectId;
use crate::rejection::Rejection;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RowOutcome {
    /// It was carried out. The id is that of the enrolment or earned badge: the new one, or the (first)
    /// one that was revoked; of a customer's identifiers, and of what was only tried, there is none.
    Succeeded(Option<ObjectId>),
    /// A rule refused it. The id is that of what stands in its way, where that is an enrolment.
    Refused(Option<ObjectId>, Box<Rejection>),
    /// It cannot be read.
    Invalid(Box<Rejection>),
}

impl RowOutcome {
    /// The status.
    pub const fn status(&self) -> RowStatus {
        match self {
            Self::Succeeded(_) => RowStatus::Succeeded,
            Self::Refused(..) => RowStatus::Refused,
            Self::Invalid(_) => RowStatus::Invalid,
        }
    }

    /// The id that goes with it, if one does.
    pub const fn id(&self) -> Option<ObjectId> {
        match self {
            Self::Succeeded(id) | Self::Refused(id, _) => *id,
            Self::Invalid(_) => None,
        }
    }

    /// Why it was not carried out, if it was not.
    pub const fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Succeeded(_) => None,
            Self::Refused(_, rejection) | Self::Invalid(rejection) => Some(rejection),
        }
    }
}

/// What became of the rows of a job so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rows {
    /// How many there are: known once all were read.
    pub total: Option<u64>,
    /// Those that were carried out.
    pub succeeded: u64,
    /// Those that a rule refused.
    pub refused: u64,
    /// Those that cannot be read.
    pub invalid: u64,
}

impl Rows {
    /// Those that have their outcome.
    pub const fn processed(&self) -> u64 {
        self.succeeded + self.refused + self.invalid
    }

    /// Counts one row.
    pub(super) const fn count(&mut self, status: RowStatus) {
        match status {
            RowStatus::Succeeded => self.succeeded += 1,
            RowStatus::Refused => self.refused += 1,
            RowStatus::Invalid => self.invalid += 1,
            RowStatus::Unprocessed => {}
        }
    }
}
