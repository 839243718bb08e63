//! The databases that a server runs on, and SQL beside the server for tests that need it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use accolade_test_postgres::{TestDatabase, scratch};
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection as _, RunQueryDsl as _};
use tempfile::TempDir;

use crate::cli::Cli;
use crate::process;

/// Which kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A database of its own in the PostgreSQL server that all tests share.
    Postgres,
}

/// One migrated database, gone with this value.
#[derive(Debug)]
pub struct Database(Holder);

#[derive(Debug)]
enum Holder {
    Sqlite { directory: TempDir, url: String },
    Postgres(TestDatabase),
}

impl Database {
    /// A database with nothing in it; on PostgreSQL it has the server's schema, on SQLite
    /// the server makes the file.
    pub fn create(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let directory = TempDir::with_prefix_in("accolade-e2e-", scratch()).unwrap();
                let file = directory.path().join("accolade.db");
                let url = format!("sqlite://{}", file.display());
                Self(Holder::Sqlite { directory, url })
            }
            Backend::Postgres => {
                let database = TestDatabase::from_template(&template_name(), |url| {
                    Cli::on(url).run(&["migrate"]).ok();
                    Ok(())
                })
                .unwrap();
                Self(Holder::Postgres(database))
            }
        }
    }

    /// This database of PostgreSQL, of which a server makes the schema.
    pub fn within(database: TestDatabase) -> Self {
        Self(Holder::Postgres(database))
    }

    /// A database without a schema.
    pub fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::create(backend),
            Backend::Postgres => Self(Holder::Postgres(TestDatabase::empty().unwrap())),
        }
    }

    /// What `database.url` is to be.
    pub fn url(&self) -> &str {
        match &self.0 {
            Holder::Sqlite { url, .. } => url,
            Holder::Postgres(database) => database.url(),
        }
    }

    /// Which kind it is.
    pub fn backend(&self) -> Backend {
        match self.0 {
            Holder::Sqlite { .. } => Backend::Sqlite,
            Holder::Postgres(_) => Backend::Postgres,
        }
    }

    /// What a watchdog has to remove if this value is never dropped.
    pub(crate) fn directory(&self) -> Option<&Path> {
        match &self.0 {
            Holder::Sqlite { directory, .. } => Some(directory.path()),
            Holder::Postgres(_) => None,
        }
    }

    /// Runs statements beside the server.
    pub fn execute(&self, sql: &str) {
        self.connect().execute(sql);
    }

    /// The one value, as a number, that `sql` selects under the name `value`.
    pub fn number(&self, sql: &str) -> i64 {
        self.connect().number(sql)
    }

    /// Opens a transaction beside the server that excludes whoever writes `table`: on
    /// SQLite it is the only writer, on PostgreSQL it holds the table. It ends, without
    /// effect, when the returned value is dropped.
    pub fn hold(&self, table: &str) -> Transaction {
        self.begin(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
    }

    /// Opens a transaction beside the server, on PostgreSQL with this statement; on SQLite it is the
    /// only writer. It ends as the one of [`hold`](Self::hold).
    pub fn begin(&self, statement: &str) -> Transaction {
        let mut transaction = self.connect();
        match self.backend() {
            Backend::Sqlite => transaction.execute("BEGIN IMMEDIATE"),
            Backend::Postgres => transaction.execute(&format!("BEGIN; {statement}")),
        }
        transaction
    }

    /// How many sessions wait for a lock (PostgreSQL).
    pub fn waiting(&self) -> i64 {
        self.number(
            "SELECT count(*) AS value FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
    }

    fn connect(&self) -> Transaction {
        match self.backend() {
            Backend::Sqlite => {
                let file = self.url().strip_prefix("sqlite://").unwrap();
                let mut connection = SqliteConnection::establish(file).unwrap();
                connection
                    .batch_execute("PRAGMA busy_timeout = 10000")
                    .unwrap();
                Transaction::Sqlite(connection)
            }
            Backend::Postgres => {
                Transaction::Postgres(Box::new(PgConnection::establish(self.url()).unwrap()))
            }
        }
    }
}

/// A connection beside the server's.
#[allow(missing_debug_implementations)]
pub enum Transaction {
    /// To the file.
    Sqlite(SqliteConnection),
    /// To the server.
    Postgres(Box<PgConnection>),
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    value: i64,
}

impl Transaction {
    fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.batch_execute(sql),
            Self::Postgres(connection) => connection.batch_execute(sql),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn number(&mut self, sql: &str) -> i64 {
        let query = diesel::sql_query(sql);
        let found: Result<Number, _> = match self {
            Self::Sqlite(connection) => query.get_result(connection),
            Self::Postgres(connection) => query.get_result(&mut **connection),
        };
        found.unwrap_or_else(|error| panic!("{sql}: {error}")).value
    }
}

/// A name that changes with the binary, whose migrations make the template.
fn template_name() -> String {
    let binary = process::binary();
    let about = binary.metadata().unwrap();
    let mut hasher = DefaultHasher::new();
    (binary, about.len(), about.modified().unwrap()).hash(&mut hasher);
    format!("accolade_e2e_{:016x}", hasher.finish())
}
