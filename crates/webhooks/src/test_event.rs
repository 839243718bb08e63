//! The event by which somebody tries a webhook. It is not in the feed.

use accolade_domain::event::EventKind;
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{DeliveryFormat, Webhook};
use serde_json::json;

use crate::body::Message;

/// The name of its type, behind the prefix that all have.
const NAME: &str = "webhook.test";

/// The request that tries `webhook`, with an event named `id` that happens at `now`.
pub(crate) fn test_message(webhook: &Webhook, id: &str, now: Instant) -> Message {
    let (org, webhook_id) = (webhook.org.get(), webhook.id.to_string());
    let event = match webhook.settings.format {
        DeliveryFormat::CloudEvents => {
            let mut event = json!({
                "specversion": "1.0",
                "id": id,
                "source": format!("/api_gateway/v1/badges/orgs/{org}"),
                "type": format!("{}{NAME}", EventKind::PREFIX),
                "subject": format!("webhooks/{webhook_id}"),
                "time": now.to_string(),
                "recordedtime": now.to_string(),
                "partitionkey": webhook_id,
                "datacontenttype": "application/json",
                "data": { "webhookId": webhook_id },
            });
            if webhook.settings.batch.get() == 1 {
                event["timestamp"] = json!(now.to_string());
            }
            event
        }
        DeliveryFormat::Gateway => json!({
            "eventName": "webhookTest",
            "eventId": id,
            "orgId": org,
            "refId": format!("{org}_{webhook_id}"),
            "apiRequestId": null,
            "createdAt": now.unix_micros().div_euclid(1_000),
            "data": {},
            "loyaltyEventId": null,
        }),
    };
    let json = event.to_string().into_bytes();
    Message::alone(id.to_owned(), json, &webhook.settings)
}
