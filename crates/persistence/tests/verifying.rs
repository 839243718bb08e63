//! What does not agree with itself is found, each by its own check, and nothing else is.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use accolade_domain::instant::Instant;
use accolade_persistence::{Database, DatabaseUrl, Unwatched, open, verify};
use accolade_test_postgres::TestDatabase;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::support::filled::filled;
use crate::support::scene::second;
use crate::support::{Sqlite, options};

/// Some while before what the scene's requests recorded expires.
fn now() -> Instant {
    second(1500)
}

/// The checks that find something, and how much.
fn found(url: &DatabaseUrl) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    verify(url, &options(), now(), &Unwatched, &mut |it| {
        found.push((it.check, it.what));
    })
    .unwrap();
    found
}

/// A fault, and the checks that find it, each once.
const FAULTS: &[(&str, &[&str])] = &[
    (
        "UPDATE badge_counts SET issued = issued + 1",
        &["counts of enrolments"],
    ),
    (
        "UPDATE badge_counts SET earned = earned + 1",
        &["counts of earned badges"],
    ),
    (
        "DELETE FROM enrolments WHERE customer_id = 5",
        &["counts of enrolments", "the ledger and its rows"],
    ),
    (
        "DELETE FROM earned_badges WHERE customer_id = 2",
        &[
            "counts of earned badges",
            "sums of earns",
            "sums of all earns",
            "the ledger and its rows",
        ],
    ),
    (
        // Somebody without anything that counts was forgotten.
        "UPDATE audit SET action = 14; UPDATE badge_earns SET event_on = event_on + 1",
        &["sums of earns", "sums of earns"],
    ),
    (
        "DELETE FROM enrolments WHERE customer_id = 2",
        &[
            "counts of enrolments",
            "what earned badges rest on",
            "the ledger and its rows",
        ],
    ),
    (
        "UPDATE enrolments SET revoked_on = 1 WHERE customer_id = 5",
        &["counts of enrolments"],
    ),
    (
        "UPDATE earned_badges SET event_on = event_on + 1 WHERE customer_id = 2",
        &["sums of earns", "sums of earns"],
    ),
    (
        "UPDATE window_counts SET earns = earns + 1 WHERE starts_on = 1000000000",
        &["sums of fixed windows"],
    ),
    (
        "UPDATE rolling_counts SET earns = earns + 1",
        &["sums of rolling windows"],
    ),
    (
        "UPDATE rolling_counts SET leaves_on = since + 1, earns_after = 0, earns_from = 1000000",
        &["earns that leave rolling windows"],
    ),
    (
        "UPDATE enrolments SET ordinal = 3 WHERE customer_id = 5",
        &["numbers of enrolments"],
    ),
    (
        "UPDATE earned_badges SET ordinal = 3 WHERE customer_id = 2",
        &["numbers of earned badges"],
    ),
    (
        "UPDATE earned_badges SET id = (SELECT o.id FROM earned_badges o WHERE o.customer_id = 1) \
         WHERE customer_id = 2",
        &[
            "ids of earned badges",
            "first ids of requests",
            "the ledger and its rows",
        ],
    ),
    (
        "UPDATE enrolments SET expires_on = expires_on + 1 WHERE customer_id = 5",
        &["the ledger and its rows"],
    ),
    (
        "INSERT INTO enrolments (org_id, customer_id, badge_id, ordinal, id, event_on, expires_on, \
         request_no) SELECT org_id, customer_id, badge_id, 2, id, event_on + 1, expires_on, request_no \
         FROM enrolments WHERE customer_id = 5",
        &[
            "counts of enrolments",
            "overlaps of enrolments",
            "ids of enrolments",
            "the ledger and its rows",
        ],
    ),
    (
        "UPDATE enrolments SET badge_id = id WHERE customer_id = 5",
        &[
            "counts of enrolments",
            "counts of enrolments",
            "badges that are held",
        ],
    ),
    (
        "INSERT INTO merged_customers (org_id, customer_id, into_id, successor_id) \
         SELECT org_id, 5, 77, 77 FROM badge_metas",
        &["merged customers"],
    ),
    (
        "INSERT INTO merged_customers (org_id, customer_id, into_id, successor_id) \
         SELECT org_id, 77, 78, 78 FROM badge_metas UNION ALL \
         SELECT org_id, 78, 79, 79 FROM badge_metas",
        &["merged customers"],
    ),
    (
        "UPDATE request_ledger SET first_id = (SELECT id FROM enrolments WHERE customer_id = 5) \
         WHERE first_id = (SELECT id FROM enrolments WHERE customer_id = 1)",
        &["first ids of requests"],
    ),
    (
        "UPDATE badge_numbers SET last = last + 1",
        &["numbers of badges"],
    ),
    (
        "UPDATE idempotency SET request_id = 'another' WHERE request_id IS NOT NULL",
        &["idempotency keys"],
    ),
    (
        "DELETE FROM request_ledger WHERE operation = 1",
        &["the ledger and its rows", "the feed"],
    ),
    (
        "UPDATE request_ledger SET answer = secret FROM api_clients WHERE operation = 1",
        &["the ledger and its rows", "the feed"],
    ),
    (
        "DELETE FROM expiries WHERE due_on = 2000000000",
        &["the ledger and its rows"],
    ),
    (
        "UPDATE expiries SET customers = 1 WHERE due_on = 2000000000",
        &["the ledger and its rows"],
    ),
    (
        "UPDATE expiries SET requests = 2 WHERE due_on = 2000000000",
        &["the ledger and its rows"],
    ),
    ("DELETE FROM feed WHERE events = 10", &["the feed"]),
    (
        "DELETE FROM feed WHERE events = 10; \
         UPDATE feed SET recorded_on = 0, latest_on = 0 WHERE last_position = 1",
        &["the ledger and its rows", "the feed"],
    ),
    (
        "UPDATE feed SET latest_on = latest_on - 1 WHERE events = 10",
        &["the feed"],
    ),
    (
        "UPDATE feed SET kind = 99 WHERE last_position = 1",
        &["the feed"],
    ),
    (
        "INSERT INTO webhooks (org_id, id, version, state, settings, sealed, cursor, last_attempt, \
         created_on, created_by, updated_on, updated_by) \
         SELECT org_id, id, 1, 1, '', id, 999, 0, 0, 0, 0, 0 FROM badge_metas",
        &["positions of webhooks"],
    ),
    (
        "INSERT INTO webhook_retries (org_id, webhook_id, position, attempts, given_up, resent) \
         SELECT org_id, id, 999, 0, false, false FROM badge_metas",
        &["retries of webhooks"],
    ),
    (
        "INSERT INTO webhooks (org_id, id, version, state, settings, sealed, cursor, last_attempt, \
         created_on, created_by, updated_on, updated_by) \
         SELECT org_id, id, 1, 1, '', id, 0, 1, 0, 0, 0, 0 FROM badge_metas; \
         INSERT INTO webhook_attempts (org_id, webhook_id, number, attempted_on, status, duration, \
         events) SELECT org_id, id, 2, 0, 1, 0, id FROM badge_metas",
        &["attempts of webhooks"],
    ),
];

/// Customers, of which the first two earn.
const CUSTOMERS: u32 = 10;

fn fill(database: Database) {
    let scene = filled(database, CUSTOMERS);
    scene.database.stores.events.sequence().unwrap();
}

#[track_caller]
fn assert_found(url: &DatabaseUrl, (fault, checks): &(&str, &[&str])) {
    let found = found(url);
    let names: Vec<_> = found.iter().map(|it| it.0).collect();
    assert_eq!(names, *checks, "{fault}: {found:#?}");
}

#[test]
fn each_fault_of_sqlite_is_found_by_its_own_check() {
    let whole = Sqlite::fresh();
    let database = whole.open();
    let closing = database.closing(Duration::from_secs(30));
    fill(database);
    drop(closing);
    assert_eq!(found(&whole.url()), []);
    for fault in FAULTS {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("accolade.db");
        fs::copy(whole.path(), &path).unwrap();
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute(fault.0).unwrap();
        drop(connection);
        assert_found(&DatabaseUrl::Sqlite(path), fault);
    }
}

#[test]
fn each_fault_of_postgres_is_found_by_its_own_check() {
    // A template of this process alone: it has what this version writes.
    let name = format!("accolade_verified_{}", std::process::id());
    for fault in FAULTS {
        let database = TestDatabase::from_template(&name, |url| {
            let url = DatabaseUrl::Postgres(url.to_owned());
            let database = open(&url, &options())?;
            database.migrate()?;
            fill(database);
            assert_eq!(found(&url), []);
            Ok(())
        });
        let database = database.unwrap();
        let mut connection = PgConnection::establish(database.url()).unwrap();
        connection.batch_execute(fault.0).unwrap();
        drop(connection);
        assert_found(&DatabaseUrl::Postgres(database.url().to_owned()), fault);
    }
}

#[test]
fn every_check_has_a_fault_that_only_it_may_find() {
    let whole = Sqlite::fresh();
    let mut never = |found| panic!("{found:?}");
    let checked = verify(&whole.url(), &options(), now(), &Unwatched, &mut never).unwrap();
    for it in checked {
        assert_eq!(it.disagreements, 0);
        let mut faults = FAULTS.iter();
        assert!(
            faults.any(|(_, checks)| checks.contains(&it.check)),
            "{}",
            it.check
        );
    }
}

#[test]
fn a_database_that_a_server_writes_is_verified_as_of_one_moment() {
    let file = Sqlite::fresh();
    let scene = filled(file.open(), 3);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                scene.earn(&scene.single_earn(3, &[])).unwrap().unwrap();
            }
        });
        for _ in 0..20 {
            assert_eq!(found(&file.url()), []);
        }
        done.store(true, Ordering::SeqCst);
    });
}
