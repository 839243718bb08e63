//! Webhooks: defined, stopped and started, tried out, looked up, and what they missed sent again.
//! What delivers to them is elsewhere; here is what people and programs do with them.

mod change;
mod checked;
mod create;
mod list;
mod resend;
mod secrets;
mod test;

pub use change::{DeleteWebhook, HeaderChanges, MoveWebhook, RotateWebhook, UpdateWebhook};
pub(crate) use checked::with_checked_receiver;
pub use create::CreateWebhook;
pub use list::{attempts, public_key, webhook, webhooks};
pub use resend::{ResendEvents, Stretch};
pub use secrets::{public_key_text, secret_text};
pub use test::TestWebhook;

use accolade_domain::event::Position;
use accolade_domain::ids::WebhookId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::UrlText;

use crate::access::Caller;
use crate::answer::{ShownSecret, WebhookView};
use crate::error::UseCaseError;
use crate::ports::{MOST_WAITING, MOST_WEBHOOKS, Ports, SaveWebhookError, StoredWebhook};

/// 1962: there is no such webhook in the org.
pub fn no_such_webhook() -> Rejection {
    Rejection::new(Code::NothingLikeThat).with_message("Webhook not found. Check the id.")
}

/// 1963: the webhook is not in a state for what is asked.
fn not_now(message: impl Into<String>) -> UseCaseError {
    Rejection::new(Code::NotInState)
        .with_message(message)
        .into()
}

/// The webhook as it is now.
///
/// # Errors
/// 1962.
fn found(ports: &Ports, caller: &Caller, id: WebhookId) -> Result<StoredWebhook, UseCaseError> {
    let found = ports.stores.webhooks.webhook(caller.org, id)?;
    found.ok_or_else(|| no_such_webhook().into())
}

/// # Errors
/// 1961 if a webhook may not be at `url`.
fn check_receiver(ports: &Ports, url: &UrlText) -> Result<(), UseCaseError> {
    let refused = |reason| {
        let rejection = Rejection::new(Code::ReceiverNotAllowed);
        rejection.with_message(reason).at_field("url").into()
    };
    let checked = ports.receivers.check(url);
    checked.map_err(|not_allowed| refused(not_allowed.0))
}

/// How `stored` looks while the newest event of its org is at `newest`.
fn view(stored: &StoredWebhook, newest: Position, secret: Option<ShownSecret>) -> WebhookView {
    let webhook = &stored.webhook;
    let lag = newest.get().saturating_sub(stored.position.get());
    WebhookView {
        id: webhook.id,
        org: webhook.org,
        settings: webhook.settings.clone(),
        headers: webhook.headers.keys().cloned().collect(),
        state: webhook.state,
        failing_since: webhook.health.failing_since,
        position: stored.position.get(),
        lag: u64::try_from(lag).unwrap_or(0),
        created_on: webhook.created_on,
        created_by: webhook.created_by,
        updated_on: webhook.updated_on,
        updated_by: webhook.updated_by,
        public_key: public_key_text(&webhook.secrets.current),
        secret,
    }
}

/// What a failure to save means; `None`: it changed meanwhile, decide again.
fn refused(error: SaveWebhookError) -> Option<UseCaseError> {
    match error {
        SaveWebhookError::Changed => None,
        SaveWebhookError::TooMany => Some(not_now(format!(
            "There are {MOST_WEBHOOKS} webhooks already. Delete one first."
        ))),
        SaveWebhookError::TooManyWaiting => Some(not_now(format!(
            "More than {MOST_WAITING} events would wait to be sent to the webhook. Ask for fewer, or \
             when fewer wait."
        ))),
        SaveWebhookError::IdempotencyKeyUsed => Some(UseCaseError::IdempotencyKeyUsed),
        SaveWebhookError::Store(error) => Some(error.into()),
    }
}
