//! The webhooks of the org.

use accolade_application::answer::WebhookView;
use accolade_application::webhooks;
use accolade_domain::webhook::WebhookState;
use askama::Template;

use crate::frame::{Frame, show};
use crate::moment::{Moment, Moments};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    url: String,
    description: String,
    state: &'static str,
    kind: &'static str,
    disabled: Option<&'static str>,
    failing: Option<Moment>,
    lag: u64,
}

pub(super) async fn list_webhooks(visit: Visit) -> Answered {
    let found = visit.look_up(webhooks::webhooks).await?;
    let moments = visit.moments();
    show(&WebhooksPage {
        frame: visit.frame(t::WEBHOOKS).telling(visit.query.typed("done")),
        rows: found.iter().map(|it| row(it, &moments)).collect(),
    })
}

fn row(view: &WebhookView, moments: &Moments) -> Row {
    let description = view.settings.description.as_ref();
    Row {
        id: view.id.to_string(),
        url: view.settings.url.to_string(),
        description: description.map(ToString::to_string).unwrap_or_default(),
        state: t::webhook_state(view.state),
        kind: kind(view.state, view.failing_since.is_some()),
        disabled: view.state.disabled_reason().map(t::disabled_reason),
        failing: moments.maybe(view.failing_since),
        lag: view.lag,
    }
}

/// How the state of a webhook looks.
pub(super) const fn kind(state: WebhookState, is_failing: bool) -> &'static str {
    match state {
        WebhookState::Active if is_failing => "bad",
        WebhookState::Active => "good",
        WebhookState::Paused => "odd",
        WebhookState::Disabled(_) => "bad",
    }
}
