//! Jobs: what they are, their files, and what became of their rows.
//!
//! Whoever changes a job first raises the version of its row, if it is what it should be: the database
//! has everybody else wait there, and whoever comes second finds another version, or another chunk.

use accolade_application::answer::Answer;
use accolade_application::ports::{
    Advance, AdvanceError, ChunkPlan, CreateJobError, IdempotencyRecord, JobProgress, JobStore,
    NewJob, NewPart, NotExecuted, OpenedJob, PartInfo, PutPartError, RunnableJob, SaveJobError,
    StoreError, StoredJob,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::Entry;
use accolade_domain::event::{EventKind, JobFact};
use accolade_domain::ids::{ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::job::{Job, JobId, JobOperation, JobState, RowOutcome};
use accolade_domain::listing::{Page, PageOf};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use super::idempotency::reserve_record;
use super::{Connection, DB, job_sql};
use crate::answers;
use crate::audit::AuditSql as _;
use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::feed::sql::FeedSql as _;
use crate::job_rows::{
    JobChange, JobRow, NewJobRow, ProgressChange, RUNNABLE, compress_part, decode_outcomes,
    decompress_part, encode_outcomes, encode_plan, secret,
};
use crate::mapping::{instant, stored};
use crate::recording::ledger::{LedgerName, LedgerRow};
use crate::recording::sql::{BadgeKey, BadgeSql as _, LedgerSql as _};
use crate::retry::{Ending, Rollback, WorkError, nobody_knows};
use crate::schema::{job_chunks, job_parts, job_trials, jobs};
use crate::statement::Statement;
use crate::store::Store;

/// How many rows of files and outcomes one transaction sweeps: they are large.
const SWEPT_AT_ONCE: i64 = 20;

/// How many rows of what was tried one transaction sweeps.
const SWEPT_TRIALS: u32 = 5_000;

/// The states in which a job has ended.
fn finished() -> Vec<i16> {
    let states = JobState::ALL.iter().filter(|state| state.is_finished());
    states.map(|state| state.number()).collect()
}

/// Takes the lock under which an org's jobs become more, which is that of a badge that cannot be.
fn lock_creation(connection: &mut Connection, org: OrgId) -> QueryResult<()> {
    let mut id = [0; 12];
    id[11] = 1;
    let badge = ObjectId::from_bytes(id).into();
    connection.lock_badge(BadgeKey { org, badge })
}

/// The job as it is.
fn read(connection: &mut Connection, org: OrgId, job: &JobId) -> QueryResult<Option<JobRow>> {
    jobs::table
        .find((org.get(), job.as_str()))
        .get_result(connection)
        .optional()
}

/// Raises the version of a job, so that everybody else who wants to change it waits; and reads it.
fn lock(connection: &mut Connection, org: OrgId, job: &JobId) -> QueryResult<Option<JobRow>> {
    let raised = diesel::update(jobs::table.find((org.get(), job.as_str())))
        .set(jobs::version.eq(jobs::version + 1))
        .execute(connection)?;
    if raised == 0 {
        return Ok(None);
    }
    read(connection, org, job)
}

/// The same of a job that a worker has something to do for, and that is at this chunk.
fn lock_at(
    connection: &mut Connection,
    org: OrgId,
    job: &JobId,
    chunk: u64,
) -> Result<Option<JobRow>, WorkError> {
    let chunk = i64::try_from(chunk).map_err(anyhow::Error::from)?;
    let row = lock(connection, org, job)?;
    Ok(row.filter(|row| row.is_at(chunk)))
}

/// Reserves the key of `record`, if there is one; `used` is what is said if it was used.
fn reserve<E>(
    connection: &mut Connection,
    record: Option<&IdempotencyRecord>,
    used: E,
) -> Result<(), Rollback<E>> {
    if reserve_record(connection, record)? {
        Ok(())
    } else {
        Err(Rollback::Refused(used))
    }
}

/// Tells the feed of `job`, if it has ended: the last statement before COMMIT.
fn tell_feed(connection: &mut Connection, job: &Job, now: Instant) -> Result<(), WorkError> {
    let Some(fact) = JobFact::of_finished(job) else {
        return Ok(());
    };
    let data = Data::JobFinished(Box::new(fact));
    let row = FeedRow::new(now, EventKind::JobFinished, 1, &data)?;
    let rows: Vec<_> = row.into_iter().collect();
    Ok(connection.append(job.org, &rows)?)
}

fn insert_part(
    connection: &mut Connection,
    org: OrgId,
    job: &JobId,
    part: &NewPart<'_>,
    compressed: &[u8],
) -> Result<(), WorkError> {
    let bytes = i32::try_from(part.data.len()).map_err(anyhow::Error::from)?;
    let number = i32::try_from(part.number).map_err(anyhow::Error::from)?;
    diesel::insert_into(job_parts::table)
        .values((
            job_parts::org_id.eq(org.get()),
            job_parts::job_id.eq(job.as_str()),
            job_parts::number.eq(number),
            job_parts::digest.eq(part.digest.as_slice()),
            job_parts::bytes.eq(bytes),
            job_parts::data.eq(compressed),
        ))
        .execute(connection)?;
    Ok(())
}

/// Which part has this number: the digest of its bytes.
fn digest(
    connection: &mut Connection,
    org: OrgId,
    job: &JobId,
    number: u32,
) -> Result<Option<Vec<u8>>, WorkError> {
    let number = i32::try_from(number).map_err(anyhow::Error::from)?;
    Ok(job_parts::table
        .find((org.get(), job.as_str(), number))
        .select(job_parts::digest)
        .get_result(connection)
        .optional()?)
}

/// Uses up the ids of requests that were refused, so that nobody executes them; `false` if one was
/// executed.
fn use_up(
    connection: &mut Connection,
    org: OrgId,
    by: Actor,
    advance: &Advance,
) -> Result<bool, WorkError> {
    let mut rows = Vec::with_capacity(advance.not_executed.len());
    for (position, it) in advance.not_executed.iter().enumerate() {
        let NotExecuted {
            operation,
            request_id,
            rejections,
        } = it;
        rows.push(LedgerRow {
            request: position,
            name: LedgerName {
                operation: *operation,
                request_id,
            },
            recorded_on: advance.now,
            recorded_by: by,
            triggered_by: None,
            answer: answers::encode(&Answer::NotExecuted(rejections.clone()))?,
            first_id: None,
            number: 0,
        });
    }
    if rows.is_empty() {
        return Ok(true);
    }
    // One order for all.
    rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let (numbers, _) = connection.write_rows(org, &rows, None)?;
    Ok(numbers.iter().all(Option::is_some))
}

/// Removes the file of a job and what became of its rows.
fn delete_contents(connection: &mut Connection, org: i64, job: &str) -> QueryResult<()> {
    diesel::delete(job_parts::table)
        .filter(job_parts::org_id.eq(org))
        .filter(job_parts::job_id.eq(job))
        .execute(connection)?;
    diesel::delete(job_chunks::table)
        .filter(job_chunks::org_id.eq(org))
        .filter(job_chunks::job_id.eq(job))
        .execute(connection)?;
    diesel::delete(job_trials::table)
        .filter(job_trials::org_id.eq(org))
        .filter(job_trials::job_id.eq(job))
        .execute(connection)?;
    Ok(())
}

fn unexpected<E: From<StoreError>>(error: anyhow::Error) -> E {
    StoreError::Unexpected(error).into()
}

impl JobStore for Store<Connection> {
    fn enrolments_of_a_transaction(&self) -> u32 {
        job_sql::ENROLMENTS_OF_A_TRANSACTION
    }

    fn create_job(
        &self,
        new: &NewJob,
        parts: &[NewPart<'_>],
        most_open: u32,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), CreateJobError> {
        let (org, id) = (new.job.org, &new.job.id);
        // Compressed before the transaction, which others may wait for.
        let compressed: anyhow::Result<Vec<_>> =
            parts.iter().map(|part| compress_part(part.data)).collect();
        let compressed = compressed.map_err(unexpected::<CreateJobError>)?;
        let bytes = parts.iter().map(|part| part.data.len() as u64).sum();
        let work = |connection: &mut Connection| {
            lock_creation(connection, org)?;
            reserve(connection, idempotency, CreateJobError::IdempotencyKeyUsed)?;
            if read(connection, org, id)?.is_some() {
                return Err(Rollback::Refused(CreateJobError::IdUsed));
            }
            let open: i64 = jobs::table
                .filter(jobs::org_id.eq(org.get()))
                .filter(jobs::state.ne_all(finished()))
                .count()
                .get_result(connection)?;
            if open >= i64::from(most_open) {
                return Err(Rollback::Refused(CreateJobError::TooMany));
            }
            diesel::insert_into(jobs::table)
                .values(NewJobRow::new(new, bytes)?)
                .execute(connection)?;
            for (part, compressed) in parts.iter().zip(&compressed) {
                insert_part(connection, org, id, part, compressed)?;
            }
            Ok(connection.tell(org, entries)?)
        };
        self.writer.write(work, |connection, (): &()| {
            lock_creation(connection, org)?;
            let there = read(connection, org, id)?;
            let there = there.and_then(|row| row.stored().ok());
            Ok(match there {
                Some(stored) if stored.secret == new.secret => Ending::Committed,
                _ => Ending::Undone,
            })
        })
    }

    fn put_part(
        &self,
        org: OrgId,
        job: &JobId,
        part: NewPart<'_>,
        most_bytes: u64,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<(), PutPartError> {
        let compressed = compress_part(part.data).map_err(unexpected::<PutPartError>)?;
        let work = |connection: &mut Connection| {
            let row = lock(connection, org, job)?;
            reserve(connection, idempotency, PutPartError::IdempotencyKeyUsed)?;
            let Some(row) = row else {
                return Err(Rollback::Refused(PutPartError::NoJob));
            };
            let there = digest(connection, org, job, part.number)?;
            if there.as_deref() == Some(part.digest.as_slice()) {
                return Ok(());
            }
            let stored = row.stored()?;
            if stored.job.state != JobState::Open {
                let job = Box::new(stored.job);
                return Err(Rollback::Refused(PutPartError::NotOpen(job)));
            }
            if there.is_some() {
                return Err(Rollback::Refused(PutPartError::Taken));
            }
            let bytes = stored.bytes + part.data.len() as u64;
            if bytes > most_bytes {
                return Err(Rollback::Refused(PutPartError::TooLong));
            }
            insert_part(connection, org, job, &part, &compressed)?;
            let bytes = i64::try_from(bytes).map_err(anyhow::Error::from)?;
            diesel::update(jobs::table.find((org.get(), job.as_str())))
                .set(jobs::bytes.eq(bytes))
                .execute(connection)?;
            Ok(())
        };
        self.writer.write(work, |connection, (): &()| {
            lock(connection, org, job)?;
            let there = digest(connection, org, job, part.number);
            Ok(match there {
                Ok(Some(there)) if there == part.digest => Ending::Committed,
                Ok(_) => Ending::Undone,
                Err(_) => Ending::Unknown,
            })
        })
    }

    fn job(&self, org: OrgId, job: &JobId) -> Result<Option<StoredJob>, StoreError> {
        self.reader.query(|connection| {
            let row = read(connection, org, job)?;
            Ok(row.map(|row| row.stored()).transpose()?)
        })
    }

    fn jobs(
        &self,
        org: OrgId,
        operations: &[JobOperation],
        page: PageOf,
    ) -> Result<Page<StoredJob>, StoreError> {
        let numbers: Vec<_> = operations.iter().map(|it| it.number()).collect();
        self.reader.read(|connection| {
            let rows: Vec<JobRow> = jobs::table
                .filter(jobs::org_id.eq(org.get()))
                .filter(jobs::operation.eq_any(&numbers))
                .order((jobs::created_on.desc(), jobs::id))
                .offset(i64::from(page.page) * i64::from(page.size))
                .limit(page.size.into())
                .load(connection)?;
            let total: i64 = jobs::table
                .filter(jobs::org_id.eq(org.get()))
                .filter(jobs::operation.eq_any(&numbers))
                .count()
                .get_result(connection)?;
            let items = rows.iter().map(JobRow::stored);
            Ok(Page {
                items: items.collect::<anyhow::Result<_>>()?,
                total: stored(total)?,
            })
        })
    }

    fn parts(&self, org: OrgId, job: &JobId) -> Result<Vec<PartInfo>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<(i32, i32)> = job_parts::table
                .filter(job_parts::org_id.eq(org.get()))
                .filter(job_parts::job_id.eq(job.as_str()))
                .order(job_parts::number)
                .select((job_parts::number, job_parts::bytes))
                .load(connection)?;
            let parts = rows.into_iter().map(|(number, bytes)| {
                Ok(PartInfo {
                    number: stored(number)?,
                    bytes: stored(bytes)?,
                })
            });
            Ok(parts.collect::<anyhow::Result<_>>()?)
        })
    }

    fn part(&self, org: OrgId, job: &JobId, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let number = i32::try_from(number).map_err(|it| StoreError::Unexpected(it.into()))?;
        let data: Option<Vec<u8>> = self.reader.query(|connection| {
            Ok(job_parts::table
                .find((org.get(), job.as_str(), number))
                .select(job_parts::data)
                .get_result(connection)
                .optional()?)
        })?;
        let part = data.map(|data| decompress_part(&data)).transpose();
        part.map_err(StoreError::Unexpected)
    }

    fn save_job(
        &self,
        before: &StoredJob,
        after: &Job,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveJobError> {
        let version = before.version + 1;
        let (org, id) = (after.org, &after.id);
        let change = JobChange::try_from(after).map_err(unexpected::<SaveJobError>)?;
        let now = entries.first().map_or(after.created_on, |it| it.by.on);
        let work = |connection: &mut Connection| {
            let row = lock(connection, org, id)?;
            reserve(connection, idempotency, SaveJobError::IdempotencyKeyUsed)?;
            let row = row.map(|row| row.stored()).transpose()?;
            if row.is_none_or(|row| row.version != version) {
                return Err(Rollback::Refused(SaveJobError::Changed));
            }
            diesel::update(jobs::table.find((org.get(), id.as_str())))
                .set(&change)
                .execute(connection)?;
            connection.tell(org, entries)?;
            Ok(tell_feed(connection, after, now)?)
        };
        self.writer.write(work, |connection, (): &()| {
            lock(connection, org, id)?;
            let there: Option<(i64, i16)> = jobs::table
                .find((org.get(), id.as_str()))
                .select((jobs::version, jobs::state))
                .get_result(connection)
                .optional()?;
            // The lock has raised it once more.
            Ok(if there == Some((version + 1, after.state.number())) {
                Ending::Committed
            } else if there.is_some_and(|(there, _)| there == version) {
                Ending::Undone
            } else {
                Ending::Unknown
            })
        })
    }

    fn delete_job(
        &self,
        before: &StoredJob,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveJobError> {
        let (org, id) = (before.job.org, &before.job.id);
        let work = |connection: &mut Connection| {
            let row = lock(connection, org, id)?;
            reserve(connection, idempotency, SaveJobError::IdempotencyKeyUsed)?;
            let row = row.map(|row| row.stored()).transpose()?;
            if row.is_none_or(|row| row.version != before.version + 1) {
                return Err(Rollback::Refused(SaveJobError::Changed));
            }
            delete_contents(connection, org.get(), id.as_str())?;
            diesel::delete(jobs::table.find((org.get(), id.as_str()))).execute(connection)?;
            Ok(connection.tell(org, entries)?)
        };
        self.writer.write(work, |connection, (): &()| {
            Ok(match lock(connection, org, id)? {
                None => Ending::Committed,
                Some(_) => Ending::Undone,
            })
        })
    }

    fn runnable_jobs(&self) -> Result<Vec<RunnableJob>, StoreError> {
        self.reader.query(|connection| {
            type Row = (BigInt, BigInt, Text, Binary);
            let rows: Vec<(i64, i64, String, Vec<u8>)> =
                Statement::<DB, Row>::named(&RUNNABLE).load(connection)?;
            let all = rows.into_iter().map(|(org, created_on, id, bytes)| {
                Ok(RunnableJob {
                    org: stored(org)?,
                    created_on: instant(created_on)?,
                    job: stored(id)?,
                    secret: secret(&bytes)?,
                })
            });
            Ok(all.collect::<anyhow::Result<_>>()?)
        })
    }

    fn open_job(
        &self,
        org: OrgId,
        job: &JobId,
        now: Instant,
    ) -> Result<Option<OpenedJob>, StoreError> {
        let work = |connection: &mut Connection| {
            let Some(row) = lock(connection, org, job)? else {
                return Ok(None);
            };
            let mut opened = row.opened()?;
            if !JobState::RUNNABLE.contains(&opened.stored.job.state) {
                return Ok(None);
            }
            opened.stored.job = opened.stored.job.begun(now);
            diesel::update(jobs::table.find((org.get(), job.as_str())))
                .set(JobChange::try_from(&opened.stored.job)?)
                .execute(connection)?;
            Ok(Some(opened))
        };
        self.writer.write(work, nobody_knows)
    }

    fn plan_chunk(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
        plan: &ChunkPlan,
    ) -> Result<Option<ChunkPlan>, StoreError> {
        let encoded = encode_plan(plan).map_err(StoreError::Unexpected)?;
        let work = |connection: &mut Connection| {
            let Some(row) = lock_at(connection, org, job, chunk)? else {
                return Ok(None);
            };
            if let Some(there) = row.plan()?
                && there.number >= plan.number
            {
                return Ok(Some(there));
            }
            diesel::update(jobs::table.find((org.get(), job.as_str())))
                .set(jobs::plan.eq(Some(&encoded)))
                .execute(connection)?;
            Ok(Some(plan.clone()))
        };
        self.writer.write(work, nobody_knows)
    }

    fn advance_job(&self, advance: &Advance) -> Result<StoredJob, AdvanceError> {
        let (org, id) = (advance.org, &advance.job);
        let outcomes = encode_outcomes(&advance.outcomes).map_err(unexpected::<AdvanceError>)?;
        let plan = advance.plan.as_ref().map(encode_plan).transpose();
        let plan = plan.map_err(unexpected::<AdvanceError>)?;
        let work = |connection: &mut Connection| {
            let Some(row) = lock_at(connection, org, id, advance.chunk)? else {
                return Err(Rollback::Refused(AdvanceError::Superseded));
            };
            let before = row.stored()?;
            if !use_up(connection, org, before.actor(), advance)? {
                return Err(Rollback::Refused(AdvanceError::Executed));
            }
            let job = (before.job).advanced(&advance.outcomes, advance.is_last, advance.now);
            let after = StoredJob {
                job,
                progress: JobProgress {
                    chunk: advance.chunk + 1,
                    place: advance.place.clone(),
                    bytes: advance.bytes,
                    advanced_on: Some(advance.now),
                },
                ..before
            };
            let plan = plan.clone().filter(|_| !after.job.state.is_finished());
            let number = i64::try_from(advance.chunk).map_err(anyhow::Error::from)?;
            diesel::insert_into(job_chunks::table)
                .values((
                    job_chunks::org_id.eq(org.get()),
                    job_chunks::job_id.eq(id.as_str()),
                    job_chunks::number.eq(number),
                    job_chunks::outcomes.eq(&outcomes),
                ))
                .execute(connection)?;
            diesel::update(jobs::table.find((org.get(), id.as_str())))
                .set((
                    JobChange::try_from(&after.job)?,
                    ProgressChange::new(&after.progress, plan)?,
                ))
                .execute(connection)?;
            if !advance.tried.is_empty() {
                job_sql::remember_tried(connection, org.get(), id.as_str(), &advance.tried)?;
            }
            tell_feed(connection, &after.job, advance.now)?;
            Ok(after)
        };
        self.writer.write(work, nobody_knows)
    }

    fn tried(
        &self,
        org: OrgId,
        job: &JobId,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.reader
            .query(|connection| job_sql::tried(connection, org.get(), job.as_str(), keys))
    }

    fn fail_job(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
        failure: &str,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let work = |connection: &mut Connection| {
            let Some(row) = lock_at(connection, org, job, chunk)? else {
                return Ok(false);
            };
            let failed = row.stored()?.job.failed(failure.to_owned(), now);
            diesel::update(jobs::table.find((org.get(), job.as_str())))
                .set((
                    JobChange::try_from(&failed)?,
                    jobs::plan.eq(None::<Vec<u8>>),
                ))
                .execute(connection)?;
            tell_feed(connection, &failed, now)?;
            Ok(true)
        };
        self.writer.write(work, nobody_knows)
    }

    fn chunk_outcomes(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
    ) -> Result<Option<Vec<RowOutcome>>, StoreError> {
        let number = i64::try_from(chunk).map_err(|it| StoreError::Unexpected(it.into()))?;
        let bytes: Option<Vec<u8>> = self.reader.query(|connection| {
            Ok(job_chunks::table
                .find((org.get(), job.as_str(), number))
                .select(job_chunks::outcomes)
                .get_result(connection)
                .optional()?)
        })?;
        let outcomes = bytes.map(|bytes| decode_outcomes(&bytes)).transpose();
        outcomes.map_err(StoreError::Unexpected)
    }

    fn sweep_jobs(&self, kept_since: Instant) -> Result<u64, StoreError> {
        let before = kept_since.unix_micros();
        let work = |connection: &mut Connection| {
            let forgotten: Vec<(i64, String)> = jobs::table
                .filter(jobs::state.eq(JobState::Open.number()))
                .filter(jobs::created_on.lt(before))
                .order((jobs::org_id, jobs::id))
                .limit(SWEPT_AT_ONCE)
                .select((jobs::org_id, jobs::id))
                .load(connection)?;
            let mut swept = 0;
            for (org, id) in &forgotten {
                // Somebody may have started it by now.
                let removed = diesel::delete(jobs::table.find((org, id)))
                    .filter(jobs::state.eq(JobState::Open.number()))
                    .execute(connection)?;
                if removed > 0 {
                    delete_contents(connection, *org, id)?;
                    swept += 1;
                }
            }
            let swept = swept + sweep_parts(connection, before)?;
            let swept = swept + sweep_chunks(connection, before)?;
            Ok(swept + job_sql::sweep_tried(connection, &finished(), SWEPT_TRIALS)?)
        };
        self.writer.write(work, nobody_knows)
    }
}

/// Sweeps parts of jobs that ended before then; how many.
fn sweep_parts(connection: &mut Connection, before: i64) -> QueryResult<u64> {
    let ended = jobs::table
        .filter(jobs::org_id.eq(job_parts::org_id))
        .filter(jobs::id.eq(job_parts::job_id))
        .filter(jobs::finished_on.lt(before));
    let rows: Vec<(i64, String, i32)> = job_parts::table
        .filter(exists(ended))
        .select((job_parts::org_id, job_parts::job_id, job_parts::number))
        .limit(SWEPT_AT_ONCE)
        .load(connection)?;
    for (org, job, number) in &rows {
        diesel::delete(job_parts::table.find((org, job, number))).execute(connection)?;
    }
    Ok(rows.len() as u64)
}

/// Sweeps what became of the rows of jobs that ended before then, once their files are swept: whoever
/// has a whole file has all that became of it. How many chunks.
fn sweep_chunks(connection: &mut Connection, before: i64) -> QueryResult<u64> {
    let ended = jobs::table
        .filter(jobs::org_id.eq(job_chunks::org_id))
        .filter(jobs::id.eq(job_chunks::job_id))
        .filter(jobs::finished_on.lt(before));
    let parts = job_parts::table
        .filter(job_parts::org_id.eq(job_chunks::org_id))
        .filter(job_parts::job_id.eq(job_chunks::job_id));
    let rows: Vec<(i64, String, i64)> = job_chunks::table
        .filter(exists(ended))
        .filter(not(exists(parts)))
        .select((job_chunks::org_id, job_chunks::job_id, job_chunks::number))
        .limit(SWEPT_AT_ONCE * 10)
        .load(connection)?;
    for (org, job, number) in &rows {
        diesel::delete(job_chunks::table.find((org, job, number))).execute(connection)?;
    }
    Ok(rows.len() as u64)
}
