//! The statements of tidying up, for PostgreSQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

use super::shared::access;
use super::{Connection, DB};
use crate::statement::{Sql, Statement, here};
use crate::stores::{HousekeepingSql, NOTE_COUNTS};

/// The outer condition is looked at again when somebody else has renewed a key meanwhile.
static FORGET: Sql<{ here!() }> = Sql::new(
    "DELETE FROM idempotency WHERE org_id = :org AND expires_on <= :now AND (actor, key) IN \
     (SELECT actor, key FROM idempotency \
     WHERE org_id = :org AND expires_on <= :now LIMIT :at_most)",
);

/// One statement: a reader's snapshot has the old rows or the new one. Of two that run at
/// once each adds up what it deleted itself.
static FOLD: Sql<{ here!() }> = Sql::new(
    "WITH many AS ( \
       SELECT badge_id FROM badge_counts WHERE org_id = :org \
       GROUP BY badge_id HAVING count(*) > 1 \
     ), old AS ( \
       DELETE FROM badge_counts c USING many \
       WHERE c.org_id = :org AND c.badge_id = many.badge_id \
       RETURNING c.badge_id, c.issued, c.earned \
     ), new AS ( \
       INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
       SELECT :org, badge_id, SUM(issued)::bigint, SUM(earned)::bigint FROM old \
       GROUP BY badge_id \
     ) SELECT count(*) FROM old",
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

    fn fold_counts(&mut self, org: i64) -> QueryResult<u64> {
        let folded: i64 = Statement::<DB, BigInt>::named(&FOLD)
            .set::<BigInt, _>("org", org)
            .get_result(self)?;
        Ok(folded.unsigned_abs())
    }
}
