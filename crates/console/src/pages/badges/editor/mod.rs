//! The editor of badges: a form, what it would change, and then the change.
//!
//! A form goes through steps, which its buttons name: it gets more rows, it is checked, its changes are
//! saved, or it is edited on. What is saved is exactly what was shown.

mod check;
mod fields;
mod read;

use accolade_application::answer::{Answer, BadgeView};
use accolade_application::badges::{self, CreateBadge, UpdateBadge, etag};
use accolade_application::ports::Ports;
use accolade_domain::badge::Badge;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::ids::BadgeId;
use accolade_domain::listing::PageOf;
use accolade_domain::rejection::Code;
use accolade_http::pages::Failure;
use accolade_wire::badge::request::BadgeRequest;
use actix_web::http::StatusCode;

use crate::act::{KEY, STEP};
use crate::form::Form;
use crate::frame::{Problem, problems_of, show_with};
use crate::router::Answered;
use crate::visit::{Visit, lead_to};

/// The field with the version of the badge that was shown.
const ETAG: &str = "etag";

/// The most groups that are offered.
const MOST_GROUPS: u32 = 500;

/// The steps of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It gets more rows, or is edited on.
    Edit,
    /// It is shown what it would change.
    Check,
    /// It is saved.
    Save,
}

/// What a form is about, and what is there to choose from.
struct Subject {
    /// The badge; `None` if it is to be created.
    badge: Option<BadgeView>,
    groups: Vec<Group>,
    custom_fields: Vec<CustomField>,
}

impl Subject {
    fn badge(&self) -> Option<&Badge> {
        self.badge.as_ref().map(|view| &view.badge)
    }
}

pub(super) async fn begin_new(visit: Visit) -> Answered {
    let from: Option<BadgeId> = visit.asks("from");
    let subject = subject(&visit, from).await?;
    let form = match &subject.badge {
        Some(view) => fields::duplicate(view, &visit.moments()),
        None => fields::empty(visit.now(), &visit.moments()),
    };
    let form = form.with(KEY, visit.new_key());
    let subject = Subject {
        badge: None,
        ..subject
    };
    edited(&visit, &subject, &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn begin(visit: Visit) -> Answered {
    let badge: BadgeId = visit.path("badge")?;
    let subject = subject(&visit, Some(badge)).await?;
    let Some(view) = &subject.badge else {
        return Err(crate::visit::nothing_there().into());
    };
    let form = fields::of(view, &visit.moments())
        .with(ETAG, etag(&view.badge)?)
        .with(KEY, visit.new_key());
    edited(&visit, &subject, &form, Vec::new(), StatusCode::OK)
}

pub(super) async fn create(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let subject = subject(&visit, None).await?;
    let step = step(&form);
    if step == Step::Edit {
        return edited(&visit, &subject, &form, Vec::new(), StatusCode::OK);
    }
    let request = match read::new_badge(&form, &visit.moments()) {
        Ok(request) => request,
        Err(problems) => return unfit(&visit, &subject, &form, problems),
    };
    if step == Step::Check {
        return checked(&visit, &subject, &form, &request);
    }
    let command = CreateBadge {
        draft: request.draft,
        unread: request.unread,
        active: request.active.unwrap_or(true),
        migrating: false,
        id: None,
    };
    match visit.carry_out(&form, command).await {
        Ok(executed) => Ok(match executed.answer() {
            Answer::BadgeCreated(view) | Answer::Badge(view) => {
                let badge = view.badge.id;
                lead_to(format_args!("/console/badges/{badge}?done=badge-created"))
            }
            _ => lead_to("/console/badges?done=held"),
        }),
        Err(failure) => refused(&visit, &subject, &form, &failure),
    }
}

pub(super) async fn update(mut visit: Visit) -> Answered {
    let form = visit.form().await?;
    let badge: BadgeId = visit.path("badge")?;
    let subject = subject(&visit, Some(badge)).await?;
    let step = step(&form);
    if step == Step::Edit {
        return edited(&visit, &subject, &form, Vec::new(), StatusCode::OK);
    }
    let definition = subject.badge().map(|it| &it.definition);
    let request = match read::changed_badge(badge, definition, &form, &visit.moments()) {
        Ok(request) => request,
        Err(problems) => return unfit(&visit, &subject, &form, problems),
    };
    if step == Step::Check {
        return checked(&visit, &subject, &form, &request);
    }
    let command = UpdateBadge {
        badge,
        draft: request.draft,
        unread: request.unread,
        active: request.active,
        migrating: false,
        if_match: Some(vec![form.typed(ETAG).to_owned()]),
    };
    match visit.carry_out(&form, command).await {
        Ok(executed) => Ok(match executed.answer() {
            Answer::Badge(_) | Answer::BadgeCreated(_) => {
                lead_to(format_args!("/console/badges/{badge}?done=badge-saved"))
            }
            _ => lead_to(format_args!("/console/badges/{badge}?done=held")),
        }),
        // Somebody was faster, between the look and the change.
        Err(failure) if failure.code() == Code::PreconditionFailed => {
            let subject = self::subject(&visit, Some(badge)).await?;
            let definition = subject.badge().map(|it| &it.definition);
            match read::changed_badge(badge, definition, &form, &visit.moments()) {
                Ok(request) => checked(&visit, &subject, &form, &request),
                Err(problems) => unfit(&visit, &subject, &form, problems),
            }
        }
        Err(failure) => refused(&visit, &subject, &form, &failure),
    }
}

fn step(form: &Form) -> Step {
    match form.typed(STEP) {
        "save" => Step::Save,
        "check" => Step::Check,
        _ => Step::Edit,
    }
}

/// What the form is about: `badge`, if it is one that there is.
///
/// # Errors
/// 404; the store failed.
async fn subject(visit: &Visit, badge: Option<BadgeId>) -> Result<Subject, Failure> {
    visit
        .look_up(move |ports: &Ports, caller| {
            let badge = badge.map(|badge| badges::get(ports, caller, badge));
            let page = PageOf {
                page: 0,
                size: MOST_GROUPS,
            };
            let groups = ports.stores.catalogue.groups(caller.org, page)?;
            Ok(Subject {
                badge: badge.transpose()?,
                groups: groups.items,
                custom_fields: ports.stores.catalogue.active_fields(caller.org)?,
            })
        })
        .await
}

fn unfit(visit: &Visit, subject: &Subject, form: &Form, problems: Vec<Problem>) -> Answered {
    edited(visit, subject, form, problems, StatusCode::BAD_REQUEST)
}

fn refused(visit: &Visit, subject: &Subject, form: &Form, failure: &Failure) -> Answered {
    if failure.status().is_server_error() {
        failure.log();
    }
    let problems = fields::at_fields(form, problems_of(failure));
    edited(visit, subject, form, problems, failure.status())
}

/// The form.
fn edited(
    visit: &Visit,
    subject: &Subject,
    form: &Form,
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    show_with(status, &fields::page(visit, subject, form, problems))
}

/// What the form would change; the form itself, if it cannot be so.
fn checked(visit: &Visit, subject: &Subject, form: &Form, request: &BadgeRequest) -> Answered {
    match check::page(visit, subject, form, request)? {
        Ok((status, page)) => show_with(status, &page),
        Err(problems) => {
            let problems: Vec<_> = problems.iter().map(Problem::from).collect();
            unfit(visit, subject, form, fields::at_fields(form, problems))
        }
    }
}
