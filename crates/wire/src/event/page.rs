//! The answer that gives a stretch of the feed.

use accolade_application::ports::FeedPage;
use accolade_domain::ids::OrgId;

use super::cloud_event::CloudEvent;
use super::cursor::cursor;
use crate::answer::answer;
use crate::render::{self, Rendered};

answer! {
    /// A stretch of the feed.
    #[schema(as = Events)]
    pub struct EventsBody<'a> {
        /// The events, in the order of their positions.
        events: Vec<CloudEvent<'a>> = page.events.iter().map(CloudEvent::new).collect(),
        /// Where to read on: the next request's `after`. It passes what a filter left out, so keep
        /// it also where there are no events.
        #[schema(example = "AQAAAAAAAYhqAAAAAAAAACo")]
        next: String = cursor(org, page.next),
        /// Whether there is more behind `next` already, asked for or not.
        hasMore: bool = page.has_more,
    }
    new(org: OrgId, page: &'a FeedPage) {}
}

/// The events of `page` as a bare array: the batch format of CloudEvents.
///
/// # Errors
/// They cannot be written.
pub fn batch(page: &FeedPage) -> render::Result {
    let events: Vec<_> = page.events.iter().map(CloudEvent::new).collect();
    Rendered::bare(&events)
}
