//! The request ledger: which requests were executed, and what became of them.

use accolade_domain::enrolment::Outcome;
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;

use crate::answer::{Answer, EarnOutcome, Imported};
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

/// What has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenTo {
    /// An enrolment.
    Enrolment(EnrolmentId),
    /// An earned badge.
    Earn(EarnedBadgeId),
}

/// An enrolment or an earned badge, and whose it was when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenId {
    /// What has the id.
    pub to: GivenTo,
    /// The customer, perhaps one who was merged into another since.
    pub customer: CustomerId,
    /// The badge.
    pub badge: BadgeId,
}

impl GivenId {
    /// What was given `id` by a request that was answered so.
    pub fn of(answer: &Answer, id: ObjectId) -> Option<Self> {
        let given = |to, customer, badge| Self {
            to,
            customer,
            badge,
        };
        match answer {
            Answer::Enrolment(answer) => {
                let enrolment = EnrolmentId(id);
                let mut outcomes = answer.outcomes.iter();
                let found = outcomes.find(|it| it.outcome == Outcome::Enrolled(enrolment))?;
                let to = GivenTo::Enrolment(enrolment);
                Some(given(to, found.customer, answer.badge))
            }
            Answer::Earned(answer) => {
                let earn = EarnedBadgeId(id);
                let is_given =
                    |it: &EarnOutcome| matches!(it, EarnOutcome::Earned(id, _) if *id == earn);
                let mut outcomes = answer.outcomes.iter();
                let found = outcomes.find(|it| is_given(&it.outcome))?;
                Some(given(GivenTo::Earn(earn), found.customer, answer.badge))
            }
            Answer::Imported { outcomes, .. } => outcomes.iter().find_map(|it| match it {
                Imported::Recorded {
                    badge,
                    customer,
                    earned,
                    ..
                } if earned.0 == id => Some(given(GivenTo::Earn(*earned), *customer, *badge)),
                _ => None,
            }),
            _ => None,
        }
    }
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

    /// The enrolment or earned badge of the org that has this id, revoked or not; `None` if there is none,
    /// or its customer was erased. One statement, which reads one request.
    ///
    /// # Errors
    /// The store failed.
    fn given(&self, org: OrgId, id: ObjectId) -> Result<Option<GivenId>, StoreError>;
}
