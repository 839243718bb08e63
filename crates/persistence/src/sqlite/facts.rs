//! What SQLite says of itself.

use std::path::Path;

use diesel::Connection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::file::name;
use super::open::existing;
use super::{Connection, DB};
use crate::facts::Facts;
use crate::statement::Statement;

/// Asks the file at `path`.
///
/// # Errors
/// It is not there, or no database.
pub(crate) fn facts(path: &Path) -> anyhow::Result<Facts> {
    let mut connection = Connection::establish(&existing(&name(path)?))?;
    let mut text = |statement: &'static str| -> QueryResult<String> {
        Statement::<DB, Text>::new(statement).get_result(&mut connection)
    };
    Ok(Facts {
        version: format!("SQLite {}", text("SELECT sqlite_version()")?),
        encoding: text("PRAGMA encoding")?,
        collation: "BINARY".to_owned(),
        is_collation_stale: false,
        // It is each connection's own, and the server sets it.
        loses: None,
        server: None,
    })
}
