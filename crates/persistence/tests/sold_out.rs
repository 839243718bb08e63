//! What it takes to refuse under a rolling limit that is sold out, of which there are very many earns: how
//! many statements, what each looks up, and how many rows it reads.

use accolade_application::answer::EarnOutcome;
use accolade_application::ports::{EarnRequest, EnrolmentRequest};
use accolade_domain::badge::constraint::Count;
use accolade_domain::earning::{Limit, Scope, Span};
use accolade_domain::instant::Instant;
use accolade_domain::zone::CalendarUnit;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::support::recorder::{self, Sent};
use crate::support::scene::{Scene, hold};
use crate::support::{Postgres, Sqlite};

/// How many earns there are, one each microsecond.
const MANY: u32 = 300_000;

/// When they begin, which is a day before the second 100 000.
const FIRST: u32 = 13_600;

const DAY: u32 = 86_400;

/// A second, in microseconds.
const SECOND: i64 = 1_000_000;

/// The statement that makes them.
fn earns(scene: &Scene, numbers: &str) -> String {
    let (org, badge) = (scene.badge.org, scene.badge.id);
    let first = i64::from(FIRST) * SECOND;
    format!(
        "INSERT INTO badge_earns (org_id, badge_id, event_on, rolls_on, earns) \
         SELECT {org}, {bytes}, {first} + n, {first} + n, 1 FROM {numbers}",
        bytes = bytes(&badge.to_string(), numbers),
    )
}

fn bytes(hex: &str, numbers: &str) -> String {
    if numbers.starts_with("generate_series") {
        format!("'\\x{hex}'::bytea")
    } else {
        format!("x'{hex}'")
    }
}

/// A customer who asks so many microseconds after the second 100 000, under a limit of so many a day.
fn asking(scene: &Scene, micros: i64, max: u32) -> EarnRequest {
    let now = Instant::from_unix_micros(i64::from(FIRST + DAY) * SECOND + micros).unwrap();
    let span = Span::Rolling {
        unit: CalendarUnit::Days,
        length: Count::ONE,
        since: Instant::from_unix_micros(i64::from(FIRST) * SECOND + micros).unwrap(),
    };
    let limit = Limit {
        scope: Scope::Badge,
        span,
        max,
    };
    let mut request = scene.earn_request(1, vec![limit]);
    request.context.now = now;
    request
}

/// Who asks is refused, and told when it opens: as many microseconds after a day after the first earn.
fn refused(scene: &Scene, micros: i64, max: u32, opens: i64) -> Sent {
    let request = asking(scene, micros, max);
    let (outcomes, sent) = recorder::sent(|| scene.earn(&request));
    let outcomes = outcomes.unwrap().unwrap();
    let EarnOutcome::Refused(rejection) = &outcomes[0].outcome else {
        panic!("{outcomes:?}");
    };
    let opens = i64::from(FIRST + DAY) * SECOND + opens;
    let expected = format!(
        "It opens again at {}.",
        Instant::from_unix_micros(opens).unwrap()
    );
    assert!(rejection.message.ends_with(&expected), "{rejection:?}");
    sent
}

/// The statements that add up what is not stored, or look for an earn.
fn looks(sent: &Sent) -> usize {
    let reads = sent.with("FROM badge_earns").into_iter();
    // That one adds up what left the window since the stored sum was moved last.
    reads.filter(|it| !it.contains("rolling_told")).count()
}

/// Gives the statements that look for an earn, later and earlier.
fn walk(scene: &Scene) -> [String; 2] {
    let many = i64::from(MANY);
    // All of them count: the first must leave. It is found from the start of the window.
    let first = refused(scene, 0, MANY, 1);
    assert_eq!(looks(&first), 2, "{first:#?}");
    let later = first.with("ORDER BY rolls_on LIMIT")[0].to_owned();
    // From then on nothing is looked for.
    for _ in 0..3 {
        assert_eq!(looks(&refused(scene, 0, MANY, 1)), 0);
    }
    // Ten have left, and fewer may count than before: the one is found a few rows further on.
    for _ in 0..2 {
        let next = refused(scene, 10, MANY - 20, 21);
        assert!(looks(&next) <= 1, "{next:#?}");
    }
    assert_eq!(looks(&refused(scene, 10, MANY - 20, 21)), 0);
    // A limit that is far lower is looked for once, from the nearer end.
    let lower = refused(scene, 10, 1_000, many - 999);
    assert_eq!(looks(&lower), 4, "{lower:#?}");
    assert_eq!(looks(&refused(scene, 10, 1_000, many - 999)), 0);
    let earlier = lower.with("ORDER BY rolls_on DESC LIMIT")[0].to_owned();
    [later, earlier]
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

#[derive(QueryableByName)]
struct Detail {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[test]
fn who_is_refused_by_a_sold_out_rolling_limit_has_nothing_counted_anew_on_sqlite() {
    recorder::start();
    let database = Sqlite::fresh();
    let scene = Scene::set(database.open());
    scene.enrol(enrolment(&scene)).unwrap().unwrap();
    let mut connection = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    let numbers = format!(
        "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {MANY}) SELECT n FROM s)"
    );
    connection.batch_execute(&earns(&scene, &numbers)).unwrap();
    for statement in walk(&scene) {
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        let plan: Vec<Detail> = diesel::sql_query(explain).load(&mut connection).unwrap();
        // One step: rows come in the order of the index, so none is read beyond the bound.
        assert_eq!(plan.len(), 1, "{statement}");
        let index = "SEARCH badge_earns USING COVERING INDEX badge_earns_rolls_on \
                     (org_id=? AND badge_id=? AND rolls_on";
        assert!(plan[0].detail.starts_with(index), "{}", plan[0].detail);
    }
}

#[test]
fn who_is_refused_by_a_sold_out_rolling_limit_has_nothing_counted_anew_on_postgresql() {
    recorder::start();
    let database = Postgres::fresh();
    let scene = Scene::set(database.open());
    scene.enrol(enrolment(&scene)).unwrap().unwrap();
    let mut connection = PgConnection::establish(database.database.url()).unwrap();
    let numbers = format!("generate_series(1, {MANY}) AS n");
    connection.batch_execute(&earns(&scene, &numbers)).unwrap();
    // As autovacuum does soon.
    connection
        .batch_execute("VACUUM ANALYZE badge_earns")
        .unwrap();
    for statement in walk(&scene) {
        connection
            .batch_execute(&format!(
                "PREPARE s (bigint, bytea, bigint, bigint) AS {statement}"
            ))
            .unwrap();
        let badge = scene.badge.id;
        let middle = i64::from(FIRST) * SECOND + i64::from(MANY / 2);
        let explain = format!(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) \
             EXECUTE s (100458, '\\x{badge}', {middle}, 32)"
        );
        let plan: Vec<Line> = diesel::sql_query(explain).load(&mut connection).unwrap();
        connection.batch_execute("DEALLOCATE s").unwrap();
        let plan: Vec<_> = plan.into_iter().map(|line| line.text).collect();
        let scan = plan.iter().find(|it| it.contains("badge_earns_rolls_on"));
        let scan = scan.unwrap_or_else(|| panic!("{plan:#?}"));
        assert!(scan.contains("Index Only Scan"), "{plan:#?}");
        assert!(scan.contains("rows=32"), "{plan:#?}");
    }
}

/// The customer, enrolled for all of the time.
fn enrolment(scene: &Scene) -> EnrolmentRequest {
    let mut request = scene.request(1);
    request.hold = hold(1_000, 900_000);
    request
}
