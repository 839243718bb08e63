//! What expiries need of a database. Everything here is done inside a transaction.

use std::ops::Range;

use accolade_domain::ids::{BadgeId, CustomerId, ObjectId, OrgId};
use diesel::QueryResult;

use crate::feed::sql::FeedConnection;
use crate::recording::sql::BadgeSql;
use crate::retry::WorkError;

/// What is due at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueSet {
    pub(crate) due_on: i64,
    /// The first of the requests that recorded it.
    pub(crate) ledger_no: i64,
    /// How many requests recorded it, whose numbers follow each other.
    pub(crate) requests: i32,
    /// How many enrolments or earned badges it is.
    pub(crate) customers: i32,
}

impl DueSet {
    /// The numbers of the requests.
    pub(crate) fn numbers(&self) -> Range<i64> {
        self.ledger_no..self.ledger_no.saturating_add(i64::from(self.requests))
    }
}

/// What is due, and was not told yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DueRow {
    pub(crate) due: DueSet,
    /// How many of them are done with.
    pub(crate) done: i32,
}

impl DueRow {
    pub(crate) const fn key(&self) -> DueKey {
        (self.due.due_on, self.due.ledger_no)
    }
}

impl From<(i64, i64, i32, i32, i32)> for DueRow {
    fn from((due_on, ledger_no, requests, customers, done): (i64, i64, i32, i32, i32)) -> Self {
        Self {
            due: DueSet {
                due_on,
                ledger_no,
                requests,
                customers,
            },
            done,
        }
    }
}

/// When something is due, and the first of the requests that recorded it.
pub(crate) type DueKey = (i64, i64);

/// Requests that are still to be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// When the feed began.
    pub(crate) began_on: i64,
    /// The number of the last of them.
    pub(crate) upto: i64,
}

/// A request of the ledger that is to be entered.
pub(crate) struct OldRequest {
    pub(crate) number: i64,
    pub(crate) request_id: String,
    pub(crate) recorded_on: i64,
    pub(crate) answer: Vec<u8>,
}

/// Where something is that a request recorded.
pub(crate) type Place = (CustomerId, BadgeId, ObjectId);

/// From when an enrolment holds, or when a badge was earned, and when it was revoked, if it was.
pub(crate) type Kept = (i64, Option<i64>);

/// What each database says its own way.
pub(crate) trait ExpirySql {
    /// Some of the org's rows that are due, at most so many, the earliest first. Leaves out those that
    /// others are working on, who see none of these until the transaction ends.
    fn due(&mut self, org: OrgId, until: i64, at_most: u32) -> QueryResult<Vec<DueRow>>;

    /// These rows are done with.
    fn remove_due(&mut self, org: OrgId, rows: &[DueKey]) -> Result<(), WorkError>;

    /// Of each of these enrolments, by position: what there is of it.
    fn kept_enrolments(
        &mut self,
        org: OrgId,
        which: &[Place],
    ) -> Result<Vec<Option<Kept>>, WorkError>;

    /// The same of earned badges.
    fn kept_earns(&mut self, org: OrgId, which: &[Place]) -> Result<Vec<Option<Kept>>, WorkError>;

    /// Enters when something is due that was recorded.
    fn enter_due(&mut self, org: OrgId, rows: &[DueSet]) -> QueryResult<()>;

    /// The org's backlog, if it has one and nobody else is working on it.
    fn lock_backlog(&mut self, org: OrgId) -> QueryResult<Option<Backlog>>;
}

/// The same, as far as one text serves both databases.
pub(crate) trait ExpiryRows {
    /// When what is due first of each org is due, and the org, if it is due by then.
    fn orgs_due(&mut self, until: i64) -> QueryResult<Vec<(i64, i64)>>;

    /// So many of the customers of this row are done with.
    fn advance_due(&mut self, org: OrgId, row: DueKey, done: i32) -> QueryResult<()>;

    /// The orgs that have a backlog, and what it is.
    fn backlogs(&mut self) -> QueryResult<Vec<(i64, Backlog)>>;

    /// Requests of the org that recorded something, at most so many: the last up to this number, the
    /// last of them first.
    fn old_requests(&mut self, org: OrgId, upto: i64, at_most: u32)
    -> QueryResult<Vec<OldRequest>>;

    /// The backlog ends here, or is done with.
    fn shorten_backlog(&mut self, org: OrgId, upto: Option<i64>) -> QueryResult<()>;
}

/// A connection that expiries work on.
pub(crate) trait ExpiryConnection:
    FeedConnection + BadgeSql + ExpirySql + ExpiryRows
{
}

impl<C> ExpiryConnection for C where C: FeedConnection + BadgeSql + ExpirySql + ExpiryRows {}
