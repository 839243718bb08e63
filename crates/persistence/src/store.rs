//! A database's connections: those that write and those that read.

use std::fmt;

use accolade_application::ports::PoolUsage;
use diesel::QueryResult;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error, HandleError, Pool};

use crate::connection_failure::reason;
use crate::database::Options;
use crate::retry::{Connections, PooledConnection, Transactions};

/// One database, as the ports use it.
pub(crate) struct Store<C: PooledConnection> {
    /// Transactions that write.
    pub(crate) writer: Transactions<C>,
    /// Statements that read, and transactions that see one state.
    pub(crate) reader: Transactions<C>,
    /// From how many rows on a set is written in the way that is best for many.
    pub(crate) many: usize,
    /// The pools, each once.
    pub(crate) pools: Vec<Connections<C>>,
    /// Opens a connection for migrations, which may take their time.
    pub(crate) for_migrations: Box<dyn Fn() -> anyhow::Result<C> + Send + Sync>,
}

impl<C: PooledConnection> Store<C> {
    pub(crate) fn usage(&self) -> PoolUsage {
        self.pools
            .iter()
            .fold(PoolUsage::default(), |sum, pool| PoolUsage {
                open: sum.open + pool.state().connections,
                idle: sum.idle + pool.state().idle_connections,
                max: sum.max + pool.max_size(),
            })
    }
}

/// A pool of `size` connections to `url`, each made ready by `prepare`. Waits for none.
///
/// A connection is not tested before it is used, which would cost each request a round
/// trip: who finds a dead one asks for one that answers.
pub(crate) fn pool<C: PooledConnection>(
    url: &str,
    size: u32,
    options: &Options,
    prepare: impl Fn(&mut C) -> QueryResult<()> + Send + Sync + 'static,
) -> Connections<C> {
    Pool::builder()
        .max_size(size)
        .connection_timeout(options.pool_timeout)
        .test_on_check_out(false)
        .connection_customizer(Box::new(Prepare(prepare)))
        .error_handler(Box::new(Warn))
        .build_unchecked(ConnectionManager::new(url))
}

struct Prepare<F>(F);

impl<F> fmt::Debug for Prepare<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepare")
    }
}

impl<C, F> CustomizeConnection<C, Error> for Prepare<F>
where
    F: Fn(&mut C) -> QueryResult<()> + Send + Sync + 'static,
{
    fn on_acquire(&self, connection: &mut C) -> Result<(), Error> {
        (self.0)(connection).map_err(Error::QueryError)
    }
}

#[derive(Debug)]
struct Warn;

impl HandleError<Error> for Warn {
    fn handle_error(&self, error: Error) {
        let reason = reason(&error.to_string());
        tracing::warn!(reason, "a connection to the database failed");
    }
}

/// What `error` says, on one line.
pub(crate) fn one_line(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
