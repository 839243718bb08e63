//! The versions and counts of badges, for SQLite. A transaction that writes has the database to
//! itself, so that nothing has to be locked.

use std::collections::BTreeSet;

use accolade_application::ports::{BadgeVersion, RulesVersion};
use accolade_domain::ids::{BadgeId, OrgId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable};

use super::{Connection, DB};
use crate::recording::sql::{BadgeKey, BadgeSql, Growth, Versions};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

/// Whether anybody was merged, and whether anything waits, is a look at one row at most, whatever there is.
static VERSION: Sql<{ here!() }> = Sql::new(
    "SELECT version, EXISTS (SELECT 1 FROM merged_customers WHERE org_id = :org), \
     (SELECT version FROM approval_rules WHERE org_id = :org), \
     EXISTS (SELECT 1 FROM change_subjects WHERE org_id = :org) \
     FROM badge_metas WHERE org_id = :org AND id = :badge",
);

static GROW: Sql<{ here!() }> = Sql::new(
    "INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     VALUES (:org, :badge, :issued, :earned) \
     ON CONFLICT (org_id, badge_id) DO UPDATE SET \
     issued = issued + excluded.issued, earned = earned + excluded.earned",
);

impl BadgeSql for Connection {
    fn sharing(_: OrgId, _: &BTreeSet<BadgeKey>) -> String {
        String::new()
    }

    fn lock_badge(&mut self, _: BadgeKey) -> QueryResult<()> {
        Ok(())
    }

    fn lock_earns(&mut self, _: &[BadgeKey]) -> QueryResult<()> {
        Ok(())
    }

    fn lock_earns_to_revoke(&mut self, _: BadgeKey) -> QueryResult<()> {
        Ok(())
    }

    fn share_revocations(&mut self, _: &[BadgeKey]) -> QueryResult<()> {
        Ok(())
    }

    fn versions(&mut self, org: OrgId, badges: &[BadgeId]) -> Result<Versions, WorkError> {
        let mut versions = Versions::default();
        for badge in badges {
            let row: Option<(i64, bool, Option<i64>, bool)> =
                Statement::<DB, (BigInt, Bool, Nullable<BigInt>, Bool)>::named(&VERSION)
                    .set::<BigInt, _>("org", org.get())
                    .set::<Binary, _>("badge", badge.0.as_bytes().as_slice())
                    .get_result(self)
                    .optional()?;
            if let Some((version, is_any_merged, rules, has_subjects)) = row {
                versions.of_badges.push((*badge, BadgeVersion(version)));
                versions.is_any_merged |= is_any_merged;
                versions.rules = RulesVersion(rules.unwrap_or(0));
                versions.has_subjects |= has_subjects;
            }
        }
        Ok(versions)
    }
}

/// Lets the counts of badges grow, or shrink.
pub(super) fn grow_counts(
    connection: &mut Connection,
    org: OrgId,
    growths: &[Growth],
) -> QueryResult<()> {
    for growth in growths {
        Statement::<DB>::named(&GROW)
            .set::<BigInt, _>("org", org.get())
            .set::<Binary, _>("badge", growth.badge.0.as_bytes().as_slice())
            .set::<BigInt, _>("issued", growth.issued)
            .set::<BigInt, _>("earned", growth.earned)
            .execute(connection)?;
    }
    Ok(())
}
