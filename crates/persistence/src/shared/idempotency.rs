//! Answers under idempotency keys: looked up, and reserved one at a time.

use accolade_application::answer::Answer;
use accolade_application::ports::{
    Fingerprint, IdempotencyGuard, IdempotencyKey, IdempotencyKeyUsed, IdempotencyRecord,
    IdempotencyStore, StoreError,
};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Connection;
use crate::answers;
use crate::ledger::LedgerName;
use crate::mapping::{instant, stored};
use crate::retry::{Failure, nobody_knows};
use crate::schema::{idempotency, request_ledger};
use crate::store::Store;

#[derive(Queryable)]
struct Row {
    fingerprint: Vec<u8>,
    used_on: i64,
    expires_on: i64,
    warnings: String,
    request_id: Option<String>,
    answer: Option<Vec<u8>>,
    ledger_answer: Option<Vec<u8>>,
}

impl Row {
    fn record(
        self,
        org: OrgId,
        actor: Actor,
        key: &IdempotencyKey,
    ) -> anyhow::Result<IdempotencyRecord> {
        let fingerprint = <[u8; 32]>::try_from(self.fingerprint.as_slice());
        let request_id: Option<RequestId> = self.request_id.map(stored).transpose()?;
        let answer = self
            .answer
            .or(self.ledger_answer)
            .context("an idempotency key without an answer")?;
        Ok(IdempotencyRecord {
            guard: IdempotencyGuard {
                org,
                actor,
                key: key.clone(),
                fingerprint: Fingerprint(fingerprint.context("a stored fingerprint")?),
                warnings: serde_json::from_str(&self.warnings)?,
                used_on: instant(self.used_on)?,
                expires_on: instant(self.expires_on)?,
            },
            answer: answers::decode(&answer, request_id.as_ref())?,
        })
    }
}

impl IdempotencyStore for Store<Connection> {
    fn find(
        &self,
        org: OrgId,
        actor: Actor,
        key: &IdempotencyKey,
        now: Instant,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let in_ledger = request_ledger::org_id
            .nullable()
            .eq(idempotency::org_id)
            .and(
                request_ledger::operation
                    .nullable()
                    .eq(idempotency::operation),
            )
            .and(
                request_ledger::request_id
                    .nullable()
                    .eq(idempotency::request_id),
            );
        self.reader.query(|connection| {
            let row: Option<Row> = idempotency::table
                .left_join(request_ledger::table.on(in_ledger))
                .filter(idempotency::client_number.eq(actor.number()))
                .filter(idempotency::key.eq(key.as_str()))
                .filter(idempotency::expires_on.gt(now.unix_micros()))
                .select((
                    idempotency::fingerprint,
                    idempotency::used_on,
                    idempotency::expires_on,
                    idempotency::warnings,
                    idempotency::request_id,
                    idempotency::answer,
                    request_ledger::answer.nullable(),
                ))
                .get_result(connection)
                .optional()?;
            Ok(row.map(|row| row.record(org, actor, key)).transpose()?)
        })
    }

    fn remember(
        &self,
        record: &IdempotencyRecord,
    ) -> Result<Result<(), IdempotencyKeyUsed>, StoreError> {
        let work = |connection: &mut Connection| {
            let row = NewRow::with_answer(&record.guard, &record.answer)?;
            Ok(reserve(connection, &row)?)
        };
        let reserved: bool = self.writer.write::<_, StoreError>(work, nobody_knows)?;
        Ok(if reserved {
            Ok(())
        } else {
            Err(IdempotencyKeyUsed)
        })
    }
}

/// What a key stands for.
#[derive(Debug, Insertable)]
#[diesel(table_name = idempotency)]
pub(super) struct NewRow<'a> {
    pub(super) client_number: i64,
    pub(super) key: &'a str,
    pub(super) fingerprint: &'a [u8],
    pub(super) used_on: i64,
    pub(super) expires_on: i64,
    pub(super) warnings: String,
    pub(super) answer: Option<Vec<u8>>,
    pub(super) org_id: Option<i64>,
    pub(super) operation: Option<i16>,
    pub(super) request_id: Option<&'a str>,
}

impl<'a> NewRow<'a> {
    fn of(guard: &'a IdempotencyGuard) -> anyhow::Result<Self> {
        Ok(Self {
            client_number: guard.actor.number(),
            key: guard.key.as_str(),
            fingerprint: &guard.fingerprint.0,
            used_on: guard.used_on.unix_micros(),
            expires_on: guard.expires_on.unix_micros(),
            warnings: serde_json::to_string(&guard.warnings)?,
            answer: None,
            org_id: None,
            operation: None,
            request_id: None,
        })
    }

    /// A key whose answer is in the request ledger.
    pub(super) fn of_request(
        guard: &'a IdempotencyGuard,
        name: LedgerName<'a>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            org_id: Some(name.org.get()),
            operation: Some(name.operation.number()),
            request_id: Some(name.request_id.as_str()),
            ..Self::of(guard)?
        })
    }

    /// A key that holds its answer itself.
    pub(super) fn with_answer(
        guard: &'a IdempotencyGuard,
        answer: &Answer,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            answer: Some(answers::encode(answer)?),
            ..Self::of(guard)?
        })
    }
}

/// Reserves the key of `record`, if there is one; `false` if it is remembered.
pub(super) fn reserve_record(
    connection: &mut Connection,
    record: Option<&IdempotencyRecord>,
) -> Result<bool, Failure> {
    let Some(IdempotencyRecord { guard, answer }) = record else {
        return Ok(true);
    };
    Ok(reserve(connection, &NewRow::with_answer(guard, answer)?)?)
}

/// Reserves the key of `row`; `false` if it is remembered. Waits for others who are
/// reserving it.
pub(super) fn reserve(connection: &mut Connection, row: &NewRow<'_>) -> QueryResult<bool> {
    // For the condition of DO UPDATE, which is no query's.
    use diesel::query_dsl::methods::FilterDsl as _;

    let reserved = diesel::insert_into(idempotency::table)
        .values(row)
        .on_conflict((idempotency::client_number, idempotency::key))
        .do_update()
        .set((
            idempotency::fingerprint.eq(excluded(idempotency::fingerprint)),
            idempotency::used_on.eq(excluded(idempotency::used_on)),
            idempotency::expires_on.eq(excluded(idempotency::expires_on)),
            idempotency::warnings.eq(excluded(idempotency::warnings)),
            idempotency::answer.eq(excluded(idempotency::answer)),
            idempotency::org_id.eq(excluded(idempotency::org_id)),
            idempotency::operation.eq(excluded(idempotency::operation)),
            idempotency::request_id.eq(excluded(idempotency::request_id)),
        ))
        .filter(idempotency::expires_on.le(excluded(idempotency::used_on)))
        .execute(connection)?;
    Ok(reserved == 1)
}
