//! What the feed withstands on PostgreSQL: transactions that stay open, sequencers that die, and a
//! move to another server.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use accolade_application::ports::{BadgeEdit, BadgeEditRequest, EventStore, FeedQuery};
use accolade_domain::event::{Event, EventKind, Position};
use accolade_domain::ids::OrgId;
use accolade_persistence::{DatabaseUrl, open};
use accolade_test_postgres::{Cluster, program};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

use crate::support;
use crate::support::Postgres;
use crate::support::scene::{Scene, second};

fn scene() -> (Postgres, Scene) {
    let database = Postgres::fresh();
    let scene = Scene::set(database.open());
    (database, scene)
}

fn session(database: &Postgres) -> PgConnection {
    PgConnection::establish(database.database.url()).unwrap()
}

fn query(org: OrgId, after: Position) -> FeedQuery {
    FeedQuery {
        org,
        after,
        kept_since: accolade_domain::instant::Instant::MIN,
        kinds: BTreeSet::new(),
        badge: None,
        customer: None,
        limit: 1_000,
    }
}

/// All events behind `after`. Checks that no position is left out.
fn read(events: &dyn EventStore, org: OrgId, after: Position) -> Vec<Event> {
    let (mut asked, mut all) = (query(org, after), Vec::new());
    loop {
        let page = events.read(&asked).unwrap();
        asked.after = page.next;
        all.extend(page.events);
        if !page.has_more {
            break;
        }
    }
    for (event, position) in all.iter().zip(after.get() + 1..) {
        assert_eq!(event.position.get(), position);
    }
    all
}

/// Records that the scene's badge became something else, as a transaction that edits it does at its
/// end.
fn append(session: &mut PgConnection, scene: &Scene, kind: EventKind) {
    let text = format!(
        "INSERT INTO outbox (org_id, recorded_on, events, kind, data) \
         SELECT org_id, recorded_on, events, {}, data FROM feed \
         WHERE org_id = {} AND last_position = 1",
        kind.number(),
        scene.badge.org,
    );
    session.batch_execute(&text).unwrap();
}

fn kinds(scene: &Scene) -> Vec<EventKind> {
    let events = read(
        &*scene.database.stores.events,
        scene.badge.org,
        Position::START,
    );
    events.iter().map(Event::kind).collect()
}

#[test]
fn who_was_held_before_commit_comes_behind_every_cursor_that_was_given_out() {
    let (database, scene) = scene();
    let (org, events) = (scene.badge.org, &*scene.database.stores.events);
    let first = events.newest(org).unwrap();
    let mut held = session(&database);
    held.batch_execute("BEGIN").unwrap();
    append(&mut held, &scene, EventKind::BadgeUpdated);
    scene.enrol(scene.request(3)).unwrap().unwrap();
    let seen = read(events, org, first);
    assert_eq!(seen.len(), 3, "nobody waits for whoever is held");
    for _ in 0..5 {
        assert_eq!(events.sequence().unwrap(), 0);
    }
    let cursor = seen.last().unwrap().position;
    held.batch_execute("COMMIT").unwrap();
    let late = read(events, org, cursor);
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].kind(), EventKind::BadgeUpdated);
}

#[test]
fn writers_that_are_held_at_random_are_all_read_by_who_follows() {
    const WRITERS: usize = 6;
    const TURNS: usize = 30;
    let (database, scene) = scene();
    let org = scene.badge.org;
    scene.database.stores.events.newest(org).unwrap();
    let running = AtomicUsize::new(WRITERS);
    let seen = thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (scene, database, running) = (&scene, &database, &running);
            scope.spawn(move || {
                let mut session = session(database);
                for turn in 0..TURNS {
                    session.batch_execute("BEGIN").unwrap();
                    append(&mut session, scene, EventKind::BadgeUpdated);
                    let pause = (writer * 7919 + turn * 104_729) % 11;
                    thread::sleep(Duration::from_millis(pause as u64));
                    let is_kept = !(writer + turn).is_multiple_of(5);
                    session
                        .batch_execute(if is_kept { "COMMIT" } else { "ROLLBACK" })
                        .unwrap();
                }
                running.fetch_sub(1, SeqCst);
            });
        }
        let (other, background) = (database.open(), &running);
        let events = std::sync::Arc::clone(&other.stores.events);
        scope.spawn(move || {
            while background.load(SeqCst) > 0 {
                events.sequence().unwrap();
            }
        });
        let (mut seen, mut cursor) = (Vec::new(), Position::START);
        loop {
            let is_over = running.load(SeqCst) == 0;
            let some = read(&*other.stores.events, org, cursor);
            cursor = some.last().map_or(cursor, |last| last.position);
            seen.extend(some);
            if is_over {
                break seen;
            }
        }
    });
    let kept = (0..WRITERS * TURNS).filter(|it| !(it / TURNS + it % TURNS).is_multiple_of(5));
    assert_eq!(seen.len(), 1 + kept.count());
    assert_eq!(
        seen,
        read(&*scene.database.stores.events, org, Position::START)
    );
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The effect of what it has seen, under a number that is drawn before it sees it (`early`) or when it
/// writes. Gives the kinds in the order of the feed.
fn cause_and_effect(early: bool) -> Vec<EventKind> {
    let (database, scene) = scene();
    scene.database.stores.events.sequence().unwrap();
    let (mut cause, mut effect) = (session(&database), session(&database));
    effect.batch_execute("BEGIN").unwrap();
    let draw = "SELECT nextval(pg_get_serial_sequence('outbox', 'number')) AS number";
    let drawn: Number = diesel::sql_query(draw).get_result(&mut effect).unwrap();
    append(&mut cause, &scene, EventKind::BadgeActivated);
    append(&mut effect, &scene, EventKind::BadgeDeactivated);
    if early {
        let text = format!(
            "WITH own AS (DELETE FROM outbox WHERE kind = {} RETURNING *) \
             INSERT INTO outbox (number, org_id, recorded_on, events, kind, data) \
             OVERRIDING SYSTEM VALUE \
             SELECT {}, org_id, recorded_on, events, kind, data FROM own",
            EventKind::BadgeDeactivated.number(),
            drawn.number,
        );
        effect.batch_execute(&text).unwrap();
    }
    effect.batch_execute("COMMIT").unwrap();
    kinds(&scene).split_off(1)
}

#[test]
fn an_effect_follows_its_cause_because_its_number_is_drawn_last() {
    let right = [EventKind::BadgeActivated, EventKind::BadgeDeactivated];
    assert_eq!(cause_and_effect(false), right);
    let mut wrong = right;
    wrong.reverse();
    assert_eq!(
        cause_and_effect(true),
        wrong,
        "an early number would do as well"
    );
}

#[test]
fn an_open_transaction_of_somebody_else_holds_up_nothing() {
    let (database, scene) = scene();
    let (org, events) = (scene.badge.org, &*scene.database.stores.events);
    let mut foreign = session(&database);
    // It has a number of its own and a snapshot, and writes where others write.
    foreign
        .batch_execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id(); \
             SELECT count(*) FROM feed; SELECT count(*) FROM outbox; \
             CREATE TABLE foreign_table (id BIGINT)",
        )
        .unwrap();
    let begun = Instant::now();
    for turn in 0..20 {
        let mut request = scene.request(2);
        request.hold = support::scene::hold(turn * 10, turn * 10 + 10);
        scene.enrol(request).unwrap().unwrap();
        let newest = events.newest(org).unwrap();
        assert_eq!(newest.get(), 1 + 2 * (turn + 1));
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
    foreign.batch_execute("ROLLBACK").unwrap();
}

/// Its next position would be greater than a number can be, so the database refuses it, whoever comes.
#[test]
fn an_org_whose_feed_is_damaged_holds_up_no_other() {
    let (database, scene) = scene();
    let (org, events) = (scene.badge.org, &*scene.database.stores.events);
    assert_eq!(events.sequence().unwrap(), 1);
    let mut damaging = session(&database);
    damaging
        .batch_execute(
            "INSERT INTO orgs SELECT (jsonb_populate_record(o, '{\"id\": 1}')).* FROM orgs o; \
             INSERT INTO feed (org_id, last_position, recorded_on, latest_on, events, kind) \
             SELECT 1, 9223372036854775807, recorded_on, latest_on, events, kind FROM feed; \
             INSERT INTO outbox (org_id, recorded_on, events, kind, data) \
             SELECT 1, recorded_on, events, kind, data FROM feed WHERE org_id <> 1",
        )
        .unwrap();
    let feed_of_it = query(1.try_into().unwrap(), Position::START);
    events.read(&feed_of_it).unwrap_err();
    for turn in 0..2 {
        let mut request = scene.request(2);
        request.hold = support::scene::hold(turn * 10, turn * 10 + 10);
        scene.enrol(request).unwrap().unwrap();
        let error = events.sequence().unwrap_err();
        assert!(format!("{error:?}").contains("of the org 1"), "{error:?}");
        let moved = format!("SELECT FROM outbox WHERE org_id = {org}");
        assert_eq!(diesel::sql_query(moved).execute(&mut damaging), Ok(0));
    }
    // What could not be given a position is not taken for what had one.
    damaging
        .batch_execute("DELETE FROM feed WHERE org_id = 1")
        .unwrap();
    assert_eq!(events.sequence().unwrap(), 1);
    assert_eq!(events.read(&feed_of_it).unwrap().events.len(), 1);
}

/// The sessions of the scene's server that give positions at this moment, and wait for something.
fn sequencers(session: &mut PgConnection) -> Vec<i32> {
    #[derive(QueryableByName)]
    struct Session {
        #[diesel(sql_type = Integer)]
        pid: i32,
    }
    let text = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                AND wait_event_type = 'Lock' AND query LIKE '%moved AS%' \
                AND pid <> pg_backend_pid()";
    let found: Vec<Session> = diesel::sql_query(text).load(session).unwrap();
    found.into_iter().map(|it| it.pid).collect()
}

#[test]
fn a_sequencer_that_is_killed_fifty_times_leaves_no_hole_and_gives_no_event_twice() {
    let (database, scene) = scene();
    let org = scene.badge.org;
    let other = database.open();
    let mut killer = session(&database);
    let mut watcher = session(&database);
    for turn in 0..50 {
        let mut request = scene.request(2);
        request.hold = support::scene::hold(turn * 10, turn * 10 + 10);
        scene.enrol(request).unwrap().unwrap();
        // Whoever moves rows waits, in the midst of it.
        killer
            .batch_execute("BEGIN; LOCK TABLE feed IN SHARE MODE")
            .unwrap();
        thread::scope(|scope| {
            let events = [&scene.database.stores.events, &other.stores.events];
            let two = events.map(|events| scope.spawn(move || events.sequence()));
            let found = loop {
                let found = sequencers(&mut watcher);
                if !found.is_empty() {
                    break found;
                }
                thread::sleep(Duration::from_millis(1));
            };
            for pid in found {
                let kill = format!("SELECT pg_terminate_backend({pid}, 10000)");
                watcher.batch_execute(&kill).unwrap();
            }
            killer.batch_execute("ROLLBACK").unwrap();
            // Each is tried again by whoever was killed, or done by the other.
            for it in two {
                it.join().unwrap().unwrap();
            }
        });
    }
    let events = read(&*scene.database.stores.events, org, Position::START);
    assert_eq!(events.len(), 1 + 50 * 2);
}

#[test]
fn a_cursor_goes_on_where_a_dump_was_loaded_into_another_server() {
    let (database, scene) = scene();
    let org = scene.badge.org;
    scene.enrol(scene.request(5)).unwrap().unwrap();
    let before = read(&*scene.database.stores.events, org, Position::START);
    let cursor = before[2].position;
    // One that has no position yet when the dump is made.
    let edit = |scene: &Scene, active| BadgeEditRequest {
        edit: BadgeEdit::Activity(active),
        ..scene.deactivation()
    };
    scene
        .database
        .stores
        .badges
        .edit(&edit(&scene, false))
        .unwrap();

    let cluster = Cluster::start(&accolade_test_postgres::Options::throw_away()).unwrap();
    let target = cluster.empty_database().unwrap();
    let dump = Command::new(program("pg_dump").unwrap())
        .args([
            "--no-owner",
            "--no-privileges",
            "-d",
            database.database.url(),
        ])
        .output()
        .unwrap();
    assert!(
        dump.status.success(),
        "{}",
        String::from_utf8_lossy(&dump.stderr)
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &dump.stdout).unwrap();
    let load = Command::new(program("psql").unwrap())
        .args(["-Xq", "-v", "ON_ERROR_STOP=1", "-d", target.url(), "-f"])
        .arg(file.path())
        .output()
        .unwrap();
    assert!(
        load.status.success(),
        "{}",
        String::from_utf8_lossy(&load.stderr)
    );

    let url = DatabaseUrl::Postgres(target.url().to_owned());
    let moved = open(&url, &support::options()).unwrap();
    assert_eq!(moved.pending_migrations().unwrap(), Vec::<String>::new());
    let rest = read(&*moved.stores.events, org, cursor);
    assert_eq!(rest[..3], before[3..]);
    assert_eq!(rest[3].kind(), EventKind::BadgeDeactivated);
    moved
        .stores
        .badges
        .edit(&BadgeEditRequest {
            version: accolade_application::ports::BadgeVersion(2),
            now: second(1700),
            ..edit(&scene, true)
        })
        .unwrap();
    let last = read(&*moved.stores.events, org, rest[3].position);
    assert_eq!(
        last.iter().map(Event::kind).collect::<Vec<_>>(),
        [EventKind::BadgeActivated]
    );
}
