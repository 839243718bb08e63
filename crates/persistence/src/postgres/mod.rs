//! PostgreSQL 15 and later: what it says differently.
//!
//! Nothing here needs a superuser or an extension, and nothing that must be true across
//! requests lives in this process: any number of servers may share a database.

#[path = "../shared/access.rs"]
mod access;
#[path = "../shared/badge_columns.rs"]
mod badge_columns;
#[path = "../shared/badges.rs"]
mod badges;
#[path = "../shared/catalogue.rs"]
mod catalogue;
mod copy;
#[path = "../shared/customer_badges.rs"]
mod customer_badges;
#[path = "../shared/deal.rs"]
mod deal;
#[path = "../shared/directory.rs"]
mod directory;
mod directory_sql;
#[path = "../shared/earn.rs"]
mod earn;
mod earn_sql;
#[path = "../shared/earning.rs"]
mod earning;
mod enrolments;
#[path = "../shared/health.rs"]
mod health;
#[path = "../shared/housekeeping.rs"]
mod housekeeping;
#[path = "../shared/idempotency.rs"]
mod idempotency;
#[path = "../shared/import.rs"]
mod import;
mod ledger_sql;
mod lock;
mod open;
#[path = "../shared/requests.rs"]
mod requests;
#[path = "../shared/room.rs"]
mod room;

pub(crate) use open::open;

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::statement::Statement;

type Connection = PgConnection;
type DB = Pg;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Whether migrations have ever run.
const HAS_MIGRATIONS: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL";

const CLAIMS: &str = "(SELECT COALESCE(json_agg(json_build_array(\
     c.owner_type, c.reference_id, c.active::int) ORDER BY c.position)::text, '[]') \
     FROM badge_claims c WHERE c.org_id = badge_metas.org_id AND c.badge_id = badge_metas.id)";

#[diesel::declare_sql_function]
extern "SQL" {
    /// Where `part` begins in `text`, from 1; 0 if nowhere. No character is special.
    #[sql_name = "strpos"]
    fn position(text: Text, part: Text) -> Integer;
}

/// Runs `work`, on migrations, while no other process does.
fn locked<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // Two numbers are a key of another kind than the one number of a badge. The lock ends
    // with the connection.
    Statement::<DB>::new("SELECT pg_advisory_lock(1633904495, 1)").execute(connection)?;
    work(connection)
}

/// Adds the rows of each badge's counts up into one; gives how many were added up.
///
/// One statement: a reader's snapshot has the old rows or the new one. Of two that run at
/// once each adds up what it deleted itself.
fn fold_counts(connection: &mut Connection) -> QueryResult<u64> {
    const FOLD: &str = "WITH many AS ( \
           SELECT org_id, badge_id FROM badge_counts GROUP BY org_id, badge_id HAVING count(*) > 1 \
         ), old AS ( \
           DELETE FROM badge_counts c USING many \
           WHERE c.org_id = many.org_id AND c.badge_id = many.badge_id \
           RETURNING c.org_id, c.badge_id, c.issued, c.earned \
         ), new AS ( \
           INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
           SELECT org_id, badge_id, SUM(issued)::bigint, SUM(earned)::bigint FROM old \
           GROUP BY org_id, badge_id \
         ) SELECT count(*) FROM old";
    let folded: i64 =
        Statement::<DB, diesel::sql_types::BigInt>::new(FOLD).get_result(connection)?;
    Ok(folded.unsigned_abs())
}
