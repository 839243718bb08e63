//! The way to a receiver: whether it may be one, and one event that is sent at once.

use accolade_domain::instant::Instant;
use accolade_domain::text::UrlText;
use accolade_domain::webhook::Webhook;

use crate::ports::AttemptResult;

/// A receiver is not allowed, in words for whoever wants to create the webhook. They tell no address
/// that the caller did not write: what a name means inside of the network is nobody's business.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReceiverNotAllowed(pub String);

/// The way to receivers. Both look up the addresses that the url has at this moment, and all of them
/// must be allowed; what is connected to is one of those.
pub trait WebhookSender: Send + Sync {
    /// Whether a webhook may be at `url`.
    ///
    /// # Errors
    /// It must not: not https, an address that is not allowed, or a name that has no address.
    fn check(&self, url: &UrlText) -> Result<(), ReceiverNotAllowed>;

    /// Sends an event of type `accolade.webhook.test` with the id `event_id`, which is not in the feed,
    /// in the webhook's format, with its headers and signatures; waits for the answer as any delivery
    /// does. A failure is an attempt that failed.
    fn send_test(&self, webhook: &Webhook, event_id: &str, now: Instant) -> AttemptResult;
}
