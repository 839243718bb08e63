//! What every task works with.

use std::panic::resume_unwind;
use std::sync::Arc;

use accolade_application::access::ClientUses;
use accolade_application::ports::{
    AccessStore, ChangeStore, Clock, EventStore, Housekeeping, Leases, OperatorStore, StoreError,
    WebhookStore,
};
use anyhow::anyhow;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::deliveries::Deliverer;
use crate::jobs::Carrier;
use crate::metrics::Metrics;
use crate::options::Options;

/// How many connections to the database the worker uses at once, one for each line: those of
/// deliveries and of jobs come to that.
pub const CONNECTIONS: u32 = 2;

/// Calls of the store that wait for each other: what must not be late waits for nothing that may
/// take long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// What takes little time: positions and leases.
    Prompt,
    /// What may be late: expiries, tidying up, and looking.
    Patient,
}

/// What every task works with. Cheap to clone; clones share everything.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) clock: Arc<dyn Clock>,
    /// This process, as leases name it.
    pub(crate) holder: Uuid,
    pub(crate) options: Arc<Options>,
    pub(crate) metrics: Metrics,
    pub(crate) deliverer: Arc<dyn Deliverer>,
    pub(crate) carrier: Arc<dyn Carrier>,
    stores: Arc<Stores>,
    prompt: Arc<Semaphore>,
    patient: Arc<Semaphore>,
}

/// The ports that the worker's tasks call.
pub(crate) struct Stores {
    pub(crate) access: Arc<dyn AccessStore>,
    pub(crate) changes: Arc<dyn ChangeStore>,
    /// Which clients were let in, and are to be written down.
    pub(crate) uses: ClientUses,
    pub(crate) events: Arc<dyn EventStore>,
    pub(crate) housekeeping: Arc<dyn Housekeeping>,
    pub(crate) leases: Arc<dyn Leases>,
    pub(crate) operators: Arc<dyn OperatorStore>,
    pub(crate) webhooks: Arc<dyn WebhookStore>,
}

impl Context {
    pub(crate) fn new(
        stores: Stores,
        clock: Arc<dyn Clock>,
        holder: Uuid,
        deliverer: Arc<dyn Deliverer>,
        carrier: Arc<dyn Carrier>,
        metrics: Metrics,
        options: Options,
    ) -> Self {
        Self {
            clock,
            holder,
            options: Arc::new(options),
            metrics,
            deliverer,
            carrier,
            stores: Arc::new(stores),
            prompt: Arc::new(Semaphore::new(1)),
            patient: Arc::new(Semaphore::new(1)),
        }
    }

    /// Runs `work`, which blocks, on a thread that may, when it is its turn in `line`. Once begun it
    /// goes on to its end whoever waits for it: nothing cuts through a transaction.
    ///
    /// # Errors
    /// Those of `work`.
    ///
    /// # Panics
    /// If `work` does.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        line: Line,
        work: impl FnOnce(&Stores) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let line = match line {
            Line::Prompt => &self.prompt,
            Line::Patient => &self.patient,
        };
        let turn = Arc::clone(line).acquire_owned().await;
        let turn = turn.map_err(|closed| StoreError::Unexpected(closed.into()))?;
        let stores = Arc::clone(&self.stores);
        let worked = spawn_blocking(move || {
            // Given back when the work ends, by a panic too.
            let _turn = turn;
            work(&stores)
        });
        match worked.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => Err(StoreError::Unavailable(anyhow!("the worker ends"))),
            },
        }
    }
}
