//! The events that were read and are not done with, and which of them may go.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use accolade_domain::event::Position;
use accolade_domain::instant::Instant;
use time::Duration;

use crate::plan::Partition;

/// The most bytes of events in one request, unless a single event has more.
const MOST_BYTES: usize = 1024 * 1024;

/// How far an event has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It goes as soon as nothing of its partition is before it.
    Queued,
    /// It is in the delivery with this number.
    UnderWay(u64),
    /// It failed, and goes again at this moment.
    Waiting(Instant),
}

/// An event that is not done with.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Those that must go in their order; `None` if it waits for nobody.
    pub(super) partition: Option<Partition>,
    /// Whether somebody asked for it to be sent again: then it is not in line.
    pub(super) resent: bool,
    /// How large it is.
    pub(super) bytes: usize,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// When it was tried first.
    pub(super) first_on: Option<Instant>,
    /// Whether it is a row of its own, so that the cursor may pass it.
    pub(super) has_row: bool,
    /// How far it has got.
    pub(super) stage: Stage,
}

impl Item {
    /// Whose line it stands in.
    fn line(&self) -> Option<&Partition> {
        self.partition.as_ref().filter(|_| !self.resent)
    }

    /// Whether it is a row because of how deliveries went.
    const fn counts_as_row(&self) -> bool {
        self.has_row && !self.resent
    }
}

/// The events of one partition, in order.
#[derive(Debug, Default)]
struct Line {
    members: BTreeSet<Position>,
    /// How many of them are rows.
    rows: usize,
    /// The delivery that has some of them, and how many.
    holder: Option<(u64, usize)>,
    /// Which of them is among those that are ready.
    ready: Option<Position>,
}

/// The events that were read and are not done with.
///
/// Of one partition only one delivery is under way at a time, and an event goes only if all before
/// it are done with or go in the same delivery.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    items: BTreeMap<Position, Item>,
    lines: HashMap<Partition, Line>,
    /// Queued, and nothing is before them.
    ready: BTreeSet<Position>,
    /// What failed together and goes again together, by when, and by the first of them.
    waiting: BTreeMap<(Instant, Position), Vec<Position>>,
    /// Those that the cursor must not pass.
    without_row: BTreeSet<Position>,
    /// How many are rows, but for those that somebody asked for.
    rows: usize,
}

impl Backlog {
    pub(super) fn get(&self, position: Position) -> Option<&Item> {
        self.items.get(&position)
    }

    /// How many are not rows.
    pub(super) fn without_row(&self) -> usize {
        self.without_row.len()
    }

    /// How many are rows. What somebody asked to have sent again does not count: it is not in line, and
    /// says nothing of the receiver.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// The first that the cursor must not pass.
    pub(super) fn first_without_row(&self) -> Option<Position> {
        self.without_row.first().copied()
    }

    /// The last that is a row.
    pub(super) fn last_row(&self) -> Option<Position> {
        let mut rows = self.items.iter().filter(|(_, item)| item.has_row);
        rows.next_back().map(|(position, _)| *position)
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When the first of those that failed goes again.
    pub(super) fn first_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// Whether something of this partition is a row, so that what comes behind it becomes one too.
    pub(super) fn is_held(&self, partition: &Partition) -> bool {
        self.lines.get(partition).is_some_and(|line| line.rows > 0)
    }

    /// Adds an event that is queued.
    pub(super) fn add(&mut self, position: Position, item: Item) {
        if self.items.contains_key(&position) {
            return;
        }
        if !item.has_row {
            self.without_row.insert(position);
        }
        let partition = item.line().cloned();
        let has_row = item.has_row;
        self.rows += usize::from(item.counts_as_row());
        self.items.insert(position, item);
        if let Some(partition) = partition {
            let line = self.lines.entry(partition.clone()).or_default();
            line.members.insert(position);
            line.rows += usize::from(has_row);
            self.look_again(&partition);
        } else {
            self.ready.insert(position);
        }
    }

    /// Makes it a row.
    pub(super) fn make_row(&mut self, position: Position) {
        let Some(item) = self.items.get_mut(&position) else {
            return;
        };
        if item.has_row {
            return;
        }
        item.has_row = true;
        self.rows += usize::from(item.counts_as_row());
        self.without_row.remove(&position);
        let line = item.line().and_then(|it| self.lines.get_mut(it));
        if let Some(line) = line {
            line.rows += 1;
        }
    }

    /// Those behind `position` in its partition that are not rows.
    pub(super) fn behind(&self, position: Position) -> Vec<Position> {
        let partition = self.items.get(&position).and_then(Item::line);
        let Some(line) = partition.and_then(|it| self.lines.get(it)) else {
            return Vec::new();
        };
        let later = line.members.range(position.next()..);
        later
            .filter(|it| self.without_row.contains(it) && self.is_queued(**it))
            .copied()
            .collect()
    }

    /// Forgets an event that is done with.
    pub(super) fn remove(&mut self, position: Position) -> Option<Item> {
        self.leave_delivery(position);
        let item = self.items.remove(&position)?;
        self.rows -= usize::from(item.counts_as_row());
        self.without_row.remove(&position);
        self.ready.remove(&position);
        if let Some(partition) = item.line() {
            if let Some(line) = self.lines.get_mut(partition) {
                line.members.remove(&position);
                line.rows -= usize::from(item.has_row);
            }
            self.look_again(partition);
        }
        Some(item)
    }

    /// Counts an attempt of an event that was made at `now`.
    pub(super) fn count_attempt(&mut self, position: Position, now: Instant) {
        if let Some(item) = self.items.get_mut(&position) {
            item.attempts = item.attempts.saturating_add(1);
            item.first_on = item.first_on.or(Some(now));
        }
    }

    /// `due`, or the first moment after it at which nothing else is due: what is due at one moment
    /// is taken for what failed together.
    pub(super) fn free_moment(&self, due: Instant) -> Instant {
        let taken = |at: Instant| {
            let from = (at, Position::START);
            let next = self.waiting.range(from..).next();
            next.is_some_and(|((due, _), _)| *due == at)
        };
        let mut free = due;
        while taken(free) {
            free = free + Duration::MICROSECOND;
        }
        free
    }

    /// Has those that were under way, or queued, wait together until `due`.
    pub(super) fn wait(&mut self, positions: Vec<Position>, due: Instant) {
        let Some(first) = positions.first().copied() else {
            return;
        };
        let mut partitions = HashSet::new();
        for position in &positions {
            self.leave_delivery(*position);
            self.ready.remove(position);
            if let Some(item) = self.items.get_mut(position) {
                item.stage = Stage::Waiting(due);
                partitions.extend(item.line().cloned());
            }
        }
        self.waiting.insert((due, first), positions);
        for partition in partitions {
            self.look_again(&partition);
        }
    }

    /// What of those that failed is due and may go, as the delivery with this number: some of
    /// those that failed together, and nothing else. The others of them have somebody before them:
    /// each is queued, goes by itself, and is added to `parted`.
    pub(super) fn take_due(
        &mut self,
        now: Instant,
        delivery: u64,
        parted: &mut BTreeSet<Position>,
    ) -> Option<Vec<Position>> {
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > now {
                return None;
            }
            let mut taken = Vec::new();
            let mut partitions = HashSet::new();
            for position in entry.remove() {
                if self.may_join(position, delivery) {
                    self.join(position, delivery);
                    taken.push(position);
                } else if let Some(item) = self.items.get_mut(&position) {
                    item.stage = Stage::Queued;
                    parted.insert(position);
                    partitions.extend(item.line().cloned());
                }
            }
            for partition in partitions {
                self.look_again(&partition);
            }
            if !taken.is_empty() {
                return Some(taken);
            }
        }
        None
    }

    /// Up to `most` events that are ready, in their order, as the delivery with this number. One that
    /// was tried before goes alone: so a receiver that has seen the id of a request never finds
    /// more in it than it had.
    pub(super) fn take_ready(&mut self, most: usize, delivery: u64) -> Option<Vec<Position>> {
        let mut taken: Vec<Position> = Vec::new();
        let mut bytes = 0;
        let mut from = Position::START;
        while taken.len() < most {
            let Some(position) = self.ready.range(from..).next().copied() else {
                break;
            };
            from = position.next();
            let item = &self.items[&position];
            let is_retry = item.attempts > 0;
            if !taken.is_empty() && (is_retry || bytes + item.bytes > MOST_BYTES) {
                continue;
            }
            bytes += item.bytes;
            self.ready.remove(&position);
            self.join(position, delivery);
            taken.push(position);
            if is_retry {
                break;
            }
            self.offer_next(position);
        }
        for position in &taken {
            self.withdraw_offer(*position);
        }
        (!taken.is_empty()).then_some(taken)
    }

    fn is_queued(&self, position: Position) -> bool {
        self.items
            .get(&position)
            .is_some_and(|item| item.stage == Stage::Queued)
    }

    /// Whether everything of its partition that is before it is in `delivery` too.
    fn may_join(&self, position: Position, delivery: u64) -> bool {
        let Some(item) = self.items.get(&position) else {
            return false;
        };
        let Some(line) = item.line().and_then(|it| self.lines.get(it)) else {
            return true;
        };
        if line.holder.is_some_and(|(holder, _)| holder != delivery) {
            return false;
        }
        match line.members.range(..position).next_back() {
            None => true,
            Some(before) => self.items[before].stage == Stage::UnderWay(delivery),
        }
    }

    fn join(&mut self, position: Position, delivery: u64) {
        let Some(item) = self.items.get_mut(&position) else {
            return;
        };
        item.stage = Stage::UnderWay(delivery);
        if let Some(line) = item.line().and_then(|it| self.lines.get_mut(it)) {
            let members = line.holder.map_or(0, |(_, members)| members);
            line.holder = Some((delivery, members + 1));
            if let Some(ready) = line.ready.take() {
                self.ready.remove(&ready);
            }
        }
    }

    fn leave_delivery(&mut self, position: Position) {
        let Some(item) = self.items.get_mut(&position) else {
            return;
        };
        if !matches!(item.stage, Stage::UnderWay(_)) {
            return;
        }
        item.stage = Stage::Queued;
        if let Some(line) = item.line().and_then(|it| self.lines.get_mut(it)) {
            line.holder = match line.holder {
                Some((delivery, members)) if members > 1 => Some((delivery, members - 1)),
                _ => None,
            };
        }
    }

    /// Makes the event behind `position` ready for the delivery that has `position`.
    fn offer_next(&mut self, position: Position) {
        let partition = self.items.get(&position).and_then(Item::line);
        let Some(line) = partition.and_then(|it| self.lines.get_mut(it)) else {
            return;
        };
        let next = line.members.range(position.next()..).next().copied();
        let queued = next.filter(|it| self.items[it].stage == Stage::Queued);
        if let Some(next) = queued {
            line.ready = Some(next);
            self.ready.insert(next);
        }
    }

    /// Takes back what was offered to the delivery that has `position`, now that it goes.
    fn withdraw_offer(&mut self, position: Position) {
        let partition = self.items.get(&position).and_then(Item::line);
        let line = partition.and_then(|it| self.lines.get_mut(it));
        if let Some(ready) = line.and_then(|line| line.ready.take()) {
            self.ready.remove(&ready);
        }
    }

    /// Finds out anew which event of a partition is ready.
    fn look_again(&mut self, partition: &Partition) {
        let Some(line) = self.lines.get_mut(partition) else {
            return;
        };
        if let Some(ready) = line.ready.take() {
            self.ready.remove(&ready);
        }
        if line.members.is_empty() {
            self.lines.remove(partition);
            return;
        }
        let first = line.members.first().copied();
        let ready =
            first.filter(|it| line.holder.is_none() && self.items[it].stage == Stage::Queued);
        if let Some(ready) = ready {
            line.ready = Some(ready);
            self.ready.insert(ready);
        }
    }
}
