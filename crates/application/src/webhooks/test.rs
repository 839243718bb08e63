//! A webhook tried out.

use accolade_domain::ids::WebhookId;

use super::found;
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::Ports;
use crate::request::Request;

/// Sends an event to a webhook that is not in the feed, in whatever state the webhook is, and waits for
/// the answer.
///
/// Refused with 1962.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestWebhook {
    /// The webhook.
    pub webhook: WebhookId,
}

impl Command for TestWebhook {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("it records nothing, and sends nothing of a customer");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let stored = found(ports, &request.caller, self.webhook)?;
        let org = request.caller.org;
        let event = format!("{org}-test-{}", ports.ids.object_id());
        let now = ports.clock.now();
        let result = ports.receivers.send_test(&stored.webhook, &event, now);
        let answer = Answer::WebhookTested { event, result };
        if let Some(record) = request.record(&answer) {
            let remembered = ports.stores.idempotency.remember(&record)?;
            remembered.map_err(|_| UseCaseError::IdempotencyKeyUsed)?;
        }
        Ok(answer)
    }
}
