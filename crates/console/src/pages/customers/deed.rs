//! Enrolling a customer, and letting her earn: first what would come of it, then for a reason.

use accolade_application::answer::{Answer, EarnOutcome};
use accolade_application::badges;
use accolade_application::customers::{NamedCustomer, NamedCustomers};
use accolade_application::earning::{EarnBadge, Earners};
use accolade_application::enrolment::EnrolCustomers;
use accolade_domain::earning::EventDate;
use accolade_domain::enrolment::Outcome;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Reason, RequestId};
use accolade_http::pages::Failure;
use actix_web::http::StatusCode;
use askama::Template;

use crate::act::{KEY, REASON, STEP, reason};
use crate::form::Form;
use crate::frame::{Frame, Problem, problems_of, show_with};
use crate::moment::{Moment, Moments};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// The field with the event date.
const EVENT: &str = "eventDate";

/// The field with the event date for which it was shown what would come of it.
const TRIED: &str = "tried";

/// What can be done for a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Enrol,
    Earn,
}

#[derive(Template)]
#[template(path = "deed.html")]
struct DeedPage {
    frame: Frame,
    customer: CustomerId,
    badge: String,
    back: String,
    action: String,
    verb: &'static str,
    /// What would come of it, and until when; `None` if it would be refused, which stands at the top.
    outcome: Option<(&'static str, Moment)>,
    event: String,
    reason: String,
    key: String,
}

/// What a form is about.
struct Asked {
    deed: Deed,
    customer: CustomerId,
    badge: BadgeId,
    event_on: Option<Instant>,
}

pub(super) async fn ask_to_enrol(visit: Visit) -> Answered {
    ask(visit, Deed::Enrol).await
}

pub(super) async fn ask_to_earn(visit: Visit) -> Answered {
    ask(visit, Deed::Earn).await
}

pub(super) async fn enrol(visit: Visit) -> Answered {
    answer(visit, Deed::Enrol).await
}

pub(super) async fn earn(visit: Visit) -> Answered {
    answer(visit, Deed::Earn).await
}

async fn ask(visit: Visit, deed: Deed) -> Answered {
    let asked = Asked::new(&visit, deed, None)?;
    let form = Form::default().with(KEY, visit.new_key());
    shown(&visit, &asked, &form, Vec::new(), StatusCode::OK).await
}

async fn answer(mut visit: Visit, deed: Deed) -> Answered {
    let form = visit.form().await?;
    let bad = StatusCode::BAD_REQUEST;
    let Ok(event_on) = visit.moments().read(form.typed(EVENT)) else {
        let asked = Asked::new(&visit, deed, None)?;
        let problem = Problem::at(EVENT, t::NO_MOMENT);
        return shown(&visit, &asked, &form, vec![problem], bad).await;
    };
    let asked = Asked::new(&visit, deed, event_on)?;
    let is_seen = form.typed(TRIED) == form.typed(EVENT);
    if !form.has(STEP, "do") || !is_seen {
        // What was typed is tried first, whichever button it was.
        return shown(&visit, &asked, &form, Vec::new(), StatusCode::OK).await;
    }
    let reason = match reason(&form) {
        Ok(reason) => reason,
        Err(problem) => return shown(&visit, &asked, &form, vec![problem], bad).await,
    };
    match asked.carry_out(&visit, &form, reason).await {
        Ok(done) => {
            let Asked {
                customer, badge, ..
            } = asked;
            let place = format!("/console/customers/{customer}/badges/{badge}?done={done}");
            Ok(lead_to(place))
        }
        Err(failure) => {
            // What befalls the customer of a request is none of the request's own.
            let status = match failure.status() {
                status if status.is_success() => StatusCode::CONFLICT,
                status => status,
            };
            shown(&visit, &asked, &form, problems_of(&failure), status).await
        }
    }
}

impl Asked {
    fn new(visit: &Visit, deed: Deed, event_on: Option<Instant>) -> Result<Self, Failure> {
        Ok(Self {
            deed,
            customer: visit.path("customer")?,
            badge: visit.path("badge")?,
            event_on,
        })
    }

    fn enrolment(&self, key: &str, reason: Option<Reason>) -> EnrolCustomers {
        EnrolCustomers {
            badge: self.badge,
            customers: NamedCustomers::from(vec![self.customer]),
            request_id: RequestId::try_from(key).ok(),
            event_on: self.event_on,
            triggered_by: None,
            by_hand: reason,
        }
    }

    fn earn(&self, key: &str, reason: Option<Reason>) -> Result<EarnBadge, Rejection> {
        Ok(EarnBadge {
            badge: self.badge,
            earners: Earners::One(NamedCustomer::Number(self.customer)),
            request_id: RequestId::try_from(key)
                .map_err(|_| Rejection::unreadable(t::FORM_WITHOUT_KEY))?,
            event: EventDate {
                on: self.event_on,
                field: EVENT,
            },
            triggered_by: None,
            by_hand: reason,
        })
    }

    /// What would come of it.
    async fn try_out(
        &self,
        visit: &Visit,
        key: &str,
        moments: &Moments,
    ) -> Result<Option<(&'static str, Moment)>, Failure> {
        let executed = match self.deed {
            Deed::Enrol => visit.try_out(self.enrolment(key, None)).await?,
            Deed::Earn => visit.try_out(self.earn(key, None)?).await?,
        };
        refused(executed.answer())?;
        Ok(match executed.answer() {
            Answer::Enrolment(it) => Some((t::WOULD_ENROL, moments.show(it.expires_on))),
            Answer::Earned(it) => Some((t::WOULD_EARN, moments.show(it.expires_on))),
            _ => None,
        })
    }

    /// Does it, and gives the word for what was done.
    async fn carry_out(
        &self,
        visit: &Visit,
        form: &Form,
        reason: Reason,
    ) -> Result<&'static str, Failure> {
        let key = form.typed(KEY);
        let executed = match self.deed {
            Deed::Enrol => {
                let command = self.enrolment(key, Some(reason));
                visit.carry_out(form, command).await?
            }
            Deed::Earn => {
                let command = self.earn(key, Some(reason))?;
                visit.carry_out(form, command).await?
            }
        };
        refused(executed.answer())?;
        Ok(match executed.answer() {
            Answer::Enrolment(_) => "enrolled",
            Answer::Earned(_) => "earned",
            _ => "held",
        })
    }
}

/// # Errors
/// The customer of the request was refused, or would be.
fn refused(answer: &Answer) -> Result<(), Rejection> {
    match answer {
        Answer::Enrolment(answer) => match answer.outcomes.first().map(|it| it.outcome) {
            Some(Outcome::AlreadyEnrolled(id)) => {
                let message = t::enrolled_already(id);
                Err(Rejection::new(Code::ActiveIssueExists).with_message(message))
            }
            _ => Ok(()),
        },
        Answer::Earned(answer) => match answer.outcomes.first().map(|it| &it.outcome) {
            Some(EarnOutcome::Refused(rejection)) => Err(rejection.clone()),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The form with what would come of it, or with what is to be mended.
async fn shown(
    visit: &Visit,
    asked: &Asked,
    form: &Form,
    mut problems: Vec<Problem>,
    mut status: StatusCode,
) -> Answered {
    let Asked {
        deed,
        customer,
        badge,
        ..
    } = *asked;
    let moments = visit.moments();
    let view = visit
        .look_up(move |ports, caller| badges::get(ports, caller, badge))
        .await?;
    let back = format!("/console/customers/{customer}/badges/{badge}");
    let mut outcome = None;
    if status.is_success() || problems.iter().any(|it| it.at.as_deref() == Some(REASON)) {
        match asked.try_out(visit, form.typed(KEY), &moments).await {
            Ok(would) => outcome = would,
            Err(failure) if failure.status().is_server_error() => return Err(failure),
            Err(failure) => {
                problems.extend(problems_of(&failure));
                status = StatusCode::OK;
            }
        }
    }
    let (title, verb) = match deed {
        Deed::Enrol => (t::ENROL_CUSTOMER, t::ENROL),
        Deed::Earn => (t::LET_CUSTOMER_EARN, t::EARN),
    };
    for problem in &mut problems {
        problem.text = moments.within(&problem.text);
        // What the API calls it.
        if problem.at.as_deref() == Some("issueEventDate") {
            problem.at = Some(EVENT.to_owned());
        }
    }
    let page = DeedPage {
        frame: visit
            .frame(title)
            .with_problems_of(problems, &[EVENT, REASON]),
        customer,
        badge: view.badge.definition.name.to_string(),
        action: visit.http.path().to_owned(),
        back,
        verb,
        outcome,
        event: form.typed(EVENT).to_owned(),
        reason: form.typed(REASON).to_owned(),
        key: form.typed(KEY).to_owned(),
    };
    show_with(status, &page)
}
