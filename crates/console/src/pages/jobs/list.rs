//! The jobs of the org.

use accolade_application::answer::JobView;
use accolade_application::jobs;
use accolade_domain::job::JobState;
use accolade_domain::listing::PageOf;
use accolade_domain::operator::Permission;
use askama::Template;

use crate::frame::{Frame, show};
use crate::moment::{Moment, Moments};
use crate::parts::Pager;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

/// How many jobs a page has.
const SIZE: u32 = 25;

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    frame: Frame,
    may_run: bool,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: String,
    operation: &'static str,
    is_trial: bool,
    state: &'static str,
    kind: &'static str,
    created: Moment,
    finished: Option<Moment>,
    succeeded: u64,
    refused: u64,
    invalid: u64,
}

pub(super) async fn list_jobs(visit: Visit) -> Answered {
    let of = PageOf {
        page: visit.asks("page").unwrap_or(0),
        size: SIZE,
    };
    let found = visit.look_up(move |ports, caller| jobs::jobs(ports, caller, of));
    let found = found.await?;
    let moments = visit.moments();
    show(&JobsPage {
        frame: visit.frame(t::JOBS).telling(visit.query.typed("done")),
        may_run: visit.may(Permission::RunJobs),
        rows: found.items.iter().map(|it| row(it, &moments)).collect(),
        pager: Pager::new("/console/jobs", &visit.query, of, found.total),
    })
}

fn row(view: &JobView, moments: &Moments) -> Row {
    let job = &view.job;
    Row {
        id: job.id.to_string(),
        operation: t::job_operation(job.settings.operation),
        is_trial: job.settings.dry_run,
        state: t::job_state(job.state),
        kind: kind(job.state),
        created: moments.show(job.created_on),
        finished: moments.maybe(job.finished_on),
        succeeded: job.rows.succeeded,
        refused: job.rows.refused,
        invalid: job.rows.invalid,
    }
}

/// How the state of a job looks.
pub(super) const fn kind(state: JobState) -> &'static str {
    match state {
        JobState::Open | JobState::Queued | JobState::Running => "soon",
        JobState::Cancelling | JobState::Cancelled => "odd",
        JobState::Completed => "good",
        JobState::Failed => "bad",
    }
}
