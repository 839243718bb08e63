//! Group commit: small requests that arrive while a transaction runs share the next one.
//!
//! A request waits in a queue, without a thread, for one of few workers. A worker that has
//! nothing to do takes what there is at once, so a request that comes alone is carried out
//! alone and waits for nobody; while all workers are busy, company gathers.
//!
//! Only requests of one kind share a transaction, and few groups of one kind run at a time, so
//! that they grow where many wait for one thing, and different things do not wait for each other.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use accolade_application::error::UseCaseError;
use tokio::sync::oneshot;
use tokio::time::timeout_at;
use tracing::Span;

use crate::dispatch::{DispatcherUsage, Effect, busy, overdue, panic_failure};
use crate::failure::Failure;
use crate::middleware::Deadline;

/// How much a group takes on: what weighs more goes into the next one.
const MOST: usize = 1_000;

/// What becomes of a job.
type Ended<R> = Result<R, Failure>;

/// A job whose requests may share a transaction with others of its kind.
pub(crate) trait Grouped: Send + 'static {
    /// What they have in common.
    type Kind: Clone + Eq + Hash + Send + 'static;

    /// Which kind it is.
    fn kind(&self) -> Self::Kind;
}

/// How many groups are carried out at one moment, and how many jobs may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Groups of all kinds.
    pub(crate) groups: usize,
    /// Groups of one kind.
    pub(crate) of_a_kind: usize,
    /// Jobs that wait.
    pub(crate) queue: usize,
}

/// A job in the queue.
struct Waiting<J, R> {
    job: J,
    weight: usize,
    claimed: Claim,
    reply: oneshot::Sender<Ended<R>>,
    span: Span,
}

/// Who decides about a job: the worker that begins it, or its caller, who gives it up.
#[derive(Debug, Clone, Default)]
struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Whether nobody was before.
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// Jobs that wait, and kinds that run.
struct Queue<J: Grouped, R> {
    state: Mutex<State<J, R>>,
    changed: Condvar,
    bounds: Bounds,
}

struct State<J: Grouped, R> {
    waiting: VecDeque<Waiting<J, R>>,
    /// How many groups of each kind run.
    running: HashMap<J::Kind, usize>,
    /// Whether nobody will ask again.
    ended: bool,
}

/// Tells the workers that nobody will ask again.
struct End<J: Grouped, R>(Arc<Queue<J, R>>);

impl<J: Grouped, R> Drop for End<J, R> {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.changed.notify_all();
    }
}

/// Jobs that are carried out in groups. Cheap to clone; clones share the workers, who end with the
/// last of them.
pub(crate) struct Groups<J: Grouped, R>(Arc<End<J, R>>);

impl<J: Grouped, R> Clone for Groups<J, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<J: Grouped, R: Send + 'static> Groups<J, R> {
    /// Starts as many workers as groups may run (one at least), each of which has `carry_out`
    /// make of a group its ends, by position.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub(crate) fn start(
        name: &str,
        bounds: Bounds,
        carry_out: impl Fn(&[J]) -> Vec<Result<R, UseCaseError>> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                running: HashMap::new(),
                ended: false,
            }),
            changed: Condvar::new(),
            bounds,
        });
        let groups = Self(Arc::new(End(Arc::clone(&queue))));
        let carry_out = Arc::new(carry_out);
        for worker in 0..bounds.groups.max(1) {
            let queue = Arc::clone(&queue);
            let carry_out = Arc::clone(&carry_out);
            let work = move || {
                while let Some((kind, group)) = queue.next() {
                    end(group, &*carry_out);
                    queue.has_ended(&kind);
                }
            };
            thread::Builder::new()
                .name(format!("{name}-{worker}"))
                .spawn(work)?;
        }
        Ok(groups)
    }

    /// Has `job`, which writes, carried out with others of its kind, and gives its end. A group
    /// takes on jobs until their weights come to a bound.
    ///
    /// A job that has begun goes on to its end whoever still waits for it. One whose caller
    /// leaves before that never begins.
    ///
    /// # Errors
    /// 1951 at once if too many wait already, and at the deadline if it has not begun: nothing was
    /// done. 1952 at the deadline if it has. 1950 if its group panics.
    pub(crate) async fn run(&self, deadline: Deadline, job: J, weight: usize) -> Ended<R> {
        let (reply, replied) = oneshot::channel();
        let claimed = Claim::default();
        let waiting = Waiting {
            job,
            weight,
            claimed: claimed.clone(),
            reply,
            span: Span::current(),
        };
        if !self.queue().push(waiting) {
            return Err(busy("too many requests wait"));
        }
        match timeout_at(deadline.instant(), replied).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(lost)) => Err(Failure::unexpected(lost)),
            Err(_) if claimed.take() => Err(busy("the request waited too long for its turn")),
            Err(_) => Err(overdue(Effect::Writes)),
        }
    }

    /// How busy the workers are.
    pub(crate) fn usage(&self) -> DispatcherUsage {
        let state = self.queue().state();
        let bound = |count| u32::try_from(count).unwrap_or(u32::MAX);
        DispatcherUsage {
            running: bound(state.running.values().sum()),
            waiting: bound(state.waiting.len()),
        }
    }

    fn queue(&self) -> &Queue<J, R> {
        let End(queue) = &*self.0;
        queue
    }
}

/// A group, and which kind it is.
type Taken<J, R> = (<J as Grouped>::Kind, Vec<Waiting<J, R>>);

impl<J: Grouped, R> Queue<J, R> {
    fn state(&self) -> MutexGuard<'_, State<J, R>> {
        // It is whole after a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job; `false` if too many wait already.
    fn push(&self, job: Waiting<J, R>) -> bool {
        let mut state = self.state();
        if state.waiting.len() >= self.bounds.queue.max(1) {
            return false;
        }
        state.waiting.push_back(job);
        drop(state);
        self.changed.notify_one();
        true
    }

    /// All that wait of the first kind that may run, up to a bound: at least one job, for which it
    /// waits; `None` if nobody will ask again.
    fn next(&self) -> Option<Taken<J, R>> {
        let mut state = self.state();
        loop {
            if let Some(taken) = state.take(self.bounds.of_a_kind.max(1)) {
                return Some(taken);
            }
            if state.ended {
                return None;
            }
            let changed = self.changed.wait(state);
            state = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes that a group of this kind runs no more.
    fn has_ended(&self, kind: &J::Kind) {
        let mut state = self.state();
        if let Some(running) = state.running.get_mut(kind) {
            *running -= 1;
            if *running == 0 {
                state.running.remove(kind);
            }
        }
    }
}

impl<J: Grouped, R> State<J, R> {
    fn take(&mut self, of_a_kind: usize) -> Option<Taken<J, R>> {
        let kinds = self.waiting.iter().map(|it| it.job.kind());
        let may_run = |kind: &J::Kind| self.running.get(kind).is_none_or(|it| *it < of_a_kind);
        let (first, kind) = kinds.enumerate().find(|(_, kind)| may_run(kind))?;
        *self.running.entry(kind.clone()).or_default() += 1;
        let (mut group, mut weight) = (Vec::new(), 0);
        let mut others = self.waiting.split_off(first).into_iter();
        while weight < MOST
            && let Some(next) = others.next()
        {
            if next.job.kind() == kind {
                weight += next.weight;
                group.push(next);
            } else {
                self.waiting.push_back(next);
            }
        }
        self.waiting.extend(others);
        Some((kind, group))
    }
}

/// Carries out those of `group` whose callers still wait.
fn end<J, R>(
    group: Vec<Waiting<J, R>>,
    carry_out: &(impl Fn(&[J]) -> Vec<Result<R, UseCaseError>> + ?Sized),
) {
    let begun = group
        .into_iter()
        .filter(|it| !it.reply.is_closed() && it.claimed.take());
    let (jobs, callers): (Vec<_>, Vec<_>) = begun.map(|it| (it.job, (it.reply, it.span))).unzip();
    if jobs.is_empty() {
        return;
    }
    // What is said of several belongs to none of them.
    let span = match callers.as_slice() {
        [(_, span)] => span.clone(),
        _ => Span::none(),
    };
    let ends = catch_unwind(AssertUnwindSafe(|| span.in_scope(|| carry_out(&jobs))));
    // Before anybody is answered: what a job holds is free for whoever asks again at once.
    drop(jobs);
    match ends {
        Ok(ends) => {
            for ((reply, _), end) in callers.into_iter().zip(ends) {
                // Who does not wait any more is told by the request ledger.
                let _ = reply.send(end.map_err(Failure::from));
            }
        }
        Err(panic) => {
            for (reply, _) in callers {
                let _ = reply.send(Err(panic_failure(&*panic, Effect::Writes)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;
    use std::time::Duration;

    use accolade_domain::rejection::{Code, Rejection};

    use super::*;

    type Doubling = Groups<u32, (u32, Vec<u32>)>;

    impl Grouped for u32 {
        type Kind = u32;

        /// Their hundreds.
        fn kind(&self) -> u32 {
            self / 100
        }
    }

    fn bounds(groups: usize, queue: usize) -> Bounds {
        Bounds {
            groups,
            of_a_kind: 1,
            queue,
        }
    }

    fn later() -> Deadline {
        Deadline::after(Duration::from_mins(1))
    }

    /// Doubles numbers, and says who was in the group. 0 is refused, and 13 panics.
    fn double(group: &[u32]) -> Vec<Result<(u32, Vec<u32>), UseCaseError>> {
        assert!(!group.contains(&13), "as the test wants it");
        let of = |number: &u32| match number {
            0 => Err(Rejection::of(Code::NotFound).into()),
            number => Ok((number * 2, group.to_vec())),
        };
        group.iter().map(of).collect()
    }

    /// A queue of `length` whose only worker tells what it begins and waits to be let go on.
    fn held(length: usize) -> (Doubling, std_mpsc::Receiver<()>, std_mpsc::Sender<()>) {
        let (begun, begins) = std_mpsc::channel();
        let (go, may_go) = std_mpsc::channel();
        let (begun, may_go) = (Mutex::new(begun), Mutex::new(may_go));
        let groups = Groups::start("test", bounds(1, length), move |group| {
            let _ = begun.lock().unwrap().send(());
            let _ = may_go.lock().unwrap().recv();
            double(group)
        });
        (groups.unwrap(), begins, go)
    }

    fn ask(groups: &Doubling, job: u32, deadline: Deadline) -> Asked {
        let groups = groups.clone();
        tokio::spawn(async move { groups.run(deadline, job, 1).await })
    }

    type Asked = tokio::task::JoinHandle<Ended<(u32, Vec<u32>)>>;

    fn code<R: std::fmt::Debug>(ended: Ended<R>) -> u32 {
        ended.unwrap_err().code().number()
    }

    /// Waits until so many jobs are in the queue.
    async fn queued(groups: &Doubling, jobs: u32) {
        while groups.usage().waiting < jobs {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the worker begins.
    async fn has_begun(begins: &std_mpsc::Receiver<()>) {
        while begins.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_comes_alone_is_carried_out_alone() {
        let groups = Groups::start("test", bounds(2, 8), double).unwrap();
        let ended = groups.run(later(), 4, 1).await.unwrap();
        assert_eq!(ended, (8, vec![4]));
        assert_eq!(groups.usage().waiting, 0);
    }

    #[tokio::test]
    async fn who_comes_while_a_group_runs_shares_the_next_one_and_has_an_end_of_its_own() {
        let (groups, begins, go) = held(8);
        let first = ask(&groups, 1, later());
        has_begun(&begins).await;
        let mut others = Vec::new();
        for job in [2, 0, 3] {
            others.push(ask(&groups, job, later()));
            queued(&groups, u32::try_from(others.len()).unwrap()).await;
        }
        go.send(()).unwrap();
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), (2, vec![1]));
        let mut ends = Vec::new();
        for other in others {
            ends.push(other.await.unwrap().map_err(|it| it.code().number()));
        }
        let group = vec![2, 0, 3];
        assert_eq!(ends, [Ok((4, group.clone())), Err(404), Ok((6, group))]);
    }

    #[tokio::test]
    async fn a_group_takes_on_no_more_than_its_bound() {
        let (groups, begins, go) = held(8);
        let first = ask(&groups, 1, later());
        has_begun(&begins).await;
        let heavy = |job| {
            let groups = groups.clone();
            tokio::spawn(async move { groups.run(later(), job, MOST / 2).await })
        };
        let mut others = Vec::new();
        for job in [2, 3, 4] {
            others.push(heavy(job));
            queued(&groups, u32::try_from(others.len()).unwrap()).await;
        }
        drop(go);
        first.await.unwrap().unwrap();
        let last = others.pop().unwrap().await.unwrap().unwrap();
        assert_eq!(last, (8, vec![4]));
    }

    #[tokio::test]
    async fn a_group_is_of_one_kind_and_those_that_came_first_begin_first() {
        let (groups, begins, go) = held(8);
        let first = ask(&groups, 1, later());
        has_begun(&begins).await;
        let mut others = Vec::new();
        for job in [102, 3, 104, 5] {
            others.push(ask(&groups, job, later()));
            queued(&groups, u32::try_from(others.len()).unwrap()).await;
        }
        drop(go);
        first.await.unwrap().unwrap();
        let mut ends = Vec::new();
        for other in others {
            ends.push(other.await.unwrap().unwrap().1);
        }
        let [even, odd] = [vec![102, 104], vec![3, 5]];
        assert_eq!(ends, [even.clone(), odd.clone(), even, odd]);
    }

    #[tokio::test]
    async fn while_one_kind_runs_it_gathers_and_others_begin() {
        let (begun, begins) = std_mpsc::channel();
        let (go, may_go) = std_mpsc::channel::<()>();
        let (begun, may_go) = (Mutex::new(begun), Mutex::new(may_go));
        let groups = Groups::start("test", bounds(2, 8), move |group: &[u32]| {
            if group.contains(&1) {
                let _ = begun.lock().unwrap().send(());
                let _ = may_go.lock().unwrap().recv();
            }
            double(group)
        });
        let groups = groups.unwrap();
        let first = ask(&groups, 1, later());
        has_begun(&begins).await;
        let same = [ask(&groups, 2, later()), ask(&groups, 3, later())];
        queued(&groups, 2).await;
        // The second worker leaves them to the first.
        assert_eq!(groups.run(later(), 104, 1).await.unwrap(), (208, vec![104]));
        assert_eq!((groups.usage().running, groups.usage().waiting), (1, 2));
        drop(go);
        first.await.unwrap().unwrap();
        for same in same {
            let mut group = same.await.unwrap().unwrap().1;
            group.sort_unstable();
            assert_eq!(group, [2, 3]);
        }
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused_at_once() {
        let (groups, begins, go) = held(1);
        let first = ask(&groups, 1, later());
        has_begun(&begins).await;
        let second = ask(&groups, 2, later());
        queued(&groups, 1).await;
        assert_eq!(code(groups.run(later(), 3, 1).await), 1951);
        drop(go);
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_never_begun_and_who_has_begun_has_an_unknown_outcome() {
        let (groups, begins, go) = held(8);
        // The clock goes on only while everybody waits for it.
        let first = ask(&groups, 1, later());
        has_begun(&begins).await;
        assert_eq!(code(first.await.unwrap()), 1952);
        let waiting = groups.run(Deadline::after(Duration::ZERO), 2, 1).await;
        assert_eq!(code(waiting), 1951);
        let left = ask(&groups, 3, later());
        queued(&groups, 2).await;
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
        // From now on a thread is waited for.
        tokio::time::resume();
        let last = ask(&groups, 4, later());
        queued(&groups, 3).await;
        drop(go);
        assert_eq!(last.await.unwrap().unwrap(), (8, vec![4]));
    }

    #[tokio::test]
    async fn a_panic_is_the_failure_of_its_group_and_the_worker_goes_on() {
        let groups = Groups::start("test", bounds(1, 8), double).unwrap();
        assert_eq!(code(groups.run(later(), 13, 1).await), 1950);
        assert_eq!(groups.run(later(), 1, 1).await.unwrap(), (2, vec![1]));
    }
}
