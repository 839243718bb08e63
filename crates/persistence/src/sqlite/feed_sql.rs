//! The statements of the feed, for SQLite: its one writer gives the positions at once.

use std::collections::BTreeSet;

use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt};

use super::badge_sql::grow_counts;
use super::expiry_sql::enter;
use super::{Connection, DB};
use crate::feed::FeedRow;
use crate::feed::sql::{FeedRows as _, FeedSql, Sequenced};
use crate::recording::sql::Growth;
use crate::statement::{Sql, Statement, here};

/// The values are computed beforehand: an INSERT that reads its own table makes a temporary one.
static APPEND: Sql<{ here!() }> = Sql::new(
    "INSERT INTO feed (org_id, last_position, recorded_on, latest_on, ledger_no, events, kind, data) \
     VALUES (:org, :position, :recorded_on, :latest_on, :ledger_no, :events, :kind, :data)",
);

static FORGET: Sql<{ here!() }> = Sql::new(
    "DELETE FROM feed WHERE org_id = :org AND last_position IN ( \
     SELECT last_position FROM feed WHERE org_id = :org AND last_position <= :until \
     ORDER BY last_position LIMIT :at_most + 0)",
);

impl FeedSql for Connection {
    fn append_and_grow(
        &mut self,
        org: OrgId,
        rows: &[FeedRow],
        growths: &[Growth],
    ) -> QueryResult<()> {
        grow_counts(self, org, growths)?;
        let due: Vec<_> = rows.iter().flat_map(|row| &row.due).copied().collect();
        if !due.is_empty() {
            enter(self, org, &due)?;
        }
        if rows.is_empty() {
            return Ok(());
        }
        let newest = self.newest_mark(org)?;
        let mut position = newest.map_or(0, |it| it.last_position);
        let mut latest_on = newest.map(|it| it.latest_on);
        for row in rows {
            let recorded_on = row.recorded_on.unix_micros();
            position += i64::from(row.events);
            latest_on = latest_on.max(Some(recorded_on));
            Statement::<DB>::named(&APPEND)
                .set::<BigInt, _>("org", org.get())
                .set::<BigInt, _>("position", position)
                .set::<BigInt, _>("recorded_on", recorded_on)
                .set::<Nullable<BigInt>, _>("latest_on", latest_on)
                .set::<Nullable<BigInt>, _>("ledger_no", row.ledger_no)
                .set::<Integer, _>("events", row.events)
                .set::<SmallInt, _>("kind", row.kind.number())
                .set::<Nullable<Binary>, _>("data", row.data.as_deref())
                .execute(self)?;
        }
        Ok(())
    }

    /// What is recorded has its positions.
    fn last_number(&mut self) -> QueryResult<i64> {
        Ok(0)
    }

    fn writing(&mut self) -> QueryResult<BTreeSet<String>> {
        Ok(BTreeSet::new())
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
