//! SQLite: what it says differently.
//!
//! One connection writes and several read. A transaction that writes has the database to
//! itself from its first statement (`BEGIN IMMEDIATE`), also from other processes, so
//! locks of badges are not needed and sets need no statement of their own unless
//! they are as long as a request.

#[path = "../shared/access.rs"]
mod access;
#[path = "../shared/badge_columns.rs"]
mod badge_columns;
#[path = "../shared/badges.rs"]
mod badges;
#[path = "../shared/catalogue.rs"]
mod catalogue;
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
mod open;
#[path = "../shared/requests.rs"]
mod requests;
#[path = "../shared/room.rs"]
mod room;

pub(crate) use open::open;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::retry::exclusive;

type Connection = SqliteConnection;
type DB = Sqlite;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Whether migrations have ever run.
const HAS_MIGRATIONS: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '__diesel_schema_migrations')";

const CLAIMS: &str = "(SELECT json_group_array(json_array(\
     c.owner_type, c.reference_id, c.active) ORDER BY c.position) \
     FROM badge_claims c WHERE c.org_id = badge_metas.org_id AND c.badge_id = badge_metas.id)";

#[diesel::declare_sql_function]
extern "SQL" {
    /// Where `part` begins in `text`, from 1; 0 if nowhere. No character is special.
    #[sql_name = "instr"]
    fn position(text: Text, part: Text) -> Integer;
}

/// Runs `work`, on migrations, while no other process does.
fn locked<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    exclusive(connection, "BEGIN EXCLUSIVE", work)
}

/// There is one row a badge already.
#[expect(
    clippy::unnecessary_wraps,
    reason = "PostgreSQL has something to do here"
)]
fn fold_counts(_: &mut Connection) -> QueryResult<u64> {
    Ok(0)
}
