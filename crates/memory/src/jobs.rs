//! Jobs, their files, and what became of their rows.

use std::collections::BTreeMap;

use accolade_application::answer::Answer;
use accolade_application::ports::{
    Advance, AdvanceError, ChunkPlan, CreateJobError, IdempotencyRecord, JobProgress, JobStore,
    LedgerEntry, NewJob, NewPart, OpenedJob, PartInfo, PutPartError, RunnableJob, SaveJobError,
    StoreError, StoredJob,
};
use accolade_domain::audit::Entry;
use accolade_domain::event::{Fact, JobFact};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::job::{Job, JobId, JobOperation, JobState, RowOutcome};
use accolade_domain::listing::{Page, PageOf};

use crate::MemoryStore;
use crate::store::State;

/// A job with all that is remembered of it.
#[derive(Clone)]
pub(crate) struct JobRecord {
    stored: StoredJob,
    /// The digest and the bytes of each part.
    parts: BTreeMap<u32, ([u8; 32], Vec<u8>)>,
    plan: Option<ChunkPlan>,
    chunks: BTreeMap<u64, Vec<RowOutcome>>,
    tried: BTreeMap<String, String>,
}

impl JobRecord {
    fn is_runnable(&self) -> bool {
        JobState::RUNNABLE.contains(&self.stored.job.state)
    }

    fn ended_before(&self, moment: Instant) -> bool {
        self.stored.job.finished_on.is_some_and(|on| on < moment)
    }
}

impl State {
    fn is_job_key_used(&self, idempotency: Option<&IdempotencyRecord>) -> bool {
        idempotency.is_some_and(|record| self.is_key_used(&record.guard))
    }

    fn remember_job(&mut self, idempotency: Option<&IdempotencyRecord>) {
        if let Some(record) = idempotency {
            self.remember(record.clone());
        }
    }

    /// The job, if a worker has something to do for it and it is at this chunk.
    fn job_at(&mut self, org: OrgId, job: &JobId, chunk: u64) -> Option<&mut JobRecord> {
        let record = self.jobs.get_mut(&(org, job.clone()))?;
        let is_at = record.is_runnable() && record.stored.progress.chunk == chunk;
        is_at.then_some(record)
    }

    /// Tells the feed of `job`, if it has ended.
    fn told_of_job(&mut self, job: &Job, now: Instant) {
        if let Some(fact) = JobFact::of_finished(job) {
            self.happened(job.org, now, Fact::JobFinished(fact));
        }
    }
}

impl JobStore for MemoryStore {
    fn enrolments_of_a_transaction(&self) -> u32 {
        6_000
    }

    fn create_job(
        &self,
        new: &NewJob,
        parts: &[NewPart<'_>],
        most_open: u32,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), CreateJobError> {
        let mut state = self.begin();
        if state.is_job_key_used(idempotency) {
            return Err(CreateJobError::IdempotencyKeyUsed);
        }
        let key = (new.job.org, new.job.id.clone());
        if state.jobs.contains_key(&key) {
            return Err(CreateJobError::IdUsed);
        }
        let open = state
            .jobs
            .values()
            .filter(|it| it.stored.job.org == new.job.org && !it.stored.job.state.is_finished());
        if open.count() >= most_open as usize {
            return Err(CreateJobError::TooMany);
        }
        let stored = StoredJob {
            job: new.job.clone(),
            version: 1,
            secret: new.secret,
            chunk_rows: new.chunk_rows,
            bytes: parts.iter().map(|part| part.data.len() as u64).sum(),
            progress: JobProgress::default(),
        };
        let parts = parts.iter();
        let record = JobRecord {
            stored,
            parts: parts
                .map(|it| (it.number, (it.digest, it.data.to_vec())))
                .collect(),
            plan: None,
            chunks: BTreeMap::new(),
            tried: BTreeMap::new(),
        };
        state.jobs.insert(key, record);
        state.remember_job(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn put_part(
        &self,
        org: OrgId,
        job: &JobId,
        part: NewPart<'_>,
        most_bytes: u64,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<(), PutPartError> {
        let mut state = self.begin();
        if state.is_job_key_used(idempotency) {
            return Err(PutPartError::IdempotencyKeyUsed);
        }
        let record = state.jobs.get_mut(&(org, job.clone()));
        let record = record.ok_or(PutPartError::NoJob)?;
        let there = record.parts.get(&part.number).map(|(digest, _)| *digest);
        if there != Some(part.digest) {
            let stored = &mut record.stored;
            if stored.job.state != JobState::Open {
                return Err(PutPartError::NotOpen(Box::new(stored.job.clone())));
            }
            if there.is_some() {
                return Err(PutPartError::Taken);
            }
            let bytes = stored.bytes + part.data.len() as u64;
            if bytes > most_bytes {
                return Err(PutPartError::TooLong);
            }
            stored.bytes = bytes;
            let data = (part.digest, part.data.to_vec());
            record.parts.insert(part.number, data);
        }
        record.stored.version += 1;
        state.remember_job(idempotency);
        Ok(())
    }

    fn job(&self, org: OrgId, job: &JobId) -> Result<Option<StoredJob>, StoreError> {
        let state = self.begin();
        let record = state.jobs.get(&(org, job.clone()));
        Ok(record.map(|record| record.stored.clone()))
    }

    fn jobs(
        &self,
        org: OrgId,
        operations: &[JobOperation],
        page: PageOf,
    ) -> Result<Page<StoredJob>, StoreError> {
        let state = self.begin();
        let mut found: Vec<_> = (state.jobs.values().map(|it| &it.stored))
            .filter(|it| it.job.org == org && operations.contains(&it.job.settings.operation))
            .collect();
        found.sort_by_key(|it| (std::cmp::Reverse(it.job.created_on), &it.job.id));
        let first = page.page as usize * page.size as usize;
        Ok(Page {
            total: found.len() as u64,
            items: (found.into_iter().skip(first))
                .take(page.size as usize)
                .cloned()
                .collect(),
        })
    }

    fn parts(&self, org: OrgId, job: &JobId) -> Result<Vec<PartInfo>, StoreError> {
        let state = self.begin();
        let record = state.jobs.get(&(org, job.clone())).into_iter();
        let parts = record.flat_map(|record| &record.parts);
        Ok(parts
            .map(|(number, (_, data))| PartInfo {
                number: *number,
                bytes: u32::try_from(data.len()).unwrap_or(u32::MAX),
            })
            .collect())
    }

    fn part(&self, org: OrgId, job: &JobId, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.begin();
        let record = state.jobs.get(&(org, job.clone()));
        let part = record.and_then(|record| record.parts.get(&number));
        Ok(part.map(|(_, data)| data.clone()))
    }

    fn save_job(
        &self,
        before: &StoredJob,
        after: &Job,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveJobError> {
        let mut state = self.begin();
        if state.is_job_key_used(idempotency) {
            return Err(SaveJobError::IdempotencyKeyUsed);
        }
        let record = state.jobs.get_mut(&(after.org, after.id.clone()));
        let record = record.filter(|record| record.stored.version == before.version);
        let stored = &mut record.ok_or(SaveJobError::Changed)?.stored;
        stored.job = after.clone();
        stored.version += 1;
        let now = entries.first().map_or(after.created_on, |it| it.by.on);
        state.told_of_job(after, now);
        state.remember_job(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn delete_job(
        &self,
        before: &StoredJob,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveJobError> {
        let mut state = self.begin();
        if state.is_job_key_used(idempotency) {
            return Err(SaveJobError::IdempotencyKeyUsed);
        }
        let key = (before.job.org, before.job.id.clone());
        let there = state.jobs.get(&key);
        if there.is_none_or(|it| it.stored.version != before.version) {
            return Err(SaveJobError::Changed);
        }
        state.jobs.remove(&key);
        state.remember_job(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn runnable_jobs(&self) -> Result<Vec<RunnableJob>, StoreError> {
        let state = self.begin();
        let runnable = state.jobs.values().filter(|it| it.is_runnable());
        let mut found: Vec<_> = runnable
            .map(|it| RunnableJob {
                org: it.stored.job.org,
                created_on: it.stored.job.created_on,
                job: it.stored.job.id.clone(),
                secret: it.stored.secret,
            })
            .collect();
        found.sort();
        Ok(found)
    }

    fn open_job(
        &self,
        org: OrgId,
        job: &JobId,
        now: Instant,
    ) -> Result<Option<OpenedJob>, StoreError> {
        let mut state = self.begin();
        let record = state.jobs.get_mut(&(org, job.clone()));
        let Some(record) = record.filter(|it| it.is_runnable()) else {
            return Ok(None);
        };
        record.stored.job = record.stored.job.begun(now);
        record.stored.version += 1;
        Ok(Some(OpenedJob {
            stored: record.stored.clone(),
            plan: record.plan.clone(),
        }))
    }

    fn plan_chunk(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
        plan: &ChunkPlan,
    ) -> Result<Option<ChunkPlan>, StoreError> {
        let mut state = self.begin();
        let Some(record) = state.job_at(org, job, chunk) else {
            return Ok(None);
        };
        if record
            .plan
            .as_ref()
            .is_none_or(|it| it.number < plan.number)
        {
            record.plan = Some(plan.clone());
        }
        Ok(record.plan.clone())
    }

    fn advance_job(&self, advance: &Advance) -> Result<StoredJob, AdvanceError> {
        let mut state = self.begin();
        let org = advance.org;
        let record = state.job_at(org, &advance.job, advance.chunk);
        let before = record.ok_or(AdvanceError::Superseded)?.stored.clone();
        for it in &advance.not_executed {
            let entries = state.requests.get(&(org, it.request_id.clone()));
            let mut entries = entries.into_iter().flatten();
            if entries.any(|entry| entry.operation == it.operation) {
                return Err(AdvanceError::Executed);
            }
        }
        for it in &advance.not_executed {
            let entry = LedgerEntry {
                request_id: it.request_id.clone(),
                operation: it.operation,
                recorded_on: advance.now,
                answer: Answer::NotExecuted(it.rejections.clone()),
            };
            let key = (org, it.request_id.clone());
            state.requests.entry(key).or_default().push(entry);
        }
        let after = StoredJob {
            job: (before.job).advanced(&advance.outcomes, advance.is_last, advance.now),
            version: before.version + 1,
            progress: JobProgress {
                chunk: advance.chunk + 1,
                place: advance.place.clone(),
                bytes: advance.bytes,
                advanced_on: Some(advance.now),
            },
            ..before
        };
        if let Some(record) = state.job_at(org, &advance.job, advance.chunk) {
            record.plan = (advance.plan.clone()).filter(|_| !after.job.state.is_finished());
            record.stored = after.clone();
            record
                .chunks
                .insert(advance.chunk, advance.outcomes.clone());
            record.tried.extend(advance.tried.iter().cloned());
        }
        state.told_of_job(&after.job, advance.now);
        Ok(after)
    }

    fn tried(
        &self,
        org: OrgId,
        job: &JobId,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let state = self.begin();
        let record = state.jobs.get(&(org, job.clone()));
        let value = |key| record.and_then(|record| record.tried.get(key).cloned());
        Ok(keys.iter().map(value).collect())
    }

    fn fail_job(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
        failure: &str,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let mut state = self.begin();
        let Some(record) = state.job_at(org, job, chunk) else {
            return Ok(false);
        };
        let failed = record.stored.job.failed(failure.to_owned(), now);
        record.stored.job = failed.clone();
        record.stored.version += 1;
        record.plan = None;
        state.told_of_job(&failed, now);
        Ok(true)
    }

    fn chunk_outcomes(
        &self,
        org: OrgId,
        job: &JobId,
        chunk: u64,
    ) -> Result<Option<Vec<RowOutcome>>, StoreError> {
        let state = self.begin();
        let record = state.jobs.get(&(org, job.clone()));
        Ok(record.and_then(|record| record.chunks.get(&chunk).cloned()))
    }

    fn sweep_jobs(&self, kept_since: Instant) -> Result<u64, StoreError> {
        let mut state = self.begin();
        let before = state.jobs.len();
        state.jobs.retain(|_, it| {
            it.stored.job.state != JobState::Open || it.stored.job.created_on >= kept_since
        });
        let mut swept = (before - state.jobs.len()) as u64;
        for record in state.jobs.values_mut() {
            if record.stored.job.state.is_finished() {
                swept += record.tried.len() as u64;
                record.tried.clear();
            }
            if record.ended_before(kept_since) {
                swept += (record.parts.len() + record.chunks.len()) as u64;
                record.parts.clear();
                record.chunks.clear();
            }
        }
        Ok(swept)
    }
}
