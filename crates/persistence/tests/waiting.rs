//! What waits for others, and for how long.

use std::thread;
use std::time::Duration;

use accolade_application::ports::StoreError;
use accolade_persistence::{DatabaseUrl, Migrated, Options, open};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::support;
use crate::support::scene::{Scene, enrolled};
use crate::support::{Postgres, Sqlite};

/// Short waits, of which `lock` may be the longest.
fn impatient(url: &DatabaseUrl, lock: Duration) -> Scene {
    let options = Options {
        pool_size: 1,
        pool_timeout: Duration::from_millis(300),
        lock_timeout: lock,
        ..support::options()
    };
    let database = open(url, &options).unwrap();
    while database.stores.health.check().is_err() {}
    Scene::set(database)
}

fn assert_unavailable<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(
        matches!(result, Err(StoreError::Unavailable(_))),
        "{result:?}"
    );
}

/// What another process has open on SQLite, writing.
fn writing(database: &Sqlite) -> SqliteConnection {
    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    other
}

/// What another process has open on PostgreSQL, holding all that is recorded for any badge.
fn holding(database: &Postgres) -> PgConnection {
    let mut other = PgConnection::establish(database.database.url()).unwrap();
    other
        .batch_execute("BEGIN; LOCK TABLE request_ledger IN EXCLUSIVE MODE")
        .unwrap();
    other
}

#[test]
fn a_writer_that_another_process_keeps_from_writing_is_unavailable_on_sqlite() {
    let database = Sqlite::fresh();
    let scene = impatient(&database.url(), Duration::from_millis(100));
    let request = scene.request(1);
    let mut other = writing(&database);
    assert_unavailable(&scene.enrol(request.clone()));
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(enrolled(&scene.enrol(request).unwrap().unwrap()), 1);
}

#[test]
fn a_lock_that_is_not_had_in_time_is_unavailable_on_postgresql() {
    let database = Postgres::fresh();
    let scene = impatient(&database.url(), Duration::from_millis(100));
    let request = scene.request(1);
    let mut other = holding(&database);
    assert_unavailable(&scene.enrol(request.clone()));
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(enrolled(&scene.enrol(request).unwrap().unwrap()), 1);
}

#[test]
fn who_finds_no_connection_in_time_is_unavailable_and_who_has_one_goes_on_on_postgresql() {
    let database = Postgres::fresh();
    let scene = impatient(&database.url(), Duration::from_mins(1));
    let request = scene.request(1);
    let mut other = holding(&database);
    thread::scope(|scope| {
        let first = scope.spawn(|| scene.enrol(request.clone()));
        while scene.database.stores.health.pool_usage().idle > 0 {
            thread::yield_now();
        }
        assert_unavailable(
            &scene
                .database
                .stores
                .badges
                .find(scene.badge.org, scene.badge.id),
        );
        other.batch_execute("ROLLBACK").unwrap();
        let outcomes = first.join().unwrap().unwrap().unwrap();
        assert_eq!(enrolled(&outcomes), 1);
    });
}

#[test]
fn who_waits_for_the_writer_too_long_is_unavailable_while_readers_go_on_on_sqlite() {
    let database = Sqlite::fresh();
    let scene = impatient(&database.url(), Duration::from_mins(1));
    let (request, second) = (scene.request(1), scene.request(1));
    let mut other = writing(&database);
    thread::scope(|scope| {
        let first = scope.spawn(|| scene.enrol(request));
        while scene.database.stores.health.pool_usage().idle > 1 {
            thread::yield_now();
        }
        assert_unavailable(&scene.enrol(second));
        assert_eq!(scene.issued(), 0);
        other.batch_execute("ROLLBACK").unwrap();
        let outcomes = first.join().unwrap().unwrap().unwrap();
        assert_eq!(enrolled(&outcomes), 1);
    });
}

/// What `migrate` says while another process keeps it from it.
fn kept_from_migrating(url: &DatabaseUrl, hold: impl FnOnce()) -> String {
    let options = Options {
        migration_patience: Duration::from_millis(100),
        lock_timeout: Duration::from_millis(100),
        ..support::options()
    };
    let database = open(url, &options).unwrap();
    hold();
    let line = format!("{:#}", database.migrate().unwrap_err());
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

#[test]
fn who_waits_too_long_for_the_lock_of_the_migrations_is_told_whose_it_is_on_postgresql() {
    let database = Postgres::empty();
    let mut other = PgConnection::establish(database.database.url()).unwrap();
    // As servers of earlier releases took it, whose sessions a pooler may still have.
    let line = kept_from_migrating(&database.url(), || {
        other
            .batch_execute("SELECT pg_advisory_lock(1633904495, 1)")
            .unwrap();
    });
    assert!(
        line.starts_with("the lock of the migrations was not free") && line.contains("pg_locks"),
        "{line}"
    );
    // Who has nothing to run does not wait.
    drop(other);
    let opened = database.open();
    while opened.migrate().is_err() {}
    let mut other = PgConnection::establish(database.database.url()).unwrap();
    other
        .batch_execute("SELECT pg_advisory_lock(1633904495, 1)")
        .unwrap();
    assert_eq!(opened.migrate().unwrap(), Migrated::default());
}

#[test]
fn who_waits_too_long_for_the_file_is_told_so_on_sqlite() {
    let database = Sqlite::empty();
    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    let line = kept_from_migrating(&database.url(), || {
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
    });
    assert!(
        line.starts_with("the database's file was not free"),
        "{line}"
    );
    other.batch_execute("ROLLBACK").unwrap();
    database.open().migrate().unwrap();
}
