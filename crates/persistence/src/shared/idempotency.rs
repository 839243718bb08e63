//! Answers under idempotency keys: looked up, and reserved one at a time.

use std::borrow::Cow;

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
use crate::mapping::instant;
use crate::recording::ledger::{KeyRow, StandsFor};
use crate::retry::{WorkError, nobody_knows};
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
        let request_id = self.request_id.map(RequestId::from_stored);
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
                .filter(idempotency::org_id.eq(org.get()))
                .filter(idempotency::actor.eq(actor.number()))
                .filter(idempotency::key.eq(key.as_str()))
                // The sum keeps PostgreSQL from looking through all that expire later.
                .filter((idempotency::expires_on + 0).gt(now.unix_micros()))
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
            reserve_record(connection, Some(record)).map_err(Into::into)
        };
        let reserved: bool = self.writer.write::<_, StoreError>(work, nobody_knows)?;
        Ok(if reserved {
            Ok(())
        } else {
            Err(IdempotencyKeyUsed)
        })
    }
}

/// A key to be reserved, and what it stands for.
#[derive(Debug, Insertable)]
#[diesel(table_name = idempotency)]
pub(in super::super) struct NewKey<'a> {
    org_id: i64,
    pub(in super::super) actor: i64,
    pub(in super::super) key: &'a str,
    pub(in super::super) fingerprint: &'a [u8],
    pub(in super::super) used_on: i64,
    pub(in super::super) expires_on: i64,
    pub(in super::super) warnings: String,
    pub(in super::super) answer: Option<Cow<'a, [u8]>>,
    pub(in super::super) operation: Option<i16>,
    pub(in super::super) request_id: Option<&'a str>,
}

impl<'a> NewKey<'a> {
    /// A key that holds the stored form of its answer itself.
    fn with_answer(guard: &'a IdempotencyGuard, answer: Cow<'a, [u8]>) -> anyhow::Result<Self> {
        Ok(Self {
            org_id: guard.org.get(),
            actor: guard.actor.number(),
            key: guard.key.as_str(),
            fingerprint: &guard.fingerprint.0,
            used_on: guard.used_on.unix_micros(),
            expires_on: guard.expires_on.unix_micros(),
            warnings: serde_json::to_string(&guard.warnings)?,
            answer: Some(answer),
            operation: None,
            request_id: None,
        })
    }
}

impl<'a> TryFrom<&'a KeyRow<'a>> for NewKey<'a> {
    type Error = anyhow::Error;

    fn try_from(row: &'a KeyRow<'a>) -> anyhow::Result<Self> {
        match &row.stands_for {
            StandsFor::Answer(answer) => Self::with_answer(row.guard, Cow::Borrowed(answer)),
            StandsFor::Request(name) => Ok(Self {
                answer: None,
                operation: Some(name.operation.number()),
                request_id: Some(name.request_id.as_str()),
                ..Self::with_answer(row.guard, Cow::Borrowed(&[]))?
            }),
        }
    }
}

/// Reserves the key of `record`, if there is one; `false` if it is remembered.
pub(in super::super) fn reserve_record(
    connection: &mut Connection,
    record: Option<&IdempotencyRecord>,
) -> Result<bool, WorkError> {
    let Some(IdempotencyRecord { guard, answer }) = record else {
        return Ok(true);
    };
    let answer = Cow::Owned(answers::encode(answer)?);
    Ok(reserve(connection, &NewKey::with_answer(guard, answer)?)?)
}

/// Reserves the key; `false` if it is remembered. Waits for others who are reserving it.
pub(in super::super) fn reserve(
    connection: &mut Connection,
    new: &NewKey<'_>,
) -> QueryResult<bool> {
    // For the condition of DO UPDATE, which is no query's.
    use diesel::query_dsl::methods::FilterDsl as _;

    let reserved: Option<i64> = diesel::insert_into(idempotency::table)
        .values(new)
        .on_conflict((idempotency::org_id, idempotency::actor, idempotency::key))
        .do_update()
        .set((
            idempotency::fingerprint.eq(excluded(idempotency::fingerprint)),
            idempotency::used_on.eq(excluded(idempotency::used_on)),
            idempotency::expires_on.eq(excluded(idempotency::expires_on)),
            idempotency::warnings.eq(excluded(idempotency::warnings)),
            idempotency::answer.eq(excluded(idempotency::answer)),
            idempotency::operation.eq(excluded(idempotency::operation)),
            idempotency::request_id.eq(excluded(idempotency::request_id)),
        ))
        .filter(idempotency::expires_on.le(excluded(idempotency::used_on)))
        .returning(idempotency::org_id)
        .get_result(connection)
        .optional()?;
    Ok(reserved.is_some())
}
