//! pgbouncer before PostgreSQL.

use std::process::Child;

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use url::Url;

use crate::binaries;
use crate::script::{self, User};

/// How a pooler hands sessions on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// When a client disconnects.
    Session,
    /// After each transaction, without what the client had prepared.
    Transaction,
    /// After each transaction, with what the client had prepared: pgbouncer 1.21 and later.
    TransactionWithStatements,
}

/// A pgbouncer of one's own before the server of a URL, until it is dropped.
#[derive(Debug)]
pub struct Pooler {
    url: String,
    /// Runs `pooler.sh`.
    script: Child,
    _directory: TempDir,
}

impl Pooler {
    /// Stands before the server of `url`.
    ///
    /// # Errors
    /// pgbouncer is not installed, or does not start; the message says what to do, or what it said.
    pub fn before(url: &str, pooling: Pooling) -> Result<Self> {
        let url = Url::parse(url)?;
        let user = script::user("pgbouncer")?;
        script::on_a_free_port(|port| Self::start_once(&url, pooling, user, port))
    }

    fn start_once(url: &Url, pooling: Pooling, user: User, port: u16) -> Result<Self> {
        let program = binaries::pgbouncer()?;
        let directory = tempfile::Builder::new()
            .prefix("accolade-pooler-")
            .tempdir()?;
        let lines = lines(url, pooling, port, has_statements()?);
        std::fs::write(directory.path().join("pgbouncer.ini"), lines)?;
        let environment = [("PGBOUNCER", program.as_os_str())];
        let script = script::start(
            include_str!("pooler.sh"),
            directory.path(),
            user,
            &environment,
        )
        .context("pgbouncer did not start")?;
        let mut url = url.clone();
        url.set_host(Some("127.0.0.1"))?;
        let _ = url.set_port(Some(port));
        Ok(Self {
            url: url.into(),
            script,
            _directory: directory,
        })
    }

    /// The URL to reach the database through it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Whether the pgbouncer of this machine can take prepared statements along, as 1.21 and later can.
///
/// # Errors
/// It is not installed, or does not tell its version.
pub fn has_statements() -> Result<bool> {
    Ok(binaries::pgbouncer_version()? >= (1, 21))
}

/// What `pgbouncer.ini` has.
fn lines(url: &Url, pooling: Pooling, port: u16, can_have_statements: bool) -> String {
    let mode = match pooling {
        Pooling::Session => "session",
        Pooling::Transaction | Pooling::TransactionWithStatements => "transaction",
    };
    let statements = match (can_have_statements, pooling) {
        (false, _) => "",
        (true, Pooling::TransactionWithStatements) => "max_prepared_statements = 200\n",
        (true, _) => "max_prepared_statements = 0\n",
    };
    let password = url.password().map(|it| format!(" password='{it}'"));
    format!(
        "[databases]\n* = host={} port={} user={}{}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
         listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n\
         default_pool_size = 40\n{statements}",
        url.host_str().unwrap_or("127.0.0.1"),
        url.port().unwrap_or(5432),
        url.username(),
        password.unwrap_or_default(),
    )
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // `wait` closes the script's input first. pgbouncer is gone either way.
        let _ = self.script.wait();
    }
}
