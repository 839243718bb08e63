//! Jobs: files of rows, each carried out as if it had been a request of its own.

use accolade_application::access::{AccessGroup, AccessGroups};
use accolade_application::error::UseCaseError;
use accolade_application::jobs::{self, CancelJob, CreateJob, DeleteJob, PutPart, StartJob};
use accolade_application::ports::MOST_PART_BYTES;
use accolade_domain::job::{JobId, JobState};
use accolade_domain::rejection::Rejection;
use accolade_wire::job::answer::{JobBody, JobListBody, JobPartBody, JobReferenceBody};
use accolade_wire::job::query as job_query;
use accolade_wire::job::request::{JobRequestBody, OPERATION, read_query, unused};
use accolade_wire::job::{ResultBlock, ResultsStream};
use accolade_wire::query::words as query_words;
use accolade_wire::render;
use actix_web::HttpResponse;
use tokio::time::{Duration, Instant};

use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::middleware::waited::Waited;
use crate::operation::{self, Operation, Success, delete, example, post, put};
use crate::routes::call::Call;
use crate::routes::lookup::Lookup;
use crate::routes::mutation::Mutation;
use crate::streamed::{Block, Blocks, Opened};

/// The chapter of the document.
const TAG: &str = "Jobs";

/// How many jobs a page has unless told otherwise.
const DEFAULT_SIZE: u32 = 10;

pub(crate) fn operations() -> Vec<Operation> {
    [creation(), actions(), lookups()]
        .into_iter()
        .flatten()
        .collect()
}

fn creation() -> Vec<Operation> {
    vec![
        post("/jobs", create)
            .named("createJob", TAG, "Create a job")
            .about(
                "\
Its file follows in parts; then start it. A small file comes in one go: with `operation` in the query \
the body is the file, of any type and at most 8 MiB once decoded, and the other settings are parameters \
as well. What is the same for all rows may stand here; a row's own wins. Who may do what a row of it \
does may create the job.",
            )
            .needs_what_jobs_need()
            .json_body::<JobRequestBody>(example!("job.request"))
            .also_takes_file("text/csv", example!("job-file", "csv"))
            .also_takes_file("application/x-ndjson", example!("job-file", "ndjson"))
            .query(
                "operation",
                "ENROL, EARN, REVOKE_ENROLMENTS, REVOKE_EARNS, IMPORT or CUSTOMERS: the body is the file.",
            )
            .query("format", "CSV or NDJSON; required with `operation`.")
            .flag("start", "With `operation`: whether it is started at once.")
            .query("jobId", "With `operation`: the caller's id of the job.")
            .query("badgeMetaId", "With `operation`: the badge of all rows that name none.")
            .query(
                "ownerType",
                "With `operation`: who triggers all rows that say nothing of it.",
            )
            .query("referenceId", "With `ownerType`: its own id of the use.")
            .query(
                "eventDate",
                "With `operation`: the event date of all rows that have none.",
            )
            .flag("dryRun", "With `operation`: whether nothing is to be recorded.")
            .answers::<Success<JobBody<'static>>>("Created.", example!("job-created"))
            .may_be_held()
            .codes(&[716, 717, 809, 1963, 1965, 1969, 1993]),
        put("/jobs/{id}/parts/{n}", put_part)
            .named("putJobPart", TAG, "Send a part of a job's file")
            .about(
                "\
The bytes of the file, cut anywhere, at most 8 MiB of them in each part once decoded, in any order. The \
same bytes under the same number again change nothing.",
            )
            .needs_what_jobs_need()
            .of_job()
            .path_parameter("n", "The number of the part, from 1.")
            .header("Content-Encoding", "gzip or zstd, if the part is compressed.")
            .file_body(example!("job-file", "csv"))
            .answers::<Success<JobPartBody<'static>>>("It is there.", example!("job-part"))
            .codes(&[1943, 1963, 1964]),
    ]
}

fn actions() -> Vec<Operation> {
    vec![
        post("/jobs/{id}/start", start)
            .named("startJob", TAG, "Start a job")
            .about(
                "\
Its file is complete then. It is carried out by whichever server has time, row by row, and goes on by \
itself whatever happens to that server. Started again it stays as it is.",
            )
            .needs_what_jobs_need()
            .of_job()
            .answers::<Success<JobBody<'static>>>("Started.", example!("job-created"))
            .may_be_held()
            .codes(&[1963, 1969]),
        post("/jobs/{id}/cancel", cancel)
            .named("cancelJob", TAG, "Cancel a job")
            .about(
                "\
What was carried out stays so; the rows behind that are UNPROCESSED in the results. Cancelled again, or \
once it has ended, it stays as it is.",
            )
            .needs_what_jobs_need()
            .of_job()
            .answers::<Success<JobBody<'static>>>(
                "It is cancelled, or will be behind the rows that are under way.",
                example!("job"),
            ),
        delete("/jobs/{id}", remove)
            .named("deleteJob", TAG, "Delete a job")
            .about("With its file and its results. What it recorded stays.")
            .needs_what_jobs_need()
            .of_job()
            .answers::<Success<JobReferenceBody<'static>>>("Deleted.", example!("job-id"))
            .codes(&[1942, 1952, 1963]),
    ]
}

fn lookups() -> Vec<Operation> {
    vec![
        operation::get("/jobs/{id}", get)
            .named("getJob", TAG, "Look up a job")
            .about("How far it is. With `wait` the answer comes as soon as it has ended.")
            .needs_what_jobs_need()
            .of_job()
            .number(
                "wait",
                "How many seconds to wait for its end: 0 to 25, default 0.",
            )
            .answers::<Success<JobBody<'static>>>("The job.", example!("job")),
        operation::get("/jobs", list)
            .named("listJobs", TAG, "List jobs")
            .about("The newest first; those whose operation the client may do.")
            .needs_what_jobs_need()
            .pages(DEFAULT_SIZE)
            .answers::<Success<JobListBody<'static>>>("One page of jobs.", example!("jobs")),
        operation::get("/jobs/{id}/results", results)
            .named("getJobResults", TAG, "What became of each row")
            .about(
                "\
In the order of the file: `line`, `status`, `id`, `code`, `message`, then in CSV the file's own columns \
(an NDJSON file's line as `row`), in NDJSON `row`. Rows that have no outcome, or none yet, are \
UNPROCESSED. An answer that breaks off is not all there is.",
            )
            .needs_what_jobs_need()
            .of_job()
            .query(
                "only",
                "all (default), succeeded, refused, invalid or unprocessed.",
            )
            .query("format", "CSV or NDJSON; default: as the file.")
            .answers_file("The rows.", "text/csv", example!("job-results", "csv"))
            .answers_file(
                "The rows.",
                "application/x-ndjson",
                example!("job-results", "ndjson"),
            )
            .answers_header("200", "Accolade-Warnings")
            .codes(&[1963]),
    ]
}

impl Operation {
    /// Makes it one for those who may do what the rows of some job do; which it is, the use case asks.
    fn needs_what_jobs_need(self) -> Self {
        self.needs(AccessGroups::from_iter([
            AccessGroup::BadgesIssue,
            AccessGroup::BadgesWrite,
        ]))
    }

    /// Makes it about the job in its path.
    fn of_job(self) -> Self {
        self.path_parameter("id", "The id of the job.")
            .codes(&[1962])
    }
}

async fn create(call: Call) -> Result<HttpResponse, Failure> {
    if call.asks(OPERATION) {
        create_with_file(call).await
    } else {
        create_without_file(call).await
    }
}

async fn create_without_file(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let asked = call.read(JobRequestBody::parse).await?;
    let limits = call.state.options.job_limits;
    let command = asked.map(|asked| CreateJob {
        id: asked.id,
        settings: asked.settings,
        file: None,
        start: false,
        limits,
    });
    call.execute(command).await
}

async fn create_with_file(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.keeping_dry_run().open_file().await?;
    let asked = read_query(&mut call.query);
    let unused = asked.as_ref().map(|asked| unused(&asked.settings));
    let file = call
        .read_file(MOST_PART_BYTES, unused.unwrap_or_default())
        .await?;
    let limits = call.state.options.job_limits;
    let command = file.and_then(|file| {
        // What is wrong with what was asked for, the query has told.
        let asked = asked.ok_or_else(Vec::new)?;
        Ok(CreateJob {
            id: asked.id,
            settings: asked.settings,
            file: Some(file),
            start: asked.start,
            limits,
        })
    });
    call.execute(command).await
}

async fn put_part(call: Call) -> Result<HttpResponse, Failure> {
    let (id, part) = (id(&call), part(&call));
    let mut call = call.open_file().await?;
    let data = call.read_file(MOST_PART_BYTES, Vec::new()).await?;
    let limits = call.state.options.job_limits;
    let command = data.and_then(|data| {
        Ok(PutPart {
            job: id?,
            part,
            data,
            limits,
        })
    });
    call.execute(command).await
}

async fn start(call: Call) -> Result<HttpResponse, Failure> {
    let (call, job) = of_job(call).await?;
    call.execute(job.map(|job| StartJob { job })).await
}

async fn cancel(call: Call) -> Result<HttpResponse, Failure> {
    let (call, job) = of_job(call).await?;
    call.execute(job.map(|job| CancelJob { job })).await
}

async fn remove(call: Call) -> Result<HttpResponse, Failure> {
    let (call, job) = of_job(call).await?;
    call.execute(job.map(|job| DeleteJob { job })).await
}

async fn get(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open_lookup().await?;
    let id = id?;
    let wait = job_query::wait(&mut call.query);
    let waited = wait_for_end(&mut call, &id, wait).await?;
    let look_up = call.answer(move |ports, caller, context| {
        let job = jobs::job(ports, caller, &id)?;
        render::enveloped(&JobBody::new(&job), context)
    });
    let mut response = look_up.await?;
    waited.note(&mut response);
    Ok(response)
}

/// Waits at most `wait` for the end of a job that the caller may see, and gives the request as much more
/// time; how long that took.
///
/// # Errors
/// There is no such job, or the caller may not see it; the store failed.
async fn wait_for_end(call: &mut Lookup, id: &JobId, wait: Duration) -> Result<Waited, Failure> {
    let begun = Instant::now();
    if wait.is_zero() {
        return Ok(Waited(Duration::ZERO));
    }
    let (ports, caller, job) = (call.state.ports.clone(), call.caller.clone(), id.clone());
    let look_up = move || jobs::job(&ports, &caller, &job);
    let dispatcher = &call.state.dispatcher;
    let found = dispatcher
        .run(call.turn(), call.deadline, Effect::Reads, look_up)
        .await??;
    if found.job.state.is_finished() {
        return Ok(Waited(Duration::ZERO));
    }
    call.deadline = call.deadline.later_by(wait);
    let subject = (call.caller.org, id.clone());
    let follower = call.state.job_followers.follow(subject);
    let has_ended = |state: &Option<_>| state.is_none_or(JobState::is_finished);
    follower.wait(has_ended, begun + wait).await?;
    Ok(Waited(begun.elapsed()))
}

async fn list(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open_lookup().await?;
    let asked = query_words::page(&mut call.query, DEFAULT_SIZE);
    call.answer(move |ports, caller, context| {
        let page = jobs::jobs(ports, caller, asked)?;
        render::enveloped(&JobListBody::new(&page, asked), context)
    })
    .await
}

async fn results(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open_lookup().await?;
    let asked = job_query::results(&mut call.query);
    call.answer_in_blocks(move |ports, caller| {
        let results = jobs::results(ports, caller, &id?)?;
        let format = asked.format.unwrap_or(results.job.settings.format);
        Ok(Opened {
            blocks: ResultsStream::new(results, format, asked.only),
            content_type: job_query::content_type(format),
            headers: Vec::new(),
            warnings: Vec::new(),
        })
    })
    .await
}

impl Blocks for ResultsStream {
    fn next(&mut self) -> Result<Option<Block>, Failure> {
        let block = self.next_block()?;
        Ok(block.map(|ResultBlock { text, rows }| Block {
            bytes: text.into(),
            rows,
        }))
    }
}

/// The opened call, whose body says nothing, and the job in its path.
async fn of_job(call: Call) -> Result<(Mutation, Result<JobId, UseCaseError>), Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let job = call.read_nothing().and_then(|()| Ok(id?));
    Ok((call, job))
}

/// The job in the path. There is none of a malformed id.
fn id(call: &Call) -> Result<JobId, Rejection> {
    let text = call.path_part("id").ok();
    text.and_then(|text| JobId::try_from(text).ok())
        .ok_or_else(jobs::no_such_job)
}

/// The number of the part in the path; 0, which no part has, if it is none.
fn part(call: &Call) -> u32 {
    let number = call.path_part("n").ok().and_then(|text| text.parse().ok());
    number.unwrap_or(0)
}
