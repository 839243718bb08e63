//! Waiting for an event, without a thread and without a connection to the database.
//!
//! Who waits sleeps, and looks every now and then whether the feed of its org has grown. However
//! many wait for one org, one of them looks and the others take its word; whoever records
//! something on this server wakes them at once. Nothing here outlives the requests that wait: there
//! is no task that could die before them.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accolade_application::ports::{Ports, StoreError};
use accolade_domain::event::Position;
use accolade_domain::ids::OrgId;
use accolade_domain::rejection::Code;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::middleware::draining::Draining;

/// How soon after a look the next one may be, whatever is recorded: a busy org is looked at this often.
const SOONEST: Duration = Duration::from_millis(50);

/// How soon the feed is looked at again that has just grown.
const SOON: Duration = Duration::from_millis(100);

/// How long a quiet feed is left alone. With what a look and an answer take, who waits has an event
/// that another server recorded well within a second.
const LATEST: Duration = Duration::from_millis(400);

/// How long a look at the feed may take before another one is tried.
const PATIENCE: Duration = Duration::from_secs(5);

/// What tells the newest position of an org's feed.
type Look = Arc<dyn Fn(OrgId) -> Result<Position, StoreError> + Send + Sync>;

/// Those who wait for events on this server. Cheap to clone; clones share everything.
#[derive(Clone)]
pub(crate) struct Followers {
    look: Look,
    dispatcher: Dispatcher,
    draining: Draining,
    orgs: Arc<Mutex<Waiting>>,
    /// Who waited reads in turns, so that many who wake together do not take all places of those who
    /// ask for something else.
    turns: Arc<Semaphore>,
}

/// How many wait for which feed.
type Waiting = HashMap<OrgId, (usize, Arc<Feed>)>;

/// The feed of an org, as those who wait for it see it.
#[derive(Default)]
struct Feed {
    seen: tokio::sync::Mutex<Seen>,
    /// Whether something was recorded since the last look.
    is_stale: AtomicBool,
    recorded: Notify,
}

/// What the last look at a feed showed.
#[derive(Default)]
struct Seen {
    newest: Option<Position>,
    on: Option<Instant>,
    /// How long the feed is left alone.
    pause: Duration,
}

impl Followers {
    /// Nobody yet. Looks at feeds go through `dispatcher`, which does `concurrency` things at a time,
    /// and nobody waits once the server is `draining`.
    pub(crate) fn new(
        ports: &Ports,
        dispatcher: &Dispatcher,
        draining: &Draining,
        concurrency: usize,
    ) -> Self {
        let store = Arc::clone(&ports.stores.events);
        let look: Look = Arc::new(move |org| store.newest(org));
        Self::looking(look, dispatcher, draining, concurrency)
    }

    fn looking(
        look: Look,
        dispatcher: &Dispatcher,
        draining: &Draining,
        concurrency: usize,
    ) -> Self {
        Self {
            look,
            dispatcher: dispatcher.clone(),
            draining: draining.clone(),
            orgs: Arc::default(),
            turns: Arc::new(Semaphore::new(concurrency.div_ceil(2).max(1))),
        }
    }

    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        self.waiting().values().map(|(count, _)| count).sum()
    }

    /// Wakes those who wait for an event of `org`, because something was recorded in it.
    pub(crate) fn recorded(&self, org: OrgId) {
        if let Some((_, feed)) = self.waiting().get(&org)
            && !feed.is_stale.swap(true, Ordering::Relaxed)
        {
            feed.recorded.notify_waiters();
        }
    }

    /// Begins to wait for events of `org`; who does not wait any more drops it.
    pub(crate) fn follow(&self, org: OrgId) -> Follower {
        let mut waiting = self.waiting();
        let (count, feed) = waiting.entry(org).or_default();
        *count += 1;
        Follower {
            followers: self.clone(),
            org,
            feed: Arc::clone(feed),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.orgs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who waits for events of an org.
pub(crate) struct Follower {
    followers: Followers,
    org: OrgId,
    feed: Arc<Feed>,
}

impl Follower {
    /// Waits until there is something behind `after`: `true`; or until `end`, or until the server is
    /// told to stop: `false`. A database that is away is waited for.
    ///
    /// # Errors
    /// The store failed in a way that waiting does not mend.
    pub(crate) async fn wait(&self, after: Position, end: Instant) -> Result<bool, Failure> {
        tokio::select! {
            result = self.grown(after) => result.map(|()| true),
            () = sleep_until(end) => Ok(false),
            () = self.followers.draining.begun() => Ok(false),
        }
    }

    /// Waits until there is something behind `after`.
    async fn grown(&self, after: Position) -> Result<(), Failure> {
        loop {
            // Whoever records something from here on is heard.
            let mut recorded = pin!(self.feed.recorded.notified());
            recorded.as_mut().enable();
            let (newest, next_look) = self.look().await?;
            if newest.is_some_and(|newest| newest > after) {
                return Ok(());
            }
            tokio::select! {
                () = recorded => {}
                () = sleep_until(next_look) => {}
            }
        }
    }

    /// The turn to read; `None` if it did not come until `end`.
    pub(crate) async fn turn(&self, end: Instant) -> Option<SemaphorePermit<'_>> {
        let turn = tokio::time::timeout_at(end, self.followers.turns.acquire()).await;
        turn.ok()?.ok()
    }

    /// The newest position, and when to look again. One who waits looks, the others wait for it and
    /// take its word.
    async fn look(&self) -> Result<(Option<Position>, Instant), Failure> {
        let mut seen = self.feed.seen.lock().await;
        if let Some(next_look) = self.feed.next_look(&seen)
            && Instant::now() < next_look
        {
            return Ok((seen.newest, next_look));
        }
        // What is recorded from here on may be missed by this look, but not by the next.
        self.feed.is_stale.store(false, Ordering::Relaxed);
        let newest = self.newest().await?.or(seen.newest);
        let has_grown = newest != seen.newest;
        let on = Instant::now();
        let pause = if has_grown {
            SOON
        } else {
            (seen.pause * 3 / 2).clamp(SOON, LATEST)
        };
        *seen = Seen {
            newest,
            on: Some(on),
            pause,
        };
        Ok((newest, self.feed.next_look(&seen).unwrap_or(on)))
    }

    /// The newest position; `None` if that cannot be told now, but perhaps later.
    async fn newest(&self) -> Result<Option<Position>, Failure> {
        let (look, org) = (Arc::clone(&self.followers.look), self.org);
        let (deadline, look) = (Deadline::after(PATIENCE), move || look(org));
        let dispatcher = &self.followers.dispatcher;
        match dispatcher.run(deadline, Effect::Reads, look).await {
            Ok(Ok(newest)) => Ok(Some(newest)),
            Ok(Err(StoreError::Unavailable(_))) => Ok(None),
            Ok(Err(error)) => Err(error.into()),
            Err(failure) if failure.code() == Code::Unavailable => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

impl Feed {
    /// When to look again after `seen`; `None` if nobody has looked.
    fn next_look(&self, seen: &Seen) -> Option<Instant> {
        let is_stale = self.is_stale.load(Ordering::Relaxed);
        let pause = if is_stale { SOONEST } else { seen.pause };
        seen.on.map(|on| on + pause)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut waiting = self.followers.waiting();
        if let Some((count, _)) = waiting.get_mut(&self.org) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.org);
            }
        }
    }
}

#[cfg(test)]
mod tests;
