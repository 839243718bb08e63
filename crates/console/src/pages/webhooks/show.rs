//! The page of a webhook: what it gets, how it stands, and what it was sent.

use accolade_application::answer::{ShownSecret, WebhookView};
use accolade_application::ports::{AttemptCursor, AttemptResult, AttemptStatus, ListedAttempt};
use accolade_application::webhooks;
use accolade_domain::ids::WebhookId;
use accolade_domain::webhook::HeaderName;
use accolade_http::pages::Failure;
use actix_web::http::StatusCode;
use askama::Template;

use super::list::kind;
use crate::form::Form;
use crate::frame::{Frame, Problem, show_with};
use crate::moment::{Moment, Moments};
use crate::parts::Choice;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

/// How many attempts a page has.
const SIZE: usize = 50;

#[derive(Template)]
#[template(path = "webhook.html")]
struct WebhookPage {
    frame: Frame,
    id: WebhookId,
    state: &'static str,
    kind: &'static str,
    is_active: bool,
    disabled: Option<&'static str>,
    facts: Vec<(&'static str, String)>,
    failing: Option<Moment>,
    created: Moment,
    updated: Moment,
    secret: Option<String>,
    tested: Option<AttemptLine>,
    statuses: Vec<Choice>,
    attempts: Vec<AttemptLine>,
    older: Option<String>,
    from: String,
    until: String,
    only_failed: bool,
    key: String,
}

pub(super) struct AttemptLine {
    on: Moment,
    event: String,
    attempt: u32,
    kind: &'static str,
    status: &'static str,
    http: String,
    took: i128,
    error: String,
    answer: String,
    /// The position of the event, by which it is sent again.
    position: Option<i64>,
}

/// What is shown beside the webhook itself.
pub(super) struct Beside {
    /// Its secret, if it is new.
    pub(super) secret: Option<ShownSecret>,
    /// How it went when it was tried out.
    pub(super) tested: Option<(String, AttemptResult)>,
    /// What was typed, and what is to be mended of it.
    pub(super) form: Form,
    pub(super) problems: Vec<Problem>,
    pub(super) done: String,
}

impl Default for Beside {
    /// Nothing, and the form as it is offered.
    fn default() -> Self {
        Self {
            secret: None,
            tested: None,
            form: Form::default().with("onlyFailed", "true"),
            problems: Vec::new(),
            done: String::new(),
        }
    }
}

pub(super) async fn show_webhook(visit: Visit) -> Answered {
    let beside = Beside {
        done: visit.query.typed("done").to_owned(),
        ..Beside::default()
    };
    shown(&visit, beside, StatusCode::OK).await
}

/// The page, with what is `beside`.
pub(super) async fn shown(visit: &Visit, beside: Beside, status: StatusCode) -> Answered {
    let id: WebhookId = visit.path("webhook")?;
    let wanted = match visit.query.typed("status") {
        "SUCCEEDED" => Some(AttemptStatus::Succeeded),
        "FAILED" => Some(AttemptStatus::Failed),
        _ => None,
    };
    let after = cursor(visit.query.typed("after"));
    let (view, attempts) = visit
        .look_up(move |ports, caller| {
            let view = webhooks::webhook(ports, caller, id)?;
            let attempts = webhooks::attempts(ports, caller, id, wanted, after, SIZE)?;
            Ok((view, attempts))
        })
        .await?;
    let moments = visit.moments();
    let older = attempts.next.map(|next| {
        let after = format!("{}-{}", next.request, next.event);
        let query = visit.query.with("after", after).without(&["done"]);
        format!("/console/webhooks/{id}?{}", query.query())
    });
    let lines = attempts.attempts.iter();
    let page = WebhookPage {
        frame: visit
            .frame(view.settings.url.to_string())
            .telling(&beside.done)
            .with_problems_of(beside.problems, &["from", "until"]),
        id,
        state: t::webhook_state(view.state),
        kind: kind(view.state, view.failing_since.is_some()),
        is_active: view.state.is_active(),
        disabled: view.state.disabled_reason().map(t::disabled_reason),
        facts: facts(&view),
        failing: moments.maybe(view.failing_since),
        created: moments.show(view.created_on),
        updated: moments.show(view.updated_on),
        secret: beside.secret.map(|it| it.reveal().to_owned()),
        tested: beside
            .tested
            .map(|(event, result)| line(event, 1, None, &result, &moments)),
        statuses: Choice::of(
            t::ATTEMPT_STATUSES.iter().copied(),
            visit.query.typed("status"),
        ),
        attempts: lines.map(|it| listed(it, &moments)).collect(),
        older,
        from: beside.form.typed("from").to_owned(),
        until: beside.form.typed("until").to_owned(),
        only_failed: beside.form.says("onlyFailed"),
        key: visit.new_key(),
    };
    show_with(status, &page)
}

fn facts(view: &WebhookView) -> Vec<(&'static str, String)> {
    let settings = &view.settings;
    let kinds: Vec<_> = settings.kinds.iter().map(|it| it.name()).collect();
    let badges: Vec<_> = settings.badges.iter().map(ToString::to_string).collect();
    let headers: Vec<_> = view.headers.iter().map(HeaderName::as_str).collect();
    let or = |text: String, none: &str| {
        if text.is_empty() {
            none.to_owned()
        } else {
            text
        }
    };
    let mut facts = vec![
        (t::EVENT_TYPES, or(kinds.join(", "), t::ALL)),
        (t::BADGES, or(badges.join(", "), t::ALL)),
        (t::FORMAT, t::delivery_format(settings.format).to_owned()),
        (t::SIGNATURE, settings.signature.name().to_owned()),
        (t::ORDERING, t::delivery_order(settings.order).to_owned()),
        (t::HEADERS, or(headers.join(", "), t::NONE)),
        (t::BATCH, settings.batch.get().to_string()),
        (t::MAX_IN_FLIGHT, settings.max_in_flight.get().to_string()),
        (
            t::RATE_PER_SECOND,
            settings
                .rate_per_second
                .map_or_else(|| t::UNBOUNDED.to_owned(), |it| it.get().to_string()),
        ),
        (t::POSITION, view.position.to_string()),
        (t::EVENTS_BEHIND, view.lag.to_string()),
    ];
    if let Some(key) = &view.public_key {
        facts.push((t::PUBLIC_KEY, key.clone()));
    }
    if let Some(description) = &settings.description {
        facts.insert(0, (t::DESCRIPTION, description.to_string()));
    }
    facts
}

fn listed(it: &ListedAttempt, moments: &Moments) -> AttemptLine {
    let position = it.event.position.get();
    let (event, attempt) = (position.to_string(), it.event.attempt);
    line(event, attempt, Some(position), &it.result, moments)
}

fn line(
    event: String,
    attempt: u32,
    position: Option<i64>,
    result: &AttemptResult,
    moments: &Moments,
) -> AttemptLine {
    let (kind, status) = match result.status {
        AttemptStatus::Succeeded => ("good", t::SUCCEEDED),
        AttemptStatus::Failed => ("bad", t::FAILED),
    };
    AttemptLine {
        on: moments.show(result.attempted_on),
        event,
        attempt,
        kind,
        status,
        http: result
            .http_status
            .map(|it| it.to_string())
            .unwrap_or_default(),
        took: result.duration.whole_milliseconds(),
        error: result.error.clone().unwrap_or_default(),
        answer: result.answer.clone().unwrap_or_default(),
        position,
    }
}

fn cursor(text: &str) -> Option<AttemptCursor> {
    let (request, event) = text.split_once('-')?;
    Some(AttemptCursor {
        request: request.parse().ok()?,
        event: event.parse().ok()?,
    })
}

/// The id in the path.
pub(super) fn id(visit: &Visit) -> Result<WebhookId, Failure> {
    visit.path("webhook")
}
