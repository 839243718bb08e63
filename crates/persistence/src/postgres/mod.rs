//! PostgreSQL 15 and later: what it says differently.
//!
//! Nothing here needs a superuser or an extension, and nothing that must be true across
//! requests lives in this process: any number of servers may share a database.

mod audit_sql;
mod badge_sql;
mod copy;
mod direct;
mod directory_sql;
mod earn_sql;
mod enrolment_sql;
mod expiry_sql;
mod facts;
mod feed_sql;
mod housekeeping_sql;
mod job_sql;
mod lease_sql;
mod ledger_sql;
mod lock;
mod open;
mod people_sql;
mod session;
#[allow(
    clippy::duplicate_mod,
    reason = "Diesel's query builder says it once for both databases: the types differ, the words do not"
)]
#[path = "../shared/mod.rs"]
mod shared;
mod text_sql;
mod url;
mod webhook_sql;

pub(crate) use direct::connect;
pub(crate) use facts::facts;
pub(crate) use open::open;
pub(crate) use url::check;

use std::time::Duration;

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::retry::exclusive;
use crate::statement::Statement;
use crate::waiting::{Awaited, wait_for};

type Connection = PgConnection;
type DB = Pg;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Whether migrations have ever run.
const HAS_MIGRATIONS: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL";

/// Whether a transfer into the database has begun and not ended.
const HAS_TRANSFER: &str = "SELECT to_regclass('transfer_progress') IS NOT NULL";

const CLAIMS: &str = "(SELECT COALESCE(json_agg(json_build_array(\
     c.owner_type, c.reference_id, c.active::int) ORDER BY c.position)::text, '[]') \
     FROM badge_claims c WHERE c.org_id = badge_metas.org_id AND c.badge_id = badge_metas.id)";

#[diesel::declare_sql_function]
extern "SQL" {
    /// Where `part` begins in `text`, from 1; 0 if nowhere. No character is special.
    #[sql_name = "strpos"]
    fn position(text: Text, part: Text) -> Integer;
}

/// Migrations take their time. Each is a transaction, as its lock is: a session may be somebody
/// else's by the next one.
const MIGRATION: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; \
     SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

/// How many migrations share a transaction.
const MIGRATIONS_AT_ONCE: usize = 1;

/// Two numbers are a key of another kind than the one number of a badge. Who does not get the lock
/// has no snapshot while it waits, which others would have to wait for.
const LOCK_MIGRATIONS: &str = "SELECT pg_try_advisory_xact_lock(1633904495, 1)";

/// Runs `work`, on migrations, in a transaction while no other process does.
fn locked<T>(
    connection: &mut Connection,
    patience: Duration,
    work: impl Fn(&mut Connection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let lock = Awaited {
        what: "the lock of the migrations",
        remedy: "another process runs them, or a server of an earlier release has left the lock in a \
                 session of a pooler; `SELECT pid FROM pg_locks WHERE classid = 1633904495` names the \
                 session, `SELECT pg_terminate_backend(pid)` ends it",
    };
    wait_for(&lock, patience, || {
        exclusive(connection, MIGRATION, |connection| {
            let is_free = Statement::<DB, Bool>::new(LOCK_MIGRATIONS).get_result(connection)?;
            if is_free {
                work(connection).map(Some)
            } else {
                Ok(None)
            }
        })
    })
}

/// What a database answers that takes writes: as a rule, one that is read-only answers requests that
/// read and refuses those that write.
fn check_writable(connection: &mut Connection) -> QueryResult<()> {
    const IS_READ_ONLY: &str =
        "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool";
    if Statement::<DB, Bool>::new(IS_READ_ONLY).get_result(connection)? {
        let said = Box::new("the database is read-only".to_owned());
        return Err(Error::DatabaseError(
            DatabaseErrorKind::ReadOnlyTransaction,
            said,
        ));
    }
    Ok(())
}

/// Writes to the disk and leaves nothing.
const TRY_TO_WRITE: &str = "CREATE TEMPORARY TABLE accolade_tries ON COMMIT DROP AS SELECT 1 AS n";

/// One column of `rows`.
fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use diesel::migration::{Migration, MigrationSource as _};

    use super::*;

    #[test]
    fn every_migration_is_a_transaction_which_holds_its_lock() {
        let migrations: Vec<Box<dyn Migration<DB>>> = MIGRATIONS.migrations().unwrap();
        for migration in migrations {
            assert!(
                migration.metadata().run_in_transaction(),
                "{}",
                migration.name()
            );
        }
    }
}
