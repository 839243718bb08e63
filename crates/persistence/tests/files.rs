//! SQLite's files: who may read them, what is in which, and copies of them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use accolade_application::ports::EarnRequest;
use accolade_domain::badge::EarnType;
use accolade_persistence::{Backup, DatabaseUrl, Unwatched, open};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use tempfile::TempDir;

use crate::support::scene::Scene;
use crate::support::{Postgres, Sqlite, options};

const PATIENCE: Duration = Duration::from_secs(30);

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What SQLite keeps beside the file.
fn beside(path: &Path) -> [PathBuf; 2] {
    ["-wal", "-shm"].map(|suffix| format!("{}{suffix}", path.display()).into())
}

fn backup(url: &DatabaseUrl, to: &Path) -> anyhow::Result<Backup> {
    accolade_persistence::backup(url, to, &Unwatched)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

fn number(path: &Path, sql: &str) -> i64 {
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let number: Number = diesel::sql_query(sql).get_result(&mut connection).unwrap();
    number.value
}

fn enrolments(path: &Path) -> i64 {
    number(path, "SELECT count(*) AS value FROM enrolments")
}

/// A copy of the file alone, in a directory of its own.
fn copied_alone(path: &Path) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    fs::copy(path, &copy).unwrap();
    (directory, copy)
}

fn assert_nothing_is_beside(file: &Sqlite) {
    for gone in beside(&file.path()) {
        assert!(!gone.exists(), "{}", gone.display());
    }
}

#[test]
fn what_is_made_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("var/data/accolade.db");
    let database = open(&DatabaseUrl::Sqlite(path.clone()), &options()).unwrap();
    database.migrate().unwrap();
    for made in ["var", "var/data"] {
        assert_eq!(mode(&directory.path().join(made)), 0o700, "{made}");
    }
    assert_eq!(mode(&path), 0o600);
    for made in beside(&path) {
        assert_eq!(mode(&made), 0o600, "{}", made.display());
    }
}

#[test]
fn a_file_that_others_could_read_is_taken_from_them_and_its_directory_left() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = directory.path().join("accolade.db");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    let _database = open(&DatabaseUrl::Sqlite(path.clone()), &options()).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(directory.path()), 0o755);
}

#[test]
fn a_name_that_sqlite_would_read_otherwise_is_the_name_of_a_file() {
    for name in ["file:accolade.db?mode=memory", "accolade #1 100%.db"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        let database = open(&DatabaseUrl::Sqlite(path.clone()), &options()).unwrap();
        database.migrate().unwrap();
        assert!(path.is_file(), "{name}");
    }
}

#[test]
fn once_closed_the_file_alone_has_everything_and_nothing_is_beside_it() {
    let file = Sqlite::fresh();
    let database = file.open();
    let closing = database.closing(PATIENCE);
    let scene = Scene::set(database);
    scene.enrol(scene.request(100)).unwrap().unwrap();
    drop(scene);
    drop(closing);
    assert_nothing_is_beside(&file);
    let (_directory, copy) = copied_alone(&file.path());
    assert_eq!(enrolments(&copy), 100);
}

#[test]
fn a_file_that_is_closed_while_connections_are_being_opened_has_nothing_beside_it() {
    for _ in 0..20 {
        let file = Sqlite::fresh();
        let options = accolade_persistence::Options {
            pool_size: 8,
            ..options()
        };
        let database = open(&file.url(), &options).unwrap();
        let closing = database.closing(PATIENCE);
        drop(database);
        drop(closing);
        assert_nothing_is_beside(&file);
    }
}

#[test]
fn closing_waits_for_whoever_still_uses_the_stores() {
    let file = Sqlite::fresh();
    let database = file.open();
    let closing = database.closing(PATIENCE);
    let scene = Scene::set(database);
    thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..20 {
                scene.enrol(scene.request(10)).unwrap().unwrap();
            }
        });
        drop(closing);
        assert_nothing_is_beside(&file);
        let (_directory, copy) = copied_alone(&file.path());
        assert_eq!(
            number(&copy, "SELECT count(*) AS value FROM request_ledger"),
            20
        );
    });
}

#[test]
fn the_file_has_everything_though_another_program_has_it_open() {
    let file = Sqlite::fresh();
    let mut other = SqliteConnection::establish(file.path().to_str().unwrap()).unwrap();
    let database = file.open();
    let closing = database.closing(PATIENCE);
    let scene = Scene::set(database);
    // It has read, and so has its part in what is beside the file.
    other
        .batch_execute("SELECT count(*) FROM enrolments")
        .unwrap();
    scene.enrol(scene.request(100)).unwrap().unwrap();
    drop(scene);
    drop(closing);
    let (_directory, copy) = copied_alone(&file.path());
    assert_eq!(enrolments(&copy), 100);
}

#[test]
fn without_what_is_beside_the_file_nothing_is_recorded_and_nothing_is_lost() {
    let file = Sqlite::fresh();
    let database = file.open();
    let closing = database.closing(PATIENCE);
    let scene = Scene::set(database);
    scene.enrol(scene.request(100)).unwrap().unwrap();
    let request = scene.request(10);
    for gone in beside(&file.path()) {
        fs::remove_file(gone).unwrap();
    }
    let error = scene.enrol(request).unwrap_err();
    assert!(format!("{error:?}").contains("-wal"), "{error:?}");
    scene.database.stores.health.check().unwrap_err();
    drop(scene);
    drop(closing);
    assert_eq!(enrolments(&file.path()), 100);
}

#[test]
fn a_wal_that_a_reader_let_grow_shrinks_again() {
    let file = Sqlite::fresh();
    let scene = Scene::set(file.open());
    let [wal, _] = beside(&file.path());
    let size = || fs::metadata(&wal).unwrap().len();
    let mut reader = SqliteConnection::establish(file.path().to_str().unwrap()).unwrap();
    reader
        .batch_execute("BEGIN; SELECT count(*) FROM badge_metas")
        .unwrap();
    let mut requests = 0;
    while size() < 12 << 20 {
        requests += 1;
        assert!(requests < 1_000, "{} bytes", size());
        scene.earn(&earn_of(&scene, 10_000)).unwrap().unwrap();
    }
    reader.batch_execute("ROLLBACK").unwrap();
    for _ in 0..3 {
        scene.earn(&earn_of(&scene, 10_000)).unwrap().unwrap();
    }
    assert!(size() <= 8 << 20, "{} bytes", size());
}

#[test]
fn a_backup_beside_a_load_ends_and_has_only_whole_requests() {
    const CUSTOMERS: u32 = 40;
    let file = Sqlite::fresh();
    let scene = Scene::set(file.open());
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let (begun, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let backup = thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let request = earn_of(&scene, CUSTOMERS);
                scene.earn(&request).unwrap().unwrap();
                begun.store(true, Ordering::SeqCst);
            }
        });
        while !begun.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        let made = backup(&file.url(), &copy);
        done.store(true, Ordering::SeqCst);
        made
    })
    .unwrap();

    assert_eq!(mode(&copy), 0o600);
    assert_eq!(backup.bytes, fs::metadata(&copy).unwrap().len());
    let requests = number(&copy, "SELECT count(*) AS value FROM request_ledger");
    let earned = number(&copy, "SELECT count(*) AS value FROM earned_badges");
    assert!(requests > 0);
    assert_eq!(earned, requests * i64::from(CUSTOMERS));
    assert!(backup.rows > u64::try_from(earned).unwrap());
    // It is a database like the first, and has nothing beside it.
    let names: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    let copied = open(&DatabaseUrl::Sqlite(copy), &options()).unwrap();
    copied.stores.health.check().unwrap();
}

/// Customers who earn, enrolled or not.
fn earn_of(scene: &Scene, customers: u32) -> EarnRequest {
    let mut request = scene.earn_request(customers, Vec::new());
    request.terms.earn_type = EarnType::Earn;
    request
}

#[test]
fn a_backup_takes_no_name_that_is_taken_and_leaves_nothing_where_it_fails() {
    let file = Sqlite::fresh();
    let directory = tempfile::tempdir().unwrap();
    let taken = directory.path().join("copy.db");
    fs::write(&taken, "precious").unwrap();
    let error = backup(&file.url(), &taken).unwrap_err().to_string();
    assert!(error.ends_with("copy.db is there already"), "{error}");
    assert_eq!(fs::read_to_string(&taken).unwrap(), "precious");

    let missing = DatabaseUrl::Sqlite(directory.path().join("missing.db"));
    backup(&missing, &directory.path().join("other.db")).unwrap_err();
    let damaged = directory.path().join("damaged.db");
    fs::write(&damaged, "no database at all, and not an empty file either").unwrap();
    let damaged = DatabaseUrl::Sqlite(damaged);
    backup(&damaged, &directory.path().join("other.db")).unwrap_err();
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["copy.db", "damaged.db"]);

    let nowhere = directory.path().join("no/such/directory/copy.db");
    backup(&file.url(), &nowhere).unwrap_err();
}

#[test]
fn a_backup_of_postgresql_is_left_to_its_own_tools() {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let error = backup(&Postgres::fresh().url(), &copy).unwrap_err();
    assert!(error.to_string().contains("pg_dump"), "{error}");
    assert!(!copy.exists());
}
