//! The hand-off of a use case, which blocks, to a thread: so many at a time, so many
//! waiting, and no more. What cannot wait is refused at once, with 1951. Whose turn it is the
//! [gate](accolade_application::gate) decides.

use std::any::Any;

use accolade_application::gate::{Gate, Slot, Slots, Turn};
use accolade_domain::rejection::{Code, Rejection};
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tokio::time::timeout_at;
use tracing::Span;

use crate::failure::Failure;
use crate::middleware::deadline::Deadline;

/// Whether work may record something, so that its end matters to who does not see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only reads.
    Reads,
    /// It may record something.
    Writes,
}

/// How busy a dispatcher is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DispatcherUsage {
    /// Use cases that run.
    pub(crate) running: u32,
    /// Requests that wait for their turn.
    pub(crate) waiting: u32,
}

/// Runs use cases on threads that may block. Cheap to clone; clones share the bounds.
#[derive(Debug, Clone)]
pub(crate) struct Dispatcher(Gate);

impl Dispatcher {
    /// At most `concurrency` at a time (one at least), at most `queue` waiting. Of those that run, large
    /// requests are half at most.
    pub(crate) fn new(concurrency: u32, queue: u32) -> Self {
        let concurrency = concurrency as usize;
        Self(Gate::new(Slots {
            all: concurrency,
            large: concurrency / 2,
            waiting: queue as usize,
        }))
    }

    /// Runs `work` when it is its turn, and gives its result.
    ///
    /// Work that has begun goes on to its end whoever still waits for it: nothing cuts through a
    /// transaction. Work whose caller leaves before that never begins.
    ///
    /// # Errors
    /// 1951 at once if too many wait already, and at the deadline if it has not begun: nothing was
    /// done. At the deadline if it has begun: 1952 if it writes, else 1951. 999999 if it panics.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        turn: Turn,
        deadline: Deadline,
        effect: Effect,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let slot = self.slot(turn, deadline).await?;
        let span = Span::current();
        let work = tokio::task::spawn_blocking(move || {
            // Given back when the work ends, by a panic too.
            let _slot = slot;
            span.in_scope(work)
        });
        match timeout_at(deadline.instant(), work).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(panicked(error, effect)),
            Err(_) => Err(overdue(effect)),
        }
    }

    /// How busy it is.
    pub(crate) fn usage(&self) -> DispatcherUsage {
        let bound = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let (running, waiting) = self.0.usage();
        DispatcherUsage {
            running: bound(running),
            waiting: bound(waiting),
        }
    }

    async fn slot(&self, turn: Turn, deadline: Deadline) -> Result<Slot, Failure> {
        if let Some(slot) = self.0.enter(turn) {
            return Ok(slot);
        }
        let (tell, told) = oneshot::channel();
        if self.0.wait(turn, |slot| tell.send(slot)).is_err() {
            return Err(busy("too many requests wait"));
        }
        match timeout_at(deadline.instant(), told).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(lost)) => Err(Failure::unexpected(lost)),
            Err(_) => Err(busy("the request waited too long for its turn")),
        }
    }
}

/// The refusal of what was not begun.
pub(crate) fn busy(why: &'static str) -> Failure {
    Rejection::new(Code::Unavailable)
        .with_message("The service is busy. Nothing was recorded; send it again.")
        .into_failure(why)
}

/// The failure of what has begun and takes too long.
pub(crate) fn overdue(effect: Effect) -> Failure {
    let rejection = match effect {
        Effect::Reads => Rejection::new(Code::Unavailable)
            .with_message("The request took too long. Send it again."),
        Effect::Writes => Rejection::new(Code::OutcomeUnknown).with_message(
            "The request took too long and is still being worked on. Ask GET \
             requests/{requestId} whether it was recorded.",
        ),
    };
    rejection.into_failure("the request took longer than its time-out")
}

fn panicked(error: JoinError, effect: Effect) -> Failure {
    match error.try_into_panic() {
        Ok(panic) => panic_failure(&*panic, effect),
        Err(error) => Failure::unexpected(error),
    }
}

/// The failure of what panicked with `panic`.
pub(crate) fn panic_failure(panic: &(dyn Any + Send), effect: Effect) -> Failure {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message");
    let cause = anyhow::anyhow!("panicked: {said}");
    match effect {
        Effect::Reads => Failure::unexpected(cause),
        // It may have panicked after it had recorded what it was asked to.
        Effect::Writes => Failure::from(Rejection::new(Code::Internal).with_message(
            "An unexpected error. Ask GET requests/{requestId} whether it was recorded.",
        ))
        .with_cause(cause),
    }
}

trait IntoFailure {
    fn into_failure(self, why: &'static str) -> Failure;
}

impl IntoFailure for Rejection {
    fn into_failure(self, why: &'static str) -> Failure {
        Failure::from(self).with_cause(anyhow::anyhow!(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_application::gate::Size;
    use std::sync::mpsc;
    use std::time::Duration;

    const SOON: Duration = Duration::ZERO;

    fn later() -> Deadline {
        Deadline::after(Duration::from_mins(1))
    }

    fn code<R: std::fmt::Debug>(result: Result<R, Failure>) -> u32 {
        result.unwrap_err().code().number()
    }

    /// Occupies a slot of `dispatcher` until the sender is dropped.
    async fn occupy(dispatcher: &Dispatcher) -> (mpsc::Sender<()>, tokio::task::JoinHandle<u32>) {
        let (release, held) = mpsc::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let dispatcher = dispatcher.clone();
        let running = tokio::spawn(async move {
            let work = move || {
                let _ = begun.send(());
                let _ = held.recv();
                7
            };
            dispatcher
                .run(Turn::SYSTEM, later(), Effect::Writes, work)
                .await
                .unwrap_or(0)
        });
        begins.await.unwrap();
        (release, running)
    }

    #[tokio::test]
    async fn the_result_of_the_work_comes_back() {
        let dispatcher = Dispatcher::new(1, 0);
        let result = dispatcher
            .run(Turn::SYSTEM, later(), Effect::Reads, || 6 * 7)
            .await;
        assert_eq!(result.unwrap(), 42);
        assert_eq!(dispatcher.usage(), DispatcherUsage::default());
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused_at_once() {
        let dispatcher = Dispatcher::new(1, 0);
        let (release, running) = occupy(&dispatcher).await;
        assert_eq!(dispatcher.usage().running, 1);
        assert_eq!(
            code(
                dispatcher
                    .run(Turn::SYSTEM, later(), Effect::Reads, || ())
                    .await
            ),
            1951
        );
        drop(release);
        assert_eq!(running.await.unwrap(), 7);
        assert!(
            dispatcher
                .run(Turn::SYSTEM, later(), Effect::Reads, || ())
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn large_requests_have_half_of_the_threads_and_small_ones_go_on_beside_them() {
        let dispatcher = Dispatcher::new(2, 8);
        let turn = |size| Turn::new(7.try_into().unwrap(), size);
        let (order, began) = mpsc::channel();
        let mut held = Vec::new();
        let mut running = Vec::new();
        for name in ["large 1", "large 2"] {
            let (release, until) = mpsc::channel::<()>();
            let (dispatcher, order) = (dispatcher.clone(), order.clone());
            held.push(release);
            running.push(tokio::spawn(async move {
                let work = move || {
                    order.send(name).unwrap();
                    let _ = until.recv();
                };
                let turn = turn(Size::Large);
                dispatcher.run(turn, later(), Effect::Writes, work).await
            }));
        }
        while dispatcher.usage().running + dispatcher.usage().waiting < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            (dispatcher.usage().running, dispatcher.usage().waiting),
            (1, 1)
        );
        let small = dispatcher.run(turn(Size::Small), later(), Effect::Reads, || 7);
        assert_eq!(small.await.unwrap(), 7);
        drop(held);
        for it in running {
            it.await.unwrap().unwrap();
        }
        assert_eq!(began.try_iter().collect::<Vec<_>>(), ["large 1", "large 2"]);
    }

    #[tokio::test]
    async fn what_waits_too_long_never_runs() {
        let dispatcher = Dispatcher::new(1, 1);
        let (release, running) = occupy(&dispatcher).await;
        let (ran, runs) = mpsc::channel();
        let waiting = dispatcher.run(
            Turn::SYSTEM,
            Deadline::after(SOON),
            Effect::Writes,
            move || ran.send(()),
        );
        assert_eq!(code(waiting.await), 1951);
        drop(release);
        running.await.unwrap();
        assert!(runs.recv().is_err());
        assert_eq!(dispatcher.usage(), DispatcherUsage::default());
    }

    #[tokio::test]
    async fn work_that_takes_too_long_goes_on_and_its_outcome_is_unknown() {
        let dispatcher = Dispatcher::new(1, 0);
        for (effect, expected) in [(Effect::Writes, 1952), (Effect::Reads, 1951)] {
            let (release, held) = mpsc::channel::<()>();
            let (done, is_done) = mpsc::channel();
            let work = move || {
                let _ = held.recv();
                done.send(()).unwrap();
            };
            let result = dispatcher
                .run(Turn::SYSTEM, Deadline::after(SOON), effect, work)
                .await;
            assert_eq!(code(result), expected);
            drop(release);
            assert_eq!(is_done.recv(), Ok(()));
            // Its slot is given back a moment after its last statement.
            while dispatcher.usage().running > 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn work_goes_on_when_its_caller_leaves() {
        let dispatcher = Dispatcher::new(1, 0);
        let (release, running) = occupy(&dispatcher).await;
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        assert_eq!(dispatcher.usage().running, 1);
        drop(release);
        while dispatcher.usage().running > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_and_costs_no_slot() {
        let dispatcher = Dispatcher::new(1, 0);
        let result = dispatcher.run(Turn::SYSTEM, later(), Effect::Writes, || {
            panic!("as the test wants it")
        });
        let failure: Failure = result.await.map(|(): ()| ()).unwrap_err();
        assert_eq!(failure.code().number(), 999_999);
        assert!(failure.message(None).contains("whether it was recorded"));
        assert!(
            dispatcher
                .run(Turn::SYSTEM, later(), Effect::Reads, || ())
                .await
                .is_ok()
        );
    }
}
