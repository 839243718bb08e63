//! What the server tidies up beside its requests.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use accolade_application::ports::{Clock, Housekeeping};

/// How long it rests.
const INTERVAL: Duration = Duration::from_mins(1);

/// A thread that sweeps every minute until this value is dropped.
#[derive(Debug)]
pub(super) struct Housekeeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Housekeeper {
    /// Starts sweeping.
    ///
    /// # Errors
    /// There can be no further thread.
    pub(super) fn start(
        housekeeping: Arc<dyn Housekeeping>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("housekeeping".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    match housekeeping.sweep(clock.now()) {
                        Ok(swept) => tracing::debug!(
                            idempotency_keys = swept.idempotency_keys,
                            count_rows = swept.count_rows,
                            "swept"
                        ),
                        // The next sweep does what this one did not.
                        Err(error) => {
                            let error = crate::cli::one_line(&error.into());
                            tracing::warn!(error, "not swept");
                        }
                    }
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Housekeeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has logged whatever went wrong.
            let _ = thread.join();
        }
    }
}
