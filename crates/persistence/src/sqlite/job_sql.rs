//! The statements of jobs that read and write sets, for SQLite.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Connection, DB, json};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

/// All others who write wait for them: with ten thousand, single enrolments beside a job take up to 0.06 s.
pub(super) const ENROLMENTS_OF_A_TRANSACTION: u32 = 6_000;

static TRIED: Sql<{ here!() }> = Sql::new(
    "SELECT t.value FROM json_each(:keys) AS w \
     LEFT JOIN job_trials t ON t.org_id = :org AND t.job_id = :job AND t.key = w.value \
     ORDER BY w.key",
);

static REMEMBER: Sql<{ here!() }> = Sql::new(
    "INSERT INTO job_trials (org_id, job_id, key, value) \
     SELECT :org, :job, w.value ->> 0, w.value ->> 1 FROM json_each(:rows) AS w WHERE true \
     ON CONFLICT (org_id, job_id, key) DO UPDATE SET value = excluded.value",
);

static SWEEP: Sql<{ here!() }> = Sql::new(
    "DELETE FROM job_trials WHERE (org_id, job_id, key) IN ( \
     SELECT t.org_id, t.job_id, t.key FROM job_trials t \
     WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.org_id = t.org_id AND j.id = t.job_id \
       AND j.state NOT IN (SELECT value FROM json_each(:finished))) \
     LIMIT :at_most + 0)",
);

/// What is remembered under each of `keys`, by position.
pub(super) fn tried(
    connection: &mut Connection,
    org: i64,
    job: &str,
    keys: &[String],
) -> Result<Vec<Option<String>>, WorkError> {
    Ok(Statement::<DB, Nullable<Text>>::named(&TRIED)
        .set::<Text, _>("keys", json(&keys)?)
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
        .set::<Text, _>("rows", json(&rows)?)
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
        .set::<Text, _>("finished", json(&finished)?)
        .set::<BigInt, _>("at_most", i64::from(at_most))
        .execute(connection)?;
    Ok(swept as u64)
}
