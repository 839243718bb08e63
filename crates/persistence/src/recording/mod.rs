//! Recording: what enrolling, earning, revoking and importing have in common.
//!
//! One transaction records a batch of requests of one org, of which an import or a revocation is
//! the only one:
//!
//! 1. whoever was decided from a badge locks it, shared, as a statement of its own; then its
//!    version is read ([`Recording::check_versions`]);
//! 2. the idempotency keys are reserved, then the request ledger's rows are written: who finds
//!    one taken is refused, and what it reserved is released ([`Recording::reserve`]);
//! 3. what is asked for is recorded: [`enrolments`], [`earns`], [`revoked_enrolments`],
//!    [`revoked_earn`], [`imports`];
//! 4. the ledger's answers are corrected where they turned out otherwise, and the rows and keys of
//!    refused requests are taken back ([`Recording::conclude`]);
//! 5. the counts grow.
//!
//! The ledger's row has to be there early, to stop a second request of the same id before it
//! waits where everybody else waits; by then it is not known who will be refused. So it is
//! written with the answer of the usual case, and rewritten only otherwise.
//!
//! If COMMIT is not answered, the database is asked how it ended ([`lost_commit`]).

pub(crate) mod earns;
pub(crate) mod enrolments;
pub(crate) mod imports;
pub(crate) mod ledger;
pub(crate) mod limit_counters;
pub(crate) mod revoked_earn;
pub(crate) mod revoked_enrolments;
pub(crate) mod sql;

mod allocation;
mod attempts;
pub(crate) mod existing;
mod lost_commit;

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::ports::{
    BadgeVersion, IdempotencyGuard, RecordError, RecordedRequest, StoreError,
};
use accolade_domain::ids::{BadgeId, OrgId};
use anyhow::Context as _;

use crate::answers;
use crate::recording::ledger::{KeyRow, LedgerName, LedgerRow, StandsFor};
use crate::recording::lost_commit::{Trace, ending};
use crate::recording::sql::{BadgeKey, RecordingSql};
use crate::retry::{Rollback, WorkError};
use crate::store::Store;

/// What has become of each request of a batch, by position.
pub(crate) type Results<R> = Vec<Result<<R as RecordedRequest>::Outcome, RecordError>>;

/// The requests of a batch, and what has become of them so far.
pub(crate) struct Recording<'a, R: RecordedRequest> {
    pub(crate) requests: &'a [R],
    pub(crate) org: OrgId,
    /// Why requests are refused, by position.
    errors: Vec<Option<RecordError>>,
    /// What becomes of the others, by position, as far as it is known.
    outcomes: Vec<Option<R::Outcome>>,
    /// The keys that were reserved.
    keys: Vec<KeyRow<'a>>,
    /// The rows that were written.
    rows: Vec<LedgerRow<'a>>,
}

/// A batch that waits for COMMIT.
pub(crate) struct Recorded<'a, R: RecordedRequest> {
    results: Results<R>,
    /// Whether anything was written that has to stay.
    is_written: bool,
    org: OrgId,
    rows: Vec<LedgerRow<'a>>,
    /// The badges whose locks it holds.
    badges: BTreeSet<BadgeKey>,
    trace: Option<Trace>,
}

/// Why a batch is not committed.
enum NotCommitted<R: RecordedRequest> {
    /// There is nothing of it to be committed.
    Nothing(Results<R>),
    Store(StoreError),
}

impl<R: RecordedRequest> From<StoreError> for NotCommitted<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<C: RecordingSql> Store<C> {
    /// Records `requests`, which are one batch, by `work`. Gives a result to each, by position.
    pub(crate) fn record<'a, R>(
        &self,
        requests: &'a [R],
        work: impl Fn(&mut C, Recording<'a, R>) -> Result<Recorded<'a, R>, WorkError>,
    ) -> Result<Results<R>, StoreError>
    where
        R: RecordedRequest<Outcome: Clone + PartialEq>,
    {
        let Some(first) = requests.first() else {
            return Ok(Vec::new());
        };
        let org = first.context().org;
        let work = |connection: &mut C| {
            let recorded = work(connection, Recording::new(org, requests)?)?;
            if recorded.is_written {
                Ok(recorded)
            } else {
                Err(Rollback::Refused(NotCommitted::Nothing(recorded.results)))
            }
        };
        match self.writer.write::<_, NotCommitted<R>>(work, ending) {
            Ok(recorded) => Ok(recorded.results),
            Err(NotCommitted::Nothing(results)) => Ok(results),
            Err(NotCommitted::Store(error)) => Err(error),
        }
    }

    /// Records `request` alone.
    pub(crate) fn record_one<'a, R>(
        &self,
        request: &'a R,
        work: impl Fn(&mut C, Recording<'a, R>) -> Result<Recorded<'a, R>, WorkError>,
    ) -> Result<Result<R::Outcome, RecordError>, StoreError>
    where
        R: RecordedRequest<Outcome: Clone + PartialEq>,
    {
        let mut results = self.record(std::slice::from_ref(request), work)?;
        let missing = || StoreError::Unexpected(anyhow::anyhow!("a request has no result"));
        results.pop().ok_or_else(missing)
    }
}

impl<'a, R: RecordedRequest<Outcome: Clone + PartialEq>> Recording<'a, R> {
    fn new(org: OrgId, requests: &'a [R]) -> anyhow::Result<Self> {
        let is_of_org = |it: &R| it.context().org == org;
        anyhow::ensure!(requests.iter().all(is_of_org), "a batch of several orgs");
        Ok(Self {
            requests,
            org,
            errors: requests.iter().map(|_| None).collect(),
            outcomes: requests.iter().map(|_| None).collect(),
            keys: Vec::new(),
            rows: Vec::new(),
        })
    }

    /// The positions of requests that nothing speaks against so far.
    pub(crate) fn open(&self) -> impl Iterator<Item = usize> {
        let all = self.errors.iter().enumerate();
        all.filter(|(_, error)| error.is_none())
            .map(|(request, _)| request)
    }

    /// Whether nothing speaks against the request at this position so far.
    pub(crate) fn is_open(&self, request: usize) -> bool {
        self.errors[request].is_none()
    }

    /// Why the request at this position is refused, if it is.
    pub(crate) fn error(&self, request: usize) -> Option<&RecordError> {
        self.errors[request].as_ref()
    }

    /// What becomes of the request at this position, as far as it is known.
    pub(crate) fn outcome(&self, request: usize) -> Option<&R::Outcome> {
        self.outcomes[request].as_ref()
    }

    /// The numbers of the requests in the ledger, by position; 0 for those that are not there.
    pub(crate) fn numbers(&self) -> Vec<i64> {
        let mut numbers = vec![0; self.requests.len()];
        for row in &self.rows {
            numbers[row.request] = row.number;
        }
        numbers
    }

    /// Locks the badges that requests were decided from, shared, and refuses whose badge has
    /// another version by now. `decided_from` has the badge and the version of each request.
    pub(crate) fn check_versions<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        decided_from: &[(BadgeId, BadgeVersion)],
    ) -> Result<(), WorkError> {
        let badges: BTreeSet<_> = decided_from.iter().map(|it| it.0).collect();
        let badges: Vec<_> = badges.into_iter().collect();
        let keys: Vec<_> = badges.iter().map(|badge| self.key(*badge)).collect();
        connection.share_badges(&keys)?;
        let versions: BTreeMap<_, _> = connection
            .versions(self.org, &badges)?
            .into_iter()
            .collect();
        let changed: Vec<_> = (decided_from.iter().enumerate())
            .filter(|(_, (badge, version))| versions.get(badge) != Some(version))
            .map(|(request, _)| (request, RecordError::BadgeChanged))
            .collect();
        self.refuse(connection, changed)
    }

    pub(crate) fn key(&self, badge: BadgeId) -> BadgeKey {
        BadgeKey {
            org: self.org,
            badge,
        }
    }

    /// Refuses requests of which nothing is written yet, so that it is only looked at what comes
    /// before: a used key, then a used id.
    pub(crate) fn refuse<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        refused: Vec<(usize, RecordError)>,
    ) -> Result<(), WorkError> {
        if refused.is_empty() {
            return Ok(());
        }
        let mut guards: Vec<&IdempotencyGuard> = Vec::new();
        let mut names = Vec::new();
        for (request, _) in &refused {
            let identity = self.requests[*request].identity();
            guards.extend(identity.key);
            names.extend(self.name(*request));
        }
        let used_keys = match guards.as_slice() {
            [] => Vec::new(),
            some => connection.used_keys(self.org, some)?,
        };
        let used_names = match names.as_slice() {
            [] => Vec::new(),
            some => connection.used_names(self.org, some)?,
        };
        let (mut used_keys, mut used_names) = (used_keys.into_iter(), used_names.into_iter());
        for (request, error) in refused {
            let identity = self.requests[request].identity();
            let is_key_used = identity.key.is_some() && used_keys.next().unwrap_or(false);
            let is_id_used = identity.request_id.is_some() && used_names.next().unwrap_or(false);
            self.errors[request] = Some(if is_key_used {
                RecordError::IdempotencyKeyUsed
            } else if is_id_used {
                RecordError::RequestIdUsed
            } else {
                error
            });
        }
        Ok(())
    }

    fn name(&self, request: usize) -> Option<LedgerName<'a>> {
        let request = &self.requests[request];
        request.request_id().map(|request_id| LedgerName {
            operation: request.operation(),
            request_id,
        })
    }

    /// Says what becomes of the request at this position in the usual case.
    pub(crate) fn expect(&mut self, request: usize, outcome: R::Outcome) {
        self.outcomes[request] = Some(outcome);
    }

    /// Reserves the keys of open requests, and writes their rows into the ledger, with what is
    /// expected to become of them. Refuses whose key or id is used.
    pub(crate) fn reserve<C: RecordingSql>(&mut self, connection: &mut C) -> Result<(), WorkError> {
        self.reserve_keys(connection)?;
        self.write_rows(connection)
    }

    fn reserve_keys<C: RecordingSql>(&mut self, connection: &mut C) -> Result<(), WorkError> {
        let mut keys = Vec::new();
        for request in self.open() {
            let Some(guard) = self.requests[request].identity().key else {
                continue;
            };
            let stands_for = match self.name(request) {
                Some(name) => StandsFor::Request(name),
                None => StandsFor::Answer(self.stored_answer(request)?),
            };
            keys.push(KeyRow {
                request,
                guard,
                stands_for,
            });
        }
        if keys.is_empty() {
            return Ok(());
        }
        // One order for all, so that batches that cross wait for each other only one way.
        keys.sort_unstable_by(|a, b| {
            (a.guard.actor, &a.guard.key).cmp(&(b.guard.actor, &b.guard.key))
        });
        let are_new = connection.reserve_keys(self.org, &keys)?;
        for (row, is_new) in keys.into_iter().zip(are_new) {
            if is_new {
                self.keys.push(row);
            } else {
                self.errors[row.request] = Some(RecordError::IdempotencyKeyUsed);
            }
        }
        Ok(())
    }

    fn write_rows<C: RecordingSql>(&mut self, connection: &mut C) -> Result<(), WorkError> {
        let mut rows = Vec::new();
        for position in self.open() {
            let Some(name) = self.name(position) else {
                continue;
            };
            let request = &self.requests[position];
            rows.push(LedgerRow {
                request: position,
                name,
                recorded_on: request.context().now,
                recorded_by: request.context().actor,
                triggered_by: request.triggered_by(),
                answer: self.stored_answer(position)?,
                number: 0,
            });
        }
        if rows.is_empty() {
            return Ok(());
        }
        // One order for all.
        rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let numbers = connection.write_rows(self.org, &rows)?;
        for (mut row, number) in rows.into_iter().zip(numbers) {
            if let Some(number) = number {
                row.number = number;
                self.rows.push(row);
            } else {
                self.errors[row.request] = Some(RecordError::RequestIdUsed);
            }
        }
        self.release_keys(connection)
    }

    /// The stored form of what the request at this position is answered.
    fn stored_answer(&self, request: usize) -> anyhow::Result<Vec<u8>> {
        let outcome = self.outcomes[request].clone();
        let outcome = outcome.context("a request of which nothing is expected")?;
        answers::encode(&self.requests[request].answer(outcome))
    }

    /// Releases the keys of refused requests.
    fn release_keys<C: RecordingSql>(&mut self, connection: &mut C) -> Result<(), WorkError> {
        let errors = &self.errors;
        let is_refused = |row: &mut KeyRow<'_>| errors[row.request].is_some();
        let released: Vec<_> = self.keys.extract_if(.., is_refused).collect();
        if !released.is_empty() {
            connection.release_keys(self.org, &released)?;
        }
        Ok(())
    }

    /// Takes what has really become of requests that were open: corrects the answers in the ledger
    /// that say otherwise, and takes back the rows and keys of those that are refused.
    pub(crate) fn conclude<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        results: Vec<(usize, Result<R::Outcome, RecordError>)>,
    ) -> Result<(), WorkError> {
        let mut are_other = vec![false; self.requests.len()];
        for (request, result) in results {
            match result {
                Ok(outcome) => {
                    are_other[request] = self.outcomes[request].as_ref() != Some(&outcome);
                    self.outcomes[request] = Some(outcome);
                }
                Err(error) => self.errors[request] = Some(error),
            }
        }
        let errors = &self.errors;
        let is_refused = |row: &mut LedgerRow<'_>| errors[row.request].is_some();
        let erased: Vec<_> = self.rows.extract_if(.., is_refused).collect();
        if !erased.is_empty() {
            connection.erase_rows(self.org, &erased)?;
        }
        self.release_keys(connection)?;
        for place in 0..self.rows.len() {
            let request = self.rows[place].request;
            if are_other[request] {
                self.rows[place].answer = self.stored_answer(request)?;
            }
        }
        let corrected = self.rows.iter().filter(|row| are_other[row.request]);
        let corrected: Vec<_> = corrected.collect();
        if !corrected.is_empty() {
            connection.correct_rows(self.org, &corrected)?;
        }
        Ok(())
    }

    /// The batch as it is, to be committed if a request of it was recorded, or if `is_written`.
    /// `badges` are those whose locks are held.
    pub(crate) fn recorded(
        self,
        badges: impl IntoIterator<Item = BadgeKey>,
        is_written: bool,
    ) -> Result<Recorded<'a, R>, WorkError> {
        let is_any_open = self.errors.iter().any(Option::is_none);
        let results = self.errors.into_iter().zip(self.outcomes);
        let results = results.map(|(error, outcome)| match error {
            Some(error) => Ok(Err(error)),
            None => outcome.map(Ok).context("a request of which nothing became"),
        });
        Ok(Recorded {
            results: results.collect::<anyhow::Result<_>>()?,
            is_written: is_written || is_any_open,
            org: self.org,
            rows: self.rows,
            badges: badges.into_iter().collect(),
            trace: None,
        })
    }
}

impl<R: RecordedRequest> Recorded<'_, R> {
    /// The same with a row that it has revoked.
    pub(crate) fn with_trace(mut self, trace: Option<Trace>) -> Self {
        self.trace = trace;
        self
    }
}
