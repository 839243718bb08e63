//! Webhooks as they are shown.

use std::collections::BTreeMap;

use accolade_application::answer::{ShownSecret, WebhookView};
use accolade_domain::ids::{BadgeId, WebhookId};
use accolade_domain::text::Description;
use accolade_domain::webhook::{DisabledReason, RatePerSecond};

use crate::answer::answer;
use crate::audit::webhook_state::event_types;
use crate::instant::{WireInstant, WireIso};
use crate::words::{DeliveryFormatName, DeliveryOrderName, SignatureKindName, WebhookStateName};

answer! {
    /// A webhook.
    #[schema(as = Webhook)]
    pub struct WebhookBody<'a> {
        /// Its id.
        #[schema(value_type = String, example = "6929c2f4a1b2c3d4e5f60718")]
        id: WebhookId = webhook.id,
        /// The organisation whose events it gets.
        orgId: i64 = webhook.org.get(),
        /// Where events are sent.
        url: &'a str = webhook.settings.url.as_str(),
        /// The types of events that it gets; none: all.
        types: Vec<String> = event_types(&webhook.settings),
        /// The badges whose events it gets; none: everything.
        #[schema(value_type = Vec<String>)]
        badgeMetaIds: Vec<BadgeId> = webhook.settings.badges.iter().copied().collect(),
        /// The form of what is sent.
        #[schema(value_type = DeliveryFormatName)]
        format: &'static str = webhook.settings.format.name(),
        /// How requests are signed.
        #[schema(value_type = SignatureKindName)]
        signature: &'static str = webhook.settings.signature.name(),
        /// Which events wait for which.
        #[schema(value_type = DeliveryOrderName)]
        ordering: &'static str = webhook.settings.order.name(),
        /// The names of its headers; their values are never shown.
        headers: BTreeMap<&'a str, Option<&'a str>> =
            webhook.headers.iter().map(|name| (name.as_str(), None)).collect(),
        /// The most events in one request.
        batch: u32 = webhook.settings.batch.get(),
        /// The most requests on their way at once.
        maxInFlight: u32 = webhook.settings.max_in_flight.get(),
        /// The most requests that are begun in a second; null: as many as there are.
        #[schema(required)]
        ratePerSecond: Option<u32> = webhook.settings.rate_per_second.map(RatePerSecond::get),
        /// What it is for.
        #[schema(required)]
        description: Option<&'a str> =
            webhook.settings.description.as_ref().map(Description::as_str),
        /// Whether anything is sent to it.
        #[schema(value_type = WebhookStateName)]
        state: &'static str = webhook.state.name(),
        /// Why the server stopped it, if it did.
        #[schema(required)]
        disabledReason: Option<&'static str> =
            webhook.state.disabled_reason().map(DisabledReason::message),
        /// Since when no delivery has succeeded; null while they do.
        #[schema(required)]
        failingSince: Option<WireInstant> = webhook.failing_since.map(Into::into),
        /// The same as text.
        #[schema(required)]
        failingSinceISO: Option<WireIso> = webhook.failing_since.map(Into::into),
        /// All events up to this position of the feed are done with.
        position: i64 = webhook.position,
        /// How many events of the feed are behind that.
        lag: u64 = webhook.lag,
        /// The public key that verifies its signatures; null with HMAC.
        #[schema(required)]
        publicKey: Option<&'a str> = webhook.public_key.as_deref(),
        /// When it was created.
        createdOn: WireInstant = webhook.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = webhook.created_on.into(),
        /// By whom.
        createdBy: i64 = webhook.created_by.number(),
        /// When it last changed.
        lastUpdatedOn: WireInstant = webhook.updated_on.into(),
        /// The same as text.
        lastUpdatedOnISO: WireIso = webhook.updated_on.into(),
        /// By whom; 0 is the server itself.
        lastUpdatedBy: i64 = webhook.updated_by.number(),
        /// The secret that verifies its signatures, where it is new and they are HMAC: in this answer
        /// only, and not where it is given again under its idempotency key.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<&'a str> = webhook.secret.as_ref().map(ShownSecret::reveal),
    }
    new(webhook: &'a WebhookView) {}
}

answer! {
    /// The webhooks of an organisation, in the order of their creation.
    #[schema(as = WebhookList)]
    pub struct WebhookListBody<'a> {
        /// All of them.
        webhooks: Vec<WebhookBody<'a>> = webhooks.iter().map(WebhookBody::new).collect(),
    }
    new(webhooks: &'a [WebhookView]) {}
}

answer! {
    /// A webhook that something was done with.
    #[schema(as = WebhookReference)]
    pub struct WebhookReferenceBody {
        /// Its id.
        #[schema(value_type = String, example = "6929c2f4a1b2c3d4e5f60718")]
        id: WebhookId = webhook,
    }
    new(webhook: WebhookId) {}
}

answer! {
    /// The key that verifies the signatures of a webhook.
    #[schema(as = WebhookKey)]
    pub struct WebhookKeyBody<'a> {
        /// The public key, as Standard Webhooks has it.
        #[schema(example = "whpk_bIfBPOQlG0/nLtHhrXWmGvTPxU4DbBVbNTMWGGD6aTo=")]
        publicKey: &'a str = key,
    }
    new(key: &'a str) {}
}
