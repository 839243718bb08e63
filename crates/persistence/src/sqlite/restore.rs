//! A copy of SQLite's file in the place of an empty database.
//!
//! The copy is copied once more, into the directory of the database, is checked there, and then gets the
//! database's name: so the database is empty, or whole, whenever this ends.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use diesel::Connection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use tempfile::NamedTempFile;

use super::backup::{check, directory_of, name_it, sync, workplace};
use super::file::{all_beside, name, part_beside};
use super::shared::health;
use super::{Connection, DB, HAS_MIGRATIONS, HAS_TRANSFER, checkpoint};
use crate::database::Restored;
use crate::direct::quoted;
use crate::private::make_directory_of;
use crate::progress::Progress;
use crate::retry::WorkError;
use crate::statement::Statement;
use crate::transfer::UNFINISHED;

/// What the file of SQLite begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// What a dump of `pg_dump` begins with.
const DUMP: &[u8] = b"PGDMP";

/// How much is copied at a time.
const CHUNK: usize = 1024 * 1024;

/// The tables in which a database that is empty has rows.
const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' \
     AND name NOT LIKE 'sqlite%' AND name NOT IN ('__diesel_schema_migrations', 'leases')";

/// Puts what is in the file at `from` into the database at `to`.
///
/// # Errors
/// One line, without the path of `to`: what is wrong with which of them.
pub(crate) fn restore(from: &Path, to: &Path, progress: &dyn Progress) -> anyhow::Result<Restored> {
    check_source(from).with_context(|| from.display().to_string())?;
    make_directory_of(to).context("the directory of database.url cannot be made")?;
    let is_there = to.exists();
    if is_there {
        check_empty(to).context("database.url")?;
    }
    check_nothing_beside(to).context("database.url")?;
    let directory = directory_of(to);
    let unwritable = "the directory of database.url cannot be written";
    let workplace = workplace(directory, ".accolade-restore-").context(unwritable)?;
    let mut copy = NamedTempFile::new_in(&workplace).context(unwritable)?;
    copy_file(from, copy.as_file_mut(), progress)?;
    progress.begin("checking", None);
    let (rows, missing_migrations) =
        look_at(copy.path()).with_context(|| from.display().to_string())?;
    let bytes = if is_there {
        copy.as_file().sync_all().context(unwritable)?;
        copy.persist(to).context(unwritable)?.metadata()?.len()
    } else {
        name_it(copy, to).context(unwritable)?
    };
    sync(directory).context(unwritable)?;
    Ok(Restored {
        rows,
        bytes,
        missing_migrations,
    })
}

/// Whether the file is one that has all of a database.
fn check_source(from: &Path) -> anyhow::Result<()> {
    let mut beginning = Vec::new();
    let file = File::open(from).context("it cannot be read")?;
    file.take(MAGIC.len() as u64)
        .read_to_end(&mut beginning)
        .context("it cannot be read")?;
    if beginning.starts_with(DUMP) {
        bail!("it is a dump of PostgreSQL: `pg_restore --no-owner --dbname=URL FILE` restores it");
    }
    if beginning != MAGIC {
        bail!("it is no database of SQLite");
    }
    if let Some(beside) = part_beside(from) {
        bail!(
            "it is not all of a database, of which the rest is in {}: make the copy by \
             `accolade-server backup`",
            beside.display()
        );
    }
    Ok(())
}

/// Whether nothing is there that would become a part of the copy.
fn check_nothing_beside(to: &Path) -> anyhow::Result<()> {
    let Some(beside) = part_beside(to) else {
        return Ok(());
    };
    let name = beside.file_name().unwrap_or_default().display();
    bail!(
        "{name} is there without its file: it has what was recorded last in a database that was moved \
         away, and would damage this one; move it to where that file is"
    );
}

/// Whether nothing is in the database, and nobody uses it.
fn check_empty(to: &Path) -> anyhow::Result<()> {
    {
        let mut connection = Connection::establish(&name(to)?).context("it cannot be opened")?;
        let tables: Vec<String> = Statement::<DB, Text>::new(TABLES)
            .load(&mut connection)
            .context("it is no database")?;
        for table in tables {
            let is_any = format!("SELECT EXISTS (SELECT 1 FROM {}) AS is_any", quoted(&table));
            let found: Found = diesel::sql_query(is_any).get_result(&mut connection)?;
            if found.is_any != 0 {
                bail!(
                    "it is not empty ({table} has rows): move its file away first, with those \
                     beside it"
                );
            }
        }
    }
    checkpoint(to)?;
    if all_beside(to).iter().any(|beside| beside.exists()) {
        bail!("another program uses it");
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    is_any: i64,
}

fn copy_file(from: &Path, to: &mut File, progress: &dyn Progress) -> anyhow::Result<()> {
    let mut source = File::open(from)?;
    progress.begin("copying", Some(source.metadata()?.len()));
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = source
            .read(&mut chunk)
            .with_context(|| format!("{} cannot be read", from.display()))?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&chunk[..read])
            .context("the directory of database.url cannot be written")?;
        progress.advance(read as u64);
    }
}

/// Checks the copy; gives the number of its rows, and the names of the migrations that it lacks.
fn look_at(copy: &Path) -> anyhow::Result<(u64, Vec<String>)> {
    let rows = check(copy).context("it is damaged")?;
    let mut connection = Connection::establish(&name(copy)?)?;
    let connection = &mut connection;
    if !Statement::<DB, Bool>::new(HAS_MIGRATIONS).get_result::<bool>(connection)? {
        bail!("it is no database of Accolade");
    }
    if Statement::<DB, Bool>::new(HAS_TRANSFER).get_result::<bool>(connection)? {
        bail!("{UNFINISHED}");
    }
    let unknown = health::unknown(connection).map_err(WorkError::into_cause)?;
    if !unknown.is_empty() {
        bail!(
            "it was made by a newer release than this program, which does not know the migration {}: \
             use the program of that release",
            unknown.join(", ")
        );
    }
    let missing = health::missing(connection).map_err(WorkError::into_cause)?;
    Ok((rows, missing))
}
