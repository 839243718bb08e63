//! When to stop.

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::serve::logging;

/// The signals that tell the server to stop.
#[derive(Debug)]
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Takes the signals from now on.
    ///
    /// # Errors
    /// They cannot be taken.
    pub(super) fn take() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the first; a second one ends the process at once.
    pub(super) async fn first(mut self) {
        let name = self.next().await;
        tracing::info!("{name}: no new requests, the running ones finish; again to stop at once");
        tokio::spawn(async move {
            let name = self.next().await;
            tracing::warn!("{name} again: stopped without waiting");
            logging::finish();
            std::process::exit(1);
        });
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
