//! The locks, versions and counts of badges, for PostgreSQL.

use std::collections::BTreeSet;
use std::iter;

use accolade_application::ports::{BadgeVersion, RulesVersion};
use accolade_domain::ids::{BadgeId, OrgId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable};

use super::{Connection, DB, column, lock};
use crate::mapping::badge_id;
use crate::recording::sql::{BadgeKey, BadgeSql, Versions};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

/// `unnest` gives the numbers in the order of the array, so they are locked in that order.
const SHARE: &str = "SELECT pg_advisory_xact_lock_shared(n) FROM unnest(?) AS n";

/// The same.
const LOCK_ALL: &str = "SELECT pg_advisory_xact_lock(n) FROM unnest(?) AS n";

/// How many columns a SELECT has here: PostgreSQL takes 1 664.
const MOST_COLUMNS: usize = 1_000;

const LOCK: &str = "SELECT pg_advisory_xact_lock(?)";

/// Whether anybody was merged, and whether anything waits, is one row at most, whatever there is.
static VERSIONS: Sql<{ here!() }> = Sql::new(
    "SELECT b.id, b.version, m.org_id IS NOT NULL, \
     (SELECT version FROM approval_rules WHERE org_id = :org), \
     EXISTS (SELECT 1 FROM change_subjects WHERE org_id = :org) FROM badge_metas b LEFT JOIN \
     (SELECT org_id FROM merged_customers WHERE org_id = :org LIMIT 1) AS m ON true \
     WHERE b.org_id = :org AND b.id = ANY (:badges)",
);

impl BadgeSql for Connection {
    fn sharing(org: OrgId, badges: &BTreeSet<BadgeKey>) -> String {
        let people = iter::once(lock::people_number(org));
        let numbers = people.chain(badges.iter().map(|badge| lock::number(*badge)));
        let locks = numbers.map(|number| format!("pg_advisory_xact_lock_shared({number})"));
        let locks: Vec<_> = locks.collect();
        // Columns are computed in their order, in every version so far; if they ever were not, whoever meets
        // a deadlock tries again. PostgreSQL plans calls with constants quicker than a list.
        let statements = locks.chunks(MOST_COLUMNS);
        let statements = statements.map(|locks| format!("SELECT {}", locks.join(", ")));
        statements.collect::<Vec<_>>().join("; ")
    }

    fn lock_badge(&mut self, badge: BadgeKey) -> QueryResult<()> {
        Statement::<DB>::new(LOCK)
            .bind::<BigInt, _>(lock::number(badge))
            .execute(self)?;
        Ok(())
    }

    fn lock_earns(&mut self, badges: &[BadgeKey]) -> QueryResult<()> {
        Statement::<DB>::new(LOCK_ALL)
            .bind::<Array<BigInt>, _>(column(badges, |it| lock::earns_number(*it)))
            .execute(self)?;
        Ok(())
    }

    fn lock_earns_to_revoke(&mut self, badge: BadgeKey) -> QueryResult<()> {
        let numbers = vec![lock::revocations_number(badge), lock::earns_number(badge)];
        Statement::<DB>::new(LOCK_ALL)
            .bind::<Array<BigInt>, _>(numbers)
            .execute(self)?;
        Ok(())
    }

    fn share_revocations(&mut self, badges: &[BadgeKey]) -> QueryResult<()> {
        Statement::<DB>::new(SHARE)
            .bind::<Array<BigInt>, _>(column(badges, |it| lock::revocations_number(*it)))
            .execute(self)?;
        Ok(())
    }

    fn versions(&mut self, org: OrgId, badges: &[BadgeId]) -> Result<Versions, WorkError> {
        type Row = (Vec<u8>, i64, bool, Option<i64>, bool);
        let rows: Vec<Row> =
            Statement::<DB, (Binary, BigInt, Bool, Nullable<BigInt>, Bool)>::named(&VERSIONS)
                .set::<BigInt, _>("org", org.get())
                .set::<Array<Binary>, _>("badges", column(badges, |it| *it.0.as_bytes()))
                .load(self)?;
        let mut versions = Versions::default();
        for (id, version, is_any_merged, rules, has_subjects) in rows {
            let version = (badge_id(&id)?, BadgeVersion(version));
            versions.of_badges.push(version);
            versions.is_any_merged |= is_any_merged;
            versions.rules = RulesVersion(rules.unwrap_or(0));
            versions.has_subjects |= has_subjects;
        }
        Ok(versions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_badges_are_locked_in_order_by_one_statement_or_by_several_if_there_are_many() {
        let org = 7.try_into().unwrap();
        let badges = |count: u32| {
            let ids = (0..count).map(|number| format!("{number:024x}").parse().unwrap());
            ids.map(|badge| BadgeKey { org, badge })
                .collect::<BTreeSet<_>>()
        };
        let statements = |count| {
            let sharing = Connection::sharing(org, &badges(count));
            let each = sharing.split("; ").map(|it| it.matches("_shared(").count());
            each.collect::<Vec<_>>()
        };
        let both = Connection::sharing(org, &badges(2));
        let numbers = badges(2).into_iter().map(lock::number);
        let numbers = iter::once(lock::people_number(org)).chain(numbers);
        let locks = numbers.map(|it| format!("pg_advisory_xact_lock_shared({it})"));
        assert_eq!(
            both,
            format!("SELECT {}", locks.collect::<Vec<_>>().join(", "))
        );
        assert_eq!(statements(0), [1]);
        assert_eq!(statements(2), [3]);
        assert_eq!(statements(1_700), [1_000, 701]);
    }
}
