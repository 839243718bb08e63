//! Runs a command beside a throw-away PostgreSQL:
//!
//! ```text
//! throwaway-postgres COMMAND [ARGUMENT]…
//! ```
//!
//! The command finds the URL of the server in `ACCOLADE_TEST_DATABASE_URL`, where tests look
//! for it, and that of an empty database in `ACCOLADE__DATABASE__URL`, where `accolade-server`
//! does. The server is gone when the command ends. An interrupt at the terminal is the command's
//! to end by. If the environment names a server for tests already, that one is used.

#![allow(clippy::print_stderr)]

use std::process::{Command, ExitCode};
use std::sync::Arc;

use accolade_test_postgres::{TestDatabase, URL_VARIABLE};
use anyhow::{Context as _, Result, bail};
use signal_hook::consts::SIGINT;

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("throwaway-postgres: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        bail!("usage: throwaway-postgres COMMAND [ARGUMENT]...");
    };
    let database = TestDatabase::empty()?;
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
