//! Recording: what enrolling, earning, revoking and importing have in common.
//!
//! One transaction records a batch of requests of one org, of which an import or a revocation is
//! the only one. [`Store::record`] takes each through the same steps, of which each kind has
//! [its own part](Steps): [`enrolments`], [`earns`], [`revoked_enrolments`], [`revoked_earns`],
//! [`imports`].
//!
//! 1. The transaction begins with shared locks of the org's people and of the badges that requests
//!    were decided from. If the kind refuses by what it reads ([`Steps::BEGIN_REFUSES`]), requests are checked
//!    before that: the badges' versions and, if anybody ever was, who was merged ([`Recording::check`]).
//! 2. The kind reads what it has to know, and says what becomes of each request in the usual case.
//! 3. The idempotency keys are reserved, then the request ledger's rows are written: who finds
//!    one taken is refused, and what it reserved is released ([`Recording::reserve`]). Requests that were
//!    not checked are now, unless the statement that writes the rows tells that it is as it was decided.
//! 4. The kind records what is asked for, and says by how much counts grow.
//! 5. The ledger's answers are corrected where they turned out otherwise, and the rows and keys of
//!    refused requests are taken back ([`Recording::conclude`]). What the audit trail tells of the
//!    others is written.
//! 6. The kind writes what follows from it: who earns remembers refusals.
//! 7. The counts grow, and the feed is told of each request of which something came
//!    ([`feed`](crate::feed)): the last statement before COMMIT, so that whoever has seen the
//!    transaction is told of later.
//!
//! The ledger's row has to be there early, to stop a second request of the same id before it
//! waits where everybody else waits; by then it is not known who will be refused. So it is
//! written with the answer of the usual case, and rewritten only otherwise.
//!
//! If COMMIT is not answered, the database is asked how it ended ([`lost_commit`]).

pub(crate) mod allocation;
pub(crate) mod earns;
pub(crate) mod enrolments;
pub(crate) mod existing;
pub(crate) mod imports;
pub(crate) mod leaver;
pub(crate) mod ledger;
pub(crate) mod limit_counters;
pub(crate) mod revoked_earns;
pub(crate) mod revoked_enrolments;
pub(crate) mod sql;

mod lost_commit;

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::approvals::{Subject, change_pending};
use accolade_application::gate::Turn;
use accolade_application::ports::{
    BadgeVersion, IdempotencyGuard, RecordError, RecordedRequest, StoreError,
};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use anyhow::Context as _;

use crate::answers;
use crate::feed::{FeedRow, parts};
use crate::recording::ledger::{KeyRow, LedgerName, LedgerRow, StandsFor};
use crate::recording::lost_commit::{Trace, ending};
use crate::recording::sql::{BadgeKey, Decided, Growth, RecordingSql, Versions};
use crate::retry::{Rollback, WorkError};
use crate::store::Store;

/// What one kind of request does, between what all kinds have in common. The value is what it
/// remembers from one step to the next.
pub(crate) trait Steps<'a, C: RecordingSql>: Sized {
    /// A request of this kind.
    type Request: RecordedRequest<Outcome: Clone + PartialEq> + 'a;

    /// Whether `begin` refuses requests by what it reads: then they are checked before that.
    const BEGIN_REFUSES: bool;

    /// The badge and the version of it that `request` was decided from, if it was.
    fn decided_from(_request: &Self::Request) -> Option<(BadgeId, BadgeVersion)> {
        None
    }

    /// The customers whom `request` names.
    fn customers(request: &Self::Request) -> Vec<CustomerId>;

    /// How many rows `request` is about.
    fn rows(request: &Self::Request) -> usize;

    /// Reads what has to be known before anything is written. Says of each open request what
    /// becomes of it in the usual case, or refuses it.
    fn begin(
        connection: &mut C,
        recording: &mut Recording<'a, Self::Request>,
    ) -> Result<Self, WorkError>;

    /// Records what the open requests ask for, and lets counts grow. Gives what has become of those
    /// of which it is something else than expected, and may give that of others.
    fn record(
        &mut self,
        connection: &mut C,
        recording: &mut Recording<'a, Self::Request>,
    ) -> Result<Vec<Concluded<Self::Request>>, WorkError>;

    /// What the feed is told: a row for each request of which something came, in their order.
    fn told(&self, recording: &Recording<'a, Self::Request>) -> anyhow::Result<Vec<FeedRow>>;

    /// Writes what follows from what has become of all requests.
    fn finish(
        self,
        _connection: &mut C,
        _recording: &mut Recording<'a, Self::Request>,
    ) -> Result<(), WorkError> {
        Ok(())
    }
}

/// What has become of the request at a position.
pub(crate) type Concluded<R> = (usize, Result<<R as RecordedRequest>::Outcome, RecordError>);

/// What has become of each request of a batch, by position.
pub(crate) type Results<R> = Vec<Result<<R as RecordedRequest>::Outcome, RecordError>>;

/// The requests of a batch, and what has become of them so far.
pub(crate) struct Recording<'a, R: RecordedRequest> {
    pub(crate) requests: &'a [R],
    pub(crate) org: OrgId,
    /// From how many rows on a set is written in the way that is best for many.
    pub(crate) many: usize,
    /// The badges whose locks it holds.
    pub(crate) badges: BTreeSet<BadgeKey>,
    /// A row that it has revoked.
    pub(crate) trace: Option<Trace>,
    /// Whether something is to stay though every request is refused, which none may be then behind
    /// [`reserve`](Self::reserve) but by [`conclude`](Self::conclude).
    pub(crate) is_written: bool,
    /// By how much counts grow, in the last statement.
    pub(crate) growths: Vec<Growth>,
    /// Why requests are refused, by position.
    errors: Vec<Option<RecordError>>,
    /// What becomes of the others, by position, as far as it is known.
    outcomes: Vec<Option<R::Outcome>>,
    /// Whether keys are reserved, and rows written.
    is_reserved: bool,
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
    /// Records `requests`, which are one batch. Gives a result to each, by position.
    pub(crate) fn record<'a, S: Steps<'a, C>>(
        &self,
        requests: &'a [S::Request],
    ) -> Result<Results<S::Request>, StoreError> {
        let Some(first) = requests.first() else {
            return Ok(Vec::new());
        };
        let org = first.context().org;
        let turn = Turn::about(org, requests.iter().map(S::rows).sum());
        let badges = requests.iter().filter_map(S::decided_from);
        let badges = badges.map(|(badge, _)| BadgeKey { org, badge });
        let badges: BTreeSet<_> = badges.collect();
        let locks = C::sharing(org, &badges);
        let work = |connection: &mut C| {
            let recorded = record::<C, S>(connection, requests, self.many, badges.clone())?;
            if recorded.is_written {
                Ok(recorded)
            } else {
                Err(Rollback::Refused(NotCommitted::Nothing(recorded.results)))
            }
        };
        match self
            .writer
            .write_in_turn::<_, NotCommitted<S::Request>>(turn, &locks, work, ending)
        {
            Ok(recorded) => Ok(recorded.results),
            Err(NotCommitted::Nothing(results)) => Ok(results),
            Err(NotCommitted::Store(error)) => Err(error),
        }
    }

    /// Records `request` alone.
    pub(crate) fn record_one<'a, S: Steps<'a, C>>(
        &self,
        request: &'a S::Request,
    ) -> Result<Result<<S::Request as RecordedRequest>::Outcome, RecordError>, StoreError> {
        let mut results = self.record::<S>(std::slice::from_ref(request))?;
        let missing = || StoreError::Unexpected(anyhow::anyhow!("a request has no result"));
        results.pop().ok_or_else(missing)
    }
}

/// Records `requests`, which were decided from `badges`, inside a transaction that has these locked.
fn record<'a, C: RecordingSql, S: Steps<'a, C>>(
    connection: &mut C,
    requests: &'a [S::Request],
    many: usize,
    badges: BTreeSet<BadgeKey>,
) -> Result<Recorded<'a, S::Request>, WorkError> {
    let mut recording = Recording::new(requests, many, badges)?;
    if S::BEGIN_REFUSES {
        recording.check::<C, S>(connection)?;
    }
    if recording.is_any_open() {
        let mut steps = S::begin(connection, &mut recording)?;
        let is_as_decided = recording.reserve::<C, S>(connection)?;
        if !S::BEGIN_REFUSES && !is_as_decided {
            recording.check::<C, S>(connection)?;
        }
        if recording.is_any_open() {
            let results = steps.record(connection, &mut recording)?;
            recording.conclude(connection, results)?;
            recording.tell(connection)?;
        }
        let told = parts::joined(steps.told(&recording)?)?;
        steps.finish(connection, &mut recording)?;
        if !told.is_empty() || !recording.growths.is_empty() {
            connection.append_and_grow(recording.org, &told, &recording.growths)?;
        }
    }
    recording.recorded()
}

impl<'a, R: RecordedRequest<Outcome: Clone + PartialEq>> Recording<'a, R> {
    fn new(requests: &'a [R], many: usize, badges: BTreeSet<BadgeKey>) -> anyhow::Result<Self> {
        let org = requests.first().context("an empty batch")?.context().org;
        let is_of_org = |it: &R| it.context().org == org;
        anyhow::ensure!(requests.iter().all(is_of_org), "a batch of several orgs");
        Ok(Self {
            requests,
            org,
            many,
            badges,
            trace: None,
            is_written: false,
            growths: Vec::new(),
            errors: requests.iter().map(|_| None).collect(),
            outcomes: requests.iter().map(|_| None).collect(),
            is_reserved: false,
            keys: Vec::new(),
            rows: Vec::new(),
        })
    }

    /// The only request of the batch, for kinds that share no transaction.
    pub(crate) fn only(&self) -> anyhow::Result<&'a R> {
        match self.requests {
            [only] => Ok(only),
            _ => anyhow::bail!("a batch of {} requests", self.requests.len()),
        }
    }

    fn is_any_open(&self) -> bool {
        self.open().next().is_some()
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

    /// Refuses open requests that were decided from something else than there is. Whoever writes
    /// [`Decided`] rows must tell of all that it asks.
    fn check<C: RecordingSql, S: Steps<'a, C, Request = R>>(
        &mut self,
        connection: &mut C,
    ) -> Result<(), WorkError> {
        if !self.is_any_open() {
            return Ok(());
        }
        let may_be_merged = self.check_versions(connection, S::decided_from)?;
        if may_be_merged {
            self.check_merged(connection, S::customers)?;
        }
        Ok(())
    }

    /// Refuses whose badge has another version by now, or who was let through by rules that were replaced, or
    /// though a change of the same waits.
    /// Gives whether anybody may have been merged.
    fn check_versions<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        decided_from: impl Fn(&R) -> Option<(BadgeId, BadgeVersion)>,
    ) -> Result<bool, WorkError> {
        let decided = self.decided(&decided_from).badges.into_iter();
        let badges: BTreeSet<_> = decided.map(|(badge, _)| badge).collect();
        let badges: Vec<_> = badges.into_iter().collect();
        if badges.is_empty() {
            return Ok(true);
        }
        let Versions {
            of_badges,
            is_any_merged,
            rules,
            has_subjects,
        } = connection.versions(self.org, &badges)?;
        let versions: BTreeMap<_, _> = of_badges.into_iter().collect();
        let has_changed = |(badge, version)| versions.get(&badge) != Some(&version);
        let is_changed =
            |request: &usize| decided_from(&self.requests[*request]).is_some_and(has_changed);
        let changed = self.open().filter(is_changed);
        let changed = changed.map(|request| (request, RecordError::BadgeChanged));
        let changed: Vec<_> = changed.collect();
        self.refuse(connection, changed)?;
        let is_held = |request: &usize| {
            let by = self.requests[*request].context().rules;
            by.is_some_and(|by| by != rules)
        };
        let held = self.open().filter(is_held);
        let held = held.map(|request| (request, RecordError::RulesChanged));
        let held: Vec<_> = held.collect();
        self.refuse(connection, held)?;
        if has_subjects {
            self.check_waiting(connection)?;
        }
        Ok(is_any_merged)
    }

    /// Refuses open requests that rules have let through and whose id is that of a change that waits.
    fn check_waiting<C: RecordingSql>(&mut self, connection: &mut C) -> Result<(), WorkError> {
        let is_let_through = |it: &usize| self.requests[*it].context().rules.is_some();
        let open = self.open().filter(is_let_through);
        let named = open.filter_map(|request| Some((request, self.name(request)?)));
        let named = named
            .map(|(request, name)| (request, Subject::request(name.operation, name.request_id)));
        let (requests, subjects): (Vec<_>, Vec<_>) = named.unzip();
        let taken: BTreeMap<_, _> = connection.taken(self.org, &subjects)?.into_iter().collect();
        let waits = |(request, subject): &(usize, Subject)| {
            let now = self.requests[*request].context().now.unix_micros();
            taken
                .get(subject.as_str())
                .is_some_and(|until| *until > now)
        };
        let refused = requests.into_iter().zip(subjects).filter(waits);
        let refused = refused.map(|(request, _)| (request, RecordError::Refused(change_pending())));
        let refused: Vec<_> = refused.collect();
        self.refuse(connection, refused)
    }

    /// Refuses open requests that name somebody who was merged into somebody else.
    fn check_merged<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        customers: impl Fn(&R) -> Vec<CustomerId>,
    ) -> Result<(), WorkError> {
        let open: Vec<_> = self.open().collect();
        let named = open.into_iter();
        let named = named.map(|request| (request, customers(&self.requests[request])));
        let named: Vec<_> = named.collect();
        let all: BTreeSet<_> = named.iter().flat_map(|it| &it.1).copied().collect();
        let all: Vec<_> = all.into_iter().collect();
        let merged = connection.merged_of(self.org, &all)?;
        let merged: BTreeSet<_> = merged.into_iter().map(|it| it.customer).collect();
        let refused: Vec<_> = (named.into_iter())
            .filter(|(_, customers)| customers.iter().any(|it| merged.contains(it)))
            .map(|(request, _)| (request, RecordError::CustomersMerged))
            .collect();
        self.refuse(connection, refused)
    }

    pub(crate) fn key(&self, badge: BadgeId) -> BadgeKey {
        BadgeKey {
            org: self.org,
            badge,
        }
    }

    /// Refuses open requests. While nothing of them is written, it is looked whether their key or id is used,
    /// which comes before; what is written of them, [`conclude`](Self::conclude) takes back, or the end of the
    /// transaction if nobody is open any more.
    pub(crate) fn refuse<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        refused: Vec<(usize, RecordError)>,
    ) -> Result<(), WorkError> {
        if refused.is_empty() {
            return Ok(());
        }
        if self.is_reserved {
            for (request, error) in refused {
                self.errors[request] = Some(error);
            }
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
    /// expected to become of them. Refuses whose key or id is used. Gives `true` if it is known that
    /// [`check`](Self::check) would refuse none of the others.
    fn reserve<C: RecordingSql, S: Steps<'a, C, Request = R>>(
        &mut self,
        connection: &mut C,
    ) -> Result<bool, WorkError> {
        self.reserve_keys(connection)?;
        let decided = (!S::BEGIN_REFUSES).then(|| self.decided(S::decided_from));
        let is_as_decided = self.write_rows(connection, decided.as_ref())?;
        self.is_reserved = true;
        Ok(is_as_decided)
    }

    /// What open requests were decided from, in order.
    fn decided(&self, decided_from: impl Fn(&R) -> Option<(BadgeId, BadgeVersion)>) -> Decided {
        let open = || self.open().map(|request| &self.requests[request]);
        let badges: BTreeSet<_> = open().filter_map(decided_from).collect();
        let rules: BTreeSet<_> = open().filter_map(|it| it.context().rules).collect();
        Decided {
            badges: badges.into_iter().collect(),
            rules: rules.into_iter().collect(),
        }
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

    fn write_rows<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        decided: Option<&Decided>,
    ) -> Result<bool, WorkError> {
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
                first_id: request.first_id(),
                number: 0,
            });
        }
        if rows.is_empty() {
            return Ok(false);
        }
        // One order for all.
        rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let (numbers, is_as_decided) = connection.write_rows(self.org, &rows, decided)?;
        for (mut row, number) in rows.into_iter().zip(numbers) {
            if let Some(number) = number {
                row.number = number;
                self.rows.push(row);
            } else {
                self.errors[row.request] = Some(RecordError::RequestIdUsed);
            }
        }
        self.release_keys(connection)?;
        Ok(is_as_decided)
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
    fn conclude<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        results: Vec<Concluded<R>>,
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

    /// Writes what the audit trail tells of the requests that are recorded.
    fn tell<C: RecordingSql>(&self, connection: &mut C) -> Result<(), WorkError> {
        let mut entries = Vec::new();
        for request in self.open() {
            if let Some(outcome) = self.outcome(request) {
                entries.extend(self.requests[request].entries(outcome));
            }
        }
        connection.tell(self.org, &entries)
    }

    /// The batch as it is, to be committed if something of it was written that has to stay.
    fn recorded(self) -> Result<Recorded<'a, R>, WorkError> {
        let is_any_open = self.is_any_open();
        let results = self.errors.into_iter().zip(self.outcomes);
        let results = results.map(|(error, outcome)| match error {
            Some(error) => Ok(Err(error)),
            None => outcome.map(Ok).context("a request of which nothing became"),
        });
        Ok(Recorded {
            results: results.collect::<anyhow::Result<_>>()?,
            is_written: self.is_written || is_any_open,
            org: self.org,
            rows: self.rows,
            badges: self.badges,
            trace: self.trace,
        })
    }
}
