//! Tidying up: one org after the other, so that no statement concerns several.

use accolade_application::ports::{BadgeDay, Housekeeping, StoreError, Swept};
use accolade_domain::instant::Instant;
use diesel::QueryResult;

use crate::retry::{PooledConnection, nobody_knows};
use crate::statement::Sql;
use crate::store::Store;

/// How many keys one call forgets: others that write need not wait for long.
const AT_ONCE: u32 = 5_000;

/// What tidying up needs of a connection.
pub(crate) trait HousekeepingSql: PooledConnection {
    /// The numbers of all orgs.
    fn org_numbers(&mut self) -> QueryResult<Vec<i64>>;

    /// Forgets keys that have expired at `now`, at most so many; gives their number. A key that is
    /// renewed meanwhile stays.
    fn forget_keys(&mut self, org: i64, now: i64, at_most: u32) -> QueryResult<u64>;

    /// Notes the counts of the org's badges as those of this day.
    fn note_counts(&mut self, org: i64, day: i32) -> QueryResult<()>;

    /// Adds the rows of each badge's counts up into one; gives how many were added up.
    fn fold_counts(&mut self, org: i64) -> QueryResult<u64>;
}

/// The counts that are other than those that were noted last.
pub(crate) static NOTE_COUNTS: Sql = Sql::new(
    "INSERT INTO badge_days (org_id, badge_id, day, issued, earned) \
     SELECT :org, s.badge_id, :day, s.issued, s.earned FROM ( \
       SELECT b.id AS badge_id, CAST(COALESCE(SUM(c.issued), 0) AS BIGINT) AS issued, \
       CAST(COALESCE(SUM(c.earned), 0) AS BIGINT) AS earned \
       FROM badge_metas b LEFT JOIN badge_counts c ON c.org_id = b.org_id AND c.badge_id = b.id \
       WHERE b.org_id = :org GROUP BY b.id \
     ) AS s WHERE NOT EXISTS ( \
       SELECT 1 FROM badge_days d WHERE d.org_id = :org AND d.badge_id = s.badge_id \
       AND d.issued = s.issued AND d.earned = s.earned AND d.day = ( \
         SELECT max(l.day) FROM badge_days l WHERE l.org_id = :org AND l.badge_id = s.badge_id \
       ) \
     ) \
     ON CONFLICT (org_id, badge_id, day) DO UPDATE \
     SET issued = excluded.issued, earned = excluded.earned",
);

impl<C: HousekeepingSql> Housekeeping for Store<C> {
    fn sweep(&self, now: Instant) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        let orgs = self
            .reader
            .query(|connection| Ok(connection.org_numbers()?))?;
        let mut left = u64::from(AT_ONCE);
        for org in &orgs {
            let at_most = u32::try_from(left).unwrap_or(AT_ONCE);
            let some = self.writer.write::<u64, StoreError>(
                |connection| Ok(connection.forget_keys(*org, now.unix_micros(), at_most)?),
                nobody_knows,
            )?;
            swept.idempotency_keys += some;
            left = left.saturating_sub(some);
            if left == 0 {
                // Counts have their turn when no key is left.
                swept.has_more = true;
                return Ok(swept);
            }
        }
        for org in orgs {
            swept.count_rows += self.writer.write::<u64, StoreError>(
                |connection| Ok(connection.fold_counts(org)?),
                nobody_knows,
            )?;
        }
        Ok(swept)
    }

    fn note_counts(&self, now: Instant) -> Result<(), StoreError> {
        let day = BadgeDay::number(BadgeDay::of(now));
        let orgs = self
            .reader
            .query(|connection| Ok(connection.org_numbers()?))?;
        for org in orgs {
            self.writer.write::<(), StoreError>(
                |connection| Ok(connection.note_counts(org, day)?),
                nobody_knows,
            )?;
        }
        Ok(())
    }
}
