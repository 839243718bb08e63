//! The port of the use cases, which wait for the answer.

use accolade_application::ports::{AttemptResult, ReceiverNotAllowed, WebhookSender};
use accolade_domain::instant::Instant;
use accolade_domain::text::UrlText;
use accolade_domain::webhook::Webhook;
use tokio::runtime::Handle;

use crate::sender::Sender;
use crate::test_event::test_message;

/// A [`Sender`] whose calls block, on a thread that may.
#[derive(Clone)]
pub struct WaitingSender {
    sender: Sender,
    runtime: Handle,
}

impl WaitingSender {
    /// Waits on the calling thread for what `sender` does on `runtime`.
    pub const fn new(sender: Sender, runtime: Handle) -> Self {
        Self { sender, runtime }
    }
}

impl WebhookSender for WaitingSender {
    fn check(&self, url: &UrlText) -> Result<(), ReceiverNotAllowed> {
        let checked = self.runtime.block_on(self.sender.check(url));
        checked.map_err(ReceiverNotAllowed)
    }

    fn send_test(&self, webhook: &Webhook, event_id: &str, now: Instant) -> AttemptResult {
        let message = test_message(webhook, event_id, now);
        self.runtime
            .block_on(self.sender.send(webhook, message))
            .result
    }
}
