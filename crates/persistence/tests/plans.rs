//! The plans of the hot queries: each finds its rows by the index that is there for it.

use std::collections::BTreeSet;

use accolade_application::access::ClientKey;
use accolade_application::ports::{
    AuditQuery, BadgeQuery, BadgeSort, CustomerExport, DetailsQuery, DirectoryEntry, EraseRequest,
    EventStore, Exports, FeedQuery, HeldExport, HeldQuery, IdentifierKind, Identifiers, ListExport,
    Operation, PageOf, SortOrder, Stores,
};
use accolade_domain::audit::Attribution;
use accolade_domain::customer_view::EnrolmentsRead;
use accolade_domain::event::Position;
use accolade_domain::ids::{BadgeId, OrgId};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::support::recorder;
use crate::support::scene::{Scene, hold, limits_of_each, limits_of_every_kind, second};
use crate::support::{Postgres, Sqlite};

/// A statement that a port sends, known by a part of it, and what its plan has to say.
struct Hot {
    part: &'static str,
    /// The types of its values on PostgreSQL, and some values.
    values: &'static [(&'static str, &'static str)],
    postgres: &'static str,
    sqlite: &'static str,
}

const BYTES: &str = "'\\x66276dc68fe258516a88ff8e'";

const HOT: &[Hot] = &[
    Hot {
        part: "FROM enrolments e WHERE|CROSS JOIN enrolments",
        values: &[
            ("bigint[]", "'{7}'"),
            ("bytea[]", "'{\"\\\\x66276dc68fe258516a88ff8e\"}'"),
            ("bigint", "1"),
        ],
        postgres: "Index Scan using enrolments_pkey",
        sqlite: "SEARCH e USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=?)",
    },
    Hot {
        part: "json_",
        values: &[("bigint", "1"), ("bytea", BYTES), ("bigint", "1")],
        postgres: "Index Scan using badge_metas_pkey",
        sqlite: "SEARCH badge_metas USING PRIMARY KEY (org_id=? AND id=?)",
    },
    Hot {
        part: "SUM(n.issued)",
        values: &[("bigint", "1"), ("bytea", BYTES), ("bigint", "1")],
        postgres: "badge_counts_pkey",
        sqlite: "SEARCH n USING PRIMARY KEY (org_id=? AND badge_id=?)",
    },
    Hot {
        part: "EXISTS (SELECT",
        values: &[("bigint", "1"), ("smallint", "1"), ("text", "'x'")],
        postgres: "Index Only Scan using request_ledger_id",
        sqlite: "SEARCH request_ledger USING COVERING INDEX request_ledger_id (org_id=? AND request_id=?",
    },
    Hot {
        part: "request_ledger.first_id DESC",
        values: &[
            ("bigint", "1"),
            ("bytea", BYTES),
            ("bytea", BYTES),
            ("bigint", "1"),
        ],
        postgres: "Index Scan Backward using request_ledger_first_id",
        sqlite: "SEARCH request_ledger USING INDEX request_ledger_first_id (org_id=? AND first_id>? AND first_id<?)",
    },
    Hot {
        part: "true FROM request_ledger|request_ledger.org_id = ?",
        values: &[
            ("bigint", "1"),
            ("smallint[]", "'{1}'"),
            ("text[]", "'{x}'"),
        ],
        postgres: "Index Only Scan using request_ledger_id",
        sqlite: "SEARCH request_ledger USING COVERING INDEX request_ledger_id (org_id=? AND request_id=?",
    },
    Hot {
        part: "true FROM idempotency|idempotency.actor = ?",
        values: &[
            ("bigint", "1"),
            ("bigint[]", "'{1}'"),
            ("text[]", "'{x}'"),
            ("bigint[]", "'{1}'"),
        ],
        postgres: "Index Scan using idempotency_pkey",
        sqlite: "SEARCH idempotency USING INDEX sqlite_autoindex_idempotency_1 (org_id=? AND actor=? AND key=?)",
    },
    Hot {
        part: "DELETE FROM request_ledger",
        values: &[("bigint[]", "'{1}'"), ("bigint", "1")],
        postgres: "Index Scan using request_ledger_pkey",
        sqlite: "SEARCH request_ledger USING PRIMARY KEY (org_id=? AND number=?)",
    },
    Hot {
        part: "ORDER BY request_ledger|INDEXED BY request_ledger_id",
        values: &[("bigint", "1"), ("smallint[]", "'{1}'"), ("text", "'x'")],
        postgres: "Index Scan using request_ledger_id",
        sqlite: "SEARCH request_ledger USING INDEX request_ledger_id (org_id=? AND request_id=?",
    },
    Hot {
        part: "LEFT OUTER JOIN request_ledger",
        values: &[
            ("bigint", "1"),
            ("bigint", "1"),
            ("text", "'x'"),
            ("bigint", "0"),
            ("bigint", "1"),
        ],
        postgres: "Index Scan using idempotency_pkey",
        sqlite: "SEARCH idempotency USING INDEX sqlite_autoindex_idempotency_1 (org_id=? AND actor=? AND key=?)",
    },
    Hot {
        part: "INNER JOIN orgs",
        values: &[("text", "'x'"), ("bigint", "1")],
        postgres: "Index Scan using api_clients_key_key",
        sqlite: "SEARCH api_clients USING INDEX sqlite_autoindex_api_clients_1 (key=?)",
    },
    Hot {
        part: "ORDER BY badge_metas.id DESC",
        values: &[("bigint", "1"), ("bigint", "1"), ("bigint", "1")],
        postgres: "Index Only Scan Backward using badge_metas_pkey",
        sqlite: "SEARCH badge_metas USING PRIMARY KEY (org_id=?)",
    },
    Hot {
        part: "ORDER BY e.ordinal DESC|max(e.ordinal) FROM earned_badges",
        values: &[("bigint", "1"), ("bytea", BYTES), ("bigint[]", "'{7}'")],
        postgres: "Index Only Scan Backward using earned_badges_pkey",
        sqlite: "SEARCH e USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=?)",
    },
    Hot {
        part: "ARRAY[count(*)|json_array(count(*)",
        values: &[
            ("smallint", "0"),
            ("bigint", "0"),
            ("bigint", "9"),
            ("smallint", "1"),
            ("bigint", "0"),
            ("bigint", "9"),
            ("smallint", "2"),
            ("bigint", "0"),
            ("bigint", "9"),
            ("bigint[]", "'{7}'"),
            ("bigint", "1"),
            ("bytea", BYTES),
        ],
        postgres: "Index Scan using earned_badges_pkey",
        sqlite: "SEARCH e USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=?)",
    },
    Hot {
        part: "recorded_on, latest_on, ledger_no, events, kind, data FROM feed",
        values: &[
            ("bigint", "1"),
            ("bigint", "0"),
            ("bigint", "7"),
            ("bigint", "10"),
        ],
        postgres: "Index Scan using feed_pkey",
        sqlite: "SEARCH feed USING PRIMARY KEY (org_id=? AND last_position>? AND last_position<?)",
    },
    Hot {
        part: "events, latest_on FROM feed WHERE org_id = $1 ORDER|events, latest_on FROM feed WHERE org_id = ? ORDER",
        values: &[("bigint", "1")],
        postgres: "Index Scan Backward using feed_pkey",
        sqlite: "SEARCH feed USING PRIMARY KEY (org_id=?)",
    },
    Hot {
        part: "events, latest_on FROM feed WHERE org_id = $1 AND|events, latest_on FROM feed WHERE org_id = ? AND",
        values: &[("bigint", "1"), ("bigint", "7")],
        postgres: "Index Scan using feed_pkey",
        sqlite: "SEARCH feed USING PRIMARY KEY (org_id=? AND last_position>?)",
    },
    Hot {
        part: "FROM window_counts WHERE",
        values: &[
            ("bigint", "1"),
            ("bytea", BYTES),
            ("bigint", "1"),
            ("bigint", "1"),
        ],
        postgres: "((org_id = $1) AND (badge_id = $2) AND (ends_on > $3) AND (starts_on <= $4))",
        sqlite: "SEARCH window_counts USING PRIMARY KEY (org_id=? AND badge_id=? AND ends_on>?)",
    },
    Hot {
        part: "ORDER BY e.rolls_on DESC",
        values: &[
            ("bigint", "1"),
            ("bytea", BYTES),
            ("smallint[]", "'{1}'"),
            ("bigint[]", "'{1}'"),
            ("bigint[]", "'{9}'"),
        ],
        postgres: "Index Only Scan Backward using badge_earns_rolls_on",
        sqlite: "SEARCH e USING COVERING INDEX badge_earns_rolls_on (org_id=? AND badge_id=?",
    },
    Hot {
        part: "e.rolls_on > c.since",
        values: &[
            ("bigint", "1"),
            ("bytea", BYTES),
            ("smallint[]", "'{1}'"),
            ("bigint[]", "'{1}'"),
            ("bigint[]", "'{9}'"),
        ],
        postgres: "Index Only Scan using badge_earns_rolls_on",
        sqlite: "SEARCH e USING COVERING INDEX badge_earns_rolls_on (org_id=? AND badge_id=? AND rolls_on>? AND rolls_on<?)",
    },
    Hot {
        part: "rolling_told t|rolling_told AS t",
        values: &[
            ("bigint", "1"),
            ("bytea", BYTES),
            ("smallint[]", "'{1}'"),
            ("bigint[]", "'{1}'"),
            ("bigint[]", "'{9}'"),
        ],
        postgres: "Index Scan using rolling_told_pkey",
        sqlite: "SEARCH t USING PRIMARY KEY (org_id=? AND badge_id=? AND unit=? AND length=?)",
    },
    Hot {
        part: "rolls_on > $3 AND|rolls_on > ? AND",
        values: &[
            ("bigint", "1"),
            ("bytea", BYTES),
            ("bigint", "1"),
            ("bigint", "2"),
        ],
        postgres: "Index Only Scan using badge_earns_rolls_on",
        sqlite: "SEARCH badge_earns USING COVERING INDEX badge_earns_rolls_on (org_id=? AND badge_id=? AND rolls_on>? AND rolls_on<?)",
    },
    Hot {
        part: "c.ends_on = l.",
        values: &[
            ("bigint", "1"),
            ("bytea", BYTES),
            ("smallint[]", "'{1}'"),
            ("bigint[]", "'{0}'"),
            ("bigint[]", "'{9}'"),
        ],
        postgres: "Index Only Scan using badge_earns_pkey",
        sqlite: "SEARCH e USING COVERING INDEX badge_earns_event_on (org_id=? AND badge_id=? AND event_on>? AND event_on<?)",
    },
    Hot {
        part: "FROM expiries WHERE",
        values: &[("bigint", "1"), ("bigint", "1"), ("bigint", "1")],
        postgres: "Index Scan using expiries_pkey",
        sqlite: "SEARCH expiries USING PRIMARY KEY (org_id=? AND due_on<?)",
    },
    Hot {
        part: "FROM expiries e WHERE",
        values: &[],
        postgres: "Index Only Scan using expiries_pkey",
        sqlite: "SEARCH e USING PRIMARY KEY (org_id=?)",
    },
    Hot {
        part: "w.place, e.event_on, e.revoked_on|w.key, e.event_on, e.revoked_on",
        values: &[
            ("bigint[]", "'{7}'"),
            ("bytea[]", "'{\"\\\\x66276dc68fe258516a88ff8e\"}'"),
            ("bytea[]", "'{\"\\\\x66276dc68fe258516a88ff8e\"}'"),
            ("bigint", "1"),
        ],
        postgres: "Index Scan using enrolments_pkey",
        sqlite: "SEARCH e USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=?)",
    },
    Hot {
        part: "FROM earned_badges e WHERE e.org_id = $4|CROSS JOIN earned_badges AS e ON e.org_id = ? AND e.customer_id = w.value AND e.badge_id = substr",
        values: &[
            ("bigint[]", "'{7}'"),
            ("bytea[]", "'{\"\\\\x66276dc68fe258516a88ff8e\"}'"),
            ("bytea[]", "'{\"\\\\x66276dc68fe258516a88ff8e\"}'"),
            ("bigint", "1"),
        ],
        postgres: "Index Scan using earned_badges_pkey",
        sqlite: "SEARCH e USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=?)",
    },
    Hot {
        part: "FROM catalogue_versions v",
        values: HELD,
        postgres: "Index Scan using earned_badges_pkey",
        sqlite: "SEARCH earned_badges USING PRIMARY KEY (org_id=? AND customer_id=?)",
    },
    Hot {
        part: "FROM catalogue_versions v",
        values: HELD,
        postgres: "Index Scan using enrolments_pkey",
        sqlite: "SEARCH e USING PRIMARY KEY (org_id=? AND customer_id=?)",
    },
    Hot {
        part: "FROM catalogue_versions v",
        values: HELD,
        postgres: "Index Scan using request_ledger_pkey",
        sqlite: "SEARCH l USING PRIMARY KEY (org_id=? AND number=?)",
    },
    Hot {
        part: "FROM catalogue_versions v",
        values: HELD,
        postgres: "Index Scan using catalogue_versions_pkey",
        sqlite: "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
    },
    Hot {
        part: "DELETE FROM refusals",
        values: &[("bigint[]", "'{7}'"), ("bigint", "1"), ("bytea", BYTES)],
        postgres: "using refusals_pkey on refusals o",
        sqlite: "SEARCH refusals USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=? AND seq=?)",
    },
    Hot {
        part: "DELETE FROM refusals",
        values: &[("bigint[]", "'{7}'"), ("bigint", "1"), ("bytea", BYTES)],
        postgres: "Tid Scan on refusals f",
        sqlite: "SEARCH o USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=?)",
    },
    Hot {
        part: "DELETE FROM customer_identifiers",
        values: &[("bigint[]", "'{7}'"), ("bigint", "1")],
        postgres: "Index Scan using customer_identifiers_customer",
        sqlite: "SEARCH i USING COVERING INDEX customer_identifiers_customer (org_id=? AND customer_id=?)",
    },
    Hot {
        part: "FROM customer_identifiers i WHERE|AND i.kind = w.value",
        values: &[
            ("smallint[]", "'{1}'"),
            ("text[]", "'{x}'"),
            ("bigint", "1"),
        ],
        postgres: "Index Scan using customer_identifiers_pkey",
        sqlite: "SEARCH i USING PRIMARY KEY (org_id=? AND kind=? AND comparable=?)",
    },
    Hot {
        part: "changes FROM audit INDEXED BY|entity_id = $2",
        values: &[
            ("bigint", "1"),
            ("text", "'x'"),
            ("bigint", "0"),
            ("bigint", "9"),
            ("bigint", "9"),
            ("bigint", "9"),
            ("bigint", "NULL"),
            ("smallint[]", "'{}'"),
            ("smallint[]", "'{}'"),
            ("bigint", "11"),
        ],
        postgres: "using audit_entity",
        sqlite: "SEARCH audit USING INDEX audit_entity (org_id=? AND entity_id=? AND recorded_on>? AND recorded_on<?)",
    },
    Hot {
        part: "(audit.recorded_on >= $2)) ORDER|(audit.recorded_on >= ?)) ORDER",
        values: &[("bigint", "1"), ("bigint", "0"), ("bigint", "11")],
        postgres: "Index Scan Backward using audit_pkey",
        sqlite: "SEARCH audit USING PRIMARY KEY (org_id=? AND recorded_on>?)",
    },
    Hot {
        part: "LEFT OUTER JOIN enrolments",
        values: PAGE,
        postgres: "Index Scan Backward using earned_badges_pkey",
        sqlite: "SEARCH earned_badges USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=?)",
    },
    Hot {
        part: "enrolments.revoke_reason FROM (enrolments",
        values: PAGE,
        postgres: "Index Scan Backward using enrolments_pkey",
        sqlite: "SEARCH enrolments USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=?)",
    },
    Hot {
        part: "FROM enrolments AS p WHERE",
        values: EXPORT,
        postgres: "(ROW(customer_id, badge_id, ordinal) > ROW($2, $3, $4))",
        sqlite: "SEARCH p USING PRIMARY KEY (org_id=? AND (customer_id,badge_id,ordinal)>(?,?,?) AND customer_id<?)",
    },
    Hot {
        part: "request_ledger.number, request_ledger.recorded_on",
        values: &[("bigint", "1"), ("bigint[]", "'{1}'")],
        postgres: "Index Scan using request_ledger_pkey",
        sqlite: "SEARCH request_ledger USING PRIMARY KEY (org_id=? AND number=?)",
    },
    Hot {
        part: "FROM earned_badges AS p WHERE",
        values: EXPORT,
        postgres: "Index Scan using earned_badges_pkey",
        sqlite: "SEARCH p USING PRIMARY KEY (org_id=? AND (customer_id,badge_id,ordinal)>(?,?,?) AND customer_id<?)",
    },
    Hot {
        part: "FROM earned_badges AS p WHERE",
        values: EXPORT,
        postgres: "Index Scan using enrolments_pkey on enrolments e",
        sqlite: "SEARCH e USING PRIMARY KEY (org_id=? AND customer_id=? AND badge_id=? AND ordinal=?)",
    },
    Hot {
        part: "FROM customer_identifiers WHERE org_id = $1 AND customer_id|FROM customer_identifiers WHERE org_id = ? AND customer_id",
        values: &[("bigint", "1"), ("bigint", "0"), ("bigint", "9")],
        postgres: "Index Scan using customer_identifiers_customer",
        sqlite: "SEARCH customer_identifiers USING COVERING INDEX customer_identifiers_customer (org_id=? AND customer_id>? AND customer_id<?)",
    },
    Hot {
        part: "badge_metas.id > $2|badge_metas.id > ?",
        values: &[("bigint", "1"), ("bytea", BYTES), ("bigint", "100")],
        postgres: "Index Scan using badge_metas_pkey",
        sqlite: "SEARCH badge_metas USING PRIMARY KEY (org_id=? AND id>?)",
    },
    Hot {
        part: "SELECT actor, key, answer FROM idempotency",
        values: &[
            ("bigint", "1"),
            ("bigint", "0"),
            ("text", "''"),
            ("bigint", "500"),
        ],
        postgres: "Index Scan using idempotency_answers",
        sqlite: "SEARCH idempotency USING INDEX idempotency_answers (org_id=? AND (actor,key)>(?,?))",
    },
    Hot {
        part: "ORDER BY last_position LIMIT 1 OFFSET",
        values: &[("bigint", "1"), ("bigint", "0"), ("bigint", "4999")],
        postgres: "Index Only Scan using feed_pkey",
        sqlite: "SEARCH feed USING PRIMARY KEY (org_id=? AND last_position>?)",
    },
];

/// A page of an export: a range of the key, whatever is asked for.
const EXPORT: &[(&str, &str)] = &[
    ("bigint", "1"),
    ("bigint", "7"),
    ("bytea", BYTES),
    ("integer", "1"),
    ("bigint", "9"),
];

/// The pages of a customer's enrolments and earns: as many rows are read as are shown.
const PAGE: &[(&str, &str)] = &[
    ("bigint", "1"),
    ("bigint", "7"),
    ("bytea", BYTES),
    ("bigint", "100"),
    ("bigint", "0"),
];

const HELD: &[(&str, &str)] = &[
    ("bigint", "1"),
    ("bigint", "1"),
    ("bigint", "7"),
    ("bigint", "5"),
    ("bigint", "5"),
    ("bigint", "1"),
    ("bigint", "7"),
    ("bigint", "1"),
    ("bigint", "7"),
];

/// Every statement that the hot ports send.
fn statements(scene: &Scene) -> Vec<String> {
    let database = &scene.database;
    let (org, badge) = (scene.badge.org, scene.badge.id);
    let request = scene.request(2);
    let guard = scene.guard("key");
    let query = BadgeQuery {
        now: guard.used_on,
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
        sort: BadgeSort::Id,
        order: SortOrder::Descending,
        page: 0,
        size: 10,
    };
    let key = ClientKey::try_from("loyalty").unwrap();
    let ((), sent) = recorder::sent(|| {
        database.stores.badges.find(org, badge).unwrap();
        database.stores.badges.find_counted(org, badge).unwrap();
        database.stores.badges.list(org, &query).unwrap();
        database
            .stores
            .enrolments
            .preview(org, badge, hold(1, 2), &request.customers, guard.used_on)
            .unwrap();
        database
            .stores
            .requests
            .is_used(org, Operation::IssueBulk, &request.request_id)
            .unwrap();
        database
            .stores
            .requests
            .find(org, &request.request_id)
            .unwrap();
        database
            .stores
            .idempotency
            .find(guard.org, guard.actor, &guard.key, guard.used_on)
            .unwrap();
        database.stores.access.client(&key).unwrap();
        let held = HeldQuery {
            customer: 7.try_into().unwrap(),
            now: second(1500),
            enrolments: EnrolmentsRead::WithRecording,
            known: None,
        };
        database.stores.customer_badges.held(org, &held).unwrap();
        let page = PageOf { page: 0, size: 100 };
        let details = DetailsQuery {
            customer: held.customer,
            badge,
            now: held.now,
            enrolments: page,
            earns: page,
        };
        let store = &database.stores.customer_badges;
        store.details(org, &details).unwrap().unwrap();
        scene.enrol(scene.request(2)).unwrap().unwrap();
        for day in 0..3 {
            for limits in [Vec::new(), limits_of_every_kind(5)] {
                let mut request = scene.earn_request(2, limits);
                request.context.now = second(1500 + day * 90_000);
                scene.earn(&request).unwrap().unwrap();
            }
        }
        // A clock that is behind: the rolling windows reach back from another moment than it says.
        let mut behind = scene.earn_request(2, limits_of_every_kind(5));
        behind.context.now = second(1400);
        scene.earn(&behind).unwrap().unwrap();
        let refused = scene.earn_request(2, limits_of_every_kind(1));
        scene.earn(&refused).unwrap().unwrap();
        // Refused by a limit of the customer's, and by one of the badge's.
        for mut limits in [limits_of_each(1, 9), limits_of_each(9, 1)] {
            // Not the one that may have more room later.
            limits.pop();
            let refused = scene.single_earn(1, &limits);
            scene.earn(&refused).unwrap().unwrap_err();
        }
        let entry = DirectoryEntry {
            customer: 7.try_into().unwrap(),
            identifiers: Identifiers::default(),
        };
        let directory = &database.stores.directory;
        let by = Attribution::system(second(0));
        directory.put(org, &[entry], &by, None).unwrap();
        read_trail(&database.stores, org, badge);
        read_feed(&*database.stores.events, org);
        read_exports(&*database.stores.exports, org, badge);
        let names = ["x".to_owned()];
        (directory.resolve(org, IdentifierKind::Email, &names)).unwrap();
        let events = &database.stores.events;
        let expired = events.expire(second(900_000_000), second(900_000_000), 100_000);
        assert_ne!(expired.unwrap().events, 0);
        erase(&database.stores, org, by);
    });
    sent.statements
}

fn erase(stores: &Stores, org: OrgId, by: Attribution) {
    let erase = EraseRequest {
        org,
        region: None,
        customer: 1.try_into().unwrap(),
        by,
    };
    stores.people.erase(&erase).unwrap();
}

fn read_feed(events: &dyn EventStore, org: OrgId) {
    let asked = FeedQuery {
        org,
        after: Position::START,
        kept_since: second(0),
        kinds: BTreeSet::new(),
        badge: None,
        customer: None,
        limit: 10,
    };
    events.read(&asked).unwrap();
    events.before(org, second(1500)).unwrap();
    events.newest(org).unwrap();
}

/// Reads a page of each export that may be long.
fn read_exports(exports: &dyn Exports, org: OrgId, badge: BadgeId) {
    let asked = HeldExport {
        badge: Some(badge),
        ..HeldExport::default()
    };
    exports.enrolments(org, &asked).unwrap();
    exports.earned_badges(org, &asked).unwrap();
    let behind = ListExport::default().behind(badge);
    exports.badges(org, &behind).unwrap();
    exports.customers(org, &CustomerExport::default()).unwrap();
}

/// Reads the audit trail: of one thing, and of a time.
fn read_trail(stores: &Stores, org: OrgId, badge: BadgeId) {
    stores.requests.given(org, badge.0).unwrap();
    for entity_id in [Some("7".to_owned()), None] {
        let query = AuditQuery {
            entity_id,
            from: Some(second(0)),
            limit: 10,
            ..AuditQuery::default()
        };
        stores.audit.entries(org, &query).unwrap();
    }
}

/// The one statement that `hot` is about.
fn of<'a>(hot: &Hot, statements: &'a [String]) -> &'a str {
    let is_it = |statement: &&String| {
        let plain = statement.replace(['"', '`'], "");
        hot.part.split('|').any(|part| plain.contains(part))
    };
    statements
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("no statement has {:?}: {statements:#?}", hot.part))
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

#[test]
fn hot_queries_use_their_indexes_on_postgresql() {
    recorder::start();
    let database = Postgres::fresh();
    let scene = Scene::set(database.open());
    scene.enrol(scene.request(100)).unwrap().unwrap();
    let statements = statements(&scene);
    let mut connection = planner(&database);
    let assert_each = |connection: &mut PgConnection| {
        for hot in HOT {
            assert_planned(connection, of(hot, &statements), hot);
        }
    };
    assert_each(&mut connection);
    // What was planned then stays planned while the tables grow.
    connection.batch_execute(FIRST_LOOK).unwrap();
    assert_each(&mut connection);
}

/// The first look that PostgreSQL takes at tables: when they have some sixty rows.
const FIRST_LOOK: &str = r"
    INSERT INTO badge_metas SELECT (jsonb_populate_record(b, jsonb_build_object(
            'id', '\x' || lpad(to_hex(n), 24, 'e'), 'numeric_id', 100 + n, 'name', n))).*
        FROM badge_metas b, generate_series(1, 60) n
        WHERE b.ctid = (SELECT min(ctid) FROM badge_metas);
    INSERT INTO customer_identifiers SELECT 1, 1, n, n FROM generate_series(100, 160) n;
    INSERT INTO idempotency (org_id, actor, key, fingerprint, used_on, expires_on, warnings, answer)
        SELECT 1, 1, n, sha256(''), 0, n, '', '' FROM generate_series(1, 60) n;
    ANALYZE";

/// The most frequent statement of all does not even depend on how a connection is set up, which a
/// pooler may forget.
#[test]
fn a_look_up_is_planned_once_on_postgresql() {
    recorder::start();
    let database = Postgres::fresh();
    let scene = Scene::set(database.open());
    scene.enrol(scene.request(100)).unwrap().unwrap();
    let statements = statements(&scene);
    let mut connection = PgConnection::establish(database.database.url()).unwrap();
    connection.batch_execute("ANALYZE").unwrap();
    let hot = HOT.iter().find(|hot| hot.values == HELD).unwrap();
    let explain = prepare(&mut connection, of(hot, &statements), hot);
    // Five times it is planned for its values, to compare what the general plan would cost.
    for _ in 0..6 {
        connection.batch_execute(&explain).unwrap();
    }
    let plans = "SELECT generic_plans AS n FROM pg_prepared_statements WHERE name = 's'";
    let general: Number = diesel::sql_query(plans)
        .get_result(&mut connection)
        .unwrap();
    assert_eq!(general.n, 1);
}

/// What is looked up before many are copied in, which SQLite does not do.
const LOOK_BEFORE_COPY: Hot = Hot {
    part: "EXISTS (SELECT 1 FROM unnest",
    values: &[
        ("bigint[]", "'{7}'"),
        ("bytea[]", "'{\"\\\\x66276dc68fe258516a88ff8e\"}'"),
        ("int[]", "'{1}'"),
        ("bigint", "1"),
    ],
    postgres: "Index Only Scan using enrolments_pkey",
    sqlite: "",
};

#[test]
fn the_look_before_a_copy_uses_the_key_on_postgresql() {
    assert_enrolling_is_planned(1_000, &LOOK_BEFORE_COPY);
}

/// What the statement that writes the ledger tells of badges, which SQLite does not do.
const AS_DECIDED: Hot = Hot {
    part: "SELECT version FROM badge_metas",
    values: &[
        ("bigint", "1"),
        ("smallint[]", "'{1}'"),
        ("bigint[]", "'{1}'"),
        ("bigint[]", "'{1}'"),
        ("text[]", "'{r}'"),
        ("smallint[]", "'{NULL}'"),
        ("text[]", "'{NULL}'"),
        ("bytea[]", "'{\"\\\\x00\"}'"),
        ("bytea[]", "'{NULL}'"),
        ("bigint[]", "'{1}'"),
        ("bytea[]", "'{\"\\\\x66276dc68fe258516a88ff8e\"}'"),
        ("bigint[]", "'{0}'"),
    ],
    postgres: "Index Scan using badge_metas_pkey",
    sqlite: "",
};

#[test]
fn whether_badges_are_as_decided_is_looked_up_by_the_key_on_postgresql() {
    assert_enrolling_is_planned(1, &AS_DECIDED);
}

/// That of what enrolling so many sends to PostgreSQL, `hot` is planned as it says.
fn assert_enrolling_is_planned(customers: u32, hot: &Hot) {
    recorder::start();
    let database = Postgres::fresh();
    let scene = Scene::set(database.open());
    let request = scene.request(customers);
    let (_, sent) = recorder::sent(|| scene.enrol(request).unwrap().unwrap());
    let statement = of(hot, &sent.statements);
    assert_planned(&mut planner(&database), statement, hot);
}

/// A connection that plans as those of the adapter do.
fn planner(database: &Postgres) -> PgConnection {
    let mut connection = PgConnection::establish(database.database.url()).unwrap();
    connection.batch_execute(recorder::planning()).unwrap();
    connection
}

/// Prepares `statement` as `s`; gives the text that asks for its plan.
fn prepare(connection: &mut PgConnection, statement: &str, hot: &Hot) -> String {
    let list = |each: Vec<&str>| match each.as_slice() {
        [] => String::new(),
        some => format!("({})", some.join(", ")),
    };
    let types = list(hot.values.iter().map(|it| it.0).collect());
    let values = list(hot.values.iter().map(|it| it.1).collect());
    connection
        .batch_execute(&format!("PREPARE s {types} AS {statement}"))
        .unwrap();
    format!("EXPLAIN EXECUTE s {values}")
}

fn assert_planned(connection: &mut PgConnection, statement: &str, hot: &Hot) {
    let explain = prepare(connection, statement, hot);
    let plan: Vec<Line> = diesel::sql_query(explain).load(connection).unwrap();
    connection.batch_execute("DEALLOCATE s").unwrap();
    let plan: Vec<_> = plan.into_iter().map(|line| line.text).collect();
    let plan = plan.join("\n");
    assert!(plan.contains(hot.postgres), "{statement}\n{plan}");
    for way in ["Seq Scan", "Bitmap"] {
        assert!(!plan.contains(way), "{statement}\n{plan}");
    }
}

#[derive(QueryableByName)]
struct Detail {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[test]
fn hot_queries_use_their_indexes_on_sqlite() {
    recorder::start();
    let database = Sqlite::fresh();
    let scene = Scene::set(database.open());
    let statements = statements(&scene);
    let mut connection = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    for hot in HOT {
        let statement = of(hot, &statements);
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        let plan: Vec<Detail> = diesel::sql_query(explain).load(&mut connection).unwrap();
        let plan: Vec<_> = plan.into_iter().map(|line| line.detail).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(hot.sqlite), "{statement}\n{plan}");
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[test]
fn an_enrolment_and_an_earn_have_one_index_and_no_other_table_to_look_at_on_postgresql() {
    let database = Postgres::fresh();
    let mut connection = PgConnection::establish(database.database.url()).unwrap();
    let mut count = |sql: &str| -> i64 {
        let number: Number = diesel::sql_query(sql).get_result(&mut connection).unwrap();
        number.n
    };
    for table in ["enrolments", "earned_badges"] {
        let indexes = format!("SELECT count(*) AS n FROM pg_indexes WHERE tablename = '{table}'");
        assert_eq!(count(&indexes), 1);
    }
    assert_eq!(
        count(
            "SELECT count(*) AS n FROM pg_constraint WHERE conrelid = 'enrolments'::regclass AND contype = 'f'"
        ),
        0
    );
}
