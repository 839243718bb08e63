//! A database's connections: those that write and those that read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::ports::PoolUsage;
use diesel::prelude::Queryable;
use moka::sync::Cache;

use crate::feed::settled::Settled;
use crate::metrics::Metrics;
use crate::opened_file::OpenedFile;
use crate::pool::Connections;
use crate::retry::{Joined, PooledConnection, Transactions};
use crate::sealing::Sealing;

/// How many requests are remembered: some ten megabytes.
const MOST_HEADS: u64 = 50_000;

/// What the request ledger says of a request beside its answer.
#[derive(Debug, Queryable)]
pub(crate) struct RequestHead {
    pub(crate) recorded_on: i64,
    pub(crate) recorded_by: i64,
    pub(crate) request_id: String,
    pub(crate) owner_type: Option<i16>,
    pub(crate) reference_id: Option<String>,
}

/// What was read, and need not be read again.
pub(crate) struct Remembered {
    /// What of the outbox need not be looked for any more.
    pub(crate) settled: Settled,
    /// What the ledger says of requests, by org and number, without their answers: it never changes.
    pub(crate) request_heads: Cache<(i64, i64), Arc<RequestHead>>,
}

impl Remembered {
    pub(crate) fn forget(&self) {
        self.settled.forget();
        self.request_heads.invalidate_all();
    }
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            settled: Settled::default(),
            request_heads: Cache::new(MOST_HEADS),
        }
    }
}

/// One database, as the ports use it.
pub(crate) struct Store<C: PooledConnection> {
    /// Transactions that write.
    pub(crate) writer: Transactions<C>,
    /// Statements that read, and transactions that see one state.
    pub(crate) reader: Transactions<C>,
    /// From how many rows on a set is written in the way that is best for many.
    pub(crate) many: usize,
    /// What its ports remember.
    pub(crate) remembered: Arc<Remembered>,
    /// The pools, each once.
    pub(crate) pools: Vec<Connections<C>>,
    /// Opens a connection for migrations, which may take their time.
    pub(crate) for_migrations: Arc<dyn Fn() -> anyhow::Result<C> + Send + Sync>,
    /// How long migrations wait for those of another process.
    pub(crate) migration_patience: Duration,
    /// How secrets are stored.
    pub(crate) sealing: Sealing,
    /// What is counted of it.
    pub(crate) metrics: Metrics,
    /// SQLite: the file.
    pub(crate) file: Option<Arc<OpenedFile>>,
}

impl<C: PooledConnection> Store<C> {
    /// The same database, whose every use is a part of the transaction that is open. It remembers nothing
    /// of what may be undone.
    pub(crate) fn joining(&self, joined: &Arc<Joined<C>>) -> Self {
        Self {
            writer: self.writer.joining(joined),
            reader: self.reader.joining(joined),
            many: self.many,
            remembered: Arc::default(),
            pools: self.pools.clone(),
            for_migrations: Arc::clone(&self.for_migrations),
            migration_patience: self.migration_patience,
            sealing: self.sealing.clone(),
            metrics: self.metrics.clone(),
            file: self.file.clone(),
        }
    }

    pub(crate) fn usage(&self) -> PoolUsage {
        self.pools.iter().fold(PoolUsage::default(), |sum, pool| {
            let (open, idle) = pool.open_and_idle();
            PoolUsage {
                open: sum.open + open,
                idle: sum.idle + idle,
                max: sum.max + pool.max_size(),
            }
        })
    }
}

/// What `error` says, on one line.
pub(crate) fn one_line(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
