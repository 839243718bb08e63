//! People: customers who become one, and customers who are forgotten.

use std::collections::BTreeMap;

use accolade_domain::audit::Attribution;
use accolade_domain::identifier::Region;
use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::text::Reason;

use crate::answer::Answer;
use crate::ports::{IdempotencyGuard, IdempotencyRecord, StoreError};

/// Everything of one customer is to be another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRequest {
    /// The org.
    pub org: OrgId,
    /// The first, as it was named.
    pub from: CustomerId,
    /// The second, as it was named: another number.
    pub to: CustomerId,
    /// Why, if it is said.
    pub reason: Option<Reason>,
    /// Who asks, when, and in which request.
    pub by: Attribution,
    /// The caller's idempotency key, if it sent one.
    pub key: Option<IdempotencyGuard>,
}

impl MergeRequest {
    /// What is kept under the key, given which customers became one.
    pub fn record(&self, (from, to): (CustomerId, CustomerId)) -> Option<IdempotencyRecord> {
        Some(IdempotencyRecord {
            guard: self.key.clone()?,
            answer: Answer::CustomersMerged { from, to },
        })
    }
}

/// A customer is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseRequest {
    /// The org.
    pub org: OrgId,
    /// Where the org's telephone numbers are dialled that have no code of their country.
    pub region: Option<Region>,
    /// The customer, as it was named.
    pub customer: CustomerId,
    /// Who asks, when, and in which request.
    pub by: Attribution,
}

/// Why customers were not merged: nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// Both are one customer, and were not merged this way round.
    #[error("both are one customer")]
    OnePerson,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Customers who become one, and customers who are forgotten.
///
/// A number that was merged into another has nothing any more, and gets nothing: ports that record
/// something refuse it with [`RecordError::CustomersMerged`](crate::ports::RecordError::CustomersMerged),
/// also if it was merged at the same moment. What is asked about it is answered about its successor:
/// the customer that it was merged into, or whom that one was merged into since.
pub trait People: Send + Sync {
    /// Makes everything of the first the second's, in one transaction; gives both, as
    /// [`Merging::decide`] has them. What that says was done changes nothing.
    ///
    /// - Of each kind of identifier the second keeps its own, or gets the first's.
    /// - Enrolments, earned badges and refusals are the second's, in the order in which they were
    ///   recorded, also where limits count a customer's. Of the refusals of a badge the last ten stay.
    /// - Of enrolments that overlap, one is revoked with the reason `merged`, as
    ///   [`giving_way`] says: the badge's count falls, and what was earned by virtue of it rests on the one
    ///   that stays.
    /// - Answers and events say what they said. What expires from now on is told of the second.
    /// - The feed is told `customer.merged`, behind it each revocation; the audit trail a MERGE of the
    ///   second and each revocation.
    ///
    /// The number of SQL statements does not depend on how much the customers have.
    ///
    /// [`Merging::decide`]: accolade_domain::people::Merging::decide
    /// [`giving_way`]: accolade_domain::people::giving_way
    ///
    /// # Errors
    /// [`MergeError::IdempotencyKeyUsed`], else [`MergeError::OnePerson`].
    fn merge(&self, request: &MergeRequest) -> Result<(CustomerId, CustomerId), MergeError>;

    /// Forgets a customer, in one transaction, and gives the number that it had: a number that was merged
    /// stands for its successor, and goes with it, as all that were merged into it.
    ///
    /// - Identifiers, enrolments, earned badges and refusals are gone. What counted for a badge, and under
    ///   its limits, still counts.
    /// - Answers that are kept leave the customer out, and identifiers of hers that nobody had; their
    ///   requests stay executed. Of an answer about nobody else [`Answer::Forgotten`] is left.
    /// - Events about the customer that are kept are [`Fact::Forgotten`], at their positions.
    /// - What is to be sent to webhooks again about the customer has no partition any more, and every
    ///   webhook of the org is at another version: whoever delivers reads the events anew.
    /// - Commands that wait or waited for approval leave the customer out. Of a change that was about nobody
    ///   else no command is left, and nothing of what was said beside its votes, in its events neither.
    /// - Reasons in the audit trail are gone where an entry is about the customer, an enrolment or an
    ///   earned badge of hers, or a change that was about nobody else.
    /// - The feed is told `customer.erased` and the audit trail an ERASE, unless there was nothing.
    ///
    /// Afterwards the number is as good as new.
    ///
    /// [`Answer::Forgotten`]: crate::answer::Answer::Forgotten
    /// [`Fact::Forgotten`]: accolade_domain::event::Fact::Forgotten
    ///
    /// # Errors
    /// The store failed.
    fn erase(&self, request: &EraseRequest) -> Result<CustomerId, StoreError>;

    /// The successors of those of `customers` who were merged into others.
    ///
    /// # Errors
    /// The store failed.
    fn successors(
        &self,
        org: OrgId,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, CustomerId>, StoreError>;
}
