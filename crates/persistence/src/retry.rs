//! The one retrying transaction.
//!
//! Every transaction of this crate runs here, and `clippy.toml` bans the raw calls
//! elsewhere. Deadlocks, serialization failures and a busy SQLite are tried again, bounded and
//! with jitter; so is what met a dead connection before COMMIT, on one that answers, and what met one
//! that cannot work, on one that was opened since.
//! What broke inside COMMIT is never run again: the database is asked how it ended.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use accolade_application::gate::{Gate, Slot, Turn};
use accolade_application::ports::{StoreError, Together};
use anyhow::anyhow;
use backon::{BlockingRetryable as _, ExponentialBuilder};
use diesel::QueryResult;
use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use diesel::r2d2::R2D2Connection;
use diesel::result::Error;

use crate::metrics::TransactionMetrics;
use crate::pool::{Connections, Lent};
use crate::query_failure::QueryFailure;

/// A connection of either database.
pub(crate) trait PooledConnection:
    R2D2Connection<TransactionManager = AnsiTransactionManager> + Send + 'static
{
}

impl<C> PooledConnection for C where
    C: R2D2Connection<TransactionManager = AnsiTransactionManager> + Send + 'static
{
}

/// How many rounds a transaction may take to write what others write too. Each lost round means that
/// somebody else won it.
pub(crate) const MOST_ROUNDS: usize = 1_000;

/// How often others may stand in the way before the database counts as unavailable.
const CONFLICTS: usize = 12;
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// What went wrong in the work of a transaction.
#[derive(Debug)]
pub(crate) enum WorkError {
    /// A statement failed.
    Query(Error),
    /// Others were faster in each of [`MOST_ROUNDS`]: all of it is tried again, as after a deadlock.
    Overtaken(&'static str),
    /// Something that should not happen.
    Unexpected(anyhow::Error),
}

impl WorkError {
    /// What went wrong, where nothing is tried again.
    pub(crate) fn into_cause(self) -> anyhow::Error {
        match self {
            Self::Query(error) => error.into(),
            Self::Overtaken(what) => {
                anyhow!("{what} could not be recorded in {MOST_ROUNDS} rounds")
            }
            Self::Unexpected(error) => error,
        }
    }
}

impl From<Error> for WorkError {
    fn from(error: Error) -> Self {
        Self::Query(error)
    }
}

impl From<anyhow::Error> for WorkError {
    fn from(error: anyhow::Error) -> Self {
        Self::Unexpected(error)
    }
}

/// Why the work of a transaction ends it without COMMIT.
#[derive(Debug)]
pub(crate) enum Rollback<E> {
    /// A refusal: everything is undone.
    Refused(E),
    /// It failed: everything is undone, and perhaps tried again.
    Failed(WorkError),
}

impl<E, F: Into<WorkError>> From<F> for Rollback<E> {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

/// How a transaction ended whose COMMIT was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was committed.
    Committed,
    /// It was undone.
    Undone,
    /// Nothing tells.
    Unknown,
}

/// Where transactions of one kind run.
pub(crate) struct Transactions<C: PooledConnection> {
    connections: Connections<C>,
    /// The statement that begins one.
    begin: String,
    /// Whether a single statement that reads needs a transaction, which has the time-outs that the
    /// session has not.
    always_begins: bool,
    /// Where those wait who want a connection, if there are so few that it matters who is next, and for
    /// how long.
    gate: Option<(Gate, Duration)>,
    /// After how long nothing is tried again.
    patience: Duration,
    /// Whether the last that was to be written could not be.
    is_in_doubt: AtomicBool,
    metrics: TransactionMetrics,
    /// The transaction that they are parts of, if they are.
    joined: Option<Arc<Joined<C>>>,
}

/// A transaction of several calls, and the connection that it is open on.
pub(crate) struct Joined<C: PooledConnection> {
    lent: Mutex<Option<Lent<C>>>,
    /// Why all of it has to be undone, whatever is made of that.
    failure: Mutex<Option<JoinedFailure>>,
}

/// What is done in a transaction of several calls.
type Work<'w, C> = dyn FnMut(&Arc<Joined<C>>) -> Result<Together, StoreError> + 'w;

/// Why a transaction of several calls has to be undone.
enum JoinedFailure {
    /// Perhaps to be done again.
    Repeatable(QueryFailure, String),
    /// For good.
    Final(String),
}

impl<C: PooledConnection> Joined<C> {
    fn new(lent: Option<Lent<C>>) -> Self {
        Self {
            lent: Mutex::new(lent),
            failure: Mutex::new(None),
        }
    }

    fn lent(&self) -> MutexGuard<'_, Option<Lent<C>>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self) -> MutexGuard<'_, Option<JoinedFailure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call that is a part of the transaction.
    fn attempt<T, E>(
        &self,
        attempt: impl Fn(&mut C) -> Result<T, FailedAttempt<T, E>>,
    ) -> Result<T, FailedAttempt<T, E>> {
        let over =
            |why: &'static str| Err(FailedAttempt::Store(StoreError::Unavailable(anyhow!(why))));
        if self.failure().is_some() {
            return over("something that was done together has failed before");
        }
        let mut lent = self.lent();
        let Some(lent) = lent.as_mut() else {
            return over("what was done together has ended");
        };
        let result = attempt(&mut lent.connection);
        let failure = match &result {
            Ok(_) | Err(FailedAttempt::Refused(_)) => None,
            Err(FailedAttempt::Repeatable(failure, cause)) => {
                Some(JoinedFailure::Repeatable(*failure, format!("{cause:#}")))
            }
            Err(FailedAttempt::CommitLost(_, cause)) => Some(JoinedFailure::Repeatable(
                QueryFailure::Broken,
                cause.to_string(),
            )),
            Err(FailedAttempt::Store(cause)) => Some(JoinedFailure::Final(cause.to_string())),
        };
        if failure.is_some() {
            *self.failure() = failure;
        }
        match result {
            Err(FailedAttempt::CommitLost(_, cause)) => {
                Err(FailedAttempt::Store(StoreError::Unavailable(cause.into())))
            }
            result => result.map_err(give_up),
        }
    }
}

/// How one attempt ended.
enum FailedAttempt<T, E> {
    Refused(E),
    Repeatable(QueryFailure, anyhow::Error),
    Store(StoreError),
    /// The connection broke inside COMMIT.
    CommitLost(T, Error),
}

impl<C: PooledConnection> Transactions<C> {
    /// Those on `connections` that begin by `begin` and are tried again for so long; counted in
    /// `metrics`.
    pub(crate) fn new(
        connections: Connections<C>,
        begin: impl Into<String>,
        patience: Duration,
        metrics: TransactionMetrics,
    ) -> Self {
        Self {
            connections,
            begin: begin.into(),
            always_begins: false,
            gate: None,
            patience,
            is_in_doubt: AtomicBool::new(false),
            metrics,
            joined: None,
        }
    }

    /// The same as parts of a transaction that is open.
    pub(crate) fn joining(&self, joined: &Arc<Joined<C>>) -> Self {
        Self {
            always_begins: false,
            gate: None,
            connections: self.connections.clone(),
            begin: self.begin.clone(),
            patience: self.patience,
            is_in_doubt: AtomicBool::new(false),
            metrics: self.metrics.clone(),
            joined: Some(Arc::clone(joined)),
        }
    }

    /// The same, where whoever writes waits for its turn at `gate` first, for at most so long.
    #[cfg(feature = "sqlite")]
    pub(crate) fn in_turns(self, gate: Gate, patience: Duration) -> Self {
        Self {
            gate: Some((gate, patience)),
            ..self
        }
    }

    /// The same, where single statements are transactions too.
    #[cfg(feature = "postgres")]
    pub(crate) fn always_begun(self) -> Self {
        Self {
            always_begins: true,
            ..self
        }
    }

    /// The connections that they run on.
    #[cfg(feature = "postgres")]
    pub(crate) fn connections(&self) -> &Connections<C> {
        &self.connections
    }

    /// Whether the last write found the database unable to do it, so that only another write can tell
    /// whether it is able again.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.load(Ordering::Relaxed)
    }

    /// Runs `work`, which is short and nobody's in particular, in a transaction and commits it.
    /// `ending` is asked, in a transaction of its own, if COMMIT was not answered; it first waits
    /// for the lost transaction to end.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl Fn(&mut C) -> Result<T, Rollback<E>>,
        ending: impl Fn(&mut C, &T) -> QueryResult<Ending>,
    ) -> Result<T, E> {
        self.write_in_turn(Turn::SYSTEM, "", work, ending)
    }

    /// The same for `work` that has this turn, and before which the statements of `opening` are
    /// executed: they go to the database together with the one that begins the transaction.
    pub(crate) fn write_in_turn<T, E: From<StoreError>>(
        &self,
        turn: Turn,
        opening: &str,
        work: impl Fn(&mut C) -> Result<T, Rollback<E>>,
        ending: impl Fn(&mut C, &T) -> QueryResult<Ending>,
    ) -> Result<T, E> {
        let written = match self.committed(turn, opening, work) {
            Ok(value) => Ok(value),
            Err(FailedAttempt::Refused(refusal)) => return Err(refusal),
            Err(FailedAttempt::Repeatable(failure, cause)) => Err(failure.into_store_error(cause)),
            Err(FailedAttempt::Store(error)) => Err(error),
            Err(FailedAttempt::CommitLost(value, cause)) => {
                tracing::warn!(error = %cause, "the connection broke inside COMMIT");
                self.ask_how_it_ended(value, cause.into(), ending)
            }
        };
        match &written {
            Ok(_) => self.is_in_doubt.store(false, Ordering::Relaxed),
            Err(StoreError::Unavailable(_)) => self.is_in_doubt.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
        Ok(written?)
    }

    /// Runs `work`, which only reads, in a transaction: all of it sees one state.
    pub(crate) fn read<T>(
        &self,
        work: impl Fn(&mut C) -> Result<T, WorkError>,
    ) -> Result<T, StoreError> {
        read(self.committed(Turn::SYSTEM, "", |connection| Ok(work(connection)?)))
    }

    /// Runs `work`, which only reads by one statement, or by several that need not see one state,
    /// without a transaction unless it needs one.
    pub(crate) fn query<T>(
        &self,
        work: impl Fn(&mut C) -> Result<T, WorkError>,
    ) -> Result<T, StoreError> {
        if self.always_begins {
            return self.read(work);
        }
        read(self.again(Turn::SYSTEM, |connection| {
            let _span = tracing::info_span!(target: "traces", "query").entered();
            work(connection).map_err(|failure| failed(Rollback::Failed(failure), connection))
        }))
    }

    fn committed<T, E>(
        &self,
        turn: Turn,
        opening: &str,
        work: impl Fn(&mut C) -> Result<T, Rollback<E>>,
    ) -> Result<T, FailedAttempt<T, E>> {
        self.again(turn, |connection| {
            // For traces alone, as that of a query: without a collector none is made.
            let _span = tracing::info_span!(target: "traces", "transaction").entered();
            let begun = Instant::now();
            if let Err(error) = self.begin(connection, opening) {
                return Err(failed(error.into(), connection));
            }
            match work(connection) {
                Ok(value) => {
                    let worked = Instant::now();
                    match AnsiTransactionManager::commit_transaction(connection) {
                        Ok(()) => {
                            self.metrics.committed(begun.elapsed(), worked.elapsed());
                            Ok(value)
                        }
                        Err(error) if is_broken(connection) => {
                            Err(FailedAttempt::CommitLost(value, error))
                        }
                        Err(error) => Err(failed(error.into(), connection)),
                    }
                }
                Err(rollback) => {
                    let failed = failed(rollback, connection);
                    // If it fails, the pool discards the connection, which rolls back too.
                    let _ = AnsiTransactionManager::rollback_transaction(connection);
                    Err(failed)
                }
            }
        })
    }

    /// Begins a transaction with the statements of `opening`, or a part of the one that is open.
    fn begin(&self, connection: &mut C, opening: &str) -> QueryResult<()> {
        if opening.is_empty() {
            return match self.joined {
                Some(_) => AnsiTransactionManager::begin_transaction(connection),
                None => AnsiTransactionManager::begin_transaction_sql(connection, &self.begin),
            };
        }
        if self.joined.is_some() {
            AnsiTransactionManager::begin_transaction(connection)?;
            let opened = connection.batch_execute(opening);
            if opened.is_err() {
                let _ = AnsiTransactionManager::rollback_transaction(connection);
            }
            return opened;
        }
        let both = format!("{}; {opening}", self.begin);
        let opened = AnsiTransactionManager::begin_transaction_sql(connection, &both);
        if opened.is_err() {
            // The transaction may have begun, and it was its opening that failed.
            let _ = connection.batch_execute("ROLLBACK");
        }
        opened
    }

    /// Does `work`, whose parts are of one transaction, and commits it if that says so. `was_done` is asked
    /// if COMMIT was not answered.
    pub(crate) fn together(
        &self,
        work: &mut Work<'_, C>,
        was_done: &mut dyn FnMut() -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(joined) = &self.joined {
            return Self::within(joined, work);
        }
        let written = self.again_with(Turn::SYSTEM, |lent| self.together_once(lent, work));
        match written {
            Ok(()) => Ok(()),
            Err(FailedAttempt::Refused(error) | FailedAttempt::Store(error)) => Err(error),
            Err(FailedAttempt::Repeatable(failure, cause)) => Err(failure.into_store_error(cause)),
            Err(FailedAttempt::CommitLost((), cause)) => {
                tracing::warn!(error = %cause, "the connection broke inside COMMIT");
                let asked = was_done().map(|was_done| {
                    if was_done {
                        Ending::Committed
                    } else {
                        Ending::Undone
                    }
                });
                self.ended(asked.map_err(Into::into), cause.into())
            }
        }
    }

    /// Does `work` as a part, which can be undone by itself, of the transaction that is open.
    fn within(joined: &Arc<Joined<C>>, work: &mut Work<'_, C>) -> Result<(), StoreError> {
        let part = |sql: fn(&mut C) -> QueryResult<()>| {
            read(joined.attempt(|connection| {
                sql(connection).map_err(|error| failed(error.into(), connection))
            }))
        };
        part(AnsiTransactionManager::begin_transaction)?;
        match work(joined) {
            Ok(Together::Kept) => part(AnsiTransactionManager::commit_transaction),
            Ok(Together::Undone) => part(AnsiTransactionManager::rollback_transaction),
            Err(error) => {
                // All of it is undone: the caller need not know how to make something of it.
                let failure = JoinedFailure::Final(error.to_string());
                joined.failure().get_or_insert(failure);
                Err(error)
            }
        }
    }

    fn together_once(
        &self,
        lent: &mut Option<Lent<C>>,
        work: &mut Work<'_, C>,
    ) -> Result<(), FailedAttempt<(), StoreError>> {
        let gone = || FailedAttempt::Store(StoreError::Unexpected(anyhow!("no connection")));
        let connection = &mut lent.as_mut().ok_or_else(gone)?.connection;
        let begun = Instant::now();
        if let Err(error) = self.begin(connection, "") {
            return Err(failed(error.into(), connection));
        }
        let joined = Arc::new(Joined::new(lent.take()));
        let done = work(&joined);
        *lent = joined.lent().take();
        let connection = &mut lent.as_mut().ok_or_else(gone)?.connection;
        let undone = match (joined.failure().take(), done) {
            (None, Ok(Together::Kept)) => {
                let worked = Instant::now();
                return match AnsiTransactionManager::commit_transaction(connection) {
                    Ok(()) => {
                        self.metrics.committed(begun.elapsed(), worked.elapsed());
                        Ok(())
                    }
                    Err(error) if is_broken(connection) => {
                        Err(FailedAttempt::CommitLost((), error))
                    }
                    Err(error) => Err(failed(error.into(), connection)),
                };
            }
            (None, Ok(Together::Undone)) => Ok(()),
            (Some(JoinedFailure::Repeatable(failure, cause)), _) => {
                Err(FailedAttempt::Repeatable(failure, anyhow!(cause)))
            }
            (Some(JoinedFailure::Final(_)) | None, Err(error)) => Err(FailedAttempt::Store(error)),
            (Some(JoinedFailure::Final(cause)), Ok(_)) => {
                Err(FailedAttempt::Store(StoreError::Unexpected(anyhow!(cause))))
            }
        };
        // If it fails, the pool discards the connection, which rolls back too.
        let _ = AnsiTransactionManager::rollback_transaction(connection);
        undone
    }

    /// Makes attempts until one succeeds or there is no point in more.
    fn again<T, E>(
        &self,
        turn: Turn,
        attempt: impl Fn(&mut C) -> Result<T, FailedAttempt<T, E>>,
    ) -> Result<T, FailedAttempt<T, E>> {
        if let Some(joined) = &self.joined {
            return joined.attempt(attempt);
        }
        self.again_with(turn, |lent| match lent {
            Some(lent) => attempt(&mut lent.connection),
            None => Err(FailedAttempt::Store(StoreError::Unexpected(anyhow!(
                "no connection"
            )))),
        })
    }

    /// The same, where an attempt may take the connection, if it puts it back.
    fn again_with<T, E>(
        &self,
        turn: Turn,
        mut attempt: impl FnMut(&mut Option<Lent<C>>) -> Result<T, FailedAttempt<T, E>>,
    ) -> Result<T, FailedAttempt<T, E>> {
        let started = Instant::now();
        let met_broken = Cell::new(false);
        let once = || {
            let asked = Instant::now();
            // Given back behind the connection.
            let slot = self.slot(turn);
            let lent = slot.and_then(|slot| Ok((self.connection(met_broken.get())?, slot)));
            self.metrics.waited(asked.elapsed());
            let (lent, slot) = lent.map_err(FailedAttempt::Store)?;
            let mut lent = Some(lent);
            let result = attempt(&mut lent);
            let is_final = match &result {
                // The second time it is not that the pool had not noticed.
                Err(FailedAttempt::Repeatable(QueryFailure::Broken, _)) => met_broken.replace(true),
                Err(FailedAttempt::Repeatable(QueryFailure::Unfit, _)) => !lent
                    .as_ref()
                    .is_some_and(|lent| self.connections.renew(lent)),
                _ => false,
            };
            drop(lent);
            drop(slot);
            if is_final {
                return result.map_err(give_up);
            }
            result
        };
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(CONFLICTS)
            .with_jitter();
        once.retry(pauses)
            .when(|failed| {
                matches!(
                    failed,
                    FailedAttempt::Repeatable(
                        QueryFailure::Conflict | QueryFailure::Broken | QueryFailure::Unfit,
                        _
                    )
                ) && started.elapsed() < self.patience
            })
            .notify(|failed, pause| {
                if let FailedAttempt::Repeatable(failure, cause) = failed {
                    self.metrics.repeated(*failure);
                    tracing::debug!(?failure, ?pause, error = %cause, "a transaction is repeated");
                }
            })
            .call()
    }

    /// The right to take a connection, for which this thread waits until it is the turn.
    fn slot(&self, turn: Turn) -> Result<Option<Slot>, StoreError> {
        let Some((gate, patience)) = &self.gate else {
            return Ok(None);
        };
        if let Some(slot) = gate.enter(turn) {
            return Ok(Some(slot));
        }
        let (tell, told) = sync_channel(1);
        let told_so = gate.wait(turn, move |slot| tell.send(slot).map_err(|unsent| unsent.0));
        let slot = match told_so {
            Ok(()) => told.recv_timeout(*patience).ok(),
            Err(_) => None,
        };
        match slot {
            Some(slot) => Ok(Some(slot)),
            None => Err(StoreError::Unavailable(anyhow!(
                "no connection to the database was free in time"
            ))),
        }
    }

    /// A connection; one that just answered, if `tested`.
    fn connection(&self, tested: bool) -> Result<Lent<C>, StoreError> {
        // All that lie in the pool may be dead.
        for _ in 0..=self.connections.max_size() {
            let mut lent = self.connections.get()?;
            if !tested || lent.connection.ping().is_ok() {
                return Ok(lent);
            }
        }
        Err(StoreError::Unavailable(anyhow!(
            "no connection to the database answers"
        )))
    }

    fn ask_how_it_ended<T>(
        &self,
        value: T,
        cause: anyhow::Error,
        ending: impl Fn(&mut C, &T) -> QueryResult<Ending>,
    ) -> Result<T, StoreError> {
        let asked = || -> anyhow::Result<Ending> {
            let mut lent = self.connection(true)?;
            let connection = &mut lent.connection;
            AnsiTransactionManager::begin_transaction_sql(connection, &self.begin)?;
            let ending = ending(connection, &value);
            let _ = AnsiTransactionManager::rollback_transaction(connection);
            Ok(ending?)
        };
        self.ended(asked(), cause).map(|()| value)
    }

    /// What becomes of a transaction whose COMMIT was not answered because of `cause`, by what was found
    /// when it was `asked` how it ended.
    fn ended(&self, asked: anyhow::Result<Ending>, cause: anyhow::Error) -> Result<(), StoreError> {
        let known = asked.as_ref().map_or(Ending::Unknown, |ending| *ending);
        self.metrics.lost_commit(known);
        match asked {
            Ok(Ending::Committed) => Ok(()),
            Ok(Ending::Undone) => Err(StoreError::Unavailable(cause)),
            Ok(Ending::Unknown) => Err(StoreError::OutcomeUnknown(cause)),
            Err(error) => Err(StoreError::OutcomeUnknown(
                error.context("how a transaction ended could not be asked"),
            )),
        }
    }
}

fn is_broken<C: PooledConnection>(connection: &mut C) -> bool {
    AnsiTransactionManager::transaction_manager_status_mut(connection)
        .transaction_depth()
        .is_err()
}

fn failed<T, E, C: PooledConnection>(
    rollback: Rollback<E>,
    connection: &mut C,
) -> FailedAttempt<T, E> {
    match rollback {
        Rollback::Refused(refusal) => FailedAttempt::Refused(refusal),
        Rollback::Failed(WorkError::Unexpected(error)) => {
            FailedAttempt::Store(StoreError::Unexpected(error))
        }
        Rollback::Failed(overtaken @ WorkError::Overtaken(_)) => {
            FailedAttempt::Repeatable(QueryFailure::Conflict, overtaken.into_cause())
        }
        Rollback::Failed(WorkError::Query(error)) => {
            let failure = QueryFailure::from_error(&error, is_broken(connection));
            FailedAttempt::Repeatable(failure, error.into())
        }
    }
}

fn read<T>(result: Result<T, FailedAttempt<T, StoreError>>) -> Result<T, StoreError> {
    match result {
        // Whatever became of COMMIT, what was read was read.
        Ok(value) | Err(FailedAttempt::CommitLost(value, _)) => Ok(value),
        Err(FailedAttempt::Refused(error) | FailedAttempt::Store(error)) => Err(error),
        Err(FailedAttempt::Repeatable(failure, cause)) => Err(failure.into_store_error(cause)),
    }
}

fn give_up<T, E>(failed: FailedAttempt<T, E>) -> FailedAttempt<T, E> {
    match failed {
        FailedAttempt::Repeatable(failure, cause) => {
            FailedAttempt::Store(failure.into_store_error(cause))
        }
        other => other,
    }
}

/// For what would take more than it is worth to ask about after a lost COMMIT: the caller is told that
/// the outcome is not known (1952), and asks again. What is recorded for customers asks.
#[expect(clippy::unnecessary_wraps, reason = "it stands where others ask")]
pub(crate) fn nobody_knows<C, T>(_: &mut C, _: &T) -> QueryResult<Ending> {
    Ok(Ending::Unknown)
}

/// Runs `work` once in a transaction of its own, nested ones included: for migrations.
pub(crate) fn exclusive<C: PooledConnection, T>(
    connection: &mut C,
    begin: &str,
    work: impl FnOnce(&mut C) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    AnsiTransactionManager::begin_transaction_sql(connection, begin)?;
    match work(connection) {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(connection)?;
            Ok(value)
        }
        Err(error) => {
            let _ = AnsiTransactionManager::rollback_transaction(connection);
            Err(error)
        }
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::channel;
    use std::thread;

    use accolade_application::gate::{Size, Slots};
    use diesel::RunQueryDsl as _;
    use diesel::connection::SimpleConnection as _;
    use diesel::result::DatabaseErrorKind;
    use diesel::sql_types::BigInt;
    use diesel::sqlite::{Sqlite, SqliteConnection};

    use super::*;
    use crate::database::Options;
    use crate::metrics::{Metrics, Use};
    use crate::statement::Statement;

    type Result<T> = std::result::Result<T, StoreError>;

    /// One connection to a database of its own, with an empty table.
    fn transactions() -> Transactions<SqliteConnection> {
        let with_table = |connection: &mut SqliteConnection| {
            connection.batch_execute("CREATE TABLE IF NOT EXISTS t (n)")
        };
        let connections = Connections::new(":memory:", 1, &Options::default(), None, with_table);
        counting(connections, &Metrics::new(None).unwrap())
    }

    /// Transactions on `connections` that are counted in `metrics`.
    fn counting(
        connections: Connections<SqliteConnection>,
        metrics: &Metrics,
    ) -> Transactions<SqliteConnection> {
        let metrics = metrics.of(Use::Write);
        Transactions::new(connections, "BEGIN", Duration::from_mins(1), metrics)
    }

    fn rows(transactions: &Transactions<SqliteConnection>) -> i64 {
        let count = |connection: &mut SqliteConnection| {
            let count = Statement::<Sqlite, BigInt>::new("SELECT count(*) FROM t");
            Ok(count.get_result(connection)?)
        };
        transactions.query(count).unwrap()
    }

    fn fails_with(text: &str) -> Error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text.to_owned()))
    }

    /// Inserts a row and fails with `text`, the first `times`. Gives the attempts.
    fn write(
        transactions: &Transactions<SqliteConnection>,
        text: &str,
        times: usize,
    ) -> (Result<()>, usize) {
        let attempts = Cell::new(0);
        let work = |connection: &mut SqliteConnection| {
            attempts.set(attempts.get() + 1);
            connection.batch_execute("INSERT INTO t VALUES (1)")?;
            if attempts.get() > times {
                Ok(())
            } else {
                Err(fails_with(text).into())
            }
        };
        (transactions.write(work, nobody_knows), attempts.get())
    }

    /// Those of [`transactions`], whoever writes in turn; and where they wait for it.
    fn in_turns(patience: Duration) -> (Transactions<SqliteConnection>, Gate) {
        let gate = Gate::new(Slots {
            all: 1,
            large: 1,
            waiting: usize::MAX,
        });
        (transactions().in_turns(gate.clone(), patience), gate)
    }

    fn turn(org: i64, size: Size) -> Turn {
        Turn::new(org.try_into().unwrap(), size)
    }

    #[test]
    fn a_single_of_one_org_is_written_before_the_bulk_requests_of_another_that_wait() {
        let (transactions, gate) = in_turns(Duration::from_mins(1));
        let written = Mutex::new(Vec::new());
        let (release, held) = channel::<()>();
        let held = Mutex::new(held);
        let nothing = |_: &mut SqliteConnection| Ok::<_, Rollback<StoreError>>(());
        thread::scope(|scope| {
            let (transactions, written, held) = (&transactions, &written, &held);
            scope.spawn(move || {
                let work = |_: &mut SqliteConnection| {
                    let _ = held.lock().unwrap().recv();
                    written.lock().unwrap().push("bulk that has begun");
                    Ok::<_, Rollback<StoreError>>(())
                };
                let bulk = turn(1, Size::Large);
                let result = transactions.write_in_turn(bulk, "", work, nobody_knows);
                result.unwrap();
            });
            wait_until(&gate, (1, 0));
            let then = [
                ("bulk 1", turn(1, Size::Large)),
                ("bulk 2", turn(1, Size::Large)),
                ("bulk of another", turn(3, Size::Large)),
                ("single", turn(2, Size::Small)),
                ("nobody's", Turn::SYSTEM),
            ];
            for (place, (name, turn)) in then.into_iter().enumerate() {
                scope.spawn(move || {
                    let work = |connection: &mut SqliteConnection| {
                        written.lock().unwrap().push(name);
                        nothing(connection)
                    };
                    let result = transactions.write_in_turn(turn, "", work, nobody_knows);
                    result.unwrap();
                });
                wait_until(&gate, (1, place + 1));
            }
            drop(release);
        });
        let expected = [
            "bulk that has begun",
            "single",
            "nobody's",
            "bulk 1",
            "bulk of another",
            "bulk 2",
        ];
        assert_eq!(*written.lock().unwrap(), expected);
        assert_eq!(gate.usage(), (0, 0));
    }

    #[test]
    fn who_waits_too_long_for_its_turn_writes_nothing_and_keeps_nobody() {
        let (transactions, gate) = in_turns(Duration::ZERO);
        let slot = gate.enter(Turn::SYSTEM).unwrap();
        let (result, attempts) = write(&transactions, "", 0);
        assert!(matches!(result, Err(StoreError::Unavailable(_))));
        assert_eq!(attempts, 0);
        drop(slot);
        write(&transactions, "", 0).0.unwrap();
        assert_eq!(rows(&transactions), 1);
    }

    /// Waits until so many have a slot, and so many wait.
    fn wait_until(gate: &Gate, usage: (usize, usize)) {
        while gate.usage() != usage {
            thread::yield_now();
        }
    }

    #[test]
    fn a_deadlock_is_undone_and_tried_again() {
        let transactions = transactions();
        let (result, attempts) = write(&transactions, "deadlock detected", 3);
        result.unwrap();
        assert_eq!((attempts, rows(&transactions)), (4, 1));
    }

    #[test]
    fn what_is_repeated_is_counted_by_its_cause_and_what_is_committed_by_its_time() {
        let metrics = Metrics::new(None).unwrap();
        let registry = prometheus::Registry::new();
        metrics.register(&registry).unwrap();
        let transactions = Transactions {
            metrics: metrics.of(Use::Write),
            ..transactions()
        };
        write(&transactions, "deadlock detected", 3).0.unwrap();
        write(&transactions, "no such table", 1).0.unwrap_err();
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        for line in [
            r#"accolade_database_transaction_retries_total{cause="conflict"} 3"#,
            r#"accolade_database_transaction_seconds_count{use="write"} 1"#,
            "accolade_database_commit_seconds_count 1",
            r#"accolade_database_connection_wait_seconds_count{use="write"} 5"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn who_only_ever_meets_deadlocks_gives_up_with_nothing_written() {
        let transactions = transactions();
        let (result, attempts) = write(&transactions, "deadlock detected", usize::MAX);
        assert!(matches!(result, Err(StoreError::Unavailable(_))));
        assert_eq!((attempts, rows(&transactions)), (1 + CONFLICTS, 0));
    }

    #[test]
    fn who_is_overtaken_all_the_time_is_told_to_come_again() {
        let attempts = Cell::new(0);
        let work = |_: &mut SqliteConnection| {
            attempts.set(attempts.get() + 1);
            Err::<(), _>(WorkError::Overtaken("an earn").into())
        };
        let result: Result<()> = transactions().write(work, nobody_knows);
        assert!(matches!(result, Err(StoreError::Unavailable(_))));
        assert_eq!(attempts.get(), 1 + CONFLICTS);
    }

    #[test]
    fn nothing_is_tried_again_when_patience_is_over() {
        let transactions = Transactions {
            patience: Duration::ZERO,
            ..transactions()
        };
        let (result, attempts) = write(&transactions, "database is locked", usize::MAX);
        assert!(matches!(result, Err(StoreError::Unavailable(_))));
        assert_eq!((attempts, rows(&transactions)), (1, 0));
    }

    #[test]
    fn a_connection_that_was_opened_read_only_is_replaced_when_others_can_write() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        let opened = Arc::<AtomicUsize>::default();
        let is_read_only = Arc::new(AtomicBool::new(true));
        let (counted, phase) = (Arc::clone(&opened), Arc::clone(&is_read_only));
        let connections = Connections::new(
            file.to_str().unwrap(),
            1,
            &Options::default(),
            None,
            move |connection: &mut SqliteConnection| {
                counted.fetch_add(1, Ordering::Relaxed);
                connection.batch_execute("CREATE TABLE IF NOT EXISTS t (n)")?;
                let query_only = phase.load(Ordering::Relaxed);
                connection.batch_execute(&format!("PRAGMA query_only = {query_only}"))
            },
        );
        let transactions = counting(connections, &Metrics::new(None).unwrap());
        let started = Instant::now();
        for _ in 0..20 {
            let (refused, _) = write(&transactions, "", 0);
            assert!(
                matches!(refused, Err(StoreError::Unavailable(_))),
                "{refused:?}"
            );
            assert!(transactions.is_in_doubt());
        }
        // Not one for each: one a second.
        let seconds = usize::try_from(started.elapsed().as_secs()).unwrap();
        assert!(opened.load(Ordering::Relaxed) <= 1 + seconds);

        is_read_only.store(false, Ordering::Relaxed);
        while write(&transactions, "", 0).0.is_err() {}
        assert!(!transactions.is_in_doubt());
        assert_eq!(rows(&transactions), 1);
    }

    #[test]
    fn a_single_statement_is_a_transaction_where_the_session_is_nobodys_own() {
        let within = |transactions: &Transactions<SqliteConnection>| {
            let depth = |connection: &mut SqliteConnection| {
                let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
                Ok(status.transaction_depth()?.is_some())
            };
            transactions.query(depth).unwrap()
        };
        assert!(!within(&transactions()));
        assert!(within(&Transactions {
            always_begins: true,
            ..transactions()
        }));
    }

    #[test]
    fn what_nobody_expected_is_undone_and_not_tried_again() {
        let transactions = transactions();
        let (result, attempts) = write(&transactions, "no such table", usize::MAX);
        assert!(matches!(result, Err(StoreError::Unexpected(_))));
        assert_eq!((attempts, rows(&transactions)), (1, 0));
    }

    #[test]
    fn a_refusal_undoes_everything() {
        let transactions = transactions();
        let refused: std::result::Result<(), _> = transactions.write(
            |connection| {
                connection.batch_execute("INSERT INTO t VALUES (1)")?;
                Err(Rollback::Refused(StoreError::Unavailable(anyhow!("no"))))
            },
            nobody_knows,
        );
        assert!(refused.is_err());
        assert_eq!(rows(&transactions), 0);
    }
}
