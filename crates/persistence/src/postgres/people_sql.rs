//! The statements of merging and forgetting customers, for PostgreSQL.

use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::people::Merged;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use super::shared::people_rows::merged;
use super::{Connection, DB, column, lock};
use crate::audit::ABOUT_PEOPLE;
use crate::people::sql::{
    KeptBytes, Moved, MovedEarn, MovedEnrolment, NumberedBytes, PeopleSql, RefusalRow,
};
use crate::recording::sql::{Growth, Revocation};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

const SHARE: &str = "SELECT pg_advisory_xact_lock_shared(?)";

const LOCK: &str = "SELECT pg_advisory_xact_lock(?)";

/// `OFFSET 0` keeps the planner from turning the look-ups by key into a walk through all rows of the org.
static MERGED: Sql<{ here!() }> = Sql::new(
    "SELECT m.customer_id, m.into_id, m.successor_id FROM unnest(:customers) AS w (customer_id), \
     LATERAL (SELECT * FROM merged_customers m \
     WHERE m.org_id = :org AND m.customer_id = w.customer_id OFFSET 0) AS m",
);

/// New ordinals are less than none until all are given, so that none is met twice.
static MOVE_ENROLMENTS: Sql = Sql::new(
    "UPDATE enrolments e SET customer_id = :to, ordinal = -w.new_ordinal, \
     revoked_on = CASE WHEN w.gives_way THEN :revoked_on ELSE e.revoked_on END, \
     revoked_by = CASE WHEN w.gives_way THEN :revoked_by ELSE e.revoked_by END, \
     revoke_reason = CASE WHEN w.gives_way THEN :reason ELSE e.revoke_reason END \
     FROM unnest(:customers, :badges, :ordinals, :new_ordinals, :give_way) \
     AS w (customer_id, badge_id, ordinal, new_ordinal, gives_way) \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id AND e.badge_id = w.badge_id \
     AND e.ordinal = w.ordinal AND e.customer_id = ANY (:both)",
);

static NUMBER_ENROLMENTS: Sql = Sql::new(
    "UPDATE enrolments SET ordinal = -ordinal \
     WHERE org_id = :org AND customer_id = :to AND ordinal < 0",
);

static MOVE_EARNS: Sql = Sql::new(
    "UPDATE earned_badges e SET customer_id = :to, ordinal = -w.new_ordinal, \
     enrolment = w.enrolment \
     FROM unnest(:customers, :badges, :ordinals, :new_ordinals, :enrolments) \
     AS w (customer_id, badge_id, ordinal, new_ordinal, enrolment) \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id AND e.badge_id = w.badge_id \
     AND e.ordinal = w.ordinal AND e.customer_id = ANY (:both)",
);

static NUMBER_EARNS: Sql = Sql::new(
    "UPDATE earned_badges SET ordinal = -ordinal \
     WHERE org_id = :org AND customer_id = :to AND ordinal < 0",
);

static INSERT_REFUSALS: Sql<{ here!() }> = Sql::new(
    "INSERT INTO refusals \
     (org_id, customer_id, badge_id, refused_on, event_on, code, message, field) \
     SELECT :org, :to, w.badge_id, w.refused_on, w.event_on, w.code, w.message, w.field \
     FROM unnest(:badges, :refused_on, :events, :codes, :messages, :fields) WITH ORDINALITY \
     AS w (badge_id, refused_on, event_on, code, message, field, place) ORDER BY w.place",
);

static GROW_FORGOTTEN: Sql<{ here!() }> = Sql::new(
    "INSERT INTO forgotten_counts AS f (org_id, badge_id, issued, earned) \
     SELECT :org, w.badge_id, w.issued, w.earned \
     FROM unnest(:badges, :issued, :earned) AS w (badge_id, issued, earned) \
     ON CONFLICT (org_id, badge_id) DO UPDATE SET \
     issued = f.issued + excluded.issued, earned = f.earned + excluded.earned",
);

static FORGET_REASONS: Sql<{ here!() }> = Sql::new(
    "UPDATE audit SET reason = NULL WHERE org_id = :org AND entity_id = ANY (:about) \
     AND entity_type = ANY (:kinds) AND reason IS NOT NULL",
);

static REPLACE_ANSWERS: Sql<{ here!() }> = Sql::new(
    "UPDATE request_ledger l SET answer = w.bytes \
     FROM unnest(:numbers, :all) AS w (number, bytes) \
     WHERE l.org_id = :org AND l.number = w.number",
);

static REPLACE_DATA: Sql<{ here!() }> = Sql::new(
    "UPDATE feed f SET data = w.bytes FROM unnest(:positions, :all) AS w (position, bytes) \
     WHERE f.org_id = :org AND f.last_position = w.position",
);

static REPLACE_KEPT: Sql<{ here!() }> = Sql::new(
    "UPDATE idempotency i SET answer = w.bytes \
     FROM unnest(:actors, :keys, :all) AS w (actor, key, bytes) \
     WHERE i.org_id = :org AND i.actor = w.actor AND i.key = w.key",
);

/// The statement of `sql` that moves rows to a customer.
fn moving<'a>(sql: &'static Sql, org: OrgId, to: CustomerId, rows: &[Moved]) -> Statement<'a, DB> {
    let mut both = column(rows, |it| it.customer);
    both.sort_unstable();
    both.dedup();
    Statement::named(sql)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("to", to.get())
        .set::<Array<BigInt>, _>("both", both)
        .set::<Array<BigInt>, _>("customers", column(rows, |it| it.customer))
        .set::<Array<Binary>, _>("badges", column(rows, |it| *it.badge.0.as_bytes()))
        .set::<Array<Integer>, _>("ordinals", column(rows, |it| it.ordinal))
        .set::<Array<Integer>, _>("new_ordinals", column(rows, |it| it.new_ordinal))
}

/// The statement of `sql` about this customer's new ordinals.
fn numbering<'a>(sql: &'static Sql, org: OrgId, to: CustomerId) -> Statement<'a, DB> {
    Statement::named(sql)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("to", to.get())
}

impl PeopleSql for Connection {
    fn share_people(&mut self, org: OrgId) -> QueryResult<()> {
        Statement::<DB>::new(SHARE)
            .bind::<BigInt, _>(lock::people_number(org))
            .execute(self)?;
        Ok(())
    }

    fn lock_people(&mut self, org: OrgId) -> QueryResult<()> {
        Statement::<DB>::new(LOCK)
            .bind::<BigInt, _>(lock::people_number(org))
            .execute(self)?;
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
        let rows: Vec<(i64, i64, i64)> = Statement::<DB, (BigInt, BigInt, BigInt)>::named(&MERGED)
            .set::<Array<BigInt>, _>("customers", column(customers, |it| it.get()))
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
        moving(&MOVE_ENROLMENTS, org, to, &column(rows, |it| it.moved))
            .set::<BigInt, _>("revoked_on", revocation.on.unix_micros())
            .set::<BigInt, _>("revoked_by", revocation.by.number())
            .set::<Nullable<Text>, _>("reason", revocation.reason())
            .set::<Array<Bool>, _>("give_way", column(rows, |it| it.gives_way))
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
        moving(&MOVE_EARNS, org, to, &column(rows, |it| it.moved))
            .set::<Array<Nullable<Integer>>, _>("enrolments", column(rows, |it| it.enrolment))
            .execute(self)?;
        numbering(&NUMBER_EARNS, org, to).execute(self)?;
        Ok(())
    }

    fn insert_refusals(
        &mut self,
        org: OrgId,
        to: CustomerId,
        rows: &[RefusalRow],
    ) -> Result<(), WorkError> {
        Statement::<DB>::named(&INSERT_REFUSALS)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("to", to.get())
            .set::<Array<Binary>, _>("badges", column(rows, |it| it.badge_id.as_slice()))
            .set::<Array<BigInt>, _>("refused_on", column(rows, |it| it.refused_on))
            .set::<Array<BigInt>, _>("events", column(rows, |it| it.event_on))
            .set::<Array<Integer>, _>("codes", column(rows, |it| it.code))
            .set::<Array<Text>, _>("messages", column(rows, |it| it.message.as_str()))
            .set::<Array<Nullable<Text>>, _>("fields", column(rows, |it| it.field.as_deref()))
            .execute(self)?;
        Ok(())
    }

    fn grow_forgotten(&mut self, org: OrgId, growths: &[Growth]) -> Result<(), WorkError> {
        Statement::<DB>::named(&GROW_FORGOTTEN)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<Binary>, _>("badges", column(growths, |it| *it.badge.0.as_bytes()))
            .set::<Array<BigInt>, _>("issued", column(growths, |it| it.issued))
            .set::<Array<BigInt>, _>("earned", column(growths, |it| it.earned))
            .execute(self)?;
        Ok(())
    }

    fn forget_reasons(&mut self, org: OrgId, about: &[String]) -> Result<usize, WorkError> {
        Ok(Statement::<DB>::named(&FORGET_REASONS)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<Text>, _>("about", about)
            .set::<Array<SmallInt>, _>("kinds", column(ABOUT_PEOPLE, |it| it.number()))
            .execute(self)?)
    }

    fn replace_answers(&mut self, org: OrgId, rows: &[NumberedBytes]) -> Result<(), WorkError> {
        Statement::<DB>::named(&REPLACE_ANSWERS)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<BigInt>, _>("numbers", column(rows, |it| it.0))
            .set::<Array<Binary>, _>("all", column(rows, |it| it.1.as_slice()))
            .execute(self)?;
        Ok(())
    }

    fn replace_data(&mut self, org: OrgId, rows: &[NumberedBytes]) -> Result<(), WorkError> {
        Statement::<DB>::named(&REPLACE_DATA)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<BigInt>, _>("positions", column(rows, |it| it.0))
            .set::<Array<Binary>, _>("all", column(rows, |it| it.1.as_slice()))
            .execute(self)?;
        Ok(())
    }

    fn replace_kept(&mut self, org: OrgId, rows: &[KeptBytes]) -> Result<(), WorkError> {
        Statement::<DB>::named(&REPLACE_KEPT)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<BigInt>, _>("actors", column(rows, |it| it.0))
            .set::<Array<Text>, _>("keys", column(rows, |it| it.1.as_str()))
            .set::<Array<Binary>, _>("all", column(rows, |it| it.2.as_slice()))
            .execute(self)?;
        Ok(())
    }
}
