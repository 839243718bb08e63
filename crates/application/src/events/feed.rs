//! A stretch of an org's feed of events.

use std::collections::BTreeSet;
use std::time::Duration;

use accolade_domain::event::{EventKind, Position};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::events::Start;
use crate::ports::{EventStore, FeedError, FeedPage, FeedQuery, Ports, StoreError};

/// How often it is begun anew if the oldest event is swept between finding and reading it.
const MOST_BEGINNINGS: usize = 4;

/// What to read of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowFeed {
    /// Where to begin.
    pub start: Start,
    /// Of these kinds; empty means any.
    pub kinds: BTreeSet<EventKind>,
    /// About this badge.
    pub badge: Option<BadgeId>,
    /// About this customer.
    pub customer: Option<CustomerId>,
    /// The most events: at least 1.
    pub limit: usize,
    /// How long events are kept.
    pub retention: Duration,
}

/// Why the feed could not be read from there.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// What comes next is kept no more: 1960.
    #[error("events are kept from position {oldest} on")]
    Gone {
        /// The position of the oldest event that there is, or of the next one to come.
        oldest: Position,
    },
    /// What every use case may say.
    #[error(transparent)]
    Other(#[from] UseCaseError),
}

impl From<StoreError> for FollowError {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

/// The events of the caller's org that `follow` asks for. It may be fewer than there are, or none,
/// although there are more: then `has_more` is true.
///
/// # Errors
/// Events are missing behind where it is to begin; 400 if that is ahead of all there ever were; the
/// store failed.
pub fn feed(ports: &Ports, caller: &Caller, follow: &FollowFeed) -> Result<FeedPage, FollowError> {
    let store = &*ports.stores.events;
    let mut query = FeedQuery {
        org: caller.org,
        after: Position::START,
        kept_since: ports.clock.now().earlier_by(follow.retention),
        kinds: follow.kinds.clone(),
        badge: follow.badge,
        customer: follow.customer,
        limit: follow.limit,
    };
    let mut beginnings = 1;
    loop {
        query.after = begin(store, &query, follow.start)?;
        match store.read(&query) {
            Ok(page) => {
                if matches!(follow.start, Start::After(_)) {
                    refuse_ahead(store, &query, &page)?;
                }
                return Ok(page);
            }
            // A sweep came between, and who wants the oldest does not mind.
            Err(FeedError::Gone(_))
                if follow.start == Start::Oldest && beginnings < MOST_BEGINNINGS =>
            {
                beginnings += 1;
            }
            Err(FeedError::Gone(before)) => return Err(gone(before)),
            Err(FeedError::Store(error)) => return Err(error.into()),
        }
    }
}

/// The position behind which `start` is.
fn begin(store: &dyn EventStore, query: &FeedQuery, start: Start) -> Result<Position, FollowError> {
    Ok(match start {
        Start::Oldest => store.oldest(query.org, query.kept_since)?,
        Start::Latest => store.newest(query.org)?,
        Start::After(position) => position,
        Start::From(moment) => {
            // Read first: what is recorded from here on is later than the moment.
            let newest = store.newest(query.org)?;
            let after = store.before(query.org, moment)?;
            // Which of those that are gone were recorded before, nobody knows any more, unless even the
            // newest one was.
            let oldest = store.oldest(query.org, query.kept_since)?;
            let is_missing = after == oldest && after > Position::START && after < newest;
            if moment < query.kept_since && is_missing {
                return Err(gone(oldest));
            }
            after
        }
    })
}

/// Refuses a position that no event of the org ever had: the database that gave it is not this one,
/// or was put back to an earlier day. Who went on from there would miss what is recorded meanwhile.
fn refuse_ahead(
    store: &dyn EventStore,
    query: &FeedQuery,
    page: &FeedPage,
) -> Result<(), FollowError> {
    let is_at_the_end = page.events.is_empty() && !page.has_more;
    if !is_at_the_end || store.newest(query.org)? >= query.after {
        return Ok(());
    }
    let message = "This cursor is ahead of all events that there are: it is not from this database, or \
                   an earlier state of it was restored. Leave it out to begin with the oldest event.";
    let rejection = Rejection::unreadable(message).at_field("after");
    Err(UseCaseError::from(rejection).into())
}

fn gone(before: Position) -> FollowError {
    FollowError::Gone {
        oldest: before.next(),
    }
}

/// What the caller is told of [`FollowError::Gone`].
pub fn too_old(oldest: Position) -> Rejection {
    let message = format!(
        "Events behind this are kept no more: the oldest that there is has position {oldest}. Load \
         anew what you follow, or leave after and from out to begin with that one."
    );
    Rejection::new(Code::CursorTooOld).with_message(message)
}
