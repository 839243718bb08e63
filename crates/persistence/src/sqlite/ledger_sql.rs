//! The statements of the request ledger and of idempotency keys, for SQLite: one a request, which
//! costs no round trip here.

use accolade_application::ports::IdempotencyGuard;
use diesel::prelude::*;

use super::Connection;
use super::idempotency::{self, NewRow};
use super::requests::{self, NewRequest};
use crate::ledger::{KeyRow, LedgerName, LedgerRow, LedgerSql};
use crate::retry::Failure;
use crate::schema::{idempotency as keys, request_ledger};

impl LedgerSql for Connection {
    fn used_keys(&mut self, guards: &[&IdempotencyGuard]) -> QueryResult<Vec<bool>> {
        let guards = guards.iter();
        guards.map(|it| is_key_used(self, it)).collect()
    }

    fn used_names(&mut self, names: &[LedgerName<'_>]) -> QueryResult<Vec<bool>> {
        let names = names.iter();
        names.map(|it| requests::is_used(self, *it)).collect()
    }

    fn reserve_keys(&mut self, rows: &[KeyRow<'_>]) -> Result<Vec<bool>, Failure> {
        rows.iter()
            .map(|row| {
                let new = NewRow::of_request(row.guard, row.name)?;
                Ok(idempotency::reserve(self, &new)?)
            })
            .collect()
    }

    fn release_keys(&mut self, rows: &[KeyRow<'_>]) -> QueryResult<()> {
        for row in rows {
            let key = (row.guard.actor.number(), row.guard.key.as_str());
            diesel::delete(keys::table.find(key)).execute(self)?;
        }
        Ok(())
    }

    fn record(&mut self, rows: &[LedgerRow<'_>]) -> QueryResult<Vec<Option<i64>>> {
        rows.iter()
            .map(|row| {
                let row = NewRequest {
                    name: row.name,
                    recorded_on: row.recorded_on,
                    recorded_by: row.recorded_by,
                    triggered_by: row.triggered_by,
                    answer: &row.answer,
                };
                requests::record(self, &row)
            })
            .collect()
    }

    fn correct(&mut self, rows: &[&LedgerRow<'_>]) -> QueryResult<()> {
        for row in rows {
            diesel::update(request_ledger::table.find(row.number))
                .set(request_ledger::answer.eq(&row.answer))
                .execute(self)?;
        }
        Ok(())
    }

    fn erase(&mut self, rows: &[LedgerRow<'_>]) -> QueryResult<()> {
        for row in rows {
            diesel::delete(request_ledger::table.find(row.number)).execute(self)?;
        }
        Ok(())
    }

    fn recorded_answer(&mut self, name: LedgerName<'_>) -> QueryResult<Option<Vec<u8>>> {
        requests::answer(self, name)
    }
}

/// Whether the key is remembered when `guard` is used.
fn is_key_used(connection: &mut Connection, guard: &IdempotencyGuard) -> QueryResult<bool> {
    let row = keys::table
        .find((guard.actor.number(), guard.key.as_str()))
        .filter(keys::expires_on.gt(guard.used_on.unix_micros()));
    diesel::select(diesel::dsl::exists(row)).get_result(connection)
}
