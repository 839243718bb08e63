//! A database that is moved into another: whole, whenever the process ends, and only into an empty one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use accolade_application::access::{AccessGroups, ClientKey, Secret};
use accolade_application::ports::{LeaseName, NewClient, Org, Term};
use accolade_domain::actor::Actor;
use accolade_domain::audit::Attribution;
use accolade_domain::instant::Instant;
use accolade_domain::zone::Zone;
use accolade_persistence::{Compared, DatabaseUrl, Progress, Unwatched, open, transfer, verify};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use uuid::Uuid;

use crate::support::filled::filled;
use crate::support::scene::{Scene, second};
use crate::support::{Postgres, Sqlite, options, recorder};

/// A place for a database of either kind.
enum Place {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Place {
    fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite(it) => it.url(),
            Self::Postgres(it) => it.url(),
        }
    }
}

type Make = fn() -> Place;

const EMPTY: [Make; 2] = [
    || Place::Sqlite(Sqlite::empty()),
    || Place::Postgres(Postgres::empty()),
];

fn moved(from: &DatabaseUrl, to: &DatabaseUrl) -> anyhow::Result<Vec<Compared>> {
    transfer(from, to, &options(), &Unwatched)
}

fn rows(compared: &[Compared], table: &str) -> u64 {
    let found = compared.iter().find(|it| it.table == table).unwrap();
    assert!(found.is_equal(), "{found:?}");
    found.target.rows
}

#[track_caller]
fn assert_agrees(url: &DatabaseUrl) {
    let mut found = Vec::new();
    let now = Instant::from_unix_micros(0).unwrap();
    verify(url, &options(), now, &Unwatched, &mut |it| found.push(it)).unwrap();
    assert_eq!(found, []);
}

#[test]
fn every_row_is_moved_between_any_two_databases() {
    for from in EMPTY {
        for to in EMPTY {
            let (from, to) = (from(), to());
            let database = open(&from.url(), &options()).unwrap();
            database.migrate().unwrap();
            drop(filled(database, 500));
            let compared = moved(&from.url(), &to.url()).unwrap();
            assert!(compared.iter().all(Compared::is_equal), "{compared:?}");
            assert_eq!(rows(&compared, "enrolments"), 500);
            assert_eq!(rows(&compared, "earned_badges"), 2);
            assert_eq!(rows(&compared, "orgs"), 1);
            assert_agrees(&to.url());
            let database = open(&to.url(), &options()).unwrap();
            assert!(!database.is_transfer_unfinished().unwrap());
        }
    }
}

/// Ends a transfer when so many steps were done.
struct Ending {
    steps: AtomicU64,
}

impl Progress for Ending {
    fn begin(&self, _: &str, _: Option<u64>) {
        self.advance(1);
    }

    fn advance(&self, _: u64) {
        let left = self
            .steps
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        assert!(left.is_ok(), "the process ends here");
    }
}

#[test]
fn a_transfer_that_ends_at_any_moment_goes_on_to_the_same_end() {
    for to in EMPTY {
        let from = Sqlite::fresh();
        drop(filled(from.open(), 9_000));
        let target = to();
        let mut ends = 0;
        for steps in [0, 1, 3, 12, 14, 15, 17, 20, 26, 28, 30] {
            let progress = Ending {
                steps: steps.into(),
            };
            let ended = catch_unwind(AssertUnwindSafe(|| {
                transfer(&from.url(), &target.url(), &options(), &progress)
            }));
            if ended.is_ok() {
                break;
            }
            ends += 1;
            let database = open(&target.url(), &options()).unwrap();
            let is_unfinished = database.is_transfer_unfinished().unwrap();
            assert!(is_unfinished, "after {steps}");
        }
        assert!(ends > 5, "{ends}");
        let compared = moved(&from.url(), &target.url()).unwrap();
        assert!(compared.iter().all(Compared::is_equal), "{compared:?}");
        assert_eq!(rows(&compared, "enrolments"), 9_000);
        assert_agrees(&target.url());
    }
}

#[test]
fn a_target_that_has_anything_is_refused_and_so_is_a_part_of_another_source() {
    for to in EMPTY {
        let (from, other) = (Sqlite::fresh(), Sqlite::fresh());
        drop(filled(from.open(), 10));
        drop(Scene::set(other.open()));
        let target = to();
        let progress = Ending { steps: 12.into() };
        let ended = catch_unwind(AssertUnwindSafe(|| {
            transfer(&from.url(), &target.url(), &options(), &progress)
        }));
        ended.unwrap_err();
        let database = other.open();
        let org = Org {
            id: 7.try_into().unwrap(),
            name: "Other".try_into().unwrap(),
            zone: Zone::utc(),
            region: None,
        };
        let on = second(9);
        database.stores.access.create_org(&org, on).unwrap();
        drop(database);
        let error = moved(&other.url(), &target.url()).unwrap_err();
        assert!(error.to_string().contains("of another source"), "{error:#}");
        let error = moved(&target.url(), &Sqlite::empty().url()).unwrap_err();
        assert!(format!("{error:#}").contains("has not ended"), "{error:#}");

        moved(&from.url(), &target.url()).unwrap();
        let error = moved(&from.url(), &target.url()).unwrap_err();
        let line = format!("{error:#}");
        assert!(line.contains("the target: it is not empty (orgs"), "{line}");
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    value: i64,
}

#[test]
fn a_target_that_has_anything_is_refused_as_it_is_and_gets_no_tables() {
    let from = Sqlite::fresh();
    drop(filled(from.open(), 3));
    // An earlier release's database, as far as it matters.
    let earlier = "CREATE TABLE orgs (id BIGINT); INSERT INTO orgs VALUES (1)";
    let refused = |url: &DatabaseUrl| {
        let line = format!("{:#}", moved(&from.url(), url).unwrap_err());
        assert!(line.contains("the target: it is not empty (orgs"), "{line}");
    };
    let sqlite = Sqlite::empty();
    let path = sqlite.path();
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute(earlier).unwrap();
    refused(&sqlite.url());
    let tables = "SELECT count(*) AS value FROM sqlite_schema WHERE name <> 'orgs'";
    let others: Number = diesel::sql_query(tables)
        .get_result(&mut connection)
        .unwrap();
    assert_eq!(others.value, 0);
    let postgres = Postgres::empty();
    let mut connection = PgConnection::establish(postgres.database.url()).unwrap();
    connection.batch_execute(earlier).unwrap();
    refused(&postgres.url());
    let tables = "SELECT count(*) AS value FROM information_schema.tables \
         WHERE table_schema = current_schema() AND table_name <> 'orgs'";
    let others: Number = diesel::sql_query(tables)
        .get_result(&mut connection)
        .unwrap();
    assert_eq!(others.value, 0);
}

#[test]
fn what_takes_long_on_postgresql_has_no_time_out() {
    recorder::start();
    let from = Sqlite::fresh();
    drop(filled(from.open(), 50));
    let to = Postgres::empty();
    let (_, sent) = recorder::sent(|| moved(&from.url(), &to.url()).unwrap());
    // Of either side.
    let mut open = 0;
    let mut seen = 0;
    for statement in &sent.statements {
        match statement.split([' ', ';']).next() {
            Some("BEGIN") => open += 1,
            Some("COMMIT" | "ROLLBACK") => open -= 1,
            _ => {}
        }
        if statement.starts_with("ANALYZE") || statement.starts_with("SELECT count(*) FROM \"") {
            seen += 1;
            assert!(
                open > 0,
                "{statement} is in no transaction without time-outs"
            );
        }
    }
    assert!(seen > 30, "{seen}: {:#?}", sent.statements);
}

#[test]
fn the_numbers_of_the_target_go_on_behind_those_of_the_source() {
    for to in EMPTY {
        let from = Sqlite::fresh();
        let scene = filled(from.open(), 20);
        let actor = scene.actor;
        drop(scene);
        let target = to();
        moved(&from.url(), &target.url()).unwrap();
        let database = open(&target.url(), &options()).unwrap();
        let client = NewClient {
            org: 100_458.try_into().unwrap(),
            name: "another".try_into().unwrap(),
            key: ClientKey::try_from("another").unwrap(),
            groups: AccessGroups::DEFAULT,
            owner: None,
            secret: Secret::presented("secret").hash(),
            created: Attribution::system(second(9)),
        };
        let number = database.stores.access.create_client(&client).unwrap();
        let next: Actor = number.into();
        assert_eq!(next.number(), actor.number() + 1);
        drop(database);
        assert_agrees(&target.url());
    }
}

#[test]
fn a_database_of_postgres_that_a_server_works_on_is_not_moved() {
    let from = Postgres::fresh();
    let database = from.open();
    let leases = &database.stores.leases;
    let term = Term {
        holder: Uuid::from_u128(7),
        now: second(0),
        length: Duration::from_mins(1),
    };
    leases.take(&[LeaseName::Expiries], 1, &term).unwrap();
    let to = Sqlite::empty();
    let error = moved(&from.url(), &to.url()).unwrap_err();
    let line = format!("{error:#}");
    assert!(line.contains("the source: a server works on it"), "{line}");
}

#[test]
fn a_source_of_a_newer_release_and_one_that_lacks_migrations_are_refused() {
    let from = Sqlite::fresh();
    let path: PathBuf = from.path();
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
    connection.batch_execute(newer).unwrap();
    let to = Sqlite::empty();
    let line = format!("{:#}", moved(&from.url(), &to.url()).unwrap_err());
    assert!(
        line.contains("newer release") && line.contains("99990101000000"),
        "{line}"
    );

    let from = Sqlite::empty();
    drop(from.open());
    let line = format!("{:#}", moved(&from.url(), &to.url()).unwrap_err());
    assert!(
        line.contains("run `accolade-server migrate` on it first"),
        "{line}"
    );
}
