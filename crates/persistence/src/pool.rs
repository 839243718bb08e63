//! The pool of a database's connections: how they are made, and when they are replaced.
//!
//! A connection keeps what was true when it was opened. One that was opened while the database was
//! read-only, or to a server that has become a standby, refuses every write long after others would
//! take it; one whose file has a fault may be cured by opening it again. Whoever is told that it is
//! the connection that cannot work, not the statement, has the pool renewed: nothing that was opened
//! before is used again.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use accolade_application::ports::StoreError;
use anyhow::anyhow;
use diesel::QueryResult;
use diesel::r2d2::{ConnectionManager, Error, HandleError, ManageConnection, Pool};

use crate::connection_failure::reason;
use crate::database::Options;
use crate::opened_file::OpenedFile;
use crate::retry::PooledConnection;

/// For how long a connection is as good as the next one: a database that takes no writes is not
/// connected to more often than this.
const NEW: Duration = Duration::from_secs(1);

/// The connections of one kind. Clones share them.
pub(crate) struct Connections<C: PooledConnection> {
    pool: Pool<Manager<C>>,
    generation: Arc<AtomicU64>,
    /// SQLite: what the connections are open on.
    file: Option<Arc<OpenedFile>>,
}

impl<C: PooledConnection> Clone for Connections<C> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            generation: Arc::clone(&self.generation),
            file: self.file.clone(),
        }
    }
}

/// A connection lent by the pool.
pub(crate) type Lent<C> = diesel::r2d2::PooledConnection<Manager<C>>;

/// A connection, and when it was opened.
pub(crate) struct Aged<C> {
    pub(crate) connection: C,
    opened: Instant,
    /// How often the pool had been renewed by then.
    generation: u64,
    /// Kept until the connection is closed, which is why it comes last.
    _renewals: Arc<AtomicU64>,
}

/// Whether connections of a pool are open, or are being opened: by a thread of the pool, which goes on for a
/// moment when nobody uses the pool any more.
#[derive(Debug, Clone)]
pub(crate) struct Connected(Weak<AtomicU64>);

impl Connected {
    pub(crate) fn is_open(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl<C: PooledConnection> Connections<C> {
    /// A pool of at most `size` connections to `url`, each made ready by `prepare`; `file` is the one
    /// that they are open on, if it is one. Waits for no connection.
    ///
    /// None is asked whether it answers before it is used, which would cost each request a round trip:
    /// who finds a dead one asks for one that answers.
    pub(crate) fn new(
        url: &str,
        size: u32,
        options: &Options,
        file: Option<Arc<OpenedFile>>,
        prepare: impl Fn(&mut C) -> QueryResult<()> + Send + Sync + 'static,
    ) -> Self {
        let generation = Arc::<AtomicU64>::default();
        let manager = Manager {
            connections: ConnectionManager::new(url),
            prepare: Box::new(prepare),
            generation: Arc::clone(&generation),
        };
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(options.opened_ahead.map(|ahead| ahead.min(size)))
            .connection_timeout(options.pool_timeout)
            .test_on_check_out(true)
            .error_handler(Box::new(Warn))
            .build_unchecked(manager);
        Self {
            pool,
            generation,
            file,
        }
    }

    /// A connection of the pool, or a new one.
    ///
    /// # Errors
    /// None is free in time, or the file of SQLite is not there any more.
    pub(crate) fn get(&self) -> Result<Lent<C>, StoreError> {
        if let Some(file) = &self.file {
            file.check().map_err(StoreError::Unavailable)?;
        }
        self.pool.get().map_err(|error| {
            let reason = reason(&error.to_string());
            StoreError::Unavailable(anyhow!(reason).context("no connection to the database"))
        })
    }

    /// Has every connection replaced that is as old as `unfit`, before it is used again. False if
    /// `unfit` is so new that another would be no better.
    pub(crate) fn renew(&self, unfit: &Aged<C>) -> bool {
        let newest = self.generation.load(Ordering::Relaxed);
        if unfit.generation == newest && unfit.opened.elapsed() < NEW {
            return false;
        }
        let next = unfit.generation + 1;
        self.generation.fetch_max(next, Ordering::Relaxed);
        true
    }

    /// Whether connections are open, for who does not keep them open.
    pub(crate) fn connected(&self) -> Connected {
        Connected(Arc::downgrade(&self.generation))
    }

    /// The most connections that there may be.
    pub(crate) fn max_size(&self) -> u32 {
        self.pool.max_size()
    }

    /// How many connections are open, and how many of them nobody uses.
    pub(crate) fn open_and_idle(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }
}

/// What makes a new connection ready.
type Prepare<C> = Box<dyn Fn(&mut C) -> QueryResult<()> + Send + Sync>;

/// Makes connections, and tells the pool which are used no more.
pub(crate) struct Manager<C: PooledConnection> {
    connections: ConnectionManager<C>,
    prepare: Prepare<C>,
    generation: Arc<AtomicU64>,
}

impl<C: PooledConnection> Manager<C> {
    fn is_outdated(&self, aged: &Aged<C>) -> bool {
        aged.generation < self.generation.load(Ordering::Relaxed)
    }
}

impl<C: PooledConnection> ManageConnection for Manager<C> {
    type Connection = Aged<C>;
    type Error = PoolError;

    fn connect(&self) -> Result<Aged<C>, PoolError> {
        // Before the connection is made: a renewal meanwhile concerns it too.
        let generation = self.generation.load(Ordering::Relaxed);
        let opened = Instant::now();
        let mut connection = self.connections.connect().map_err(PoolError::Failed)?;
        (self.prepare)(&mut connection).map_err(|error| PoolError::Failed(error.into()))?;
        Ok(Aged {
            connection,
            opened,
            generation,
            _renewals: Arc::clone(&self.generation),
        })
    }

    fn is_valid(&self, aged: &mut Aged<C>) -> Result<(), PoolError> {
        if self.is_outdated(aged) {
            return Err(PoolError::Outdated);
        }
        Ok(())
    }

    fn has_broken(&self, aged: &mut Aged<C>) -> bool {
        self.is_outdated(aged) || self.connections.has_broken(&mut aged.connection)
    }
}

/// Why the pool makes another connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoolError {
    /// There is none yet: connecting failed.
    #[error(transparent)]
    Failed(Error),
    /// The pool was renewed since it was opened.
    #[error("the pool was renewed")]
    Outdated,
}

#[derive(Debug)]
struct Warn;

impl HandleError<PoolError> for Warn {
    fn handle_error(&self, error: PoolError) {
        match error {
            PoolError::Failed(error) => {
                let reason = reason(&error.to_string());
                tracing::warn!(reason, "a connection to the database failed");
            }
            PoolError::Outdated => tracing::debug!("a connection to the database is replaced"),
        }
    }
}

impl<C: PooledConnection> fmt::Debug for Manager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").finish_non_exhaustive()
    }
}
