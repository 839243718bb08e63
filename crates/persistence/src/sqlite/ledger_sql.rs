//! The statements of the request ledger and of idempotency keys, for SQLite: one a request, which
//! costs no round trip here.

use accolade_application::ports::IdempotencyGuard;
use accolade_domain::ids::OrgId;
use accolade_domain::text::RequestId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};

use super::shared::idempotency::{self, NewKey};
use super::shared::requests;
use super::{Connection, DB};
use crate::recording::ledger::{KeyRow, LedgerName, LedgerRow};
use crate::recording::sql::{Decided, LedgerSql};
use crate::retry::WorkError;
use crate::schema::{idempotency as keys, request_ledger};
use crate::statement::{Sql, Statement, here};

static LAST_NUMBER: Sql<{ here!() }> =
    Sql::new("SELECT COALESCE(max(number), 0) FROM request_ledger WHERE org_id = :org");

/// Whether it was written is told by how many rows changed, which is exact here: RETURNING makes a
/// temporary table for each row.
static WRITE: Sql<{ here!() }> = Sql::new(
    "INSERT INTO request_ledger (org_id, number, operation, request_id, recorded_on, \
     recorded_by, owner_type, reference_id, answer, first_id) \
     VALUES (:org, :number, :operation, :request_id, :recorded_on, :recorded_by, :owner_type, \
     :reference, :answer, :first_id) ON CONFLICT (org_id, operation, request_id) DO NOTHING",
);

/// The index is named, because without it all that the org has would be looked through.
static ROWS_OF: Sql<{ here!() }> = Sql::new(
    "SELECT operation, recorded_on, answer FROM request_ledger INDEXED BY request_ledger_id \
     WHERE org_id = :org AND request_id = :request_id ORDER BY recorded_on, number",
);

impl LedgerSql for Connection {
    fn used_keys(&mut self, org: OrgId, guards: &[&IdempotencyGuard]) -> QueryResult<Vec<bool>> {
        let guards = guards.iter();
        guards.map(|it| is_key_used(self, org, it)).collect()
    }

    fn used_names(&mut self, org: OrgId, names: &[LedgerName<'_>]) -> QueryResult<Vec<bool>> {
        let names = names.iter();
        names.map(|it| requests::is_used(self, org, *it)).collect()
    }

    fn reserve_keys(&mut self, _: OrgId, rows: &[KeyRow<'_>]) -> Result<Vec<bool>, WorkError> {
        let rows = rows.iter();
        rows.map(|row| Ok(idempotency::reserve(self, &NewKey::try_from(row)?)?))
            .collect()
    }

    fn release_keys(&mut self, org: OrgId, rows: &[KeyRow<'_>]) -> QueryResult<()> {
        for row in rows {
            let actor = row.guard.actor.number();
            let key = (org.get(), actor, row.guard.key.as_str());
            diesel::delete(keys::table.find(key)).execute(self)?;
        }
        Ok(())
    }

    /// The one writer takes the org's next numbers. Of what requests were decided from it says no: `versions`
    /// tells, and costs no round trip here.
    fn write_rows(
        &mut self,
        org: OrgId,
        rows: &[LedgerRow<'_>],
        _: Option<&Decided>,
    ) -> QueryResult<(Vec<Option<i64>>, bool)> {
        let mut last: i64 = Statement::<DB, BigInt>::named(&LAST_NUMBER)
            .set::<BigInt, _>("org", org.get())
            .get_result(self)?;
        let mut numbers = Vec::with_capacity(rows.len());
        for row in rows {
            let is_new = write(self, org, last + 1, row)?;
            last += i64::from(is_new);
            numbers.push(is_new.then_some(last));
        }
        Ok((numbers, false))
    }

    fn correct_rows(&mut self, org: OrgId, rows: &[&LedgerRow<'_>]) -> QueryResult<()> {
        for row in rows {
            diesel::update(request_ledger::table.find((org.get(), row.number)))
                .set(request_ledger::answer.eq(&row.answer))
                .execute(self)?;
        }
        Ok(())
    }

    fn erase_rows(&mut self, org: OrgId, rows: &[LedgerRow<'_>]) -> QueryResult<()> {
        for row in rows {
            diesel::delete(request_ledger::table.find((org.get(), row.number))).execute(self)?;
        }
        Ok(())
    }

    fn rows_of(
        &mut self,
        org: OrgId,
        request_id: &RequestId,
    ) -> QueryResult<Vec<(i16, i64, Vec<u8>)>> {
        Statement::<DB, (SmallInt, BigInt, Binary)>::named(&ROWS_OF)
            .set::<BigInt, _>("org", org.get())
            .set::<Text, _>("request_id", request_id.as_str())
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

/// Writes the row under `number`, unless its id is used; whether it did.
fn write(
    connection: &mut Connection,
    org: OrgId,
    number: i64,
    row: &LedgerRow<'_>,
) -> QueryResult<bool> {
    let owner = row.triggered_by;
    let owner_type = owner.map(|it| it.owner_type.number());
    let first_id = row.first_id.as_ref().map(|id| id.as_bytes().as_slice());
    let written = Statement::<DB>::named(&WRITE)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("number", number)
        .set::<SmallInt, _>("operation", row.name.operation.number())
        .set::<Text, _>("request_id", row.name.request_id.as_str())
        .set::<BigInt, _>("recorded_on", row.recorded_on.unix_micros())
        .set::<BigInt, _>("recorded_by", row.recorded_by.number())
        .set::<Nullable<SmallInt>, _>("owner_type", owner_type)
        .set::<Nullable<Text>, _>("reference", owner.map(|it| it.reference.as_str()))
        .set::<Binary, _>("answer", row.answer.as_slice())
        .set::<Nullable<Binary>, _>("first_id", first_id)
        .execute(connection)?;
    Ok(written > 0)
}

/// Whether the key is remembered when `guard` is used.
fn is_key_used(
    connection: &mut Connection,
    org: OrgId,
    guard: &IdempotencyGuard,
) -> QueryResult<bool> {
    let row = keys::table
        .find((org.get(), guard.actor.number(), guard.key.as_str()))
        .filter(keys::expires_on.gt(guard.used_on.unix_micros()));
    diesel::select(diesel::dsl::exists(row)).get_result(connection)
}
