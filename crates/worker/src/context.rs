//! What every task works with.

use std::panic::resume_unwind;
use std::sync::Arc;

use accolade_application::ports::{Clock, StoreError, Stores};
use anyhow::anyhow;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::deliveries::Deliverer;
use crate::metrics::Metrics;
use crate::options::Options;

/// How many connections to the database the worker uses at once: one for each [`Line`].
pub const CONNECTIONS: u32 = 3;

/// Calls of the store that wait for each other. What must not be late waits for nothing that may
/// take long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// What takes little time and has little: positions and leases.
    Prompt,
    /// What deliveries read and save.
    Deliveries,
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
    stores: Stores,
    prompt: Arc<Semaphore>,
    patient: Arc<Semaphore>,
}
