//! How many statements an enrolment takes, whatever its size, and that each is prepared
//! only once.

use accolade_application::ports::EnrolmentRequest;
use accolade_persistence::{Database, Options, open};

use crate::support;
use crate::support::recorder::{self, Sent};
use crate::support::scene::{Scene, enrolled, hold, second};

const MANY: u32 = 10_000;

fn one_connection(url: &accolade_persistence::DatabaseUrl) -> Database {
    let options = Options {
        pool_size: 1,
        ..support::options()
    };
    open(url, &options).unwrap()
}

fn sqlite() -> (support::Sqlite, Scene) {
    recorder::start();
    let database = support::Sqlite::fresh();
    let scene = Scene::set(one_connection(&database.url()));
    (database, scene)
}

fn postgres() -> (support::Postgres, Scene) {
    recorder::start();
    let database = support::Postgres::fresh();
    let scene = Scene::set(one_connection(&database.url()));
    (database, scene)
}

/// What carrying `request` out sends, of which so many customers are enrolled.
fn sent(scene: &Scene, request: EnrolmentRequest, are_enrolled: usize) -> Sent {
    let (outcomes, sent) = recorder::sent(|| scene.enrol(request).unwrap().unwrap());
    assert_eq!(enrolled(&outcomes), are_enrolled);
    sent
}

/// The first words of each statement.
fn outline(sent: &Sent) -> Vec<String> {
    sent.statements
        .iter()
        .map(|it| {
            let text = it.replace(['`', '"'], "");
            let words: Vec<_> = text.split_whitespace().collect();
            let is_outermost = |at: &usize| {
                let before = words[..*at].concat();
                before.matches('(').count() == before.matches(')').count()
            };
            let from: Vec<_> = (0..words.len()).filter(|at| words[*at] == "FROM").collect();
            // One that only asks whether there is something has it within.
            let outermost = from.iter().copied().find(is_outermost);
            let from = outermost.or(from.first().copied());
            if let ("SELECT", Some(from)) = (words[0], from) {
                return format!("SELECT … FROM {}", words[from + 1]);
            }
            let first = words.iter().take(3).copied().collect::<Vec<_>>().join(" ");
            let end = first.find('(').unwrap_or(first.len());
            first[..end].to_owned()
        })
        .collect()
}

/// That `many` customers take as many statements as `few` do, and `more` for those of them who
/// were enrolled before.
fn assert_constant(scene: &Scene, few: u32, many: u32, more: usize) {
    let (all_few, others) = (few as usize, (many - few) as usize);
    let some = sent(scene, scene.request(few), all_few);
    let rest = sent(scene, scene.request(many), others);
    // Some were refused, so the ledger's answer is corrected.
    let refused = sent(scene, scene.request(few), 0);
    let all_refused = sent(scene, scene.request(many), 0);
    assert_eq!(refused.statements, all_refused.statements);
    assert_eq!(rest.statements.len(), some.statements.len() + more);

    let later = |len| EnrolmentRequest {
        hold: hold(3000, 4000),
        ..scene.request(len)
    };
    let renewed = sent(scene, later(few), all_few);
    let mut rest = later(many);
    rest.customers.drain(..all_few);
    let all_renewed = sent(scene, rest, others);
    assert_eq!(renewed.statements, all_renewed.statements);
}

#[test]
fn ten_thousand_customers_take_as_many_statements_as_two_on_sqlite() {
    let (_database, scene) = sqlite();
    assert_constant(&scene, 2, MANY, 2);
}

#[test]
fn hundreds_of_customers_take_as_many_statements_as_one_on_postgresql() {
    let (_database, scene) = postgres();
    let many = u32::try_from(support::options().copy_from).unwrap() - 1;
    assert_constant(&scene, 1, many, 2);
}

#[test]
fn ten_thousand_customers_take_as_many_statements_as_a_thousand_on_postgresql() {
    let (_database, scene) = postgres();
    assert_constant(&scene, 1_000, MANY, 3);
}

#[test]
fn ten_thousand_new_customers_are_these_statements_on_sqlite() {
    let (_database, scene) = sqlite();
    let sent = sent(&scene, scene.request(MANY), MANY as usize);
    assert_eq!(
        outline(&sent),
        [
            "BEGIN IMMEDIATE",
            "SELECT … FROM request_ledger",
            "INSERT INTO request_ledger",
            "SELECT … FROM badge_metas",
            "INSERT INTO enrolments",
            "INSERT INTO badge_counts",
            "INSERT INTO expiries",
            "SELECT … FROM feed",
            "INSERT INTO feed",
            "COMMIT",
        ]
    );
}

#[test]
fn ten_thousand_new_customers_are_these_statements_on_postgresql() {
    let (_database, scene) = postgres();
    let sent = sent(&scene, scene.request(MANY), MANY as usize);
    assert_eq!(
        outline(&sent),
        [
            "BEGIN; SELECT pg_advisory_xact_lock_shared",
            "INSERT INTO request_ledger",
            "SELECT … FROM unnest($1,",
            "SAVEPOINT copying",
            "COPY enrolments",
            "WITH counted AS",
            "COMMIT",
        ]
    );
}

#[test]
fn many_who_were_enrolled_before_are_these_statements_on_postgresql() {
    let (_database, scene) = postgres();
    scene.enrol(scene.request(MANY)).unwrap().unwrap();
    let sent = sent(&scene, scene.request(MANY), 0);
    assert_eq!(
        outline(&sent),
        [
            "BEGIN; SELECT pg_advisory_xact_lock_shared",
            "INSERT INTO request_ledger",
            "SELECT … FROM unnest($1,",
            "SELECT … FROM unnest($1,",
            "UPDATE request_ledger l",
            "COMMIT",
        ]
    );
}

/// Reading the badge, enrolling under a key, being refused, looking up, all twice.
fn assert_prepared_once(scene: &Scene) {
    let act = |key: &str| {
        let mut request = scene.request(3);
        request.context.key = Some(scene.guard(key));
        let id = request.request_id.clone();
        let _ = scene.enrol(request).unwrap();
        let database = &scene.database;
        let guard = scene.guard(key);
        let found =
            database
                .stores
                .idempotency
                .find(guard.org, guard.actor, &guard.key, guard.used_on);
        assert!(found.unwrap().is_some());
        assert_eq!(
            database
                .stores
                .requests
                .find(scene.badge.org, &id)
                .unwrap()
                .len(),
            1
        );
        let key = accolade_application::access::ClientKey::try_from("loyalty").unwrap();
        assert!(database.stores.access.client(&key).unwrap().is_some());
    };
    act("a");
    let ((), second) = recorder::sent(|| act("b"));
    // It is refused where the first was enrolled.
    let ((), third) = recorder::sent(|| act("c"));
    assert_eq!(second.statements, third.statements);
    assert_eq!(third.prepared, Vec::<String>::new());
    assert!(!second.prepared.is_empty());
    let ((), fourth) = recorder::sent(|| {
        let (org, badge) = (scene.badge.org, scene.badge.id);
        let customers = &scene.request(2).customers;
        let now = scene.guard("d").used_on;
        let preview =
            scene
                .database
                .stores
                .enrolments
                .preview(org, badge, hold(1, 2), customers, now);
        assert_eq!(preview.unwrap().len(), 2);
    });
    assert!(fourth.statements.len() <= 2, "{fourth:?}");
}

#[test]
fn statements_are_prepared_once_on_sqlite() {
    let (_database, scene) = sqlite();
    assert_prepared_once(&scene);
}

#[test]
fn statements_are_prepared_once_on_postgresql() {
    let (_database, scene) = postgres();
    assert_prepared_once(&scene);
}

/// What a server asks again and again: twice, as it would go on.
fn asked_again_and_again(scene: &Scene) -> [Sent; 2] {
    let ask = || {
        let stores = &scene.database.stores;
        assert_eq!(stores.events.sequence().unwrap(), 0);
        assert_eq!(stores.jobs.runnable_jobs().unwrap(), []);
    };
    let first = recorder::sent(ask).1;
    [first, recorder::sent(ask).1]
}

const RUNNABLE: &str = "SELECT org_id, created_on, id, secret FROM jobs \
     WHERE state IN (2, 3, 4) ORDER BY org_id, created_on, id";

#[test]
fn a_server_that_has_nothing_to_do_asks_for_jobs_by_a_prepared_statement_on_sqlite() {
    let (_database, scene) = sqlite();
    let [first, second] = asked_again_and_again(&scene);
    assert_eq!(first.prepared, [RUNNABLE]);
    assert_eq!(second.statements, [RUNNABLE]);
    assert_eq!(second.prepared, Vec::<String>::new());
}

#[test]
fn a_server_that_has_nothing_to_do_asks_for_events_and_jobs_by_one_statement_each_on_postgresql() {
    let (_database, scene) = postgres();
    scene.enrol(scene.request(3)).unwrap().unwrap();
    let events = &scene.database.stores.events;
    // The badge and the enrolments.
    assert_eq!(events.sequence().unwrap(), 4);
    // Once more, as what was open a moment ago may have come since.
    assert_eq!(events.sequence().unwrap(), 0);
    let [first, second] = asked_again_and_again(&scene);
    assert_eq!(first.prepared, [RUNNABLE]);
    let last_number =
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM outbox_number_seq";
    assert_eq!(second.statements, [last_number, RUNNABLE]);
    assert_eq!(second.prepared, Vec::<String>::new());
}

#[test]
fn a_list_of_badges_takes_as_many_statements_as_one_badge() {
    use accolade_application::ports::{BadgeQuery, BadgeSort, SortOrder};
    fn assert_constant(scene: &Scene) {
        let query = BadgeQuery {
            now: scene.guard("a").used_on,
            statuses: Vec::new(),
            earn_type: None,
            active: None,
            owner: None,
            claimed_by: None,
            unclaimed: None,
            group: None,
            name_contains: None,
            starts_from: None,
            ends_until: None,
            sort: BadgeSort::Name,
            order: SortOrder::Ascending,
            page: 0,
            size: 100,
        };
        let list = || {
            recorder::sent(|| {
                scene
                    .database
                    .stores
                    .badges
                    .list(scene.badge.org, &query)
                    .unwrap()
            })
        };
        let (page, one) = list();
        assert_eq!(page.total, 1);
        for n in 0..30 {
            let badge = scene.draft(&format!("Badge {n}"));
            scene
                .database
                .stores
                .badges
                .create(&badge, None, &[])
                .unwrap();
        }
        let (page, many) = list();
        assert_eq!(page.badges.len(), 31);
        assert_eq!((one.statements.len(), many.statements.len()), (5, 5));
    }
    let (_sqlite, scene) = sqlite();
    assert_constant(&scene);
    let (_postgres, scene) = postgres();
    assert_constant(&scene);
}

#[test]
fn what_hundreds_of_requests_recorded_expires_by_the_statements_of_what_two_did_on_postgresql() {
    let (_database, scene) = postgres();
    let expire = |customers: std::ops::RangeInclusive<i64>| {
        let many = u64::try_from(customers.clone().count()).unwrap();
        for customer in customers {
            let mut request = scene.request(1);
            request.customers = vec![customer.try_into().unwrap()];
            scene.enrol(request).unwrap().unwrap();
        }
        let events = &scene.database.stores.events;
        let expire = || events.expire(second(2000), second(2001), 900).unwrap();
        let (expired, sent) = recorder::sent(expire);
        assert_eq!(expired.events, many);
        // What requests were answered is read a hundred at a time.
        let mut statements = sent.statements;
        statements.dedup();
        statements
    };
    let few = expire(1..=2);
    assert_eq!(few, expire(3..=302));
}
