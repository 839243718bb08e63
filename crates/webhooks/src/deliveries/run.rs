//! The deliveries of one webhook: what the plan says, done.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::ports::{
    Attempt, AttemptStatus, AttemptedEvent, Delivery, Progress, Saved, StoreError, WebhookVersion,
};
use accolade_domain::event::Position;
use accolade_domain::webhook::{Webhook, WebhookState};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant as Moment, sleep_until};

use crate::body::{Message, Rendered};
use crate::deliveries::Deliveries;
use crate::feed::{Feed, Page};
use crate::plan::{Ended, Plan, Planned};
use crate::sender::Sent;

/// How long what became of deliveries is collected before it is saved.
const SAVE_PERIOD: Duration = Duration::from_millis(200);
/// While so many requests are not saved, none is sent.
const MOST_UNSAVED: usize = 2_000;
/// How soon the feed is looked at again when there was nothing new; doubled each time.
const FIRST_LOOK: Duration = Duration::from_millis(50);
/// The longest that it gets.
const LAST_LOOK: Duration = Duration::from_secs(1);
/// How soon a call of the store is made again that failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// How long requests that have gone out have when nothing more is to be sent.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// The shortest and the longest sleep.
const SLEEP: (Duration, Duration) = (Duration::from_millis(5), Duration::from_mins(1));

/// A call of the store that is under way.
type Call<T> = Option<JoinHandle<Result<T, StoreError>>>;

/// A request that was sent, or could not be.
struct Finished {
    request: Planned,
    ended: Ended,
    /// How it went and what was in it, if it went.
    sent: Option<(Sent, Vec<Position>)>,
    /// Why it could not be read what is in it.
    failure: Option<StoreError>,
}

impl Finished {
    const fn not_tried(request: Planned, failure: Option<StoreError>) -> Self {
        Self {
            request,
            ended: Ended::NotTried,
            sent: None,
            failure,
        }
    }
}

/// The deliveries of one webhook.
pub(super) struct Run {
    with: Deliveries,
    webhook: Arc<Webhook>,
    /// The version that the webhook had when it was opened.
    version: WebhookVersion,
    feed: Feed,
    plan: Plan,
    /// What was read and not sent yet.
    bodies: HashMap<Position, Rendered>,
    /// Ends all of them when it goes.
    sending: JoinSet<Finished>,
    reading: Call<Page>,
    read_on: Moment,
    look: Duration,
    saving: Call<Option<Saved>>,
    /// What is being saved, for the case that it fails.
    unsaved: Option<Progress>,
    save_on: Moment,
    attempts: Vec<Attempt>,
    /// Until when the last requests have, once nothing more is to be sent.
    ends_on: Option<Moment>,
    /// What it ends with, if not well.
    failure: Option<StoreError>,
    /// Whether it was told of that the webhook was disabled.
    told: bool,
}

impl Run {
    pub(super) fn new(with: Deliveries, delivery: Delivery) -> Self {
        let plan = Plan::open(&delivery);
        let version = delivery.version;
        let webhook = Arc::new(delivery.webhook);
        let feed = Feed::new(
            Arc::clone(&with.events),
            Arc::clone(&with.held),
            Arc::clone(&webhook),
            with.options.retention,
        );
        let now = Moment::now();
        Self {
            with,
            webhook,
            version,
            feed,
            plan,
            bodies: HashMap::new(),
            sending: JoinSet::new(),
            reading: None,
            read_on: now,
            look: FIRST_LOOK,
            saving: None,
            unsaved: None,
            save_on: now,
            attempts: Vec::new(),
            ends_on: None,
            failure: None,
            told: false,
        }
    }

    /// Delivers until it is to `stop`, or nothing is to be delivered any more.
    pub(super) async fn until(
        mut self,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), StoreError> {
        let mut stop = pin!(stop);
        loop {
            self.send();
            self.read();
            self.save();
            if self.has_ended() {
                return self.failure.map_or(Ok(()), Err);
            }
            let wake = self.wake();
            tokio::select! {
                () = &mut stop, if self.ends_on.is_none() => self.end(),
                Some(finished) = self.sending.join_next() => self.finished(finished),
                page = called(&mut self.reading) => self.was_read(page)?,
                saved = called(&mut self.saving) => self.was_saved(saved)?,
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Begins the requests that are due.
    fn send(&mut self) {
        let is_late = self.attempts.len() >= MOST_UNSAVED || self.has_failed_to_save();
        if self.ends_on.is_some() || is_late {
            return;
        }
        let now = self.with.clock.now();
        while let Some(request) = self.plan.next(now) {
            let events = request.events.iter();
            let bodies: Option<Vec<_>> = events
                .map(|event| self.bodies.remove(&event.position))
                .collect();
            let (with, webhook) = (self.with.clone(), Arc::clone(&self.webhook));
            let feed = self.feed.clone();
            self.sending
                .spawn(send(with, webhook, feed, request, bodies));
        }
        if self.plan.stopped().is_some() {
            self.end();
        }
    }

    /// Begins to read what follows, if there is room for it.
    fn read(&mut self) {
        let now = self.with.clock.now();
        let room = self.plan.room(now);
        let is_time = self.read_on <= Moment::now();
        if room == 0 || !is_time || self.reading.is_some() || self.ends_on.is_some() {
            return;
        }
        let (with, feed, after) = (self.with.clone(), self.feed.clone(), self.plan.read_from());
        self.reading = Some(tokio::spawn(async move {
            with.read(move |_| feed.read(after, room, now)).await
        }));
    }

    fn was_read(&mut self, page: Result<Page, StoreError>) -> Result<(), StoreError> {
        let page = match page {
            Ok(page) => page,
            Err(StoreError::Unavailable(_)) => {
                self.read_on = Moment::now() + STORE_PAUSE;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if page.has_more {
            self.look = FIRST_LOOK;
        } else {
            self.read_on = Moment::now() + self.look;
            self.look = if page.events.is_empty() {
                (self.look * 2).min(LAST_LOOK)
            } else {
                FIRST_LOOK
            };
        }
        let fresh = page.events.iter().map(Rendered::fresh).collect();
        let bodies = page.events.into_iter().map(|it| (it.position, it));
        self.bodies.extend(bodies);
        let now = self.with.clock.now();
        self.plan.take(fresh, page.next, page.has_more, now);
        self.forget_bodies();
        Ok(())
    }

    /// Forgets what has become a row: it is read again when it is due.
    fn forget_bodies(&mut self) {
        if self.bodies.len() > self.plan.fresh() {
            let plan = &self.plan;
            self.bodies.retain(|position, _| plan.is_fresh(*position));
        }
    }

    fn finished(&mut self, finished: Result<Finished, tokio::task::JoinError>) {
        let finished = match finished {
            Ok(finished) => finished,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => return,
            },
        };
        let request = finished.request;
        if let Some((sent, positions)) = finished.sent {
            let result = sent.result;
            let is_success = result.status == AttemptStatus::Succeeded;
            let took = result.duration.try_into().unwrap_or_default();
            self.with.watch.attempted(is_success, positions.len(), took);
            let events = request.events.iter();
            let events = events
                .filter(|event| positions.binary_search(&event.position).is_ok())
                .map(|event| AttemptedEvent {
                    position: event.position,
                    attempt: event.attempt,
                })
                .collect();
            self.attempts.push(Attempt { events, result });
        }
        let (now, jitter) = (self.with.clock.now(), rand::random());
        self.plan.ended(request.number, finished.ended, now, jitter);
        self.forget_bodies();
        // A store that is away comes back; anything else ends this, once what was sent is saved.
        if let Some(error @ StoreError::Unexpected(_)) = finished.failure {
            self.failure.get_or_insert(error);
            self.end();
        }
    }

    /// Begins to save what changed, if enough of it is there or nothing more comes soon.
    fn save(&mut self) {
        if self.saving.is_some() || self.has_failed_to_save() {
            return;
        }
        let is_busy = !self.sending.is_empty() || !self.bodies.is_empty();
        let is_time = self.save_on <= Moment::now() || self.attempts.len() >= MOST_UNSAVED;
        if is_busy && !is_time {
            return;
        }
        let progress = match self.unsaved.take() {
            Some(progress) => progress,
            None if self.has_changed() => self.progress(),
            None => return,
        };
        self.save_on = Moment::now() + SAVE_PERIOD;
        self.unsaved = Some(progress.clone());
        let with = self.with.clone();
        self.saving = Some(tokio::spawn(async move {
            with.save(move |it| it.webhooks.save(&progress)).await
        }));
    }

    fn has_changed(&self) -> bool {
        self.plan.has_changed() || !self.attempts.is_empty()
    }

    fn progress(&mut self) -> Progress {
        let change = self.plan.progress();
        let mut attempts = std::mem::take(&mut self.attempts);
        attempts.sort_by_key(|attempt| attempt.result.attempted_on);
        Progress {
            org: self.webhook.org,
            webhook: self.webhook.id,
            version: self.version,
            cursor: change.cursor,
            put: change.put,
            done: change.done,
            attempts,
            health: change.health,
            disable: change.disable,
            now: self.with.clock.now(),
        }
    }

    fn was_saved(&mut self, saved: Result<Option<Saved>, StoreError>) -> Result<(), StoreError> {
        match saved {
            Ok(saved) => {
                let disable = self.unsaved.take().and_then(|it| it.disable);
                match (disable, saved.map(|it| it.state)) {
                    (Some(reason), Some(WebhookState::Disabled(_))) if !self.told => {
                        self.told = true;
                        self.with.watch.disabled(reason);
                    }
                    _ => {}
                }
                // It is gone, or somebody stopped it: whoever looks after the leases ends this soon.
                if saved.is_none_or(|saved| !saved.state.is_active()) {
                    self.end();
                }
                Ok(())
            }
            Err(StoreError::Unexpected(error)) => Err(StoreError::Unexpected(error)),
            Err(_) if self.ends_on.is_none() => {
                self.save_on = Moment::now() + STORE_PAUSE;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether what is to be saved waits for the store to be there again.
    fn has_failed_to_save(&self) -> bool {
        self.unsaved.is_some() && self.saving.is_none() && self.save_on > Moment::now()
    }

    /// Nothing more is sent from now on.
    fn end(&mut self) {
        if self.ends_on.is_none() {
            self.ends_on = Some(Moment::now() + LAST_PATIENCE);
        }
        self.bodies.clear();
    }

    /// Whether nothing is left to be done. What is not answered in time is broken off, and sent again.
    fn has_ended(&mut self) -> bool {
        let Some(end) = self.ends_on else {
            return false;
        };
        if end <= Moment::now() {
            self.sending = JoinSet::new();
        }
        if self.sending.is_empty() {
            self.plan.close(self.with.clock.now());
        }
        self.sending.is_empty()
            && !self.has_changed()
            && self.saving.is_none()
            && self.unsaved.is_none()
    }

    /// When to look again if nothing happens.
    fn wake(&self) -> Moment {
        let now = Moment::now();
        let clock = self.with.clock.now();
        let plan = self.plan.wake(clock).map(|wake| {
            let wait = Duration::try_from(wake.since(clock)).unwrap_or_default();
            now + wait.clamp(SLEEP.0, SLEEP.1)
        });
        let read = (self.reading.is_none() && self.plan.room(clock) > 0).then_some(self.read_on);
        let is_to_save = self.saving.is_none() && (self.unsaved.is_some() || self.has_changed());
        let save = is_to_save.then_some(self.save_on);
        let others = [plan, read, save, self.ends_on];
        let first = others.into_iter().flatten().min();
        first.map_or(now + SLEEP.1, |first| first.max(now + SLEEP.0))
    }
}

/// Waits for a call that is under way, for ever if there is none.
async fn called<T>(call: &mut Call<T>) -> Result<T, StoreError> {
    let Some(handle) = call else {
        return pending().await;
    };
    let result = handle.await;
    *call = None;
    match result {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => pending().await,
        },
    }
}

/// Sends one request; reads first what is in it, if that is not at hand.
async fn send(
    with: Deliveries,
    webhook: Arc<Webhook>,
    feed: Feed,
    request: Planned,
    bodies: Option<Vec<Rendered>>,
) -> Finished {
    let rendered = if let Some(rendered) = bodies {
        Ok(rendered)
    } else {
        let (wanted, now) = (request.events.clone(), with.clock.now());
        with.read(move |_| feed.find(&wanted, now)).await
    };
    let rendered = match rendered {
        Ok(rendered) => rendered,
        Err(error) => return Finished::not_tried(request, Some(error)),
    };
    let Some(message) = Message::new(&rendered, &webhook.settings) else {
        return Finished {
            request,
            ended: Ended::NothingToSend,
            sent: None,
            failure: None,
        };
    };
    let positions = rendered.iter().map(|it| it.position).collect();
    let sent = with.sender.send(&webhook, message).await;
    if sent.ended == Ended::NotTried {
        return Finished::not_tried(request, None);
    }
    Finished {
        request,
        ended: sent.ended,
        sent: Some((sent, positions)),
        failure: None,
    }
}
