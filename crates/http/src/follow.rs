//! Waiting for something to change, without a thread and without a connection to the database: for an
//! event in the feed of an org, for the end of a job.
//!
//! Who waits sleeps, and looks every now and then whether its subject has changed. However
//! many wait for one subject, one of them looks and the others take its word; whoever records
//! something on this server wakes them at once. Nothing here outlives the requests that wait: there
//! is no task that could die before them.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accolade_application::gate::Turn;
use accolade_application::ports::{Ports, StoreError};
use accolade_domain::event::Position;
use accolade_domain::ids::OrgId;
use accolade_domain::job::{JobId, JobState};
use accolade_domain::rejection::Code;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::middleware::draining::Draining;

/// How soon after a look the next one may be, whatever is recorded: what is busy is looked at this often.
const SOONEST: Duration = Duration::from_millis(50);

/// How soon a subject is looked at again that has just changed.
const SOON: Duration = Duration::from_millis(100);

/// How long a quiet subject is left alone. With what a look and an answer take, who waits learns of
/// what another server recorded well within a second.
const LATEST: Duration = Duration::from_millis(400);

/// How long a look may take before another one is tried.
const PATIENCE: Duration = Duration::from_secs(5);

/// Those who wait for events: for positions in the feed of an org.
pub(crate) type FeedFollowers = Followers<OrgId, Position>;

/// Those who wait for jobs, whose state tells how far they are; `None`: there is no such job.
pub(crate) type JobFollowers = Followers<(OrgId, JobId), Option<JobState>>;

/// What tells how a subject stands.
type Look<S, V> = Arc<dyn Fn(S) -> Result<V, StoreError> + Send + Sync>;

/// Those who wait on this server for subjects to change. Cheap to clone; clones share everything.
pub(crate) struct Followers<S, V> {
    look: Look<S, V>,
    dispatcher: Dispatcher,
    draining: Draining,
    subjects: Arc<Mutex<Waiting<S, V>>>,
    /// Who waited reads in turns, so that many who wake together do not take all places of those who
    /// ask for something else.
    turns: Arc<Semaphore>,
}

/// How many wait for which subject.
type Waiting<S, V> = HashMap<S, (usize, Arc<Subject<V>>)>;

/// A subject, as those who wait for it see it.
struct Subject<V> {
    seen: tokio::sync::Mutex<Seen<V>>,
    /// Whether something was recorded since the last look.
    is_stale: AtomicBool,
    recorded: Notify,
}

/// What the last look at a subject showed.
struct Seen<V> {
    newest: Option<V>,
    on: Option<Instant>,
    /// How long the subject is left alone.
    pause: Duration,
}

impl FeedFollowers {
    /// Nobody yet. Looks at feeds go through `dispatcher`, which does `concurrency` things at a time,
    /// and nobody waits once the server is `draining`.
    pub(crate) fn of_feeds(
        ports: &Ports,
        dispatcher: &Dispatcher,
        draining: &Draining,
        concurrency: usize,
    ) -> Self {
        let store = Arc::clone(&ports.stores.events);
        let look: Look<OrgId, Position> = Arc::new(move |org| store.newest(org));
        Self::looking(look, dispatcher, draining, concurrency)
    }
}

impl JobFollowers {
    /// The same of jobs.
    pub(crate) fn of_jobs(
        ports: &Ports,
        dispatcher: &Dispatcher,
        draining: &Draining,
        concurrency: usize,
    ) -> Self {
        let store = Arc::clone(&ports.stores.jobs);
        let look: Look<(OrgId, JobId), Option<JobState>> = Arc::new(move |(org, job)| {
            let found = store.job(org, &job)?;
            Ok(found.map(|found| found.job.state))
        });
        Self::looking(look, dispatcher, draining, concurrency)
    }
}

impl<S, V> Followers<S, V>
where
    S: Clone + Eq + Hash + Send + 'static,
    V: Clone + PartialEq + Send + 'static,
{
    fn looking(
        look: Look<S, V>,
        dispatcher: &Dispatcher,
        draining: &Draining,
        concurrency: usize,
    ) -> Self {
        Self {
            look,
            dispatcher: dispatcher.clone(),
            draining: draining.clone(),
            subjects: Arc::default(),
            turns: Arc::new(Semaphore::new(concurrency.div_ceil(2).max(1))),
        }
    }

    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        self.waiting().values().map(|(count, _)| count).sum()
    }

    /// Wakes those who wait for `subject`, because something was recorded of it.
    pub(crate) fn recorded(&self, subject: &S) {
        if let Some((_, subject)) = self.waiting().get(subject)
            && !subject.is_stale.swap(true, Ordering::Relaxed)
        {
            subject.recorded.notify_waiters();
        }
    }

    /// Begins to wait for `subject`; who does not wait any more drops it.
    pub(crate) fn follow(&self, subject: S) -> Follower<S, V> {
        let mut waiting = self.waiting();
        let (count, seen) = waiting.entry(subject.clone()).or_default();
        *count += 1;
        Follower {
            followers: self.clone(),
            subject,
            shared: Arc::clone(seen),
        }
    }
}

impl<S, V> Followers<S, V> {
    fn waiting(&self) -> MutexGuard<'_, Waiting<S, V>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, V> Clone for Followers<S, V> {
    fn clone(&self) -> Self {
        Self {
            look: Arc::clone(&self.look),
            dispatcher: self.dispatcher.clone(),
            draining: self.draining.clone(),
            subjects: Arc::clone(&self.subjects),
            turns: Arc::clone(&self.turns),
        }
    }
}

/// One who waits for a subject.
pub(crate) struct Follower<S: Eq + Hash, V> {
    followers: Followers<S, V>,
    subject: S,
    shared: Arc<Subject<V>>,
}

impl<S, V> Follower<S, V>
where
    S: Clone + Eq + Hash + Send + 'static,
    V: Clone + PartialEq + Send + 'static,
{
    /// Waits until the subject is as `is_awaited` says: `true`; or until `end`, or until the server is
    /// told to stop: `false`. A database that is away is waited for.
    ///
    /// # Errors
    /// The store failed in a way that waiting does not mend.
    pub(crate) async fn wait(
        &self,
        is_awaited: impl Fn(&V) -> bool,
        end: Instant,
    ) -> Result<bool, Failure> {
        let changed = async {
            loop {
                // Whoever records something from here on is heard.
                let mut recorded = pin!(self.shared.recorded.notified());
                recorded.as_mut().enable();
                let (newest, next_look) = self.look().await?;
                if newest.is_some_and(|newest| is_awaited(&newest)) {
                    return Ok(true);
                }
                tokio::select! {
                    () = recorded => {}
                    () = sleep_until(next_look) => {}
                }
            }
        };
        tokio::select! {
            result = changed => result,
            () = sleep_until(end) => Ok(false),
            () = self.followers.draining.begun() => Ok(false),
        }
    }

    /// The turn to read; `None` if it did not come until `end`.
    pub(crate) async fn turn(&self, end: Instant) -> Option<SemaphorePermit<'_>> {
        let turn = tokio::time::timeout_at(end, self.followers.turns.acquire()).await;
        turn.ok()?.ok()
    }

    /// How the subject stands, and when to look again. One who waits looks, the others wait for it and
    /// take its word.
    async fn look(&self) -> Result<(Option<V>, Instant), Failure> {
        let mut seen = self.shared.seen.lock().await;
        if let Some(next_look) = self.shared.next_look(&seen)
            && Instant::now() < next_look
        {
            return Ok((seen.newest.clone(), next_look));
        }
        // What is recorded from here on may be missed by this look, but not by the next.
        self.shared.is_stale.store(false, Ordering::Relaxed);
        let newest = self.newest().await?.or_else(|| seen.newest.clone());
        let has_changed = newest != seen.newest;
        let on = Instant::now();
        let pause = if has_changed {
            SOON
        } else {
            (seen.pause * 3 / 2).clamp(SOON, LATEST)
        };
        *seen = Seen {
            newest: newest.clone(),
            on: Some(on),
            pause,
        };
        Ok((newest, self.shared.next_look(&seen).unwrap_or(on)))
    }

    /// How the subject stands now; `None` if that cannot be told now, but perhaps later.
    async fn newest(&self) -> Result<Option<V>, Failure> {
        let (look, subject) = (Arc::clone(&self.followers.look), self.subject.clone());
        let (deadline, look) = (Deadline::after(PATIENCE), move || look(subject));
        let dispatcher = &self.followers.dispatcher;
        match dispatcher
            .run(Turn::SYSTEM, deadline, Effect::Reads, look)
            .await
        {
            Ok(Ok(newest)) => Ok(Some(newest)),
            Ok(Err(StoreError::Unavailable(_))) => Ok(None),
            Ok(Err(error)) => Err(error.into()),
            Err(failure) if failure.code() == Code::Unavailable => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

impl<V> Subject<V> {
    /// When to look again after `seen`; `None` if nobody has looked.
    fn next_look(&self, seen: &Seen<V>) -> Option<Instant> {
        let is_stale = self.is_stale.load(Ordering::Relaxed);
        let pause = if is_stale { SOONEST } else { seen.pause };
        seen.on.map(|on| on + pause)
    }
}

impl<V> Default for Subject<V> {
    fn default() -> Self {
        let seen = Seen {
            newest: None,
            on: None,
            pause: Duration::ZERO,
        };
        Self {
            seen: tokio::sync::Mutex::new(seen),
            is_stale: AtomicBool::default(),
            recorded: Notify::default(),
        }
    }
}

impl<S: Eq + Hash, V> Drop for Follower<S, V> {
    fn drop(&mut self) {
        let mut waiting = self.followers.waiting();
        if let Some((count, _)) = waiting.get_mut(&self.subject) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.subject);
            }
        }
    }
}

#[cfg(test)]
mod tests;
