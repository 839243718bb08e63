//! Changes of a webhook: of what it wants, of its secret, and whether anything is sent to it.

use std::collections::BTreeMap;

use accolade_domain::approval::RuledOperation;
use accolade_domain::audit::{Entry, telling};
use accolade_domain::ids::WebhookId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_domain::webhook::{
    HeaderName, HeaderValue, Headers, Health, Webhook, WebhookDraft, WebhookState,
};
use serde::{Deserialize, Serialize};

use super::{check_receiver, found, not_now, refused, secret_text, secrets, view};
use crate::answer::{Answer, ShownSecret};
use crate::approvals::Approval;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{Ports, StoredWebhook, Waiting};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// All headers that a webhook is to have; one without a value keeps the one that it has.
pub type HeaderChanges = BTreeMap<HeaderName, Option<HeaderValue>>;

/// Changes what a webhook wants. What is left out stays as it is; another kind of signature brings a
/// new secret, beside which the one before signs for a day. Where deliveries fail and the url, a header
/// or the secret changes, they are tried anew at once.
///
/// Refused with 1962; 1961 if it may not be at its new url; 400 for a header without a value that it
/// does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateWebhook {
    /// The webhook.
    pub webhook: WebhookId,
    /// What changes.
    pub draft: WebhookDraft,
    /// All headers, if they change.
    pub headers: Option<HeaderChanges>,
}

/// Gives a webhook a new secret, beside which the one before signs for a day. Where deliveries fail,
/// they are tried anew at once.
///
/// Refused with 1962.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotateWebhook {
    /// The webhook.
    pub webhook: WebhookId,
}

/// Stops a webhook, or lets it go on where it stopped.
///
/// Refused with 1962; 1963 if it is to be paused and is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveWebhook {
    /// The webhook.
    pub webhook: WebhookId,
    /// Whether it is to go on.
    pub enable: bool,
}

/// Deletes a webhook with its secrets and all that waits for it.
///
/// Refused with 1962.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteWebhook {
    /// The webhook.
    pub webhook: WebhookId,
}

/// What is to be done to a webhook, in each round from what it is then.
enum Change {
    /// As [`UpdateWebhook`] says.
    Update(UpdateWebhook),
    /// As [`RotateWebhook`] says.
    Rotate,
    /// As [`MoveWebhook`] says.
    Move {
        /// Whether it is to go on.
        enable: bool,
    },
}

/// What a webhook becomes.
struct Changed {
    after: Webhook,
    waiting: Waiting,
    told: Option<Entry>,
    secret: Option<ShownSecret>,
}

impl Command for UpdateWebhook {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Webhook, |it| Ok(it.into()));

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let before = found(ports, &request.caller, self.webhook)?;
        if let Some(url) = &self.draft.url
            && *url != before.webhook.settings.url
        {
            check_receiver(ports, url)?;
        }
        save(ports, request, self.webhook, &Change::Update(self))
    }
}

impl Command for RotateWebhook {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("the secret is shown to who asks, and a leaked one cannot wait");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        save(ports, request, self.webhook, &Change::Rotate)
    }
}

impl Command for MoveWebhook {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Webhook, |it| Ok(it.into()));

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let change = Change::Move {
            enable: self.enable,
        };
        save(ports, request, self.webhook, &change)
    }
}

impl Command for DeleteWebhook {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Webhook, |it| Ok(it.into()));

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let caller = &request.caller;
        let _turn = ports.turns.wait([(caller.org, self.webhook.0)]);
        for _ in 0..MOST_ROUNDS {
            let before = found(ports, caller, self.webhook)?;
            let now = ports.clock.now();
            let answer = Answer::WebhookDeleted(self.webhook);
            let record = request.record(&answer);
            let told = [telling::webhook_deleted(
                &before.webhook,
                &request.attribution(now),
            )];
            let store = &ports.stores.webhooks;
            match store.delete_webhook(&before, record.as_ref(), &told) {
                Ok(()) => return Ok(answer),
                Err(error) => {
                    if let Some(failure) = refused(error) {
                        return Err(failure);
                    }
                }
            }
        }
        Err(UseCaseError::overtaken(format_args!(
            "webhook {}",
            self.webhook
        )))
    }
}

/// Makes `change` of the webhook `id`. What changes nothing is not saved, unless it is to be
/// remembered under a key.
fn save(
    ports: &Ports,
    request: &Request,
    id: WebhookId,
    change: &Change,
) -> Result<Answer, UseCaseError> {
    let caller = &request.caller;
    let _turn = ports.turns.wait([(caller.org, id.0)]);
    for _ in 0..MOST_ROUNDS {
        let before = found(ports, caller, id)?;
        let changed = change.of(&before.webhook, ports, request, ports.clock.now())?;
        let stored = StoredWebhook {
            webhook: changed.after,
            ..before.clone()
        };
        let newest = ports.stores.events.newest(caller.org)?;
        let answer = Answer::Webhook(Box::new(view(&stored, newest, changed.secret)));
        let record = request.record(&answer);
        if changed.told.is_none() && record.is_none() {
            return Ok(answer);
        }
        let saved = ports.stores.webhooks.save_webhook(
            &before,
            &stored.webhook,
            changed.waiting,
            record.as_ref(),
            changed.told.as_slice(),
        );
        match saved {
            Ok(()) => return Ok(answer),
            Err(error) => {
                if let Some(failure) = refused(error) {
                    return Err(failure);
                }
            }
        }
    }
    Err(UseCaseError::overtaken(format_args!("webhook {id}")))
}

impl Change {
    /// What `before` becomes by it at `now`.
    fn of(
        &self,
        before: &Webhook,
        ports: &Ports,
        request: &Request,
        now: Instant,
    ) -> Result<Changed, UseCaseError> {
        let by = request.attribution(now);
        let mut after = before.clone();
        let mut secret = None;
        let mut waiting = Waiting::On;
        let told = match self {
            Self::Update(update) => {
                after.settings = update.draft.clone().changed(&before.settings);
                if let Some(headers) = &update.headers {
                    after.headers = merged(headers, &before.headers)?;
                }
                if after.settings.signature != before.settings.signature {
                    let next = secrets::generate(after.settings.signature, &*ports.secrets);
                    secret = secret_text(&next);
                    after.secrets = before.secrets.rotated(next, now);
                }
                telling::webhook_changed(before, &after, &by)
            }
            Self::Rotate => {
                let next = secrets::generate(before.settings.signature, &*ports.secrets);
                secret = secret_text(&next);
                after.secrets = before.secrets.rotated(next, now);
                Some(telling::webhook_rotated(before, &by))
            }
            Self::Move { enable } => {
                after.state = moved(before.state, *enable)?;
                if *enable && after.state != before.state {
                    after.health = Health::default();
                    waiting = Waiting::NoMore;
                }
                let id = (before.org, before.id);
                (after.state != before.state)
                    .then(|| telling::webhook_moved(id, before.state, after.state, &by))
            }
        };
        let is_elsewhere = after.settings.url != before.settings.url
            || after.headers != before.headers
            || after.secrets != before.secrets;
        if is_elsewhere && before.health.failing_since.is_some() {
            // What was changed may be what the deliveries failed of.
            after.health = Health::default();
            waiting = Waiting::NoMore;
        }
        if told.is_some() {
            after.updated_on = now;
            after.updated_by = request.caller.actor;
        }
        Ok(Changed {
            after,
            waiting,
            told,
            secret,
        })
    }
}

/// The state after `before`.
///
/// # Errors
/// 1963.
fn moved(before: WebhookState, enable: bool) -> Result<WebhookState, UseCaseError> {
    match (before, enable) {
        (_, true) => Ok(WebhookState::Active),
        (WebhookState::Active | WebhookState::Paused, false) => Ok(WebhookState::Paused),
        (WebhookState::Disabled(_), false) => Err(not_now(
            "The webhook is disabled: nothing is sent to it until it is enabled.",
        )),
    }
}

/// The headers that `changes` ask for, where there are `before`.
///
/// # Errors
/// 400 for each without a value that is not there.
fn merged(changes: &HeaderChanges, before: &Headers) -> Result<Headers, Vec<Rejection>> {
    let mut headers = Headers::new();
    let mut problems = Vec::new();
    for (name, value) in changes {
        if let Some(value) = value.as_ref().or_else(|| before.get(name)) {
            headers.insert(name.clone(), value.clone());
        } else {
            let message = "Has no value that could be kept. Send one.";
            let path = format!("headers.{}", name.as_str());
            problems.push(Rejection::unreadable(message).at_field(path));
        }
    }
    if problems.is_empty() {
        Ok(headers)
    } else {
        Err(problems)
    }
}
