//! The feed of events: what was recorded, in order, to be read and followed.

use std::collections::BTreeSet;

use accolade_domain::event::{Event, EventKind, Position};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::instant::Instant;

use crate::ports::StoreError;

/// Which events of an org to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedQuery {
    /// The org.
    pub org: OrgId,
    /// Only what is behind this.
    pub after: Position,
    /// Nothing that was recorded before this is given any more, swept or not. What was recorded later
    /// by a clock that was behind counts as recorded with what comes before it.
    pub kept_since: Instant,
    /// Of these kinds; empty means any at all.
    pub kinds: BTreeSet<EventKind>,
    /// About this badge.
    pub badge: Option<BadgeId>,
    /// About this customer, by whichever number: its own, that of one who was merged into it or, if it
    /// was merged itself, its successor's.
    pub customer: Option<CustomerId>,
    /// The most events to give: at least 1.
    pub limit: usize,
}

impl FeedQuery {
    /// Whether `event` is of the kinds, and about the badge and the customer that it asks for, given all
    /// the `numbers` of that one.
    pub fn asks_for(&self, event: &Event, numbers: &BTreeSet<CustomerId>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&event.kind()))
            && self.badge.is_none_or(|badge| event.badge() == Some(badge))
            && (self.customer.is_none() || event.fact.is_about(numbers))
    }
}

/// A stretch of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// The events that the query asks for, by position.
    pub events: Vec<Event>,
    /// All up to here was looked at: where to read on.
    pub next: Position,
    /// Whether there is more behind it, asked for or not.
    pub has_more: bool,
}

/// Why the feed could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Events behind the cursor are kept no more; this cursor is before the oldest that is.
    #[error("events behind this are kept no more")]
    Gone(Position),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was recorded and has no position yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsequenced {
    /// How many requests.
    pub requests: u64,
    /// When the oldest of them was recorded.
    pub oldest_on: Option<Instant>,
}

/// How much was made of what is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// How many events it became.
    pub events: u64,
    /// Whether more is due.
    pub has_more: bool,
}

/// The feed of events. Ports that record something write it: in the same transaction, exactly what
/// was recorded, and nothing where nothing changed.
///
/// The events of an org are numbered 1, 2, 3 … without a hole. Cause comes before effect: what
/// was recorded when a port had returned is before all that is recorded by a call that began later.
/// Nothing ever appears behind a [`next`](FeedPage::next) that was given out, and what was given
/// never changes, but that of a customer who is forgotten nothing is said any more. A transaction that is open, of whomever, holds up nobody but itself.
pub trait EventStore: Send + Sync {
    /// Events of an org, by position. It looks at a bounded number of events for each call, so it may
    /// give fewer than there are, or none, though there are more: then `has_more` is true.
    /// Everything that was recorded when the call began has its position.
    ///
    /// # Errors
    /// [`FeedError::Gone`] if there were events behind `after` that are kept no more.
    fn read(&self, query: &FeedQuery) -> Result<FeedPage, FeedError>;

    /// The position of the newest event of the org, [`Position::START`] if there never was one.
    /// Everything that was recorded when the call began has its position.
    ///
    /// # Errors
    /// The store failed.
    fn newest(&self, org: OrgId) -> Result<Position, StoreError>;

    /// The cursor before the oldest event of the org that is kept since `kept_since`: that of the
    /// newest event where none is.
    ///
    /// # Errors
    /// The store failed.
    fn oldest(&self, org: OrgId, kept_since: Instant) -> Result<Position, StoreError>;

    /// The cursor before the first event that was recorded at `moment` or later: behind it is all that
    /// was recorded then or later.
    ///
    /// # Errors
    /// The store failed.
    fn before(&self, org: OrgId, moment: Instant) -> Result<Position, StoreError>;

    /// Gives positions to what was recorded and has none, of all orgs; how many events they are.
    /// Several servers may do it at once.
    ///
    /// # Errors
    /// The store failed.
    fn sequence(&self) -> Result<u64, StoreError>;

    /// What was recorded, of all orgs, and has no position yet. None once [`Self::sequence`] has been
    /// called, but for what was recorded since.
    ///
    /// # Errors
    /// The store failed.
    fn unsequenced(&self) -> Result<Unsequenced, StoreError>;

    /// Records as events the enrolments and earns that expired at `until` or before, are not revoked,
    /// and had not expired when they were recorded: in each org the earliest first, each exactly once,
    /// whoever calls at the same moment. It looks at no more than `most`, revoked or not, and divides
    /// what one request recorded. Those recorded before there was a feed too, unless they had expired
    /// by then: they are entered a few at a time, and meanwhile there is more. `now` is when it is
    /// recorded. No expiry is told behind the revocation of the same enrolment or earn.
    ///
    /// # Errors
    /// The store failed.
    fn expire(&self, until: Instant, now: Instant, most: u64) -> Result<Expired, StoreError>;

    /// Forgets events that were recorded before `kept_since`; how many rows it removed. Positions are
    /// never used again. Removes a bounded number: call it again until it removes none.
    ///
    /// # Errors
    /// The store failed.
    fn sweep_events(&self, kept_since: Instant) -> Result<u64, StoreError>;
}
