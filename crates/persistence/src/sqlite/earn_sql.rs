//! The statements of earning, for SQLite.
//!
//! What is as long as a request travels as a JSON array. Nobody else writes meanwhile, so that
//! nothing has to be locked.

use accolade_application::ports::EarnRequest;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::rejection::Rejection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

use super::{Connection, DB, room};
use crate::boundary::{Boundary, Kind};
use crate::earns::{ImportCount, NewEarns, NewImports, by_customer};
use crate::enrolment::BadgeKey;
use crate::mapping::stored;
use crate::retry::Failure;
use crate::statement::Statement;

const LAST: &str = "SELECT COALESCE((SELECT max(e.ordinal) FROM earned_badges e \
     WHERE e.org_id = ? AND e.customer_id = w.value AND e.badge_id = ?), 0) \
     FROM json_each(?) AS w ORDER BY w.key";

/// For each customer and limit: the last number, and what counts. The order of the tables is that
/// of the look-ups: a customer's earns once.
const COUNTED: &str = "WITH l AS MATERIALIZED (SELECT key AS place, value ->> 0 AS kind, \
     value ->> 1 AS since, value ->> 2 AS until FROM json_each(?)) \
     SELECT COALESCE(max(e.ordinal), 0), \
     count(*) FILTER (WHERE e.ordinal IS NOT NULL AND e.revoked_on IS NULL AND CASE l.kind \
     WHEN 0 THEN true \
     WHEN 1 THEN e.event_on >= l.since AND e.event_on < l.until \
     ELSE NOT e.imported AND e.earned_on > l.since END) \
     FROM json_each(?) AS w LEFT JOIN earned_badges AS e \
     ON e.org_id = ? AND e.customer_id = w.value AND e.badge_id = ? CROSS JOIN l \
     GROUP BY w.key, l.place ORDER BY w.key, l.place";

/// When that earn was recorded whose leaving makes room in a customer's rolling window.
const FREES: &str = "SELECT (SELECT e.earned_on FROM ( \
     SELECT e.earned_on, ROW_NUMBER() OVER (ORDER BY e.earned_on) - 1 AS before \
     FROM earned_badges e \
     WHERE e.org_id = r.org_id AND e.customer_id = w.value ->> 0 AND e.badge_id = r.badge_id \
     AND e.revoked_on IS NULL AND NOT e.imported AND e.earned_on > w.value ->> 1) AS e \
     WHERE e.before = w.value ->> 2) \
     FROM (SELECT ? AS org_id, ? AS badge_id) AS r, json_each(?) AS w ORDER BY w.key";

const INSERT: &str = "INSERT INTO earned_badges (org_id, customer_id, badge_id, ordinal, id, \
     event_on, earned_on, expires_on, request_no, enrolment, imported) \
     SELECT ?, w.value ->> 0, ?, w.value ->> 1, substr(?, 12 * w.key + 1, 12), \
     ?, ?, ?, w.value ->> 3, w.value ->> 2, 0 FROM json_each(?) AS w WHERE true \
     ON CONFLICT DO NOTHING RETURNING customer_id";

const SUM: &str = "SELECT CAST(COALESCE( \
     (SELECT c.earns FROM window_counts c WHERE c.org_id = r.org_id AND c.badge_id = r.badge_id \
     AND l.value ->> 0 < 2 AND c.ends_on = l.value ->> 2 AND c.starts_on = l.value ->> 1), \
     CASE l.value ->> 0 \
     WHEN 0 THEN (SELECT n.earned FROM badge_counts n \
     WHERE n.org_id = r.org_id AND n.badge_id = r.badge_id) \
     WHEN 1 THEN (SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = r.org_id AND e.badge_id = r.badge_id \
     AND e.event_on >= l.value ->> 1 AND e.event_on < l.value ->> 2) \
     ELSE (SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = r.org_id AND e.badge_id = r.badge_id AND e.rolls_on > l.value ->> 1) END, \
     0) AS BIGINT) \
     FROM (SELECT ? AS org_id, ? AS badge_id) AS r, json_each(?) AS l ORDER BY l.key";

const REFUSE: &str = "INSERT INTO refusals \
     (org_id, customer_id, badge_id, seq, refused_on, event_on, code, message, field) \
     SELECT r.org_id, w.value ->> 0, r.badge_id, \
     (SELECT COALESCE(max(o.seq), 0) + 1 FROM refusals o WHERE o.org_id = r.org_id \
     AND o.customer_id = w.value ->> 0 AND o.badge_id = r.badge_id), \
     r.refused_on, r.event_on, w.value ->> 1, w.value ->> 2, w.value ->> 3 \
     FROM (SELECT ? AS org_id, ? AS badge_id, ? AS refused_on, ? AS event_on) AS r, \
     json_each(?) AS w";

/// They are numbered without gaps.
const FORGET: &str = "DELETE FROM refusals WHERE (org_id, customer_id, badge_id, seq) IN ( \
     SELECT o.org_id, o.customer_id, o.badge_id, max(o.seq) - 10 \
     FROM json_each(?) AS w CROSS JOIN refusals AS o \
     ON o.org_id = ? AND o.customer_id = w.value ->> 0 AND o.badge_id = ? \
     GROUP BY o.org_id, o.customer_id, o.badge_id)";

const LAST_OF_PAIRS: &str = "SELECT COALESCE((SELECT max(e.ordinal) FROM earned_badges e \
     WHERE e.org_id = ? AND e.customer_id = w.value \
     AND e.badge_id = substr(?, 12 * w.key + 1, 12)), 0) \
     FROM json_each(?) AS w ORDER BY w.key";

const IMPORT: &str = "INSERT INTO earned_badges (org_id, customer_id, badge_id, ordinal, id, \
     event_on, earned_on, expires_on, request_no, imported) \
     SELECT ?, w.value ->> 0, substr(?, 12 * w.key + 1, 12), w.value ->> 1, \
     substr(?, 12 * w.key + 1, 12), w.value ->> 2, ?, w.value ->> 3, ?, 1 \
     FROM json_each(?) AS w WHERE true \
     ON CONFLICT DO NOTHING RETURNING id";

fn id(badge: &BadgeId) -> &[u8] {
    badge.0.as_bytes()
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)?)
}

fn boundaries(limits: &[Boundary]) -> Result<String, Failure> {
    let rows: Vec<_> = limits
        .iter()
        .map(|it| (it.kind.number(), it.from, it.until))
        .collect();
    json(&rows)
}

/// The transaction has the database to itself.
#[expect(
    clippy::unnecessary_wraps,
    reason = "PostgreSQL has something to do here"
)]
pub(super) fn lock_earns(_: &mut Connection, _: &[BadgeKey]) -> QueryResult<()> {
    Ok(())
}

/// Of each customer: the number of the last earn of the badge, 0 if there is none, and how many
/// count under each limit.
pub(super) fn count_customers(
    connection: &mut Connection,
    key: BadgeKey,
    customers: &[CustomerId],
    limits: &[Boundary],
) -> Result<Vec<(i32, Vec<u64>)>, Failure> {
    let numbers: Vec<_> = customers.iter().map(|it| it.get()).collect();
    let numbers = json(&numbers)?;
    if limits.is_empty() {
        let last: Vec<i32> = Statement::<DB, Integer>::new(LAST)
            .bind::<BigInt, _>(key.org.get())
            .bind::<Binary, _>(id(&key.badge))
            .bind::<Text, _>(numbers)
            .load(connection)?;
        return Ok(last.into_iter().map(|last| (last, Vec::new())).collect());
    }
    let rows: Vec<(i32, i64)> = Statement::<DB, (Integer, BigInt)>::new(COUNTED)
        .bind::<Text, _>(boundaries(limits)?)
        .bind::<Text, _>(numbers)
        .bind::<BigInt, _>(key.org.get())
        .bind::<Binary, _>(id(&key.badge))
        .load(connection)?;
    Ok(by_customer(&rows, limits.len())?)
}

/// For each customer, when the earn after so many others was recorded that count since then.
pub(super) fn frees(
    connection: &mut Connection,
    key: BadgeKey,
    which: &[(CustomerId, i64, i64)],
) -> Result<Vec<Option<i64>>, Failure> {
    let which: Vec<_> = (which.iter())
        .map(|(customer, since, before)| (customer.get(), since, before))
        .collect();
    Ok(Statement::<DB, Nullable<BigInt>>::new(FREES)
        .bind::<BigInt, _>(key.org.get())
        .bind::<Binary, _>(id(&key.badge))
        .bind::<Text, _>(json(&which)?)
        .load(connection)?)
}

/// Inserts those earns whose numbers are free, and lets every count and sum follow; gives their
/// customers.
pub(super) fn record(connection: &mut Connection, new: &NewEarns) -> Result<Vec<i64>, Failure> {
    let rows: Vec<_> = (new.rows.iter())
        .map(|it| (it.customer.get(), it.ordinal, it.enrolment, it.request_no))
        .collect();
    let ids: Vec<u8> = (new.rows.iter()).flat_map(|it| *it.id.as_bytes()).collect();
    let inserted: Vec<i64> = Statement::<DB, BigInt>::new(INSERT)
        .bind::<BigInt, _>(new.key.org.get())
        .bind::<Binary, _>(id(&new.key.badge))
        .bind::<Binary, _>(ids)
        .bind::<BigInt, _>(new.event_on)
        .bind::<BigInt, _>(new.earned_on)
        .bind::<BigInt, _>(new.expires_on)
        .bind::<Text, _>(json(&rows)?)
        .load(connection)?;
    if !inserted.is_empty() {
        let earns = stored(inserted.len())?;
        room::grow(
            connection,
            new.key,
            new.event_on,
            Some(new.earned_on),
            earns,
        )?;
    }
    Ok(inserted)
}

/// How many earns of the badge count under each limit: the kept sum, or added up.
pub(super) fn sum(
    connection: &mut Connection,
    key: BadgeKey,
    limits: &[Boundary],
) -> Result<Vec<i64>, Failure> {
    Ok(Statement::<DB, BigInt>::new(SUM)
        .bind::<BigInt, _>(key.org.get())
        .bind::<Binary, _>(id(&key.badge))
        .bind::<Text, _>(boundaries(limits)?)
        .load(connection)?)
}

/// Remembers refusals of a batch that `request` is one of, and forgets all but the ten last of each customer.
pub(super) fn refuse(
    connection: &mut Connection,
    request: &EarnRequest,
    refused: &[(CustomerId, &Rejection)],
) -> Result<(), Failure> {
    let rows: Vec<_> = refused
        .iter()
        .map(|(customer, it)| {
            (
                customer.get(),
                it.code.number(),
                it.message.as_str(),
                it.field.as_deref(),
            )
        })
        .collect();
    let rows = json(&rows)?;
    Statement::<DB>::new(REFUSE)
        .bind::<BigInt, _>(request.context.org.get())
        .bind::<Binary, _>(id(&request.badge))
        .bind::<BigInt, _>(request.context.now.unix_micros())
        .bind::<BigInt, _>(request.terms.event_on.unix_micros())
        .bind::<Text, _>(rows.as_str())
        .execute(connection)?;
    Statement::<DB>::new(FORGET)
        .bind::<Text, _>(rows.as_str())
        .bind::<BigInt, _>(request.context.org.get())
        .bind::<Binary, _>(id(&request.badge))
        .execute(connection)?;
    Ok(())
}

/// The number of the last earn that each customer has of the badge; 0 if there is none.
pub(super) fn last_of_pairs(
    connection: &mut Connection,
    org: OrgId,
    pairs: &[(CustomerId, BadgeId)],
) -> Result<Vec<i32>, Failure> {
    let customers: Vec<_> = pairs.iter().map(|it| it.0.get()).collect();
    let badges: Vec<u8> = pairs.iter().flat_map(|it| *it.1.0.as_bytes()).collect();
    Ok(Statement::<DB, Integer>::new(LAST_OF_PAIRS)
        .bind::<BigInt, _>(org.get())
        .bind::<Binary, _>(badges)
        .bind::<Text, _>(json(&customers)?)
        .load(connection)?)
}

/// Inserts those imports whose numbers are free; gives their ids.
pub(super) fn insert_imports(
    connection: &mut Connection,
    new: &NewImports,
) -> Result<Vec<Vec<u8>>, Failure> {
    let rows: Vec<_> = (new.rows.iter())
        .map(|it| (it.customer.get(), it.ordinal, it.event_on, it.expires_on))
        .collect();
    let badges: Vec<u8> = (new.rows.iter())
        .flat_map(|it| *it.badge.0.as_bytes())
        .collect();
    let ids: Vec<u8> = (new.rows.iter()).flat_map(|it| *it.id.as_bytes()).collect();
    Ok(Statement::<DB, Binary>::new(IMPORT)
        .bind::<BigInt, _>(new.org.get())
        .bind::<Binary, _>(badges)
        .bind::<Binary, _>(ids)
        .bind::<BigInt, _>(new.earned_on)
        .bind::<BigInt, _>(new.request_no)
        .bind::<Text, _>(json(&rows)?)
        .load(connection)?)
}

/// Lets every count and kept sum follow what was imported.
pub(super) fn count_imports(
    connection: &mut Connection,
    org: OrgId,
    counts: &[ImportCount],
) -> QueryResult<()> {
    for count in counts {
        let badge = count.badge;
        let key = BadgeKey { org, badge };
        room::grow(connection, key, count.event_on, None, count.earns)?;
    }
    Ok(())
}

/// The numbers in the statements above.
const _: () = assert!(Kind::AllTime as i16 == 0 && Kind::Rolling as i16 == 2);
