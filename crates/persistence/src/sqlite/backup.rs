//! A copy of SQLite's file while others write it.
//!
//! SQLite itself makes the copy, of one moment, in one transaction that reads: whoever writes goes on,
//! and the copy ends however much they write. It is checked before it gets its name, so that what has
//! the name is whole.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use tempfile::{NamedTempFile, TempDir};

use super::file::name;
use super::{Connection, DB};
use crate::database::{Backup, Options};
use crate::statement::Statement;

const COPY: &str = "VACUUM INTO ?";

/// Everything that would be missing or wrong, on one line each: `ok` if nothing is.
const CHECK: &str = "PRAGMA integrity_check(1)";

const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";

/// Copies the file at `from` to `to`, which must not be there.
///
/// # Errors
/// One line, without the path of `from`. Then there is nothing at `to`, or what was there before.
pub(crate) fn backup(from: &Path, to: &Path) -> anyhow::Result<Backup> {
    if to.symlink_metadata().is_ok() {
        bail!("{} is there already", to.display());
    }
    // Opening would make it.
    if !from.is_file() {
        bail!("database.url names a file that is not there: there is nothing to copy");
    }
    let directory = match to.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    // The copy is for its owner alone. It is made in a directory of its own, which goes with this
    // value and takes along what SQLite leaves beside a copy that it cannot end.
    let workplace = workplace(directory)
        .with_context(|| format!("{} cannot be written", directory.display()))?;
    let copy = NamedTempFile::new_in(&workplace)
        .with_context(|| format!("{} cannot be written", directory.display()))?;
    write(from, copy.path())?;
    let rows = check(copy.path())?;
    let bytes = store(copy, to).with_context(|| format!("{} cannot be written", to.display()))?;
    sync(directory).with_context(|| format!("{} cannot be written", directory.display()))?;
    Ok(Backup { rows, bytes })
}

/// A directory in `directory`, for its owner alone, that is removed with all that is in it.
fn workplace(directory: &Path) -> std::io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(".accolade-backup-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(directory)
}

fn write(from: &Path, to: &Path) -> anyhow::Result<()> {
    let failed = |problem: String| anyhow!("the database cannot be copied: {problem}");
    let mut connection =
        Connection::establish(&name(from)?).map_err(|error| failed(error.to_string()))?;
    let patience = Options::default().lock_timeout.as_millis();
    connection.batch_execute(&format!("PRAGMA busy_timeout = {patience}"))?;
    Statement::<DB>::new(COPY)
        .bind::<Text, _>(name(to)?)
        .execute(&mut connection)
        .map_err(|error| failed(error.to_string()))?;
    Ok(())
}

/// Reads the whole copy; gives the number of rows in it.
fn check(copy: &Path) -> anyhow::Result<u64> {
    let mut connection = Connection::establish(&name(copy)?)?;
    let found: String = Statement::<DB, Text>::new(CHECK).get_result(&mut connection)?;
    if found != "ok" {
        bail!("the copy is damaged, and so most likely the database: {found}");
    }
    let tables: Vec<String> = Statement::<DB, Text>::new(TABLES).load(&mut connection)?;
    let mut rows = 0;
    for table in tables {
        let count = format!("SELECT count(*) AS rows FROM \"{table}\"");
        let counted: Counted = diesel::sql_query(count).get_result(&mut connection)?;
        rows += u64::try_from(counted.rows)?;
    }
    Ok(rows)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// Gives the copy its name once the disk has it; gives its size in bytes.
fn store(copy: NamedTempFile, name: &Path) -> anyhow::Result<u64> {
    copy.as_file().sync_all()?;
    let copy = copy.persist_noclobber(name)?;
    Ok(copy.metadata()?.len())
}

/// Has the disk keep the names in a directory.
fn sync(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}
