//! The statements of webhooks that write sets, for PostgreSQL.

use accolade_application::ports::Retry;
use accolade_domain::instant::Instant;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use super::{Connection, DB, column};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};
use crate::webhook_rows::{AttemptRow, attempts};

static PUT_RETRIES: Sql<{ here!() }> = Sql::new(
    "INSERT INTO webhook_retries (org_id, webhook_id, position, partition_key, attempts, first_on, \
     due_on, given_up, resent) \
     SELECT :org, :webhook, w.* \
     FROM unnest(:positions, :partitions, :attempts, :first_ons, :due_ons, :given_ups, :resents) AS w \
     ON CONFLICT (org_id, webhook_id, position) DO UPDATE SET \
     partition_key = excluded.partition_key, attempts = excluded.attempts, \
     first_on = excluded.first_on, due_on = excluded.due_on, given_up = excluded.given_up, \
     resent = excluded.resent \
     WHERE :is_current OR webhook_retries.due_on IS NULL \
     OR (NOT excluded.given_up AND excluded.due_on <= webhook_retries.due_on)",
);

static RESEND: Sql<{ here!() }> = Sql::new(
    "INSERT INTO webhook_retries (org_id, webhook_id, position, attempts, due_on, given_up, resent) \
     SELECT :org, :webhook, w.position, 0, :due_on, false, true \
     FROM unnest(:positions) AS w (position) ON CONFLICT DO NOTHING",
);

static DELETE_RETRIES: Sql<{ here!() }> = Sql::new(
    "DELETE FROM webhook_retries WHERE org_id = :org AND webhook_id = :webhook \
     AND position = ANY (:positions)",
);

static INSERT_ATTEMPTS: Sql<{ here!() }> = Sql::new(
    "INSERT INTO webhook_attempts (org_id, webhook_id, number, attempted_on, status, http_status, \
     duration, error, answer, events) \
     SELECT :org, :webhook, w.* FROM unnest(:numbers, :attempted_ons, :statuses, :http_statuses, \
     :durations, :errors, :answers, :events) AS w",
);

static SWEEP_RETRIES: Sql<{ here!() }> = Sql::new(
    "DELETE FROM webhook_retries WHERE (org_id, webhook_id, position) IN \
     (SELECT org_id, webhook_id, position FROM webhook_retries \
     WHERE given_up AND first_on < :before LIMIT :at_most) \
     AND given_up AND first_on < :before",
);

static SWEEP_ATTEMPTS: Sql<{ here!() }> = Sql::new(
    "DELETE FROM webhook_attempts WHERE org_id = :org AND webhook_id = :webhook AND number = ANY ( \
     ARRAY(SELECT o.number FROM webhook_attempts o \
     WHERE o.org_id = :org AND o.webhook_id = :webhook ORDER BY o.number LIMIT :at_most)) \
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
    Statement::<DB>::named(&PUT_RETRIES)
        .set::<BigInt, _>("org", org)
        .set::<Binary, _>("webhook", webhook)
        .set::<Bool, _>("is_current", is_current)
        .set::<Array<BigInt>, _>("positions", column(retries, |it| it.position.get()))
        .set::<Array<Nullable<Text>>, _>(
            "partitions",
            column(retries, |it| it.partition.as_deref()),
        )
        .set::<Array<Integer>, _>("attempts", column(retries, attempts))
        .set::<Array<Nullable<BigInt>>, _>("first_ons", column(retries, |it| micros(it.first_on)))
        .set::<Array<Nullable<BigInt>>, _>("due_ons", column(retries, |it| micros(it.due_on)))
        .set::<Array<Bool>, _>("given_ups", column(retries, |it| it.given_up))
        .set::<Array<Bool>, _>("resents", column(retries, |it| it.resent))
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
        .set::<Array<BigInt>, _>("positions", positions)
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
        .set::<Array<BigInt>, _>("positions", positions)
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
    Statement::<DB>::named(&INSERT_ATTEMPTS)
        .set::<BigInt, _>("org", org)
        .set::<Binary, _>("webhook", webhook)
        .set::<Array<BigInt>, _>("numbers", column(rows, |it| it.number))
        .set::<Array<BigInt>, _>("attempted_ons", column(rows, |it| it.attempted_on))
        .set::<Array<SmallInt>, _>("statuses", column(rows, |it| it.status))
        .set::<Array<Nullable<SmallInt>>, _>("http_statuses", column(rows, |it| it.http_status))
        .set::<Array<BigInt>, _>("durations", column(rows, |it| it.duration))
        .set::<Array<Nullable<Text>>, _>("errors", column(rows, |it| it.error.as_deref()))
        .set::<Array<Nullable<Binary>>, _>("answers", column(rows, |it| it.answer.as_deref()))
        .set::<Array<Binary>, _>("events", column(rows, |it| it.events.as_slice()))
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
