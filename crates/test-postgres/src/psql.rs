//! Talking to the server: one `psql` a statement. Tests need a handful of statements from
//! here, so a client library would cost more to build than it saves.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::binaries;

/// The SQLSTATEs that callers here tell apart.
pub(crate) mod sqlstate {
    /// A database of that name exists.
    pub(crate) const DUPLICATE_DATABASE: &str = "42P04";
}

/// Why a statement did not do what it should.
#[derive(Debug)]
pub(crate) struct SqlError {
    message: String,
}

impl SqlError {
    /// Whether the server reported this SQLSTATE.
    pub(crate) fn is(&self, state: &str) -> bool {
        self.message.contains(&format!("ERROR:  {state}: "))
    }
}

impl std::fmt::Display for SqlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SqlError {}

/// Runs one statement and gives what it printed.
///
/// # Errors
/// The outer error: `psql` could not be run. The inner one: the server could not be
/// reached or refused the statement.
pub(crate) fn run(url: &str, sql: &str) -> Result<Result<String, SqlError>> {
    let psql = binaries::psql()?;
    let output = Command::new(psql)
        .args(["-XqAtw", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"])
        .args(["-d", url, "-c", sql])
        .env("PGCONNECT_TIMEOUT", "30")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} could not be started", psql.display()))?;
    if output.status.success() {
        let text = String::from_utf8(output.stdout).context("psql printed something unreadable")?;
        return Ok(Ok(text.trim_end().to_owned()));
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(Err(SqlError { message }))
}

/// Runs one statement that is expected to succeed.
///
/// # Errors
/// Any failure, with the statement.
pub(crate) fn expect(url: &str, sql: &str) -> Result<String> {
    match run(url, sql)? {
        Ok(text) => Ok(text),
        Err(error) => bail!("{sql}: {error}"),
    }
}
