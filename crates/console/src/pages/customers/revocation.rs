//! Revoking an enrolment or an earn: first whether it can be, then for a reason.

use accolade_application::answer::Answer;
use accolade_application::badges;
use accolade_application::customers::NamedCustomer;
use accolade_application::earning::RevokeEarn;
use accolade_application::enrolment::{RevokeEnrolments, WhichEnrolments};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::rejection::Rejection;
use accolade_domain::text::{Reason, RequestId};
use accolade_http::pages::Failure;
use actix_web::http::StatusCode;
use askama::Template;

use crate::act::{KEY, REASON, reason};
use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// What is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    Enrolment,
    Earn,
}

#[derive(Template)]
#[template(path = "revocation.html")]
struct RevocationPage {
    frame: Frame,
    customer: CustomerId,
    badge: String,
    id: String,
    text: &'static str,
    back: String,
    action: String,
    can_be: bool,
    reason: String,
    key: String,
}

pub(super) async fn ask_to_revoke_enrolment(visit: Visit) -> Answered {
    ask(visit, Thing::Enrolment).await
}

pub(super) async fn ask_to_revoke_earn(visit: Visit) -> Answered {
    ask(visit, Thing::Earn).await
}

pub(super) async fn revoke_enrolment(visit: Visit) -> Answered {
    answer(visit, Thing::Enrolment).await
}

pub(super) async fn revoke_earn(visit: Visit) -> Answered {
    answer(visit, Thing::Earn).await
}

async fn ask(visit: Visit, thing: Thing) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    shown(&visit, thing, &form, Vec::new(), StatusCode::OK).await
}

async fn answer(mut visit: Visit, thing: Thing) -> Answered {
    let form = visit.form().await?;
    let reason = match reason(&form) {
        Ok(reason) => reason,
        Err(problem) => {
            let status = StatusCode::BAD_REQUEST;
            return shown(&visit, thing, &form, vec![problem], status).await;
        }
    };
    let revoked = match thing {
        Thing::Enrolment => {
            let command = enrolment(&visit, form.typed(KEY), Some(reason))?;
            visit.carry_out(&form, command).await
        }
        Thing::Earn => {
            let command = earn(&visit, form.typed(KEY), Some(reason))?;
            visit.carry_out(&form, command).await
        }
    };
    let checked = revoked.and_then(|executed| {
        refused(executed.answer())?;
        Ok(match executed.answer() {
            Answer::EnrolmentsRevoked { .. } => "enrolment-revoked",
            Answer::EarnRevoked { .. } => "earn-revoked",
            _ => "held",
        })
    });
    match checked {
        Ok(done) => Ok(lead_to(format_args!("{}?done={done}", back(&visit)?))),
        Err(failure) => {
            let status = match failure.status() {
                status if status.is_success() => StatusCode::CONFLICT,
                status => status,
            };
            shown(&visit, thing, &form, problems_of(&failure), status).await
        }
    }
}

fn enrolment(
    visit: &Visit,
    key: &str,
    reason: Option<Reason>,
) -> Result<RevokeEnrolments, Failure> {
    let customer: CustomerId = visit.path("customer")?;
    Ok(RevokeEnrolments {
        badge: visit.path("badge")?,
        which: WhichEnrolments::Named(vec![(customer.into(), visit.path("id")?)]),
        request_id: RequestId::try_from(key).ok(),
        reason,
    })
}

fn earn(visit: &Visit, key: &str, reason: Option<Reason>) -> Result<RevokeEarn, Failure> {
    Ok(RevokeEarn {
        badge: visit.path("badge")?,
        customer: NamedCustomer::Number(visit.path("customer")?),
        earned: visit.path("id")?,
        request_id: RequestId::try_from(key).ok(),
        reason,
    })
}

/// # Errors
/// Why the enrolment was not revoked, or would not be.
fn refused(answer: &Answer) -> Result<(), Rejection> {
    let Answer::EnrolmentsRevoked { outcomes, .. } = answer else {
        return Ok(());
    };
    let mut refusals = outcomes.iter().filter_map(|it| it.refused.clone());
    refusals.next().map_or(Ok(()), Err)
}

fn back(visit: &Visit) -> Result<String, Failure> {
    let (customer, badge): (CustomerId, BadgeId) = (visit.path("customer")?, visit.path("badge")?);
    Ok(format!("/console/customers/{customer}/badges/{badge}"))
}

/// The form, with whether it can be revoked, or with what is to be mended.
async fn shown(
    visit: &Visit,
    thing: Thing,
    form: &Form,
    mut problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let badge: BadgeId = visit.path("badge")?;
    let view = visit.look_up(move |ports, caller| badges::get(ports, caller, badge));
    let view = view.await?;
    // What is already said need not be found out.
    let is_open = status.is_success() || problems.iter().any(|it| it.at.as_deref() == Some(REASON));
    let mut can_be = false;
    if is_open {
        let tried = match thing {
            Thing::Enrolment => visit.try_out(enrolment(visit, "", None)?).await,
            Thing::Earn => visit.try_out(earn(visit, "", None)?).await,
        };
        match tried.and_then(|executed| Ok(refused(executed.answer())?)) {
            Ok(()) => can_be = true,
            Err(failure) if failure.status().is_server_error() => return Err(failure),
            Err(failure) => problems.extend(problems_of(&failure)),
        }
    }
    let (title, text) = match thing {
        Thing::Enrolment => (t::REVOKE_ENROLMENT, t::REVOKE_ENROLMENT_TEXT),
        Thing::Earn => (t::REVOKE_EARN, t::REVOKE_EARN_TEXT),
    };
    let page = RevocationPage {
        frame: visit.frame(title).with_problems_of(problems, &[REASON]),
        customer: visit.path("customer")?,
        badge: view.badge.definition.name.to_string(),
        id: visit.path("id")?,
        text,
        back: back(visit)?,
        action: visit.http.path().to_owned(),
        can_be,
        reason: form.typed(REASON).to_owned(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}
