//! PostgreSQL behind pgbouncer: in session mode everything works, and in transaction mode what
//! depends on no session does, if the pooler takes prepared statements along.

use std::thread;

use accolade_application::ports::{EnrolmentBatch, EnrolmentRequest};
use accolade_persistence::{Database, DatabaseUrl, open};
use accolade_test_postgres::{Pooler, Pooling, has_statements};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::support;
use crate::support::Postgres;
use crate::support::scene::{Scene, enrolled};

/// So many are copied in.
const MANY: u32 = 1_000;

fn through(pooler: &Pooler) -> Database {
    let url = DatabaseUrl::Postgres(pooler.url().to_owned());
    open(&url, &support::options()).unwrap()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    value: String,
}

/// How many advisory locks there are in the database.
fn locks(database: &Postgres) -> i64 {
    let mut connection = PgConnection::establish(database.database.url()).unwrap();
    let count: Number = diesel::sql_query(
        "SELECT count(*) AS value FROM pg_locks JOIN pg_database d ON d.oid = database \
         WHERE locktype = 'advisory' AND d.datname = current_database()",
    )
    .get_result(&mut connection)
    .unwrap();
    count.value
}

/// How many of the request's customers were enrolled.
fn enrol(server: &Database, request: EnrolmentRequest) -> usize {
    let batch = EnrolmentBatch::from(request);
    let mut outcomes = server.stores.enrolments.enrol(&batch).unwrap();
    enrolled(&outcomes.pop().unwrap().unwrap())
}

/// What several servers do that start on an empty database and serve.
fn assert_serves(database: &Postgres, pooler: &Pooler) {
    let opened = through(pooler);
    assert!(!opened.migrate().unwrap().names.is_empty());
    assert_eq!(locks(database), 0);
    let other = through(pooler);
    assert!(other.migrate().unwrap().names.is_empty());
    other.revert_last_migration().unwrap();
    assert_eq!(opened.migrate().unwrap().names.len(), 1);
    opened.stores.health.check().unwrap();

    let scene = Scene::set(opened);
    let requests =
        [&scene.database, &other].map(|it| (it, [MANY; 2].map(|len| scene.request(len))));
    let enrolled = thread::scope(|scope| {
        let servers = requests.map(|(server, both)| {
            scope.spawn(move || {
                both.map(|request| enrol(server, request))
                    .into_iter()
                    .sum::<usize>()
            })
        });
        servers.map(|it| it.join().unwrap())
    });
    assert_eq!(enrolled.into_iter().sum::<usize>(), MANY as usize);
    assert_eq!(scene.issued(), u64::from(MANY));
    assert_eq!(locks(database), 0);
}

#[test]
fn in_session_mode_servers_start_and_serve_and_leave_no_lock() {
    let database = Postgres::empty();
    let pooler = Pooler::before(database.database.url(), Pooling::Session).unwrap();
    assert_serves(&database, &pooler);
}

#[test]
fn in_transaction_mode_a_pooler_that_loses_prepared_statements_is_refused() {
    let database = Postgres::empty();
    let pooler = Pooler::before(database.database.url(), Pooling::Transaction).unwrap();
    let url = DatabaseUrl::Postgres(pooler.url().to_owned());
    // Also when the sessions have what earlier starts have prepared.
    for _ in 0..3 {
        let error = open(&url, &support::options()).err().unwrap();
        let line = format!("{error:#}");
        assert!(
            line.contains("pool_mode = session") && line.contains("max_prepared_statements"),
            "{line}"
        );
    }
}

#[test]
fn in_transaction_mode_a_pooler_that_takes_them_along_serves_and_nothing_stays_in_its_sessions() {
    if !has_statements().unwrap() {
        // There is nothing to be tested but what the test above does.
        return;
    }
    let database = Postgres::empty();
    let url = database.database.url();
    let pooler = Pooler::before(url, Pooling::TransactionWithStatements).unwrap();
    assert_serves(&database, &pooler);
    let mut connection = PgConnection::establish(pooler.url()).unwrap();
    let before = [
        ("statement_timeout", "0"),
        ("lock_timeout", "0"),
        ("enable_seqscan", "on"),
        ("plan_cache_mode", "auto"),
    ];
    for (setting, value) in before {
        let show = format!("SELECT current_setting('{setting}') AS value");
        let found: Word = diesel::sql_query(show).get_result(&mut connection).unwrap();
        assert_eq!(found.value, value, "{setting}");
    }
}
