//! Short ways to read the feed.

use std::collections::BTreeSet;

use accolade_application::ports::{EventStore, FeedError, FeedPage, FeedQuery};
use accolade_domain::event::{Event, EventKind, Fact, Position};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;

use crate::World;

/// All events of the org behind `after`, which is kept for ever.
pub(crate) fn query(org: OrgId, after: Position) -> FeedQuery {
    FeedQuery {
        org,
        after,
        kept_since: Instant::MIN,
        kinds: BTreeSet::new(),
        badge: None,
        customer: None,
        limit: 1_000,
    }
}

/// The page that `query` asks for, of a feed that has it.
pub(crate) fn page(events: &dyn EventStore, query: &FeedQuery) -> FeedPage {
    events.read(query).unwrap()
}

/// Every event that `query` asks for, a page after the other.
pub(crate) fn all_of(events: &dyn EventStore, mut query: FeedQuery) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let page = page(events, &query);
        assert!(page.events.len() <= query.limit, "{}", page.events.len());
        assert!(page.next >= query.after && (page.next > query.after || !page.has_more));
        all.extend(page.events);
        query.after = page.next;
        if !page.has_more {
            return all;
        }
    }
}

/// Every event of the org. Checks that their positions are 1, 2, 3 ….
pub(crate) fn all_events(events: &dyn EventStore, org: OrgId) -> Vec<Event> {
    let all = all_of(events, query(org, Position::START));
    assert_whole(&all);
    all
}

/// Checks that the positions are 1, 2, 3 ….
pub(crate) fn assert_whole(events: &[Event]) {
    for (event, position) in events.iter().zip(1_i64..) {
        assert_eq!(event.position.get(), position);
    }
}

/// The cursor before the oldest event that is kept, where some behind the cursor of `query` are not.
pub(crate) fn gone(events: &dyn EventStore, query: &FeedQuery) -> Option<Position> {
    match events.read(query) {
        Ok(_) => None,
        Err(FeedError::Gone(oldest)) => Some(oldest),
        Err(error) => panic!("{error:?}"),
    }
}

impl World {
    /// Every event of the world's org.
    pub(crate) fn events(&self) -> Vec<Event> {
        all_events(&*self.stores.events, self.tenant.org)
    }

    /// What has happened since `before` events had.
    pub(crate) fn facts_since(&self, before: usize) -> Vec<Fact> {
        let events = self.events().into_iter().skip(before);
        events.map(|event| event.fact).collect()
    }

    /// The kinds of all events.
    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.events().iter().map(Event::kind).collect()
    }
}
