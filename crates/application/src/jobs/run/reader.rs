//! The file of a job, read chunk by chunk, one chunk ahead of the one that is carried out; and as much of a
//! chunk as can be done before it is its turn, since nothing else of a job has a processor of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::job::{JobId, JobOperation, JobSettings, RowOutcome};
use anyhow::{Context as _, anyhow, ensure};

use super::RunError;
use super::plan::RowBudget;
use super::requests::Rows;
use crate::ports::{ChunkPlan, FilePlace, JobFile, JobRow, OpenedJob, Ports, StoreError, Stores};

/// The rows of a chunk.
pub(super) struct ReadRows {
    pub(super) rows: Vec<JobRow>,
    /// The rows sorted instead, if in each of them stands what there is to know.
    pub(super) sorted: Option<Rows>,
    /// What is known by now of what becomes of them, by position.
    pub(super) outcomes: Vec<Option<RowOutcome>>,
    /// Whether there are none behind them.
    pub(super) is_last: bool,
    /// Where the next ones begin, and how many bytes of the file are before that.
    pub(super) place: FilePlace,
    pub(super) bytes: u64,
}

impl ReadRows {
    /// The plan of the chunk, if it is known.
    pub(super) fn plan(&self) -> Option<ChunkPlan> {
        (self.sorted.as_ref()).map(|_| ChunkPlan::as_read())
    }
}

/// Reads the file of a job, chunk by chunk.
pub(super) struct Reader {
    stores: Arc<Stores>,
    org: OrgId,
    job: JobId,
    settings: JobSettings,
    chunk_rows: u32,
    budget: RowBudget,
    file: Box<dyn JobFile>,
    /// How many bytes each part has.
    parts: Vec<u32>,
    /// The number of the last part that the file was fed.
    fed: usize,
    is_fed: bool,
    /// Whether the next chunk goes by a plan that is kept already.
    is_planned: bool,
}

/// The chunks of a file in their order, the next of which is read meanwhile by a thread that lasts as
/// long as this: one for each chunk would take its memory anew each time.
pub(super) struct ReadAhead {
    chunks: Receiver<Result<ReadRows, RunError>>,
}

impl ReadAhead {
    /// The rows of the next chunk. Not to be called behind the last one or an error.
    ///
    /// # Errors
    /// They cannot be read; the store failed.
    pub(super) fn next(&self) -> Result<ReadRows, RunError> {
        let panicked = |_| RunError::Unreadable(anyhow!("the reader panicked"));
        self.chunks.recv().map_err(panicked)?
    }
}

impl Reader {
    /// Of the file of `stored`, whose parts have `sizes`, from the place on that it has come to.
    ///
    /// # Errors
    /// The place is none in the file.
    pub(super) fn open(
        ports: &Ports,
        OpenedJob { stored, plan }: &OpenedJob,
        sizes: Vec<u32>,
    ) -> Result<Self, anyhow::Error> {
        let place = &stored.progress.place;
        check_place(place, &sizes)?;
        Ok(Self {
            stores: Arc::clone(&ports.stores),
            org: stored.job.org,
            job: stored.job.id.clone(),
            settings: stored.job.settings.clone(),
            chunk_rows: stored.chunk_rows,
            budget: RowBudget::new(&stored.job.settings),
            file: ports.files.open(&stored.job.settings, place)?,
            parts: sizes,
            fed: (place.part as usize).saturating_sub(1),
            is_fed: false,
            is_planned: plan.is_some(),
        })
    }

    /// Begins to read.
    ///
    /// # Errors
    /// There can be no more threads.
    pub(super) fn read_ahead(mut self) -> Result<ReadAhead, RunError> {
        let (sender, chunks) = sync_channel(0);
        let read = move || {
            loop {
                let read = self.read();
                let has_more = read.as_ref().is_ok_and(|read| !read.is_last);
                // Nobody takes it if the job is left.
                if sender.send(read).is_err() || !has_more {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("job-reader".to_owned());
        let spawned = thread.spawn(read).context("a thread to read a file");
        spawned.map_err(StoreError::Unavailable)?;
        Ok(ReadAhead { chunks })
    }

    /// The rows of the next chunk.
    fn read(&mut self) -> Result<ReadRows, RunError> {
        let mut rows = Vec::with_capacity(self.chunk_rows as usize);
        self.budget.begin(self.chunk_rows);
        let is_last = loop {
            if self.budget.is_spent() {
                break false;
            }
            if let Some(row) = self.file.next_row() {
                self.budget.spend(&row);
                rows.push(row);
            } else if self.is_fed {
                break true;
            } else {
                self.feed()?;
            }
        };
        let place = self.file.place();
        let before = (place.part as usize).saturating_sub(1);
        let before = self.parts.iter().take(before).map(|it| u64::from(*it));
        let outcomes = rows.iter().map(invalid).collect();
        let mut sorted = None;
        if !std::mem::take(&mut self.is_planned) && self.is_executed() {
            let numbers: Vec<_> = rows.iter().map(JobRow::number).collect();
            if self.all_stand_for_themselves(&rows, &numbers)? {
                sorted = Some(Rows::sorted(std::mem::take(&mut rows), &numbers));
            }
        }
        Ok(ReadRows {
            rows,
            sorted,
            outcomes,
            is_last,
            bytes: before.sum::<u64>() + u64::from(place.offset),
            place,
        })
    }

    /// Whether rows become requests that are executed.
    const fn is_executed(&self) -> bool {
        !self.settings.dry_run && !matches!(self.settings.operation, JobOperation::Customers)
    }

    /// Whether all rows that can be read name customers by numbers, none of whom was merged into another.
    fn all_stand_for_themselves(
        &self,
        rows: &[JobRow],
        numbers: &[Option<CustomerId>],
    ) -> Result<bool, StoreError> {
        let mut both = rows.iter().zip(numbers);
        if both.any(|(row, number)| row.action.is_ok() && number.is_none()) {
            return Ok(false);
        }
        let customers: Vec<_> = numbers.iter().flatten().copied().collect();
        let merged = self.stores.people.successors(self.org, &customers)?;
        Ok(merged.is_empty())
    }

    fn feed(&mut self) -> Result<(), RunError> {
        if self.fed == self.parts.len() {
            self.file.finish();
            self.is_fed = true;
            return Ok(());
        }
        let number = u32::try_from(self.fed + 1);
        let number = number.map_err(|error| RunError::Unreadable(error.into()))?;
        match self.stores.jobs.part(self.org, &self.job, number) {
            Ok(Some(part)) => {
                self.file.feed(&part);
                self.fed += 1;
                Ok(())
            }
            Ok(None) => Err(RunError::Unreadable(anyhow!("part {number} is gone"))),
            Err(StoreError::Unexpected(error)) => Err(RunError::Unreadable(error)),
            Err(error) => Err(error.into()),
        }
    }
}

/// # Errors
/// `place` is behind the part that it is in: what follows would be skipped.
fn check_place(place: &FilePlace, parts: &[u32]) -> Result<(), anyhow::Error> {
    let part = (place.part as usize).checked_sub(1);
    let bytes = part.and_then(|part| parts.get(part)).copied();
    // That a part is gone is noticed when it is read.
    let is_in_it = bytes.is_none_or(|bytes| place.offset <= bytes);
    ensure!(is_in_it, "the place is behind part {}", place.part);
    Ok(())
}

/// What becomes of a row that cannot be read.
fn invalid(row: &JobRow) -> Option<RowOutcome> {
    let problem = row.action.as_ref().err()?;
    Some(RowOutcome::Invalid(Box::new(problem.clone())))
}
