//! Which entries tell of a change of a webhook.

use super::{Action, Attribution, Change, Entry, HiddenField, State};
use crate::ids::{OrgId, WebhookId};
use crate::webhook::{Webhook, WebhookState};

fn settings(webhook: &Webhook) -> State {
    State::Webhook(Box::new(webhook.settings.clone()))
}

/// A webhook was created.
pub fn webhook_created(webhook: &Webhook, by: &Attribution) -> Entry {
    let change = Change::to(settings(webhook));
    Entry::new(webhook.org, by, webhook.id, Action::Create, change)
}

/// What a webhook wants was changed, or what is sent to it: another kind of signature is a new secret.
pub fn webhook_changed(before: &Webhook, after: &Webhook, by: &Attribution) -> Option<Entry> {
    let mut hidden = Vec::new();
    if before.headers != after.headers {
        hidden.push(HiddenField::Headers);
    }
    if before.secrets != after.secrets {
        hidden.push(HiddenField::Secret);
    }
    if before.settings == after.settings && hidden.is_empty() {
        return None;
    }
    let change = Change {
        hidden,
        ..Change::between(settings(before), settings(after))
    };
    Some(Entry::new(
        before.org,
        by,
        before.id,
        Action::Update,
        change,
    ))
}

/// A webhook got a new secret.
pub fn webhook_rotated(webhook: &Webhook, by: &Attribution) -> Entry {
    let change = Change::hidden(vec![HiddenField::Secret]);
    Entry::new(webhook.org, by, webhook.id, Action::Rotate, change)
}

/// A webhook was stopped by somebody or by the server, or goes on.
pub fn webhook_moved(
    (org, webhook): (OrgId, WebhookId),
    before: WebhookState,
    after: WebhookState,
    by: &Attribution,
) -> Entry {
    let action = match after {
        WebhookState::Active => Action::Enable,
        WebhookState::Paused => Action::Pause,
        WebhookState::Disabled(_) => Action::Disable,
    };
    let change = Change::between(State::WebhookState(before), State::WebhookState(after));
    Entry::new(org, by, webhook, action, change)
}

/// A webhook was deleted.
pub fn webhook_deleted(webhook: &Webhook, by: &Attribution) -> Entry {
    let change = Change {
        before: Some(settings(webhook)),
        after: None,
        hidden: Vec::new(),
    };
    Entry::new(webhook.org, by, webhook.id, Action::Delete, change)
}
