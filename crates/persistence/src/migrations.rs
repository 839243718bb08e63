//! Migrations: embedded in the program, run under a lock.

/// What can be done about a database's migrations.
pub(crate) trait Migrations: Send + Sync {
    /// Runs those that are missing; gives their names.
    fn migrate(&self) -> anyhow::Result<Vec<String>>;

    /// The names of those that are missing.
    fn pending(&self) -> anyhow::Result<Vec<String>>;

    /// Takes back the newest.
    fn revert_last(&self) -> anyhow::Result<String>;
}
