//! Connections that break: before, inside and after a transaction.

use std::time::Duration;

use accolade_application::answer::Imported;
use accolade_application::ports::{
    Context, CreateBadgeError, EditBadgeError, ImportItem, ImportRequest, RecordError,
    RevokeEarnRequest, RevokeEnrolmentsRequest, RevokeTarget, StoreError,
};
use accolade_domain::fixtures::second;
use accolade_domain::ids::CustomerId;
use accolade_persistence::{DatabaseUrl, Options, open};
use accolade_test_postgres::{Mode, Proxy, Then};

use crate::support;
use crate::support::Postgres;
use crate::support::scene::{Scene, earned, enrolled, limits_of_each, limits_of_every_kind};

const DONE: bool = true;
const LOST: bool = false;

/// So many are copied in.
const MANY: u32 = 10_000;

/// How long the database is asked in vain how a transaction ended, where it cannot be reached.
const SOON_IN_VAIN: Duration = Duration::from_secs(2);

/// A scene behind a proxy whose database can be reached again at once, however busy the
/// machine is.
fn behind_proxy() -> (Postgres, Proxy, Scene) {
    behind_proxy_asked_for(Duration::from_mins(1))
}

/// The same, where a connection is waited for so long.
fn behind_proxy_asked_for(pool_timeout: Duration) -> (Postgres, Proxy, Scene) {
    let database = Postgres::fresh();
    let proxy = Proxy::before(database.database.url()).unwrap();
    let options = Options {
        pool_timeout,
        ..support::options()
    };
    let opened = open(&DatabaseUrl::Postgres(proxy.url().to_owned()), &options).unwrap();
    let scene = Scene::set(opened);
    (database, proxy, scene)
}

fn at_commit(carried_out: bool, then: Then) -> Mode {
    Mode::AtCommit { carried_out, then }
}

#[test]
fn an_enrolment_whose_commit_was_carried_out_is_answered_from_the_ledger() {
    let (_database, proxy, scene) = behind_proxy();
    let request = scene.request(10);
    proxy.set(at_commit(DONE, Then::Pass));
    let outcomes = scene.enrol(request.clone()).unwrap().unwrap();
    assert_eq!(enrolled(&outcomes), 10);
    assert_eq!(scene.issued(), 10);
    let again = scene.enrol(request).unwrap();
    assert_eq!(again, Err(RecordError::RequestIdUsed));
}

#[test]
fn an_enrolment_whose_commit_never_arrived_is_unavailable_and_can_be_sent_again() {
    let (_database, proxy, scene) = behind_proxy();
    let request = scene.request(10);
    proxy.set(at_commit(LOST, Then::Pass));
    let lost = scene.enrol(request.clone());
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert_eq!(scene.issued(), 0);
    let outcomes = scene.enrol(request).unwrap().unwrap();
    assert_eq!(enrolled(&outcomes), 10);
}

#[test]
fn the_outcome_is_unknown_while_the_database_cannot_be_asked() {
    let (_database, proxy, scene) = behind_proxy_asked_for(SOON_IN_VAIN);
    let request = scene.request(10);
    proxy.set(at_commit(DONE, Then::Refuse));
    let lost = scene.enrol(request.clone());
    assert!(
        matches!(lost, Err(StoreError::OutcomeUnknown(_))),
        "{lost:?}"
    );
    proxy.set(Mode::Pass);
    let ledger = &scene.database.stores.requests;
    let found = when_back(|| ledger.find(request.context.org, &request.request_id));
    assert_eq!(found.len(), 1);
}

#[test]
fn an_earn_whose_commit_was_carried_out_is_answered_from_the_ledger() {
    let (_database, proxy, scene) = behind_proxy();
    scene.enrol(scene.request(10)).unwrap().unwrap();
    let request = scene.earn_request(10, limits_of_every_kind(100));
    proxy.set(at_commit(DONE, Then::Pass));
    let outcomes = scene.earn(&request).unwrap().unwrap();
    assert_eq!(earned(&outcomes), 10);
    assert_eq!(scene.earned(), 10);
    let again = scene.earn(&request).unwrap();
    assert_eq!(again, Err(RecordError::RequestIdUsed));
}

#[test]
fn an_earn_whose_commit_never_arrived_is_unavailable_and_can_be_sent_again() {
    let (_database, proxy, scene) = behind_proxy();
    scene.enrol(scene.request(10)).unwrap().unwrap();
    let request = scene.earn_request(10, limits_of_every_kind(100));
    proxy.set(at_commit(LOST, Then::Pass));
    let lost = scene.earn(&request);
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert_eq!(scene.earned(), 0);
    let outcomes = scene.earn(&request).unwrap().unwrap();
    assert_eq!(earned(&outcomes), 10);
}

#[test]
fn an_enrolment_whose_connection_breaks_inside_copy_is_carried_out_on_another() {
    let (_database, proxy, scene) = behind_proxy();
    proxy.set(Mode::AtCopy { then: Then::Pass });
    let outcomes = scene.enrol(scene.request(MANY)).unwrap().unwrap();
    assert_eq!(enrolled(&outcomes), MANY as usize);
    assert_eq!(scene.issued(), u64::from(MANY));
}

#[test]
fn an_enrolment_that_loses_its_database_inside_copy_is_unavailable_with_nothing_written() {
    let (_database, proxy, scene) = behind_proxy_asked_for(SOON_IN_VAIN);
    let request = scene.request(MANY);
    proxy.set(Mode::AtCopy { then: Then::Refuse });
    let lost = scene.enrol(request.clone());
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    proxy.set(Mode::Pass);
    let outcomes = when_back(|| scene.enrol(request.clone())).unwrap();
    assert_eq!(enrolled(&outcomes), MANY as usize);
    assert_eq!(scene.issued(), u64::from(MANY));
}

#[test]
fn of_a_batch_of_earns_whose_commit_was_lost_all_are_recorded_or_none() {
    for carried_out in [DONE, LOST] {
        let (_database, proxy, scene) = behind_proxy();
        scene.enrol(scene.request(10)).unwrap().unwrap();
        let limits = limits_of_each(1, 2);
        let requests = [1, 2, 3].map(|customer| scene.single_earn(customer, &limits));
        proxy.set(at_commit(carried_out, Then::Pass));
        let codes = match scene.earn_together(requests.clone()) {
            Err(StoreError::Unavailable(_)) if !carried_out => {
                assert_eq!(scene.earned(), 0);
                scene.earn_together(requests.clone())
            }
            other => other,
        };
        assert_eq!(codes.unwrap(), [0, 0, 818]);
        assert_eq!(scene.earned(), 2);
        let used = requests.map(|it| {
            let ledger = &scene.database.stores.requests;
            ledger
                .is_used(it.context.org, it.operation, &it.request_id)
                .unwrap()
        });
        assert_eq!(used, [true, true, false]);
    }
}

/// A scene behind a proxy in which somebody has earned, and the revocation of that.
fn with_earn(request_id: Option<&str>) -> (Postgres, Proxy, Scene, RevokeEarnRequest) {
    let (database, proxy, scene) = behind_proxy();
    scene.enrol(scene.request(1)).unwrap().unwrap();
    let earn = scene.earn_request(1, limits_of_every_kind(1));
    assert_eq!(earned(&scene.earn(&earn).unwrap().unwrap()), 1);
    let revocation = RevokeEarnRequest {
        context: Context {
            now: second(1600),
            ..earn.context
        },
        badge: earn.badge,
        customer: earn.customers[0],
        earned: earn.ids.first().unwrap().into(),
        request_id: request_id.map(|id| id.try_into().unwrap()),
        reason: None,
    };
    (database, proxy, scene, revocation)
}

#[test]
fn a_revoked_earn_whose_commit_was_carried_out_is_answered_with_and_without_an_id() {
    for request_id in [Some("revocation"), None] {
        let (_database, proxy, scene, revocation) = with_earn(request_id);
        proxy.set(at_commit(DONE, Then::Pass));
        let earning = &scene.database.stores.earning;
        assert_eq!(earning.revoke(&revocation).unwrap(), Ok(()));
        assert_eq!(scene.earned(), 0);
        // Its place is free, once.
        let limits = limits_of_every_kind(1);
        let again = scene.earn(&scene.earn_request(1, limits.clone()));
        assert_eq!(earned(&again.unwrap().unwrap()), 1);
        let full = scene.earn(&scene.earn_request(1, limits));
        assert_eq!(earned(&full.unwrap().unwrap()), 0);
    }
}

#[test]
fn a_revoked_earn_whose_commit_never_arrived_is_unavailable_and_can_be_sent_again() {
    for request_id in [Some("revocation"), None] {
        let (_database, proxy, scene, revocation) = with_earn(request_id);
        proxy.set(at_commit(LOST, Then::Pass));
        let earning = &scene.database.stores.earning;
        let lost = earning.revoke(&revocation);
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
        assert_eq!(scene.earned(), 1);
        assert_eq!(earning.revoke(&revocation).unwrap(), Ok(()));
        assert_eq!(scene.earned(), 0);
        let none = RecordError::Refused(RevokeEarnRequest::none_active());
        let again = RevokeEarnRequest {
            request_id: None,
            ..revocation
        };
        assert_eq!(earning.revoke(&again).unwrap(), Err(none));
    }
}

/// A request to revoke whatever the customers 1 and 2 have.
fn unenrolling(scene: &Scene, request_id: Option<&str>) -> RevokeEnrolmentsRequest {
    let enrolment = scene.request(2);
    let all_of = |customer: &CustomerId| RevokeTarget {
        customer: *customer,
        enrolment: None,
    };
    RevokeEnrolmentsRequest {
        context: Context {
            now: second(1600),
            ..enrolment.context
        },
        badge: enrolment.badge,
        targets: enrolment.customers.iter().map(all_of).collect(),
        unknown: Vec::new(),
        request_id: request_id.map(|id| id.try_into().unwrap()),
        reason: None,
    }
}

#[test]
fn revoked_enrolments_whose_commit_was_lost_are_asked_about_with_and_without_an_id() {
    for carried_out in [DONE, LOST] {
        for request_id in [Some("revocation"), None] {
            let (_database, proxy, scene) = behind_proxy();
            scene.enrol(scene.request(2)).unwrap().unwrap();
            let revocation = unenrolling(&scene, request_id);
            let enrolments = &scene.database.stores.enrolments;
            proxy.set(at_commit(carried_out, Then::Pass));
            let revoked = match enrolments.revoke(&revocation) {
                Err(StoreError::Unavailable(_)) if !carried_out => {
                    assert_eq!(scene.issued(), 2);
                    enrolments.revoke(&revocation)
                }
                other => other,
            };
            let outcomes = revoked.unwrap().unwrap();
            let refused: Vec<_> = outcomes.iter().map(|it| it.refused.clone()).collect();
            assert_eq!(refused, [None, None]);
            assert_eq!(scene.issued(), 0);
        }
    }
}

/// A request to import one earn for each of so many customers.
fn importing(scene: &Scene, customers: u32) -> ImportRequest {
    let earn = scene.earn_request(customers, Vec::new());
    let both = earn.customers.iter().zip(earn.ids.iter());
    let items = both.map(|(customer, id)| ImportItem {
        badge: earn.badge,
        customer: *customer,
        id: id.into(),
        event_on: second(1500),
        expires_on: second(9000),
        counts_under: Vec::new(),
    });
    let items: Vec<_> = items.collect();
    let imported = items.iter().map(|item| Imported::Recorded {
        badge: item.badge,
        customer: item.customer,
        earned: item.id,
        expires_on: item.expires_on,
    });
    ImportRequest {
        outcomes: imported.collect(),
        items,
        context: earn.context,
        request_id: earn.request_id,
    }
}

#[test]
fn an_import_whose_commit_was_lost_is_asked_about_whatever_it_could_import() {
    for carried_out in [DONE, LOST] {
        for customers in [2, 0] {
            let (_database, proxy, scene) = behind_proxy();
            let request = importing(&scene, customers);
            let earning = &scene.database.stores.earning;
            proxy.set(at_commit(carried_out, Then::Pass));
            let imported = match earning.import(&request) {
                Err(StoreError::Unavailable(_)) if !carried_out => {
                    assert_eq!(scene.earned(), 0);
                    earning.import(&request)
                }
                other => other,
            };
            assert_eq!(imported.unwrap(), Ok(()));
            assert_eq!(scene.earned(), u64::from(customers));
            let again = earning.import(&request).unwrap();
            assert_eq!(again, Err(RecordError::RequestIdUsed));
        }
    }
}

#[test]
fn the_creation_of_a_badge_is_asked_about() {
    for (carried_out, exists) in [(DONE, true), (LOST, false)] {
        let (_database, proxy, scene) = behind_proxy();
        let badge = scene.draft("Silver");
        proxy.set(at_commit(carried_out, Then::Pass));
        let created = scene.database.stores.badges.create(&badge, None, &[]);
        let found = scene
            .database
            .stores
            .badges
            .find(badge.org, badge.id)
            .unwrap();
        assert_eq!(found.is_some(), exists);
        match created {
            Ok(_) => assert!(exists),
            Err(CreateBadgeError::Store(StoreError::Unavailable(_))) => assert!(!exists),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_edit_of_a_badge_is_asked_about() {
    for (carried_out, active) in [(DONE, false), (LOST, true)] {
        let (_database, proxy, scene) = behind_proxy();
        let edit = scene.deactivation();
        proxy.set(at_commit(carried_out, Then::Pass));
        let edited = scene.database.stores.badges.edit(&edit);
        let found = scene
            .database
            .stores
            .badges
            .find(edit.org, edit.badge)
            .unwrap();
        assert_eq!(found.unwrap().badge.active, active);
        match edited {
            Ok(()) => assert!(!active),
            Err(EditBadgeError::Store(StoreError::Unavailable(_))) => assert!(active),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn connections_that_died_in_the_pool_fail_no_request() {
    let (database, _proxy, scene) = behind_proxy();
    scene.enrol(scene.request(1)).unwrap().unwrap();
    for round in 0..3 {
        end_all_connections(&database);
        let mut request = scene.request(1);
        end_all_connections(&database);
        request.hold = support::scene::hold(round * 10 + 1, round * 10 + 2);
        let outcomes = scene.enrol(request).unwrap().unwrap();
        assert_eq!(enrolled(&outcomes), 1);
    }
    assert_eq!(scene.issued(), 4);
}

fn end_all_connections(database: &Postgres) {
    use diesel::prelude::*;
    let mut admin = PgConnection::establish(database.database.url()).unwrap();
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&mut admin)
    .unwrap();
}

#[test]
fn a_database_that_is_away_is_unavailable_and_used_again_when_it_is_back() {
    let database = Postgres::fresh();
    let proxy = Proxy::before(database.database.url()).unwrap();
    let options = Options {
        pool_timeout: Duration::from_millis(300),
        ..support::options()
    };
    let opened = open(&DatabaseUrl::Postgres(proxy.url().to_owned()), &options).unwrap();
    // Its pool need not be complete before the first request.
    let scene = loop {
        if opened.stores.health.check().is_ok() {
            break Scene::set(opened);
        }
    };
    let request = scene.request(1);
    proxy.set(Mode::Refuse);
    for _ in 0..3 {
        let away = scene.enrol(request.clone());
        assert!(matches!(away, Err(StoreError::Unavailable(_))), "{away:?}");
        assert!(scene.database.stores.health.check().is_err());
    }
    proxy.set(Mode::Pass);
    let outcomes = when_back(|| scene.enrol(request.clone())).unwrap();
    assert_eq!(enrolled(&outcomes), 1);
}

/// Asks until the database is back: its pool tries again in steps that are longer than a
/// connection is waited for.
fn when_back<T>(ask: impl Fn() -> Result<T, StoreError>) -> T {
    loop {
        match ask() {
            Ok(found) => return found,
            Err(StoreError::Unavailable(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}
