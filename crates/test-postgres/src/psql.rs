//! Talking to the server: one `psql` a statement, or one that stays for many. Tests need a handful of
//! statements from here, so a client library would cost more to build than it saves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

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
    let mut psql = psql(url)?;
    let output = psql.args(["-c", sql]).stdin(Stdio::null()).output();
    let output = output.with_context(|| could_not_be_started(&psql))?;
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

/// A `psql` that stays: a session that is there costs a fraction of one that is begun.
#[derive(Debug)]
pub(crate) struct Session {
    child: Child,
    statements: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Session {
    /// Starts it.
    ///
    /// # Errors
    /// `psql` could not be run.
    pub(crate) fn start(url: &str) -> Result<Self> {
        let mut psql = psql(url)?;
        psql.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = psql.spawn();
        let mut child = child.with_context(|| could_not_be_started(&psql))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (statements, lines) = pipes.context("psql was started without pipes")?;
        let lines = BufReader::new(lines);
        Ok(Self {
            child,
            statements,
            lines,
        })
    }

    /// Runs one statement that prints nothing.
    ///
    /// # Errors
    /// The server could not be reached or refused it: `psql` has said so on standard error, and is gone.
    pub(crate) fn run(&mut self, sql: &str) -> Result<()> {
        const DONE: &str = "done";
        writeln!(self.statements, "{sql};\n\\echo {DONE}").context("psql takes no statement")?;
        let mut line = String::new();
        self.lines
            .read_line(&mut line)
            .context("psql says nothing")?;
        if line.trim_end() != DONE {
            bail!("psql did not run a statement, and has said why on standard error");
        }
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It is gone if a statement was refused.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command to talk to the server at `url`.
fn psql(url: &str) -> Result<Command> {
    let mut psql = Command::new(binaries::psql()?);
    psql.args([
        "-XqAtw",
        "-v",
        "ON_ERROR_STOP=1",
        "-v",
        "VERBOSITY=verbose",
        "-d",
        url,
    ])
    .env("PGCONNECT_TIMEOUT", "30");
    Ok(psql)
}

fn could_not_be_started(psql: &Command) -> String {
    format!("{} could not be started", psql.get_program().display())
}
