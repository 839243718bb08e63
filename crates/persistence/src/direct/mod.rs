//! A connection of a command, outside of the pool, that reads and writes rows of any table.
//!
//! What goes through the whole database (a transfer, a verification) knows no table in particular: it
//! reads [`Row`]s one after another, however many there are, and holds none of them longer than it
//! needs it.

mod row;

pub(crate) use row::{Row, Value};

use std::path::Path;

use anyhow::bail;

use crate::database::{DatabaseUrl, Options};
use crate::schema::Column;
use crate::transfer::tables::Table;

/// What is done with the rows of a query, one after another.
pub(crate) type Each<'a> = &'a mut dyn FnMut(Row) -> anyhow::Result<()>;

/// What is done in a transaction.
pub(crate) type Work<'a> = &'a mut dyn FnMut(&mut dyn DirectConnection) -> anyhow::Result<()>;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// All statements see one state, for as long as they take; others go on writing.
    Read,
    Write,
}

/// Such a connection. It waits as long as it takes: no statement has a time-out.
pub(crate) trait DirectConnection: Send {
    /// Runs `work` in a transaction, once.
    fn within(&mut self, purpose: Purpose, work: Work<'_>) -> anyhow::Result<()>;

    /// Runs statements without values.
    fn execute(&mut self, sql: &str) -> anyhow::Result<()>;

    /// Reads the rows of `sql`, in which each `?` stands for one of `values`.
    fn read(&mut self, sql: &str, values: &[Value], each: Each<'_>) -> anyhow::Result<()>;

    /// Writes rows of a table, which have its columns in their order.
    fn insert(&mut self, table: &Table, rows: &[Row]) -> anyhow::Result<()>;

    /// What the values of this column are ordered by: its bytes, where it is a text.
    fn ordered(&self, column: Column) -> String;

    /// Whether there is a table of this name.
    fn has_table(&mut self, name: &str) -> anyhow::Result<bool>;

    /// Whether a server is at work on the database, as far as the database knows.
    fn is_served(&mut self) -> anyhow::Result<bool>;

    /// The numbers that the database has given out, by table and column.
    fn sequences(&mut self) -> anyhow::Result<Vec<Sequence>>;

    /// Has the next number of such a column be greater than this one, and than all that are there.
    fn advance_sequence(&mut self, sequence: &Sequence) -> anyhow::Result<()>;

    /// Has the database look at what was written, where it plans by that.
    fn analyze(&mut self) -> anyhow::Result<()>;
}

/// A column whose numbers the database gives, and the last one that it gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) last: i64,
}

/// Opens such a connection to a database that is there.
///
/// # Errors
/// One line, without anything of the URL.
pub(crate) fn connect(
    url: &DatabaseUrl,
    options: &Options,
) -> anyhow::Result<Box<dyn DirectConnection>> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => Ok(Box::new(crate::sqlite::connect(path, options)?)),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => Ok(Box::new(crate::postgres::connect(url, options)?)),
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => {
            let _ = options;
            bail!(crate::database::NO_SUPPORT)
        }
    }
}

/// Whether there is a database at all: opening would make a file.
///
/// # Errors
/// It names a file that is not there.
pub(crate) fn check_is_there(url: &DatabaseUrl) -> anyhow::Result<()> {
    let is_missing = |path: &Path| !path.is_file();
    match url {
        DatabaseUrl::Sqlite(path) if is_missing(path) => bail!("it names a file that is not there"),
        _ => Ok(()),
    }
}

/// One number that `sql` gives.
pub(crate) fn number(
    connection: &mut dyn DirectConnection,
    sql: &str,
    values: &[Value],
) -> anyhow::Result<i64> {
    let mut found = 0;
    connection.read(sql, values, &mut |row| {
        found = row.number(0)?;
        Ok(())
    })?;
    Ok(found)
}

/// A name of a table or a column, in a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
