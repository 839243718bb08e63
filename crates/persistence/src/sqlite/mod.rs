//! SQLite: what it says differently.
//!
//! One connection writes and several read. A transaction that writes has the database to
//! itself from its first statement (`BEGIN IMMEDIATE`), also from other processes, so
//! locks of badges are not needed and sets need no statement of their own unless
//! they are as long as a request.

mod audit_sql;
mod backup;
mod badge_sql;
mod direct;
mod directory_sql;
mod earn_sql;
mod enrolment_sql;
mod expiry_sql;
mod facts;
mod feed_sql;
mod file;
mod housekeeping_sql;
mod job_sql;
mod lease_sql;
mod ledger_sql;
mod open;
mod people_sql;
mod restore;
#[allow(
    clippy::duplicate_mod,
    reason = "Diesel's query builder says it once for both databases: the types differ, the words do not"
)]
#[path = "../shared/mod.rs"]
mod shared;
mod text_sql;
mod webhook_sql;

pub(crate) use backup::backup;
pub(crate) use direct::connect;
pub(crate) use facts::facts;
pub(crate) use file::checkpoint;
pub(crate) use open::open;
pub(crate) use restore::restore;

use std::time::Duration;

use diesel::QueryResult;
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::retry::{WorkError, exclusive};
use crate::waiting::{Awaited, wait_for};

type Connection = SqliteConnection;
type DB = Sqlite;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Whether migrations have ever run.
const HAS_MIGRATIONS: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '__diesel_schema_migrations')";

/// Whether a transfer into the database has begun and not ended.
const HAS_TRANSFER: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'transfer_progress')";

const CLAIMS: &str = "(SELECT json_group_array(json_array(\
     c.owner_type, c.reference_id, c.active) ORDER BY c.position) \
     FROM badge_claims c WHERE c.org_id = badge_metas.org_id AND c.badge_id = badge_metas.id)";

#[diesel::declare_sql_function]
extern "SQL" {
    /// Where `part` begins in `text`, from 1; 0 if nowhere. No character is special.
    #[sql_name = "instr"]
    fn position(text: Text, part: Text) -> Integer;
}

/// How many migrations share a transaction.
const MIGRATIONS_AT_ONCE: usize = usize::MAX;

/// Runs `work`, on migrations, in a transaction while no other process uses the file.
fn locked<T>(
    connection: &mut Connection,
    patience: Duration,
    work: impl Fn(&mut Connection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let file = Awaited {
        what: "the database's file",
        remedy: "another process reads or writes it all the time; end it, or try again",
    };
    wait_for(&file, patience, || {
        match exclusive(connection, "BEGIN EXCLUSIVE", &work) {
            Err(error) if error.downcast_ref().is_some_and(is_locked) => Ok(None),
            result => result.map(Some),
        }
    })
}

/// Whether another connection has the file for itself.
fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, information) if information.message() == "database is locked")
}

/// That the file takes writes is what its path and the last write tell.
#[expect(clippy::unnecessary_wraps, reason = "PostgreSQL is asked")]
fn check_writable(_: &mut Connection) -> QueryResult<()> {
    Ok(())
}

/// Writes to the disk and changes nothing.
const TRY_TO_WRITE: &str = "PRAGMA user_version = 0";

/// What is as long as a request travels as JSON.
fn json(value: &impl serde::Serialize) -> Result<String, WorkError> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)?)
}
