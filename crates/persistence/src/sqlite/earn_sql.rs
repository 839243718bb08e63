//! The statements of earning, for SQLite.
//!
//! What is as long as a request travels as a JSON array, ids as one blob of twelve bytes each.

use accolade_application::ports::EarnRequest;
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, OrgId};
use accolade_domain::rejection::Rejection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use super::badge_sql::grow_counts;
use super::shared::earn_rows::{about, counting};
use super::{Connection, DB, json};
use crate::boundary::{Boundary, Kind, add_counts};
use crate::counted_sql::{CountedSql, MOST_LIMITS};
use crate::mapping::stored;
use crate::recording::sql::{
    ActiveColumns, ActiveEarn, BadgeKey, CustomerCount, EarnAfter, EarnCount, EarnGrowth,
    EarnRows as _, EarnSql, NewEarns, NewImports, Revocation, RollingColumns, RollingName,
    RollingRow,
};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

static LAST: Sql<{ here!() }> = Sql::new(
    "SELECT COALESCE((SELECT max(e.ordinal) FROM earned_badges e \
     WHERE e.org_id = :org AND e.customer_id = w.value AND e.badge_id = :badge), 0) \
     FROM json_each(:customers) AS w ORDER BY w.key",
);

/// For each customer: the last number, the latest moment, and what counts under each limit.
static COUNTED: CountedSql = CountedSql::new(
    "SELECT COALESCE(max(e.ordinal), 0), max(e.earned_on), json_array(",
    ") FROM json_each(:customers) AS w LEFT JOIN earned_badges AS e \
     ON e.org_id = :org AND e.customer_id = w.value AND e.badge_id = :badge \
     GROUP BY w.key ORDER BY w.key",
);

/// When that earn was recorded whose leaving makes room in a customer's rolling window.
static RECORDED_AFTER: Sql<{ here!() }> = Sql::new(
    "SELECT (SELECT e.earned_on FROM ( \
     SELECT e.earned_on, ROW_NUMBER() OVER (ORDER BY e.earned_on) - 1 AS before \
     FROM earned_badges e \
     WHERE e.org_id = :org AND e.customer_id = w.value ->> 0 AND e.badge_id = :badge \
     AND e.revoked_on IS NULL AND NOT e.imported AND e.earned_on > w.value ->> 1) AS e \
     WHERE e.before = w.value ->> 2) \
     FROM json_each(:which) AS w ORDER BY w.key",
);

static INSERT: Sql<{ here!() }> = Sql::new(
    "INSERT INTO earned_badges (org_id, customer_id, badge_id, ordinal, id, \
     event_on, earned_on, expires_on, request_no, enrolment, imported) \
     SELECT :org, w.value ->> 0, :badge, w.value ->> 1, substr(:ids, 12 * w.key + 1, 12), \
     :event_on, :earned_on, :expires_on, w.value ->> 3, w.value ->> 2, 0 \
     FROM json_each(:rows) AS w WHERE true \
     ON CONFLICT DO NOTHING RETURNING customer_id",
);

static ACTIVE: Sql<{ here!() }> = Sql::new(
    "SELECT e.ordinal, e.event_on, e.expires_on, e.earned_on, e.imported, \
     (SELECT n.id FROM enrolments n WHERE n.org_id = :org AND n.customer_id = w.value \
     AND n.badge_id = :badge AND n.ordinal = e.enrolment), l.owner_type, l.reference_id \
     FROM json_each(:customers) AS w LEFT JOIN earned_badges e \
     ON e.org_id = :org AND e.customer_id = w.value AND e.badge_id = :badge \
     AND e.id = substr(:ids, w.key * 12 + 1, 12) AND e.revoked_on IS NULL \
     LEFT JOIN request_ledger l ON l.org_id = :org AND l.number = e.request_no ORDER BY w.key",
);

static REVOKE: Sql<{ here!() }> = Sql::new(
    "UPDATE earned_badges SET revoked_on = :revoked_on, revoked_by = :revoked_by, \
     revoke_reason = :reason \
     WHERE (org_id, customer_id, badge_id, ordinal) IN \
     (SELECT :org, value ->> 0, :badge, value ->> 1 FROM json_each(:which))",
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

static SUMS: Sql<{ here!() }> = Sql::new(
    "SELECT CAST(COALESCE( \
     (SELECT c.earns FROM window_counts c WHERE c.org_id = :org AND c.badge_id = :badge \
     AND l.value ->> 0 < 2 AND c.ends_on = l.value ->> 2 AND c.starts_on = l.value ->> 1), \
     CASE l.value ->> 0 \
     WHEN 0 THEN (SELECT n.earned FROM badge_counts n \
     WHERE n.org_id = :org AND n.badge_id = :badge) \
     WHEN 1 THEN (SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = :org AND e.badge_id = :badge \
     AND e.event_on >= l.value ->> 1 AND e.event_on < l.value ->> 2) \
     ELSE (SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = :org AND e.badge_id = :badge AND e.rolls_on > l.value ->> 1) END, \
     0) AS BIGINT) \
     FROM json_each(:limits) AS l ORDER BY l.key",
);

/// What has left a window is added up by its index. The row of the last earn is looked for from the
/// end of it.
static ROLLING: Sql<{ here!() }> = Sql::new(
    "SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, c.since, c.earns, \
     c.leaves_on, c.earns_after, c.earns_from, \
     CAST(COALESCE((SELECT SUM(e.earns) FROM badge_earns e \
     WHERE e.org_id = :org AND e.badge_id = :badge \
     AND e.rolls_on > c.since AND e.rolls_on <= w.value ->> 2), 0) AS BIGINT), t.told_on, \
     (SELECT e.rolls_on FROM badge_earns e \
     WHERE e.org_id = :org AND e.badge_id = :badge AND e.rolls_on IS NOT NULL \
     ORDER BY e.rolls_on DESC LIMIT 1) \
     FROM json_each(:windows) AS w \
     LEFT JOIN rolling_counts AS c ON c.org_id = :org AND c.badge_id = :badge \
     AND c.unit = w.value ->> 0 AND c.length = w.value ->> 1 \
     LEFT JOIN rolling_told AS t ON t.org_id = :org AND t.badge_id = :badge \
     AND t.unit = w.value ->> 0 AND t.length = w.value ->> 1 \
     ORDER BY w.key",
);

static REFUSE: Sql<{ here!() }> = Sql::new(
    "INSERT INTO refusals \
     (org_id, customer_id, badge_id, seq, refused_on, event_on, code, message, field) \
     SELECT :org, w.value ->> 0, :badge, \
     (SELECT COALESCE(max(o.seq), 0) + 1 FROM refusals o WHERE o.org_id = :org \
     AND o.customer_id = w.value ->> 0 AND o.badge_id = :badge), \
     :refused_on, :event_on, w.value ->> 1, w.value ->> 2, w.value ->> 3 \
     FROM json_each(:rows) AS w",
);

/// They are numbered without gaps.
static FORGET: Sql<{ here!() }> = Sql::new(
    "DELETE FROM refusals WHERE (org_id, customer_id, badge_id, seq) IN ( \
     SELECT o.org_id, o.customer_id, o.badge_id, max(o.seq) - 10 \
     FROM json_each(:rows) AS w CROSS JOIN refusals AS o \
     ON o.org_id = :org AND o.customer_id = w.value ->> 0 AND o.badge_id = :badge \
     GROUP BY o.org_id, o.customer_id, o.badge_id)",
);

static LAST_OF_PAIRS: Sql<{ here!() }> = Sql::new(
    "SELECT COALESCE((SELECT max(e.ordinal) FROM earned_badges e \
     WHERE e.org_id = :org AND e.customer_id = w.value \
     AND e.badge_id = substr(:badges, 12 * w.key + 1, 12)), 0) \
     FROM json_each(:customers) AS w ORDER BY w.key",
);

static IMPORT: Sql<{ here!() }> = Sql::new(
    "INSERT INTO earned_badges (org_id, customer_id, badge_id, ordinal, id, \
     event_on, earned_on, expires_on, request_no, imported) \
     SELECT :org, w.value ->> 0, substr(:badges, 12 * w.key + 1, 12), w.value ->> 1, \
     substr(:ids, 12 * w.key + 1, 12), w.value ->> 2, :earned_on, w.value ->> 3, :request_no, 1 \
     FROM json_each(:rows) AS w WHERE true \
     ON CONFLICT DO NOTHING RETURNING id",
);

fn boundaries(limits: &[Boundary]) -> Result<String, WorkError> {
    let rows: Vec<_> = limits
        .iter()
        .map(|it| (it.kind.number(), it.from, it.until))
        .collect();
    json(&rows)
}

/// The last number, the latest moment, and an array of counts.
type Counts = (Integer, Nullable<BigInt>, Text);

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
        let customers: Vec<_> = customers.iter().map(|it| it.get()).collect();
        let customers = json(&customers)?;
        let mut counted = Vec::new();
        if limits.is_empty() {
            let last: Vec<i32> = about::<Integer, _>(&LAST, &key)
                .set::<Text, _>("customers", customers)
                .load(self)?;
            add_counts(
                &mut counted,
                last.into_iter().map(|it| (it, None, Vec::new())),
            )?;
            return Ok(counted);
        }
        for limits in limits.chunks(MOST_LIMITS) {
            let rows: Vec<(i32, Option<i64>, String)> = counting::<Counts>(&COUNTED, &key, limits)
                .set::<Text, _>("customers", customers.as_str())
                .load(self)?;
            let counts = |text: &str| serde_json::from_str(text).map_err(anyhow::Error::from);
            let rows = rows
                .into_iter()
                .map(|(last, last_on, text)| anyhow::Ok((last, last_on, counts(&text)?)));
            add_counts(&mut counted, rows.collect::<anyhow::Result<Vec<_>>>()?)?;
        }
        Ok(counted)
    }

    fn recorded_after(
        &mut self,
        key: BadgeKey,
        which: &[EarnAfter],
    ) -> Result<Vec<Option<i64>>, WorkError> {
        let which: Vec<_> = (which.iter())
            .map(|(customer, since, before)| (customer.get(), since, before))
            .collect();
        Ok(about::<Nullable<BigInt>, _>(&RECORDED_AFTER, &key)
            .set::<Text, _>("which", json(&which)?)
            .load(self)?)
    }

    fn insert_earns(&mut self, new: &NewEarns) -> Result<Vec<i64>, WorkError> {
        let rows: Vec<_> = (new.rows.iter())
            .map(|it| (it.customer.get(), it.ordinal, it.enrolment, it.request_no))
            .collect();
        let ids: Vec<u8> = (new.rows.iter()).flat_map(|it| *it.id.as_bytes()).collect();
        let inserted: Vec<i64> = about::<BigInt, _>(&INSERT, &new.key)
            .set::<Binary, _>("ids", ids)
            .set::<BigInt, _>("event_on", new.event_on)
            .set::<BigInt, _>("earned_on", new.earned_on)
            .set::<BigInt, _>("expires_on", new.expires_on)
            .set::<Text, _>("rows", json(&rows)?)
            .load(self)?;
        if !inserted.is_empty() {
            let growth = EarnGrowth {
                key: new.key,
                event_on: new.event_on,
                rolls_on: Some(new.earned_on),
                earns: stored(inserted.len())?,
            };
            grow_counts(self, new.key.org, &[growth.of_badge()])?;
            self.grow_earns(growth)?;
        }
        Ok(inserted)
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
        let rows: Vec<_> = refused
            .iter()
            .map(|(customer, it)| {
                let (message, field) = (it.message.as_str(), it.field.as_deref());
                (customer.get(), it.code.number(), message, field)
            })
            .collect();
        let rows = json(&rows)?;
        about::<(), _>(&REFUSE, &key)
            .set::<BigInt, _>("refused_on", request.context.now.unix_micros())
            .set::<BigInt, _>("event_on", request.terms.event_on.unix_micros())
            .set::<Text, _>("rows", rows.as_str())
            .execute(self)?;
        about::<(), _>(&FORGET, &key)
            .set::<Text, _>("rows", rows.as_str())
            .execute(self)?;
        Ok(())
    }

    fn last_ordinals(
        &mut self,
        org: OrgId,
        pairs: &[(CustomerId, BadgeId)],
    ) -> Result<Vec<i32>, WorkError> {
        let customers: Vec<_> = pairs.iter().map(|it| it.0.get()).collect();
        let badges: Vec<u8> = pairs.iter().flat_map(|it| *it.1.0.as_bytes()).collect();
        Ok(Statement::<DB, Integer>::named(&LAST_OF_PAIRS)
            .set::<BigInt, _>("org", org.get())
            .set::<Binary, _>("badges", badges)
            .set::<Text, _>("customers", json(&customers)?)
            .load(self)?)
    }

    fn insert_imports(&mut self, new: &NewImports) -> Result<Vec<Vec<u8>>, WorkError> {
        let rows: Vec<_> = (new.rows.iter())
            .map(|it| (it.customer.get(), it.ordinal, it.event_on, it.expires_on))
            .collect();
        let badges: Vec<u8> = (new.rows.iter())
            .flat_map(|it| *it.badge.0.as_bytes())
            .collect();
        let ids: Vec<u8> = (new.rows.iter()).flat_map(|it| *it.id.as_bytes()).collect();
        Ok(Statement::<DB, Binary>::named(&IMPORT)
            .set::<BigInt, _>("org", new.org.get())
            .set::<Binary, _>("badges", badges)
            .set::<Binary, _>("ids", ids)
            .set::<BigInt, _>("earned_on", new.earned_on)
            .set::<BigInt, _>("request_no", new.request_no)
            .set::<Text, _>("rows", json(&rows)?)
            .load(self)?)
    }

    fn active_earns(
        &mut self,
        key: BadgeKey,
        which: &[(CustomerId, EarnedBadgeId)],
    ) -> Result<Vec<Option<ActiveEarn>>, WorkError> {
        let customers: Vec<_> = which.iter().map(|it| it.0.get()).collect();
        let ids: Vec<u8> = which.iter().flat_map(|it| *it.1.0.as_bytes()).collect();
        let rows: Vec<ActiveColumns> = about::<Active, _>(&ACTIVE, &key)
            .set::<Text, _>("customers", json(&customers)?)
            .set::<Binary, _>("ids", ids)
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
        let which: Vec<_> = which.iter().map(|it| (it.0.get(), it.1)).collect();
        about::<(), _>(&REVOKE, &key)
            .set::<BigInt, _>("revoked_on", revocation.on.unix_micros())
            .set::<BigInt, _>("revoked_by", revocation.by.number())
            .set::<Nullable<Text>, _>("reason", revocation.reason())
            .set::<Text, _>("which", json(&which)?)
            .execute(self)?;
        Ok(())
    }

    fn count_earns(&mut self, org: OrgId, counts: &[EarnCount]) -> QueryResult<()> {
        for count in counts {
            let badge = count.badge;
            let growth = EarnGrowth {
                key: BadgeKey { org, badge },
                event_on: count.event_on,
                rolls_on: count.rolls_on,
                earns: count.earns,
            };
            grow_counts(self, org, &[growth.of_badge()])?;
            self.grow_earns(growth)?;
        }
        Ok(())
    }

    fn rolling_rows(
        &mut self,
        key: BadgeKey,
        windows: &[RollingName],
    ) -> Result<Vec<RollingRow>, WorkError> {
        let rows: Vec<RollingColumns> = about::<Rolling, _>(&ROLLING, &key)
            .set::<Text, _>("windows", json(&windows)?)
            .load(self)?;
        Ok(rows.into_iter().map(RollingRow::from).collect())
    }

    fn sums(&mut self, key: BadgeKey, limits: &[Boundary]) -> Result<Vec<i64>, WorkError> {
        Ok(about::<BigInt, _>(&SUMS, &key)
            .set::<Text, _>("limits", boundaries(limits)?)
            .load(self)?)
    }
}

/// The numbers in the statements above.
const _: () = assert!(Kind::AllTime as i16 == 0 && Kind::Rolling as i16 == 2);
