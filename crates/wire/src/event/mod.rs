//! Events on the wire: how each looks to who follows the feed, and to receivers of webhooks.
//!
//! An event is a [`CloudEvent`]; its `data` depends on what happened, and the table of `types`
//! says what documents tell of each. Some receivers read the format of the API family instead:
//! [`gateway_event`]. Who follows the feed asks by a [`query`], goes on from a [`cursor`], and gets
//! an [`EventsBody`] or a bare [`batch`]. What all of this looks like, [`asyncapi`] describes.

mod asyncapi;
mod cloud_event;
mod cursor;
mod data;
mod gateway;
mod page;
pub mod query;
#[cfg(test)]
mod tests;
mod types;

pub use asyncapi::{asyncapi, asyncapi_json};
pub use cloud_event::{
    CLOUD_EVENT, CLOUD_EVENTS_BATCH, CloudEvent, cloud_event, event_id, partition_key,
};
pub use cursor::cursor;
pub use gateway::{
    AnyGatewayEvent, GATEWAY_EXAMPLE, GatewayEvent, WORKFLOW_EXAMPLE, WorkflowEvent, gateway_event,
};
pub use page::{EventsBody, batch};
pub use types::EventType;
