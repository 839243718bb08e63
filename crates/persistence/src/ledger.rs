//! Under which names the requests of a batch are remembered: rows of the request ledger, and
//! idempotency keys, written as sets.

use accolade_application::ports::{IdempotencyGuard, Identity, Operation};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::RequestId;
use diesel::QueryResult;

use crate::retry::{Ending, Failure};

/// What a request is called in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LedgerName<'a> {
    pub(crate) org: OrgId,
    pub(crate) operation: Operation,
    pub(crate) request_id: &'a RequestId,
}

impl<'a> LedgerName<'a> {
    /// The name of the request with this `identity`, if it has an id.
    pub(crate) fn new(identity: Identity<'a>) -> Option<Self> {
        Some(Self {
            org: identity.org,
            operation: identity.operation,
            request_id: identity.request_id?,
        })
    }
}

/// An idempotency key to be reserved for a request in the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRow<'a> {
    /// The request, by its position in the batch.
    pub(crate) request: usize,
    pub(crate) guard: &'a IdempotencyGuard,
    pub(crate) name: LedgerName<'a>,
}

impl<'a> KeyRow<'a> {
    /// The row of the request at this position, if it has a key and an id.
    pub(crate) fn of(request: usize, identity: Identity<'a>) -> Option<Self> {
        Some(Self {
            request,
            guard: identity.key?,
            name: LedgerName::new(identity)?,
        })
    }
}

/// A row of the request ledger.
#[derive(Debug, Clone)]
pub(crate) struct LedgerRow<'a> {
    /// The request, by its position in the batch.
    pub(crate) request: usize,
    pub(crate) name: LedgerName<'a>,
    pub(crate) recorded_on: Instant,
    pub(crate) recorded_by: Actor,
    pub(crate) triggered_by: Option<&'a Owner>,
    pub(crate) answer: Vec<u8>,
    /// Its number, once it is written.
    pub(crate) number: i64,
}

/// What remembering the requests of a batch needs of a connection, inside a transaction: on
/// PostgreSQL a statement each.
pub(crate) trait LedgerSql: Sized {
    /// Which of the keys are remembered and have not expired, by position.
    fn used_keys(&mut self, guards: &[&IdempotencyGuard]) -> QueryResult<Vec<bool>>;

    /// Which of the names the ledger has, by position.
    fn used_names(&mut self, names: &[LedgerName<'_>]) -> QueryResult<Vec<bool>>;

    /// Reserves keys that are new or have expired; gives for each whether it was.
    fn reserve_keys(&mut self, rows: &[KeyRow<'_>]) -> Result<Vec<bool>, Failure>;

    /// Forgets keys that this transaction has reserved.
    fn release_keys(&mut self, rows: &[KeyRow<'_>]) -> QueryResult<()>;

    /// Writes those rows whose names are new; gives the number of each that was.
    fn record(&mut self, rows: &[LedgerRow<'_>]) -> QueryResult<Vec<Option<i64>>>;

    /// Replaces the answers of rows that this transaction has written.
    fn correct(&mut self, rows: &[&LedgerRow<'_>]) -> QueryResult<()>;

    /// Removes rows that this transaction has written.
    fn erase(&mut self, rows: &[LedgerRow<'_>]) -> QueryResult<()>;

    /// The answer that the ledger has under this name.
    fn recorded_answer(&mut self, name: LedgerName<'_>) -> QueryResult<Option<Vec<u8>>>;
}

/// Which of these requests have a key that is used, and which a name that is, by position.
pub(crate) fn used<C: LedgerSql>(
    connection: &mut C,
    requests: &[Identity<'_>],
) -> QueryResult<Vec<Used>> {
    let mut used = vec![Used::default(); requests.len()];
    if requests.is_empty() {
        return Ok(used);
    }
    let keys = requests.iter().enumerate();
    let keys = keys.filter_map(|(place, it)| Some((place, it.key?)));
    let (places, guards): (Vec<_>, Vec<_>) = keys.unzip();
    if !guards.is_empty() {
        for (place, key) in places.into_iter().zip(connection.used_keys(&guards)?) {
            used[place].key = key;
        }
    }
    let names = requests.iter().enumerate();
    let names = names.filter_map(|(place, it)| Some((place, LedgerName::new(*it)?)));
    let (places, names): (Vec<_>, Vec<_>) = names.unzip();
    for (place, name) in places.into_iter().zip(connection.used_names(&names)?) {
        used[place].name = name;
    }
    Ok(used)
}

/// The numbers of so many requests, by position; 0 for those that `ledger` has not.
pub(crate) fn numbers(ledger: &[LedgerRow<'_>], requests: usize) -> Vec<i64> {
    let mut numbers = vec![0; requests];
    for row in ledger {
        numbers[row.request] = row.number;
    }
    numbers
}

/// What of a request is used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) key: bool,
    pub(crate) name: bool,
}

/// Reserves keys; keeps those that were new, and gives the requests of the others.
pub(crate) fn reserve_keys<C: LedgerSql>(
    connection: &mut C,
    keys: &mut Vec<KeyRow<'_>>,
) -> Result<Vec<usize>, Failure> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    // One order for all, so that batches that cross wait for each other only one way.
    keys.sort_unstable_by(|a, b| (a.guard.actor, &a.guard.key).cmp(&(b.guard.actor, &b.guard.key)));
    let mut new = connection.reserve_keys(keys)?.into_iter();
    let mut used = Vec::new();
    keys.retain(|row| {
        let is_new = new.next().unwrap_or(false);
        if !is_new {
            used.push(row.request);
        }
        is_new
    });
    Ok(used)
}

/// Writes rows; keeps those whose names were new, with their numbers, releases the `keys` of the
/// others, and gives their requests.
pub(crate) fn record<C: LedgerSql>(
    connection: &mut C,
    rows: &mut Vec<LedgerRow<'_>>,
    keys: &mut Vec<KeyRow<'_>>,
) -> QueryResult<Vec<usize>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // One order for all.
    rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let mut new = connection.record(rows)?.into_iter();
    let mut used = Vec::new();
    rows.retain_mut(|row| {
        let number = new.next().flatten();
        match number {
            Some(number) => row.number = number,
            None => used.push(row.request),
        }
        number.is_some()
    });
    release(connection, keys, |request| used.contains(&request))?;
    Ok(used)
}

/// Removes the rows of requests that `are_refused`, and releases their keys.
pub(crate) fn take_back<C: LedgerSql>(
    connection: &mut C,
    rows: &mut Vec<LedgerRow<'_>>,
    keys: &mut Vec<KeyRow<'_>>,
    are_refused: impl Fn(usize) -> bool,
) -> QueryResult<()> {
    let refused: Vec<_> = rows
        .extract_if(.., |row| are_refused(row.request))
        .collect();
    if !refused.is_empty() {
        connection.erase(&refused)?;
    }
    release(connection, keys, are_refused)
}

fn release<C: LedgerSql>(
    connection: &mut C,
    keys: &mut Vec<KeyRow<'_>>,
    are_refused: impl Fn(usize) -> bool,
) -> QueryResult<()> {
    let released: Vec<_> = keys
        .extract_if(.., |row| are_refused(row.request))
        .collect();
    if released.is_empty() {
        return Ok(());
    }
    connection.release_keys(&released)
}

/// How the transaction ended that has written `rows` and whose COMMIT was not answered. It has all
/// of its rows or none. Asked once it has ended.
pub(crate) fn ending<C: LedgerSql>(
    connection: &mut C,
    rows: &[LedgerRow<'_>],
) -> QueryResult<Ending> {
    let mut ending = Ending::Undone;
    for row in rows {
        // Another request may have taken the id since.
        ending = match connection.recorded_answer(row.name)? {
            Some(answer) if answer == row.answer => Ending::Committed,
            _ => return Ok(Ending::Undone),
        };
    }
    Ok(ending)
}
