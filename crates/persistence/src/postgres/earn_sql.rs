//! The statements of earning, for PostgreSQL.

use accolade_application::ports::EarnRequest;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::rejection::Rejection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, SmallInt, Text};

use super::enrolments::column;
use super::{Connection, DB, lock};
use crate::boundary::{Boundary, Kind};
use crate::earns::{ImportCount, NewEarns, NewImports, by_customer};
use crate::enrolment::BadgeKey;
use crate::retry::Failure;
use crate::statement::Statement;

/// `unnest` gives the numbers in the order of the array, so they are locked in that order.
const LOCK: &str = "SELECT pg_advisory_xact_lock(n) FROM unnest(?) AS n";

/// A maximum might be looked for among all of a customer's.
const LAST: &str = "SELECT COALESCE((SELECT e.ordinal FROM earned_badges e \
     WHERE e.org_id = r.org_id AND e.customer_id = w.customer_id AND e.badge_id = r.badge_id \
     ORDER BY e.ordinal DESC LIMIT 1), 0) \
     FROM (SELECT ? AS org_id, ? AS badge_id) AS r, \
     unnest(?) WITH ORDINALITY AS w (customer_id, place) ORDER BY w.place";

/// For each customer and limit: the last number, and what counts. `OFFSET 0` keeps the planner from
/// looking a customer's earns up for each limit.
const COUNTED: &str = "SELECT COALESCE(max(e.ordinal), 0), \
     count(*) FILTER (WHERE e.ordinal IS NOT NULL AND e.revoked_on IS NULL AND CASE l.kind \
     WHEN 0 THEN true \
     WHEN 1 THEN e.event_on >= l.since AND e.event_on < l.until \
     ELSE NOT e.imported AND e.earned_on > l.since END) \
     FROM (SELECT w.place, e.* FROM (SELECT ? AS org_id, ? AS badge_id) AS r \
     CROSS JOIN unnest(?) WITH ORDINALITY AS w (customer_id, place) \
     LEFT JOIN LATERAL (SELECT e.ordinal, e.revoked_on, e.event_on, e.earned_on, e.imported \
     FROM earned_badges e WHERE e.org_id = r.org_id AND e.customer_id = w.customer_id \
     AND e.badge_id = r.badge_id OFFSET 0) AS e ON true OFFSET 0) AS e \
     CROSS JOIN unnest(?, ?, ?) WITH ORDINALITY AS l (kind, since, until, place) \
     GROUP BY e.place, l.place ORDER BY e.place, l.place";

/// When that earn was recorded whose leaving makes room in a customer's rolling window.
const FREES: &str = "SELECT (SELECT e.earned_on FROM earned_badges e \
     WHERE e.org_id = r.org_id AND e.customer_id = w.customer_id AND e.badge_id = r.badge_id \
     AND e.revoked_on IS NULL AND NOT e.imported AND e.earned_on > w.since \
     ORDER BY e.earned_on OFFSET w.before LIMIT 1) \
     FROM (SELECT ? AS org_id, ? AS badge_id) AS r, \
     unnest(?, ?, ?) WITH ORDINALITY AS w (customer_id, since, before, place) ORDER BY w.place";

/// The rows, what they come to, and every sum that has it, as one statement: it is what the
/// lock of a badge's earns waits for.
const RECORD: &str = "WITH r AS ( \
     SELECT ? AS org_id, ? AS badge_id, ? AS event_on, ? AS earned_on, ? AS expires_on \
     ), new AS ( \
     INSERT INTO earned_badges (org_id, customer_id, event_on, earned_on, expires_on, \
     request_no, ordinal, enrolment, imported, badge_id, id) \
     SELECT r.org_id, w.customer_id, r.event_on, r.earned_on, r.expires_on, w.request_no, \
     w.ordinal, w.enrolment, false, r.badge_id, w.id \
     FROM r, unnest(?, ?, ?, ?, ?) AS w (customer_id, ordinal, enrolment, request_no, id) \
     ON CONFLICT DO NOTHING RETURNING customer_id \
     ), n AS (SELECT count(*) AS earns FROM new), \
     log AS (INSERT INTO badge_earns (org_id, badge_id, event_on, rolls_on, earns) \
     SELECT r.org_id, r.badge_id, r.event_on, r.earned_on, n.earns FROM r, n WHERE n.earns > 0), \
     counts AS (INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     SELECT r.org_id, r.badge_id, 0, n.earns FROM r, n WHERE n.earns > 0), \
     windows AS (UPDATE window_counts c SET earns = c.earns + n.earns FROM r, n \
     WHERE c.org_id = r.org_id AND c.badge_id = r.badge_id \
     AND c.ends_on > r.event_on AND c.starts_on <= r.event_on), \
     rolling AS (UPDATE rolling_counts c SET earns = c.earns + n.earns FROM r, n \
     WHERE c.org_id = r.org_id AND c.badge_id = r.badge_id AND c.since < r.earned_on) \
     SELECT customer_id FROM new";

const SUM: &str = "SELECT COALESCE( \
     (SELECT c.earns FROM window_counts c WHERE c.org_id = r.org_id AND c.badge_id = r.badge_id \
     AND l.kind < 2 AND c.ends_on = l.until AND c.starts_on = l.since), \
     CASE l.kind \
     WHEN 0 THEN (SELECT SUM(n.earned) FROM badge_counts n \
     WHERE n.org_id = r.org_id AND n.badge_id = r.badge_id) \
     WHEN 1 THEN (SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = r.org_id AND e.badge_id = r.badge_id \
     AND e.event_on >= l.since AND e.event_on < l.until) \
     ELSE (SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = r.org_id AND e.badge_id = r.badge_id AND e.rolls_on > l.since) END, \
     0)::bigint \
     FROM (SELECT ? AS org_id, ? AS badge_id) AS r, \
     unnest(?, ?, ?) WITH ORDINALITY AS l (kind, since, until, place) ORDER BY l.place";

const REFUSE: &str = "INSERT INTO refusals \
     (org_id, customer_id, badge_id, refused_on, event_on, code, message, field) \
     SELECT r.org_id, w.customer_id, r.badge_id, r.refused_on, r.event_on, w.code, w.message, w.field \
     FROM (SELECT ? AS org_id, ? AS badge_id, ? AS refused_on, ? AS event_on) AS r, \
     unnest(?, ?, ?, ?) AS w (customer_id, code, message, field)";

/// Refusals do not move: they are never changed.
const FORGET: &str = "DELETE FROM refusals f \
     USING (SELECT ? AS org_id, ? AS badge_id) AS r, unnest(?) AS w (customer_id), \
     LATERAL (SELECT o.ctid AS place FROM refusals o WHERE o.org_id = r.org_id \
     AND o.customer_id = w.customer_id AND o.badge_id = r.badge_id \
     ORDER BY o.seq DESC OFFSET 10) AS o WHERE f.ctid = o.place";

const LAST_OF_PAIRS: &str = "SELECT COALESCE((SELECT e.ordinal FROM earned_badges e \
     WHERE e.org_id = r.org_id AND e.customer_id = w.customer_id AND e.badge_id = w.badge_id \
     ORDER BY e.ordinal DESC LIMIT 1), 0) \
     FROM (SELECT ? AS org_id) AS r, \
     unnest(?, ?) WITH ORDINALITY AS w (customer_id, badge_id, place) ORDER BY w.place";

const IMPORT: &str = "INSERT INTO earned_badges (org_id, customer_id, event_on, earned_on, \
     expires_on, request_no, ordinal, enrolment, imported, badge_id, id) \
     SELECT r.org_id, w.customer_id, w.event_on, r.earned_on, w.expires_on, r.request_no, \
     w.ordinal, NULL, true, w.badge_id, w.id \
     FROM (SELECT ? AS org_id, ? AS earned_on, ? AS request_no) AS r, \
     unnest(?, ?, ?, ?, ?, ?) AS w (customer_id, badge_id, ordinal, id, event_on, expires_on) \
     ON CONFLICT DO NOTHING RETURNING id";

const COUNT_IMPORTS: &str = "WITH i AS ( \
     SELECT r.org_id, w.badge_id, w.event_on, w.earns FROM (SELECT ? AS org_id) AS r, \
     unnest(?, ?, ?) AS w (badge_id, event_on, earns) \
     ), log AS (INSERT INTO badge_earns (org_id, badge_id, event_on, earns) \
     SELECT org_id, badge_id, event_on, earns FROM i), \
     counts AS (INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     SELECT org_id, badge_id, 0, SUM(earns)::bigint FROM i GROUP BY org_id, badge_id) \
     UPDATE window_counts c SET earns = c.earns + s.earns FROM ( \
     SELECT c.org_id, c.badge_id, c.ends_on, c.starts_on, SUM(i.earns)::bigint AS earns \
     FROM i JOIN window_counts c ON c.org_id = i.org_id AND c.badge_id = i.badge_id \
     AND c.ends_on > i.event_on AND c.starts_on <= i.event_on GROUP BY 1, 2, 3, 4) AS s \
     WHERE c.org_id = s.org_id AND c.badge_id = s.badge_id \
     AND c.ends_on = s.ends_on AND c.starts_on = s.starts_on";

fn id(badge: &BadgeId) -> &[u8] {
    badge.0.as_bytes()
}

fn numbers(customers: &[CustomerId]) -> Vec<i64> {
    column(customers, |it| it.get())
}

/// Locks the earns of these badges until the transaction ends, in their order, against who counts
/// them and who changes what is counted.
pub(super) fn lock_earns(connection: &mut Connection, badges: &[BadgeKey]) -> QueryResult<()> {
    Statement::<DB>::new(LOCK)
        .bind::<Array<BigInt>, _>(column(badges, |it| lock::earns_number(*it)))
        .execute(connection)?;
    Ok(())
}

/// Of each customer: the number of the last earn of the badge, 0 if there is none, and how many
/// count under each limit, all by one snapshot.
pub(super) fn count_customers(
    connection: &mut Connection,
    key: BadgeKey,
    customers: &[CustomerId],
    limits: &[Boundary],
) -> Result<Vec<(i32, Vec<u64>)>, Failure> {
    if limits.is_empty() {
        let last: Vec<i32> = Statement::<DB, Integer>::new(LAST)
            .bind::<BigInt, _>(key.org.get())
            .bind::<Binary, _>(id(&key.badge))
            .bind::<Array<BigInt>, _>(numbers(customers))
            .load(connection)?;
        return Ok(last.into_iter().map(|last| (last, Vec::new())).collect());
    }
    let rows: Vec<(i32, i64)> = Statement::<DB, (Integer, BigInt)>::new(COUNTED)
        .bind::<BigInt, _>(key.org.get())
        .bind::<Binary, _>(id(&key.badge))
        .bind::<Array<BigInt>, _>(numbers(customers))
        .bind::<Array<SmallInt>, _>(column(limits, |it| it.kind.number()))
        .bind::<Array<BigInt>, _>(column(limits, |it| it.from))
        .bind::<Array<BigInt>, _>(column(limits, |it| it.until))
        .load(connection)?;
    Ok(by_customer(&rows, limits.len())?)
}

/// For each customer, when the earn after so many others was recorded that count since then.
pub(super) fn frees(
    connection: &mut Connection,
    key: BadgeKey,
    which: &[(CustomerId, i64, i64)],
) -> QueryResult<Vec<Option<i64>>> {
    Statement::<DB, Nullable<BigInt>>::new(FREES)
        .bind::<BigInt, _>(key.org.get())
        .bind::<Binary, _>(id(&key.badge))
        .bind::<Array<BigInt>, _>(column(which, |it| it.0.get()))
        .bind::<Array<BigInt>, _>(column(which, |it| it.1))
        .bind::<Array<BigInt>, _>(column(which, |it| it.2))
        .load(connection)
}

/// Inserts those earns whose numbers are free, and lets every count and sum follow; gives their
/// customers. Waits for other transactions that are taking the same numbers.
pub(super) fn record(connection: &mut Connection, new: &NewEarns) -> QueryResult<Vec<i64>> {
    Statement::<DB, BigInt>::new(RECORD)
        .bind::<BigInt, _>(new.key.org.get())
        .bind::<Binary, _>(id(&new.key.badge))
        .bind::<BigInt, _>(new.event_on)
        .bind::<BigInt, _>(new.earned_on)
        .bind::<BigInt, _>(new.expires_on)
        .bind::<Array<BigInt>, _>(column(&new.rows, |it| it.customer.get()))
        .bind::<Array<Integer>, _>(column(&new.rows, |it| it.ordinal))
        .bind::<Array<Nullable<Integer>>, _>(column(&new.rows, |it| it.enrolment))
        .bind::<Array<BigInt>, _>(column(&new.rows, |it| it.request_no))
        .bind::<Array<Binary>, _>(column(&new.rows, |it| *it.id.as_bytes()))
        .load(connection)
}

/// How many earns of the badge count under each limit: the kept sum, or added up.
pub(super) fn sum(
    connection: &mut Connection,
    key: BadgeKey,
    limits: &[Boundary],
) -> QueryResult<Vec<i64>> {
    Statement::<DB, BigInt>::new(SUM)
        .bind::<BigInt, _>(key.org.get())
        .bind::<Binary, _>(id(&key.badge))
        .bind::<Array<SmallInt>, _>(column(limits, |it| it.kind.number()))
        .bind::<Array<BigInt>, _>(column(limits, |it| it.from))
        .bind::<Array<BigInt>, _>(column(limits, |it| it.until))
        .load(connection)
}

/// Remembers refusals of a batch that `request` is one of, and forgets all but the ten last of each customer.
pub(super) fn refuse(
    connection: &mut Connection,
    request: &EarnRequest,
    refused: &[(CustomerId, &Rejection)],
) -> Result<(), Failure> {
    let codes: Vec<i32> = refused
        .iter()
        .map(|(_, it)| i32::try_from(it.code.number()))
        .collect::<Result<_, _>>()
        .map_err(anyhow::Error::from)?;
    Statement::<DB>::new(REFUSE)
        .bind::<BigInt, _>(request.context.org.get())
        .bind::<Binary, _>(id(&request.badge))
        .bind::<BigInt, _>(request.context.now.unix_micros())
        .bind::<BigInt, _>(request.terms.event_on.unix_micros())
        .bind::<Array<BigInt>, _>(column(refused, |it| it.0.get()))
        .bind::<Array<Integer>, _>(codes)
        .bind::<Array<Text>, _>(column(refused, |it| it.1.message.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(refused, |it| it.1.field.as_deref()))
        .execute(connection)?;
    Statement::<DB>::new(FORGET)
        .bind::<BigInt, _>(request.context.org.get())
        .bind::<Binary, _>(id(&request.badge))
        .bind::<Array<BigInt>, _>(column(refused, |it| it.0.get()))
        .execute(connection)?;
    Ok(())
}

/// The number of the last earn that each customer has of the badge; 0 if there is none.
pub(super) fn last_of_pairs(
    connection: &mut Connection,
    org: OrgId,
    pairs: &[(CustomerId, BadgeId)],
) -> QueryResult<Vec<i32>> {
    Statement::<DB, Integer>::new(LAST_OF_PAIRS)
        .bind::<BigInt, _>(org.get())
        .bind::<Array<BigInt>, _>(column(pairs, |it| it.0.get()))
        .bind::<Array<Binary>, _>(column(pairs, |it| *it.1.0.as_bytes()))
        .load(connection)
}

/// Inserts those imports whose numbers are free; gives their ids.
pub(super) fn insert_imports(
    connection: &mut Connection,
    new: &NewImports,
) -> QueryResult<Vec<Vec<u8>>> {
    Statement::<DB, Binary>::new(IMPORT)
        .bind::<BigInt, _>(new.org.get())
        .bind::<BigInt, _>(new.earned_on)
        .bind::<BigInt, _>(new.request_no)
        .bind::<Array<BigInt>, _>(column(&new.rows, |it| it.customer.get()))
        .bind::<Array<Binary>, _>(column(&new.rows, |it| *it.badge.0.as_bytes()))
        .bind::<Array<Integer>, _>(column(&new.rows, |it| it.ordinal))
        .bind::<Array<Binary>, _>(column(&new.rows, |it| *it.id.as_bytes()))
        .bind::<Array<BigInt>, _>(column(&new.rows, |it| it.event_on))
        .bind::<Array<BigInt>, _>(column(&new.rows, |it| it.expires_on))
        .load(connection)
}

/// Lets every count and kept sum follow what was imported.
pub(super) fn count_imports(
    connection: &mut Connection,
    org: OrgId,
    counts: &[ImportCount],
) -> QueryResult<()> {
    Statement::<DB>::new(COUNT_IMPORTS)
        .bind::<BigInt, _>(org.get())
        .bind::<Array<Binary>, _>(column(counts, |it| *it.badge.0.as_bytes()))
        .bind::<Array<BigInt>, _>(column(counts, |it| it.event_on))
        .bind::<Array<BigInt>, _>(column(counts, |it| it.earns))
        .execute(connection)?;
    Ok(())
}

/// The numbers in the statements above.
const _: () = assert!(Kind::AllTime as i16 == 0 && Kind::Rolling as i16 == 2);
