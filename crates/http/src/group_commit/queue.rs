//! The queue in front of the workers: who waits, which kinds run, and which members make the next
//! group.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tracing::Span;

use crate::dispatch::DispatcherUsage;
use crate::failure::Failure;

/// The weight at which a group is full: members that come later are in the next one.
pub(super) const MOST: usize = 1_000;

/// Work that may share a transaction with other work of its kind.
pub(crate) trait Member: Send + 'static {
    /// What the members of a group have in common.
    type Kind: Clone + Eq + Hash + Send + 'static;

    /// Which kind this one is.
    fn kind(&self) -> Self::Kind;
}

/// How many groups run at one moment, and how many members may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Groups of all kinds.
    pub(crate) groups: usize,
    /// Groups of one kind.
    pub(crate) of_a_kind: usize,
    /// Members that wait.
    pub(crate) queue: usize,
}

/// A member in the queue.
pub(super) struct Waiting<M, R> {
    pub(super) member: M,
    pub(super) weight: usize,
    pub(super) claim: Claim,
    pub(super) reply: oneshot::Sender<Result<R, Failure>>,
    pub(super) span: Span,
}

/// Who decides about a member: the worker that begins it, or its caller, who gives it up.
#[derive(Debug, Clone, Default)]
pub(super) struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Claims the member; `false` if the other side was faster.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// Members that wait, and kinds that run.
pub(super) struct Queue<M: Member, R> {
    state: Mutex<State<M, R>>,
    changed: Condvar,
    bounds: Bounds,
}

struct State<M: Member, R> {
    waiting: VecDeque<Waiting<M, R>>,
    /// How many groups of each kind run.
    running: HashMap<M::Kind, usize>,
    closed: bool,
}

/// A group whose turn it is, and its kind.
pub(super) struct Group<M: Member, R> {
    pub(super) kind: M::Kind,
    pub(super) members: Vec<Waiting<M, R>>,
}

impl<M: Member, R> Queue<M, R> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                running: HashMap::new(),
                closed: false,
            }),
            changed: Condvar::new(),
            bounds,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<M, R>> {
        // It is whole after a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a member; `false` if too many wait already.
    pub(super) fn push(&self, waiting: Waiting<M, R>) -> bool {
        let mut state = self.state();
        if state.waiting.len() >= self.bounds.queue.max(1) {
            return false;
        }
        state.waiting.push_back(waiting);
        drop(state);
        self.changed.notify_one();
        true
    }

    /// The next group, for which the worker waits: at least one member, of the first kind that may
    /// run. `None` once the queue is closed and empty.
    pub(super) fn next(&self) -> Option<Group<M, R>> {
        let mut state = self.state();
        loop {
            if let Some(group) = state.take_group(self.bounds.of_a_kind.max(1)) {
                return Some(group);
            }
            if state.closed {
                return None;
            }
            let changed = self.changed.wait(state);
            state = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes that a group of this kind does not run any more.
    pub(super) fn finished(&self, kind: &M::Kind) {
        let mut state = self.state();
        if let Some(running) = state.running.get_mut(kind) {
            *running -= 1;
            if *running == 0 {
                state.running.remove(kind);
            }
        }
    }

    /// Lets the workers end when nobody waits any more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// How many groups run and how many members wait.
    pub(super) fn usage(&self) -> DispatcherUsage {
        let state = self.state();
        let bound = |count| u32::try_from(count).unwrap_or(u32::MAX);
        DispatcherUsage {
            running: bound(state.running.values().sum()),
            waiting: bound(state.waiting.len()),
        }
    }
}

impl<M: Member, R> State<M, R> {
    fn take_group(&mut self, of_a_kind: usize) -> Option<Group<M, R>> {
        let kinds = self.waiting.iter().map(|it| it.member.kind());
        let may_run = |kind: &M::Kind| self.running.get(kind).is_none_or(|it| *it < of_a_kind);
        let (first, kind) = kinds.enumerate().find(|(_, kind)| may_run(kind))?;
        *self.running.entry(kind.clone()).or_default() += 1;
        let (mut members, mut weight) = (Vec::new(), 0);
        let mut others = self.waiting.split_off(first).into_iter();
        while weight < MOST
            && let Some(next) = others.next()
        {
            if next.member.kind() == kind {
                weight += next.weight;
                members.push(next);
            } else {
                self.waiting.push_back(next);
            }
        }
        self.waiting.extend(others);
        Some(Group { kind, members })
    }
}
