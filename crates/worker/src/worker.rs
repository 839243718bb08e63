//! The beginning and the end of the background.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use accolade_application::ports::Ports;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::changes::Changes;
use crate::context::{Context, Stores};
use crate::deliveries::{Deliverer, Deliveries};
use crate::expiries::Expiries;
use crate::housekeeping::Housekeeping;
use crate::jobs::{Jobs, PortsCarrier};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::sequencer::Sequencer;
use crate::stop::{Stop, Stopper};
use crate::task::{Task, run};
use crate::uses::Uses;
use crate::watch::Watch;

/// Threads that do not block: deliveries sign and send on them.
const THREADS: usize = 2;

/// How much longer than its patience the end is waited for.
const GRACE: Duration = Duration::from_millis(500);

/// The threads of a worker, before it begins: what is to be sent to receivers meanwhile is sent on
/// them too.
#[derive(Debug)]
pub struct Threads(Runtime);

impl Threads {
    /// Starts them.
    ///
    /// # Errors
    /// There can be no further thread.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("worker")
            .enable_all()
            .build()?;
        Ok(Self(runtime))
    }

    /// Where others have something done on them.
    pub fn handle(&self) -> Handle {
        self.0.handle().clone()
    }
}

/// What a server does in the background, until this value goes.
#[derive(Debug)]
pub struct Worker {
    stopper: Stopper,
    patience: Duration,
    ended: Receiver<()>,
}

impl Worker {
    /// Begins to work on `ports`, on `threads`.
    ///
    /// # Errors
    /// There can be no further thread.
    pub fn start(
        threads: Threads,
        ports: &Ports,
        deliverer: Arc<dyn Deliverer>,
        metrics: Metrics,
        options: Options,
    ) -> io::Result<Self> {
        let stores = Stores {
            access: Arc::clone(&ports.stores.access),
            changes: Arc::clone(&ports.stores.changes),
            uses: ports.uses.clone(),
            events: Arc::clone(&ports.stores.events),
            housekeeping: Arc::clone(&ports.stores.housekeeping),
            leases: Arc::clone(&ports.stores.leases),
            operators: Arc::clone(&ports.stores.operators),
            webhooks: Arc::clone(&ports.stores.webhooks),
        };
        let holder = ports.ids.uuid();
        let clock = Arc::clone(&ports.clock);
        let carrier = Arc::new(PortsCarrier::from(ports.clone()));
        let context = Context::new(stores, clock, holder, deliverer, carrier, metrics, options);
        Self::begin(threads, context)
    }

    pub(crate) fn begin(threads: Threads, context: Context) -> io::Result<Self> {
        let patience = context.options.patience;
        let (stopper, stop) = Stopper::new();
        let (end, ended) = mpsc::channel();
        thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || {
                work(threads.0, context, &stop);
                // Nobody waits any more if it took too long.
                let _ = end.send(());
            })?;
        Ok(Self {
            stopper,
            patience,
            ended,
        })
    }

    /// Stops in order: steps that have begun end, deliveries save what became of them, leases are
    /// given back. Waits for all that no longer than the options say.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stopper.stop();
        if self.ended.recv_timeout(self.patience + GRACE).is_err() {
            tracing::warn!("the background did not end in time, and is left behind");
        }
    }
}

/// Works until it is to stop.
fn work(runtime: Runtime, context: Context, stop: &Stop) {
    let patience = context.options.patience;
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        spawn::<Sequencer>(&mut tasks, &context, stop);
        spawn::<Expiries>(&mut tasks, &context, stop);
        spawn::<Deliveries>(&mut tasks, &context, stop);
        spawn::<Jobs>(&mut tasks, &context, stop);
        spawn::<Changes>(&mut tasks, &context, stop);
        spawn::<Housekeeping>(&mut tasks, &context, stop);
        spawn::<Uses>(&mut tasks, &context, stop);
        spawn::<Watch>(&mut tasks, &context, stop);
        stop.clone().asked().await;
        let ended = async { while tasks.join_next().await.is_some() {} };
        if timeout(patience, ended).await.is_err() {
            tracing::warn!("what runs in the background did not end in time");
        }
    });
    drop(context);
    // A call of the store that hangs is left to itself.
    runtime.shutdown_timeout(GRACE / 2);
}

fn spawn<T: Task>(tasks: &mut JoinSet<()>, context: &Context, stop: &Stop) {
    context.metrics.task_starts(T::NAME);
    tasks.spawn(run::<T>(context.clone(), stop.clone()));
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::options::Options;
    use crate::testing::{World, options, webhook};

    fn with_patience(patience: Duration) -> Options {
        Options {
            patience,
            ..options()
        }
    }

    /// Waits for something that a worker does on a thread of its own.
    fn until(is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_mins(1), "it never was");
            thread::yield_now();
        }
    }

    #[test]
    fn a_worker_runs_every_task_and_leaves_nothing_behind() {
        let world = World::new();
        world.fake.state().deliverable.insert(webhook(1), 1);
        let context = world.context_with(1, with_patience(Duration::from_mins(1)));
        let worker = Worker::begin(Threads::start().unwrap(), context).unwrap();
        until(|| {
            let state = world.fake.state();
            state.sequences > 1
                && state.sweeps == 1
                && state.expire.is_some()
                && state.begun == 1
                && state.looks > 0
        });
        worker.stop();
        let state = world.fake.state();
        assert!(state.delivering.values().all(Vec::is_empty));
        drop(state);
        assert_eq!(world.holders(), 0);
    }

    #[test]
    fn a_call_of_the_store_that_hangs_does_not_hold_up_the_end() {
        let world = World::new();
        let context = world.context_with(1, with_patience(Duration::from_millis(50)));
        // The first call of each task waits for this lock.
        let hangs = world.fake.state();
        let worker = Worker::begin(Threads::start().unwrap(), context).unwrap();
        let begun = Instant::now();
        worker.stop();
        assert!(begun.elapsed() < Duration::from_secs(30));
        drop(hangs);
    }
}
