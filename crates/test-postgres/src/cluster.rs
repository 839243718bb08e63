//! A server of one's own, and the settings of a server.

use std::path::PathBuf;
use std::process::Child;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::database::Server;
use crate::script::{self, User};
use crate::{APP_ROLE, TestDatabase, binaries, scratch};

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
            directory: scratch(),
            max_connections: 400,
            settings: Vec::new(),
        }
    }

    /// For benchmarks: PostgreSQL's own defaults, `fsync` included, but for the number of
    /// connections.
    pub fn durable() -> Self {
        Self {
            durable: true,
            directory: std::env::temp_dir(),
            ..Self::throw_away()
        }
    }

    /// Puts the data below this directory instead of [`scratch`], or of the temporary one if it is durable.
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

    /// Sets one of PostgreSQL's own settings, such as `shared_buffers`, to a value without
    /// quotes.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// The lines that `postgresql.conf` gets.
    fn lines(&self, port: u16) -> String {
        let mut lines = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n\
             max_connections = {}\n",
            self.max_connections
        );
        if !self.durable {
            // Without autovacuum, plans depend on what tests did and on no moment: on those before, too, where
            // a database is reused.
            lines += "fsync = off\nfull_page_writes = off\nwal_level = minimal\n\
                      max_wal_senders = 0\ncheckpoint_timeout = 1h\nautovacuum = off\n";
        }
        for (name, value) in &self.settings {
            lines.extend([name.as_str(), " = '", value, "'\n"]);
        }
        lines
    }
}

/// A PostgreSQL server that belongs to the holder of this value alone and is stopped, and
/// its data removed, when the value is dropped, or when the process ends in any way.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    admin_url: String,
    /// Runs `cluster.sh`, which stops the server when this end of its standard input closes.
    script: Mutex<Child>,
    _directory: TempDir,
}

impl Cluster {
    /// Starts a server on a free port of the loopback address.
    ///
    /// # Errors
    /// No server binaries are installed, or the server does not start; the message says
    /// what to do, or what the server said.
    pub fn start(options: &Options) -> Result<Self> {
        let user = script::user("PostgreSQL")?;
        script::on_a_free_port(|port| Self::start_once(options, user, port))
    }

    fn start_once(options: &Options, user: User, port: u16) -> Result<Self> {
        let binaries = binaries::server()?;
        let directory = tempfile::Builder::new()
            .prefix("accolade-pg-")
            .tempdir_in(&options.directory)
            .with_context(|| format!("no directory in {}", options.directory.display()))?;
        let path = directory.path();
        std::fs::write(path.join("settings"), options.lines(port))?;

        let script = script::start(
            include_str!("cluster.sh"),
            path,
            user,
            &[
                ("BIN", binaries.as_os_str()),
                ("PORT", port.to_string().as_ref()),
                ("ROLE", APP_ROLE.as_ref()),
            ],
        )
        .context("PostgreSQL did not start")?;
        Ok(Self {
            server: Server::at(format!("postgres://{APP_ROLE}@127.0.0.1:{port}/postgres"))?,
            admin_url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            script: Mutex::new(script),
            _directory: directory,
        })
    }

    /// The URL of the superuser, in the database `postgres`.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// The server, for the role that is no superuser.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Creates an empty database in this server.
    ///
    /// # Errors
    /// The server refused or is gone.
    pub fn empty_database(&self) -> Result<TestDatabase> {
        self.server.empty_database()
    }

    /// Ends the server as a power cut would, with whatever is connected to it.
    ///
    /// # Errors
    /// It does not run.
    pub fn crash(&self) -> Result<()> {
        self.tell("crash")
    }

    /// Starts the server again, which recovers what was committed.
    ///
    /// # Errors
    /// It runs already, or it does not start.
    pub fn start_again(&self) -> Result<()> {
        self.tell("start")
    }

    fn tell(&self, word: &str) -> Result<()> {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script::tell(&mut script, word).with_context(|| format!("PostgreSQL: {word}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // `wait` closes the script's input first. How the script ends is nobody's business: the
        // server is gone either way.
        let _ = self
            .script
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .wait();
    }
}
