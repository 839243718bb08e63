//! The request ledger, as it is read.

use accolade_application::ports::{LedgerEntry, Operation, RequestLedger, StoreError};
use accolade_domain::ids::OrgId;
use accolade_domain::text::RequestId;
use anyhow::Context as _;
use diesel::prelude::*;

use super::Connection;
use crate::answers;
use crate::mapping::instant;
use crate::schema::request_ledger;
use crate::store::Store;

impl RequestLedger for Store<Connection> {
    fn is_used(
        &self,
        org: OrgId,
        operation: Operation,
        request_id: &RequestId,
    ) -> Result<bool, StoreError> {
        self.reader
            .query(|connection| Ok(is_used(connection, org, operation, request_id)?))
    }

    fn find(&self, org: OrgId, request_id: &RequestId) -> Result<Vec<LedgerEntry>, StoreError> {
        let operations: Vec<_> = Operation::ALL.iter().map(|it| it.number()).collect();
        self.reader.query(|connection| {
            // Naming the operations lets the primary key find them.
            let rows: Vec<(i16, i64, Vec<u8>)> = request_ledger::table
                .filter(request_ledger::org_id.eq(org.get()))
                .filter(request_ledger::operation.eq_any(&operations))
                .filter(request_ledger::request_id.eq(request_id.as_str()))
                .order((request_ledger::recorded_on, request_ledger::operation))
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

pub(super) fn is_used(
    connection: &mut Connection,
    org: OrgId,
    operation: Operation,
    request_id: &RequestId,
) -> QueryResult<bool> {
    // A column of the key, so that the index is enough.
    let row = request_ledger::table
        .find((org.get(), operation.number(), request_id.as_str()))
        .select(request_ledger::org_id);
    diesel::select(diesel::dsl::exists(row)).get_result(connection)
}

/// The stored form of the answer.
pub(super) fn answer(
    connection: &mut Connection,
    org: OrgId,
    operation: Operation,
    request_id: &RequestId,
) -> QueryResult<Option<Vec<u8>>> {
    request_ledger::table
        .find((org.get(), operation.number(), request_id.as_str()))
        .select(request_ledger::answer)
        .first(connection)
        .optional()
}
