//! Opening a database, and what one gets from it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::ports::Stores;

use crate::migrations::{Migrated, Migrations};

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// The file of SQLite; it and its directory are made if they are missing.
    Sqlite(PathBuf),
    /// A server of PostgreSQL 15 or later, as libpq reads it, password included.
    Postgres(String),
}

/// When SQLite's disk has to have what was committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Before the port returns.
    #[default]
    Full,
    /// Soon: a power cut may lose the last transactions, not the file.
    Normal,
}

/// How a database is used. The defaults are those of the server's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The most connections. SQLite has one more, which writes.
    pub pool_size: u32,
    /// How long a port waits for a connection of the pool before it is unavailable.
    pub pool_timeout: Duration,
    /// PostgreSQL: how long to wait for a new connection.
    pub connect_timeout: Duration,
    /// PostgreSQL: how long one statement may run.
    pub statement_timeout: Duration,
    /// How long one statement may wait for a lock.
    pub lock_timeout: Duration,
    /// PostgreSQL: how many enrolments of one batch are copied in rather than inserted, if
    /// there are so many or more.
    pub copy_from: usize,
    /// SQLite: when its disk has to have what was committed.
    pub synchronous: Synchronous,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pool_size: 8,
            pool_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(20),
            lock_timeout: Duration::from_secs(10),
            copy_from: 300,
            synchronous: Synchronous::Full,
        }
    }
}

/// An open database. Clones share its connections.
#[derive(Clone)]
pub struct Database {
    /// Every port that lives in it.
    pub stores: Stores,
    migrations: Arc<dyn Migrations>,
}

impl Database {
    fn new(stores: Stores, migrations: Arc<dyn Migrations>) -> Self {
        Self { stores, migrations }
    }

    /// Runs the migrations that are missing, under a lock: of several processes that do so
    /// at once one runs them and the others wait.
    ///
    /// # Errors
    /// One line that says which failed and why; those before it stay.
    pub fn migrate(&self) -> anyhow::Result<Migrated> {
        self.migrations.migrate()
    }

    /// The names of the migrations that are missing, oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn pending_migrations(&self) -> anyhow::Result<Vec<String>> {
        self.migrations.pending()
    }

    /// Takes back the newest migration, with the data that only it has. For tests and
    /// for going back to an earlier version by hand.
    ///
    /// # Errors
    /// One line that says why it failed.
    pub fn revert_last_migration(&self) -> anyhow::Result<String> {
        self.migrations.revert_last()
    }
}

/// Opens `url` and makes sure that it answers. Runs no migrations.
///
/// # Errors
/// One line that says what is wrong, without the password: no server there, a wrong
/// password, a path that cannot be written.
pub fn open(url: &DatabaseUrl, options: &Options) -> anyhow::Result<Database> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => {
            let store = Arc::new(crate::sqlite::open(path, options)?);
            Ok(Database::new(Stores::new(Arc::clone(&store)), store))
        }
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => {
            let store = Arc::new(crate::postgres::open(url, options)?);
            Ok(Database::new(Stores::new(Arc::clone(&store)), store))
        }
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => anyhow::bail!("this program was built without support for that database"),
    }
}
