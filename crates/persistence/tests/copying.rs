//! Many enrolments at once on PostgreSQL: COPY, and what stands in its way.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use accolade_application::ports::{
    Context, EnrolmentBatch, EnrolmentRequest, RevokeEnrolmentsRequest, RevokeTarget, StoreError,
};
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::ids::CustomerId;
use accolade_persistence::{Options, open};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::support;
use crate::support::Postgres;
use crate::support::recorder;
use crate::support::scene::{Scene, enrolled, hold, second};

/// So many are copied in, and somebody in the middle of them.
const MANY: u32 = 3_000;
const MIDDLE: i64 = 1_501;

/// A scene in which `copy_from` enrolments or more are copied in.
fn scene(database: &Postgres, copy_from: u32) -> Scene {
    let options = Options {
        copy_from: copy_from as usize,
        ..support::options()
    };
    Scene::set(open(&database.url(), &options).unwrap())
}

fn copied(act: impl FnOnce() -> Vec<CustomerOutcome>) -> (Vec<CustomerOutcome>, usize) {
    let (outcomes, sent) = recorder::sent(act);
    (outcomes, sent.with("COPY").len())
}

fn only(scene: &Scene, customers: &[i64], from: i64, until: i64) -> EnrolmentRequest {
    EnrolmentRequest {
        hold: hold(from, until),
        customers: customers.iter().map(|n| (*n).try_into().unwrap()).collect(),
        ..scene.request(u32::try_from(customers.len()).unwrap())
    }
}

/// The customers who are refused, and what stands in their way.
fn refused(outcomes: &[CustomerOutcome]) -> BTreeMap<CustomerId, Outcome> {
    let refused = outcomes
        .iter()
        .filter(|it| matches!(it.outcome, Outcome::AlreadyEnrolled(_)));
    refused.map(|it| (it.customer, it.outcome)).collect()
}

fn revoke(scene: &Scene, customer: i64) {
    let request = RevokeEnrolmentsRequest {
        context: Context {
            org: scene.badge.org,
            actor: scene.actor,
            now: second(1400),
            key: None,
            tag: None,
            rules: None,
        },
        badge: scene.badge.id,
        targets: vec![RevokeTarget {
            customer: customer.try_into().unwrap(),
            enrolment: None,
        }],
        unknown: Vec::new(),
        request_id: None,
        reason: None,
    };
    let outcomes = scene
        .database
        .stores
        .enrolments
        .revoke(&request)
        .unwrap()
        .unwrap();
    assert_eq!(outcomes[0].refused, None);
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    all: i64,
    #[diesel(sql_type = BigInt)]
    some: i64,
}

/// How many rows the table has, and how many of them have this ordinal.
fn rows(database: &Postgres, ordinal: i32) -> (i64, i64) {
    let mut connection = PgConnection::establish(database.database.url()).unwrap();
    let rows: Rows = diesel::sql_query(format!(
        "SELECT count(*) AS all, count(*) FILTER (WHERE ordinal = {ordinal}) AS some \
         FROM enrolments"
    ))
    .get_result(&mut connection)
    .unwrap();
    (rows.all, rows.some)
}

#[test]
fn of_two_large_sets_that_race_each_customer_has_one_winner_whom_the_other_names() {
    let database = Postgres::fresh();
    let scene = scene(&database, 100);
    let (ones, others) = (1..=2 * i64::from(MANY) / 3, i64::from(MANY) / 3..);
    for round in 0..12 {
        let from = 10 * round + 1;
        let one = only(&scene, &ones.clone().collect::<Vec<_>>(), from, from + 1);
        let mut reversed: Vec<_> = others.clone().take(MANY as usize).collect();
        reversed.reverse();
        let other = only(&scene, &reversed, from, from + 1);
        let (first, second) = thread::scope(|scope| {
            let first = scope.spawn(|| scene.enrol(one).unwrap().unwrap());
            let second = scene.enrol(other).unwrap().unwrap();
            (first.join().unwrap(), second)
        });
        let mut winners = BTreeMap::new();
        for it in first.iter().chain(&second) {
            if let Outcome::Enrolled(id) = it.outcome {
                assert_eq!(winners.insert(it.customer, id), None);
            }
        }
        let all: Vec<i64> = winners.keys().map(|it| it.get()).collect();
        let expected: Vec<i64> = (1..i64::from(MANY) / 3 + i64::from(MANY)).collect();
        assert_eq!(all, expected);
        for (customer, outcome) in refused(&first).into_iter().chain(refused(&second)) {
            assert_eq!(outcome, Outcome::AlreadyEnrolled(winners[&customer]));
        }
        let so_far = u64::try_from((round + 1) * i64::try_from(all.len()).unwrap()).unwrap();
        assert_eq!(scene.issued(), so_far);
    }
}

/// A customer with an enrolment that is over, one whose enrolment is revoked, and one whose
/// enrolment is in the way, in the middle of many.
fn assert_only_overlaps_are_refused(copy_from: u32, len: u32) {
    let database = Postgres::fresh();
    let scene = scene(&database, copy_from);
    let [over, revoked, in_the_way] = [0, 1, 2].map(|n| i64::from(len) / 2 + n);
    scene.enrol(only(&scene, &[over], 10, 20)).unwrap().unwrap();
    scene
        .enrol(only(&scene, &[revoked], 1000, 2000))
        .unwrap()
        .unwrap();
    revoke(&scene, revoked);
    let earlier = only(&scene, &[in_the_way], 1999, 3000);
    let existing = earlier.ids.first().unwrap().into();
    scene.enrol(earlier).unwrap().unwrap();
    let outcomes = scene.enrol(scene.request(len)).unwrap().unwrap();
    assert_eq!(
        refused(&outcomes),
        [(
            in_the_way.try_into().unwrap(),
            Outcome::AlreadyEnrolled(existing)
        )]
        .into()
    );
    let len = i64::from(len);
    assert_eq!(rows(&database, 2), (len + 2, 2));
    assert_eq!(scene.issued(), u64::try_from(len + 1).unwrap());
}

#[test]
fn only_overlaps_are_refused_whichever_way_many_are_inserted() {
    assert_only_overlaps_are_refused(MANY, MANY);
    assert_only_overlaps_are_refused(MANY + 1, MANY);
    assert_only_overlaps_are_refused(1, 3);
}

#[test]
fn who_was_missed_by_the_first_look_is_left_out_of_the_second_copy() {
    recorder::start();
    let database = Postgres::fresh();
    let scene = scene(&database, 100);
    scene
        .enrol(only(&scene, &[MIDDLE], 1000, 2000))
        .unwrap()
        .unwrap();
    let (outcomes, copies) = copied(|| scene.enrol(scene.request(MANY)).unwrap().unwrap());
    assert_eq!((enrolled(&outcomes), copies), (MANY as usize - 1, 2));
    assert_eq!(rows(&database, 2), (i64::from(MANY), 0));
}

#[test]
fn a_large_request_that_is_repeated_is_not_copied_in_vain() {
    recorder::start();
    let database = Postgres::fresh();
    let scene = scene(&database, 100);
    let request = scene.request(MANY);
    let ids: Vec<_> = request.ids.iter().collect();
    let (outcomes, copies) = copied(|| scene.enrol(request).unwrap().unwrap());
    assert_eq!((enrolled(&outcomes), copies), (MANY as usize, 1));
    let (outcomes, copies) = copied(|| scene.enrol(scene.request(MANY)).unwrap().unwrap());
    assert_eq!((enrolled(&outcomes), copies), (0, 0));
    for (outcome, id) in outcomes.iter().zip(ids) {
        assert_eq!(outcome.outcome, Outcome::AlreadyEnrolled(id.into()));
    }
    assert_eq!(rows(&database, 1), (i64::from(MANY), i64::from(MANY)));
}

#[test]
fn a_campaign_that_follows_another_is_copied_once_at_the_next_ordinals() {
    recorder::start();
    let database = Postgres::fresh();
    let scene = scene(&database, 100);
    scene.enrol(scene.request(MANY)).unwrap().unwrap();
    let next = EnrolmentRequest {
        hold: hold(3000, 4000),
        ..scene.request(MANY)
    };
    let (outcomes, copies) = copied(|| scene.enrol(next).unwrap().unwrap());
    assert_eq!((enrolled(&outcomes), copies), (MANY as usize, 1));
    assert_eq!(rows(&database, 2), (2 * i64::from(MANY), i64::from(MANY)));
}

#[test]
fn several_large_requests_of_one_batch_are_copied_together() {
    recorder::start();
    let database = Postgres::fresh();
    let scene = scene(&database, 100);
    let silver = scene.draft("Silver");
    scene
        .database
        .stores
        .badges
        .create(&silver, None, &[])
        .unwrap();
    let many = i64::from(MANY);
    let held = only(&scene, &[MIDDLE], 1000, 2000);
    let existing = held.ids.first().unwrap();
    scene.enrol(held).unwrap().unwrap();
    let requests = [
        scene.request(MANY),
        only(
            &scene,
            &(many + 1..2 * many).collect::<Vec<_>>(),
            5000,
            6000,
        ),
        EnrolmentRequest {
            badge: silver.id,
            ..scene.request(MANY)
        },
    ];
    let mut batch = EnrolmentBatch::default();
    for request in &requests {
        batch.push(request.clone()).unwrap();
    }
    let all = scene.database.stores.enrolments.enrol(&batch).unwrap();
    for (request, outcomes) in requests.iter().zip(all) {
        let expected: Vec<_> = (request.customers.iter().zip(request.ids.iter()))
            .map(|(customer, id)| {
                let is_held = request.badge == scene.badge.id && customer.get() == MIDDLE;
                let outcome = if is_held {
                    Outcome::AlreadyEnrolled(existing.into())
                } else {
                    Outcome::Enrolled(id.into())
                };
                (*customer, outcome)
            })
            .collect();
        let outcomes = outcomes.unwrap();
        let outcomes: Vec<_> = outcomes
            .iter()
            .map(|it| (it.customer, it.outcome))
            .collect();
        assert_eq!(outcomes, expected);
    }
    assert_eq!(rows(&database, 1), (3 * many - 1, 3 * many - 1));
    assert_eq!(scene.issued(), u64::from(2 * MANY - 1));
}

/// What another has open: an enrolment of the customer in the middle, not committed.
fn taking_the_middle(database: &Postgres, scene: &Scene) -> PgConnection {
    let mut other = PgConnection::establish(database.database.url()).unwrap();
    let (org, badge) = (scene.badge.org.get(), scene.badge.id);
    other
        .batch_execute(&format!(
            "BEGIN; INSERT INTO enrolments \
             (org_id, customer_id, event_on, expires_on, request_no, ordinal, badge_id, id) \
             VALUES ({org}, {MIDDLE}, 1000000000, 2000000000, 1, 1, '\\x{badge}', '\\x{badge}')"
        ))
        .unwrap();
    other
}

/// Waits until somebody waits for another inside COPY, and gives how many were `ended`.
fn end_who_copies(database: &Postgres) {
    let mut admin = PgConnection::establish(database.database.url()).unwrap();
    let end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE 'COPY%' AND wait_event_type = 'Lock'";
    while diesel::sql_query(end).execute(&mut admin).unwrap() == 0 {
        thread::yield_now();
    }
}

fn assert_unavailable<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(
        matches!(result, Err(StoreError::Unavailable(_))),
        "{result:?}"
    );
}

#[test]
fn who_waits_inside_copy_for_one_that_is_undone_copies_on() {
    let database = Postgres::fresh();
    let scene = scene(&database, 100);
    let mut other = taking_the_middle(&database, &scene);
    thread::scope(|scope| {
        let enrolling = scope.spawn(|| scene.enrol(scene.request(MANY)).unwrap().unwrap());
        while !is_somebody_waiting(&database) {
            thread::yield_now();
        }
        other.batch_execute("ROLLBACK").unwrap();
        assert_eq!(enrolled(&enrolling.join().unwrap()), MANY as usize);
    });
}

#[test]
fn who_waits_inside_copy_for_one_that_is_committed_refuses_only_that_one() {
    let database = Postgres::fresh();
    let scene = scene(&database, 100);
    let mut other = taking_the_middle(&database, &scene);
    thread::scope(|scope| {
        let enrolling = scope.spawn(|| scene.enrol(scene.request(MANY)).unwrap().unwrap());
        while !is_somebody_waiting(&database) {
            thread::yield_now();
        }
        other.batch_execute("COMMIT").unwrap();
        let outcomes = enrolling.join().unwrap();
        let existing = accolade_domain::ids::EnrolmentId(scene.badge.id.0);
        assert_eq!(
            refused(&outcomes),
            [(
                MIDDLE.try_into().unwrap(),
                Outcome::AlreadyEnrolled(existing)
            )]
            .into()
        );
    });
}

#[test]
fn a_copy_that_takes_too_long_is_unavailable_with_nothing_written() {
    for is_lock in [true, false] {
        let database = Postgres::fresh();
        let (short, long) = (Duration::from_millis(200), Duration::from_mins(1));
        let options = Options {
            lock_timeout: if is_lock { short } else { long },
            statement_timeout: if is_lock { long } else { short },
            ..support::options()
        };
        // Only what must fail is in a hurry: on a busy machine all else may take longer too.
        let patient = scene(&database, 100);
        let request = patient.request(MANY);
        let mut other = taking_the_middle(&database, &patient);
        let hurried = open(&database.url(), &options).unwrap();
        let batch = EnrolmentBatch::from(request.clone());
        assert_unavailable(&hurried.stores.enrolments.enrol(&batch));
        other.batch_execute("ROLLBACK").unwrap();
        assert_eq!(rows(&database, 1), (0, 0));
        assert_eq!(patient.issued(), 0);
        let outcomes = patient.enrol(request).unwrap().unwrap();
        assert_eq!(enrolled(&outcomes), MANY as usize);
    }
}

#[test]
fn a_copy_whose_connection_is_ended_is_done_again_on_another_and_no_third_time() {
    let database = Postgres::fresh();
    let scene = scene(&database, 100);
    let request = scene.request(10_000);
    let mut other = taking_the_middle(&database, &scene);
    thread::scope(|scope| {
        let enrolling = scope.spawn(|| scene.enrol(request.clone()));
        end_who_copies(&database);
        end_who_copies(&database);
        assert_unavailable(&enrolling.join().unwrap());
        let again = scope.spawn(|| scene.enrol(request.clone()));
        end_who_copies(&database);
        other.batch_execute("ROLLBACK").unwrap();
        let outcomes = again.join().unwrap().unwrap().unwrap();
        assert_eq!(enrolled(&outcomes), 10_000);
    });
    assert_eq!(rows(&database, 1), (10_000, 10_000));
    assert_eq!(scene.issued(), 10_000);
}

fn is_somebody_waiting(database: &Postgres) -> bool {
    let mut admin = PgConnection::establish(database.database.url()).unwrap();
    let waiting = "SELECT 1 FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE 'COPY%' AND wait_event_type = 'Lock'";
    diesel::sql_query(waiting).execute(&mut admin).unwrap() > 0
}
