//! The request ledger, as it is read.

use accolade_application::ports::{LedgerEntry, Operation, RequestLedger, StoreError};
use accolade_domain::ids::OrgId;
use accolade_domain::text::RequestId;
use anyhow::Context as _;
use diesel::prelude::*;

use super::Connection;
use crate::answers;
use crate::mapping::instant;
use crate::recording::ledger::LedgerName;
use crate::recording::sql::LedgerSql as _;
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
                operation,
                request_id,
            };
            Ok(is_used(connection, org, name)?)
        })
    }

    fn find(&self, org: OrgId, request_id: &RequestId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.reader.query(|connection| {
            let rows = connection.rows_of(org, request_id)?;
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

pub(in super::super) fn is_used(
    connection: &mut Connection,
    org: OrgId,
    name: LedgerName<'_>,
) -> QueryResult<bool> {
    // A column of the key, so that the index is enough.
    let row = named(org, name).select(request_ledger::org_id);
    diesel::select(diesel::dsl::exists(row)).get_result(connection)
}

/// The stored form of the answer.
pub(in super::super) fn answer(
    connection: &mut Connection,
    org: OrgId,
    name: LedgerName<'_>,
) -> QueryResult<Option<Vec<u8>>> {
    named(org, name)
        .select(request_ledger::answer)
        .get_result(connection)
        .optional()
}

/// The row with this name.
#[diesel::dsl::auto_type(no_type_alias)]
fn named<'a>(org: OrgId, name: LedgerName<'a>) -> _ {
    let (org, operation): (i64, i16) = (org.get(), name.operation.number());
    let request_id: &'a str = name.request_id.as_str();
    request_ledger::table
        .filter(request_ledger::org_id.eq(org))
        .filter(request_ledger::operation.eq(operation))
        .filter(request_ledger::request_id.eq(request_id))
}
