//! How many statements an earn takes, whatever its size and its limits, and what each of
//! them looks up.

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{EarnRequest, HeldQuery, RevokeEarnRequest};
use accolade_domain::customer_view::EnrolmentsRead;
use accolade_persistence::{Database, DatabaseUrl, Options, open};

use crate::support;
use crate::support::recorder::{self, Sent};
use crate::support::scene::{Scene, earned, limits_of_each, limits_of_every_kind, second};

const MANY: u32 = 10_000;

fn one_connection(url: &DatabaseUrl) -> Database {
    let options = Options {
        pool_size: 1,
        ..support::options()
    };
    open(url, &options).unwrap()
}

/// Runs `test` on a scene of each database, in which everybody is enrolled.
fn on_both(test: impl Fn(&Scene)) {
    recorder::start();
    let sqlite = support::Sqlite::fresh();
    let postgres = support::Postgres::fresh();
    for url in [sqlite.url(), postgres.url()] {
        let scene = Scene::set(one_connection(&url));
        scene.enrol(scene.request(MANY)).unwrap().unwrap();
        test(&scene);
    }
}

fn sent(scene: &Scene, request: &EarnRequest, have_earned: u32) -> Sent {
    let (outcomes, sent) = recorder::sent(|| scene.earn(request));
    assert_eq!(earned(&outcomes.unwrap().unwrap()), have_earned as usize);
    sent
}

#[test]
fn ten_thousand_earn_in_as_many_statements_as_one() {
    on_both(|scene| {
        for limits in [Vec::new(), limits_of_every_kind(1_000_000)] {
            // The first adds up what the limits count.
            sent(scene, &scene.earn_request(1, limits.clone()), 1);
            let few = sent(scene, &scene.earn_request(1, limits.clone()), 1);
            let many = sent(scene, &scene.earn_request(MANY, limits), MANY);
            assert_eq!(few.statements, many.statements);
        }
    });
}

#[test]
fn ten_thousand_are_refused_in_as_many_statements_as_one() {
    on_both(|scene| {
        let limits = limits_of_every_kind(1);
        sent(scene, &scene.earn_request(1, limits.clone()), 1);
        let others = |len| {
            let mut request = scene.earn_request(len, limits.clone());
            request.customers.remove(0);
            request
        };
        // The first who is refused has it looked for when the rolling window opens.
        sent(scene, &others(2), 0);
        let few = sent(scene, &others(2), 0);
        let many = sent(scene, &others(MANY), 0);
        assert_eq!(few.statements, many.statements);
        // Whoever is refused by a limit of its own that never opens again asks for nothing besides, and
        // has the answer already that was to be written.
        let own = sent(scene, &scene.earn_request(1, limits.clone()), 0);
        assert_eq!(own.statements.len() + 1, few.statements.len());
        assert_eq!(scene.earned(), 1);
    });
}

/// In one batch: so many who are refused by their own limits, as many who get the last places, and
/// as many who find none. `earned` is how many the badge has before, of its first customers.
fn sent_together(scene: &Scene, each: u32, earned: u32, rolls: bool) -> Sent {
    let mut limits = limits_of_each(1, earned + each);
    if !rolls {
        // The badge's. Without it, whoever is refused by a limit of its own is refused early.
        limits.pop();
    }
    let refused = 1..=each;
    let others = earned + 1..=earned + 2 * each;
    let requests = refused
        .chain(others)
        .map(|it| scene.single_earn(it, &limits));
    let requests: Vec<_> = requests.collect();
    let (codes, sent) = recorder::sent(|| scene.earn_together(requests));
    let of = |code| vec![code; each as usize];
    assert_eq!(codes.unwrap(), [of(817), of(0), of(818)].concat());
    sent
}

#[test]
fn many_requests_of_a_batch_take_as_many_statements_as_few_on_postgresql() {
    recorder::start();
    for rolls in [true, false] {
        let database = support::Postgres::fresh();
        let scene = Scene::set(one_connection(&database.url()));
        scene.enrol(scene.request(MANY)).unwrap().unwrap();
        sent(&scene, &scene.earn_request(1, limits_of_every_kind(9)), 1);
        let few = sent_together(&scene, 1, 1, rolls);
        let mut more = scene.earn_request(100, limits_of_every_kind(1_000));
        more.customers.drain(..2);
        sent(&scene, &more, 98);
        let many = sent_together(&scene, 100, 100, rolls);
        // It is told once an hour that a rolling window is full.
        let mut statements = few.statements;
        let told = statements.extract_if(.., |it| it.starts_with("INSERT INTO \"rolling_told\""));
        assert_eq!(told.count(), usize::from(rolls));
        // And looked for once when it opens.
        let opens =
            |it: &mut String| it.contains("leaves_on =") || it.contains("ORDER BY rolls_on");
        assert_eq!(
            statements.extract_if(.., opens).count(),
            2 * usize::from(rolls)
        );
        assert_eq!(statements, many.statements);
    }
}

#[test]
fn hundreds_of_earns_are_revoked_in_as_many_statements_as_one_on_postgresql() {
    recorder::start();
    let database = support::Postgres::fresh();
    let scene = Scene::set(one_connection(&database.url()));
    scene.enrol(scene.request(MANY)).unwrap().unwrap();
    let request = scene.earn_request(500, limits_of_every_kind(1_000_000));
    let outcomes = scene.earn(&request).unwrap().unwrap();
    let revoked = |which: &[CustomerEarn]| {
        let requests = which.iter().map(|it| {
            let EarnOutcome::Earned(earned, _) = it.outcome else {
                panic!("{it:?}");
            };
            RevokeEarnRequest {
                context: request.context.clone(),
                badge: request.badge,
                customer: it.customer,
                earned,
                request_id: earned.to_string().try_into().ok(),
                reason: None,
            }
        });
        let requests: Vec<_> = requests.collect();
        let earning = &scene.database.stores.earning;
        let (revoked, sent) = recorder::sent(|| earning.revoke_all(&requests));
        assert!(revoked.unwrap().iter().all(Result::is_ok));
        sent
    };
    let one = revoked(&outcomes[..1]);
    let many = revoked(&outcomes[1..]);
    assert_eq!(one.statements, many.statements);
    assert_eq!(scene.earned(), 0);
}

#[test]
fn the_lock_of_a_badges_earns_is_held_for_four_statements_and_commit() {
    recorder::start();
    let database = support::Postgres::fresh();
    let scene = Scene::set(one_connection(&database.url()));
    scene.enrol(scene.request(MANY)).unwrap().unwrap();
    let limits = limits_of_every_kind(1_000_000);
    sent(&scene, &scene.earn_request(1, limits.clone()), 1);
    let sent = sent(&scene, &scene.earn_request(MANY, limits), MANY);
    let is_lock = |statement: &String| statement.starts_with("SELECT pg_advisory_xact_lock(");
    let lock = sent.statements.iter().position(is_lock).unwrap();
    assert_eq!(lock, 5, "{:#?}", sent.statements);
    // The sums by event date, the rolling ones, the rows, the feed, and COMMIT.
    assert_eq!(sent.statements.len() - lock, 6, "{:#?}", sent.statements);
}

#[test]
fn statements_of_earning_are_prepared_once() {
    on_both(|scene| {
        let earn = || {
            let request = scene.earn_request(2, limits_of_every_kind(1_000_000));
            sent(scene, &request, 2)
        };
        earn();
        earn();
        assert_eq!(earn().prepared, Vec::<String>::new());
    });
}

#[test]
fn what_a_customer_holds_of_many_badges_is_one_statement_while_the_catalogue_is_known() {
    on_both(|scene| {
        let look_up = |known| {
            let query = HeldQuery {
                customer: 1.try_into().unwrap(),
                now: second(1500),
                enrolments: EnrolmentsRead::WithRecording,
                known,
            };
            let store = &scene.database.stores.customer_badges;
            recorder::sent(|| store.held(scene.badge.org, &query).unwrap())
        };
        for n in 0..30 {
            let mut badge = scene.draft(&format!("Badge {n}"));
            badge.definition.earn_mode = accolade_domain::badge::EarnMode::Direct;
            scene
                .database
                .stores
                .badges
                .create(&badge, None, &[])
                .unwrap();
        }
        for _ in 0..20 {
            sent(scene, &scene.earn_request(1, Vec::new()), 1);
        }
        let (held, _) = look_up(None);
        let (known, sent) = look_up(Some(held.version));
        assert_eq!(held.catalogue.unwrap().badges().len(), 31);
        assert_eq!((known.holdings, known.catalogue), (held.holdings, None));
        assert_eq!(sent.statements.len(), 1, "{:#?}", sent.statements);
    });
}
