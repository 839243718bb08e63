//! What a form of the editor would change, before it does.

use accolade_application::answer::BadgeView;
use accolade_application::badges::etag;
use accolade_domain::audit::BadgeState;
use accolade_domain::badge::{BadgeDefinition, Defining};
use accolade_domain::rejection::Rejection;
use accolade_http::pages::Failure;
use accolade_wire::badge::request::BadgeRequest;
use actix_web::http::StatusCode;
use askama::Template;

use super::{ETAG, Subject};
use crate::act::{KEY, STEP};
use crate::form::Form;
use crate::frame::{Frame, Problem};
use crate::moment::Moment;
use crate::pages::badges::calendar::Calendar;
use crate::pages::difference::{Difference, of_badge};
use crate::texts as t;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "badge_check.html")]
pub(super) struct CheckPage {
    frame: Frame,
    action: String,
    back: String,
    /// Whether the badge is new, so that everything is.
    is_new: bool,
    /// Who has changed it meanwhile, and when, if somebody has.
    stale: Option<Moment>,
    differences: Vec<Difference>,
    calendar: Calendar,
    hidden: Vec<(String, String)>,
}

/// The page that shows what `form` would change of its subject; everything that is wrong with it, if it
/// cannot be so.
pub(super) fn page(
    visit: &Visit,
    subject: &Subject,
    form: &Form,
    request: &BadgeRequest,
) -> Result<Result<(StatusCode, CheckPage), Vec<Rejection>>, Failure> {
    let (now, moments) = (visit.now(), visit.moments());
    if !request.unread.is_empty() {
        return Ok(Err(request.unread.clone()));
    }
    let after = match defined(visit, subject, request) {
        Ok(definition) => BadgeState {
            active: request
                .active
                .unwrap_or_else(|| subject.badge().is_none_or(|it| it.active)),
            definition,
        },
        Err(problems) => return Ok(Err(problems)),
    };
    let before = subject.badge.as_ref().map(state);
    let differences = of_badge(before, after.clone(), now, &moments)?;
    let mut form = form.without(&[STEP]);
    let mut stale = None;
    if let Some(badge) = subject.badge() {
        let tag = etag(badge)?;
        if tag != form.typed(ETAG) {
            stale = Some(moments.show(badge.updated_on));
            // What is saved next is decided from what is shown now, and is another request.
            form = form.with(ETAG, tag).with(KEY, visit.new_key());
        }
    }
    let mut frame = visit.frame(match subject.badge() {
        Some(badge) => t::changes_of(badge.definition.name.as_str()),
        None => t::NEW_BADGE.to_owned(),
    });
    let mut status = StatusCode::OK;
    if stale.is_some() {
        status = StatusCode::CONFLICT;
        frame.problems.push(Problem::new(t::STALE));
    }
    let page = CheckPage {
        frame,
        action: visit.http.path().to_owned(),
        back: subject.badge().map_or_else(
            || "/console/badges".to_owned(),
            |badge| format!("/console/badges/{}", badge.id),
        ),
        is_new: subject.badge.is_none(),
        stale,
        differences,
        calendar: Calendar::new(&after.definition, "", now, &moments),
        hidden: form.fields().to_vec(),
    };
    Ok(Ok((status, page)))
}

/// The definition that the form makes, by the rules of the domain.
fn defined(
    visit: &Visit,
    subject: &Subject,
    request: &BadgeRequest,
) -> Result<BadgeDefinition, Vec<Rejection>> {
    let zone = &visit.session.org.zone;
    let defining = Defining {
        now: visit.now(),
        zone,
        migrating: false,
    };
    let draft = request.draft.clone();
    let reference = || visit.context.ports().ids.uuid();
    match subject.badge() {
        Some(badge) => badge.revise(draft, defining, reference),
        None => draft.define(defining, reference),
    }
}

fn state(view: &BadgeView) -> BadgeState {
    BadgeState {
        definition: view.badge.definition.clone(),
        active: view.badge.active,
    }
}
