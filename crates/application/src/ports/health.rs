//! Whether the store can work, and how busy it is.

use crate::ports::StoreError;

/// Why the store cannot work.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// Migrations are missing: their number.
    #[error("{0} migrations are missing")]
    MigrationsMissing(usize),
    /// It answers and takes no writes: a standby, or read-only.
    #[error("the database takes no writes: it is read-only, or a standby")]
    ReadOnly,
    /// The store's file is not the one that was opened: what happened, and what to do.
    #[error("{0}")]
    FileChanged(String),
    /// The store does not answer, or cannot write.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many connections there are and how many of them work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolUsage {
    /// Open connections.
    pub open: u32,
    /// Those that nobody uses.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
}

/// Whether the store can work.
pub trait Health: Send + Sync {
    /// Asks the database for an answer, for its migrations, and whether it takes writes. Writes nothing,
    /// unless the last write was in vain: then it tries to, and leaves no row.
    ///
    /// # Errors
    /// Why it cannot work.
    fn check(&self) -> Result<(), NotReady>;

    /// How busy it is; never waits.
    fn pool_usage(&self) -> PoolUsage;
}
