//! Ready means ready: whether writes are possible, and that they are again as soon as they can be.

use std::time::Duration;

use accolade_application::ports::{NotReady, StoreError};
use accolade_persistence::{Options, open};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::support;
use crate::support::scene::{Scene, enrolled, hold};
use crate::support::{Postgres, Sqlite};

/// How often one writes after the trouble is over.
const WRITES: u32 = 30;

/// Writes until it is possible again, and then without a failure.
fn assert_writes_go_on(scene: &Scene) {
    while scene.database.stores.health.check().is_err() {}
    let before = scene.issued();
    for n in 0..WRITES {
        let mut request = scene.request(1);
        request.hold = hold(i64::from(n) * 10 + 1, i64::from(n) * 10 + 2);
        assert_eq!(enrolled(&scene.enrol(request).unwrap().unwrap()), 1);
    }
    assert_eq!(scene.issued(), before + u64::from(WRITES));
}

fn set_read_only(database: &Postgres, is_read_only: bool) {
    let name = database.database.name();
    let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {is_read_only}");
    let mut connection = PgConnection::establish(database.database.url()).unwrap();
    connection
        .batch_execute("SET default_transaction_read_only = off")
        .unwrap();
    connection.batch_execute(&set).unwrap();
}

#[test]
fn a_pool_that_was_opened_while_the_database_was_read_only_writes_when_it_is_not_on_postgresql() {
    let database = Postgres::fresh();
    let mut scene = Scene::set(database.open());
    let request = scene.request(1);
    set_read_only(&database, true);
    scene.database = database.open();
    // All of its connections are opened now.
    let health = &scene.database.stores.health;
    while health.pool_usage().open < health.pool_usage().max {
        std::thread::yield_now();
    }
    for _ in 0..3 {
        let not_ready = scene.database.stores.health.check();
        assert!(
            matches!(not_ready, Err(NotReady::ReadOnly)),
            "{not_ready:?}"
        );
        let refused = scene.enrol(request.clone());
        assert!(
            matches!(refused, Err(StoreError::Unavailable(_))),
            "{refused:?}"
        );
        // Who reads is answered.
        assert_eq!(scene.issued(), 0);
    }
    set_read_only(&database, false);
    assert_writes_go_on(&scene);
}

#[test]
fn a_lock_that_others_hold_too_long_does_not_make_the_database_unready_on_postgresql() {
    let database = Postgres::fresh();
    let options = Options {
        lock_timeout: Duration::from_millis(100),
        ..support::options()
    };
    let scene = Scene::set(open(&database.url(), &options).unwrap());
    let request = scene.request(1);
    let mut other = PgConnection::establish(database.database.url()).unwrap();
    other
        .batch_execute("BEGIN; LOCK TABLE request_ledger IN EXCLUSIVE MODE")
        .unwrap();
    let refused = scene.enrol(request);
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    scene.database.stores.health.check().unwrap();
    other.batch_execute("ROLLBACK").unwrap();
    assert_writes_go_on(&scene);
}

#[test]
fn a_file_that_others_do_not_let_be_written_makes_the_database_unready_until_they_do_on_sqlite() {
    let database = Sqlite::fresh();
    let options = Options {
        lock_timeout: Duration::from_millis(100),
        ..support::options()
    };
    let scene = Scene::set(open(&database.url(), &options).unwrap());
    let request = scene.request(1);
    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    // Nobody has tried yet.
    scene.database.stores.health.check().unwrap();
    let refused = scene.enrol(request);
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    let not_ready = scene.database.stores.health.check();
    assert!(
        matches!(not_ready, Err(NotReady::Store(_))),
        "{not_ready:?}"
    );
    other.batch_execute("ROLLBACK").unwrap();
    assert_writes_go_on(&scene);
}

#[test]
fn a_file_that_is_moved_or_replaced_is_neither_written_nor_made_anew_on_sqlite() {
    let database = Sqlite::fresh();
    let scene = Scene::set(database.open());
    let request = scene.request(1);
    let (path, aside) = (database.path(), database.path().with_extension("aside"));
    let assert_refused = || {
        let not_ready = scene.database.stores.health.check();
        assert!(
            matches!(not_ready, Err(NotReady::FileChanged(_))),
            "{not_ready:?}"
        );
        let refused = scene.enrol(request.clone());
        assert!(
            matches!(refused, Err(StoreError::Unavailable(_))),
            "{refused:?}"
        );
    };
    std::fs::rename(&path, &aside).unwrap();
    assert_refused();
    assert!(!path.exists());
    std::fs::copy(&aside, &path).unwrap();
    assert_refused();
    std::fs::rename(&aside, &path).unwrap();
    assert_writes_go_on(&scene);
}
