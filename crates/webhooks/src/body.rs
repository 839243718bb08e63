//! What is sent: events as JSON, one or a batch of them.

use std::sync::Arc;

use accolade_domain::event::{Event, Position};
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{DeliveryFormat, WebhookSettings};
use accolade_wire::event::{cloud_event, event_id, gateway_event, partition_key};
use bytes::Bytes;

use crate::plan::{Fresh, Partition};

/// What goes into one request.
#[derive(Debug, Clone)]
pub struct Message {
    /// The same each time that it is sent.
    pub(crate) id: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

/// An event as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Rendered {
    pub(crate) position: Position,
    partition: Partition,
    id: String,
    json: Vec<u8>,
}

impl Rendered {
    /// `event` for a webhook with `settings`; `None` if their format has no form for it. `issued_on` is
    /// when the enrolment was recorded that an earn rests on.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(crate) fn new(
        event: &Event,
        settings: &WebhookSettings,
        issued_on: Option<Instant>,
    ) -> serde_json::Result<Option<Self>> {
        let json = match settings.format {
            DeliveryFormat::CloudEvents if is_batched(settings) => {
                serde_json::to_vec(&cloud_event(event))?
            }
            DeliveryFormat::CloudEvents => {
                serde_json::to_vec(&cloud_event(event).with_timestamp())?
            }
            DeliveryFormat::Gateway => match gateway_event(event, issued_on) {
                Some(event) => serde_json::to_vec(&event)?,
                None => return Ok(None),
            },
        };
        Ok(Some(Self {
            position: event.position,
            partition: Arc::from(partition_key(event)),
            id: event_id(event),
            json,
        }))
    }

    /// What the plan must know of it.
    pub(crate) fn fresh(&self) -> Fresh {
        Fresh {
            position: self.position,
            partition: Arc::clone(&self.partition),
            bytes: self.json.len(),
        }
    }
}

fn is_batched(settings: &WebhookSettings) -> bool {
    settings.batch.get() > 1
}

impl Message {
    /// The request for `events`, at least one; `None` if there are none.
    pub(crate) fn new(events: &[Rendered], settings: &WebhookSettings) -> Option<Self> {
        let first = events.first()?;
        let body = if is_batched(settings) {
            let each: Vec<_> = events.iter().map(|it| it.json.as_slice()).collect();
            [b"[".as_slice(), &each.join(&b','), b"]"].concat()
        } else {
            first.json.clone()
        };
        Some(Self {
            id: first.id.clone(),
            content_type: content_type(settings),
            body: Bytes::from(body),
        })
    }

    /// A request that says `json`, under `id`, in the form that `settings` ask for.
    pub(crate) fn alone(id: String, json: Vec<u8>, settings: &WebhookSettings) -> Self {
        let body = if is_batched(settings) {
            [b"[".as_slice(), &json, b"]"].concat()
        } else {
            json
        };
        Self {
            id,
            content_type: content_type(settings),
            body: Bytes::from(body),
        }
    }
}

fn content_type(settings: &WebhookSettings) -> &'static str {
    match settings.format {
        DeliveryFormat::CloudEvents if is_batched(settings) => "application/cloudevents-batch+json",
        DeliveryFormat::CloudEvents => "application/cloudevents+json",
        DeliveryFormat::Gateway => "application/json",
    }
}
