//! The request ledger: which requests were executed, and what became of them.

use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;

use crate::answer::Answer;
use crate::ports::StoreError;

/// An operation whose requests have ids. An id is unique for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Enrolment.
    IssueBulk = 1,
    /// One customer earns.
    Earn = 2,
    /// Customers earn.
    EarnBulk = 3,
    /// An earned badge is revoked.
    RevokeEarn = 4,
    /// Enrolments are revoked.
    RevokeIssue = 5,
    /// Earned badges are imported.
    Import = 6,
}

impl Operation {
    /// Every operation.
    pub const ALL: &[Self] = &[
        Self::IssueBulk,
        Self::Earn,
        Self::EarnBulk,
        Self::RevokeEarn,
        Self::RevokeIssue,
        Self::Import,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IssueBulk => "issueBulk",
            Self::Earn => "earn",
            Self::EarnBulk => "earnBulk",
            Self::RevokeEarn => "revokeEarn",
            Self::RevokeIssue => "revokeIssue",
            Self::Import => "importCustomerBadges",
        }
    }

    /// The number under which it is stored; never reused, never changed.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The operation stored under `number`.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|operation| operation.number() == number)
    }
}

/// A request that was executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its id.
    pub request_id: RequestId,
    /// The operation.
    pub operation: Operation,
    /// When it was recorded: the moment of the request.
    pub recorded_on: Instant,
    /// What it was answered.
    pub answer: Answer,
}

/// The request ledger. Ports that execute requests write to it; nothing
/// is ever removed from it.
pub trait RequestLedger: Send + Sync {
    /// Whether a request of this operation was executed under this id.
    ///
    /// # Errors
    /// The store failed.
    fn is_used(
        &self,
        org: OrgId,
        operation: Operation,
        request_id: &RequestId,
    ) -> Result<bool, StoreError>;

    /// What became of the requests with this id, one for each operation: by
    /// `recorded_on`, and those of one moment as they were recorded.
    ///
    /// # Errors
    /// The store failed.
    fn find(&self, org: OrgId, request_id: &RequestId) -> Result<Vec<LedgerEntry>, StoreError>;
}
