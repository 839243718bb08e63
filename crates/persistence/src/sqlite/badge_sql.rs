//! The versions and counts of badges, for SQLite. A transaction that writes has the database to
//! itself, so that nothing has to be locked.

use accolade_application::ports::BadgeVersion;
use accolade_domain::ids::{BadgeId, OrgId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use super::{Connection, DB};
use crate::recording::sql::{BadgeKey, BadgeSql, Growth};
use crate::retry::WorkError;
use crate::schema::badge_metas;
use crate::statement::{Sql, Statement};

static GROW: Sql = Sql::new(
    "INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     VALUES (:org, :badge, :issued, :earned) \
     ON CONFLICT (org_id, badge_id) DO UPDATE SET \
     issued = issued + excluded.issued, earned = earned + excluded.earned",
);

impl BadgeSql for Connection {
    fn share_badges(&mut self, _: &[BadgeKey]) -> QueryResult<()> {
        Ok(())
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

    fn versions(
        &mut self,
        org: OrgId,
        badges: &[BadgeId],
    ) -> Result<Vec<(BadgeId, BadgeVersion)>, WorkError> {
        let mut versions = Vec::with_capacity(badges.len());
        for badge in badges {
            let version: Option<i64> = badge_metas::table
                .find((org.get(), badge.0.as_bytes().as_slice()))
                .select(badge_metas::version)
                .get_result(self)
                .optional()?;
            versions.extend(version.map(|version| (*badge, BadgeVersion(version))));
        }
        Ok(versions)
    }

    fn grow_counts(&mut self, org: OrgId, growths: &[Growth]) -> QueryResult<()> {
        for growth in growths {
            Statement::<DB>::named(&GROW)
                .set::<BigInt, _>("org", org.get())
                .set::<Binary, _>("badge", growth.badge.0.as_bytes().as_slice())
                .set::<BigInt, _>("issued", growth.issued)
                .set::<BigInt, _>("earned", growth.earned)
                .execute(self)?;
        }
        Ok(())
    }
}
