//! Webhooks looked up: as they are, and what they were sent.

use accolade_domain::ids::WebhookId;

use super::{found, not_now, public_key_text, view};
use crate::access::Caller;
use crate::answer::WebhookView;
use crate::error::UseCaseError;
use crate::ports::{ATTEMPTS_KEPT, AttemptCursor, AttemptPage, AttemptQuery, AttemptStatus, Ports};

/// One webhook.
///
/// # Errors
/// 1962.
pub fn webhook(
    ports: &Ports,
    caller: &Caller,
    webhook: WebhookId,
) -> Result<WebhookView, UseCaseError> {
    let stored = found(ports, caller, webhook)?;
    let newest = ports.stores.events.newest(caller.org)?;
    Ok(view(&stored, newest, None))
}

/// The org's webhooks, in the order of their creation.
///
/// # Errors
/// The store failed.
pub fn webhooks(ports: &Ports, caller: &Caller) -> Result<Vec<WebhookView>, UseCaseError> {
    let stored = ports.stores.webhooks.webhooks(caller.org)?;
    let newest = ports.stores.events.newest(caller.org)?;
    Ok(stored.iter().map(|it| view(it, newest, None)).collect())
}

/// A page of what a webhook was sent, the newest first: at most `limit` attempts behind `after`.
///
/// # Errors
/// 1962.
pub fn attempts(
    ports: &Ports,
    caller: &Caller,
    webhook: WebhookId,
    status: Option<AttemptStatus>,
    after: Option<AttemptCursor>,
    limit: usize,
) -> Result<AttemptPage, UseCaseError> {
    found(ports, caller, webhook)?;
    Ok(ports.stores.webhooks.attempts(&AttemptQuery {
        org: caller.org,
        webhook,
        status,
        after,
        kept_since: ports.clock.now() - ATTEMPTS_KEPT,
        limit,
    })?)
}

/// The public key that verifies the signatures of a webhook.
///
/// # Errors
/// 1962; 1963 if it signs with a secret that the receiver shares.
pub fn public_key(
    ports: &Ports,
    caller: &Caller,
    webhook: WebhookId,
) -> Result<String, UseCaseError> {
    let stored = found(ports, caller, webhook)?;
    public_key_text(&stored.webhook.secrets.current).ok_or_else(|| {
        not_now("The webhook signs by HMAC, which has no public key. Its signature can be changed to ED25519.")
    })
}
