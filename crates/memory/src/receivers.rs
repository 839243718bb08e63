//! Receivers that nobody connects to.

use accolade_application::ports::{
    AttemptResult, AttemptStatus, ReceiverNotAllowed, WebhookSender,
};
use accolade_domain::instant::Instant;
use accolade_domain::text::UrlText;
use accolade_domain::webhook::Webhook;
use time::Duration;

/// Allows every url that begins with `https:` and names no `localhost`; a test succeeds unless the path
/// ends with `/broken`.
#[derive(Debug, Clone, Copy, Default)]
pub struct FixedReceivers;

impl WebhookSender for FixedReceivers {
    fn check(&self, url: &UrlText) -> Result<(), ReceiverNotAllowed> {
        let url = url.as_str();
        if !url.starts_with("https:") {
            return Err(ReceiverNotAllowed("Must be an https address.".to_owned()));
        }
        if url.contains("localhost") {
            let message = "Must be at a public address.".to_owned();
            return Err(ReceiverNotAllowed(message));
        }
        Ok(())
    }

    fn send_test(&self, webhook: &Webhook, _: &str, now: Instant) -> AttemptResult {
        let is_broken = webhook.settings.url.as_str().ends_with("/broken");
        let (status, http_status) = if is_broken {
            (AttemptStatus::Failed, 500)
        } else {
            (AttemptStatus::Succeeded, 204)
        };
        AttemptResult {
            attempted_on: now,
            status,
            http_status: Some(http_status),
            duration: Duration::milliseconds(12),
            error: is_broken.then(|| "The receiver answered 500.".to_owned()),
            answer: Some(String::new()),
        }
    }
}
