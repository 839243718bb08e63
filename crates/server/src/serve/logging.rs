//! The log: to standard error, for people or for machines.

use anyhow::{Result, anyhow};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::settings::{LogFormat, LogSettings};

/// Who tells what `serve` tells better, or calls it an error of the server's when a stranger sends
/// what is not HTTP; unless `log.level` names them.
const QUIET: &str = "actix_server=warn,actix_http::h1::dispatcher=off";

/// Starts the log of this process.
///
/// # Errors
/// It has one already, or `log.level` cannot be read.
pub(super) fn start(settings: &LogSettings) -> Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.level))?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match settings.format {
        LogFormat::Pretty => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(on_terminal()),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
    };
    started.map_err(|error| anyhow!("the log: {error}"))
}

/// Colours are for terminals, and not for people who refuse them.
fn on_terminal() -> bool {
    use std::io::IsTerminal as _;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}
