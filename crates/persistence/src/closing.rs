//! The end of a database's use.

use std::path::PathBuf;
use std::sync::Weak;
use std::thread;
use std::time::{Duration, Instant};

use crate::migrations::Migrations;

/// How often to look whether the stores are still used.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Closes a database in order when it goes, which should be after everybody who uses the stores:
/// it waits for them until they have gone, but not longer than it was told.
///
/// All that was recorded in a file of SQLite is in that file then, and a copy of it alone has
/// everything, unless another program still reads it.
#[must_use = "the database is closed when this value goes"]
pub struct Closing {
    pub(crate) users: Weak<dyn Migrations>,
    /// The file, if it is SQLite's.
    pub(crate) file: Option<PathBuf>,
    pub(crate) patience: Duration,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let begun = Instant::now();
        while self.users.strong_count() > 0 && begun.elapsed() < self.patience {
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
