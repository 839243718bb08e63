//! The AsyncAPI document: every type of event as a message, where it can be read, and how it is
//! delivered. Made of the table of types, so that it cannot say anything else than what is sent.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema as _, ToSchema};

use super::cloud_event::{CLOUD_EVENT, CloudEvent};
use super::gateway::{GATEWAY_EXAMPLE, GatewayEvent, WORKFLOW_EXAMPLE, WorkflowEvent};
use super::types::EventType;

/// What the document says of itself.
const ABOUT: &str = "\
What happens in Accolade, as events: CloudEvents 1.0. The events of an organisation are one feed, \
numbered 1, 2, 3 … without a hole, and cause comes before effect. They can be read and followed \
over HTTP, and are delivered to webhooks. How to ask for them is in the OpenAPI document, what is \
promised of them in docs/events.md.\n\n\
Expect types and fields that are not in here: a later release may have more.";

/// The document for the release `version`.
pub fn asyncapi(version: &str) -> Value {
    let mut schemas = Vec::new();
    CloudEvent::schemas(&mut schemas);
    schemas.push((CloudEvent::name().into_owned(), CloudEvent::schema()));
    GatewayEvent::schemas(&mut schemas);
    schemas.push((GatewayEvent::name().into_owned(), GatewayEvent::schema()));
    WorkflowEvent::schemas(&mut schemas);
    schemas.push((WorkflowEvent::name().into_owned(), WorkflowEvent::schema()));
    let (mut messages, mut all) = (Map::new(), Map::new());
    for event in EventType::all() {
        event.add_data_schemas(&mut schemas);
        let name = event.kind.name();
        messages.insert(name.to_owned(), message(&event));
        let reference = json!({"$ref": format!("#/components/messages/{name}")});
        all.insert(name.to_owned(), reference);
    }
    messages.insert("badgeEarned".to_owned(), gateway_message());
    messages.insert("requestWorkflowEvent".to_owned(), workflow_message());
    let gateway = json!({
        "badgeEarned": {"$ref": "#/components/messages/badgeEarned"},
        "requestWorkflowEvent": {"$ref": "#/components/messages/requestWorkflowEvent"},
    });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Accolade's events",
            "version": version,
            "description": ABOUT,
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0"
            },
        },
        "defaultContentType": CLOUD_EVENT,
        "channels": {
            "feed": {
                "address": "/api_gateway/v1/badges/events",
                "title": "The feed",
                "description": "Everything that happened in the organisation of who asks, in order. \
                                A request gives a stretch of it, and can wait for the next event.",
                "messages": all,
            },
            "webhook": {
                "address": null,
                "title": "A webhook",
                "description": "The URL of a webhook whose format is CLOUDEVENTS: the events that \
                                it asks for, one a request or several as an array.",
                "messages": all,
            },
            "gatewayWebhook": {
                "address": null,
                "title": "A webhook in the format of the API family",
                "description": "The URL of a webhook whose format is GATEWAY.",
                "messages": gateway,
            },
        },
        "operations": {
            "followFeed": operation("feed", "Gives the feed to who asks for it.", "GET"),
            "deliver": operation("webhook", "Delivers events to a webhook.", "POST"),
            "deliverGateway":
                operation("gatewayWebhook", "Delivers events to a webhook of the API family.", "POST"),
        },
        "components": {"messages": messages, "schemas": by_name(schemas)},
    })
}

/// The document as indented JSON with a newline at its end, as it is checked in.
pub fn asyncapi_json(version: &str) -> String {
    format!("{:#}\n", asyncapi(version))
}

/// What Accolade does with a channel.
fn operation(channel: &str, about: &str, method: &str) -> Value {
    json!({
        "action": "send",
        "channel": {"$ref": format!("#/channels/{channel}")},
        "summary": about,
        "bindings": {"http": {"method": method, "bindingVersion": "0.3.0"}},
    })
}

/// The message that an event of a type is.
fn message(event: &EventType) -> Value {
    let schema = CloudEvent::name();
    json!({
        "name": event.name(),
        "title": event.about.trim_end_matches('.'),
        "summary": format!("Its subject is {}.", event.subject),
        "contentType": CLOUD_EVENT,
        "payload": {
            "allOf": [
                {"$ref": format!("#/components/schemas/{schema}")},
                {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string", "const": event.name()},
                        "data": {"oneOf": [
                            {"$ref": format!("#/components/schemas/{}", event.data_name())},
                            {"type": "null"},
                        ]},
                    },
                },
            ],
        },
        "examples": [{"payload": example(event.example)}],
    })
}

/// The message that an earn is in the format of the API family.
fn gateway_message() -> Value {
    json!({
        "name": "badgeEarned",
        "title": "A customer earned a badge, in the format of the API family",
        "contentType": "application/json",
        "payload": {"$ref": format!("#/components/schemas/{}", GatewayEvent::name())},
        "examples": [{"payload": example(GATEWAY_EXAMPLE)}],
    })
}

/// The message that something became of a request that waits for approval, in the format of the API family.
fn workflow_message() -> Value {
    json!({
        "name": "requestWorkflowEvent",
        "title": "Something became of a request that waits for approval, in the format of the API family",
        "contentType": "application/json",
        "payload": {"$ref": format!("#/components/schemas/{}", WorkflowEvent::name())},
        "examples": [{"payload": example(WORKFLOW_EXAMPLE)}],
    })
}

/// The value of an example. One that is no JSON is null; a test finds it.
fn example(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The schemas in the order of their names, each once.
fn by_name(mut schemas: Vec<(String, RefOr<Schema>)>) -> Map<String, Value> {
    schemas.sort_by(|(a, _), (b, _)| a.cmp(b));
    schemas
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default()))
        .collect()
}
