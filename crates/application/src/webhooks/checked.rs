//! A receiver that was checked before a transaction, so that nothing waits for name servers inside of it.

use std::sync::Arc;

use accolade_domain::instant::Instant;
use accolade_domain::text::UrlText;
use accolade_domain::webhook::Webhook;

use crate::approvals::HeldCommand;
use crate::ports::{AttemptResult, Ports, ReceiverNotAllowed, WebhookSender};

/// What was said of one url, and the way to all others.
struct Checked {
    url: UrlText,
    said: Result<(), ReceiverNotAllowed>,
    others: Arc<dyn WebhookSender>,
}

impl WebhookSender for Checked {
    fn check(&self, url: &UrlText) -> Result<(), ReceiverNotAllowed> {
        if *url == self.url {
            self.said.clone()
        } else {
            self.others.check(url)
        }
    }

    fn send_test(&self, webhook: &Webhook, event_id: &str, now: Instant) -> AttemptResult {
        self.others.send_test(webhook, event_id, now)
    }
}

/// The same ports, which know already whether a webhook may be where `command` wants one.
pub(crate) fn with_checked_receiver(ports: &Ports, command: Option<&HeldCommand>) -> Ports {
    let url = match command {
        Some(HeldCommand::CreateWebhook(it)) => Some(&it.url),
        Some(HeldCommand::UpdateWebhook(it)) => it.draft.url.as_ref(),
        _ => None,
    };
    let Some(url) = url else {
        return ports.clone();
    };
    let checked = Checked {
        url: url.clone(),
        said: ports.receivers.check(url),
        others: Arc::clone(&ports.receivers),
    };
    Ports {
        receivers: Arc::new(checked),
        ..ports.clone()
    }
}
