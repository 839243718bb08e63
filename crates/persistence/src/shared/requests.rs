//! The request ledger, as it is read.

use accolade_application::ports::{GivenId, LedgerEntry, Operation, RequestLedger, StoreError};
use accolade_domain::ids::{ObjectId, OrgId};
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

    fn given(&self, org: OrgId, id: ObjectId) -> Result<Option<GivenId>, StoreError> {
        self.reader.query(|connection| {
            // The ids of a request follow its first one and are nobody else's, so that the nearest first
            // id decides.
            let (bytes, begin) = (id.as_bytes().as_slice(), first_of_its_kind(id));
            let row: Option<(String, Vec<u8>)> = request_ledger::table
                .filter(request_ledger::org_id.eq(org.get()))
                .filter(request_ledger::first_id.le(bytes))
                .filter(request_ledger::first_id.ge(begin.as_slice()))
                .order(request_ledger::first_id.desc())
                .limit(1)
                .select((request_ledger::request_id, request_ledger::answer))
                .get_result(connection)
                .optional()?;
            let Some((request_id, answer)) = row else {
                return Ok(None);
            };
            let request_id = RequestId::from_stored(request_id);
            let answer = answers::decode(&answer, Some(&request_id))?;
            Ok(GivenId::of(&answer, id))
        })
    }
}

/// The id that has all that `id` has but the counter, which is 0.
fn first_of_its_kind(id: ObjectId) -> [u8; 12] {
    let mut bytes = *id.as_bytes();
    bytes[9..].fill(0);
    bytes
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
