//! The statements of the request ledger and of idempotency keys as sets, for PostgreSQL.

use std::collections::{HashMap, HashSet};

use accolade_application::ports::{IdempotencyGuard, Operation};
use accolade_domain::ids::OrgId;
use accolade_domain::text::RequestId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, SmallInt, Text};

use super::shared::idempotency::NewKey;
use super::shared::requests;
use super::{Connection, DB, column};
use crate::recording::ledger::{KeyRow, LedgerName, LedgerRow};
use crate::recording::sql::{Decided, LedgerSql};
use crate::retry::WorkError;
use crate::schema::request_ledger;
use crate::statement::{Sql, Statement, here};

/// A query that gives one value looks each up by the key; `EXISTS` might read all rows of the org once.
/// `+ 0` keeps the planner from looking through all that expire later.
static USED_KEYS: Sql<{ here!() }> = Sql::new(
    "SELECT (SELECT true FROM idempotency i WHERE i.org_id = :org AND i.actor = k.actor \
     AND i.key = k.key AND i.expires_on + 0 > k.used_on) \
     IS NOT NULL \
     FROM unnest(:actors, :keys, :used_on) WITH ORDINALITY AS k (actor, key, used_on, place) \
     ORDER BY k.place",
);

static USED_NAMES: Sql<{ here!() }> = Sql::new(
    "SELECT (SELECT true FROM request_ledger l WHERE l.org_id = :org \
     AND l.operation = k.operation AND l.request_id = k.request_id) IS NOT NULL \
     FROM unnest(:operations, :request_ids) WITH ORDINALITY AS k (operation, request_id, place) \
     ORDER BY k.place",
);

static RESERVE: Sql<{ here!() }> = Sql::new(
    "INSERT INTO idempotency AS i (org_id, actor, key, fingerprint, used_on, expires_on, \
     warnings, answer, operation, request_id) \
     SELECT :org, k.* FROM unnest(:actors, :keys, :fingerprints, :used_on, :expires_on, \
     :warnings, :answers, :operations, :request_ids) AS k \
     ON CONFLICT (org_id, actor, key) DO UPDATE SET \
     fingerprint = excluded.fingerprint, used_on = excluded.used_on, \
     expires_on = excluded.expires_on, warnings = excluded.warnings, answer = excluded.answer, \
     operation = excluded.operation, request_id = excluded.request_id \
     WHERE i.expires_on <= excluded.used_on \
     RETURNING i.actor, i.key",
);

static RELEASE: Sql<{ here!() }> = Sql::new(
    "DELETE FROM idempotency i USING unnest(:actors, :keys) AS k (actor, key) \
     WHERE i.org_id = :org AND i.actor = k.actor AND i.key = k.key",
);

/// Writes rows, and gives those that were written, `$each` beside each.
///
/// What is always there, and of one size, is not unnested: each array costs a set of its own, an element of
/// it next to nothing.
macro_rules! write_rows {
    ($each:literal) => {
        concat!(
            "INSERT INTO request_ledger (org_id, operation, request_id, recorded_on, recorded_by, \
             owner_type, reference_id, answer, first_id) \
             SELECT :org, :operations[k.place], k.request_id, :recorded_on[k.place], \
             :recorded_by[k.place], k.owner_type, k.reference_id, k.answer, k.first_id \
             FROM unnest(:request_ids, :owner_types, :references, :answers, :first_ids) \
             WITH ORDINALITY AS k (request_id, owner_type, reference_id, answer, first_id, place) \
             ON CONFLICT (org_id, operation, request_id) DO NOTHING \
             RETURNING operation, request_id, number, ",
            $each
        )
    };
}

static WRITE: Sql<{ here!() }> = Sql::new(write_rows!("false"));

/// What is told beside the rows is one value for all of them, and computed once. `OFFSET 0` keeps a look by key
/// for each badge; one that is not there makes the array shorter, and so another than that of the versions.
static WRITE_DECIDED: Sql<{ here!() }> = Sql::new(write_rows!(
    "(SELECT :versions = ARRAY( \
     SELECT b.version FROM unnest(:badges) WITH ORDINALITY AS d (id, place), \
     LATERAL (SELECT version FROM badge_metas WHERE org_id = :org AND id = d.id OFFSET 0) AS b \
     ORDER BY d.place) \
     AND COALESCE((SELECT version FROM approval_rules WHERE org_id = :org), 0) = ALL (:rules) \
     AND NOT EXISTS (SELECT 1 FROM merged_customers WHERE org_id = :org) \
     AND (cardinality(:rules) = 0 \
     OR NOT EXISTS (SELECT 1 FROM change_subjects WHERE org_id = :org)))"
));

static CORRECT: Sql<{ here!() }> = Sql::new(
    "UPDATE request_ledger l SET answer = k.answer \
     FROM unnest(:numbers, :answers) AS k (number, answer) \
     WHERE l.org_id = :org AND l.number = k.number",
);

static ERASE: Sql<{ here!() }> = Sql::new(
    "DELETE FROM request_ledger l USING unnest(:numbers) AS k (number) \
     WHERE l.org_id = :org AND l.number = k.number",
);

impl LedgerSql for Connection {
    fn used_keys(&mut self, org: OrgId, guards: &[&IdempotencyGuard]) -> QueryResult<Vec<bool>> {
        Statement::<DB, Bool>::named(&USED_KEYS)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<BigInt>, _>("actors", column(guards, |it| it.actor.number()))
            .set::<Array<Text>, _>("keys", column(guards, |it| it.key.as_str()))
            .set::<Array<BigInt>, _>("used_on", column(guards, |it| it.used_on.unix_micros()))
            .load(self)
    }

    fn used_names(&mut self, org: OrgId, names: &[LedgerName<'_>]) -> QueryResult<Vec<bool>> {
        let operations = column(names, |it| it.operation.number());
        Statement::<DB, Bool>::named(&USED_NAMES)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<SmallInt>, _>("operations", operations)
            .set::<Array<Text>, _>("request_ids", column(names, |it| it.request_id.as_str()))
            .load(self)
    }

    fn reserve_keys(&mut self, org: OrgId, rows: &[KeyRow<'_>]) -> Result<Vec<bool>, WorkError> {
        let rows = rows
            .iter()
            .map(NewKey::try_from)
            .collect::<anyhow::Result<Vec<_>>>()?;
        let new: Vec<(i64, String)> = Statement::<DB, (BigInt, Text)>::named(&RESERVE)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<BigInt>, _>("actors", column(&rows, |it| it.actor))
            .set::<Array<Text>, _>("keys", column(&rows, |it| it.key))
            .set::<Array<Binary>, _>("fingerprints", column(&rows, |it| it.fingerprint))
            .set::<Array<BigInt>, _>("used_on", column(&rows, |it| it.used_on))
            .set::<Array<BigInt>, _>("expires_on", column(&rows, |it| it.expires_on))
            .set::<Array<Text>, _>("warnings", column(&rows, |it| it.warnings.as_str()))
            .set::<Array<Nullable<Binary>>, _>("answers", column(&rows, |it| it.answer.as_deref()))
            .set::<Array<Nullable<SmallInt>>, _>("operations", column(&rows, |it| it.operation))
            .set::<Array<Nullable<Text>>, _>("request_ids", column(&rows, |it| it.request_id))
            .load(self)?;
        let new: HashSet<_> = new
            .iter()
            .map(|(actor, key)| (*actor, key.as_str()))
            .collect();
        Ok(column(&rows, |it| new.contains(&(it.actor, it.key))))
    }

    fn release_keys(&mut self, org: OrgId, rows: &[KeyRow<'_>]) -> QueryResult<()> {
        Statement::<DB>::named(&RELEASE)
            .set::<Array<BigInt>, _>("actors", column(rows, |row| row.guard.actor.number()))
            .set::<Array<Text>, _>("keys", column(rows, |row| row.guard.key.as_str()))
            .set::<BigInt, _>("org", org.get())
            .execute(self)?;
        Ok(())
    }

    fn write_rows(
        &mut self,
        org: OrgId,
        rows: &[LedgerRow<'_>],
        decided: Option<&Decided>,
    ) -> QueryResult<(Vec<Option<i64>>, bool)> {
        let new: Vec<(i16, String, i64, bool)> = match decided {
            None => with_rows(&WRITE, org, rows).load(self)?,
            Some(decided) => {
                let versions = column(&decided.badges, |(_, version)| version.0);
                let badges = column(&decided.badges, |(badge, _)| *badge.0.as_bytes());
                with_rows(&WRITE_DECIDED, org, rows)
                    .set::<Array<BigInt>, _>("versions", versions)
                    .set::<Array<Binary>, _>("badges", badges)
                    .set::<Array<BigInt>, _>("rules", column(&decided.rules, |it| it.0))
                    .load(self)?
            }
        };
        let is_as_decided = new
            .first()
            .is_some_and(|(.., is_as_decided)| *is_as_decided);
        let new: HashMap<_, _> = new
            .iter()
            .map(|(operation, id, number, _)| ((*operation, id.as_str()), *number))
            .collect();
        let numbers = column(rows, |row| {
            let name = (row.name.operation.number(), row.name.request_id.as_str());
            new.get(&name).copied()
        });
        Ok((numbers, is_as_decided))
    }

    fn correct_rows(&mut self, org: OrgId, rows: &[&LedgerRow<'_>]) -> QueryResult<()> {
        Statement::<DB>::named(&CORRECT)
            .set::<Array<BigInt>, _>("numbers", column(rows, |row| row.number))
            .set::<Array<Binary>, _>("answers", column(rows, |row| row.answer.as_slice()))
            .set::<BigInt, _>("org", org.get())
            .execute(self)?;
        Ok(())
    }

    fn erase_rows(&mut self, org: OrgId, rows: &[LedgerRow<'_>]) -> QueryResult<()> {
        Statement::<DB>::named(&ERASE)
            .set::<Array<BigInt>, _>("numbers", column(rows, |row| row.number))
            .set::<BigInt, _>("org", org.get())
            .execute(self)?;
        Ok(())
    }

    fn rows_of(
        &mut self,
        org: OrgId,
        request_id: &RequestId,
    ) -> QueryResult<Vec<(i16, i64, Vec<u8>)>> {
        let operations = column(Operation::ALL, |it| it.number());
        // Naming the operations lets the index find them.
        request_ledger::table
            .filter(request_ledger::org_id.eq(org.get()))
            .filter(request_ledger::operation.eq_any(operations))
            .filter(request_ledger::request_id.eq(request_id.as_str()))
            .order((request_ledger::recorded_on, request_ledger::number))
            .select((
                request_ledger::operation,
                request_ledger::recorded_on,
                request_ledger::answer,
            ))
            .load(self)
    }

    fn recorded_answer(
        &mut self,
        org: OrgId,
        name: LedgerName<'_>,
    ) -> QueryResult<Option<Vec<u8>>> {
        requests::answer(self, org, name)
    }
}

/// Operation, request id, number, and what is told beside them.
type Written = (SmallInt, Text, BigInt, Bool);

/// `statement` with the values that `rows` have.
fn with_rows<'a, const PLACE: u64>(
    statement: &'static Sql<PLACE>,
    org: OrgId,
    rows: &'a [LedgerRow<'a>],
) -> Statement<'a, DB, Written, PLACE> {
    let owners = column(rows, |row| row.triggered_by);
    let owner_types = column(&owners, |it| it.map(|it| it.owner_type.number()));
    let references = column(&owners, |it| it.map(|it| it.reference.as_str()));
    let recorded_on = column(rows, |it| it.recorded_on.unix_micros());
    let first_ids = column(rows, |it| {
        let id = it.first_id.as_ref();
        id.map(|id| id.as_bytes().as_slice())
    });
    Statement::named(statement)
        .set::<BigInt, _>("org", org.get())
        .set::<Array<SmallInt>, _>("operations", column(rows, |it| it.name.operation.number()))
        .set::<Array<Text>, _>(
            "request_ids",
            column(rows, |it| it.name.request_id.as_str()),
        )
        .set::<Array<BigInt>, _>("recorded_on", recorded_on)
        .set::<Array<BigInt>, _>("recorded_by", column(rows, |it| it.recorded_by.number()))
        .set::<Array<Nullable<SmallInt>>, _>("owner_types", owner_types)
        .set::<Array<Nullable<Text>>, _>("references", references)
        .set::<Array<Binary>, _>("answers", column(rows, |it| it.answer.as_slice()))
        .set::<Array<Nullable<Binary>>, _>("first_ids", first_ids)
}
