//! The statements of the request ledger and of idempotency keys as sets, for PostgreSQL.

use std::collections::{HashMap, HashSet};

use accolade_application::ports::IdempotencyGuard;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, SmallInt, Text};

use super::enrolments::column;
use super::idempotency::NewRow;
use super::{Connection, DB, requests};
use crate::ledger::{KeyRow, LedgerName, LedgerRow, LedgerSql};
use crate::retry::Failure;
use crate::statement::Statement;

/// A query that gives one value looks each up by the key; `EXISTS` might read the whole table once.
const USED_KEYS: &str = "SELECT (SELECT true FROM idempotency i \
     WHERE i.client_number = k.client_number AND i.key = k.key AND i.expires_on > k.used_on) \
     IS NOT NULL FROM unnest(?, ?, ?) WITH ORDINALITY AS k (client_number, key, used_on, place) \
     ORDER BY k.place";

const USED_NAMES: &str = "SELECT (SELECT true FROM request_ledger l WHERE l.org_id = k.org_id \
     AND l.operation = k.operation AND l.request_id = k.request_id) IS NOT NULL \
     FROM unnest(?, ?, ?) WITH ORDINALITY AS k (org_id, operation, request_id, place) \
     ORDER BY k.place";

const RESERVE: &str = "INSERT INTO idempotency AS i \
     (client_number, key, fingerprint, used_on, expires_on, warnings, org_id, operation, request_id) \
     SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?) \
     ON CONFLICT (client_number, key) DO UPDATE SET \
     fingerprint = excluded.fingerprint, used_on = excluded.used_on, \
     expires_on = excluded.expires_on, warnings = excluded.warnings, answer = NULL, \
     org_id = excluded.org_id, operation = excluded.operation, request_id = excluded.request_id \
     WHERE i.expires_on <= excluded.used_on \
     RETURNING i.client_number, i.key";

const RELEASE: &str = "DELETE FROM idempotency i USING unnest(?, ?) AS k (client_number, key) \
     WHERE i.client_number = k.client_number AND i.key = k.key";

const RECORD: &str = "INSERT INTO request_ledger \
     (org_id, operation, request_id, recorded_on, recorded_by, owner_type, reference_id, answer) \
     SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?) \
     ON CONFLICT (org_id, operation, request_id) DO NOTHING RETURNING org_id, operation, request_id, number";

const CORRECT: &str = "UPDATE request_ledger l SET answer = k.answer \
     FROM unnest(?, ?) AS k (number, answer) WHERE l.number = k.number";

const ERASE: &str =
    "DELETE FROM request_ledger l USING unnest(?) AS k (number) WHERE l.number = k.number";

impl LedgerSql for Connection {
    fn used_keys(&mut self, guards: &[&IdempotencyGuard]) -> QueryResult<Vec<bool>> {
        Statement::<DB, Bool>::new(USED_KEYS)
            .bind::<Array<BigInt>, _>(column(guards, |it| it.actor.number()))
            .bind::<Array<Text>, _>(column(guards, |it| it.key.as_str()))
            .bind::<Array<BigInt>, _>(column(guards, |it| it.used_on.unix_micros()))
            .load(self)
    }

    fn used_names(&mut self, names: &[LedgerName<'_>]) -> QueryResult<Vec<bool>> {
        Statement::<DB, Bool>::new(USED_NAMES)
            .bind::<Array<BigInt>, _>(column(names, |it| it.org.get()))
            .bind::<Array<SmallInt>, _>(column(names, |it| it.operation.number()))
            .bind::<Array<Text>, _>(column(names, |it| it.request_id.as_str()))
            .load(self)
    }

    fn reserve_keys(&mut self, rows: &[KeyRow<'_>]) -> Result<Vec<bool>, Failure> {
        let rows = rows
            .iter()
            .map(|row| NewRow::of_request(row.guard, row.name))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let new: Vec<(i64, String)> = Statement::<DB, (BigInt, Text)>::new(RESERVE)
            .bind::<Array<BigInt>, _>(column(&rows, |row| row.client_number))
            .bind::<Array<Text>, _>(column(&rows, |row| row.key))
            .bind::<Array<Binary>, _>(column(&rows, |row| row.fingerprint))
            .bind::<Array<BigInt>, _>(column(&rows, |row| row.used_on))
            .bind::<Array<BigInt>, _>(column(&rows, |row| row.expires_on))
            .bind::<Array<Text>, _>(column(&rows, |row| row.warnings.as_str()))
            .bind::<Array<Nullable<BigInt>>, _>(column(&rows, |row| row.org_id))
            .bind::<Array<Nullable<SmallInt>>, _>(column(&rows, |row| row.operation))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.request_id))
            .load(self)?;
        let new: HashSet<_> = new
            .iter()
            .map(|(client, key)| (*client, key.as_str()))
            .collect();
        Ok(column(&rows, |row| {
            new.contains(&(row.client_number, row.key))
        }))
    }

    fn release_keys(&mut self, rows: &[KeyRow<'_>]) -> QueryResult<()> {
        Statement::<DB>::new(RELEASE)
            .bind::<Array<BigInt>, _>(column(rows, |row| row.guard.actor.number()))
            .bind::<Array<Text>, _>(column(rows, |row| row.guard.key.as_str()))
            .execute(self)?;
        Ok(())
    }

    fn record(&mut self, rows: &[LedgerRow<'_>]) -> QueryResult<Vec<Option<i64>>> {
        type Row = (BigInt, SmallInt, Text, BigInt);
        let names = column(rows, |row| row.name);
        let owners = column(rows, |row| row.triggered_by);
        let new: Vec<(i64, i16, String, i64)> = Statement::<DB, Row>::new(RECORD)
            .bind::<Array<BigInt>, _>(column(&names, |it| it.org.get()))
            .bind::<Array<SmallInt>, _>(column(&names, |it| it.operation.number()))
            .bind::<Array<Text>, _>(column(&names, |it| it.request_id.as_str()))
            .bind::<Array<BigInt>, _>(column(rows, |it| it.recorded_on.unix_micros()))
            .bind::<Array<BigInt>, _>(column(rows, |it| it.recorded_by.number()))
            .bind::<Array<Nullable<SmallInt>>, _>(column(&owners, |owner| {
                owner.map(|it| it.owner_type.number())
            }))
            .bind::<Array<Nullable<Text>>, _>(column(&owners, |owner| {
                owner.map(|it| it.reference.as_str())
            }))
            .bind::<Array<Binary>, _>(column(rows, |row| row.answer.as_slice()))
            .load(self)?;
        let new: HashMap<_, _> = new
            .iter()
            .map(|(org, operation, id, number)| ((*org, *operation, id.as_str()), *number))
            .collect();
        let number = |name: &LedgerName<'_>| {
            let key = (
                name.org.get(),
                name.operation.number(),
                name.request_id.as_str(),
            );
            new.get(&key).copied()
        };
        Ok(names.iter().map(number).collect())
    }

    fn correct(&mut self, rows: &[&LedgerRow<'_>]) -> QueryResult<()> {
        Statement::<DB>::new(CORRECT)
            .bind::<Array<BigInt>, _>(column(rows, |row| row.number))
            .bind::<Array<Binary>, _>(column(rows, |row| row.answer.as_slice()))
            .execute(self)?;
        Ok(())
    }

    fn erase(&mut self, rows: &[LedgerRow<'_>]) -> QueryResult<()> {
        Statement::<DB>::new(ERASE)
            .bind::<Array<BigInt>, _>(column(rows, |row| row.number))
            .execute(self)?;
        Ok(())
    }

    fn recorded_answer(&mut self, name: LedgerName<'_>) -> QueryResult<Option<Vec<u8>>> {
        requests::answer(self, name)
    }
}
