//! Connections to the file of SQLite, and how each is made ready.

use std::path::Path;

use anyhow::{anyhow, bail};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::file::{name, prepare};
use super::{Connection, DB};
use crate::database::{Options, Synchronous};
use crate::retry::Transactions;
use crate::statement::Statement;
use crate::store::{Store, one_line, pool};

/// Opens the file at `path`; makes it and its directory if they are missing, for their owner alone.
///
/// # Errors
/// One line, without the path: a directory that cannot be made, a file that cannot be written or is not a
/// database.
pub(crate) fn open(path: &Path, options: &Options) -> anyhow::Result<Store<Connection>> {
    let file = name(path)?;
    prepare(path)?;
    let settings = settings(options);
    first(&file, &settings).map_err(|error| unusable(&error))?;
    let connections = |size, more: &'static str| {
        let settings = settings.clone();
        pool::<Connection>(&file, size, options, move |connection| {
            each(connection, &settings)?;
            connection.batch_execute(more)
        })
    };
    let writer = connections(1, "");
    let readers = connections(options.pool_size, "PRAGMA query_only = ON");
    Ok(Store {
        many: usize::MAX,
        pools: vec![writer.clone(), readers.clone()],
        writer: Transactions {
            connections: writer,
            begin: "BEGIN IMMEDIATE",
            patience: options.lock_timeout,
        },
        reader: Transactions {
            connections: readers,
            begin: "BEGIN",
            patience: options.lock_timeout,
        },
        for_migrations: Box::new(move || first(&file, &settings).map_err(|error| unusable(&error))),
    })
}

fn unusable(error: &anyhow::Error) -> anyhow::Error {
    anyhow!("the file cannot be used: {}", one_line(error))
}

/// A connection that makes sure of what the file remembers, and that it can be written.
fn first(file: &str, settings: &[String]) -> anyhow::Result<Connection> {
    let mut connection = Connection::establish(file)?;
    each(&mut connection, settings)?;
    let mode: String =
        Statement::<DB, Text>::new("PRAGMA journal_mode = WAL").get_result(&mut connection)?;
    if mode != "wal" {
        bail!("it does not support write-ahead logging (it stays at {mode})");
    }
    // Waits like any other that writes. On what is read-only to begin alone succeeds.
    connection.batch_execute("BEGIN IMMEDIATE; PRAGMA user_version = 0; ROLLBACK")?;
    Ok(connection)
}

fn settings(options: &Options) -> Vec<String> {
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    // Waiting first: the others may have to.
    vec![
        format!("PRAGMA busy_timeout = {}", options.lock_timeout.as_millis()),
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

fn each(connection: &mut Connection, settings: &[String]) -> QueryResult<()> {
    settings
        .iter()
        .try_for_each(|setting| connection.batch_execute(setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("accolade.db");
        let file = file.to_str().unwrap();
        // Stays open: without it nothing could be read either.
        let _writer = first(file, &[]).unwrap();
        let error = first(&format!("file:{file}?mode=ro"), &[]).err().unwrap();
        assert_eq!(error.to_string(), "attempt to write a readonly database");
    }
}
