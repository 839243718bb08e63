//! Claiming a badge for a module, and taking a claim back.

use accolade_application::badges::{self, ClaimBadge, UnclaimBadge};
use accolade_domain::ids::BadgeId;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::text::ReferenceId;
use actix_web::http::StatusCode;
use askama::Template;

use crate::act::KEY;
use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::parts::Choice;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// The fields of the form, which have the names of the API's.
const TYPE: &str = "ownerType";
const REFERENCE: &str = "referenceId";

#[derive(Template)]
#[template(path = "claim.html")]
struct ClaimPage {
    frame: Frame,
    badge: BadgeId,
    name: String,
    owners: Vec<Choice>,
    reference: String,
    key: String,
}

pub(super) async fn ask_to_claim(visit: Visit) -> Answered {
    let form = Form::default().with(KEY, visit.new_key());
    shown(&visit, &form, Vec::new(), StatusCode::OK).await
}

pub(super) async fn claim(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let badge: BadgeId = visit.path("badge")?;
    let owner = match owner(&form) {
        Ok(owner) => owner,
        Err(problems) => return shown(&visit, &form, problems, StatusCode::BAD_REQUEST).await,
    };
    match visit.carry_out(&form, ClaimBadge { badge, owner }).await {
        Ok(_) => Ok(lead_to(format_args!(
            "/console/badges/{badge}?done=claimed"
        ))),
        Err(failure) => shown(&visit, &form, problems_of(&failure), failure.status()).await,
    }
}

pub(super) async fn unclaim(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let badge: BadgeId = visit.path("badge")?;
    let owner = match owner(&form) {
        Ok(owner) => owner,
        Err(problems) => return shown(&visit, &form, problems, StatusCode::BAD_REQUEST).await,
    };
    visit
        .carry_out(&form, UnclaimBadge { badge, owner })
        .await?;
    let place = format!("/console/badges/{badge}?done=unclaimed");
    Ok(lead_to(place))
}

/// The owner that the form names.
fn owner(form: &Form) -> Result<Owner, Vec<Problem>> {
    let wanted = form.typed(TYPE);
    let owner_type = OwnerType::ALL.iter().find(|it| it.name() == wanted);
    let owner_type = owner_type.ok_or_else(|| Problem::at(TYPE, t::CHOOSE_AN_OWNER));
    let reference = ReferenceId::try_from(form.typed(REFERENCE));
    let reference = reference.map_err(|error| Problem::at(REFERENCE, t::unfit(error)));
    match (owner_type, reference) {
        (Ok(owner_type), Ok(reference)) => Ok(Owner {
            owner_type: *owner_type,
            reference,
        }),
        (owner_type, reference) => Err(owner_type
            .err()
            .into_iter()
            .chain(reference.err())
            .collect()),
    }
}

async fn shown(visit: &Visit, form: &Form, problems: Vec<Problem>, status: StatusCode) -> Answered {
    let badge: BadgeId = visit.path("badge")?;
    let view = visit.look_up(move |ports, caller| badges::get(ports, caller, badge));
    let view = view.await?;
    // Others may not claim it.
    let owners = view.badge.definition.owners.as_slice().iter();
    let owners = owners.map(|it| (it.name(), t::owner_type(*it)));
    let page = ClaimPage {
        frame: visit
            .frame(t::CLAIM_BADGE)
            .with_problems_of(problems, &[TYPE, REFERENCE]),
        badge,
        name: view.badge.definition.name.to_string(),
        owners: Choice::of(owners, form.typed(TYPE)),
        reference: form.typed(REFERENCE).to_owned(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}
