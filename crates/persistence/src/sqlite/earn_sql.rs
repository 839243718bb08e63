//! The statements of earning, for SQLite.
//!
//! What is as long as a request travels as a JSON array. Nobody else writes meanwhile, so that
//! nothing has to be locked.

use accolade_application::ports::EarnRequest;
use accolade_domain::earning::Counted;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::rejection::Rejection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

use super::{Connection, DB, room};
use crate::boundary::{Boundary, Kind};
use crate::earns::{ImportCount, NewEarns, NewImports};
use crate::enrolment::BadgeKey;
use crate::mapping::{instant, stored};
use crate::retry::Failure;
use crate::statement::Statement;

pub(in crate::sqlite) const LAST: &str = "SELECT (SELECT max(e.ordinal) FROM earned_badges e \
     WHERE e.org_id = ? AND e.customer_id = w.value AND e.badge_id = ?) \
     FROM json_each(?) AS w ORDER BY w.key";

/// For each customer and limit: the last number, what counts, and when that earn was recorded
/// whose leaving makes room in a rolling window.
const COUNTED: &str = "SELECT max(ordinal), count(*) FILTER (WHERE counts), \
     json_group_array(earned_on ORDER BY earned_on) FILTER (WHERE counts AND kind = 2) \
     ->> max(count(*) FILTER (WHERE counts) - most, 0) \
     FROM (SELECT w.key AS customer, l.key AS place, l.value ->> 0 AS kind, l.value ->> 3 AS most, \
     e.ordinal, e.earned_on, e.ordinal IS NOT NULL AND e.revoked_on IS NULL AND CASE l.value ->> 0 \
     WHEN 0 THEN true \
     WHEN 1 THEN e.event_on >= l.value ->> 1 AND e.event_on < l.value ->> 2 \
     ELSE NOT e.imported AND e.earned_on > l.value ->> 1 END AS counts \
     FROM json_each(?) AS w CROSS JOIN json_each(?) AS l LEFT JOIN earned_badges AS e \
     ON e.org_id = ? AND e.customer_id = w.value AND e.badge_id = ?) \
     GROUP BY customer, place ORDER BY customer, place";

const INSERT: &str = "INSERT INTO earned_badges (org_id, customer_id, badge_id, ordinal, id, \
     event_on, earned_on, expires_on, request_no, enrolment, imported) \
     SELECT ?, w.value ->> 0, ?, w.value ->> 1, substr(?, 12 * w.key + 1, 12), \
     ?, ?, ?, ?, w.value ->> 2, 0 FROM json_each(?) AS w WHERE true \
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

/// What [`COUNTED`] gives.
type Counts = (Nullable<Integer>, BigInt, Nullable<BigInt>);

fn id(badge: &BadgeId) -> &[u8] {
    badge.0.as_bytes()
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)?)
}

fn boundaries(limits: &[Boundary]) -> Result<String, Failure> {
    let rows: Vec<_> = limits
        .iter()
        .map(|it| (it.kind.number(), it.from, it.until, it.max))
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

/// Of each customer: the number of the last earn of the badge, 0 if there is none, and what counts
/// under each limit.
pub(super) fn count_customers(
    connection: &mut Connection,
    key: BadgeKey,
    customers: &[CustomerId],
    limits: &[Boundary],
) -> Result<Vec<(i32, Vec<Counted>)>, Failure> {
    let numbers: Vec<_> = customers.iter().map(|it| it.get()).collect();
    let numbers = json(&numbers)?;
    if limits.is_empty() {
        let last: Vec<Option<i32>> = Statement::<DB, Nullable<Integer>>::new(LAST)
            .bind::<BigInt, _>(key.org.get())
            .bind::<Binary, _>(id(&key.badge))
            .bind::<Text, _>(numbers)
            .load(connection)?;
        let last = last.into_iter().map(|last| last.unwrap_or(0));
        return Ok(last.map(|last| (last, Vec::new())).collect());
    }
    let rows: Vec<(Option<i32>, i64, Option<i64>)> = Statement::<DB, Counts>::new(COUNTED)
        .bind::<Text, _>(numbers)
        .bind::<Text, _>(boundaries(limits)?)
        .bind::<BigInt, _>(key.org.get())
        .bind::<Binary, _>(id(&key.badge))
        .load(connection)?;
    let of_one = |rows: &[(Option<i32>, i64, Option<i64>)]| {
        let last = rows.first().and_then(|row| row.0).unwrap_or(0);
        let counted = rows.iter().map(|(_, earns, frees)| {
            Ok(Counted {
                count: stored(*earns)?,
                frees: frees.map(instant).transpose()?,
            })
        });
        Ok((last, counted.collect::<anyhow::Result<_>>()?))
    };
    Ok(rows
        .chunks(limits.len())
        .map(of_one)
        .collect::<anyhow::Result<_>>()?)
}

/// Inserts those earns whose numbers are free, and lets every count and sum follow; gives their
/// customers.
pub(super) fn record(connection: &mut Connection, new: &NewEarns) -> Result<Vec<i64>, Failure> {
    let rows: Vec<_> = (new.rows.iter())
        .map(|it| (it.customer.get(), it.ordinal, it.enrolment))
        .collect();
    let ids: Vec<u8> = (new.rows.iter()).flat_map(|it| *it.id.as_bytes()).collect();
    let inserted: Vec<i64> = Statement::<DB, BigInt>::new(INSERT)
        .bind::<BigInt, _>(new.key.org.get())
        .bind::<Binary, _>(id(&new.key.badge))
        .bind::<Binary, _>(ids)
        .bind::<BigInt, _>(new.event_on)
        .bind::<BigInt, _>(new.earned_on)
        .bind::<BigInt, _>(new.expires_on)
        .bind::<BigInt, _>(new.request_no)
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

/// Remembers refusals of `request`, and forgets all but the ten last of each customer.
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
        .bind::<BigInt, _>(request.org.get())
        .bind::<Binary, _>(id(&request.badge))
        .bind::<BigInt, _>(request.now.unix_micros())
        .bind::<BigInt, _>(request.terms.event_on.unix_micros())
        .bind::<Text, _>(rows.as_str())
        .execute(connection)?;
    Statement::<DB>::new(FORGET)
        .bind::<Text, _>(rows.as_str())
        .bind::<BigInt, _>(request.org.get())
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
