//! The databases to measure on: files of SQLite and databases of a PostgreSQL of one's own,
//! all below one directory, so on the same disk.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use accolade_test_postgres::{Cluster, Options, TestDatabase};
use anyhow::{Context as _, Result};
use serde::Serialize;
use tempfile::TempDir;

/// Which kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A file, `synchronous = FULL`.
    Sqlite,
    /// A server with its own defaults: `fsync` and `synchronous_commit` are on.
    Postgres,
}

impl Kind {
    /// How it is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Where databases are made.
#[derive(Debug)]
pub(crate) struct Ground {
    kind: Kind,
    // The cluster's data is inside the directory, so it goes first.
    cluster: Option<Cluster>,
    directory: TempDir,
    made: Cell<u32>,
}

impl Ground {
    /// Prepares to make databases of this kind below `parent`, which is made if need be;
    /// starts a PostgreSQL.
    ///
    /// # Errors
    /// The directory cannot be made; PostgreSQL is not installed or does not start.
    pub(crate) fn prepare(kind: Kind, parent: &Path) -> Result<Self> {
        fs::create_dir_all(parent).with_context(|| format!("no {}", parent.display()))?;
        let parent = parent.canonicalize()?;
        let directory = tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(&parent)?;
        let cluster = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => {
                let options = Options::durable()
                    .in_directory(directory.path())
                    // PostgreSQL's own default.
                    .max_connections(100);
                Some(Cluster::start(&options)?)
            }
        };
        Ok(Self {
            kind,
            cluster,
            directory,
            made: Cell::new(0),
        })
    }

    /// Which kind of database.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The same for databases of the other kind, on the same disk.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub(crate) fn other(&self) -> Result<Self> {
        let kind = match self.kind {
            Kind::Sqlite => Kind::Postgres,
            Kind::Postgres => Kind::Sqlite,
        };
        Self::prepare(kind, self.directory.path())
    }

    /// The URL of PostgreSQL's superuser.
    pub(crate) fn admin_url(&self) -> Option<&str> {
        self.cluster.as_ref().map(Cluster::admin_url)
    }

    /// A new empty database, gone with the value.
    ///
    /// # Errors
    /// PostgreSQL or the file system refuses.
    pub(crate) fn database(&self) -> Result<Database> {
        let number = self.made.get();
        self.made.set(number + 1);
        let directory = self.directory.path().join(number.to_string());
        fs::create_dir(&directory)?;
        let holder = match &self.cluster {
            None => Holder::Sqlite(directory.join("accolade.db")),
            Some(cluster) => Holder::Postgres(cluster.empty_database()?),
        };
        Ok(Database {
            directory,
            holder,
            admin_url: self.admin_url().map(str::to_owned),
        })
    }
}

/// One database.
#[derive(Debug)]
pub(crate) struct Database {
    directory: PathBuf,
    holder: Holder,
    admin_url: Option<String>,
}

#[derive(Debug)]
enum Holder {
    Sqlite(PathBuf),
    Postgres(TestDatabase),
}

impl Database {
    /// Which kind it is.
    pub(crate) fn kind(&self) -> Kind {
        match self.holder {
            Holder::Sqlite(_) => Kind::Sqlite,
            Holder::Postgres(_) => Kind::Postgres,
        }
    }

    /// What `database.url` is to be.
    pub(crate) fn url(&self) -> String {
        match &self.holder {
            Holder::Sqlite(file) => format!("sqlite://{}", file.display()),
            Holder::Postgres(database) => database.url().to_owned(),
        }
    }

    /// The URL of PostgreSQL's superuser, who may ask for a checkpoint.
    pub(crate) fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref()
    }

    /// A directory for whatever belongs to it, on the same disk.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// SQLite's file.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.holder {
            Holder::Sqlite(file) => Some(file),
            Holder::Postgres(_) => None,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What stays goes with the directory of the whole run.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
