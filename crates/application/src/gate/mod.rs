//! The gate: whose turn it is to use one of few slots, where requests of many orgs, small and large,
//! want them at once.
//!
//! What is about few customers goes before what is about many, because somebody stands at a till and
//! waits for it; and orgs take turns, among the small and among the large. A large one is not cut in
//! pieces: it is one transaction, as callers are promised, and it is over after some hundredths of a
//! second. What others need is not to wait for more than one of them.
//!
//! Nobody starves. Where a large one waits and none is served, only those small ones go before it that
//! waited when the last large one ended: whoever comes later comes after it. And the large ones never
//! have all slots, unless there is but one.
//!
//! Requests use it twice: for a thread (http) and, on SQLite, for the only connection that writes
//! (persistence). Chunks of jobs are large ones like others, and wait at the second with them. Waiting
//! takes no thread of its own: whose turn it is, is told.

mod line;

use std::fmt;
use std::sync::Arc;

use accolade_domain::ids::OrgId;
use parking_lot::Mutex;

use self::line::Line;

/// The most customers that a transaction is about which goes before larger ones: as many as small
/// requests that share one come to.
const FEW: usize = 1_100;

/// Of every org at least so many may wait, however many others do.
pub const LEAST_WAITING: usize = 16;

/// For whom somebody comes to the gate, and with how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    org: Option<OrgId>,
    size: Size,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Somebody may wait for it at a till.
    Small,
    /// So much that others would notice.
    Large,
}

impl Turn {
    /// A small one, for nobody in particular.
    pub const SYSTEM: Self = Self {
        org: None,
        size: Size::Small,
    };

    /// One of this size for an org.
    pub const fn new(org: OrgId, size: Size) -> Self {
        Self {
            org: Some(org),
            size,
        }
    }

    /// Whether it goes before large ones.
    pub const fn is_small(self) -> bool {
        matches!(self.size, Size::Small)
    }

    /// One for an org, about so many customers.
    pub const fn about(org: OrgId, customers: usize) -> Self {
        let size = if customers > FEW {
            Size::Large
        } else {
            Size::Small
        };
        Self::new(org, size)
    }
}

/// How many there are at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// In all; at least one.
    pub all: usize,
    /// Those that large ones may have at once; at least one.
    pub large: usize,
    /// How many may wait; more of an org of which several wait are refused.
    pub waiting: usize,
}

/// Too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowded;

/// Tells somebody who waits that it is their turn; gives the slot back if nobody waits any more.
type Tell = Box<dyn FnOnce(Slot) -> Result<(), Slot> + Send>;

/// Where those wait who want a slot. Cheap to clone; clones share the slots.
#[derive(Clone)]
pub struct Gate(Arc<Mutex<State>>);

/// The right to go on, until it is dropped.
#[must_use]
pub struct Slot {
    gate: Gate,
    size: Size,
    is_used: bool,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.is_used {
            self.gate.release(self.size);
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").field(&self.usage()).finish()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&self.size).finish()
    }
}

impl Gate {
    /// One with these slots, all of them free.
    pub fn new(slots: Slots) -> Self {
        Self(Arc::new(Mutex::new(State {
            slots,
            small: Line::default(),
            large: Line::default(),
            running: 0,
            running_large: 0,
            before_large: 0,
        })))
    }

    /// A slot at once, if one is free that nobody waits for.
    pub fn enter(&self, turn: Turn) -> Option<Slot> {
        let mut state = self.0.lock();
        let may = state.may_run(turn.size) && state.is_nobody_first(turn.size);
        may.then(|| {
            state.begin(turn.size);
            self.slot(turn.size)
        })
    }

    /// Has `tell` called with a slot when it is the turn of whoever wants one, at once perhaps. It gives
    /// the slot back if nobody wants it any more.
    ///
    /// # Errors
    /// Too many wait.
    pub fn wait(
        &self,
        turn: Turn,
        tell: impl FnOnce(Slot) -> Result<(), Slot> + Send + 'static,
    ) -> Result<(), Crowded> {
        let mut state = self.0.lock();
        let waiting = state.small.len() + state.large.len();
        let least = LEAST_WAITING.min(state.slots.waiting);
        if waiting >= state.slots.waiting && state.waiting_of(turn.org) >= least {
            return Err(Crowded);
        }
        state.line(turn.size).push(turn.org, Box::new(tell));
        drop(state);
        self.serve();
        Ok(())
    }

    /// How many slots are taken, and how many wait for one.
    pub fn usage(&self) -> (usize, usize) {
        let state = self.0.lock();
        (state.running, state.small.len() + state.large.len())
    }

    fn slot(&self, size: Size) -> Slot {
        Slot {
            gate: self.clone(),
            size,
            is_used: true,
        }
    }

    fn release(&self, size: Size) {
        self.0.lock().end(size);
        self.serve();
    }

    /// Gives free slots to those whose turn it is.
    fn serve(&self) {
        loop {
            let next = self.0.lock().next();
            let Some((size, tell)) = next else {
                return;
            };
            // Not under the lock: whoever is told may do anything.
            if let Err(mut unwanted) = tell(self.slot(size)) {
                // Its drop would come back here, once for each of many who have left.
                unwanted.is_used = false;
                self.0.lock().end(size);
            }
        }
    }
}

struct State {
    slots: Slots,
    small: Line<Tell>,
    large: Line<Tell>,
    running: usize,
    running_large: usize,
    /// How many small ones go before the next large one, where one waits and none runs.
    before_large: usize,
}

impl State {
    fn line(&mut self, size: Size) -> &mut Line<Tell> {
        match size {
            Size::Small => &mut self.small,
            Size::Large => &mut self.large,
        }
    }

    fn waiting_of(&self, org: Option<OrgId>) -> usize {
        self.small.len_of(org) + self.large.len_of(org)
    }

    fn may_run(&self, size: Size) -> bool {
        let is_free = self.running < self.slots.all.max(1);
        is_free && (size == Size::Small || self.running_large < self.slots.large.max(1))
    }

    /// Whether whoever comes with so much would overtake nobody.
    fn is_nobody_first(&self, size: Size) -> bool {
        self.small.is_empty()
            && match size {
                Size::Small => !self.is_large_next(),
                Size::Large => self.large.is_empty(),
            }
    }

    /// Whether a large one is to go before all small ones.
    fn is_large_next(&self) -> bool {
        self.before_large == 0 && self.running_large == 0 && !self.large.is_empty()
    }

    fn begin(&mut self, size: Size) {
        self.running += 1;
        match size {
            Size::Small => self.before_large = self.before_large.saturating_sub(1),
            Size::Large => self.running_large += 1,
        }
    }

    fn end(&mut self, size: Size) {
        self.running -= 1;
        if size == Size::Large {
            self.running_large -= 1;
            self.before_large = self.small.len();
        }
    }

    /// Who is next, if there is a slot for it, which it then has.
    fn next(&mut self) -> Option<(Size, Tell)> {
        let size = if self.is_large_next() || self.small.is_empty() {
            Size::Large
        } else {
            Size::Small
        };
        if !self.may_run(size) {
            return None;
        }
        let tell = self.line(size).pop()?;
        self.begin(size);
        Some((size, tell))
    }
}

#[cfg(test)]
mod tests;
