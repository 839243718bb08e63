//! Connections to the file of SQLite, and how each is made ready.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accolade_application::gate::{Gate, Slots};
use anyhow::{anyhow, bail};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::file::{all_beside, name, prepare};
use super::{Connection, DB, is_locked};
use crate::database::{Options, Synchronous};
use crate::metrics::{Metrics, Use};
use crate::opened_file::OpenedFile;
use crate::pool::Connections;
use crate::retry::Transactions;
use crate::sealing::Sealing;
use crate::statement::Statement;
use crate::store::{Store, one_line};
use crate::waiting::{Awaited, wait_for};

/// How long SQLite itself waits, where whoever waits is told of it.
const SHORT_WAIT: Duration = Duration::from_millis(100);

/// What SQLite says of a file that may not be written.
const NOT_WRITABLE: &str = "attempt to write a readonly database";

/// Where those wait who want the connection that writes. Each of them has a thread, of which there are few.
const WRITER: Slots = Slots {
    all: 1,
    large: 1,
    waiting: usize::MAX,
};

/// What a connection that reads has besides. What it remembers of the file it forgets as soon as anybody has
/// written, so 2 MiB are as good as 16, of which there would be as many as connections.
const READING: &str = "PRAGMA query_only = ON; PRAGMA cache_size = -2048";

/// Opens the file at `path`; makes it and its directory if they are missing, for their owner alone.
///
/// # Errors
/// One line, without the path: a directory that cannot be made, a file that cannot be written or is not a
/// database.
pub(crate) fn open(path: &Path, options: &Options) -> anyhow::Result<Store<Connection>> {
    let file = name(path)?;
    prepare(path)?;
    let settings = settings(options);
    let first = first_in_turn(&file, &settings, options.lock_timeout)?;
    let opened = OpenedFile::at(path, all_beside(path), Mutex::new(first))?;
    let opened = Arc::new(opened);
    // Who reads asks for the file alone: nothing is lost by a look at what was removed beside it.
    let alone = Arc::new(OpenedFile::at(path, [], ())?);
    let connections = |size, asked: &Arc<OpenedFile>, more: &'static str| {
        let settings = settings.clone();
        let wait = waiting(options.lock_timeout);
        Connections::new(
            &existing(&file),
            size,
            options,
            Some(Arc::clone(asked)),
            move |connection: &mut Connection| {
                connection.batch_execute(&wait)?;
                each(connection, &settings)?;
                connection.batch_execute(more)
            },
        )
    };
    let writer = connections(1, &opened, "");
    let readers = connections(options.pool_size, &alone, READING);
    let patience = options.lock_timeout;
    let metrics = Metrics::new(Some(path))?;
    let (of_writing, of_reading) = (metrics.of(Use::Write), metrics.of(Use::Read));
    Ok(Store {
        many: usize::MAX,
        pools: vec![writer.clone(), readers.clone()],
        writer: Transactions::new(writer, "BEGIN IMMEDIATE", patience, of_writing)
            .in_turns(Gate::new(WRITER), options.pool_timeout),
        reader: Transactions::new(readers, "BEGIN", patience, of_reading),
        for_migrations: Arc::new(move || first_in_turn(&file, &settings, patience)),
        migration_patience: options.migration_patience,
        sealing: Sealing::new(options.secrets_key.as_ref()),
        metrics,
        remembered: Arc::default(),
        file: Some(opened),
    })
}

/// The name of a file that is there: SQLite would make one where there is none.
pub(super) fn existing(file: &str) -> String {
    let mut name = String::from("file:");
    for c in file.chars() {
        match c {
            '%' => name.push_str("%25"),
            '?' => name.push_str("%3F"),
            '#' => name.push_str("%23"),
            // Behind two of them it would be the name of a machine.
            '/' if name.ends_with(":/") => {}
            c => name.push(c),
        }
    }
    name + "?mode=rw"
}

/// The first connection, for which no other process keeps the file to itself.
fn first_in_turn(
    file: &str,
    settings: &[String],
    patience: Duration,
) -> anyhow::Result<Connection> {
    let awaited = Awaited {
        what: "the database's file",
        remedy: "another process writes it all the time; end it, or try again",
    };
    wait_for(&awaited, patience, || match first(file, settings) {
        Ok(connection) => Ok(Some(connection)),
        Err(error) if error.downcast_ref().is_some_and(is_locked) => Ok(None),
        Err(error) => Err(unusable(&error)),
    })
}

fn unusable(error: &anyhow::Error) -> anyhow::Error {
    let said = one_line(error);
    let remedy = if said == NOT_WRITABLE {
        ": let the user that the server runs as write the file and its directory"
    } else {
        ""
    };
    anyhow!("the file cannot be used: {said}{remedy}")
}

/// A connection that makes sure of what the file remembers, and that it can be written.
fn first(file: &str, settings: &[String]) -> anyhow::Result<Connection> {
    let mut connection = Connection::establish(file)?;
    connection.batch_execute(&waiting(SHORT_WAIT))?;
    each(&mut connection, settings)?;
    let mode: String =
        Statement::<DB, Text>::new("PRAGMA journal_mode = WAL").get_result(&mut connection)?;
    if mode != "wal" {
        bail!("it does not support write-ahead logging (it stays at {mode})");
    }
    // On what is read-only to begin alone succeeds.
    connection.batch_execute("BEGIN IMMEDIATE; PRAGMA user_version = 0; ROLLBACK")?;
    Ok(connection)
}

fn settings(options: &Options) -> Vec<String> {
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    vec![
        format!("PRAGMA synchronous = {synchronous}"),
        "PRAGMA foreign_keys = ON".to_owned(),
        "PRAGMA trusted_schema = OFF".to_owned(),
        "PRAGMA temp_store = MEMORY".to_owned(),
        "PRAGMA cache_size = -16384".to_owned(),
        // A writer that makes a checkpoint keeps the others waiting: a quarter as long, four times as
        // often.
        "PRAGMA wal_autocheckpoint = 250".to_owned(),
        // What one long request, or a reader who kept a checkpoint from ending, made of the `-wal` is
        // given back with the next round.
        "PRAGMA journal_size_limit = 8388608".to_owned(),
    ]
}

/// Comes first: the other settings may have to wait.
fn waiting(patience: Duration) -> String {
    format!("PRAGMA busy_timeout = {}", patience.as_millis())
}

fn each(connection: &mut Connection, settings: &[String]) -> QueryResult<()> {
    settings
        .iter()
        .try_for_each(|setting| connection.batch_execute(setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_not_made_whatever_its_name() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.db", "100%?#.db", "%41.db"] {
            let path = directory.path().join(name);
            let file = existing(path.to_str().unwrap());
            Connection::establish(&file).err().unwrap();
            assert!(!path.exists());
            first(path.to_str().unwrap(), &[]).unwrap();
            Connection::establish(&file).unwrap();
        }
        assert_eq!(existing("//var/a.db"), "file:/var/a.db?mode=rw");
        assert_eq!(existing("var/a.db"), "file:var/a.db?mode=rw");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("accolade.db");
        let file = file.to_str().unwrap();
        // Stays open: without it nothing could be read either.
        let _writer = first(file, &[]).unwrap();
        let error = first(&format!("file:{file}?mode=ro"), &[]).err().unwrap();
        assert_eq!(error.to_string(), NOT_WRITABLE);
    }
}
