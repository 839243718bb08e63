//! Jobs as they are shown.

use accolade_application::answer::JobView;
use accolade_application::ports::{Page, PageOf};
use accolade_domain::ids::BadgeId;
use accolade_domain::job::{JobId, Rows};

use crate::answer::answer;
use crate::enrolment::answer::OwnerBody;
use crate::instant::{WireInstant, WireIso};
use crate::page::Pagination;
use crate::words::{JobFormatName, JobOperationName, JobStateName};

answer! {
    /// A job.
    #[schema(as = Job)]
    pub struct JobBody<'a> {
        /// Its id.
        #[schema(example = "spring-2026")]
        jobId: &'a str = job.id.as_str(),
        /// What is done by each row of its file.
        #[schema(value_type = JobOperationName)]
        operation: &'static str = job.settings.operation.name(),
        /// How far it has come.
        #[schema(value_type = JobStateName)]
        state: &'static str = job.state.name(),
        /// Whether nothing is recorded.
        dryRun: bool = job.settings.dry_run,
        /// By whom it was created; what it records is recorded as done by this actor.
        createdBy: i64 = job.created_by.number(),
        /// When it was created.
        createdOn: WireInstant = job.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = job.created_on.into(),
        /// When its first row was looked at.
        #[schema(required)]
        startedOn: Option<WireInstant> = job.started_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        startedOnISO: Option<WireIso> = job.started_on.map(Into::into),
        /// When it ended.
        #[schema(required)]
        finishedOn: Option<WireInstant> = job.finished_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        finishedOnISO: Option<WireIso> = job.finished_on.map(Into::into),
        /// What became of its rows so far.
        rows: JobRowsBody = JobRowsBody::new(&job.rows),
        /// How many rows it did in a second; null before the first of them.
        #[schema(required)]
        rowsPerSecond: Option<u64> = view.rows_per_second,
        /// When it will probably have ended; null where that cannot be told.
        #[schema(required)]
        estimatedEnd: Option<WireInstant> = view.estimated_end.map(Into::into),
        /// The same as text.
        #[schema(required)]
        estimatedEndISO: Option<WireIso> = view.estimated_end.map(Into::into),
        /// How the rows of its file are written.
        #[schema(value_type = JobFormatName)]
        format: &'static str = job.settings.format.name(),
        /// The badge of all rows that name none.
        #[schema(required, value_type = Option<String>, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: Option<BadgeId> = job.settings.badge,
        /// Who triggers all rows that say nothing of it.
        #[schema(required)]
        triggeredBy: Option<OwnerBody<'a>> =
            job.settings.triggered_by.as_ref().map(OwnerBody::new),
        /// The event date of all rows that have none.
        #[schema(required)]
        eventDate: Option<WireInstant> = job.settings.event_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        eventDateISO: Option<WireIso> = job.settings.event_on.map(Into::into),
        /// Why it failed; null unless it did.
        #[schema(required)]
        failure: Option<&'a str> = job.failure.as_deref(),
    }
    new(view: &'a JobView) { let job = &view.job; }
}

answer! {
    /// What became of the rows of a job so far.
    #[schema(as = JobRows)]
    pub struct JobRowsBody {
        /// How many there are; null until all of them were read.
        #[schema(required)]
        total: Option<u64> = rows.total,
        /// Those that have their outcome.
        processed: u64 = rows.processed(),
        /// Those that were carried out.
        succeeded: u64 = rows.succeeded,
        /// Those that a rule refused.
        refused: u64 = rows.refused,
        /// Those that cannot be read.
        invalid: u64 = rows.invalid,
    }
    new(rows: &Rows) {}
}

answer! {
    /// A page of an organisation's jobs, the newest first.
    #[schema(as = JobList)]
    pub struct JobListBody<'a> {
        /// The jobs of the page.
        jobs: Vec<JobBody<'a>> = page.items.iter().map(JobBody::new).collect(),
        /// Which page it is.
        pagination: Pagination = Pagination::new(asked, page.total),
    }
    new(page: &'a Page<JobView>, asked: PageOf) {}
}

answer! {
    /// A part of a job's file that is there.
    #[schema(as = JobPart)]
    pub struct JobPartBody<'a> {
        /// The job.
        #[schema(example = "spring-2026")]
        jobId: &'a str = job.as_str(),
        /// The number of the part, from 1.
        part: u32 = part,
    }
    new(job: &'a JobId, part: u32) {}
}

answer! {
    /// A job that there is no more.
    #[schema(as = JobReference)]
    pub struct JobReferenceBody<'a> {
        /// Its id.
        #[schema(example = "spring-2026")]
        jobId: &'a str = job.as_str(),
    }
    new(job: &'a JobId) {}
}
