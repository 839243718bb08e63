//! A copy of SQLite's file while others write it.
//!
//! SQLite itself makes the copy, of one moment, in one transaction that reads: whoever writes goes on,
//! and the copy ends however much they write. It is checked before it gets its name, so that what has
//! the name is whole.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use tempfile::{NamedTempFile, TempDir};

use super::file::{name, part_beside};
use super::{Connection, DB};
use crate::database::{Backup, Options};
use crate::progress::Progress;
use crate::statement::Statement;

/// How often to look how long the copy is.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const COPY: &str = "VACUUM INTO ?";

/// Everything that would be missing or wrong, on one line each: `ok` if nothing is.
const CHECK: &str = "PRAGMA integrity_check(1)";

const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";

/// Copies the file at `from` to `to`, which must not be there.
///
/// # Errors
/// One line, without the path of `from`. Then there is nothing at `to`, or what was there before.
pub(crate) fn backup(from: &Path, to: &Path, progress: &dyn Progress) -> anyhow::Result<Backup> {
    if to.symlink_metadata().is_ok() {
        bail!("{} is there already", to.display());
    }
    if let Some(beside) = part_beside(to) {
        bail!(
            "{} is there, of another file, and would damage the copy: give the copy another name",
            beside.display()
        );
    }
    // Opening would make it.
    if !from.is_file() {
        bail!("database.url names a file that is not there: there is nothing to copy");
    }
    let directory = directory_of(to);
    // The copy is for its owner alone. It is made in a directory of its own, which goes with this
    // value and takes along what SQLite leaves beside a copy that it cannot end.
    let workplace = workplace(directory, ".accolade-backup-")
        .with_context(|| format!("{} cannot be written", directory.display()))?;
    let copy = NamedTempFile::new_in(&workplace)
        .with_context(|| format!("{} cannot be written", directory.display()))?;
    progress.begin("copying", Some(from.metadata()?.len()));
    watched(copy.path(), progress, || write(from, copy.path()))?;
    progress.begin("checking", None);
    let rows =
        check(copy.path()).context("the copy is damaged, and so most likely the database")?;
    let bytes = name_it(copy, to).with_context(|| format!("{} cannot be written", to.display()))?;
    sync(directory).with_context(|| format!("{} cannot be written", directory.display()))?;
    Ok(Backup { rows, bytes })
}

/// The directory in which a file is, or is to be.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

/// A directory in `directory`, for its owner alone, that is removed with all that is in it.
pub(super) fn workplace(directory: &Path, prefix: &str) -> std::io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(prefix)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(directory)
}

/// Does `work`, which makes the file at `path` longer, while that is watched.
fn watched<T: Send>(path: &Path, progress: &dyn Progress, work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let (done, is_done) = channel::<()>();
        let working = scope.spawn(move || {
            // Goes with this thread, however that ends.
            let _done = done;
            work()
        });
        let mut seen = 0;
        while is_done.recv_timeout(LOOK_AGAIN) == Err(RecvTimeoutError::Timeout) {
            let size = path.metadata().map_or(seen, |file| file.len());
            progress.advance(size.saturating_sub(seen));
            seen = size.max(seen);
        }
        working
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
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

/// Reads the whole file; gives the number of rows in it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(copy: &Path) -> anyhow::Result<u64> {
    let mut connection = Connection::establish(&name(copy)?)?;
    let found: String = Statement::<DB, Text>::new(CHECK).get_result(&mut connection)?;
    if found != "ok" {
        bail!("{found}");
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
pub(super) fn name_it(copy: NamedTempFile, name: &Path) -> anyhow::Result<u64> {
    copy.as_file().sync_all()?;
    let copy = copy.persist_noclobber(name)?;
    Ok(copy.metadata()?.len())
}

/// Has the disk keep the names in a directory.
pub(super) fn sync(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}
