//! Waiting for what another process has: said after a moment, and given up after a time.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

/// After how long somebody who watches should know why nothing happens.
const MOMENT: Duration = Duration::from_secs(1);

const PAUSE: Duration = Duration::from_millis(50);

/// What is waited for.
pub(crate) struct Awaited<'a> {
    /// Its name, such as `the lock of the migrations`.
    pub(crate) what: &'a str,
    /// What to do if it is not to be had.
    pub(crate) remedy: &'a str,
}

/// Makes attempts until one gives something, for at most `patience`.
///
/// # Errors
/// Those of an attempt; or one line that says what was waited for in vain, and what to do.
pub(crate) fn wait_for<T>(
    awaited: &Awaited<'_>,
    patience: Duration,
    mut attempt: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let Awaited { what, remedy } = awaited;
    let started = Instant::now();
    let mut is_said = false;
    loop {
        if let Some(had) = attempt()? {
            return Ok(had);
        }
        let waited = started.elapsed();
        if waited >= patience {
            bail!("{what} was not free for {patience:?}: {remedy}");
        }
        if !is_said && waited >= MOMENT {
            tracing::warn!("waiting for {what}, for {patience:?} at most");
            is_said = true;
        }
        thread::sleep(PAUSE);
    }
}
