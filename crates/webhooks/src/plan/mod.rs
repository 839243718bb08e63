//! What is sent to a webhook when, as a machine without time and network of its own.
//!
//! A [`Plan`] is told what was [read](Plan::take) from the feed and how each delivery
//! [ended](Plan::ended); it says how much to [read](Plan::room), which delivery to
//! [begin](Plan::next), what to [save](Plan::progress), and when to [ask again](Plan::wake). Every moment
//! is an argument, and so is chance, so that tests live through five days in no time.
//!
//! What was saved is enough to go on: all up to the cursor is done with but for the rows of
//! retries. What is lost in a crash was not saved, and is delivered again.

mod backlog;
mod doubt;
mod pace;
mod rules;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use accolade_application::ports::{Delivery, Retry};
use accolade_domain::event::Position;
use accolade_domain::instant::Instant;
use accolade_domain::webhook::schedule::{DISABLED_AFTER, after_failure};
use accolade_domain::webhook::{DeliveryOrder, DisabledReason, Health, NextTry};
use time::Duration;

use backlog::{Backlog, Item, Stage};
use doubt::Doubt;
use pace::Pace;

pub use rules::Rules;

/// The most events of one read.
const MOST_READ: usize = 1_000;
/// While so many events are rows, none is read that could become a further one.
const MOST_ROWS: usize = 100_000;
/// So many rows of a receiver of which nothing succeeds are enough to doubt it.
const DOUBTED_ROWS: usize = 1_000;
/// When a delivery could not be tried, it is begun again after this.
const NOT_TRIED_PAUSE: Duration = Duration::SECOND;

/// Those of whom one waits for the other; the same text for the same ones.
pub type Partition = Arc<str>;

/// An event that was read from the feed and is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// Its place in the feed.
    pub position: Position,
    /// Whose event it is.
    pub partition: Partition,
    /// How large it is on the wire.
    pub bytes: usize,
}

/// A request that is to be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// By what its end is told.
    pub number: u64,
    /// Its events, in their order.
    pub events: Vec<PlannedEvent>,
}

/// One event of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedEvent {
    /// Its place in the feed.
    pub position: Position,
    /// Which attempt of it this is, from 1.
    pub attempt: u32,
    /// Whether somebody asked for it, who may not have known whether the webhook wants it.
    pub resent: bool,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The receiver has it.
    Delivered,
    /// There was nothing to be sent, and nobody was asked.
    NothingToSend,
    /// It failed.
    Failed,
    /// It failed, and the receiver wants to be left alone for so long.
    Later(Duration),
    /// The receiver is gone for good.
    Gone,
    /// It could not be tried, for reasons that are not the receiver's.
    NotTried,
}

/// What changed since it was asked for last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// All up to here is done with, but for the retries.
    pub cursor: Position,
    /// Retries that are new or have changed.
    pub put: Vec<Retry>,
    /// Rows that are done with.
    pub done: Vec<Position>,
    /// How the deliveries go.
    pub health: Health,
    /// Why the webhook is to be disabled, if it is.
    pub disable: Option<DisabledReason>,
}

/// What is sent to one webhook when.
#[derive(Debug)]
pub struct Plan {
    rules: Rules,
    health: Health,
    stopped: Option<DisabledReason>,
    backlog: Backlog,
    under_way: HashMap<u64, Vec<Position>>,
    last_number: u64,
    /// All up to here was read.
    read_to: Position,
    /// Rows from before, of events that will be read once more.
    known: BTreeSet<Position>,
    /// The last of the events that are done with.
    last_done: Position,
    pace: Pace,
    doubt: Doubt,
    /// Rows that changed since they were saved.
    changed: BTreeSet<Position>,
    done: BTreeSet<Position>,
    given_up: Vec<Retry>,
    saved: (Position, Health, Option<DisabledReason>),
}

impl Plan {
    /// Goes on where `delivery` was saved.
    pub fn open(delivery: &Delivery) -> Self {
        let rules = Rules::of(&delivery.webhook.settings);
        let health = delivery.webhook.health;
        let doubt = Doubt::new(rules.enough_failures());
        let mut plan = Self {
            health,
            stopped: None,
            backlog: Backlog::default(),
            under_way: HashMap::new(),
            last_number: 0,
            read_to: delivery.cursor,
            known: BTreeSet::new(),
            last_done: Position::START,
            pace: Pace::new(rules.per_second),
            doubt: if health.failing_since.is_some() {
                doubt.begun()
            } else {
                doubt
            },
            changed: BTreeSet::new(),
            done: BTreeSet::new(),
            given_up: Vec::new(),
            saved: (delivery.cursor, health, None),
            rules,
        };
        plan.add_rows(&delivery.retries);
        plan
    }

    /// Events behind this are to be read.
    pub const fn read_from(&self) -> Position {
        self.read_to
    }

    /// How many events to read at `now`; none while there is enough to do.
    pub fn room(&self, now: Instant) -> usize {
        if self.stopped.is_some() || self.backlog.rows() >= MOST_ROWS {
            return 0;
        }
        let fresh = self.backlog.without_row();
        if self.all_wait_for_one() {
            return 0;
        }
        if self.health.is_held(now) || self.is_in_doubt() {
            let may_probe = !self.health.is_held(now) && self.may_probe(now);
            return if fresh == 0 && may_probe {
                self.rules.batch
            } else {
                0
            };
        }
        let room = self.rules.read_ahead().saturating_sub(fresh).min(MOST_READ);
        // A read costs the same for few events as for many.
        if room < MOST_READ / 2 { 0 } else { room }
    }

    /// Whether this event was read and has not been tried or put off.
    pub fn is_fresh(&self, position: Position) -> bool {
        let item = self.backlog.get(position);
        item.is_some_and(|item| !item.has_row)
    }

    /// How many events there are that were read and have not been tried or put off.
    pub fn fresh(&self) -> usize {
        self.backlog.without_row()
    }

    /// Takes over `events`, which the webhook wants and are all of those up to `next`; behind that may be
    /// more.
    pub fn take(&mut self, events: Vec<Fresh>, next: Position, has_more: bool, now: Instant) {
        let in_doubt = self.is_in_doubt();
        // What the webhook does not want is no probe: the next page is as good.
        let is_over = !events.is_empty() || !has_more;
        for event in events {
            if event.position <= self.read_to || self.known.remove(&event.position) {
                continue;
            }
            let partition = self.rules.partition(event.partition);
            let held = partition
                .as_ref()
                .is_some_and(|it| self.backlog.is_held(it));
            let has_row = held && self.rules.order == DeliveryOrder::Customer;
            if has_row {
                self.changed.insert(event.position);
            }
            let item = Item {
                partition,
                resent: false,
                bytes: event.bytes,
                attempts: 0,
                first_on: None,
                has_row,
                stage: Stage::Queued,
            };
            self.backlog.add(event.position, item);
        }
        self.read_to = self.read_to.max(next);
        if in_doubt && is_over && !self.backlog.has_ready() {
            self.doubt.probe(now);
        }
    }

    /// The next request to be sent at `now`; ask until there is none.
    pub fn next(&mut self, now: Instant) -> Option<Planned> {
        if self.stopped.is_none() {
            self.stopped = self.health.disabled(now);
        }
        if !self.may_send(now) {
            return None;
        }
        let number = self.last_number + 1;
        // In turns: whatever waits to be sent again, what is new gets every second request.
        let is_turn_of_fresh = number.is_multiple_of(2);
        let first = if is_turn_of_fresh {
            self.take_fresh(now, number)
        } else {
            self.take_due(now, number)
        };
        let positions = match first {
            Some(first) => first,
            None if is_turn_of_fresh => self.take_due(now, number)?,
            None => self.take_fresh(now, number)?,
        };
        self.last_number = number;
        self.pace.begin(now);
        let events = positions.iter().map(|it| self.planned(*it)).collect();
        self.under_way.insert(number, positions);
        Some(Planned { number, events })
    }

    fn take_due(&mut self, now: Instant, number: u64) -> Option<Vec<Position>> {
        self.backlog.take_due(now, number, &mut self.changed)
    }

    /// Takes note that the delivery `number` ended at `now`. `jitter` is a random number, any at all.
    pub fn ended(&mut self, number: u64, ended: Ended, now: Instant, jitter: u32) {
        let Some(positions) = self.under_way.remove(&number) else {
            return;
        };
        match ended {
            Ended::Delivered => {
                self.health = self.health.after_success();
                self.doubt.end();
                self.settle(&positions);
            }
            Ended::NothingToSend => self.settle(&positions),
            Ended::NotTried => self.put_off(positions, now + NOT_TRIED_PAUSE),
            Ended::Failed => self.failed(positions, now, jitter),
            Ended::Later(wait) => {
                self.health = self.health.held(now, wait);
                self.failed(positions, now, jitter);
            }
            Ended::Gone => {
                self.stopped = Some(DisabledReason::Gone);
                self.put_off(positions, now);
            }
        }
    }

    /// Whether something changed since it was asked for last.
    pub fn has_changed(&self) -> bool {
        let no_row = self.changed.is_empty() && self.done.is_empty() && self.given_up.is_empty();
        !no_row || self.standing() != self.saved
    }

    /// What changed since the last time. What is given here must be saved before what is given later.
    pub fn progress(&mut self) -> Change {
        self.saved = self.standing();
        let changed = std::mem::take(&mut self.changed);
        let mut put = std::mem::take(&mut self.given_up);
        put.extend(changed.into_iter().filter_map(|it| self.row(it)));
        Change {
            cursor: self.cursor(),
            put,
            done: std::mem::take(&mut self.done).into_iter().collect(),
            health: self.health,
            disable: self.stopped,
        }
    }

    /// Nothing is sent any more from `now` on. What is under way is broken off, and goes again as it
    /// went. What was read and is not done with becomes a row, as far as something behind it was
    /// tried: so the cursor passes what was tried, and goes on with what was not.
    pub fn close(&mut self, now: Instant) {
        for positions in std::mem::take(&mut self.under_way).into_values() {
            for position in &positions {
                self.backlog.count_attempt(*position, now);
            }
            self.put_off(positions, now);
        }
        let last_row = self.backlog.last_row().unwrap_or(Position::START);
        let last = self.last_done.max(last_row.min(self.read_to));
        while let Some(first) = self.backlog.first_without_row() {
            if first > last {
                break;
            }
            self.backlog.make_row(first);
            self.changed.insert(first);
        }
    }

    /// Why nothing is sent any more.
    pub const fn stopped(&self) -> Option<DisabledReason> {
        self.stopped
    }

    /// When there may be something to do that nobody tells of; `None` if never.
    pub fn wake(&self, now: Instant) -> Option<Instant> {
        if self.stopped.is_some() {
            return None;
        }
        let disabled = self
            .health
            .failing_since
            .map(|since| since + DISABLED_AFTER);
        let send = if self.under_way.len() >= self.rules.most_under_way {
            None
        } else {
            self.send_on(now)
        };
        disabled.into_iter().chain(send).min()
    }

    /// When the next request may be sent of those that are known.
    fn send_on(&self, now: Instant) -> Option<Instant> {
        let fresh = match (self.backlog.has_ready(), self.is_in_doubt()) {
            (true, false) => Some(now),
            (false, true) if self.all_wait_for_one() => None,
            (_, true) => self.doubt.probe_on(),
            (false, false) => None,
        };
        let first = self.backlog.first_due().into_iter().chain(fresh).min()?;
        let held = self.health.hold_until.unwrap_or(first);
        let pace = self.pace.next_on().unwrap_or(first);
        Some(first.max(held).max(pace))
    }

    fn cursor(&self) -> Position {
        let first = self.backlog.first_without_row();
        first.map_or(self.read_to, |first| {
            Position::try_from(first.get() - 1).unwrap_or(Position::START)
        })
    }

    fn standing(&self) -> (Position, Health, Option<DisabledReason>) {
        (self.cursor(), self.health, self.stopped)
    }

    fn is_in_doubt(&self) -> bool {
        let rows = self.backlog.rows() >= DOUBTED_ROWS;
        self.doubt.is_there() || (rows && self.health.failing_since.is_some())
    }

    /// Whether nothing may overtake an event that is to be sent again: nothing else is read or tried then.
    fn all_wait_for_one(&self) -> bool {
        self.rules.order == DeliveryOrder::Strict && self.backlog.rows() > 0
    }

    fn may_probe(&self, now: Instant) -> bool {
        self.doubt.probe_on().is_none_or(|on| on <= now)
    }

    fn may_send(&self, now: Instant) -> bool {
        self.stopped.is_none()
            && !self.health.is_held(now)
            && self.under_way.len() < self.rules.most_under_way
            && self.pace.next_on().is_none_or(|on| on <= now)
    }

    fn take_fresh(&mut self, now: Instant, number: u64) -> Option<Vec<Position>> {
        let in_doubt = self.is_in_doubt();
        if in_doubt && !self.may_probe(now) {
            return None;
        }
        let taken = self.backlog.take_ready(self.rules.batch, number)?;
        if in_doubt {
            self.doubt.probe(now);
        }
        Some(taken)
    }

    fn planned(&self, position: Position) -> PlannedEvent {
        let item = self.backlog.get(position);
        PlannedEvent {
            position,
            attempt: item.map_or(0, |item| item.attempts).saturating_add(1),
            resent: item.is_some_and(|item| item.resent),
        }
    }

    /// Forgets what is done with.
    fn settle(&mut self, positions: &[Position]) {
        for position in positions {
            self.last_done = self.last_done.max(*position);
            self.changed.remove(position);
            if self
                .backlog
                .remove(*position)
                .is_some_and(|item| item.has_row)
            {
                self.done.insert(*position);
            }
        }
    }

    /// What becomes of the events of a delivery that failed. Several are divided, so that one which the
    /// receiver never takes is by itself after some retries, and those around it are delivered.
    fn failed(&mut self, mut positions: Vec<Position>, now: Instant, jitter: u32) {
        self.health = self.health.after_failure(now);
        self.doubt.add();
        let is_divided = positions.len() > 1 && !self.is_in_doubt();
        let second = positions.split_off(positions.len().div_ceil(2));
        self.try_again(positions, is_divided, now, jitter);
        self.try_again(second, is_divided, now, jitter.rotate_left(16) ^ 1);
    }

    /// While it is being found out which of several events the receiver does not take, the others wait
    /// no longer than after a first failure.
    fn try_again(&mut self, positions: Vec<Position>, is_divided: bool, now: Instant, jitter: u32) {
        let Some(first) = positions.first() else {
            return;
        };
        for position in &positions {
            let item = self.backlog.get(*position);
            if !is_divided || item.is_some_and(|item| item.attempts == 0) {
                self.backlog.count_attempt(*position, now);
            }
        }
        let Some(item) = self.backlog.get(*first) else {
            return;
        };
        let first_on = item.first_on.unwrap_or(now);
        let attempts = if is_divided { 1 } else { item.attempts };
        match after_failure(attempts, first_on, self.health, now, jitter) {
            NextTry::At(on) => {
                let on = self.health.hold_until.map_or(on, |until| on.max(until));
                self.put_off(positions, on);
            }
            NextTry::GivenUp => self.give_up(&positions),
        }
    }

    fn give_up(&mut self, positions: &[Position]) {
        for position in positions {
            let row = self.row(*position);
            self.given_up.extend(row.map(|row| Retry {
                due_on: None,
                given_up: true,
                ..row
            }));
            self.last_done = self.last_done.max(*position);
            self.changed.remove(position);
            self.backlog.remove(*position);
        }
    }

    /// Has events wait until `due`, as rows, with those behind them.
    fn put_off(&mut self, positions: Vec<Position>, due: Instant) {
        let due = self.backlog.free_moment(due);
        let mut rows = positions.clone();
        if self.rules.order == DeliveryOrder::Customer {
            rows.extend(positions.iter().flat_map(|it| self.backlog.behind(*it)));
        }
        self.backlog.wait(positions, due);
        for position in rows {
            self.backlog.make_row(position);
            self.changed.insert(position);
        }
    }

    fn row(&self, position: Position) -> Option<Retry> {
        let item = self.backlog.get(position)?;
        Some(Retry {
            position,
            partition: item.partition.as_deref().map(str::to_owned),
            attempts: item.attempts,
            first_on: item.first_on,
            due_on: match item.stage {
                Stage::Waiting(due) => Some(due),
                Stage::Queued | Stage::UnderWay(_) => None,
            },
            given_up: false,
            resent: item.resent,
        })
    }

    /// Adds the rows of what was saved. Those that are due at one moment failed together.
    fn add_rows(&mut self, rows: &[Retry]) {
        let mut together: std::collections::BTreeMap<Instant, Vec<Position>> =
            std::collections::BTreeMap::new();
        for row in rows.iter().filter(|row| !row.given_up) {
            let item = Item {
                partition: row
                    .partition
                    .as_deref()
                    .and_then(|it| self.rules.partition(Arc::from(it))),
                resent: row.resent,
                bytes: 0,
                attempts: row.attempts,
                first_on: row.first_on,
                has_row: true,
                stage: Stage::Queued,
            };
            self.backlog.add(row.position, item);
            if row.position > self.read_to {
                self.known.insert(row.position);
            }
            if let Some(due) = row.due_on {
                together.entry(due).or_default().push(row.position);
            }
        }
        for (due, mut positions) in together {
            positions.sort_unstable();
            for some in positions.chunks(self.rules.batch) {
                self.backlog.wait(some.to_vec(), due);
            }
        }
    }
}
