//! Group commit: small requests that arrive while a transaction runs share the next one.
//!
//! A request waits in a queue, without a thread, for one of few workers. A worker that has
//! nothing to do takes what there is at once, so a request that comes alone is executed alone and
//! waits for nobody; while all workers are busy, company gathers.
//!
//! Only members of one kind share a transaction, and few groups of one kind run at a time, so that
//! groups grow where many wait for one thing, and different things do not wait for each other.
//! Orgs take turns: what is left of an org behind a group of it goes behind what others have.
//! What a group does is the business of whoever starts it.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use accolade_application::error::UseCaseError;
use accolade_application::gate::LEAST_WAITING;
use accolade_domain::ids::OrgId;
use tokio::sync::oneshot;
use tokio::time::timeout_at;
use tracing::Span;

use crate::dispatch::{DispatcherUsage, Effect, busy, overdue, panic_failure};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::traces;

/// The weight at which a group is full: members that come later are in the next one.
const MOST: usize = 1_000;

/// Work that may share a transaction with other work of its kind.
pub(crate) trait Member: Send + 'static {
    /// What the members of a group have in common.
    type Kind: Clone + Eq + Hash + Send + 'static;

    /// Which kind this one is.
    fn kind(&self) -> Self::Kind;

    /// For whom it is.
    fn org(&self) -> OrgId;
}

/// How many groups run at one moment, and how many members may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Groups of all kinds.
    pub(crate) groups: usize,
    /// Groups of one kind.
    pub(crate) of_a_kind: usize,
    /// Members that wait; beyond that only some of an org of which few do.
    pub(crate) queue: usize,
}

/// Executes members in groups. Cheap to clone; clones share the workers, who end with the last of
/// them.
pub(crate) struct GroupCommit<M: Member, R>(Arc<Workers<M, R>>);

impl<M: Member, R> Clone for GroupCommit<M, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Closes the queue when the last clone goes.
struct Workers<M: Member, R>(Arc<Queue<M, R>>);

impl<M: Member, R> Drop for Workers<M, R> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<M: Member, R: Send + 'static> GroupCommit<M, R> {
    /// Starts as many workers as groups may run (one at least). Each of them has `execute` make of
    /// the members of a group their results, by position.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub(crate) fn start(
        name: &str,
        bounds: Bounds,
        execute: impl Fn(Vec<M>) -> Vec<Result<R, UseCaseError>> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(bounds));
        let workers = Self(Arc::new(Workers(Arc::clone(&queue))));
        let execute = Arc::new(execute);
        for worker in 0..bounds.groups.max(1) {
            let queue = Arc::clone(&queue);
            let execute = Arc::clone(&execute);
            let work = move || {
                while let Some(Group { kind, members }) = queue.next() {
                    let (members, callers) = begin(members);
                    let results = if members.is_empty() {
                        Ok(Vec::new())
                    } else {
                        let _span = span_of(&callers).entered();
                        let _group = traces::group(callers.iter().map(|(_, span)| span));
                        catch_unwind(AssertUnwindSafe(|| execute(members)))
                    };
                    // Before any caller has its result: whoever looks at once finds the group counted
                    // out, as it finds free what the members held.
                    queue.finished(&kind);
                    answer(callers, results);
                }
            };
            thread::Builder::new()
                .name(format!("{name}-{worker}"))
                .spawn(work)?;
        }
        Ok(workers)
    }

    /// Has `member`, which writes, executed together with others of its kind, and gives its result.
    /// A group takes on members until their weights come to a bound.
    ///
    /// A member that has begun is executed to its end whoever still waits for it. One whose caller
    /// leaves before that never begins.
    ///
    /// # Errors
    /// 1951 at once if too many wait already, and at the deadline if it has not begun: nothing was
    /// done. 1952 at the deadline if it has. 999999 if its group panics.
    pub(crate) async fn execute(
        &self,
        deadline: Deadline,
        member: M,
        weight: usize,
    ) -> Result<R, Failure> {
        let (reply, replied) = oneshot::channel();
        let claim = Claim::default();
        let waiting = Waiting {
            member,
            weight,
            claim: claim.clone(),
            reply,
            span: Span::current(),
        };
        if !self.0.0.push(waiting) {
            return Err(busy("too many requests wait"));
        }
        match timeout_at(deadline.instant(), replied).await {
            Ok(Ok(result)) => result,
            Ok(Err(lost)) => Err(Failure::unexpected(lost)),
            Err(_) if claim.take() => Err(busy("the request waited too long for its turn")),
            Err(_) => Err(overdue(Effect::Writes)),
        }
    }

    /// How busy the workers are.
    pub(crate) fn usage(&self) -> DispatcherUsage {
        self.0.0.usage()
    }
}

/// Those who wait for the results of a group, each with the span of its request.
type Callers<R> = Vec<(oneshot::Sender<Result<R, Failure>>, Span)>;

/// Those of `waiting` whose callers still wait, and these.
fn begin<M, R>(waiting: Vec<Waiting<M, R>>) -> (Vec<M>, Callers<R>) {
    let (mut members, mut callers) = (Vec::new(), Vec::new());
    for waiting in waiting {
        if !waiting.reply.is_closed() && waiting.claim.take() {
            members.push(waiting.member);
            callers.push((waiting.reply, waiting.span));
        }
    }
    (members, callers)
}

/// The span of a group: what the log says of several members belongs to none of them.
fn span_of<R>(callers: &Callers<R>) -> Span {
    match callers.as_slice() {
        [(_, span)] => span.clone(),
        _ => Span::none(),
    }
}

/// Gives each of `callers` its result, or what is left of a panic.
fn answer<R>(callers: Callers<R>, results: thread::Result<Vec<Result<R, UseCaseError>>>) {
    match results {
        Ok(results) => {
            for ((reply, _), result) in callers.into_iter().zip(results) {
                // A caller that does not wait any more can ask the request ledger.
                let _ = reply.send(result.map_err(Failure::from));
            }
        }
        Err(panic) => {
            for (reply, _) in callers {
                let _ = reply.send(Err(panic_failure(&*panic, Effect::Writes)));
            }
        }
    }
}

/// A member in the queue.
struct Waiting<M, R> {
    member: M,
    weight: usize,
    claim: Claim,
    reply: oneshot::Sender<Result<R, Failure>>,
    span: Span,
}

/// Who decides about a member: the worker that begins it, or its caller, who gives it up.
#[derive(Debug, Clone, Default)]
struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Claims the member; `false` if the other side was faster.
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// Members that wait, and kinds that run.
struct Queue<M: Member, R> {
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
struct Group<M: Member, R> {
    kind: M::Kind,
    members: Vec<Waiting<M, R>>,
}

impl<M: Member, R> Queue<M, R> {
    fn new(bounds: Bounds) -> Self {
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
    fn push(&self, waiting: Waiting<M, R>) -> bool {
        let mut state = self.state();
        let most = self.bounds.queue.max(1);
        if state.waiting.len() >= most
            && state.waiting_of(waiting.member.org()) >= LEAST_WAITING.min(most)
        {
            return false;
        }
        state.waiting.push_back(waiting);
        drop(state);
        self.changed.notify_one();
        true
    }

    /// The next group, for which the worker waits: at least one member, of the first kind that may
    /// run. Others of its org are then behind those of other orgs. `None` once the queue is closed and empty.
    fn next(&self) -> Option<Group<M, R>> {
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
    fn finished(&self, kind: &M::Kind) {
        let mut state = self.state();
        if let Some(running) = state.running.get_mut(kind) {
            *running -= 1;
            if *running == 0 {
                state.running.remove(kind);
            }
        }
    }

    /// Lets the workers end when nobody waits any more.
    fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// How many groups run and how many members wait.
    fn usage(&self) -> DispatcherUsage {
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
        let mut of_org = Vec::new();
        let org = self.waiting.get(first)?.member.org();
        for next in self.waiting.split_off(first) {
            if weight < MOST && next.member.kind() == kind {
                weight += next.weight;
                members.push(next);
            } else if next.member.org() == org {
                of_org.push(next);
            } else {
                self.waiting.push_back(next);
            }
        }
        self.waiting.extend(of_org);
        Some(Group { kind, members })
    }

    /// How many members of `org` wait.
    fn waiting_of(&self, org: OrgId) -> usize {
        let waiting = self.waiting.iter();
        waiting.filter(|it| it.member.org() == org).count()
    }
}
