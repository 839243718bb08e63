//! A database that the first release filled: migrated, read through the ports, and written to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use accolade_application::access::{AccessGroups, ClientKey, Secret};
use accolade_application::answer::{Answer, EarnOutcome};
use accolade_application::ports::{
    CustomerBadgeDetails, DetailsQuery, EarnBatch, EarnRequest, EnrolmentBatch, EnrolmentRequest,
    FeedQuery, Fingerprint, IdempotencyGuard, IdempotencyKey, IdempotencyRecord, IdentifierKind,
    NewClient, Operation, PageOf, RecordError, RevokeEarnRequest, Stores,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::Attribution;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::event::{EventKind, Position};
use accolade_domain::ids::{BadgeId, CustomerId, IdBlock, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::text::RequestId;
use accolade_persistence::Database;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::support::scene::{hold, limits_of_each, second};
use crate::support::{Postgres, Sqlite};

const SQLITE: &str = include_str!("fixtures/first_release_sqlite.sql");
const POSTGRES: &str = include_str!("fixtures/first_release_postgres.sql");

fn sqlite() -> Sqlite {
    let database = Sqlite::empty();
    let path = database.path();
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute(SQLITE).unwrap();
    database
}

fn postgres() -> Postgres {
    let database = Postgres::empty();
    let mut connection = PgConnection::establish(database.database.url()).unwrap();
    connection.batch_execute(POSTGRES).unwrap();
    database
}

fn org() -> OrgId {
    100_458.try_into().unwrap()
}

fn other_org() -> OrgId {
    200_001.try_into().unwrap()
}

fn gold() -> BadgeId {
    "000000000000000000000001".parse().unwrap()
}

fn customer(number: i64) -> CustomerId {
    number.try_into().unwrap()
}

fn actor(number: i64) -> Actor {
    number.try_into().unwrap()
}

const ALL: PageOf = PageOf {
    page: 0,
    size: 1_000,
};

fn details(stores: &Stores, number: i64) -> CustomerBadgeDetails {
    let badges = &stores.customer_badges;
    let found = badges.details(
        org(),
        &DetailsQuery {
            customer: customer(number),
            badge: gold(),
            now: second(1900),
            enrolments: ALL,
            earns: ALL,
        },
    );
    found.unwrap().unwrap()
}

fn assert_everything_is_there(database: &Database) {
    let stores = &database.stores;
    let clients = stores.access.clients().unwrap();
    let clients: Vec<_> = clients
        .iter()
        .map(|it| (it.number.get(), it.org.id, it.key.as_str(), it.revoked_on))
        .collect();
    assert_eq!(
        clients,
        [
            (1, org(), "loyalty", None),
            (2, other_org(), "rotating", None),
            (3, org(), "gone", Some(second(12))),
        ]
    );
    let badge = stores.badges.find_counted(org(), gold()).unwrap().unwrap();
    assert_eq!((badge.counts.issued, badge.counts.earned), (8, 4));
    assert_eq!(badge.number.get(), 1);
    assert_eq!(badge.badge.created_by, actor(1));
    let limits = limits_of_each(2, 4);
    let counted = stores
        .earning
        .counted(org(), gold(), Some(customer(1)), &limits);
    assert_eq!(counted.unwrap(), [2, 2, 2, 4, 4, 3]);
    let kind = IdentifierKind::Email;
    let found = stores
        .directory
        .resolve(org(), kind, &["ada@example.com".to_owned()]);
    assert_eq!(found.unwrap(), [Some(customer(7))]);
    assert_customers_have_what_they_had(stores);
    assert_answers_are_there(stores);
}

fn assert_customers_have_what_they_had(stores: &Stores) {
    let loyalty = Owner {
        owner_type: OwnerType::Loyalty,
        reference: "123694".try_into().unwrap(),
    };
    let first = details(stores, 1);
    assert_eq!(first.enrolments.items[0].recorded_on, second(1500));
    assert_eq!(
        first.enrolments.items[0].triggered_by,
        Some(loyalty.clone())
    );
    let triggered_by: Vec<_> = first
        .earns
        .items
        .iter()
        .map(|it| it.triggered_by.clone())
        .collect();
    assert_eq!(triggered_by, [None, Some(loyalty)]);
    let revoked = details(stores, 2).earns.items[0].earned.revoked_on;
    assert_eq!(revoked, Some(second(1600)));
    assert_eq!(details(stores, 4).refusals[0].refused_on, second(1500));
    let imported = details(stores, 8).earns.items[0].earned;
    assert!(imported.imported && imported.earned_on == second(1800));
    let enrolment = details(stores, 9).enrolments.items[0].enrolment;
    assert_eq!(enrolment.revoked_on, Some(second(1700)));
}

/// Those of the ledger, and those under keys, whether the key names the ledger's or has its own.
fn assert_answers_are_there(stores: &Stores) {
    let find = |org, id: &str| {
        let found = stores.requests.find(org, &id.try_into().unwrap()).unwrap();
        found.into_iter().map(|it| it.operation).collect::<Vec<_>>()
    };
    assert_eq!(find(org(), "enrol"), [Operation::IssueBulk]);
    assert_eq!(find(other_org(), "enrol"), [Operation::IssueBulk]);
    assert_eq!(find(org(), "revoke-issue"), [Operation::RevokeIssue]);
    assert_eq!(find(org(), "import"), [Operation::Import]);
    let key = |org, by, text: &str| {
        let key = IdempotencyKey::try_from(text.to_owned()).unwrap();
        let found = stores.idempotency.find(org, actor(by), &key, second(1900));
        found.unwrap().map(|it| it.answer)
    };
    assert!(matches!(key(org(), 1, "group"), Some(Answer::Group(_))));
    assert!(matches!(
        key(other_org(), 2, "badge"),
        Some(Answer::Activity { .. })
    ));
    let Some(Answer::Enrolment(enrolment)) = key(org(), 1, "enrol") else {
        panic!("no enrolment under the key");
    };
    assert_eq!(enrolment.outcomes.len(), 9);
    let Some(Answer::Earned(earned)) = key(org(), 1, "earn") else {
        panic!("no earn under the key");
    };
    assert!(matches!(
        earned.outcomes[0].outcome,
        EarnOutcome::Earned(..)
    ));
    // A key is the org's and the actor's.
    assert_eq!(key(other_org(), 1, "enrol"), None);
    assert_eq!(key(org(), 2, "enrol"), None);
}

/// The request that the first release executed, for one more customer.
fn enrolment(stores: &Stores) -> EnrolmentRequest {
    let found = stores.badges.find(org(), gold()).unwrap().unwrap();
    EnrolmentRequest {
        context: accolade_application::ports::Context {
            org: org(),
            actor: actor(1),
            now: second(1950),
            key: None,
            tag: None,
            rules: None,
        },
        badge: gold(),
        version: found.version,
        request_id: "enrol".try_into().unwrap(),
        triggered_by: None,
        by_hand: None,
        hold: hold(1000, 2000),
        customers: vec![customer(1), customer(10)],
        unknown: Vec::new(),
        ids: IdBlock::new("0000000000000000000000d1".parse().unwrap(), 2).unwrap(),
    }
}

/// The number of a client that is created now.
fn new_client(stores: &Stores) -> i64 {
    let client = NewClient {
        org: other_org(),
        name: "new".try_into().unwrap(),
        key: ClientKey::try_from("new").unwrap(),
        groups: AccessGroups::DEFAULT,
        owner: None,
        secret: Secret::presented("new").hash(),
        created: Attribution::system(second(1950)),
    };
    stores.access.create_client(&client).unwrap().get()
}

/// A group or a custom field is saved only if its stored text is the one that it would be written
/// as now.
fn assert_groups_and_fields_can_be_changed(stores: &Stores) {
    let catalogue = &stores.catalogue;
    let id = "0000000000000000000000a1".parse().unwrap();
    let group = catalogue.group(org(), id).unwrap().unwrap();
    let renamed = Group {
        name: "Metals".try_into().unwrap(),
        ..group.clone()
    };
    catalogue.save_group(&group, &renamed, None, &[]).unwrap();
    let id = "0000000000000000000000b1".parse().unwrap();
    let field = catalogue.field(org(), id).unwrap().unwrap();
    let disabled = CustomField {
        active: false,
        ..field.clone()
    };
    catalogue.save_field(&field, &disabled, None, &[]).unwrap();
}

fn assert_it_works_on(database: &Database) {
    let stores = &database.stores;
    assert_eq!(new_client(stores), 4);
    assert_groups_and_fields_can_be_changed(stores);
    let used = enrolment(stores);
    let enrol = |request: &EnrolmentRequest| {
        let batch = EnrolmentBatch::from(request.clone());
        stores.enrolments.enrol(&batch).unwrap().remove(0)
    };
    assert_eq!(enrol(&used), Err(RecordError::RequestIdUsed));
    let new = EnrolmentRequest {
        request_id: "new".try_into().unwrap(),
        ..used
    };
    assert_eq!(enrol(&new).unwrap().len(), 2);
    assert_eq!(
        details(stores, 10).enrolments.items[0].recorded_on,
        second(1950)
    );
    // The badge is full until one is revoked.
    let limits = limits_of_each(3, 4);
    let earn = EarnRequest {
        context: new.context.clone(),
        badge: gold(),
        version: new.version,
        operation: Operation::EarnBulk,
        request_id: "new".try_into().unwrap(),
        triggered_by: None,
        by_hand: None,
        terms: accolade_domain::earning::EarnTerms {
            earn_type: accolade_domain::badge::EarnType::IssueEarn,
            event_on: second(1500),
            expires_on: second(9000),
        },
        limits,
        zone: accolade_domain::zone::Zone::utc(),
        customers: vec![customer(10)],
        unknown: Vec::new(),
        ids: IdBlock::new("0000000000000000000000e1".parse().unwrap(), 1).unwrap(),
    };
    let earned = |id: &str| {
        let request = EarnRequest {
            request_id: id.try_into().unwrap(),
            ..earn.clone()
        };
        let outcomes = stores.earning.earn(&EarnBatch::from(request)).unwrap();
        let outcomes = outcomes.into_iter().next().unwrap().unwrap();
        matches!(outcomes[0].outcome, EarnOutcome::Earned(..))
    };
    assert!(!earned("full"));
    let revocation = RevokeEarnRequest {
        context: new.context,
        badge: gold(),
        customer: customer(3),
        earned: "000000000000000000000012".parse().unwrap(),
        request_id: None,
        reason: None,
    };
    assert_eq!(stores.earning.revoke(&revocation).unwrap(), Ok(()));
    assert!(earned("free"));
}

/// Forwards, back and forwards again, and everything is there each time.
fn assert_migrated(database: &Database, later: usize) {
    assert_eq!(database.migrate().unwrap().names.len(), later);
    assert_everything_is_there(database);
    for _ in 0..later {
        database.revert_last_migration().unwrap();
    }
    database.migrate().unwrap();
    assert_everything_is_there(database);
    assert_it_works_on(database);
    for _ in 0..later {
        database.revert_last_migration().unwrap();
    }
    database.migrate().unwrap();
    assert_eq!(
        details(&database.stores, 10).enrolments.items[0].recorded_on,
        second(1950)
    );
}

#[test]
fn what_the_first_release_recorded_is_read_and_built_upon_on_sqlite() {
    let filled = sqlite();
    let database = filled.open();
    assert_migrated(&database, database.pending_migrations().unwrap().len());
}

#[test]
fn what_the_first_release_recorded_is_read_and_built_upon_on_postgresql() {
    let filled = postgres();
    let database = filled.open();
    assert_migrated(&database, database.pending_migrations().unwrap().len());
}

/// Whom it is told of that something has expired: org, customer, when, in seconds.
fn expired(stores: &Stores) -> Vec<(i64, i64, i64)> {
    let mut all = Vec::new();
    for org in [org(), other_org()] {
        let query = FeedQuery {
            org,
            after: Position::START,
            kept_since: Instant::MIN,
            kinds: [EventKind::EnrolmentExpired, EventKind::EarnExpired].into(),
            badge: None,
            customer: None,
            limit: 1_000,
        };
        for event in stores.events.read(&query).unwrap().events {
            let customer = event.customer().unwrap();
            let due = event.occurred_on().unix_micros() / 1_000_000;
            all.push((org.get(), customer.get(), due));
        }
    }
    all
}

/// Lets everything expire, in small steps, by two at once.
fn expire(stores: &Stores) -> u64 {
    let events = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let expired = stores.events.expire(second(9_000), second(9_100), 3);
                    let expired = expired.unwrap();
                    events.fetch_add(expired.events, Ordering::SeqCst);
                    if !expired.has_more {
                        break;
                    }
                }
            });
        }
    });
    events.into_inner()
}

/// `run` runs SQL.
fn assert_it_expires_once(database: &Database, run: impl Fn(&str)) {
    database.migrate().unwrap();
    // The feed began as if at second 1900, and all of it was recorded before.
    run("UPDATE expiry_backlog SET began_on = 1900000000");
    let stores = &database.stores;
    let mut events = expire(stores);
    events += expire(stores);
    assert_eq!(events, 14);
    let mut told = expired(stores);
    told.sort_unstable();
    let enrolled = (1..=8).map(|customer| (100_458, customer, 2_000));
    let earned = [1, 1, 3, 8].map(|customer| (100_458, customer, 9_000));
    let others = [(200_001, 1, 2_000), (200_001, 1, 9_000)];
    let mut expected: Vec<_> = enrolled.chain(earned).chain(others).collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
    // What is recorded from then on expires as well.
    assert_it_works_on(database);
    assert_eq!(expire(stores), 2);
}

/// What is damaged in one org, before it is entered or afterwards, keeps no other from expiring.
fn assert_others_expire(database: &Database, is_entered: bool, run: impl Fn(&str)) {
    database.migrate().unwrap();
    run("UPDATE expiry_backlog SET began_on = 1900000000");
    let stores = &database.stores;
    if is_entered {
        let expired = stores.events.expire(second(1), second(9_100), 3).unwrap();
        assert!(!expired.has_more);
    }
    run("UPDATE request_ledger SET answer = DAMAGED WHERE org_id = 200001");
    assert_eq!(expire(stores), 12);
    let told = expired(stores);
    assert!(told.iter().all(|it| it.0 == 100_458), "{told:?}");
}

#[test]
fn what_is_damaged_in_one_org_keeps_no_other_from_expiring_on_sqlite() {
    for is_entered in [false, true] {
        let filled = sqlite();
        let run = |sql: &str| {
            let path = filled.path();
            let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            let sql = sql.replace("DAMAGED", "x'ff'");
            connection.batch_execute(&sql).unwrap();
        };
        assert_others_expire(&filled.open(), is_entered, run);
    }
}

#[test]
fn what_is_damaged_in_one_org_keeps_no_other_from_expiring_on_postgresql() {
    for is_entered in [false, true] {
        let filled = postgres();
        let run = |sql: &str| {
            let mut connection = PgConnection::establish(filled.database.url()).unwrap();
            let sql = sql.replace("DAMAGED", r"'\xff'");
            connection.batch_execute(&sql).unwrap();
        };
        assert_others_expire(&filled.open(), is_entered, run);
    }
}

fn assert_what_had_expired_is_older_than_the_feed(database: &Database) {
    database.migrate().unwrap();
    assert_eq!(expire(&database.stores), 0);
    assert_eq!(expired(&database.stores), []);
}

#[test]
fn what_the_first_release_recorded_expires_once_on_sqlite() {
    let filled = sqlite();
    let run = |sql: &str| {
        let path = filled.path();
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute(sql).unwrap();
    };
    assert_it_expires_once(&filled.open(), run);
}

#[test]
fn what_the_first_release_recorded_expires_once_on_postgresql() {
    let filled = postgres();
    let run = |sql: &str| {
        let mut connection = PgConnection::establish(filled.database.url()).unwrap();
        connection.batch_execute(sql).unwrap();
    };
    assert_it_expires_once(&filled.open(), run);
}

#[test]
fn what_had_expired_before_there_was_a_feed_is_not_told() {
    assert_what_had_expired_is_older_than_the_feed(&sqlite().open());
    assert_what_had_expired_is_older_than_the_feed(&postgres().open());
}

/// Identifiers as the first release kept them: cut of blanks, e-mails in small letters.
const IDENTIFIERS: &str = "INSERT INTO customer_identifiers (org_id, kind, comparable, customer_id) VALUES \
     (100458, 1, 'jos\u{65}\u{301}@x', 21), (100458, 1, 'plain@x', 22), \
     (100458, 2, '+91 99000-00001', 21), (100458, 2, '07 00', 22), (100458, 2, '+919900000002', 23), \
     (100458, 2, '0091-1', 24), (100458, 2, '00 911', 25), \
     (100458, 2, '+91 99000 00003', 26), (100458, 2, '+919900000003', 27), \
     (200001, 2, '+91 99000 00003', 28), \
     (100458, 3, 'e\u{301}', 21), (100458, 3, 'Plain', 22), (100458, 4, '+91 99000 00003', 21)";

/// What is compared now is found, and nobody got what another has.
fn assert_identifiers_are_comparable(database: &Database) {
    let who = |org, kind, text: &str| {
        let found = (database.stores.directory).resolve(org, kind, &[text.to_owned()]);
        found.unwrap()[0].map(CustomerId::get)
    };
    for (kind, text, customer) in [
        (IdentifierKind::Email, "josé@x", Some(21)),
        (IdentifierKind::Email, "plain@x", Some(22)),
        (IdentifierKind::Mobile, "+919900000001", Some(21)),
        (IdentifierKind::Mobile, "0700", Some(22)),
        (IdentifierKind::Mobile, "+919900000002", Some(23)),
        (IdentifierKind::Mobile, "00911", None),
        (IdentifierKind::Mobile, "0091-1", Some(24)),
        (IdentifierKind::Mobile, "00 911", Some(25)),
        (IdentifierKind::Mobile, "+91 99000 00003", Some(26)),
        (IdentifierKind::Mobile, "+919900000003", Some(27)),
        (IdentifierKind::ExternalId, "é", Some(21)),
        (IdentifierKind::ExternalId, "Plain", Some(22)),
        (IdentifierKind::CardNumber, "+91 99000 00003", Some(21)),
    ] {
        assert_eq!(who(org(), kind, text), customer, "{text}");
    }
    let other = who(other_org(), IdentifierKind::Mobile, "+919900000003");
    assert_eq!(other, Some(28));
}

fn assert_the_directory_is_migrated(database: &Database, run: impl Fn(&str)) {
    run(IDENTIFIERS);
    let migrated = database.migrate().unwrap();
    assert_identifiers_are_comparable(database);
    let customers = |a, b| {
        format!(
            "organisation 100458: the customers {a} and {b} have the same mobile in different \
             spellings and keep them; register them anew"
        )
    };
    let notes = [customers(26, 27), customers(24, 25)];
    assert_eq!(migrated.notes, notes);
    // Forwards once more nothing changes, and the same is told again.
    while database.pending_migrations().unwrap().is_empty()
        || !database.pending_migrations().unwrap()[0].contains("comparable_identifiers")
    {
        database.revert_last_migration().unwrap();
    }
    assert_eq!(database.migrate().unwrap().notes, notes);
    assert_identifiers_are_comparable(database);
}

#[test]
fn identifiers_of_the_first_release_become_comparable_on_sqlite() {
    let filled = sqlite();
    let path = filled.path();
    assert_the_directory_is_migrated(&filled.open(), |sql| {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute(sql).unwrap();
    });
}

#[test]
fn identifiers_of_the_first_release_become_comparable_on_postgresql() {
    let filled = postgres();
    assert_the_directory_is_migrated(&filled.open(), |sql| {
        let mut connection = PgConnection::establish(filled.database.url()).unwrap();
        connection.batch_execute(sql).unwrap();
    });
}

/// Texts as the first release kept them, as they were sent: with blanks around them, and decomposed.
const TEXTS: &str = "UPDATE request_ledger SET request_id = ' enrol' WHERE org_id = 100458 AND operation = 1; \
     UPDATE idempotency SET request_id = ' enrol' WHERE client_number = 1 AND operation = 1; \
     INSERT INTO request_ledger (org_id, operation, request_id, recorded_on, recorded_by, answer) \
     SELECT org_id, operation, w.id, recorded_on, recorded_by, answer FROM request_ledger, \
     (SELECT 'e\u{301}' AS id UNION SELECT 'b' UNION SELECT 'b\t' UNION SELECT '\u{a0}c' UNION SELECT ' ') w \
     WHERE org_id = 100458 AND operation = 3; \
     INSERT INTO request_ledger (org_id, operation, request_id, recorded_on, recorded_by, answer) \
     SELECT org_id, operation, 'c ', recorded_on, recorded_by, answer FROM request_ledger \
     WHERE org_id = 100458 AND request_id = 'b'; \
     INSERT INTO badge_claims (org_id, badge_id, owner_type, reference_id, position, active) \
     SELECT c.org_id, c.badge_id, c.owner_type, w.reference, w.place, w.active FROM badge_claims c, \
     (SELECT 'x' AS reference, 1 AS place, NOT active AS active FROM badge_claims \
     UNION SELECT ' x', 2, active FROM badge_claims UNION SELECT 'y ', 3, NOT active FROM badge_claims \
     UNION SELECT ' y', 4, active FROM badge_claims UNION SELECT 'Z', 5, active FROM badge_claims) w; \
     UPDATE badge_claims SET reference_id = '123694\u{3000}' WHERE position = 0; \
     UPDATE custom_fields SET name = ' size', value = replace(value, '\"name\":\"size\"', '\"name\":\" size\"') \
     WHERE name = 'size'; \
     UPDATE badge_metas SET definition = replace(definition, '\"custom_values\":{}', '\"custom_values\":{\" size\":\"XL\"}') \
     WHERE org_id = 100458";

/// Two more fields of one name.
const FIELDS: [(&str, &str); 2] = [("b2", "colour"), ("b3", "colour\n")];

fn assert_texts_are_found(database: &Database) {
    let stores = &database.stores;
    let found = |id: &str| {
        let id = RequestId::from_stored(id.to_owned());
        stores.requests.find(org(), &id).unwrap().len()
    };
    for (id, requests) in [
        ("enrol", 1),
        (" enrol", 0),
        ("\u{e9}", 1),
        ("b", 1),
        ("b\t", 1),
        ("c", 1),
        (" ", 1),
    ] {
        assert_eq!(found(id), requests, "{id:?}");
    }
    // Of the two the one that was recorded first has the id.
    assert_eq!(found("c ") + found("\u{a0}c"), 1);
    let used = EnrolmentBatch::from(enrolment(stores));
    let refused = stores.enrolments.enrol(&used).unwrap().remove(0);
    assert_eq!(refused, Err(RecordError::RequestIdUsed));
    let key = IdempotencyKey::try_from("enrol".to_owned()).unwrap();
    let replayed = (stores.idempotency)
        .find(org(), actor(1), &key, second(1900))
        .unwrap();
    assert!(matches!(
        replayed.unwrap().answer,
        Answer::Enrolment(enrolment) if enrolment.request_id.as_str() == "enrol"
    ));
    let badge = stores.badges.find(org(), gold()).unwrap().unwrap().badge;
    let claims: Vec<_> = badge
        .claims
        .iter()
        .map(|claim| (claim.owner.reference.as_str(), claim.active))
        .collect();
    assert_eq!(
        claims,
        [
            ("123694", true),
            ("x", true),
            (" x", false),
            ("y", true),
            (" y", false),
            ("Z", true)
        ]
    );
    let id = "0000000000000000000000b1".parse().unwrap();
    let field = stores.catalogue.field(org(), id).unwrap().unwrap();
    assert_eq!(field.name.as_str(), "size");
    let size = &badge.definition.custom_values[&field.name];
    assert_eq!(size.as_str(), "XL");
}

fn assert_texts_are_normalized(
    database: &Database,
    run: impl Fn(&str),
    id: impl Fn(&str) -> String,
) {
    for (last, name) in FIELDS {
        let id = id(&format!("{}{last}", "0".repeat(22)));
        run(&format!(
            "INSERT INTO custom_fields (org_id, id, name, active, updated_on, value) \
             SELECT org_id, {id}, '{name}', active, updated_on, value FROM custom_fields \
             WHERE name = 'size'"
        ));
    }
    run(TEXTS);
    let notes = database.migrate().unwrap().notes;
    assert_texts_are_found(database);
    let expected = [
        "organisation 100458: the ids of 2 requests are those of others but for blanks or Unicode's \
         form; they stay as they are, and `GET requests` finds the others",
        "organisation 100458: two custom fields have the name \"colour\" but for blanks or Unicode's \
         form, and keep them; rename or disable one",
    ];
    assert_eq!(notes, expected);
    while database.pending_migrations().unwrap().is_empty()
        || !database.pending_migrations().unwrap()[0].contains("comparable_identifiers")
    {
        database.revert_last_migration().unwrap();
    }
    assert_eq!(database.migrate().unwrap().notes, expected);
    assert_texts_are_found(database);
}

#[test]
fn texts_of_the_first_release_are_found_in_their_normal_form_on_sqlite() {
    let filled = sqlite();
    let path = filled.path();
    let run = |sql: &str| {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute(sql).unwrap();
    };
    assert_texts_are_normalized(&filled.open(), run, |hex| format!("X'{hex}'"));
}

#[test]
fn texts_of_the_first_release_are_found_in_their_normal_form_on_postgresql() {
    let filled = postgres();
    let run = |sql: &str| {
        let mut connection = PgConnection::establish(filled.database.url()).unwrap();
        connection.batch_execute(sql).unwrap();
    };
    assert_texts_are_normalized(&filled.open(), run, |hex| format!("'\\x{hex}'::bytea"));
}

/// Adds an operator, as a later release does, who uses one key in two orgs; goes back, which loses
/// both, and forwards again.
fn assert_an_operators_number_is_not_given_again(database: &Database, run: impl Fn(&str)) {
    let later = database.migrate().unwrap().names.len();
    run("INSERT INTO actors (kind) VALUES (2)");
    for org in [org(), other_org()] {
        let record = IdempotencyRecord {
            guard: IdempotencyGuard {
                org,
                actor: actor(4),
                key: "operator".to_owned().try_into().unwrap(),
                fingerprint: Fingerprint([7; 32]),
                warnings: Vec::new(),
                used_on: second(1900),
                expires_on: second(9000),
            },
            answer: Answer::Activity {
                badge: gold(),
                active: true,
            },
        };
        let idempotency = &database.stores.idempotency;
        idempotency.remember(&record).unwrap().unwrap();
    }
    for _ in 0..later {
        database.revert_last_migration().unwrap();
    }
    database.migrate().unwrap();
    assert_everything_is_there(database);
    assert_eq!(new_client(&database.stores), 5);
}

/// Two more badges, one older than Gold and one of the same moment, both with greater ids.
fn assert_badges_are_numbered_in_the_order_of_their_creation(
    database: &Database,
    run: impl Fn(&str),
    id: impl Fn(&str) -> String,
) {
    let [older, equal, new] = ["03", "02", "04"].map(|last| format!("{}{last}", "0".repeat(22)));
    for (hex, name, later) in [(&older, "Older", -1), (&equal, "Equal", 0)] {
        run(&format!(
            "INSERT INTO badge_metas (org_id, id, version, name, name_folded, starts_on, expires_on, \
             earn_type, active, owners, definition, created_on, created_by, updated_on, updated_by) \
             SELECT org_id, {}, version, '{name}', '{name}', starts_on, expires_on, earn_type, active, \
             owners, definition, created_on + ({later}), created_by, updated_on, updated_by \
             FROM badge_metas WHERE org_id = 100458 AND name = 'Gold'",
            id(hex)
        ));
    }
    database.migrate().unwrap();
    let badges = &database.stores.badges;
    let number = |id: BadgeId| {
        badges
            .find_counted(org(), id)
            .unwrap()
            .unwrap()
            .number
            .get()
    };
    let [older, equal, new] = [older, equal, new].map(|hex| hex.parse().unwrap());
    assert_eq!([older, gold(), equal].map(number), [1, 2, 3]);
    let mut next = badges.find(org(), gold()).unwrap().unwrap().badge;
    next.id = new;
    next.definition.name = "New".try_into().unwrap();
    next.claims.clear();
    assert_eq!(badges.create(&next, None, &[]).unwrap().get(), 4);
}

#[test]
fn badges_are_numbered_in_the_order_of_their_creation_on_sqlite() {
    let filled = sqlite();
    let path = filled.path();
    let run = |sql: &str| {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute(sql).unwrap();
    };
    let id = |hex: &str| format!("X'{hex}'");
    assert_badges_are_numbered_in_the_order_of_their_creation(&filled.open(), run, id);
}

#[test]
fn badges_are_numbered_in_the_order_of_their_creation_on_postgresql() {
    let filled = postgres();
    let run = |sql: &str| {
        let mut connection = PgConnection::establish(filled.database.url()).unwrap();
        connection.batch_execute(sql).unwrap();
    };
    let id = |hex: &str| format!("'\\x{hex}'::bytea");
    assert_badges_are_numbered_in_the_order_of_their_creation(&filled.open(), run, id);
}

#[test]
fn an_operators_number_is_not_given_again_by_an_earlier_release_on_sqlite() {
    let filled = sqlite();
    let path = filled.path();
    assert_an_operators_number_is_not_given_again(&filled.open(), |sql| {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute(sql).unwrap();
    });
}

#[test]
fn an_operators_number_is_not_given_again_by_an_earlier_release_on_postgresql() {
    let filled = postgres();
    assert_an_operators_number_is_not_given_again(&filled.open(), |sql| {
        let mut connection = PgConnection::establish(filled.database.url()).unwrap();
        connection.batch_execute(sql).unwrap();
    });
}
