//! A copy of SQLite's file in the place of an empty database.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use accolade_persistence::{DatabaseUrl, Restored, Unwatched, backup, restore};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use tempfile::TempDir;

use crate::support::Sqlite;
use crate::support::filled::filled;
use crate::support::scene::Scene;

/// A copy of a database with a hundred enrolments.
fn copy() -> (TempDir, PathBuf) {
    let database = Sqlite::fresh();
    drop(filled(database.open(), 100));
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    backup(&database.url(), &copy, &Unwatched).unwrap();
    (directory, copy)
}

fn restored(copy: &Path, to: &Path) -> anyhow::Result<Restored> {
    restore(copy, &DatabaseUrl::Sqlite(to.to_owned()), &Unwatched)
}

fn refused(copy: &Path, to: &Path) -> String {
    format!("{:#}", restored(copy, to).unwrap_err())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    value: i64,
}

fn execute(path: &Path, sql: &str) {
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute(sql).unwrap();
}

fn enrolments(path: &Path) -> i64 {
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let count = "SELECT count(*) AS value FROM enrolments";
    let number: Number = diesel::sql_query(count)
        .get_result(&mut connection)
        .unwrap();
    number.value
}

#[test]
fn a_copy_becomes_a_database_that_was_not_there_or_was_empty() {
    let (_directory, copy) = copy();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("var/accolade.db");
    let restored = restored(&copy, &path).unwrap();
    assert!(restored.rows > 100 && restored.missing_migrations.is_empty());
    assert_eq!(restored.bytes, fs::metadata(&path).unwrap().len());
    assert_eq!(enrolments(&path), 100);
    assert_eq!(names(path.parent().unwrap()), ["accolade.db"]);

    let migrated = Sqlite::fresh();
    self::restored(&copy, &migrated.path()).unwrap();
    assert_eq!(enrolments(&migrated.path()), 100);
}

#[test]
fn a_database_that_has_anything_or_is_in_use_stays_as_it_is() {
    let (_directory, copy) = copy();
    let database = Sqlite::fresh();
    drop(filled(database.open(), 7));
    let line = refused(&copy, &database.path());
    assert!(line.contains("it is not empty"), "{line}");
    assert_eq!(enrolments(&database.path()), 7);

    let empty = Sqlite::fresh();
    let used = empty.open();
    used.pending_migrations().unwrap();
    let line = refused(&copy, &empty.path());
    assert!(line.contains("another program uses"), "{line}");
    drop(used);
    // A thread of the pool may still be opening a connection, which it closes at once.
    let begun = Instant::now();
    while restored(&copy, &empty.path()).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it stays in use");
        thread::yield_now();
    }

    let postgres = DatabaseUrl::Postgres("postgres://u:secret@h/db".to_owned());
    let line = restore(&copy, &postgres, &Unwatched)
        .unwrap_err()
        .to_string();
    for part in ["pg_restore", "accolade-server transfer"] {
        assert!(line.contains(part) && !line.contains("secret"), "{line}");
    }
}

#[test]
fn what_another_database_left_beside_the_place_becomes_no_part_of_a_copy() {
    let (directory, copy) = copy();
    // Its process was killed: what it recorded last is not in the file, which somebody moves away.
    let killed = Sqlite::fresh();
    let database = killed.open();
    drop(Scene::set(database));
    let target = tempfile::tempdir().unwrap();
    let path = target.path().join("accolade.db");
    let wal = target.path().join("accolade.db-wal");
    let mut connection = SqliteConnection::establish(killed.path().to_str().unwrap()).unwrap();
    connection
        .batch_execute("PRAGMA wal_autocheckpoint = 0; DELETE FROM expiries; CREATE TABLE t (n)")
        .unwrap();
    let beside = format!("{}-wal", killed.path().display());
    assert!(fs::copy(beside, &wal).unwrap() > 0);
    let line = refused(&copy, &path);
    assert!(
        line.contains("database.url: accolade.db-wal is there without its file"),
        "{line}"
    );
    assert_eq!(names(target.path()), ["accolade.db-wal"]);
    let line = backup(&killed.url(), &path, &Unwatched)
        .unwrap_err()
        .to_string();
    assert!(line.contains("accolade.db-wal is there"), "{line}");

    fs::rename(&wal, target.path().join("accolade.db-journal")).unwrap();
    let line = refused(&copy, &path);
    assert!(line.contains("accolade.db-journal"), "{line}");

    // With nothing in it, it is nothing.
    fs::remove_file(target.path().join("accolade.db-journal")).unwrap();
    fs::write(&wal, "").unwrap();
    restored(&copy, &path).unwrap();
    assert_eq!(enrolments(&path), 100);
    drop(directory);
}

#[test]
fn what_is_no_copy_or_a_damaged_one_leaves_nothing() {
    let (directory, copy) = copy();
    let target = tempfile::tempdir().unwrap();
    let path = target.path().join("accolade.db");
    let file = directory.path().join("other");
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(&copy).unwrap();
        change(&mut bytes);
        fs::write(&file, bytes).unwrap();
        refused(&file, &path)
    };
    let line = damaged(&|bytes| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8_192].fill(0x55);
    });
    assert!(line.contains("it is damaged"), "{line}");
    let line = damaged(&|bytes| bytes.truncate(bytes.len() / 2));
    assert!(line.contains("it is damaged"), "{line}");
    assert!(damaged(&|bytes| bytes.clear()).contains("no database of SQLite"));
    let line = damaged(&|bytes| bytes.splice(0..5, *b"PGDMP").for_each(drop));
    assert!(line.contains("pg_restore"), "{line}");

    fs::remove_file(&file).unwrap();
    execute(&file, "CREATE TABLE t (n)");
    assert!(refused(&file, &path).contains("no database of Accolade"));
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
    fs::copy(&copy, &file).unwrap();
    execute(&file, newer);
    let line = refused(&file, &path);
    assert!(line.contains("made by a newer release"), "{line}");

    fs::copy(&copy, &file).unwrap();
    fs::write(directory.path().join("other-wal"), "rows").unwrap();
    let line = refused(&file, &path);
    assert!(line.contains("`accolade-server backup`"), "{line}");
    assert_eq!(names(target.path()), Vec::<String>::new());
}

#[test]
fn a_copy_of_an_earlier_release_says_what_it_lacks() {
    let database = Sqlite::fresh();
    let reverted = database.open().revert_last_migration().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    backup(&database.url(), &copy, &Unwatched).unwrap();
    let path = directory.path().join("accolade.db");
    let restored = restored(&copy, &path).unwrap();
    let [missing] = restored.missing_migrations.as_slice() else {
        panic!("{restored:?}");
    };
    assert!(missing.starts_with(&reverted), "{missing}");
}
