//! The feed of events.

use std::collections::BTreeSet;

use accolade_application::ports::{
    EventStore, Expired, FeedError, FeedPage, FeedQuery, StoreError, Unsequenced,
};
use accolade_domain::approval::ChangeId;
use accolade_domain::event::{Event, Fact, Position};
use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::instant::Instant;

use crate::MemoryStore;
use crate::store::State;

/// An event, and the latest moment at which one was recorded up to it.
#[derive(Clone)]
pub(crate) struct Recorded {
    event: Event,
    latest_on: Instant,
}

/// What happened in an org, but for what was forgotten.
#[derive(Clone, Default)]
pub(crate) struct Feed {
    events: Vec<Recorded>,
    /// How many were forgotten: those before.
    forgotten: i64,
}

impl Feed {
    /// The cursor behind as many events as this of those that there are.
    fn behind(&self, events: usize) -> Position {
        let position = i64::try_from(events).map(|events| self.forgotten + events);
        position.map_or(Position::START, |position| {
            Position::try_from(position).unwrap_or(Position::START)
        })
    }

    fn newest(&self) -> Position {
        self.behind(self.events.len())
    }

    /// The cursor before the first that was recorded at `moment` or later.
    fn before(&self, moment: Instant) -> Position {
        let earlier = self.events.iter().take_while(|it| it.latest_on < moment);
        self.behind(earlier.count())
    }

    fn push(&mut self, org: OrgId, recorded_on: Instant, fact: Fact) {
        let before = self.events.last().map(|last| last.latest_on);
        let event = Event {
            org,
            position: self.newest().next(),
            recorded_on,
            fact,
        };
        self.events.push(Recorded {
            event,
            latest_on: before.map_or(recorded_on, |before| before.max(recorded_on)),
        });
    }
}

impl EventStore for MemoryStore {
    fn read(&self, query: &FeedQuery) -> Result<FeedPage, FeedError> {
        let state = self.begin();
        let mut page = FeedPage {
            events: Vec::new(),
            next: query.after,
            has_more: false,
        };
        let Some(feed) = state.feeds.get(&query.org) else {
            return Ok(page);
        };
        let oldest = feed.before(query.kept_since);
        if query.after < oldest {
            return Err(FeedError::Gone(oldest));
        }
        let numbers = state.numbers_of(query.org, query.customer);
        let mut behind = (feed.events.iter()).filter(|it| it.event.position > query.after);
        while page.events.len() < query.limit
            && let Some(Recorded { event, .. }) = behind.next()
        {
            page.next = event.position;
            page.events
                .extend(query.asks_for(event, &numbers).then(|| event.clone()));
        }
        page.has_more = page.next < feed.newest();
        Ok(page)
    }

    fn newest(&self, org: OrgId) -> Result<Position, StoreError> {
        let state = self.begin();
        let feed = state.feeds.get(&org);
        Ok(feed.map_or(Position::START, Feed::newest))
    }

    fn oldest(&self, org: OrgId, kept_since: Instant) -> Result<Position, StoreError> {
        self.before(org, kept_since)
    }

    fn before(&self, org: OrgId, moment: Instant) -> Result<Position, StoreError> {
        let state = self.begin();
        let feed = state.feeds.get(&org);
        Ok(feed.map_or(Position::START, |feed| feed.before(moment)))
    }

    /// What is recorded has its position.
    fn sequence(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn unsequenced(&self) -> Result<Unsequenced, StoreError> {
        Ok(Unsequenced::default())
    }

    fn expire(&self, until: Instant, now: Instant, most: u64) -> Result<Expired, StoreError> {
        Ok(self.begin().expire(until, now, most))
    }

    fn sweep_events(&self, kept_since: Instant) -> Result<u64, StoreError> {
        let mut state = self.begin();
        let mut forgotten = 0;
        for feed in state.feeds.values_mut() {
            let earlier = feed
                .events
                .iter()
                .take_while(|it| it.latest_on < kept_since);
            // The newest one stays, by which it is known how late the others were.
            let earlier = (earlier.count()).min(feed.events.len().saturating_sub(1));
            feed.events.drain(..earlier);
            feed.forgotten += i64::try_from(earlier).unwrap_or(i64::MAX);
            forgotten += earlier as u64;
        }
        Ok(forgotten)
    }
}

impl State {
    /// Records that this happened.
    pub(crate) fn happened(&mut self, org: OrgId, recorded_on: Instant, fact: Fact) {
        let feed = self.feeds.entry(org).or_default();
        feed.push(org, recorded_on, fact);
    }

    /// Leaves of every event about these customers only that it was there, and takes away what was said of
    /// these changes; whether there is one.
    pub(crate) fn forget_events(
        &mut self,
        org: OrgId,
        customers: &BTreeSet<CustomerId>,
        changes: &BTreeSet<ChangeId>,
    ) -> bool {
        let events = self.feeds.get_mut(&org).into_iter();
        let mut is_any = false;
        for it in events.flat_map(|feed| &mut feed.events) {
            if let Some(left) = it.event.fact.without(customers) {
                it.event.fact = left;
                is_any = true;
            }
            if let Fact::Change(change) = &mut it.event.fact
                && changes.contains(&change.change)
            {
                is_any |= change.comment.take().is_some();
            }
        }
        is_any
    }

    /// Where the org's events say nothing any more.
    pub(crate) fn forgotten_at(&self, org: OrgId) -> BTreeSet<Position> {
        let events = self.feeds.get(&org).into_iter();
        let events = events.flat_map(|feed| &feed.events);
        let forgotten = events.filter(|it| matches!(it.event.fact, Fact::Forgotten(_)));
        forgotten.map(|it| it.event.position).collect()
    }
}
