//! No way to receivers, for commands, which have nothing to send.

use accolade_application::ports::{
    AttemptResult, AttemptStatus, ReceiverNotAllowed, WebhookSender,
};
use accolade_domain::instant::Instant;
use accolade_domain::text::UrlText;
use accolade_domain::webhook::Webhook;
use time::Duration;

const WHY: &str = "commands send nothing";

/// Allows no receiver and sends nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoReceivers;

impl WebhookSender for NoReceivers {
    fn check(&self, _: &UrlText) -> Result<(), ReceiverNotAllowed> {
        Err(ReceiverNotAllowed(WHY.to_owned()))
    }

    fn send_test(&self, _: &Webhook, _: &str, now: Instant) -> AttemptResult {
        AttemptResult {
            attempted_on: now,
            status: AttemptStatus::Failed,
            http_status: None,
            duration: Duration::ZERO,
            error: Some(WHY.to_owned()),
            answer: None,
        }
    }
}
