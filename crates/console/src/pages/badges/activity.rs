//! Turning a badge on and off.

use accolade_application::badges::{self, SetActivity};
use accolade_domain::ids::BadgeId;
use actix_web::http::StatusCode;

use crate::act::{KEY, done};
use crate::form::Form;
use crate::frame::{Problem, problems_of};
use crate::pages::confirm::{Confirmation, confirm};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

pub(super) async fn ask_to_activate(visit: Visit) -> Answered {
    ask(visit, true).await
}

pub(super) async fn ask_to_deactivate(visit: Visit) -> Answered {
    ask(visit, false).await
}

pub(super) async fn activate(visit: Visit) -> Answered {
    answer(visit, true).await
}

pub(super) async fn deactivate(visit: Visit) -> Answered {
    answer(visit, false).await
}

async fn ask(visit: Visit, active: bool) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    shown(&visit, active, &form, Vec::new(), StatusCode::OK).await
}

async fn answer(mut visit: Visit, active: bool) -> Answered {
    let form = visit.form().await?;
    let badge: BadgeId = visit.path("badge")?;
    match visit.carry_out(&form, SetActivity { badge, active }).await {
        Ok(executed) => {
            let word = if active { "activated" } else { "deactivated" };
            let done = done(&executed, word);
            Ok(lead_to(format_args!("/console/badges/{badge}?done={done}")))
        }
        Err(failure) => {
            let problems = problems_of(&failure);
            shown(&visit, active, &form, problems, failure.status()).await
        }
    }
}

async fn shown(
    visit: &Visit,
    active: bool,
    form: &Form,
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let badge: BadgeId = visit.path("badge")?;
    let view = visit.look_up(move |ports, caller| badges::get(ports, caller, badge));
    let (title, text) = if active {
        (t::ACTIVATE, t::ACTIVATE_TEXT)
    } else {
        (t::DEACTIVATE, t::DEACTIVATE_TEXT)
    };
    let confirmation = Confirmation {
        title,
        about: view.await?.badge.definition.name.to_string(),
        text,
        back: format!("/console/badges/{badge}"),
        is_dangerous: !active,
    };
    confirm(visit, confirmation, form, problems, status)
}
