//! The file of SQLite and those beside it: who may read them, and what is in which.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::{Connection, DB};
use crate::private::{make_directory_of, make_for_owner, take_from_others};
use crate::statement::Statement;

/// What SQLite keeps beside a file while it is open: rows that are not in it yet, and where.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// The name of the file at `path` for SQLite, which reads some names otherwise: `:memory:`, or one
/// that begins with `file:`.
///
/// # Errors
/// It is not UTF-8.
pub(super) fn name(path: &Path) -> anyhow::Result<String> {
    let name = path
        .to_str()
        .ok_or_else(|| anyhow!("its path is not UTF-8"))?;
    Ok(if path.is_absolute() {
        name.to_owned()
    } else {
        format!("./{name}")
    })
}

/// Sees to it that the file at `path` is there, in a directory, and that its owner alone reads it
/// and what is beside it.
///
/// # Errors
/// One line: a directory or file that cannot be made.
pub(super) fn prepare(path: &Path) -> anyhow::Result<()> {
    make_directory_of(path)
        .map_err(|error| anyhow!("the directory of the file cannot be made: {error}"))?;
    make_for_owner(path).map_err(|error| anyhow!("the file cannot be made: {error}"))?;
    for path in std::iter::once(path.to_owned()).chain(all_beside(path)) {
        match take_from_others(&path) {
            Ok(false) => {}
            Ok(true) => tracing::warn!(
                "others than its owner could use a file of the database: now its owner alone can"
            ),
            Err(error) => tracing::warn!(
                %error,
                "others than its owner can use a file of the database: give it to the user that \
                 the server runs as, with mode 0600"
            ),
        }
    }
    Ok(())
}

/// What SQLite keeps beside the file at `path`.
pub(super) fn all_beside(path: &Path) -> [PathBuf; 2] {
    BESIDE.map(|suffix| beside(path, suffix))
}

/// What is beside the place of a file, with something in it, that SQLite would bring into any file that
/// is there: rows that are to be added, or to be taken back. So it is a part of one file alone.
pub(super) fn part_beside(path: &Path) -> Option<PathBuf> {
    let parts = ["-wal", "-journal"].map(|suffix| beside(path, suffix));
    let has_rows = |it: &PathBuf| it.metadata().is_ok_and(|file| file.len() > 0);
    parts.into_iter().find(has_rows)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Brings all that was recorded into the file at `path`, and closes it.
///
/// # Errors
/// One line: others use it, or it cannot be written.
pub(crate) fn checkpoint(path: &Path) -> anyhow::Result<()> {
    // Opening would make it.
    if !path.is_file() {
        bail!("the file has gone");
    }
    let mut connection = Connection::establish(&name(path)?)?;
    // Not for long: meanwhile others, such as a server beside this command, cannot write.
    connection.batch_execute("PRAGMA busy_timeout = 500")?;
    let (busy, _, _): (i32, i32, i32) =
        Statement::<DB, (Integer, Integer, Integer)>::new("PRAGMA wal_checkpoint(TRUNCATE)")
            .get_result(&mut connection)?;
    if busy != 0 {
        bail!("another program uses the file");
    }
    Ok(())
}
