//! The end of a database's use.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::migrations::Migrations;
use crate::pool::Connected;

/// How often to look whether the stores are still used.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Closes a database in order when it goes, which should be after everybody who uses the stores:
/// it waits for them until they have gone, but not longer than it was told.
///
/// All that was recorded in a file of SQLite is in that file then, and a copy of it alone has
/// everything, unless another program still reads it.
#[must_use = "the database is closed when this value goes"]
pub struct Closing {
    /// The store, of which everybody who uses it has a part. Whoever has the last one closes the
    /// connections when it goes: that is done here, and not in a thread that the end of the process
    /// would interrupt.
    pub(crate) store: Option<Arc<dyn Migrations>>,
    /// The file, if it is SQLite's.
    pub(crate) file: Option<PathBuf>,
    /// Whether connections are still open: one that was being opened when its pool went is closed later, and
    /// what is beside SQLite's file goes with the last.
    pub(crate) connected: Vec<Connected>,
    pub(crate) patience: Duration,
}

impl Closing {
    /// Whether anybody else uses the store.
    fn is_used(&self) -> bool {
        self.store
            .as_ref()
            .is_some_and(|store| Arc::strong_count(store) > 1)
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let begun = Instant::now();
        while self.is_used() && begun.elapsed() < self.patience {
            thread::sleep(LOOK_AGAIN);
        }
        drop(self.store.take());
        while self.file.is_some()
            && self.connected.iter().any(Connected::is_open)
            && begun.elapsed() < self.patience
        {
            thread::sleep(LOOK_AGAIN);
        }
        #[cfg(feature = "sqlite")]
        if let Some(file) = &self.file
            && let Err(error) = crate::sqlite::checkpoint(file)
        {
            // Nothing is lost: it is in the file beside.
            let error = format!("{error:#}");
            tracing::warn!(
                error,
                "the newest rows stay in the -wal: copy it with the file"
            );
        }
    }
}
