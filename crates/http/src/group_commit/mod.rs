//! Group commit: small requests that arrive while a transaction runs share the next one.
//!
//! A request waits in a [queue](queue), without a thread, for one of few workers. A worker that has
//! nothing to do takes what there is at once, so a request that comes alone is executed alone and
//! waits for nobody; while all workers are busy, company gathers.
//!
//! Only members of one kind share a transaction, and few groups of one kind run at a time, so that
//! groups grow where many wait for one thing, and different things do not wait for each other.
//! What a group does is the business of whoever starts it.

mod queue;
#[cfg(test)]
mod tests;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use accolade_application::error::UseCaseError;
use tokio::sync::oneshot;
use tokio::time::timeout_at;
use tracing::Span;

use crate::dispatch::{DispatcherUsage, Effect, busy, overdue, panic_failure};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use queue::{Claim, Group, Queue, Waiting};

pub(crate) use queue::{Bounds, Member};

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
                while let Some(group) = queue.next() {
                    run(&queue, group, &*execute);
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

/// Executes those members of `group` whose callers still wait, and gives each of them its result.
fn run<M: Member, R>(
    queue: &Queue<M, R>,
    group: Group<M, R>,
    execute: &impl Fn(Vec<M>) -> Vec<Result<R, UseCaseError>>,
) {
    let (mut members, mut callers) = (Vec::new(), Vec::new());
    for waiting in group.members {
        if !waiting.reply.is_closed() && waiting.claim.take() {
            members.push(waiting.member);
            callers.push((waiting.reply, waiting.span));
        }
    }
    // What the log says of several members belongs to none of them.
    let span = match callers.as_slice() {
        [(_, span)] => span.clone(),
        _ => Span::none(),
    };
    let results = if members.is_empty() {
        Ok(Vec::new())
    } else {
        catch_unwind(AssertUnwindSafe(|| span.in_scope(|| execute(members))))
    };
    // Before any caller has its result: whoever looks at once finds the group counted out, as it
    // finds free what the members held.
    queue.finished(&group.kind);
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
