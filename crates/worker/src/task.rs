//! How a task runs: a step, a rest, the next step, until the server stops.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use accolade_application::ports::StoreError;
use futures_util::FutureExt as _;
use tokio::time::sleep;

use crate::context::Context;
use crate::stop::Stop;

/// How long a task rests that failed once; twice as long each time after that.
const FIRST_REST: Duration = Duration::from_millis(500);

/// The longest rest of a task that fails: shorter than a lease, which is renewed between two steps.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// Something that a server does in the background, step by step.
pub(crate) trait Task: Send + 'static {
    /// Its name in the log and in metrics.
    const NAME: &'static str;

    /// The task at its beginning, which is also where it goes on after a panic.
    fn new(context: &Context) -> Self;

    /// Does what there is to do, and tells how long to rest.
    ///
    /// # Errors
    /// The store failed. The next step does what this one did not.
    fn step(&mut self) -> impl Future<Output = Result<Duration, StoreError>> + Send;

    /// Leaves everything to other servers, because this one stops.
    fn end(self) -> impl Future<Output = ()> + Send
    where
        Self: Sized,
    {
        std::future::ready(())
    }
}

/// Runs a task until it is to stop. A step that has begun is not interrupted.
pub(crate) async fn run<T: Task>(context: Context, mut stop: Stop) {
    let mut task = T::new(&context);
    let mut failures = 0;
    while !stop.is_asked() {
        let rest = match AssertUnwindSafe(task.step()).catch_unwind().await {
            Ok(Ok(rest)) => {
                if failures > 0 {
                    tracing::info!(task = T::NAME, failures, "works again");
                }
                failures = 0;
                rest
            }
            Ok(Err(error)) => {
                failures += 1;
                context.metrics.task_failed(T::NAME);
                log_failure(T::NAME, failures, error);
                rest_after(failures)
            }
            Err(_) => {
                failures += 1;
                context.metrics.task_failed(T::NAME);
                // What it said is a line of the log already.
                tracing::error!(task = T::NAME, failures, "panicked, and begins anew");
                task = T::new(&context);
                rest_after(failures)
            }
        };
        tokio::select! {
            () = sleep(rest) => {}
            () = stop.asked() => {}
        }
    }
    task.end().await;
}

/// The first of several in a row is for people.
fn log_failure(task: &str, failures: u32, error: StoreError) {
    let error = one_line(error);
    if failures == 1 {
        tracing::warn!(task, error, "failed, and is tried again");
    } else {
        tracing::debug!(task, failures, error, "failed again");
    }
}

/// How long to rest after so many failures in a row.
fn rest_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(10);
    (FIRST_REST * 2u32.pow(doublings)).min(LONGEST_REST)
}

/// What `error` says, with its causes, on one line.
pub(crate) fn one_line(error: StoreError) -> String {
    let text = format!("{:#}", anyhow::Error::from(error));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequencer::Sequencer;
    use crate::testing::{World, pass};

    #[tokio::test(start_paused = true)]
    async fn a_task_that_fails_rests_longer_each_time_and_works_again_as_soon_as_it_can() {
        let world = World::new();
        world.fake.state().fails = true;
        let server = world.serve::<Sequencer>(1);
        // 0, 0.5, 1.5, 3.5, 7.5, and every five seconds from then on.
        pass(Duration::from_millis(7_500)).await;
        assert_eq!(world.fake.state().sequences, 5);
        pass(Duration::from_secs(50)).await;
        assert_eq!(world.fake.state().sequences, 15);
        let failures = r#"accolade_background_failures_total{task="sequencer"}"#;
        assert!((server.metric(failures) - 15.0).abs() < 0.1);

        world.fake.state().fails = false;
        pass(LONGEST_REST + Duration::from_secs(10)).await;
        assert!(world.fake.state().sequences > 15 + 45);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_begins_anew_after_a_rest() {
        let world = World::new();
        world.fake.state().panics = true;
        let _server = world.serve::<Sequencer>(1);
        pass(Duration::from_millis(7_500)).await;
        assert_eq!(world.fake.state().sequences, 5);
        world.fake.state().panics = false;
        pass(LONGEST_REST + Duration::from_secs(10)).await;
        assert!(world.fake.state().sequences > 5 + 45);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_stops_in_the_midst_of_its_rest() {
        let world = World::new();
        world.fake.state().fails = true;
        let server = world.serve::<Sequencer>(1);
        pass(Duration::from_secs(20)).await;
        let asked = tokio::time::Instant::now();
        server.stop().await;
        assert_eq!(asked.elapsed(), Duration::ZERO);
    }
}
