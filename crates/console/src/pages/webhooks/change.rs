//! A webhook stopped and let go on, tried out, its secret changed, events sent again; and deleted.

use accolade_application::Command;
use accolade_application::answer::Answer;
use accolade_application::webhooks::{
    DeleteWebhook, MoveWebhook, ResendEvents, RotateWebhook, Stretch, TestWebhook,
};
use accolade_domain::event::Position;
use accolade_http::pages::Way;
use actix_web::http::StatusCode;

use super::show::{Beside, id, shown};
use crate::act::{self, KEY};
use crate::form::Form;
use crate::frame::{Problem, problems_of};
use crate::pages::confirm::{Confirmation, confirm};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

pub(super) async fn pause(visit: Visit) -> Answered {
    turn(visit, false).await
}

pub(super) async fn enable(visit: Visit) -> Answered {
    turn(visit, true).await
}

async fn turn(mut visit: Visit, enable: bool) -> Answered {
    let form = visit.form().await?;
    let webhook = id(&visit)?;
    let done = if enable { "enabled" } else { "paused" };
    carry_out(&visit, &form, MoveWebhook { webhook, enable }, done).await
}

pub(super) async fn test(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let webhook = id(&visit)?;
    let mut beside = Beside::default();
    let mut status = StatusCode::OK;
    let command = TestWebhook { webhook };
    match visit.carry_out_by(Way::Receiver, &form, command).await {
        Ok(executed) => {
            if let Answer::WebhookTested { event, result } = executed.answer() {
                beside.tested = Some((event.clone(), result.clone()));
            }
        }
        Err(failure) => {
            beside.problems = problems_of(&failure);
            status = failure.status();
        }
    }
    shown(&visit, beside, status).await
}

pub(super) async fn resend(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let webhook = id(&visit)?;
    match stretch(&visit, &form) {
        Ok(stretch) => {
            let command = ResendEvents {
                webhook,
                stretch,
                only_failed: form.says("onlyFailed"),
            };
            carry_out(&visit, &form, command, "resent").await
        }
        Err(problems) => {
            let beside = Beside {
                form,
                problems,
                ..Beside::default()
            };
            shown(&visit, beside, StatusCode::BAD_REQUEST).await
        }
    }
}

/// Which events the form names: one, or those of some time.
fn stretch(visit: &Visit, form: &Form) -> Result<Stretch, Vec<Problem>> {
    let position = form.typed("position").parse::<i64>().ok();
    if let Some(position) = position.and_then(|it| Position::try_from(it).ok()) {
        return Ok(Stretch::Positions(vec![position]));
    }
    let moments = visit.moments();
    let read = |name: &str| {
        let read = moments.read(form.typed(name));
        read.map_err(|_| vec![Problem::at(name, t::NO_MOMENT)])
    };
    let (from, until) = (read("from")?, read("until")?);
    let from = from.ok_or_else(|| vec![Problem::at("from", t::NO_MOMENT)])?;
    if until.is_some_and(|until| until <= from) {
        return Err(vec![Problem::at("until", t::NOT_LATER)]);
    }
    Ok(Stretch::Recorded { from, until })
}

async fn carry_out<C: Command + Send + 'static>(
    visit: &Visit,
    form: &Form,
    command: C,
    done: &str,
) -> Answered {
    match visit.carry_out(form, command).await {
        Ok(executed) => {
            let done = act::done(&executed, done);
            let place = format!("/console/webhooks/{}?done={done}", id(visit)?);
            Ok(lead_to(place))
        }
        Err(failure) => {
            let beside = Beside {
                form: form.clone(),
                problems: problems_of(&failure),
                ..Beside::default()
            };
            shown(visit, beside, failure.status()).await
        }
    }
}

pub(super) async fn ask_to_rotate(visit: Visit) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    ask(
        &visit,
        &form,
        (t::ROTATE, t::ROTATE_TEXT),
        Vec::new(),
        StatusCode::OK,
    )
}

pub(super) async fn rotate(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let webhook = id(&visit)?;
    match visit.carry_out(&form, RotateWebhook { webhook }).await {
        Ok(executed) => {
            let beside = Beside {
                done: act::done(&executed, "rotated").to_owned(),
                secret: match executed.into_answer() {
                    Answer::Webhook(view) => view.secret,
                    _ => None,
                },
                ..Beside::default()
            };
            shown(&visit, beside, StatusCode::OK).await
        }
        Err(failure) => {
            let (problems, status) = (problems_of(&failure), failure.status());
            ask(&visit, &form, (t::ROTATE, t::ROTATE_TEXT), problems, status)
        }
    }
}

pub(super) async fn ask_to_delete(visit: Visit) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    let question = (t::DELETE_WEBHOOK, t::DELETE_WEBHOOK_TEXT);
    ask(&visit, &form, question, Vec::new(), StatusCode::OK)
}

pub(super) async fn delete(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let webhook = id(&visit)?;
    match visit.carry_out(&form, DeleteWebhook { webhook }).await {
        Ok(executed) => {
            let done = act::done(&executed, "webhook-deleted");
            Ok(lead_to(format_args!("/console/webhooks?done={done}")))
        }
        Err(failure) => {
            let question = (t::DELETE_WEBHOOK, t::DELETE_WEBHOOK_TEXT);
            let (problems, status) = (problems_of(&failure), failure.status());
            ask(&visit, &form, question, problems, status)
        }
    }
}

fn ask(
    visit: &Visit,
    form: &Form,
    (title, text): (&'static str, &'static str),
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let webhook = id(visit)?;
    let confirmation = Confirmation {
        title,
        about: t::webhook(webhook),
        text,
        back: format!("/console/webhooks/{webhook}"),
        is_dangerous: title == t::DELETE_WEBHOOK,
    };
    confirm(visit, confirmation, form, problems, status)
}
