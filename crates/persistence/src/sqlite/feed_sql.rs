//! The statements of the feed, for SQLite: its one writer gives the positions at once.

use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt};

use super::expiry_sql::enter;
use super::{Connection, DB};
use crate::feed::settled::Writing;
use crate::feed::sql::{FeedSql, Sequenced};
use crate::feed::{FeedRow, expiries};
use crate::statement::{Sql, Statement};

/// The newest row, if there is one, is the first that the join finds.
static APPEND: Sql = Sql::new(
    "INSERT INTO feed (org_id, last_position, recorded_on, latest_on, ledger_no, events, kind, data) \
     SELECT :org, COALESCE(n.last_position, 0) + :events, :recorded_on, \
     max(:recorded_on, COALESCE(n.latest_on, :recorded_on)), :ledger_no, :events, :kind, :data \
     FROM (SELECT 1) LEFT JOIN (SELECT last_position, latest_on FROM feed WHERE org_id = :org \
     ORDER BY last_position DESC LIMIT 1) AS n",
);

static FORGET: Sql = Sql::new(
    "DELETE FROM feed WHERE org_id = :org AND last_position IN ( \
     SELECT last_position FROM feed WHERE org_id = :org AND last_position <= :until \
     ORDER BY last_position LIMIT :at_most + 0)",
);

impl FeedSql for Connection {
    fn append(&mut self, org: OrgId, rows: &[FeedRow]) -> QueryResult<()> {
        let due = expiries::due(rows);
        if !due.is_empty() {
            enter(self, org, &due)?;
        }
        for row in rows {
            Statement::<DB>::named(&APPEND)
                .set::<BigInt, _>("org", org.get())
                .set::<Integer, _>("events", row.events)
                .set::<BigInt, _>("recorded_on", row.recorded_on.unix_micros())
                .set::<Nullable<BigInt>, _>("ledger_no", row.ledger_no)
                .set::<SmallInt, _>("kind", row.kind.number())
                .set::<Nullable<Binary>, _>("data", row.data.as_deref())
                .execute(self)?;
        }
        Ok(())
    }

    /// What is recorded has its positions.
    fn writing(&mut self) -> QueryResult<Writing> {
        Ok(Writing::default())
    }

    fn is_any_waiting(&mut self, _: OrgId, _: i64) -> QueryResult<bool> {
        Ok(false)
    }

    fn orgs_waiting(&mut self, _: i64) -> QueryResult<Vec<i64>> {
        Ok(Vec::new())
    }

    fn waiting(&mut self) -> QueryResult<(i64, Option<i64>)> {
        Ok((0, None))
    }

    fn sequence(&mut self, _: OrgId, _: i64, _: u32) -> QueryResult<Sequenced> {
        Ok(Sequenced::default())
    }

    fn forget_events(&mut self, org: OrgId, until: i64, at_most: u32) -> QueryResult<u64> {
        let forgotten = Statement::<DB>::named(&FORGET)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("until", until)
            .set::<BigInt, _>("at_most", i64::from(at_most))
            .execute(self)?;
        Ok(forgotten as u64)
    }
}
