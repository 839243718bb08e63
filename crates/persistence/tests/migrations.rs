//! Migrations, forwards, backwards and by many at once; and opening.

use std::sync::Barrier;
use std::thread;

use accolade_application::ports::NotReady;
use accolade_persistence::{Database, DatabaseUrl, Migrated, open};
use accolade_test_postgres::TestDatabase;

use crate::support;
use crate::support::scene::Scene;
use crate::support::{Postgres, Sqlite};

fn assert_forwards_and_backwards(database: &Database) {
    let all = database.pending_migrations().unwrap();
    assert!(!all.is_empty());
    let missing = database.stores.health.check();
    assert!(matches!(missing, Err(NotReady::MigrationsMissing(n)) if n == all.len()));

    assert_eq!(database.migrate().unwrap().names, all);
    assert_eq!(database.migrate().unwrap(), Migrated::default());
    database.stores.health.check().unwrap();

    for _ in &all {
        database.revert_last_migration().unwrap();
    }
    assert_eq!(database.pending_migrations().unwrap(), all);
    assert_eq!(database.migrate().unwrap().names, all);
    let scene = Scene::set(database.clone());
    scene.enrol(scene.request(3)).unwrap().unwrap();
    assert_eq!(scene.issued(), 3);
}

#[test]
fn migrations_run_up_down_and_up_again_on_sqlite() {
    let database = Sqlite::empty();
    assert_forwards_and_backwards(&database.open());
}

#[test]
fn migrations_run_up_down_and_up_again_on_postgresql() {
    let database = Postgres::empty();
    assert_forwards_and_backwards(&database.open());
}

fn assert_run_once(open: impl Fn() -> Database + Sync) {
    let all = open().pending_migrations().unwrap().len();
    let barrier = Barrier::new(4);
    let run: usize = thread::scope(|scope| {
        let servers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let database = open();
                    barrier.wait();
                    database.migrate().unwrap().names.len()
                })
            })
            .collect();
        servers.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(run, all);
}

#[test]
fn servers_that_start_together_run_each_migration_once_on_sqlite() {
    let database = Sqlite::empty();
    assert_run_once(|| database.open());
}

#[test]
fn servers_that_start_together_run_each_migration_once_on_postgresql() {
    let database = Postgres::empty();
    assert_run_once(|| database.open());
}

fn refused(url: &DatabaseUrl) -> String {
    let error = open(url, &support::options()).err().unwrap();
    let line = format!("{error:#}");
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

#[test]
fn a_missing_directory_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/accolade.db");
    open(&DatabaseUrl::Sqlite(path.clone()), &support::options()).unwrap();
    assert!(path.is_file());
}

#[test]
fn a_path_that_cannot_be_used_is_one_clear_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(
        &file,
        "this is no database, but long enough to be looked at",
    )
    .unwrap();
    let (file, directory) = (file.display(), directory.path().display());
    assert_eq!(
        refused(&DatabaseUrl::Sqlite(format!("{file}/accolade.db").into())),
        "the directory of the file cannot be made: File exists (os error 17)"
    );
    assert_eq!(
        refused(&DatabaseUrl::Sqlite(file.to_string().into())),
        "the file cannot be used: file is not a database"
    );
    assert_eq!(
        refused(&DatabaseUrl::Sqlite(directory.to_string().into())),
        "the file cannot be used: unable to open database file"
    );
}

#[test]
fn a_server_that_is_not_there_is_one_clear_line_without_the_url() {
    let line = refused(&DatabaseUrl::Postgres(
        "postgres://me:open-sesame@127.0.0.1:1/accolade".to_owned(),
    ));
    assert_eq!(line, "PostgreSQL cannot be reached: nobody listens there");
}

#[test]
fn a_database_that_is_not_there_is_one_clear_line() {
    let database = Postgres::empty();
    let url = database
        .database
        .url()
        .replace(database.database.name(), "nowhere");
    let line = refused(&DatabaseUrl::Postgres(url));
    assert_eq!(
        line,
        "PostgreSQL cannot be reached: there is no such database"
    );
}

#[test]
fn a_database_in_another_encoding_is_one_clear_line_that_says_how_to_make_one() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let database = TestDatabase::in_encoding(encoding).unwrap();
        let line = refused(&DatabaseUrl::Postgres(database.url().to_owned()));
        assert!(
            line.contains(encoding) && line.contains("ENCODING 'UTF8'"),
            "{line}"
        );
    }
}
