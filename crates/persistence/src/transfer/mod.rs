//! A whole database, moved into an empty one: from SQLite to PostgreSQL, back, or to one of its kind.
//!
//! Each table is read in the order of its key, in one state of the source, and written in large
//! transactions, reading and writing at the same time. The target remembers which tables are done
//! ([`progress`]), and of the one that is not its last key says how far it is: so a transfer that was
//! ended anywhere goes on where it was. In the end both databases are read once more, and compared
//! ([`compare`]).

mod compare;
mod copying;
mod progress;
pub(crate) mod tables;

use accolade_application::ports::StoreError;
use anyhow::{Context as _, bail, ensure};

pub use compare::{Compared, Side};
pub use progress::UNFINISHED;

use crate::database::{Database, DatabaseUrl, Options, open};
use crate::direct::{DirectConnection, Purpose, check_is_there, connect, number, quoted};
use crate::progress::Progress;
use crate::transfer::progress::Recorded;
use crate::transfer::tables::TABLES;

/// Moves all of the database at `from` into the one at `to`, which must be empty, or the target of the same
/// transfer that has not ended; then compares both. No server may use either: whose file is SQLite's,
/// the caller has its lock.
///
/// The tables come with what they have on either side. They differ only if somebody wrote meanwhile, or
/// the target was changed between two attempts; then it stays unfinished, and no server serves it.
///
/// # Errors
/// One line, without anything of the URLs: what is wrong with which of them. The target is empty then,
/// or can be gone on with.
pub fn transfer(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    options: &Options,
    progress: &dyn Progress,
) -> anyhow::Result<Vec<Compared>> {
    ensure!(from != to, "the source and the target are one database");
    prepare_source(from, options).context("the source")?;
    prepare_target(to, options).context("the target")?;
    let mut source = connect(from, options).context("the source")?;
    let mut target = connect(to, options).context("the target")?;
    check_idle(&mut *source).context("the source")?;
    let recorded = Recorded::begin(&mut *source, &mut *target)?;
    source.within(Purpose::Read, &mut |source| {
        for table in TABLES {
            if !recorded.is_done(table.name) {
                copying::copy(source, &mut *target, table, progress)
                    .with_context(|| format!("the table {}", table.name))?;
            }
        }
        advance_sequences(source, &mut *target)
    })?;
    target.analyze().context("the target")?;
    let compared = compare::compare(&mut *source, &mut *target, progress)?;
    check_idle(&mut *source).context("the source")?;
    if compared.iter().all(Compared::is_equal) {
        progress::end(&mut *target).context("the target")?;
    }
    Ok(compared)
}

/// Sees to it that the source is one of this release, and that all it tells has its position.
fn prepare_source(url: &DatabaseUrl, options: &Options) -> anyhow::Result<()> {
    check_is_there(url)?;
    let database = open(url, options)?;
    check_current(&database)?;
    sequence(&database)?;
    Ok(())
}

/// Whether the database is one of this release, and whole.
///
/// # Errors
/// It is of another release, or the target of a transfer that has not ended.
pub(crate) fn check_current(database: &Database) -> anyhow::Result<()> {
    check_no_newer(database)?;
    let missing = database.pending_migrations()?;
    if !missing.is_empty() {
        bail!(
            "it lacks {}: run `accolade-server migrate` on it first",
            missing.join(", ")
        );
    }
    if database.is_transfer_unfinished()? {
        bail!("{UNFINISHED}");
    }
    Ok(())
}

/// Gives positions to all that was recorded.
fn sequence(database: &Database) -> Result<(), StoreError> {
    let events = &database.stores.events;
    while events.unsequenced()?.requests > 0 {
        events.sequence()?;
    }
    Ok(())
}

/// Makes the target's tables, once it is known that it may be the target: whatever else it is stays as it
/// is.
fn prepare_target(url: &DatabaseUrl, options: &Options) -> anyhow::Result<()> {
    let database = open(url, options)?;
    check_no_newer(&database)?;
    let mut connection = connect(url, options)?;
    check_idle(&mut *connection)?;
    check_target(&mut *connection)?;
    drop(connection);
    database.migrate().context("migrations")?;
    Ok(())
}

/// Whether this program knows all that the database has.
pub(crate) fn check_no_newer(database: &Database) -> anyhow::Result<()> {
    let unknown = database.unknown_migrations()?;
    if !unknown.is_empty() {
        bail!(
            "it is of a newer release than this program, which does not know the migration {}: use the \
             program of that release",
            unknown.join(", ")
        );
    }
    Ok(())
}

fn check_idle(connection: &mut dyn DirectConnection) -> anyhow::Result<()> {
    if connection.is_served()? {
        bail!(
            "a server works on it: stop all of its servers first; one that was killed counts for ten \
             seconds more"
        );
    }
    Ok(())
}

/// Whether nothing is in the target, but for what an earlier attempt has brought there.
fn check_target(target: &mut dyn DirectConnection) -> anyhow::Result<()> {
    if progress::is_unfinished(target)? {
        return Ok(());
    }
    let tables = TABLES.iter().map(|table| table.name).chain(["outbox"]);
    for table in tables {
        if !target.has_table(table)? {
            continue;
        }
        let is_any = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) AS l",
            quoted(table)
        );
        if number(target, &is_any, &[])? > 0 {
            bail!("it is not empty ({table} has rows): a transfer needs a database of its own");
        }
    }
    Ok(())
}

/// Has the target give numbers behind those that the source has given.
fn advance_sequences(
    source: &mut dyn DirectConnection,
    target: &mut dyn DirectConnection,
) -> anyhow::Result<()> {
    let given = source.sequences()?;
    target.within(Purpose::Write, &mut |target| {
        for mut sequence in target.sequences()? {
            let is_it = |it: &&crate::direct::Sequence| {
                (&it.table, &it.column) == (&sequence.table, &sequence.column)
            };
            sequence.last = given.iter().find(is_it).map_or(0, |it| it.last);
            target.advance_sequence(&sequence)?;
        }
        Ok(())
    })
}
