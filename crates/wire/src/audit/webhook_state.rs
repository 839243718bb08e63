//! What a webhook wanted and wants, as its body says it.

use accolade_domain::event::EventKind;
use accolade_domain::ids::BadgeId;
use accolade_domain::text::Description;
use accolade_domain::webhook::{DisabledReason, RatePerSecond, WebhookSettings, WebhookState};
use serde::Serialize;

/// What a webhook wants, without its headers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WebhookSettingsState<'a> {
    url: &'a str,
    types: Vec<String>,
    badge_meta_ids: Vec<BadgeId>,
    format: &'static str,
    signature: &'static str,
    ordering: &'static str,
    batch: u32,
    max_in_flight: u32,
    rate_per_second: Option<u32>,
    description: Option<&'a str>,
}

impl<'a> WebhookSettingsState<'a> {
    pub(super) fn new(settings: &'a WebhookSettings) -> Self {
        Self {
            url: settings.url.as_str(),
            types: event_types(settings),
            badge_meta_ids: settings.badges.iter().copied().collect(),
            format: settings.format.name(),
            signature: settings.signature.name(),
            ordering: settings.order.name(),
            batch: settings.batch.get(),
            max_in_flight: settings.max_in_flight.get(),
            rate_per_second: settings.rate_per_second.map(RatePerSecond::get),
            description: settings.description.as_ref().map(Description::as_str),
        }
    }
}

/// The types of events that `settings` ask for, as events have them.
pub(crate) fn event_types(settings: &WebhookSettings) -> Vec<String> {
    let kinds = settings.kinds.iter();
    kinds
        .map(|kind| format!("{}{}", EventKind::PREFIX, kind.name()))
        .collect()
}

/// Whether anything is sent to a webhook.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WebhookStateState {
    state: &'static str,
    disabled_reason: Option<&'static str>,
}

impl WebhookStateState {
    pub(super) fn new(state: WebhookState) -> Self {
        Self {
            state: state.name(),
            disabled_reason: state.disabled_reason().map(DisabledReason::message),
        }
    }
}
