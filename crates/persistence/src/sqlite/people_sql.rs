//! The statements of merging and forgetting customers, for SQLite. A transaction that writes has the
//! database to itself, so that nobody has to be locked out.

use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::people::Merged;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use super::shared::people_rows::merged;
use super::{Connection, DB, json};
use crate::audit::ABOUT_PEOPLE;
use crate::people::sql::{
    KeptBytes, Moved, MovedEarn, MovedEnrolment, NumberedBytes, PeopleSql, RefusalRow,
};
use crate::recording::sql::{Growth, Revocation};
use crate::retry::WorkError;
use crate::schema::{feed, idempotency, request_ledger};
use crate::statement::{Sql, Statement, here};

/// `CROSS JOIN` keeps the order of the look-ups: each customer by the key.
static MERGED: Sql<{ here!() }> = Sql::new(
    "SELECT m.customer_id, m.into_id, m.successor_id \
     FROM json_each(:customers) AS w CROSS JOIN merged_customers AS m \
     ON m.org_id = :org AND m.customer_id = w.value",
);

/// New ordinals are less than none until all are given, so that none is met twice. Rows are looked up
/// by the key, and what becomes of each by its own key.
static MOVE_ENROLMENTS: Sql = Sql::new(
    "WITH w AS MATERIALIZED (SELECT value ->> 0 AS customer_id, \
     substr(:badges, 12 * key + 1, 12) AS badge_id, value ->> 1 AS ordinal, \
     value ->> 2 AS new_ordinal, value ->> 3 AS gives_way FROM json_each(:rows)) \
     UPDATE enrolments AS e SET customer_id = :to, ordinal = -w.new_ordinal, \
     revoked_on = CASE WHEN w.gives_way THEN :revoked_on ELSE e.revoked_on END, \
     revoked_by = CASE WHEN w.gives_way THEN :revoked_by ELSE e.revoked_by END, \
     revoke_reason = CASE WHEN w.gives_way THEN :reason ELSE e.revoke_reason END \
     FROM w WHERE e.org_id = :org AND e.customer_id = w.customer_id \
     AND e.badge_id = w.badge_id AND e.ordinal = w.ordinal",
);

static NUMBER_ENROLMENTS: Sql = Sql::new(
    "UPDATE enrolments SET ordinal = -ordinal \
     WHERE org_id = :org AND customer_id = :to AND ordinal < 0",
);

static MOVE_EARNS: Sql = Sql::new(
    "WITH w AS MATERIALIZED (SELECT value ->> 0 AS customer_id, \
     substr(:badges, 12 * key + 1, 12) AS badge_id, value ->> 1 AS ordinal, \
     value ->> 2 AS new_ordinal, value ->> 3 AS enrolment FROM json_each(:rows)) \
     UPDATE earned_badges AS e SET customer_id = :to, ordinal = -w.new_ordinal, \
     enrolment = w.enrolment FROM w WHERE e.org_id = :org AND e.customer_id = w.customer_id \
     AND e.badge_id = w.badge_id AND e.ordinal = w.ordinal",
);

static NUMBER_EARNS: Sql = Sql::new(
    "UPDATE earned_badges SET ordinal = -ordinal \
     WHERE org_id = :org AND customer_id = :to AND ordinal < 0",
);

/// They are numbered without gaps.
static INSERT_REFUSALS: Sql<{ here!() }> = Sql::new(
    "INSERT INTO refusals \
     (org_id, customer_id, badge_id, seq, refused_on, event_on, code, message, field) \
     SELECT :org, :to, w.badge_id, ROW_NUMBER() OVER (PARTITION BY w.badge_id ORDER BY w.key), \
     w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4 \
     FROM (SELECT key, value, substr(:badges, 12 * key + 1, 12) AS badge_id \
     FROM json_each(:rows)) AS w",
);

static GROW_FORGOTTEN: Sql<{ here!() }> = Sql::new(
    "INSERT INTO forgotten_counts (org_id, badge_id, issued, earned) \
     SELECT :org, substr(:badges, 12 * w.key + 1, 12), w.value ->> 0, w.value ->> 1 \
     FROM json_each(:rows) AS w WHERE true \
     ON CONFLICT (org_id, badge_id) DO UPDATE SET \
     issued = issued + excluded.issued, earned = earned + excluded.earned",
);

static FORGET_REASONS: Sql<{ here!() }> = Sql::new(
    "UPDATE audit SET reason = NULL WHERE (org_id, recorded_on, number) IN ( \
     SELECT a.org_id, a.recorded_on, a.number FROM json_each(:about) AS w \
     CROSS JOIN audit AS a INDEXED BY audit_entity \
     ON a.org_id = :org AND a.entity_id = w.value \
     WHERE a.entity_type IN (SELECT value FROM json_each(:kinds)) AND a.reason IS NOT NULL)",
);

/// The badges of rows, one after the other.
fn badges<'a>(badges: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    badges.into_iter().flatten().copied().collect()
}

/// The statement of `sql` that moves rows to a customer, each with one value more.
fn moving<'a, T: serde::Serialize>(
    sql: &'static Sql,
    org: OrgId,
    to: CustomerId,
    rows: &[(Moved, T)],
) -> Result<Statement<'a, DB>, WorkError> {
    let of_badges = badges(rows.iter().map(|it| it.0.badge.0.as_bytes().as_slice()));
    let rows: Vec<_> = rows
        .iter()
        .map(|(it, more)| (it.customer, it.ordinal, it.new_ordinal, more))
        .collect();
    Ok(Statement::named(sql)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("to", to.get())
        .set::<Binary, _>("badges", of_badges)
        .set::<Text, _>("rows", json(&rows)?))
}

/// The statement of `sql` about this customer's new ordinals.
fn numbering<'a>(sql: &'static Sql, org: OrgId, to: CustomerId) -> Statement<'a, DB> {
    Statement::named(sql)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("to", to.get())
}

impl PeopleSql for Connection {
    fn share_people(&mut self, _: OrgId) -> QueryResult<()> {
        Ok(())
    }

    fn lock_people(&mut self, _: OrgId) -> QueryResult<()> {
        Ok(())
    }

    fn merged_of(
        &mut self,
        org: OrgId,
        customers: &[CustomerId],
    ) -> Result<Vec<Merged>, WorkError> {
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<_> = customers.iter().map(|it| it.get()).collect();
        let rows: Vec<(i64, i64, i64)> = Statement::<DB, (BigInt, BigInt, BigInt)>::named(&MERGED)
            .set::<Text, _>("customers", json(&numbers)?)
            .set::<BigInt, _>("org", org.get())
            .load(self)?;
        let rows = rows.into_iter().map(merged);
        Ok(rows.collect::<anyhow::Result<_>>()?)
    }

    fn move_enrolments(
        &mut self,
        org: OrgId,
        to: CustomerId,
        revocation: Revocation<'_>,
        rows: &[MovedEnrolment],
    ) -> Result<(), WorkError> {
        let rows: Vec<_> = rows.iter().map(|it| (it.moved, it.gives_way)).collect();
        moving(&MOVE_ENROLMENTS, org, to, &rows)?
            .set::<BigInt, _>("revoked_on", revocation.on.unix_micros())
            .set::<BigInt, _>("revoked_by", revocation.by.number())
            .set::<Nullable<Text>, _>("reason", revocation.reason())
            .execute(self)?;
        numbering(&NUMBER_ENROLMENTS, org, to).execute(self)?;
        Ok(())
    }

    fn move_earns(
        &mut self,
        org: OrgId,
        to: CustomerId,
        rows: &[MovedEarn],
    ) -> Result<(), WorkError> {
        let rows: Vec<_> = rows.iter().map(|it| (it.moved, it.enrolment)).collect();
        moving(&MOVE_EARNS, org, to, &rows)?.execute(self)?;
        numbering(&NUMBER_EARNS, org, to).execute(self)?;
        Ok(())
    }

    fn insert_refusals(
        &mut self,
        org: OrgId,
        to: CustomerId,
        rows: &[RefusalRow],
    ) -> Result<(), WorkError> {
        let of_badges = badges(rows.iter().map(|it| it.badge_id.as_slice()));
        let rows: Vec<_> = rows
            .iter()
            .map(|it| (it.refused_on, it.event_on, it.code, &it.message, &it.field))
            .collect();
        Statement::<DB>::named(&INSERT_REFUSALS)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("to", to.get())
            .set::<Binary, _>("badges", of_badges)
            .set::<Text, _>("rows", json(&rows)?)
            .execute(self)?;
        Ok(())
    }

    fn grow_forgotten(&mut self, org: OrgId, growths: &[Growth]) -> Result<(), WorkError> {
        let of_badges = badges(growths.iter().map(|it| it.badge.0.as_bytes().as_slice()));
        let rows: Vec<_> = growths.iter().map(|it| (it.issued, it.earned)).collect();
        Statement::<DB>::named(&GROW_FORGOTTEN)
            .set::<BigInt, _>("org", org.get())
            .set::<Binary, _>("badges", of_badges)
            .set::<Text, _>("rows", json(&rows)?)
            .execute(self)?;
        Ok(())
    }

    fn forget_reasons(&mut self, org: OrgId, about: &[String]) -> Result<usize, WorkError> {
        let kinds: Vec<_> = ABOUT_PEOPLE.iter().map(|it| it.number()).collect();
        Ok(Statement::<DB>::named(&FORGET_REASONS)
            .set::<BigInt, _>("org", org.get())
            .set::<Text, _>("about", json(&about)?)
            .set::<Text, _>("kinds", json(&kinds)?)
            .execute(self)?)
    }

    fn replace_answers(&mut self, org: OrgId, rows: &[NumberedBytes]) -> Result<(), WorkError> {
        for (number, bytes) in rows {
            diesel::update(request_ledger::table.find((org.get(), *number)))
                .set(request_ledger::answer.eq(bytes))
                .execute(self)?;
        }
        Ok(())
    }

    fn replace_data(&mut self, org: OrgId, rows: &[NumberedBytes]) -> Result<(), WorkError> {
        for (position, bytes) in rows {
            diesel::update(feed::table.find((org.get(), *position)))
                .set(feed::data.eq(bytes))
                .execute(self)?;
        }
        Ok(())
    }

    fn replace_kept(&mut self, org: OrgId, rows: &[KeptBytes]) -> Result<(), WorkError> {
        for (actor, key, bytes) in rows {
            diesel::update(idempotency::table.find((org.get(), *actor, key)))
                .set(idempotency::answer.eq(bytes))
                .execute(self)?;
        }
        Ok(())
    }
}
