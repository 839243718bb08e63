//! Opening a database, and what one gets from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use accolade_application::ports::Stores;
use prometheus::Registry;

use crate::closing::Closing;
use crate::metrics::Metrics;
use crate::migrations::{Migrated, Migrations};
use crate::pool::{Connected, Connections};
use crate::progress::Progress;
use crate::sealing::SealingKey;
use crate::store::Remembered;

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
    /// How many of them are opened before anybody asks for one; `None`: all.
    pub opened_ahead: Option<u32>,
    /// How long a port waits for a connection of the pool before it is unavailable.
    pub pool_timeout: Duration,
    /// PostgreSQL: how long to wait for a new connection.
    pub connect_timeout: Duration,
    /// PostgreSQL: how long one statement may run.
    pub statement_timeout: Duration,
    /// How long one statement may wait for a lock.
    pub lock_timeout: Duration,
    /// How long migrations wait for another process that runs them.
    pub migration_patience: Duration,
    /// PostgreSQL: how many enrolments of one batch are copied in rather than inserted, if
    /// there are so many or more.
    pub copy_from: usize,
    /// SQLite: when its disk has to have what was committed.
    pub synchronous: Synchronous,
    /// What secrets are encrypted with; `None`: they are stored as they are.
    pub secrets_key: Option<SealingKey>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pool_size: 8,
            opened_ahead: None,
            pool_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(20),
            lock_timeout: Duration::from_secs(10),
            migration_patience: Duration::from_mins(5),
            copy_from: 300,
            synchronous: Synchronous::Full,
            secrets_key: None,
        }
    }
}

/// An open database. Clones share its connections.
#[derive(Clone)]
pub struct Database {
    /// Every port that lives in it.
    pub stores: Stores,
    migrations: Arc<dyn Migrations>,
    metrics: Metrics,
    remembered: Arc<Remembered>,
    /// The file, if it is SQLite's.
    file: Option<PathBuf>,
    /// Whether its connections are still open.
    connected: Vec<Connected>,
}

impl Database {
    /// What closes it in order when its stores are used no more, for whom to wait at most so long.
    pub fn closing(&self, patience: Duration) -> Closing {
        Closing {
            store: Some(Arc::clone(&self.migrations)),
            file: self.file.clone(),
            connected: self.connected.clone(),
            patience,
        }
    }

    /// Forgets what was read of it. For whoever empties the database beside it, as tests do.
    pub fn forget(&self) {
        self.remembered.forget();
    }

    /// Shows in `registry` what is counted of its use.
    ///
    /// # Errors
    /// Something there has one of the names already.
    pub fn show_metrics(&self, registry: &Registry) -> anyhow::Result<()> {
        Ok(self.metrics.register(registry)?)
    }

    /// Runs the migrations that are missing, under a lock: of several processes that do so
    /// at once one runs each and the others wait. Where none is missing nobody waits.
    ///
    /// # Errors
    /// One line that says which failed and why, or that another process has the lock for too long;
    /// on PostgreSQL those before it stay.
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

    /// The versions of the migrations that have run and that this program does not know, oldest first:
    /// those of a newer release.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn unknown_migrations(&self) -> anyhow::Result<Vec<String>> {
        self.migrations.unknown()
    }

    /// Whether it is the target of a transfer that has not ended, so that it is not whole.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn is_transfer_unfinished(&self) -> anyhow::Result<bool> {
        self.migrations.is_transfer_unfinished()
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

/// Opens `url` and makes sure that it answers and can be worked with. Runs no migrations.
///
/// # Errors
/// One line that says what is wrong, without anything of the URL: no server there, a wrong
/// password, a server that is too old, another encoding than UTF-8, a pooler that loses prepared
/// statements, a path that cannot be written.
pub fn open(url: &DatabaseUrl, options: &Options) -> anyhow::Result<Database> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => {
            let store = Arc::new(crate::sqlite::open(path, options)?);
            Ok(Database {
                stores: Stores::new(Arc::clone(&store)),
                metrics: store.metrics.clone(),
                remembered: Arc::clone(&store.remembered),
                connected: store.pools.iter().map(Connections::connected).collect(),
                migrations: store,
                file: Some(path.clone()),
            })
        }
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => {
            let store = Arc::new(crate::postgres::open(url, options)?);
            Ok(Database {
                stores: Stores::new(Arc::clone(&store)),
                metrics: store.metrics.clone(),
                remembered: Arc::clone(&store.remembered),
                connected: store.pools.iter().map(Connections::connected).collect(),
                migrations: store,
                file: None,
            })
        }
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => anyhow::bail!(NO_SUPPORT),
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
pub(crate) const NO_SUPPORT: &str = "this program was built without support for that database";

/// Whether `url` can be read, as [`open`] reads it, its parameters included. Connects to nothing.
///
/// # Errors
/// One line that says what is wrong, without anything of the URL.
pub fn check(url: &DatabaseUrl) -> anyhow::Result<()> {
    match url {
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => crate::postgres::check(url),
        #[cfg(not(feature = "postgres"))]
        DatabaseUrl::Postgres(_) => anyhow::bail!(NO_SUPPORT),
        DatabaseUrl::Sqlite(_) => Ok(()),
    }
}

/// What a backup has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// The rows of all tables.
    pub rows: u64,
    /// The size of the file, in bytes.
    pub bytes: u64,
}

/// What a database has that a copy was restored into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The rows of all tables.
    pub rows: u64,
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// The names of the migrations that it lacks: those since the release that made the copy.
    pub missing_migrations: Vec<String>,
}

/// Makes the empty database at `url` what the copy at `from` is, whole or, should it fail, not at all.
/// The caller has the lock of the file.
///
/// # Errors
/// One line that says what is wrong, without anything of the URL: the database is not empty or in use,
/// the copy is damaged, of a newer release, or of a file that is in use. `database.url` is
/// PostgreSQL's, which has tools of its own.
pub fn restore(
    from: &Path,
    url: &DatabaseUrl,
    progress: &dyn Progress,
) -> anyhow::Result<Restored> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(to) => crate::sqlite::restore(from, to, progress),
        _ => {
            let _ = (from, progress);
            anyhow::bail!(
                "database.url names PostgreSQL: `pg_restore --no-owner --dbname=URL FILE` restores what \
                 pg_dump made, and `accolade-server transfer --from sqlite://FILE --to URL` moves a copy \
                 of SQLite there"
            )
        }
    }
}

/// Copies the database at `url`, as it is at one moment, into a new file at `to`, while others read
/// and write it. The file has its name only when it has been checked and the disk has it.
///
/// # Errors
/// One line that says what is wrong, without anything of the URL: there is something at `to`, the
/// disk is full, the copy is damaged. `database.url` is PostgreSQL's, which has tools of its own.
pub fn backup(url: &DatabaseUrl, to: &Path, progress: &dyn Progress) -> anyhow::Result<Backup> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(from) => crate::sqlite::backup(from, to, progress),
        _ => {
            let _ = (to, progress);
            anyhow::bail!(
                "database.url names PostgreSQL, which makes its own copies: `pg_dump --format=custom \
                 --file=FILE URL` with that URL"
            )
        }
    }
}
