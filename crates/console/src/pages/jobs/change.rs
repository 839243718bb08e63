//! Stopping a job, and deleting it.

use accolade_application::Command;
use accolade_application::jobs::{CancelJob, DeleteJob};
use actix_web::http::StatusCode;

use crate::act::KEY;
use crate::form::Form;
use crate::frame::{Problem, problems_of};
use crate::pages::confirm::{Confirmation, confirm};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// What is asked for once more.
#[derive(Debug, Clone, Copy)]
struct Question {
    title: &'static str,
    text: &'static str,
}

const CANCEL: Question = Question {
    title: t::STOP_JOB,
    text: t::STOP_JOB_TEXT,
};
const DELETE: Question = Question {
    title: t::DELETE_JOB,
    text: t::DELETE_JOB_TEXT,
};

pub(super) async fn ask_to_cancel(visit: Visit) -> Answered {
    ask(&visit, CANCEL)
}

pub(super) async fn ask_to_delete(visit: Visit) -> Answered {
    ask(&visit, DELETE)
}

pub(super) async fn cancel(visit: Visit) -> Answered {
    let job = super::show::id(&visit)?;
    let place = format!("/console/jobs/{job}?done=job-stopped");
    answer(visit, CancelJob { job }, place, CANCEL).await
}

pub(super) async fn delete(visit: Visit) -> Answered {
    let job = super::show::id(&visit)?;
    let place = "/console/jobs?done=job-deleted".to_owned();
    answer(visit, DeleteJob { job }, place, DELETE).await
}

fn ask(visit: &Visit, question: Question) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    shown(visit, &form, question, Vec::new(), StatusCode::OK)
}

async fn answer<C: Command + Send + 'static>(
    mut visit: Visit,
    command: C,
    place: String,
    question: Question,
) -> Answered {
    let form = visit.form().await?;
    match visit.carry_out(&form, command).await {
        Ok(_) => Ok(lead_to(place)),
        Err(failure) => {
            let problems = problems_of(&failure);
            shown(&visit, &form, question, problems, failure.status())
        }
    }
}

fn shown(
    visit: &Visit,
    form: &Form,
    question: Question,
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let job = super::show::id(visit)?;
    let confirmation = Confirmation {
        title: question.title,
        about: t::job(job.as_str()),
        text: question.text,
        back: format!("/console/jobs/{job}"),
        is_dangerous: true,
    };
    confirm(visit, confirmation, form, problems, status)
}
