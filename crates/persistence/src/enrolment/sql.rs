//! What recording enrolments needs of a database, each as a constant number of statements.

use accolade_application::ports::{BadgeVersion, EnrolmentRequest, IdempotencyGuard, Operation};
use accolade_domain::enrolment::Enrolment;
use accolade_domain::ids::{BadgeId, CustomerId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;
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
            org: request.org,
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

/// An idempotency key to be reserved for a request in the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRow<'a> {
    pub(crate) guard: &'a IdempotencyGuard,
    pub(crate) request: &'a EnrolmentRequest,
}

/// A row of the request ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerRow {
    /// The request, by its position in the batch.
    pub(crate) request: usize,
    pub(crate) org: OrgId,
    pub(crate) operation: Operation,
    pub(crate) request_id: RequestId,
    pub(crate) answer: Vec<u8>,
    /// Its number, once it is written.
    pub(crate) number: i64,
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

    /// Whether the key is remembered and has not expired.
    fn is_key_used(&mut self, guard: &IdempotencyGuard) -> QueryResult<bool>;

    /// Whether the ledger has the request's id.
    fn is_request_used(&mut self, request: &EnrolmentRequest) -> QueryResult<bool>;

    /// Reserves keys that are new or have expired; gives for each whether it was.
    fn reserve_keys(&mut self, rows: &[KeyRow<'_>]) -> Result<Vec<bool>, Failure>;

    /// Forgets keys that this transaction has reserved.
    fn release_keys(&mut self, rows: &[KeyRow<'_>]) -> QueryResult<()>;

    /// Writes those rows whose request ids are new; gives the number of each that was.
    fn record(
        &mut self,
        requests: &[EnrolmentRequest],
        rows: &[LedgerRow],
    ) -> QueryResult<Vec<Option<i64>>>;

    /// Replaces the answers of rows that this transaction has written.
    fn correct(&mut self, rows: &[LedgerRow]) -> QueryResult<()>;

    /// The answer that the ledger has in the place of `row`.
    fn recorded_answer(&mut self, row: &LedgerRow) -> QueryResult<Option<Vec<u8>>>;

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
