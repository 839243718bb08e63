//! Runs a command with a fresh database of a throw-away PostgreSQL:
//!
//! ```text
//! throwaway-postgres [--own] COMMAND [ARGUMENT]…
//! ```
//!
//! The command finds the URL of its database in `ACCOLADE__DATABASE__URL` and the server's
//! own in `ACCOLADE_TEST_DATABASE_URL`. The database is gone when it ends. The server is the
//! one that running tests share, or with `--own` one for this command alone. An interrupt
//! at the terminal is the command's to end by.

#![allow(clippy::print_stderr)]

use std::process::{Command, ExitCode};
use std::sync::Arc;

use accolade_test_postgres::{Cluster, Options, TestDatabase, URL_VARIABLE};
use anyhow::{Context as _, Result, bail};
use signal_hook::consts::SIGINT;

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("throwaway-postgres: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let own = arguments.next_if(|it| it == "--own").is_some();
    let Some(program) = arguments.next() else {
        bail!("usage: throwaway-postgres [--own] COMMAND [ARGUMENT]...");
    };

    let cluster = own
        .then(|| Cluster::start(&Options::throw_away()))
        .transpose()?;
    let database = match &cluster {
        Some(cluster) => cluster.empty_database()?,
        None => TestDatabase::empty()?,
    };
    // Not ignored, which the command would inherit: caught, and nothing done.
    signal_hook::flag::register(SIGINT, Arc::default())?;
    let status = Command::new(&program)
        .args(arguments)
        .env("ACCOLADE__DATABASE__URL", database.url())
        .env(URL_VARIABLE, database.server_url())
        .status()
        .with_context(|| format!("{} could not be started", program.display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
