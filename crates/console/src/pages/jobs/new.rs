//! A new job: a file is dropped, and tried or carried out.

use accolade_application::answer::Answer;
use accolade_application::badges;
use accolade_application::jobs::{self, CreateJob};
use accolade_application::ports::{BadgeQuery, BadgeSort, SortOrder};
use accolade_domain::job::{JobFormat, JobId, JobOperation, JobSettings};
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};
use accolade_http::pages::Failure;
use accolade_wire::job::request::JobRequestBody;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::act::{KEY, STEP};
use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::parts::Choice;
use crate::router::Answered;
use crate::texts as t;
use crate::upload::{self, Upload};
use crate::visit::{Visit, lead_to};

/// The most bytes of a file that is sent by a page; longer ones are sent in parts, by the API.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The fields that the form has.
const FIELDS: &[&str] = &[
    "file",
    "operation",
    "badgeMetaId",
    "ownerType",
    "referenceId",
    "eventDate",
];

/// The most badges that are offered.
const MOST_BADGES: u32 = 200;

#[derive(Template)]
#[template(path = "job_new.html")]
struct NewJobPage {
    frame: Frame,
    operations: Vec<Choice>,
    badges: Vec<Choice>,
    owners: Vec<Choice>,
    reference: String,
    event: String,
    key: String,
}

pub(super) async fn begin(visit: Visit) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    shown(&visit, &form, Vec::new(), StatusCode::OK).await
}

pub(super) async fn create(mut visit: Visit) -> Answered {
    let body = visit.body(MOST_BYTES).await?;
    let Upload { form, file } = upload::read(visit.http.headers(), body).await?;
    let bad = StatusCode::BAD_REQUEST;
    let Some((called, bytes)) = file else {
        let problem = Problem::at("file", t::CHOOSE_A_FILE);
        return shown(&visit, &form, vec![problem], bad).await;
    };
    let settings = match settings(&visit, &form, &called) {
        Ok(settings) => settings,
        Err(problems) => return shown(&visit, &form, problems, bad).await,
    };
    // A form with another file is another form. To look at all of it takes a while, on a thread that may.
    let all = bytes.clone();
    let digest = visit.look_up(move |_, _| Ok(Sha256::digest(&all)));
    let said = form.with("file", format!("{called} {:x}", digest.await?));
    match start(&visit, &said, settings, bytes.to_vec()).await {
        Ok(place) => Ok(lead_to(place)),
        Err(failure) => shown(&visit, &form, problems_of(&failure), failure.status()).await,
    }
}

/// Carries out what a job has only tried: another job with the same file.
pub(super) async fn carry_out_tried(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let job = super::show::id(&visit)?;
    let (settings, file) = visit
        .look_up(move |ports, caller| {
            let view = jobs::job(ports, caller, &job)?;
            let store = &ports.stores.jobs;
            let parts = store.parts(caller.org, &job)?;
            let bytes: u64 = parts.iter().map(|part| u64::from(part.bytes)).sum();
            if bytes > MOST_BYTES as u64 {
                let rejection = Rejection::new(Code::BodyTooLarge);
                return Err(rejection.with_message(t::FILE_TOO_LONG).into());
            }
            let mut file = Vec::new();
            for part in parts {
                let bytes = store.part(caller.org, &job, part.number)?;
                file.extend(bytes.unwrap_or_default());
            }
            let settings = JobSettings {
                dry_run: false,
                ..view.job.settings
            };
            Ok((settings, file))
        })
        .await?;
    let place = start(&visit, &form, settings, file).await?;
    Ok(lead_to(place))
}

/// Creates the job and starts it. Gives where it is shown.
async fn start(
    visit: &Visit,
    form: &Form,
    settings: JobSettings,
    file: Vec<u8>,
) -> Result<String, Failure> {
    // The same form is the same job, so the job has an id that the form has.
    let command = CreateJob {
        id: JobId::try_from(form.typed(KEY)).ok(),
        settings,
        file: Some(file),
        start: true,
        limits: visit.context.job_limits(),
    };
    let executed = visit.carry_out(form, command).await?;
    Ok(match executed.answer() {
        Answer::Job(view) => format!("/console/jobs/{}?done=job-started", view.job.id),
        _ => "/console/jobs?done=held".to_owned(),
    })
}

/// What the form asks for, with a file that is called so.
fn settings(visit: &Visit, form: &Form, called: &str) -> Result<JobSettings, Vec<Problem>> {
    let event_on = visit.moments().read(form.typed("eventDate"));
    let event_on = event_on.map_err(|_| vec![Problem::at("eventDate", t::NO_MOMENT)])?;
    let called = called.to_ascii_lowercase();
    let is_ndjson = [".ndjson", ".jsonl"].iter().any(|it| called.ends_with(it));
    let format = if is_ndjson {
        JobFormat::Ndjson
    } else {
        JobFormat::Csv
    };
    let owner = form.given("ownerType");
    let body = json!({
        "operation": form.typed("operation"),
        "format": format.name(),
        "badgeMetaId": form.given("badgeMetaId"),
        "triggeredBy": owner.map(|owner| json!({
            "ownerType": owner,
            "referenceId": form.given("referenceId"),
        })),
        "eventDate": event_on.map(|it| it.to_string()),
        "dryRun": form.has(STEP, "try"),
    });
    let read = JobRequestBody::parse(body.to_string().as_bytes());
    let problem = |it: &Rejection| {
        let Problem { text, at } = Problem::from(it);
        // The form has the parts of the owner side by side.
        let at = at.map(|at| at.trim_start_matches("triggeredBy.").to_owned());
        Problem { text, at }
    };
    read.map(|it| it.value.settings)
        .map_err(|all| all.iter().map(problem).collect())
}

async fn shown(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let query = BadgeQuery {
        now: visit.now(),
        statuses: Vec::new(),
        earn_type: None,
        active: None,
        owner: None,
        claimed_by: None,
        unclaimed: None,
        group: None,
        name_contains: None,
        starts_from: None,
        ends_until: None,
        sort: BadgeSort::Name,
        order: SortOrder::Ascending,
        page: 0,
        size: MOST_BADGES,
    };
    let found = visit.look_up(move |ports, caller| badges::list(ports, caller, &query));
    let found = found.await?;
    let badges = found.badges.iter().map(|it| {
        let name = it.badge.definition.name.to_string();
        (it.badge.id.to_string(), name)
    });
    let in_rows = (String::new(), t::IN_THE_ROWS.to_owned());
    let operations = JobOperation::ALL.iter();
    let operations = operations.map(|it| (it.name(), t::job_operation(*it)));
    let owners = OwnerType::ALL.iter();
    let owners = owners.map(|it| (it.name(), t::owner_type(*it)));
    let by_hand = ("", t::BY_HAND.to_owned());
    let page = NewJobPage {
        frame: visit.frame(t::NEW_JOB).with_problems_of(problems, FIELDS),
        operations: Choice::of(operations, form.typed("operation")),
        badges: Choice::of(
            [in_rows].into_iter().chain(badges),
            form.typed("badgeMetaId"),
        ),
        owners: Choice::of([by_hand].into_iter().chain(owners), form.typed("ownerType")),
        reference: form.typed("referenceId").to_owned(),
        event: form.typed("eventDate").to_owned(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}
