//! Databases for the tests of this crate.

#![allow(dead_code, reason = "each file of tests uses some of it")]

pub(crate) mod filled;
pub(crate) mod recorder;
pub(crate) mod scene;
pub(crate) mod verified;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use accolade_contract_tests::Stores;
use accolade_persistence::{Database, DatabaseUrl, Options, Synchronous, open};
use accolade_test_postgres::{TestDatabase, scratch};
use tempfile::TempDir;

/// Few connections, and patience: many tests share the machine. Nothing here survives a
/// power cut.
pub(crate) fn options() -> Options {
    Options {
        pool_size: 3,
        pool_timeout: Duration::from_mins(1),
        lock_timeout: Duration::from_mins(1),
        statement_timeout: Duration::from_mins(2),
        synchronous: Synchronous::Normal,
        ..Options::default()
    }
}

/// The same, for tests that are many and small: no connection is opened sooner than it is needed.
pub(crate) fn when_needed() -> Options {
    Options {
        opened_ahead: Some(0),
        ..options()
    }
}

/// A file of SQLite, migrated.
pub(crate) struct Sqlite {
    directory: TempDir,
}

impl Sqlite {
    pub(crate) fn fresh() -> Self {
        static MIGRATED: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let template = Sqlite::empty();
            let database = template.open();
            let closing = database.closing(Duration::from_mins(1));
            database.migrate().unwrap();
            drop(database);
            drop(closing);
            std::fs::read(template.path()).unwrap()
        });
        let database = Self::empty();
        std::fs::write(database.path(), &*MIGRATED).unwrap();
        database
    }

    pub(crate) fn empty() -> Self {
        Self {
            directory: tempfile::tempdir_in(scratch()).unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("accolade.db")
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        DatabaseUrl::Sqlite(self.path())
    }

    pub(crate) fn open(&self) -> Database {
        open(&self.url(), &options()).unwrap()
    }
}

impl accolade_contract_tests::Database for Sqlite {
    fn connect(&self) -> Stores {
        open(&self.url(), &when_needed()).unwrap().stores
    }
}

/// A database of PostgreSQL, migrated.
pub(crate) struct Postgres {
    pub(crate) database: TestDatabase,
    /// How many ways to it there are.
    ways: AtomicUsize,
}

impl Postgres {
    pub(crate) fn fresh() -> Self {
        Self::on(TestDatabase::from_template(&template(), migrate))
    }

    /// For tests that write rows, and change nothing else of it.
    pub(crate) fn reused() -> Self {
        Self::on(TestDatabase::reused(&template(), migrate))
    }

    pub(crate) fn empty() -> Self {
        Self::on(TestDatabase::empty())
    }

    fn on(database: anyhow::Result<TestDatabase>) -> Self {
        Self {
            database: database.unwrap(),
            ways: AtomicUsize::new(0),
        }
    }

    /// Another way to the database, independent of all that this test has. If others use the database after
    /// it, they have the connections, too: a session costs PostgreSQL more than most of what a test does.
    fn way(&self, options: &Options) -> Stores {
        /// Ways that are open, by the database's name and how many this test has besides.
        static OPEN: Mutex<BTreeMap<(String, usize), (Options, Database)>> =
            Mutex::new(BTreeMap::new());
        if !self.database.is_kept() {
            return open(&self.url(), options).unwrap().stores;
        }
        let key = (
            self.database.name().to_owned(),
            self.ways.fetch_add(1, Ordering::Relaxed),
        );
        let kept = OPEN.lock().unwrap().remove(&key);
        // One of other options is closed: they would be many.
        let kept = kept.filter(|(of, _)| of == options);
        let opened = || open(&self.url(), options).unwrap();
        let database = kept.map_or_else(opened, |(_, database)| database);
        database.forget();
        let stores = database.stores.clone();
        OPEN.lock()
            .unwrap()
            .insert(key, (options.clone(), database));
        stores
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        DatabaseUrl::Postgres(self.database.url().to_owned())
    }

    pub(crate) fn open(&self) -> Database {
        open(&self.url(), &options()).unwrap()
    }
}

impl accolade_contract_tests::Database for Postgres {
    fn connect(&self) -> Stores {
        self.way(&when_needed())
    }
}

/// The same, where every enrolment is copied in.
pub(crate) struct Copying(pub(crate) Postgres);

impl accolade_contract_tests::Database for Copying {
    fn connect(&self) -> Stores {
        self.0.way(&Options {
            copy_from: 1,
            ..when_needed()
        })
    }
}

fn migrate(url: &str) -> anyhow::Result<()> {
    open(&DatabaseUrl::Postgres(url.to_owned()), &options())?.migrate()?;
    Ok(())
}

/// A name that changes with the migrations.
fn template() -> String {
    let mut hasher = DefaultHasher::new();
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let mut directories: Vec<_> = std::fs::read_dir(migrations)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    directories.sort();
    for directory in directories {
        directory.hash(&mut hasher);
        std::fs::read(directory.join("up.sql"))
            .unwrap()
            .hash(&mut hasher);
    }
    format!("accolade_{:016x}", hasher.finish())
}
