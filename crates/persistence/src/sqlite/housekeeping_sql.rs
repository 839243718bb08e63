//! The statements of tidying up, for SQLite.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

use super::shared::access;
use super::{Connection, DB};
use crate::statement::{Sql, Statement, here};
use crate::stores::{HousekeepingSql, NOTE_COUNTS};

/// SQLite would look at a bare value after LIMIT when it prepares the statement, and so prepare it
/// anew whenever there is another.
static FORGET: Sql<{ here!() }> = Sql::new(
    "DELETE FROM idempotency WHERE (org_id, actor, key) IN \
     (SELECT org_id, actor, key FROM idempotency \
     WHERE org_id = :org AND expires_on <= :now LIMIT :at_most + 0)",
);

impl HousekeepingSql for Connection {
    fn org_numbers(&mut self) -> QueryResult<Vec<i64>> {
        access::org_numbers(self)
    }

    fn forget_keys(&mut self, org: i64, now: i64, at_most: u32) -> QueryResult<u64> {
        let forgotten = Statement::<DB>::named(&FORGET)
            .set::<BigInt, _>("org", org)
            .set::<BigInt, _>("now", now)
            .set::<BigInt, _>("at_most", i64::from(at_most))
            .execute(self)?;
        Ok(forgotten as u64)
    }

    fn note_counts(&mut self, org: i64, day: i32) -> QueryResult<()> {
        Statement::<DB>::named(&NOTE_COUNTS)
            .set::<BigInt, _>("org", org)
            .set::<Integer, _>("day", day)
            .execute(self)?;
        Ok(())
    }

    /// There is one row a badge already.
    fn fold_counts(&mut self, _: i64) -> QueryResult<u64> {
        Ok(0)
    }
}
