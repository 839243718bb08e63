//! What the feed needs of a database. Everything here is done inside a transaction.

use std::collections::BTreeSet;

use accolade_domain::ids::OrgId;
use diesel::QueryResult;
use diesel::prelude::Queryable;

use crate::feed::FeedRow;
use crate::people::sql::{PeopleRows, PeopleSql};
use crate::recording::sql::Growth;
use crate::retry::PooledConnection;
use crate::stores::HousekeepingSql;

/// A row of the feed, with its positions.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct StoredRow {
    pub(crate) last_position: i64,
    pub(crate) recorded_on: i64,
    pub(crate) latest_on: i64,
    pub(crate) ledger_no: Option<i64>,
    pub(crate) events: i32,
    pub(crate) kind: i16,
    pub(crate) data: Option<Vec<u8>>,
}

impl Mark {
    /// The position before its first event.
    pub(crate) fn before(&self) -> i64 {
        self.last_position.saturating_sub(i64::from(self.events))
    }
}

impl StoredRow {
    /// The position before its first event.
    pub(crate) fn before(&self) -> i64 {
        self.last_position.saturating_sub(i64::from(self.events))
    }
}

/// Where a row of the feed is, and how late it is.
#[derive(Debug, Clone, Copy, Queryable)]
pub(crate) struct Mark {
    pub(crate) last_position: i64,
    pub(crate) events: i32,
    pub(crate) latest_on: i64,
}

/// A row of the request ledger that the feed names.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct LedgerRow {
    pub(crate) number: i64,
    pub(crate) request_id: String,
    pub(crate) recorded_by: i64,
    pub(crate) answer: Vec<u8>,
}

/// What became of the rows that had no positions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sequenced {
    pub(crate) rows: u64,
    pub(crate) events: u64,
}

/// What each database says its own way.
pub(crate) trait FeedSql {
    /// Writes rows in their order: the last statement before COMMIT.
    fn append(&mut self, org: OrgId, rows: &[FeedRow]) -> QueryResult<()> {
        self.append_and_grow(org, rows, &[])
    }

    /// The same, and lets the counts of badges grow: together they cost PostgreSQL one round trip, and another
    /// if what is due needs several rows.
    fn append_and_grow(
        &mut self,
        org: OrgId,
        rows: &[FeedRow],
        growths: &[Growth],
    ) -> QueryResult<()>;

    /// The last number that a row has drawn; 0 before the first.
    fn last_number(&mut self) -> QueryResult<i64>;

    /// The transactions that write rows at this moment.
    fn writing(&mut self) -> QueryResult<BTreeSet<String>>;

    /// Whether a row of the org with a number behind `from` was committed and has no positions.
    fn is_any_waiting(&mut self, org: OrgId, from: i64) -> QueryResult<bool>;

    /// The orgs of which such rows were committed.
    fn orgs_waiting(&mut self, from: i64) -> QueryResult<Vec<i64>>;

    /// How many rows of all orgs were committed and have no positions, and when the oldest was
    /// recorded.
    fn waiting(&mut self) -> QueryResult<(i64, Option<i64>)>;

    /// Gives positions to such rows of the org, at most so many. Waits for others who do so.
    fn sequence(&mut self, org: OrgId, from: i64, at_most: u32) -> QueryResult<Sequenced>;

    /// Forgets the org's rows up to this position, at most so many, the oldest first; gives their
    /// number.
    fn forget_events(&mut self, org: OrgId, until: i64, at_most: u32) -> QueryResult<u64>;
}

/// The same, as far as one text serves both databases.
pub(crate) trait FeedRows {
    /// The org's rows that have events behind `after`, up to the row that has the position `until`,
    /// and at most so many; by position.
    fn rows_after(
        &mut self,
        org: OrgId,
        after: i64,
        until: i64,
        at_most: u32,
    ) -> QueryResult<Vec<StoredRow>>;

    /// The first row that has events behind `after`.
    fn mark_after(&mut self, org: OrgId, after: i64) -> QueryResult<Option<Mark>>;

    /// The org's newest row.
    fn newest_mark(&mut self, org: OrgId) -> QueryResult<Option<Mark>>;

    /// Those rows of the request ledger that have these numbers.
    fn ledger_rows(&mut self, org: OrgId, numbers: &[i64]) -> QueryResult<Vec<LedgerRow>>;
}

/// A connection that the feed works on.
pub(crate) trait FeedConnection:
    PooledConnection + FeedSql + FeedRows + PeopleSql + PeopleRows + HousekeepingSql
{
}

impl<C> FeedConnection for C where
    C: PooledConnection + FeedSql + FeedRows + PeopleSql + PeopleRows + HousekeepingSql
{
}
