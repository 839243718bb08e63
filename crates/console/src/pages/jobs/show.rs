//! The page of a job: how far it has come, and the rows that were not carried out.

use std::collections::BTreeMap;

use accolade_application::access::Caller;
use accolade_application::answer::JobView;
use accolade_application::error::UseCaseError;
use accolade_application::jobs;
use accolade_application::ports::Ports;
use accolade_domain::actor::Actor;
use accolade_domain::job::{Job, JobFormat, JobId, JobState, RowStatus};
use accolade_domain::operator::Permission;
use accolade_http::pages::Failure;
use accolade_wire::job::ResultsStream;
use askama::Template;
use serde_json::Value;

use super::list::kind;
use crate::frame::{Frame, show};
use crate::moment::Moment;
use crate::pages::customers::names;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, nothing_there};

/// How many rows are shown that were not carried out, of each kind.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    frame: Frame,
    id: String,
    operation: &'static str,
    is_trial: bool,
    state: &'static str,
    kind: &'static str,
    stage: Stage,
    created: (Moment, String),
    started: Option<Moment>,
    finished: Option<Moment>,
    estimated: Option<Moment>,
    speed: Option<String>,
    failure: Option<String>,
    processed: u64,
    total: Option<u64>,
    succeeded: u64,
    refused: u64,
    invalid: u64,
    rows: Vec<Row>,
    has_more: bool,
    may_run: bool,
    key: String,
}

/// How far a job has come, as far as the page shows other things by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has become of its rows yet.
    Open,
    /// Its rows are carried out, or wait for that.
    UnderWay,
    /// It has ended.
    Ended,
    /// It has ended, and what it has tried can be carried out.
    Tried,
}

impl Stage {
    const fn of(job: &Job, may_run: bool) -> Self {
        match job.state {
            JobState::Open => Self::Open,
            JobState::Completed if job.settings.dry_run && may_run => Self::Tried,
            state if state.is_finished() => Self::Ended,
            _ => Self::UnderWay,
        }
    }

    const fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }

    const fn is_tried(self) -> bool {
        matches!(self, Self::Tried)
    }

    const fn is_finished(self) -> bool {
        matches!(self, Self::Ended | Self::Tried)
    }
}

/// A row that was not carried out.
struct Row {
    line: String,
    status: String,
    code: String,
    message: String,
    text: String,
}

struct Found {
    view: JobView,
    rows: Vec<Row>,
    names: BTreeMap<Actor, String>,
}

/// The id in the path.
pub(super) fn id(visit: &Visit) -> Result<JobId, Failure> {
    let text: String = visit.path("job")?;
    JobId::try_from(text).map_err(|_| nothing_there().into())
}

pub(super) async fn show_job(visit: Visit) -> Answered {
    let id = id(&visit)?;
    let found = visit.look_up(move |ports, caller| find(ports, caller, &id));
    let Found { view, rows, names } = found.await?;
    let (job, moments) = (&view.job, visit.moments());
    let may_run = visit.may(Permission::RunJobs);
    let stage = Stage::of(job, may_run);
    let mut frame = visit
        .frame(t::job(job.id.as_str()))
        .telling(visit.query.typed("done"));
    frame.refreshes = stage == Stage::UnderWay;
    let by = names.get(&job.created_by).cloned().unwrap_or_default();
    let page = JobPage {
        frame,
        id: job.id.to_string(),
        operation: t::job_operation(job.settings.operation),
        is_trial: job.settings.dry_run,
        state: t::job_state(job.state),
        kind: kind(job.state),
        stage,
        created: (moments.show(job.created_on), by),
        started: moments.maybe(job.started_on),
        finished: moments.maybe(job.finished_on),
        estimated: moments.maybe(view.estimated_end),
        speed: view.rows_per_second.map(t::rows_per_second),
        failure: job.failure.clone(),
        processed: job.rows.processed(),
        total: job.rows.total,
        succeeded: job.rows.succeeded,
        refused: job.rows.refused,
        invalid: job.rows.invalid,
        has_more: (rows.len() as u64) < job.rows.refused + job.rows.invalid,
        rows,
        may_run,
        key: visit.new_key(),
    };
    show(&page)
}

fn find(ports: &Ports, caller: &Caller, id: &JobId) -> Result<Found, UseCaseError> {
    let view = jobs::job(ports, caller, id)?;
    let mut rows = Vec::new();
    if view.job.rows.refused > 0 {
        rows.extend(not_carried_out(ports, caller, id, RowStatus::Refused)?);
    }
    if view.job.rows.invalid > 0 {
        rows.extend(not_carried_out(ports, caller, id, RowStatus::Invalid)?);
    }
    let names = names(ports, caller, [view.job.created_by].into_iter())?;
    Ok(Found { view, rows, names })
}

/// The first rows with this status; none if what became of rows is kept no more.
fn not_carried_out(
    ports: &Ports,
    caller: &Caller,
    id: &JobId,
    status: RowStatus,
) -> Result<Vec<Row>, UseCaseError> {
    let results = match jobs::results(ports, caller, id) {
        Ok(results) => results,
        Err(UseCaseError::Refused(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut stream = ResultsStream::new(results, JobFormat::Ndjson, Some(status));
    let mut rows = Vec::new();
    while rows.len() < SHOWN {
        let Some(block) = stream.next_block()? else {
            break;
        };
        let lines = block.text.split(|byte| *byte == b'\n');
        let read = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        rows.extend(read.map(|it| row(&it)).take(SHOWN - rows.len()));
    }
    Ok(rows)
}

fn row(value: &Value) -> Row {
    let text = |name: &str| match &value[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Row {
        line: text("line"),
        status: t::row_status(value["status"].as_str().unwrap_or_default()),
        code: text("code"),
        message: text("message"),
        text: text("row"),
    }
}
