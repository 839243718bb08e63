//! Rows of the feed, and of the request ledger that they name.

use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt};

use super::{Connection, DB};
use crate::feed::sql::{FeedRows, LedgerRow, Mark, StoredRow};
use crate::schema::request_ledger;
use crate::statement::{Sql, Statement, here};

/// The row that has the last position is looked up first: the scan ends there, whatever is behind.
static ROWS: Sql<{ here!() }> = Sql::new(
    "SELECT last_position, recorded_on, latest_on, ledger_no, events, kind, data FROM feed \
     WHERE org_id = :org AND last_position > :after AND last_position <= COALESCE( \
     (SELECT last_position FROM feed WHERE org_id = :org AND last_position >= :until \
     ORDER BY last_position LIMIT 1), 9223372036854775807) \
     ORDER BY last_position LIMIT :at_most + 0",
);

static MARK_AFTER: Sql<{ here!() }> = Sql::new(
    "SELECT last_position, events, latest_on FROM feed WHERE org_id = :org \
     AND last_position > :after ORDER BY last_position LIMIT 1",
);

static NEWEST_MARK: Sql<{ here!() }> = Sql::new(
    "SELECT last_position, events, latest_on FROM feed WHERE org_id = :org \
     ORDER BY last_position DESC LIMIT 1",
);

type MarkRow = (BigInt, Integer, BigInt);

impl FeedRows for Connection {
    fn rows_after(
        &mut self,
        org: OrgId,
        after: i64,
        until: i64,
        at_most: u32,
    ) -> QueryResult<Vec<StoredRow>> {
        type Row = (
            BigInt,
            BigInt,
            BigInt,
            Nullable<BigInt>,
            Integer,
            SmallInt,
            Nullable<Binary>,
        );
        Statement::<DB, Row>::named(&ROWS)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("after", after)
            .set::<BigInt, _>("until", until)
            .set::<BigInt, _>("at_most", i64::from(at_most))
            .load(self)
    }

    fn mark_after(&mut self, org: OrgId, after: i64) -> QueryResult<Option<Mark>> {
        Statement::<DB, MarkRow>::named(&MARK_AFTER)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("after", after)
            .get_result(self)
            .optional()
    }

    fn newest_mark(&mut self, org: OrgId) -> QueryResult<Option<Mark>> {
        Statement::<DB, MarkRow>::named(&NEWEST_MARK)
            .set::<BigInt, _>("org", org.get())
            .get_result(self)
            .optional()
    }

    fn ledger_rows(&mut self, org: OrgId, numbers: &[i64]) -> QueryResult<Vec<LedgerRow>> {
        request_ledger::table
            .filter(request_ledger::org_id.eq(org.get()))
            .filter(request_ledger::number.eq_any(numbers))
            .select((
                request_ledger::number,
                request_ledger::request_id,
                request_ledger::recorded_by,
                request_ledger::answer,
            ))
            .load(self)
    }
}
