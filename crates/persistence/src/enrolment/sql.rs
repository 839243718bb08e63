//! What recording enrolments needs of a database, each as a constant number of statements.

use accolade_application::ports::{BadgeVersion, EnrolmentRequest};
use accolade_domain::enrolment::Enrolment;
use accolade_domain::ids::{BadgeId, CustomerId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use diesel::QueryResult;

use crate::retry::Failure;

/// A badge of an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BadgeKey {
    pub(crate) org: OrgId,
    pub(crate) badge: BadgeId,
}

impl BadgeKey {
    pub(crate) fn of(request: &EnrolmentRequest) -> Self {
        Self {
            org: request.context.org,
            badge: request.badge,
        }
    }
}

/// An enrolment to be inserted, or a customer whose enrolments are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// The request, by its position in the batch.
    pub(crate) request: usize,
    /// The customer's position in the request.
    pub(crate) position: usize,
    pub(crate) customer: CustomerId,
    pub(crate) id: ObjectId,
    /// Which of the customer's enrolments of the badge it will be, from 1.
    pub(crate) ordinal: i32,
}

/// An enrolment that there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    /// Whose, by position among those who were asked for.
    pub(crate) wanted: usize,
    pub(crate) ordinal: i32,
    pub(crate) enrolment: Enrolment,
}

/// By how much a badge's enrolments and earns grow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) badge: BadgeKey,
    pub(crate) issued: i64,
    pub(crate) earned: i64,
}

/// What recording enrolments needs of a connection, inside a transaction.
pub(crate) trait EnrolmentSql: Sized {
    /// Locks the badges until the transaction ends, in their order, against edits but not against
    /// other enrolments.
    fn share_badges(&mut self, badges: &[BadgeKey]) -> QueryResult<()>;

    /// Locks the badge until the transaction ends, against everybody.
    fn lock_badge(&mut self, badge: BadgeKey) -> QueryResult<()>;

    /// The versions of those badges that there are.
    fn versions(&mut self, badges: &[BadgeKey]) -> Result<Vec<(BadgeKey, BadgeVersion)>, Failure>;

    /// Inserts those enrolments whose ordinals are free; gives their number. Waits for
    /// other transactions that are taking the same ones. `wanted` is sorted by
    /// request-independent key: org, customer, badge. `numbers` are those of the requests
    /// in the ledger.
    fn insert(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        wanted: &[Wanted],
    ) -> Result<usize, Failure>;

    /// The same in the way that is best for many. May insert nobody if one ordinal is taken.
    fn insert_many(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        wanted: &[Wanted],
    ) -> Result<usize, Failure> {
        self.insert(requests, numbers, wanted)
    }

    /// Every enrolment of these customers, in any order, by a snapshot of its own.
    fn held(&mut self, badges: &[BadgeKey], wanted: &[Wanted]) -> Result<Vec<Held>, Failure>;

    /// Revokes these enrolments of the badge, each by customer and ordinal.
    fn revoke(
        &mut self,
        badge: BadgeKey,
        revoked_on: Instant,
        which: &[(CustomerId, i32)],
    ) -> Result<(), Failure>;

    /// Lets the counts grow, or shrink.
    fn count(&mut self, counts: &[Count]) -> QueryResult<()>;
}
