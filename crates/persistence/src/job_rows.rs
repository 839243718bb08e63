//! Rows of jobs to the domain's values and back, and the forms in which files and outcomes are stored.

use accolade_application::ports::{
    ChunkPlan, FilePlace, JobProgress, MOST_PART_BYTES, NewJob, OpenedJob, StoredJob,
};
use accolade_domain::ids::ObjectId;
use accolade_domain::instant::Instant;
use accolade_domain::job::{Job, JobId, JobState, RowOutcome, Rows};
use anyhow::{Context as _, bail};
use diesel::prelude::{AsChangeset, Insertable, Queryable};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::answers::parts::{Collecting, Neighbour, Reasons, StoredId};
use crate::mapping::{instant, stored};
use crate::schema::jobs;
use crate::statement::{Sql, here};

/// How hard files and outcomes are compressed: harder takes longer than the database does.
const LEVEL: i32 = 3;

/// The most bytes that the outcomes of a chunk or its plan have when they are not compressed: more than
/// those of any chunk.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The jobs that a worker has something to do for: those of [`JobState::RUNNABLE`], in the words of the
/// index that has no others. By values that are bound later no database knows that it would do. Each
/// server asks again and again.
pub(crate) static RUNNABLE: Sql<{ here!() }> = Sql::new(
    "SELECT org_id, created_on, id, secret FROM jobs WHERE state IN (2, 3, 4) \
     ORDER BY org_id, created_on, id",
);

/// What changes of a row while a job is carried out.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = jobs, treat_none_as_null = true)]
pub(crate) struct JobChange {
    state: i16,
    started_on: Option<i64>,
    finished_on: Option<i64>,
    total: Option<i64>,
    succeeded: i64,
    refused: i64,
    invalid: i64,
    failure: Option<String>,
}

impl TryFrom<&Job> for JobChange {
    type Error = anyhow::Error;

    fn try_from(job: &Job) -> anyhow::Result<Self> {
        let rows = &job.rows;
        Ok(Self {
            state: job.state.number(),
            started_on: job.started_on.map(Instant::unix_micros),
            finished_on: job.finished_on.map(Instant::unix_micros),
            total: rows.total.map(i64::try_from).transpose()?,
            succeeded: rows.succeeded.try_into()?,
            refused: rows.refused.try_into()?,
            invalid: rows.invalid.try_into()?,
            failure: job.failure.clone(),
        })
    }
}

/// How far a job has come, as columns.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = jobs, treat_none_as_null = true)]
pub(crate) struct ProgressChange {
    chunk: i64,
    part: i32,
    part_offset: i32,
    reading: String,
    done_bytes: i64,
    advanced_on: Option<i64>,
    plan: Option<Vec<u8>>,
}

impl ProgressChange {
    /// With the plan of the chunk that comes next.
    pub(crate) fn new(progress: &JobProgress, plan: Option<Vec<u8>>) -> anyhow::Result<Self> {
        let FilePlace {
            part,
            offset,
            reading,
        } = &progress.place;
        Ok(Self {
            chunk: progress.chunk.try_into()?,
            part: (*part).try_into()?,
            part_offset: (*offset).try_into()?,
            reading: reading.clone(),
            done_bytes: progress.bytes.try_into()?,
            advanced_on: progress.advanced_on.map(Instant::unix_micros),
            plan,
        })
    }
}

/// What never changes of a row.
#[derive(Insertable)]
#[diesel(table_name = jobs)]
pub(crate) struct NewJobRow<'a> {
    org_id: i64,
    id: &'a str,
    secret: &'a [u8],
    version: i64,
    operation: i16,
    settings: String,
    created_on: i64,
    created_by: i64,
    chunk_rows: i32,
    bytes: i64,
    #[diesel(embed)]
    change: JobChange,
    #[diesel(embed)]
    progress: ProgressChange,
}

impl<'a> NewJobRow<'a> {
    /// The row of `new`, whose file has so many bytes.
    pub(crate) fn new(new: &'a NewJob, bytes: u64) -> anyhow::Result<Self> {
        let job = &new.job;
        Ok(Self {
            org_id: job.org.get(),
            id: job.id.as_str(),
            secret: new.secret.as_bytes(),
            version: 1,
            operation: job.settings.operation.number(),
            settings: serde_json::to_string(&job.settings)?,
            created_on: job.created_on.unix_micros(),
            created_by: job.created_by.number(),
            chunk_rows: new.chunk_rows.try_into()?,
            bytes: bytes.try_into()?,
            change: job.try_into()?,
            progress: ProgressChange::new(&JobProgress::default(), None)?,
        })
    }
}

/// A row of `jobs`, in the order of its columns.
#[derive(Queryable)]
pub(crate) struct JobRow {
    org: i64,
    id: String,
    secret: Vec<u8>,
    version: i64,
    #[expect(
        dead_code,
        reason = "it is a column, for lists; the settings say it too"
    )]
    operation: i16,
    settings: String,
    state: i16,
    created_on: i64,
    created_by: i64,
    started_on: Option<i64>,
    finished_on: Option<i64>,
    total: Option<i64>,
    succeeded: i64,
    refused: i64,
    invalid: i64,
    failure: Option<String>,
    chunk_rows: i32,
    bytes: i64,
    chunk: i64,
    part: i32,
    part_offset: i32,
    reading: String,
    done_bytes: i64,
    advanced_on: Option<i64>,
    plan: Option<Vec<u8>>,
}

impl JobRow {
    /// The job.
    pub(crate) fn stored(&self) -> anyhow::Result<StoredJob> {
        let settings = serde_json::from_str(&self.settings);
        Ok(StoredJob {
            job: Job {
                org: stored(self.org)?,
                id: stored::<_, JobId>(self.id.clone())?,
                settings: settings.context("stored settings of a job")?,
                state: JobState::from_number(self.state).context("a stored state of a job")?,
                created_on: instant(self.created_on)?,
                created_by: stored(self.created_by)?,
                started_on: self.started_on.map(instant).transpose()?,
                finished_on: self.finished_on.map(instant).transpose()?,
                rows: Rows {
                    total: self.total.map(stored).transpose()?,
                    succeeded: stored(self.succeeded)?,
                    refused: stored(self.refused)?,
                    invalid: stored(self.invalid)?,
                },
                failure: self.failure.clone(),
            },
            version: self.version,
            secret: secret(&self.secret)?,
            chunk_rows: stored(self.chunk_rows)?,
            bytes: stored(self.bytes)?,
            progress: JobProgress {
                chunk: stored(self.chunk)?,
                place: FilePlace {
                    part: stored(self.part)?,
                    offset: stored(self.part_offset)?,
                    reading: self.reading.clone(),
                },
                bytes: stored(self.done_bytes)?,
                advanced_on: self.advanced_on.map(instant).transpose()?,
            },
        })
    }

    /// The job with the plan of its next chunk.
    pub(crate) fn opened(&self) -> anyhow::Result<OpenedJob> {
        Ok(OpenedJob {
            stored: self.stored()?,
            plan: self.plan()?,
        })
    }

    /// The plan of its next chunk.
    pub(crate) fn plan(&self) -> anyhow::Result<Option<ChunkPlan>> {
        self.plan.as_deref().map(decode_plan).transpose()
    }

    /// Whether a worker has something to do for it, which is at this chunk.
    pub(crate) fn is_at(&self, chunk: i64) -> bool {
        let state = JobState::from_number(self.state);
        self.chunk == chunk && state.is_some_and(|it| JobState::RUNNABLE.contains(&it))
    }
}

/// What the ids of a job's requests are made with.
pub(crate) fn secret(bytes: &[u8]) -> anyhow::Result<Uuid> {
    Uuid::from_slice(bytes).context("a stored secret of a job")
}

/// The bytes of a part as they are stored.
pub(crate) fn compress_part(data: &[u8]) -> anyhow::Result<Vec<u8>> {
    Ok(zstd::bulk::compress(data, LEVEL)?)
}

/// The bytes of a part as they were sent.
pub(crate) fn decompress_part(data: &[u8]) -> anyhow::Result<Vec<u8>> {
    zstd::bulk::decompress(data, MOST_PART_BYTES).context("a stored part of a file")
}

/// The stored form of a plan.
pub(crate) fn encode_plan(plan: &ChunkPlan) -> anyhow::Result<Vec<u8>> {
    Ok(zstd::bulk::compress(&serde_json::to_vec(plan)?, LEVEL)?)
}

fn decode_plan(bytes: &[u8]) -> anyhow::Result<ChunkPlan> {
    let json = zstd::bulk::decompress(bytes, MOST_BYTES).context("a stored plan")?;
    serde_json::from_slice(&json).context("a stored plan")
}

/// What became of the rows of a chunk. The first byte of the stored form says which form follows, so
/// that forms can be added and old rows stay readable.
#[derive(Serialize, Deserialize)]
struct StoredOutcomes {
    /// Of each row its kind, and whether it has an id.
    kinds: Vec<u8>,
    /// Of those that have one.
    ids: Vec<StoredId>,
    /// Of those that were not carried out.
    why: Vec<u32>,
    reasons: Reasons,
}

const FIRST_FORM: u8 = 1;
const SUCCEEDED: u8 = 0;
const REFUSED: u8 = 1;
const INVALID: u8 = 2;
/// Added to a kind.
const HAS_ID: u8 = 4;

/// The stored form of what became of rows.
pub(crate) fn encode_outcomes(outcomes: &[RowOutcome]) -> anyhow::Result<Vec<u8>> {
    let mut reasons = Collecting::default();
    let mut kinds = Vec::with_capacity(outcomes.len());
    let mut ids = Vec::with_capacity(outcomes.len());
    let mut why = Vec::new();
    let mut before = Neighbour::default();
    for outcome in outcomes {
        let kind = match outcome {
            RowOutcome::Succeeded(_) => SUCCEEDED,
            RowOutcome::Refused(..) => REFUSED,
            RowOutcome::Invalid(_) => INVALID,
        };
        let id = outcome.id();
        kinds.push(kind + if id.is_some() { HAS_ID } else { 0 });
        ids.extend(id.map(|id| before.store(id)));
        if let Some(rejection) = outcome.rejection() {
            why.push(reasons.number(rejection)?);
        }
    }
    let stored = StoredOutcomes {
        kinds,
        ids,
        why,
        reasons: reasons.reasons(),
    };
    let bytes = postcard::to_extend(&stored, vec![FIRST_FORM])?;
    Ok(zstd::bulk::compress(&bytes, LEVEL)?)
}

/// What became of the rows that are stored as `bytes`.
pub(crate) fn decode_outcomes(bytes: &[u8]) -> anyhow::Result<Vec<RowOutcome>> {
    let bytes = zstd::bulk::decompress(bytes, MOST_BYTES).context("stored outcomes")?;
    let Some((&FIRST_FORM, rest)) = bytes.split_first() else {
        bail!("stored outcomes have the form {:?}", bytes.first());
    };
    let stored: StoredOutcomes = postcard::from_bytes(rest)?;
    let mut before = Neighbour::default();
    let (mut ids, mut why) = (stored.ids.iter(), stored.why.iter());
    let outcomes = stored.kinds.iter().map(|kind| {
        let id: Option<ObjectId> = if kind & HAS_ID == 0 {
            None
        } else {
            let id = ids.next().context("too few stored ids")?;
            Some(before.read(id)?)
        };
        let mut reason = || {
            let number = why.next().context("too few stored reasons")?;
            stored.reasons.get(*number)
        };
        Ok(match kind & !HAS_ID {
            SUCCEEDED => RowOutcome::Succeeded(id),
            REFUSED => RowOutcome::Refused(id, reason()?.into()),
            INVALID => RowOutcome::Invalid(reason()?.into()),
            other => bail!("a stored outcome has the kind {other}"),
        })
    });
    outcomes.collect()
}

#[cfg(test)]
mod tests {
    use accolade_domain::rejection::{Code, Rejection};
    use proptest::prelude::*;

    use super::*;

    fn outcome((kind, id, message): (u8, Option<[u8; 12]>, u8)) -> RowOutcome {
        let id = id.map(ObjectId::from_bytes);
        let rejection = Rejection::new(Code::NotEnrolled).with_message(format!("not {message}"));
        match kind % 3 {
            0 => RowOutcome::Succeeded(id),
            1 => RowOutcome::Refused(id, rejection.into()),
            _ => RowOutcome::Invalid(rejection.at_field("customerId").into()),
        }
    }

    proptest! {
        #[test]
        fn outcomes_come_back_as_they_were(
            all in prop::collection::vec((any::<u8>(), any::<Option<[u8; 12]>>(), 0u8..4), 0..60),
        ) {
            let all: Vec<_> = all.into_iter().map(outcome).collect();
            let bytes = encode_outcomes(&all).unwrap();
            prop_assert_eq!(decode_outcomes(&bytes).unwrap(), all);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..99)) {
            let _ = decode_outcomes(&bytes);
            let mut damaged = vec![FIRST_FORM];
            damaged.extend(&bytes);
            let _ = decode_outcomes(&zstd::bulk::compress(&damaged, LEVEL).unwrap());
            let _ = decode_plan(&bytes);
            let _ = decompress_part(&bytes);
        }
    }

    #[test]
    fn the_index_has_the_jobs_that_a_worker_has_something_to_do_for() {
        let numbers = JobState::RUNNABLE.iter().map(|it| it.number().to_string());
        let numbers: Vec<_> = numbers.collect();
        let those = format!(" state IN ({}) ", numbers.join(", "));
        assert!(RUNNABLE.text().contains(&those));
    }

    #[test]
    fn rows_that_succeed_take_next_to_nothing() {
        let id = |last: u8| ObjectId::from_bytes([7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, last]);
        let all: Vec<_> = (0..200)
            .map(|it| RowOutcome::Succeeded(Some(id(it))))
            .collect();
        assert!(encode_outcomes(&all).unwrap().len() < 60);
    }

    #[test]
    fn a_part_comes_back_as_it_was() {
        let part = b"customerId\n1\n2\n".repeat(99);
        let stored = compress_part(&part).unwrap();
        assert!(stored.len() < part.len() / 10);
        assert_eq!(decompress_part(&stored).unwrap(), part);
    }
}
