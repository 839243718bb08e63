//! A new webhook.

use accolade_domain::approval::RuledOperation;
use accolade_domain::audit::telling;
use accolade_domain::text::UrlText;
use accolade_domain::webhook::{
    Headers, Health, SigningSecrets, Webhook, WebhookDraft, WebhookState,
};
use anyhow::anyhow;
use serde::{Deserialize, Serialize};

use super::{check_receiver, refused, secret_text, secrets, view};
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{Ports, StoredWebhook};
use crate::request::Request;

/// Creates a webhook, which gets what is recorded from now on.
///
/// Refused with 1961 if it may not be at its url; 1963 if the org has as many as it may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateWebhook {
    /// Where events are sent.
    pub url: UrlText,
    /// What it wants, and how.
    pub draft: WebhookDraft,
    /// Fixed headers of each request.
    pub headers: Headers,
}

impl Command for CreateWebhook {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Webhook, |it| Ok(it.into()));

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (now, caller) = (ports.clock.now(), &request.caller);
        let settings = self.draft.settings(self.url);
        check_receiver(ports, &settings.url)?;
        let secret = secrets::generate(settings.signature, &*ports.secrets);
        let webhook = Webhook {
            id: ports.ids.object_id().into(),
            org: caller.org,
            settings,
            headers: self.headers,
            secrets: SigningSecrets::new(secret),
            state: WebhookState::Active,
            health: Health::default(),
            created_on: now,
            created_by: caller.actor,
            updated_on: now,
            updated_by: caller.actor,
        };
        // Whatever is recorded later has a later position.
        let newest = ports.stores.events.newest(caller.org)?;
        let stored = StoredWebhook {
            webhook,
            version: 1,
            position: newest,
        };
        let shown = secret_text(&stored.webhook.secrets.current);
        let answer = Answer::Webhook(Box::new(view(&stored, newest, shown)));
        let record = request.record(&answer);
        let told = [telling::webhook_created(
            &stored.webhook,
            &request.attribution(now),
        )];
        let store = &ports.stores.webhooks;
        match store.create_webhook(&stored.webhook, newest, record.as_ref(), &told) {
            Ok(()) => Ok(answer),
            Err(error) => Err(refused(error)
                .unwrap_or_else(|| UseCaseError::unexpected(anyhow!("a new webhook had changed")))),
        }
    }
}
