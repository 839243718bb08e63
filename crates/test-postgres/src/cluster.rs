//! A server of one's own, and the settings of a server.

use std::fs::File;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::database::Server;
use crate::home::{self, Home};
use crate::{Template, TestDatabase};

/// How the directories of clusters begin that belong to one process.
const PREFIX: &str = "accolade-pg-own-";

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Options {
    durable: bool,
    directory: PathBuf,
    max_connections: u32,
    settings: Vec<(String, String)>,
}

impl Options {
    /// For tests: nothing survives a crash of the machine, so nothing waits for the disk.
    pub fn throw_away() -> Self {
        Self {
            durable: false,
            directory: std::env::temp_dir(),
            max_connections: 400,
            settings: Vec::new(),
        }
    }

    /// For benchmarks: PostgreSQL's own defaults, `fsync` included, but for the number of
    /// connections.
    pub fn durable() -> Self {
        Self {
            durable: true,
            ..Self::throw_away()
        }
    }

    /// Puts the data below this directory instead of the temporary one, which may be memory.
    #[must_use]
    pub fn in_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// Sets how many connections the server takes (400).
    #[must_use]
    pub fn max_connections(mut self, count: u32) -> Self {
        self.max_connections = count;
        self
    }

    /// Sets one of PostgreSQL's own settings, such as `shared_buffers`.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    pub(crate) fn is_durable(&self) -> bool {
        self.durable
    }

    pub(crate) fn server_arguments(&self) -> Vec<String> {
        let mut settings = vec![format!("max_connections={}", self.max_connections)];
        if !self.durable {
            settings.extend(
                [
                    "fsync=off",
                    "full_page_writes=off",
                    "wal_level=minimal",
                    "max_wal_senders=0",
                    "checkpoint_timeout=1h",
                    // Plans then depend on what the test did and on nothing else.
                    "autovacuum=off",
                ]
                .map(String::from),
            );
        }
        settings.extend(self.settings.iter().map(|(k, v)| format!("{k}={v}")));
        settings
            .into_iter()
            .flat_map(|setting| ["-c".to_owned(), setting])
            .collect()
    }
}

/// A PostgreSQL server that belongs to the holder of this value alone and is stopped, and
/// its data removed, when the value is dropped, or when the process ends in any other way.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    supervisor: Child,
    // Dropped, and so unlocked, by `drop` before it waits for the supervisor.
    in_use: Option<File>,
    _directory: TempDir,
}

impl Cluster {
    /// Starts a server on a free port of the loopback address.
    ///
    /// # Errors
    /// No server binaries are installed, or the server does not start; the message says
    /// what to do, or what the server said.
    pub fn start(options: &Options) -> Result<Self> {
        home::remove_abandoned(&options.directory, PREFIX);
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&options.directory)
            .with_context(|| format!("no directory in {}", options.directory.display()))?;
        let home = Home::prepare(directory.path())?;
        let in_use = home.use_it()?;
        let (url, supervisor) = home.start(options, Duration::ZERO)?;
        Ok(Self {
            server: Server::throw_away(url, options.is_durable()),
            supervisor,
            in_use: Some(in_use),
            _directory: directory,
        })
    }

    /// The URL of the superuser, in the database `postgres`.
    pub fn admin_url(&self) -> &str {
        self.server.admin_url()
    }

    /// Creates an empty database in this server.
    ///
    /// # Errors
    /// The server refused or is gone.
    pub fn empty_database(&self) -> Result<TestDatabase> {
        self.server.empty_database()
    }

    /// Creates a template in this server, as [`Template::prepare`] does in the shared one.
    ///
    /// # Errors
    /// Those of `migrate`; the server refused or is gone.
    pub fn template(
        &self,
        name: &str,
        migrate: impl FnOnce(&str) -> Result<()>,
    ) -> Result<Template> {
        self.server.template(name, migrate)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.in_use = None;
        // Its exit status is nobody's business: the server is gone either way.
        let _ = self.supervisor.wait();
    }
}
