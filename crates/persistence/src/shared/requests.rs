//! The request ledger: read, and written a request at a time.

use accolade_application::ports::{LedgerEntry, Operation, RecordError, RequestLedger, StoreError};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::RequestId;
use anyhow::Context as _;
use diesel::prelude::*;

use super::Connection;
use super::idempotency::{self, NewRow};
use crate::answers;
use crate::carried_out::{CarriedOut, RequestSql};
use crate::ledger::LedgerName;
use crate::mapping::instant;
use crate::retry::Failure;
use crate::schema::request_ledger;
use crate::store::Store;

impl RequestLedger for Store<Connection> {
    fn is_used(
        &self,
        org: OrgId,
        operation: Operation,
        request_id: &RequestId,
    ) -> Result<bool, StoreError> {
        self.reader.query(|connection| {
            let name = LedgerName {
                org,
                operation,
                request_id,
            };
            Ok(is_used(connection, name)?)
        })
    }

    fn find(&self, org: OrgId, request_id: &RequestId) -> Result<Vec<LedgerEntry>, StoreError> {
        let operations: Vec<_> = Operation::ALL.iter().map(|it| it.number()).collect();
        self.reader.query(|connection| {
            // Naming the operations lets the index find them.
            let rows: Vec<(i16, i64, Vec<u8>)> = request_ledger::table
                .filter(request_ledger::org_id.eq(org.get()))
                .filter(request_ledger::operation.eq_any(&operations))
                .filter(request_ledger::request_id.eq(request_id.as_str()))
                .order((request_ledger::recorded_on, request_ledger::number))
                .select((
                    request_ledger::operation,
                    request_ledger::recorded_on,
                    request_ledger::answer,
                ))
                .load(connection)?;
            let entries = rows.into_iter().map(|(operation, recorded_on, answer)| {
                Ok(LedgerEntry {
                    request_id: request_id.clone(),
                    operation: Operation::from_number(operation).context("a stored operation")?,
                    recorded_on: instant(recorded_on)?,
                    answer: answers::decode(&answer, Some(request_id))?,
                })
            });
            Ok(entries.collect::<anyhow::Result<_>>()?)
        })
    }
}

pub(super) fn is_used(connection: &mut Connection, name: LedgerName<'_>) -> QueryResult<bool> {
    // A column of the key, so that the index is enough.
    let row = named(name).select(request_ledger::org_id);
    diesel::select(diesel::dsl::exists(row)).get_result(connection)
}

/// The stored form of the answer.
pub(super) fn answer(
    connection: &mut Connection,
    name: LedgerName<'_>,
) -> QueryResult<Option<Vec<u8>>> {
    named(name)
        .select(request_ledger::answer)
        .get_result(connection)
        .optional()
}

/// The row with this name.
#[diesel::dsl::auto_type(no_type_alias)]
fn named<'a>(name: LedgerName<'a>) -> _ {
    let (org, operation): (i64, i16) = (name.org.get(), name.operation.number());
    let request_id: &'a str = name.request_id.as_str();
    request_ledger::table
        .filter(request_ledger::org_id.eq(org))
        .filter(request_ledger::operation.eq(operation))
        .filter(request_ledger::request_id.eq(request_id))
}

/// A request to be written into the ledger.
pub(super) struct NewRequest<'a> {
    pub(super) name: LedgerName<'a>,
    pub(super) recorded_on: Instant,
    pub(super) recorded_by: Actor,
    pub(super) triggered_by: Option<&'a Owner>,
    pub(super) answer: &'a [u8],
}

/// Writes the request, and gives its number; `None` if its id is used. Waits for others that
/// are writing the same one.
pub(super) fn record(
    connection: &mut Connection,
    row: &NewRequest<'_>,
) -> QueryResult<Option<i64>> {
    diesel::insert_into(request_ledger::table)
        .values((
            request_ledger::org_id.eq(row.name.org.get()),
            request_ledger::operation.eq(row.name.operation.number()),
            request_ledger::request_id.eq(row.name.request_id.as_str()),
            request_ledger::recorded_on.eq(row.recorded_on.unix_micros()),
            request_ledger::recorded_by.eq(row.recorded_by.number()),
            request_ledger::owner_type.eq(row.triggered_by.map(|it| it.owner_type.number())),
            request_ledger::reference_id.eq(row.triggered_by.map(|it| it.reference.as_str())),
            request_ledger::answer.eq(row.answer),
        ))
        .on_conflict((
            request_ledger::org_id,
            request_ledger::operation,
            request_ledger::request_id,
        ))
        .do_nothing()
        .returning(request_ledger::number)
        .get_result(connection)
        .optional()
}

impl RequestSql for Connection {
    fn carry_out(
        &mut self,
        request: &CarriedOut<'_>,
    ) -> Result<Result<Option<i64>, RecordError>, Failure> {
        let name = request.request_id.map(|request_id| LedgerName {
            org: request.org,
            operation: request.operation,
            request_id,
        });
        if let Some(guard) = request.idempotency {
            let key = match name {
                Some(name) => NewRow::of_request(guard, name)?,
                None => NewRow::with_answer(guard, request.answer)?,
            };
            if !idempotency::reserve(self, &key)? {
                return Ok(Err(RecordError::IdempotencyKeyUsed));
            }
        }
        let Some(name) = name else {
            return Ok(Ok(None));
        };
        let row = NewRequest {
            name,
            recorded_on: request.recorded_on,
            recorded_by: request.recorded_by,
            triggered_by: None,
            answer: &answers::encode(request.answer)?,
        };
        Ok(match record(self, &row)? {
            Some(number) => Ok(Some(number)),
            None => Err(RecordError::RequestIdUsed),
        })
    }
}
