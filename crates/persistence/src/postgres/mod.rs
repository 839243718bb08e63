//! PostgreSQL 15 and later: what it says differently.
//!
//! Nothing here needs a superuser or an extension, and nothing that must be true across
//! requests lives in this process: any number of servers may share a database.

mod badge_sql;
mod copy;
mod directory_sql;
mod earn_sql;
mod enrolment_sql;
mod housekeeping_sql;
mod ledger_sql;
mod lock;
mod open;
#[allow(
    clippy::duplicate_mod,
    reason = "Diesel's query builder says it once for both databases: the types differ, the words do not"
)]
#[path = "../shared/mod.rs"]
mod shared;
mod url;

pub(crate) use open::open;
pub(crate) use url::check;

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

/// One column of `rows`.
fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
