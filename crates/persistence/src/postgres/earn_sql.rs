//! The statements of earning, for PostgreSQL.

use accolade_application::ports::EarnRequest;
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, OrgId};
use accolade_domain::rejection::Rejection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use super::shared::earn_rows::{about, counting};
use super::{Connection, DB, column};
use crate::boundary::{Boundary, CountedRow, Kind, add_counts};
use crate::counted_sql::{CountedSql, MOST_LIMITS};
use crate::recording::sql::{
    ActiveColumns, ActiveEarn, BadgeKey, CustomerCount, EarnAfter, EarnCount, EarnSql, NewEarns,
    NewImports, Revocation, RollingColumns, RollingName, RollingRow,
};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

/// A maximum might be looked for among all of a customer's.
static LAST: Sql<{ here!() }> = Sql::new(
    "SELECT COALESCE((SELECT e.ordinal FROM earned_badges e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id AND e.badge_id = :badge \
     ORDER BY e.ordinal DESC LIMIT 1), 0) \
     FROM unnest(:customers) WITH ORDINALITY AS w (customer_id, place) ORDER BY w.place",
);

/// For each customer: the last number, the latest moment, and what counts under each limit. `OFFSET 0` keeps
/// the planner from walking through all rows of the org.
static COUNTED: CountedSql = CountedSql::new(
    "SELECT COALESCE(max(e.ordinal), 0), max(e.earned_on), ARRAY[",
    "] FROM unnest(:customers) WITH ORDINALITY AS w (customer_id, place) \
     LEFT JOIN LATERAL (SELECT e.ordinal, e.revoked_on, e.event_on, e.earned_on, e.imported \
     FROM earned_badges e WHERE e.org_id = :org AND e.customer_id = w.customer_id \
     AND e.badge_id = :badge OFFSET 0) AS e ON true \
     GROUP BY w.place ORDER BY w.place",
);

/// When that earn was recorded whose leaving makes room in a customer's rolling window.
static RECORDED_AFTER: Sql<{ here!() }> = Sql::new(
    "SELECT (SELECT e.earned_on FROM earned_badges e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id AND e.badge_id = :badge \
     AND e.revoked_on IS NULL AND NOT e.imported AND e.earned_on > w.since \
     ORDER BY e.earned_on OFFSET w.before LIMIT 1) \
     FROM unnest(:customers, :since, :before) \
     WITH ORDINALITY AS w (customer_id, since, before, place) ORDER BY w.place",
);

/// The rows, what they come to, and every sum that has it, as one statement: it is what the
/// lock of a badge's earns waits for. An array that is unnested costs a set of its own, an element of it next
/// to nothing.
static INSERT: Sql<{ here!() }> = Sql::new(
    "WITH new AS ( \
     INSERT INTO earned_badges (org_id, customer_id, event_on, earned_on, expires_on, \
     request_no, ordinal, enrolment, imported, badge_id, id) \
     SELECT :org, :customers[w.place], :event_on, :earned_on, :expires_on, \
     :request_nos[w.place], :ordinals[w.place], w.enrolment, false, :badge, w.id \
     FROM unnest(:enrolments, :ids) WITH ORDINALITY AS w (enrolment, id, place) \
     ON CONFLICT DO NOTHING RETURNING customer_id \
     ), n AS (SELECT count(*) AS earns FROM new), \
     log AS (INSERT INTO badge_earns (org_id, badge_id, event_on, rolls_on, earns) \
     SELECT :org, :badge, :event_on, :earned_on, n.earns FROM n WHERE n.earns > 0), \
     counts AS (INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     SELECT :org, :badge, 0, n.earns FROM n WHERE n.earns > 0), \
     windows AS (UPDATE window_counts c SET earns = c.earns + n.earns FROM n \
     WHERE c.org_id = :org AND c.badge_id = :badge \
     AND c.ends_on > :event_on AND c.starts_on <= :event_on), \
     rolling AS (UPDATE rolling_counts c SET earns = c.earns + n.earns, \
     earns_after = c.earns_after + CASE WHEN c.leaves_on < :earned_on THEN n.earns ELSE 0 END, \
     earns_from = c.earns_from + CASE WHEN c.leaves_on <= :earned_on THEN n.earns ELSE 0 END \
     FROM n \
     WHERE c.org_id = :org AND c.badge_id = :badge AND c.since < :earned_on) \
     SELECT customer_id FROM new",
);

static SUMS: Sql<{ here!() }> = Sql::new(
    "SELECT COALESCE( \
     (SELECT c.earns FROM window_counts c WHERE c.org_id = :org AND c.badge_id = :badge \
     AND l.kind < 2 AND c.ends_on = l.until AND c.starts_on = l.since), \
     CASE l.kind \
     WHEN 0 THEN (SELECT SUM(n.earned) FROM badge_counts n \
     WHERE n.org_id = :org AND n.badge_id = :badge) \
     WHEN 1 THEN (SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = :org AND e.badge_id = :badge \
     AND e.event_on >= l.since AND e.event_on < l.until) \
     ELSE (SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = :org AND e.badge_id = :badge AND e.rolls_on > l.since) END, \
     0)::bigint \
     FROM unnest(:kinds, :since, :until) WITH ORDINALITY AS l (kind, since, until, place) \
     ORDER BY l.place",
);

/// What has left a window is added up by its index. The row of the last earn is looked for from the
/// end of it: a maximum might be looked for among all of them.
static ROLLING: Sql<{ here!() }> = Sql::new(
    "SELECT w.unit, w.length, w.since, c.since, c.earns, \
     c.leaves_on, c.earns_after, c.earns_from, \
     COALESCE((SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = :org AND e.badge_id = :badge \
     AND e.rolls_on > c.since AND e.rolls_on <= w.since), 0)::bigint, t.told_on, \
     (SELECT e.rolls_on FROM badge_earns e \
     WHERE e.org_id = :org AND e.badge_id = :badge AND e.rolls_on IS NOT NULL \
     ORDER BY e.rolls_on DESC LIMIT 1) \
     FROM unnest(:units, :lengths, :since) WITH ORDINALITY AS w (unit, length, since, place) \
     LEFT JOIN rolling_counts c ON c.org_id = :org AND c.badge_id = :badge \
     AND c.unit = w.unit AND c.length = w.length \
     LEFT JOIN rolling_told t ON t.org_id = :org AND t.badge_id = :badge \
     AND t.unit = w.unit AND t.length = w.length \
     ORDER BY w.place",
);

static REFUSE: Sql<{ here!() }> = Sql::new(
    "INSERT INTO refusals \
     (org_id, customer_id, badge_id, refused_on, event_on, code, message, field) \
     SELECT :org, w.customer_id, :badge, :refused_on, :event_on, w.code, w.message, w.field \
     FROM unnest(:customers, :codes, :messages, :fields) AS w (customer_id, code, message, field)",
);

/// Refusals do not move: they are never changed.
static FORGET: Sql<{ here!() }> = Sql::new(
    "DELETE FROM refusals f USING unnest(:customers) AS w (customer_id), \
     LATERAL (SELECT o.ctid AS place FROM refusals o WHERE o.org_id = :org \
     AND o.customer_id = w.customer_id AND o.badge_id = :badge \
     ORDER BY o.seq DESC OFFSET 10) AS o WHERE f.org_id = :org AND f.ctid = o.place",
);

static LAST_OF_PAIRS: Sql<{ here!() }> = Sql::new(
    "SELECT COALESCE((SELECT e.ordinal FROM earned_badges e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id AND e.badge_id = w.badge_id \
     ORDER BY e.ordinal DESC LIMIT 1), 0) \
     FROM unnest(:customers, :badges) WITH ORDINALITY AS w (customer_id, badge_id, place) \
     ORDER BY w.place",
);

static IMPORT: Sql<{ here!() }> = Sql::new(
    "INSERT INTO earned_badges (org_id, customer_id, event_on, earned_on, \
     expires_on, request_no, ordinal, enrolment, imported, badge_id, id) \
     SELECT :org, w.customer_id, w.event_on, :earned_on, w.expires_on, :request_no, \
     w.ordinal, NULL, true, w.badge_id, w.id \
     FROM unnest(:customers, :badges, :ordinals, :ids, :events, :expiries) \
     AS w (customer_id, badge_id, ordinal, id, event_on, expires_on) \
     ON CONFLICT DO NOTHING RETURNING id",
);

/// `OFFSET 0` keeps the planner from walking through all rows of the org.
static ACTIVE: Sql<{ here!() }> = Sql::new(
    "SELECT e.ordinal, e.event_on, e.expires_on, e.earned_on, e.imported, \
     (SELECT n.id FROM enrolments n WHERE n.org_id = :org AND n.customer_id = w.customer_id \
     AND n.badge_id = :badge AND n.ordinal = e.enrolment), l.owner_type, l.reference_id \
     FROM unnest(:customers, :ids) WITH ORDINALITY AS w (customer_id, id, place) \
     LEFT JOIN LATERAL (SELECT * FROM earned_badges e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id AND e.badge_id = :badge \
     AND e.id = w.id AND e.revoked_on IS NULL OFFSET 0) AS e ON true \
     LEFT JOIN LATERAL (SELECT l.owner_type, l.reference_id FROM request_ledger l \
     WHERE l.org_id = :org AND l.number = e.request_no OFFSET 0) AS l ON true \
     ORDER BY w.place",
);

static REVOKE: Sql<{ here!() }> = Sql::new(
    "UPDATE earned_badges e SET revoked_on = :revoked_on, revoked_by = :revoked_by, \
     revoke_reason = :reason \
     FROM unnest(:customers, :ordinals) AS w (customer_id, ordinal), \
     LATERAL (SELECT f.ctid AS place FROM earned_badges f \
     WHERE f.org_id = :org AND f.customer_id = w.customer_id \
     AND f.badge_id = :badge AND f.ordinal = w.ordinal OFFSET 0) AS f \
     WHERE e.org_id = :org AND e.ctid = f.place",
);

static COUNT: Sql<{ here!() }> = Sql::new(
    "WITH i AS ( \
     SELECT * FROM unnest(:badges, :events, :rolls, :earns) \
     AS w (badge_id, event_on, rolls_on, earns) \
     ), log AS (INSERT INTO badge_earns (org_id, badge_id, event_on, rolls_on, earns) \
     SELECT :org, badge_id, event_on, rolls_on, earns FROM i), \
     rolling AS (UPDATE rolling_counts c SET earns = c.earns + s.earns, \
     earns_after = c.earns_after + s.earns_after, earns_from = c.earns_from + s.earns_from FROM ( \
     SELECT c.badge_id, c.unit, c.length, SUM(i.earns)::bigint AS earns, \
     COALESCE(SUM(i.earns) FILTER (WHERE c.leaves_on < i.rolls_on), 0)::bigint AS earns_after, \
     COALESCE(SUM(i.earns) FILTER (WHERE c.leaves_on <= i.rolls_on), 0)::bigint AS earns_from \
     FROM i JOIN rolling_counts c ON c.org_id = :org AND c.badge_id = i.badge_id \
     AND c.since < i.rolls_on GROUP BY 1, 2, 3) AS s \
     WHERE c.org_id = :org AND c.badge_id = s.badge_id \
     AND c.unit = s.unit AND c.length = s.length), \
     counts AS (INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     SELECT :org, badge_id, 0, SUM(earns)::bigint FROM i GROUP BY badge_id) \
     UPDATE window_counts c SET earns = c.earns + s.earns FROM ( \
     SELECT c.badge_id, c.ends_on, c.starts_on, SUM(i.earns)::bigint AS earns \
     FROM i JOIN window_counts c ON c.org_id = :org AND c.badge_id = i.badge_id \
     AND c.ends_on > i.event_on AND c.starts_on <= i.event_on GROUP BY 1, 2, 3) AS s \
     WHERE c.org_id = :org AND c.badge_id = s.badge_id \
     AND c.ends_on = s.ends_on AND c.starts_on = s.starts_on",
);

/// An earn that is not revoked.
type Active = (
    Nullable<Integer>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Bool>,
    Nullable<Binary>,
    Nullable<SmallInt>,
    Nullable<Text>,
);

/// The last number, the latest moment, and the counts.
type Counts = (Integer, Nullable<BigInt>, Array<BigInt>);

/// Unit, length and start as they were asked for; the start of the stored sum, and the sum; the earn that
/// leaves next; how many have left; when it was told; when the last earn was recorded.
type Rolling = (
    SmallInt,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
    (Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>),
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
);

impl EarnSql for Connection {
    fn count_customers(
        &mut self,
        key: BadgeKey,
        customers: &[CustomerId],
        limits: &[Boundary],
    ) -> Result<Vec<CustomerCount>, WorkError> {
        let customers = column(customers, |it| it.get());
        let mut counted = Vec::new();
        if limits.is_empty() {
            let last: Vec<i32> = about::<Integer, _>(&LAST, &key)
                .set::<Array<BigInt>, _>("customers", customers)
                .load(self)?;
            add_counts(
                &mut counted,
                last.into_iter().map(|it| (it, None, Vec::new())),
            )?;
            return Ok(counted);
        }
        for limits in limits.chunks(MOST_LIMITS) {
            let rows: Vec<CountedRow> = counting::<Counts>(&COUNTED, &key, limits)
                .set::<Array<BigInt>, _>("customers", customers.as_slice())
                .load(self)?;
            add_counts(&mut counted, rows)?;
        }
        Ok(counted)
    }

    fn recorded_after(
        &mut self,
        key: BadgeKey,
        which: &[EarnAfter],
    ) -> Result<Vec<Option<i64>>, WorkError> {
        Ok(about::<Nullable<BigInt>, _>(&RECORDED_AFTER, &key)
            .set::<Array<BigInt>, _>("customers", column(which, |it| it.0.get()))
            .set::<Array<BigInt>, _>("since", column(which, |it| it.1))
            .set::<Array<BigInt>, _>("before", column(which, |it| it.2))
            .load(self)?)
    }

    fn insert_earns(&mut self, new: &NewEarns) -> Result<Vec<i64>, WorkError> {
        let rows = &new.rows;
        Ok(about::<BigInt, _>(&INSERT, &new.key)
            .set::<BigInt, _>("event_on", new.event_on)
            .set::<BigInt, _>("earned_on", new.earned_on)
            .set::<BigInt, _>("expires_on", new.expires_on)
            .set::<Array<BigInt>, _>("customers", column(rows, |it| it.customer.get()))
            .set::<Array<Integer>, _>("ordinals", column(rows, |it| it.ordinal))
            .set::<Array<Nullable<Integer>>, _>("enrolments", column(rows, |it| it.enrolment))
            .set::<Array<BigInt>, _>("request_nos", column(rows, |it| it.request_no))
            .set::<Array<Binary>, _>("ids", column(rows, |it| *it.id.as_bytes()))
            .load(self)?)
    }

    fn remember_refusals(
        &mut self,
        request: &EarnRequest,
        refused: &[(CustomerId, &Rejection)],
    ) -> Result<(), WorkError> {
        let key = BadgeKey {
            org: request.context.org,
            badge: request.badge,
        };
        let codes: Vec<i32> = refused
            .iter()
            .map(|(_, it)| i32::try_from(it.code.number()))
            .collect::<Result<_, _>>()
            .map_err(anyhow::Error::from)?;
        let fields = column(refused, |it| it.1.field.as_deref());
        about::<(), _>(&REFUSE, &key)
            .set::<BigInt, _>("refused_on", request.context.now.unix_micros())
            .set::<BigInt, _>("event_on", request.terms.event_on.unix_micros())
            .set::<Array<BigInt>, _>("customers", column(refused, |it| it.0.get()))
            .set::<Array<Integer>, _>("codes", codes)
            .set::<Array<Text>, _>("messages", column(refused, |it| it.1.message.as_str()))
            .set::<Array<Nullable<Text>>, _>("fields", fields)
            .execute(self)?;
        about::<(), _>(&FORGET, &key)
            .set::<Array<BigInt>, _>("customers", column(refused, |it| it.0.get()))
            .execute(self)?;
        Ok(())
    }

    fn last_ordinals(
        &mut self,
        org: OrgId,
        pairs: &[(CustomerId, BadgeId)],
    ) -> Result<Vec<i32>, WorkError> {
        Ok(Statement::<DB, Integer>::named(&LAST_OF_PAIRS)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<BigInt>, _>("customers", column(pairs, |it| it.0.get()))
            .set::<Array<Binary>, _>("badges", column(pairs, |it| *it.1.0.as_bytes()))
            .load(self)?)
    }

    fn insert_imports(&mut self, new: &NewImports) -> Result<Vec<Vec<u8>>, WorkError> {
        let rows = &new.rows;
        Ok(Statement::<DB, Binary>::named(&IMPORT)
            .set::<BigInt, _>("org", new.org.get())
            .set::<BigInt, _>("earned_on", new.earned_on)
            .set::<BigInt, _>("request_no", new.request_no)
            .set::<Array<BigInt>, _>("customers", column(rows, |it| it.customer.get()))
            .set::<Array<Binary>, _>("badges", column(rows, |it| *it.badge.0.as_bytes()))
            .set::<Array<Integer>, _>("ordinals", column(rows, |it| it.ordinal))
            .set::<Array<Binary>, _>("ids", column(rows, |it| *it.id.as_bytes()))
            .set::<Array<BigInt>, _>("events", column(rows, |it| it.event_on))
            .set::<Array<BigInt>, _>("expiries", column(rows, |it| it.expires_on))
            .load(self)?)
    }

    fn active_earns(
        &mut self,
        key: BadgeKey,
        which: &[(CustomerId, EarnedBadgeId)],
    ) -> Result<Vec<Option<ActiveEarn>>, WorkError> {
        let rows: Vec<ActiveColumns> = about::<Active, _>(&ACTIVE, &key)
            .set::<Array<BigInt>, _>("customers", column(which, |it| it.0.get()))
            .set::<Array<Binary>, _>("ids", column(which, |it| *it.1.0.as_bytes()))
            .load(self)?;
        let earns = rows.into_iter().map(ActiveEarn::from_columns);
        Ok(earns.collect::<anyhow::Result<_>>()?)
    }

    fn revoke_earns(
        &mut self,
        key: BadgeKey,
        which: &[(CustomerId, i32)],
        revocation: Revocation<'_>,
    ) -> Result<(), WorkError> {
        about::<(), _>(&REVOKE, &key)
            .set::<BigInt, _>("revoked_on", revocation.on.unix_micros())
            .set::<BigInt, _>("revoked_by", revocation.by.number())
            .set::<Nullable<Text>, _>("reason", revocation.reason())
            .set::<Array<BigInt>, _>("customers", column(which, |it| it.0.get()))
            .set::<Array<Integer>, _>("ordinals", column(which, |it| it.1))
            .execute(self)?;
        Ok(())
    }

    fn count_earns(&mut self, org: OrgId, counts: &[EarnCount]) -> QueryResult<()> {
        Statement::<DB>::named(&COUNT)
            .set::<Array<Binary>, _>("badges", column(counts, |it| *it.badge.0.as_bytes()))
            .set::<Array<BigInt>, _>("events", column(counts, |it| it.event_on))
            .set::<Array<Nullable<BigInt>>, _>("rolls", column(counts, |it| it.rolls_on))
            .set::<Array<BigInt>, _>("earns", column(counts, |it| it.earns))
            .set::<BigInt, _>("org", org.get())
            .execute(self)?;
        Ok(())
    }

    fn rolling_rows(
        &mut self,
        key: BadgeKey,
        windows: &[RollingName],
    ) -> Result<Vec<RollingRow>, WorkError> {
        let rows: Vec<RollingColumns> = about::<Rolling, _>(&ROLLING, &key)
            .set::<Array<SmallInt>, _>("units", column(windows, |it| it.0))
            .set::<Array<BigInt>, _>("lengths", column(windows, |it| it.1))
            .set::<Array<BigInt>, _>("since", column(windows, |it| it.2))
            .load(self)?;
        Ok(rows.into_iter().map(RollingRow::from).collect())
    }

    fn sums(&mut self, key: BadgeKey, limits: &[Boundary]) -> Result<Vec<i64>, WorkError> {
        Ok(about::<BigInt, _>(&SUMS, &key)
            .set::<Array<SmallInt>, _>("kinds", column(limits, |it| it.kind.number()))
            .set::<Array<BigInt>, _>("since", column(limits, |it| it.from))
            .set::<Array<BigInt>, _>("until", column(limits, |it| it.until))
            .load(self)?)
    }
}

/// The numbers in the statements above.
const _: () = assert!(Kind::AllTime as i16 == 0 && Kind::Rolling as i16 == 2);
