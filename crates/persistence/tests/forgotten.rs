//! That nothing names a customer who was erased: every column of every table is looked at, as bytes.

use accolade_application::access::AccessGroups;
use accolade_application::answer::{Answer, DirectoryAnswer, DirectoryEcho, UnknownCustomer};
use accolade_application::approvals::Basis;
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::ports::{
    Context, DirectoryEntry, EnrolmentBatch, EraseRequest, IdempotencyRecord, Identifiers,
    MergeRequest, NewChange, RevokeEnrolmentsRequest, RevokeTarget, SaveChange, StoredChange,
};
use accolade_domain::approval::{
    Approvals, Change, ChangeId, ChangeState, Decision, RuledOperation, Vote,
};
use accolade_domain::audit::{Attribution, telling};
use accolade_domain::event::{ChangeFact, Position};
use accolade_domain::fixtures::customer;
use accolade_domain::text::Reason;
use accolade_persistence::Database;
use diesel::prelude::*;
use diesel::sql_types::Text;
use uuid::Uuid;

use crate::support::scene::{Scene, second};
use crate::support::{Postgres, Sqlite, recorder};

/// Numbers that nothing else in a database can be taken for.
const HERS: i64 = 620_900_137_713;
const MERGED: i64 = 731_011_248_824;
const OTHER: i64 = 500_000_000_003;
const EMAIL: &str = "anna.private@example.org";
const CARD: &str = "card-private-77";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Asks a database for lines of text.
type Ask<'a> = &'a mut dyn FnMut(&str) -> Vec<String>;

fn ask_sqlite(path: &std::path::Path) -> impl FnMut(&str) -> Vec<String> + use<> {
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    move |sql| {
        let lines: Vec<Line> = diesel::sql_query(sql).load(&mut connection).unwrap();
        lines.into_iter().map(|it| it.line).collect()
    }
}

fn ask_postgres(url: &str) -> impl FnMut(&str) -> Vec<String> + use<> {
    let mut connection = PgConnection::establish(url).unwrap();
    move |sql| {
        let lines: Vec<Line> = diesel::sql_query(sql).load(&mut connection).unwrap();
        lines.into_iter().map(|it| it.line).collect()
    }
}

/// How a database tells its columns, and one of them as hexadecimal digits of its bytes.
struct Dialect {
    columns: &'static str,
    hex: fn(&str) -> String,
}

const SQLITE: Dialect = Dialect {
    columns: "SELECT m.name || '.' || c.name AS line FROM sqlite_schema m \
              JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
    hex: |column| format!("lower(hex({column}))"),
};

const POSTGRES: Dialect = Dialect {
    columns: "SELECT table_name || '.' || column_name AS line FROM information_schema.columns \
              WHERE table_schema = current_schema()",
    // Bytes are told as these digits, and all else is text.
    hex: |column| {
        format!(
            "encode(CASE WHEN pg_typeof({column}) = 'bytea'::regtype \
             THEN decode(substr({column}::text, 3), 'hex') \
             ELSE convert_to({column}::text, 'UTF8') END, 'hex')"
        )
    },
};

/// A number as compact forms write it: seven bits a byte, the sign last.
fn compact(number: i64) -> Vec<u8> {
    let mut left = ((number << 1) ^ (number >> 63)).cast_unsigned();
    let mut bytes = Vec::new();
    loop {
        let byte = (left & 0x7f) as u8;
        left >>= 7;
        if left == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// Every way to write one of these numbers or texts: as digits, whole, as the difference to another
/// customer's number.
fn needles() -> Vec<String> {
    let mut needles = vec![hex(EMAIL.as_bytes()), hex(CARD.as_bytes())];
    for number in [HERS, MERGED] {
        needles.push(hex(number.to_string().as_bytes()));
        needles.push(hex(&number.to_be_bytes()));
        needles.push(hex(&number.to_le_bytes()));
        needles.push(hex(&compact(number)));
        for other in [OTHER, OTHER + 1, HERS, MERGED] {
            if other != number {
                needles.push(hex(&compact(number - other)));
                needles.push(hex(&compact(other - number)));
            }
        }
    }
    needles
}

fn hex(bytes: &[u8]) -> String {
    let each: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    each.concat()
}

/// The columns in which one of the numbers or texts is.
fn named_in(dialect: &Dialect, ask: Ask<'_>) -> Vec<String> {
    let needles = needles();
    let mut found = Vec::new();
    for place in ask(dialect.columns) {
        let (table, column) = place.split_once('.').unwrap();
        let hex = (dialect.hex)(&format!("\"{column}\""));
        let sql = format!("SELECT {hex} AS line FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
        let values = ask(&sql);
        if (values.iter()).any(|value| needles.iter().any(|needle| value.contains(needle))) {
            found.push(place);
        }
    }
    found.sort();
    found
}

fn context(scene: &Scene) -> Context {
    Context {
        org: scene.badge.org,
        actor: scene.actor,
        now: second(1500),
        key: None,
        tag: None,
        rules: None,
    }
}

fn by(scene: &Scene) -> Attribution {
    context(scene).attribution()
}

/// Everything that can be recorded about a customer: beside others, and alone.
fn record(scene: &Scene) {
    let stores = &scene.database.stores;
    let org = scene.badge.org;
    let numbers = [OTHER, HERS, MERGED, OTHER + 1];
    let mut enrolment = scene.request(4);
    enrolment.customers = numbers.map(customer).to_vec();
    enrolment.context.key = Some(scene.guard("enrolled"));
    let unknown = |position, identifier: &str| UnknownCustomer {
        position,
        identifier: identifier.to_owned(),
    };
    enrolment.unknown = vec![
        unknown(0, EMAIL),
        unknown(2, "Anna.Private@example.org"),
        unknown(3, "x"),
    ];
    for request in [enrolment.clone(), scene.request(1)] {
        let batch = EnrolmentBatch::from(request);
        stores.enrolments.enrol(&batch).unwrap().remove(0).unwrap();
    }
    let mut refused = scene.request(2);
    refused.customers = [HERS, OTHER].map(customer).to_vec();
    let batch = EnrolmentBatch::from(refused);
    stores.enrolments.enrol(&batch).unwrap().remove(0).unwrap();
    for numbers in [vec![HERS, OTHER, MERGED], vec![HERS], vec![MERGED]] {
        let len = u32::try_from(numbers.len()).unwrap();
        let mut earn = scene.earn_request(len, Vec::new());
        earn.customers = numbers.into_iter().map(customer).collect();
        let earned = stores.earning.earn(&earn.into()).unwrap().remove(0);
        earned.unwrap();
    }
    let revocation = RevokeEnrolmentsRequest {
        context: Context {
            key: Some(scene.guard("revoked")),
            ..context(scene)
        },
        badge: scene.badge.id,
        targets: [HERS, OTHER]
            .map(|number| RevokeTarget {
                customer: customer(number),
                enrolment: None,
            })
            .to_vec(),
        unknown: vec![unknown(0, CARD)],
        request_id: None,
        reason: Some("a mistake".try_into().unwrap()),
    };
    stores.enrolments.revoke(&revocation).unwrap().unwrap();
    let entry = DirectoryEntry {
        customer: customer(HERS),
        identifiers: Identifiers {
            email: Some(EMAIL.try_into().unwrap()),
            card_number: Some(CARD.try_into().unwrap()),
            ..Identifiers::default()
        },
    };
    let record = IdempotencyRecord {
        guard: scene.guard("called"),
        answer: Answer::Directory(DirectoryAnswer {
            single: true,
            entries: vec![DirectoryEcho {
                customer: customer(HERS),
                email: Some(EMAIL.try_into().unwrap()),
                mobile: None,
                external_id: None,
                card_number: Some(CARD.try_into().unwrap()),
            }],
        }),
    };
    let directory = &stores.directory;
    directory
        .put(org, &[entry], &by(scene), Some(&record))
        .unwrap();
    let merge = MergeRequest {
        org,
        from: customer(MERGED),
        to: customer(HERS),
        reason: Some("the same".try_into().unwrap()),
        by: by(scene),
        key: Some(scene.guard("merged")),
    };
    stores.people.merge(&merge).unwrap();
    decide(scene);
}

/// Somebody has her enrolled, for a reason, and somebody else says something of it.
fn decide(scene: &Scene) {
    let stores = &scene.database.stores;
    let said: Reason = format!("{EMAIL} has asked for it").try_into().unwrap();
    let command = EnrolCustomers {
        badge: scene.badge.id,
        customers: vec![customer(HERS)].into(),
        request_id: None,
        event_on: None,
        triggered_by: None,
        by_hand: Some(said.clone()),
    };
    let change = Change {
        org: scene.badge.org,
        id: ChangeId(Uuid::from_u128(7)),
        operation: RuledOperation::Enrol,
        state: ChangeState::Pending,
        maker: scene.actor,
        created_on: second(1500),
        expires_on: second(2500),
        approvals: Approvals::ONE,
        votes: Vec::new(),
        ended_on: None,
    };
    let change_of_hers = StoredChange {
        change: change.clone(),
        version: 1,
        command: Some(command.into()),
        groups: AccessGroups::DEFAULT,
        basis: Basis::Nothing,
        then: None,
        result: None,
    };
    let new = NewChange {
        stored: change_of_hers.clone(),
        subjects: Vec::new(),
        idempotency: None,
        entries: Vec::new(),
    };
    stores.changes.submit(&new).unwrap();
    let vote = Vote {
        actor: scene.actor,
        decision: Decision::Rejected,
        comment: Some(said),
        voted_on: second(1500),
    };
    let mut after = change.ended(ChangeState::Rejected, second(1500));
    after.votes.push(vote.clone());
    let save = SaveChange {
        told: Some(ChangeFact::of(&after, None)),
        entries: vec![telling::change_voted(&change, &after, &vote, &by(scene))],
        after: StoredChange {
            change: after,
            ..change_of_hers
        },
        now: second(1500),
        idempotency: None,
    };
    stores.changes.save_change(&save).unwrap();
}

/// Everything about a customer is there, then she is erased, and it is looked for her.
fn look(database: Database, dialect: &Dialect, ask: Ask<'_>) {
    let scene = Scene::set(database);
    record(&scene);
    let stores = &scene.database.stores;
    // What has positions, and what has none yet.
    stores.events.sequence().unwrap();
    let mut late = scene.earn_request(1, Vec::new());
    late.customers = vec![customer(HERS)];
    stores
        .earning
        .earn(&late.into())
        .unwrap()
        .remove(0)
        .unwrap();
    let before = named_in(dialect, &mut *ask);
    for place in [
        "audit.changes",
        "audit.reason",
        "changes.command",
        "changes.votes",
        "customer_identifiers.comparable",
        "customer_identifiers.customer_id",
        "earned_badges.customer_id",
        "enrolments.customer_id",
        "feed.data",
        "idempotency.answer",
        "merged_customers.customer_id",
        "merged_customers.successor_id",
        "request_ledger.answer",
    ] {
        assert!(
            before.iter().any(|it| it == place),
            "{place} is not in {before:?}"
        );
    }
    let counts = |scene: &Scene| {
        let badges = &scene.database.stores.badges;
        let found = badges.find_counted(scene.badge.org, scene.badge.id);
        found.unwrap().unwrap().counts
    };
    let counted = counts(&scene);
    let erase = EraseRequest {
        org: scene.badge.org,
        region: None,
        customer: customer(MERGED),
        by: by(&scene),
    };
    let people = &scene.database.stores.people;
    assert_eq!(people.erase(&erase).unwrap(), customer(HERS));
    scene.database.stores.events.sequence().unwrap();
    // The trail keeps what was done to whom, and the feed that others are to forget her.
    let expected = ["audit.changes", "audit.entity_id", "feed.data"];
    assert_eq!(named_in(dialect, &mut *ask), expected);
    let is_in = |needle: &[u8]| format!("{} LIKE '%{}%'", (dialect.hex)("data"), hex(needle));
    let kinds = format!(
        "SELECT DISTINCT CAST(kind AS TEXT) AS line FROM feed WHERE {} OR {}",
        is_in(&compact(HERS)),
        is_in(EMAIL.as_bytes())
    );
    assert_eq!(ask(&kinds), ["17"]);
    assert_eq!(counts(&scene), counted);
    let newest = scene.database.stores.events.newest(scene.badge.org);
    assert!(newest.unwrap() > Position::START);
}

/// Tables in which a customer may be named, all of which erasing one looks at. What is uploaded in jobs, and
/// what a dry run remembers of it, ends with its own retention.
const NAMING: &[&str] = &[
    "audit",
    "change_subjects",
    "changes",
    "customer_identifiers",
    "earned_badges",
    "enrolments",
    "feed",
    "idempotency",
    "job_parts",
    "job_trials",
    "jobs",
    "merged_customers",
    "refusals",
    "request_ledger",
    "webhook_retries",
];

/// Tables in which nobody is named. What receivers answered is theirs, and ends with its own retention.
const NAMELESS: &[&str] = &[
    "__diesel_schema_migrations",
    "actors",
    "api_clients",
    "approval_rules",
    "badge_claims",
    "badge_counts",
    "badge_days",
    "badge_earns",
    "badge_groups",
    "badge_metas",
    "badge_numbers",
    "catalogue_versions",
    "custom_fields",
    "expiries",
    "expiry_backlog",
    "forgotten_counts",
    "job_chunks",
    "leases",
    "operator_sessions",
    "operators",
    "orgs",
    "rolling_counts",
    "rolling_told",
    "webhook_attempts",
    "webhooks",
    "window_counts",
];

/// A new table is one of either: who adds it must know whether erasing a customer has to look at it.
#[test]
fn of_every_table_it_is_known_whether_it_names_customers() {
    let database = Sqlite::fresh();
    let tables = "SELECT name AS line FROM sqlite_schema WHERE type = 'table' \
         AND name NOT LIKE 'sqlite%' ORDER BY name";
    let found = ask_sqlite(&database.path())(tables);
    let mut known = [NAMING, NAMELESS].concat();
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn no_statement_reads_through_a_whole_feed_to_find_a_customer() {
    recorder::start();
    let database = Sqlite::fresh();
    let scene = Scene::set(database.open());
    let org = scene.badge.org;
    // A time-out would end a statement that looks among millions for what hardly any row is.
    let fill = format!(
        "WITH RECURSIVE n (n) AS (SELECT 101 UNION ALL SELECT n + 1 FROM n WHERE n < 12600) \
         INSERT INTO feed (org_id, last_position, recorded_on, latest_on, events, kind, data) \
         SELECT {org}, n, 0, 0, 1, 1, x'0100' FROM n"
    );
    let mut connection = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    diesel::sql_query(fill).execute(&mut connection).unwrap();
    let erase = EraseRequest {
        org,
        region: None,
        customer: customer(HERS),
        by: by(&scene),
    };
    let people = &scene.database.stores.people;
    let (_, sent) = recorder::sent(|| people.erase(&erase).unwrap());
    // Three stretches of 5 000 rows at most, and what came meanwhile.
    let looks = sent.with("kind").into_iter();
    let looks = looks.filter(|it| it.contains("feed") && it.starts_with("SELECT"));
    assert_eq!(looks.count(), 4, "{:#?}", sent.statements);
}

#[test]
fn an_erased_customer_is_in_no_column_of_sqlite() {
    let database = Sqlite::fresh();
    let opened = database.open();
    look(opened, &SQLITE, &mut ask_sqlite(&database.path()));
}

#[test]
fn an_erased_customer_is_in_no_column_of_postgresql() {
    let database = Postgres::fresh();
    let opened = database.open();
    look(
        opened,
        &POSTGRES,
        &mut ask_postgres(database.database.url()),
    );
}
