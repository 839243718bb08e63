//! Migrations: embedded in the program, run under a lock.

/// The migration of which the last steps are the program's: SQL does not know how texts and
/// identifiers are compared.
pub(crate) const MAKES_TEXTS_COMPARABLE: &str = "20261128000300";

/// What running the missing migrations came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrated {
    /// The names of those that ran, oldest first.
    pub names: Vec<String>,
    /// Sentences that an operator should read, on what they found in the data.
    pub notes: Vec<String>,
}

/// What can be done about a database's migrations.
pub(crate) trait Migrations: Send + Sync {
    /// Runs those that are missing.
    fn migrate(&self) -> anyhow::Result<Migrated>;

    /// The names of those that are missing.
    fn pending(&self) -> anyhow::Result<Vec<String>>;

    /// The versions of those that have run and that this program does not know.
    fn unknown(&self) -> anyhow::Result<Vec<String>>;

    /// Whether the database is the target of a transfer that has not ended.
    fn is_transfer_unfinished(&self) -> anyhow::Result<bool>;

    /// Takes back the newest.
    fn revert_last(&self) -> anyhow::Result<String>;
}

/// An identifier as it is stored: org, kind, text, customer.
pub(crate) type StoredIdentifier = (i64, i16, String, i64);

/// A stored identifier and the form that it is to have.
#[derive(serde::Serialize)]
pub(crate) struct NewForm {
    pub(crate) org: i64,
    pub(crate) kind: i16,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) customer: i64,
}
