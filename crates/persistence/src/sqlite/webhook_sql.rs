//! The statements of webhooks that write sets, for SQLite.

use accolade_application::ports::Retry;
use accolade_domain::instant::Instant;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};

use super::{Connection, DB, json};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};
use crate::webhook_rows::{AttemptRow, attempts};

static PUT_RETRIES: Sql<{ here!() }> = Sql::new(
    "INSERT INTO webhook_retries (org_id, webhook_id, position, partition_key, attempts, first_on, \
     due_on, given_up, resent) \
     SELECT :org, :webhook, w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, \
     w.value ->> 4, w.value ->> 5, w.value ->> 6 FROM json_each(:rows) AS w WHERE true \
     ON CONFLICT (org_id, webhook_id, position) DO UPDATE SET \
     partition_key = excluded.partition_key, attempts = excluded.attempts, \
     first_on = excluded.first_on, due_on = excluded.due_on, given_up = excluded.given_up, \
     resent = excluded.resent \
     WHERE :is_current OR webhook_retries.due_on IS NULL \
     OR (NOT excluded.given_up AND excluded.due_on <= webhook_retries.due_on)",
);

static RESEND: Sql<{ here!() }> = Sql::new(
    "INSERT INTO webhook_retries (org_id, webhook_id, position, attempts, due_on, given_up, resent) \
     SELECT :org, :webhook, w.value, 0, :due_on, false, true FROM json_each(:positions) AS w \
     WHERE true ON CONFLICT DO NOTHING",
);

static DELETE_RETRIES: Sql<{ here!() }> = Sql::new(
    "DELETE FROM webhook_retries WHERE (org_id, webhook_id, position) IN \
     (SELECT :org, :webhook, w.value FROM json_each(:positions) AS w)",
);

static INSERT_ATTEMPTS: Sql<{ here!() }> = Sql::new(
    "INSERT INTO webhook_attempts (org_id, webhook_id, number, attempted_on, status, http_status, \
     duration, error, answer, events) \
     SELECT :org, :webhook, w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, \
     w.value ->> 4, w.value ->> 5, unhex(w.value ->> 6), unhex(w.value ->> 7) \
     FROM json_each(:rows) AS w",
);

static SWEEP_RETRIES: Sql<{ here!() }> = Sql::new(
    "DELETE FROM webhook_retries WHERE (org_id, webhook_id, position) IN \
     (SELECT org_id, webhook_id, position FROM webhook_retries \
     WHERE given_up AND first_on < :before LIMIT :at_most + 0) \
     AND given_up AND first_on < :before",
);

static SWEEP_ATTEMPTS: Sql<{ here!() }> = Sql::new(
    "DELETE FROM webhook_attempts WHERE (org_id, webhook_id, number) IN \
     (SELECT org_id, webhook_id, number FROM webhook_attempts \
     WHERE org_id = :org AND webhook_id = :webhook ORDER BY number LIMIT :at_most + 0) \
     AND attempted_on < :before",
);

/// Writes `retries` of one webhook down, each in the place of one that is at its position; but unless
/// they are known to be `current`, not of one that is due sooner.
pub(super) fn put_retries(
    connection: &mut Connection,
    org: i64,
    webhook: &[u8],
    retries: &[Retry],
    is_current: bool,
) -> Result<(), WorkError> {
    let micros = |moment: Option<Instant>| moment.map(Instant::unix_micros);
    let rows: Vec<_> = retries
        .iter()
        .map(|it| {
            (
                it.position.get(),
                &it.partition,
                attempts(it),
                micros(it.first_on),
                micros(it.due_on),
                i16::from(it.given_up),
                i16::from(it.resent),
            )
        })
        .collect();
    Statement::<DB>::named(&PUT_RETRIES)
        .set::<BigInt, _>("org", org)
        .set::<Binary, _>("webhook", webhook)
        .set::<Bool, _>("is_current", is_current)
        .set::<Text, _>("rows", json(&rows)?)
        .execute(connection)?;
    Ok(())
}

/// Makes retries that are due at `due_on` of those `positions` where there is none; how many.
pub(super) fn resend(
    connection: &mut Connection,
    org: i64,
    webhook: &[u8],
    positions: &[i64],
    due_on: i64,
) -> Result<usize, WorkError> {
    Ok(Statement::<DB>::named(&RESEND)
        .set::<BigInt, _>("org", org)
        .set::<Binary, _>("webhook", webhook)
        .set::<BigInt, _>("due_on", due_on)
        .set::<Text, _>("positions", json(&positions)?)
        .execute(connection)?)
}

/// Deletes the retries at `positions`.
pub(super) fn delete_retries(
    connection: &mut Connection,
    org: i64,
    webhook: &[u8],
    positions: &[i64],
) -> Result<(), WorkError> {
    Statement::<DB>::named(&DELETE_RETRIES)
        .set::<BigInt, _>("org", org)
        .set::<Binary, _>("webhook", webhook)
        .set::<Text, _>("positions", json(&positions)?)
        .execute(connection)?;
    Ok(())
}

/// Writes attempts down.
pub(super) fn insert_attempts(
    connection: &mut Connection,
    org: i64,
    webhook: &[u8],
    rows: &[AttemptRow],
) -> Result<(), WorkError> {
    let rows: Vec<_> = rows
        .iter()
        .map(|it| {
            (
                it.number,
                it.attempted_on,
                it.status,
                it.http_status,
                it.duration,
                &it.error,
                it.answer.as_ref().map(hex::encode),
                hex::encode(&it.events),
            )
        })
        .collect();
    Statement::<DB>::named(&INSERT_ATTEMPTS)
        .set::<BigInt, _>("org", org)
        .set::<Binary, _>("webhook", webhook)
        .set::<Text, _>("rows", json(&rows)?)
        .execute(connection)?;
    Ok(())
}

/// Deletes `at_most` retries that were given up and tried first before a moment; how many.
pub(super) fn sweep_retries(
    connection: &mut Connection,
    before: i64,
    at_most: u32,
) -> Result<usize, WorkError> {
    Ok(Statement::<DB>::named(&SWEEP_RETRIES)
        .set::<BigInt, _>("at_most", i64::from(at_most))
        .set::<BigInt, _>("before", before)
        .execute(connection)?)
}

/// Deletes those of the `at_most` oldest attempts that are from before a moment; how many.
pub(super) fn sweep_attempts(
    connection: &mut Connection,
    org: i64,
    webhook: &[u8],
    before: i64,
    at_most: u32,
) -> Result<usize, WorkError> {
    Ok(Statement::<DB>::named(&SWEEP_ATTEMPTS)
        .set::<BigInt, _>("org", org)
        .set::<Binary, _>("webhook", webhook)
        .set::<BigInt, _>("at_most", i64::from(at_most))
        .set::<BigInt, _>("before", before)
        .execute(connection)?)
}
