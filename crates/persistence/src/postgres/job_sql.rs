//! The statements of jobs that read and write sets, for PostgreSQL.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Text};

use super::{Connection, DB, column};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

/// Others write beside them, and the larger a COPY is, the less each row costs.
pub(super) const ENROLMENTS_OF_A_TRANSACTION: u32 = 10_000;

/// A query that gives one value looks each up by the key; a join might walk through all rows of the job for each.
static TRIED: Sql<{ here!() }> = Sql::new(
    "SELECT (SELECT t.value FROM job_trials t \
       WHERE t.org_id = :org AND t.job_id = :job AND t.key = w.key) \
     FROM unnest(:keys) WITH ORDINALITY AS w (key, place) ORDER BY w.place",
);

static REMEMBER: Sql<{ here!() }> = Sql::new(
    "INSERT INTO job_trials (org_id, job_id, key, value) \
     SELECT :org, :job, w.* FROM unnest(:keys, :values) AS w \
     ON CONFLICT (org_id, job_id, key) DO UPDATE SET value = excluded.value",
);

static SWEEP: Sql<{ here!() }> = Sql::new(
    "DELETE FROM job_trials WHERE (org_id, job_id, key) IN ( \
     SELECT t.org_id, t.job_id, t.key FROM job_trials t \
     WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.org_id = t.org_id AND j.id = t.job_id \
       AND j.state <> ALL (:finished)) \
     LIMIT :at_most)",
);

/// What is remembered under each of `keys`, by position.
pub(super) fn tried(
    connection: &mut Connection,
    org: i64,
    job: &str,
    keys: &[String],
) -> Result<Vec<Option<String>>, WorkError> {
    Ok(Statement::<DB, Nullable<Text>>::named(&TRIED)
        .set::<Array<Text>, _>("keys", keys)
        .set::<BigInt, _>("org", org)
        .set::<Text, _>("job", job)
        .load(connection)?)
}

/// Remembers values under their keys, each in the place of what was there.
pub(super) fn remember_tried(
    connection: &mut Connection,
    org: i64,
    job: &str,
    rows: &[(String, String)],
) -> Result<(), WorkError> {
    Statement::<DB>::named(&REMEMBER)
        .set::<BigInt, _>("org", org)
        .set::<Text, _>("job", job)
        .set::<Array<Text>, _>("keys", column(rows, |it| it.0.as_str()))
        .set::<Array<Text>, _>("values", column(rows, |it| it.1.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Forgets what jobs remember that are in one of these states, or gone; how many rows.
pub(super) fn sweep_tried(
    connection: &mut Connection,
    finished: &[i16],
    at_most: u32,
) -> Result<u64, WorkError> {
    let swept = Statement::<DB>::named(&SWEEP)
        .set::<Array<SmallInt>, _>("finished", finished)
        .set::<BigInt, _>("at_most", i64::from(at_most))
        .execute(connection)?;
    Ok(swept as u64)
}
