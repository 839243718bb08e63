//! A feed that tests fill.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use accolade_application::ports::{
    EventStore, Expired, FeedError, FeedPage, FeedQuery, StoreError, Unsequenced,
};
use accolade_domain::event::{EarnFact, Event, Fact, Position};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, OrgId};
use accolade_domain::instant::Instant;

/// The org of all events.
pub(crate) fn org() -> OrgId {
    100_458.try_into().unwrap()
}

/// The badge of all events.
pub(crate) fn badge() -> BadgeId {
    "66276dc68fe258516a88ff8e".parse().unwrap()
}

/// What was recorded, in order.
#[derive(Default)]
pub(crate) struct TestFeed {
    events: Mutex<Vec<Event>>,
    reads: AtomicUsize,
    is_broken: AtomicBool,
}

impl TestFeed {
    /// How often it was read.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// From now on it gives nothing more to whoever asks for any kind of events.
    pub(crate) fn breaks(&self) {
        self.is_broken.store(true, Ordering::SeqCst);
    }

    /// These customers earn the badge, one after another.
    pub(crate) fn earn(&self, customers: impl IntoIterator<Item = i64>) {
        let mut events = self.events.lock().unwrap();
        for customer in customers {
            let position = i64::try_from(events.len()).unwrap() + 1;
            let earned: EarnedBadgeId = format!("{position:024x}").parse().unwrap();
            let now = Instant::from_unix_seconds(1_777_636_800).unwrap();
            let customer: CustomerId = customer.try_into().unwrap();
            let fact = EarnFact {
                badge: badge(),
                customer,
                earned,
                enrolment: None,
                event_on: now,
                expires_on: Instant::MAX,
                triggered_by: None,
                request_id: None,
                actor: None,
                reason: None,
                limits: Vec::new(),
            };
            events.push(Event {
                org: org(),
                position: Position::try_from(position).unwrap(),
                recorded_on: now,
                fact: Fact::EarnCreated(fact),
            });
        }
    }
}

impl EventStore for TestFeed {
    fn read(&self, query: &FeedQuery) -> Result<FeedPage, FeedError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if query.kinds.is_empty() && self.is_broken.load(Ordering::SeqCst) {
            let error = anyhow::anyhow!("it is broken");
            return Err(FeedError::Store(StoreError::Unexpected(error)));
        }
        let events = self.events.lock().unwrap();
        let behind = events
            .iter()
            .skip(usize::try_from(query.after.get()).unwrap());
        let found: Vec<_> = behind.take(query.limit).cloned().collect();
        let next = found.last().map_or(query.after, |it| it.position);
        Ok(FeedPage {
            has_more: next.get() < i64::try_from(events.len()).unwrap(),
            events: found,
            next,
        })
    }

    fn newest(&self, _: OrgId) -> Result<Position, StoreError> {
        let events = self.events.lock().unwrap();
        Ok(events.last().map_or(Position::START, |it| it.position))
    }

    fn oldest(&self, _: OrgId, _: Instant) -> Result<Position, StoreError> {
        Ok(Position::START)
    }

    fn before(&self, _: OrgId, _: Instant) -> Result<Position, StoreError> {
        Ok(Position::START)
    }

    fn sequence(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn expire(&self, _: Instant, _: Instant, _: u64) -> Result<Expired, StoreError> {
        Ok(Expired::default())
    }

    fn unsequenced(&self) -> Result<Unsequenced, StoreError> {
        Ok(Unsequenced::default())
    }

    fn sweep_events(&self, _: Instant) -> Result<u64, StoreError> {
        Ok(0)
    }
}
