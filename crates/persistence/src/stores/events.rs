//! The feed of events: the port.

use std::collections::{BTreeSet, HashMap};

use accolade_application::ports::{
    EventStore, Expired, FeedError, FeedPage, FeedQuery, StoreError, Unsequenced,
};
use accolade_domain::event::Position;
use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::instant::Instant;

use crate::feed::expiry_sql::ExpiryConnection;
use crate::feed::settled::Writing;
use crate::feed::sql::{FeedConnection, LedgerRow, StoredRow};
use crate::feed::{expand, parts};
use crate::mapping::{instant, stored};
use crate::retry::{Ending, WorkError};
use crate::store::Store;

/// How many rows one transaction gives positions to, and one call forgets: others need not wait for
/// long.
const AT_ONCE: u32 = 5_000;

/// How many rows one call reads at most.
const MOST_ROWS: u32 = 1_000;

/// How many events they may have, but for the last row.
const MOST_EVENTS: i64 = 20_000;

/// How many rows are expanded at a time: each may name an answer about ten thousand customers.
const TOGETHER: usize = 100;

impl<C: ExpiryConnection> EventStore for Store<C> {
    fn read(&self, query: &FeedQuery) -> Result<FeedPage, FeedError> {
        self.sequence_all_of(query.org)?;
        let page = self.reader.read(|connection| page(connection, query))?;
        page.map_err(FeedError::Gone)
    }

    fn newest(&self, org: OrgId) -> Result<Position, StoreError> {
        self.sequence_all_of(org)?;
        self.reader.query(|connection| {
            let newest = connection.newest_mark(org)?;
            Ok(stored(newest.map_or(0, |newest| newest.last_position))?)
        })
    }

    fn oldest(&self, org: OrgId, kept_since: Instant) -> Result<Position, StoreError> {
        self.before(org, kept_since)
    }

    fn before(&self, org: OrgId, moment: Instant) -> Result<Position, StoreError> {
        self.sequence_all_of(org)?;
        self.reader
            .read(|connection| cursor_before(connection, org, moment))
    }

    fn sequence(&self) -> Result<u64, StoreError> {
        // As a rule nothing was recorded since the last look: one statement says so.
        let last_number = self
            .reader
            .query(|connection| Ok(connection.last_number()?))?;
        let now = std::time::Instant::now();
        if self.remembered.settled.is_all(last_number, now) {
            return Ok(0);
        }
        // The number came first: whoever draws one later is none of those who may have drawn it.
        let open = self.reader.query(|connection| Ok(connection.writing()?))?;
        let look = self
            .remembered
            .settled
            .look(Writing { last_number, open }, now);
        let orgs = self
            .reader
            .query(|connection| Ok(connection.orgs_waiting(look.from)?))?;
        let mut events = 0;
        for_each_org(&orgs, |org| {
            events += self.sequence_org(org, look.from)?;
            Ok(())
        })?;
        self.remembered.settled.looked(look);
        Ok(events)
    }

    fn unsequenced(&self) -> Result<Unsequenced, StoreError> {
        self.reader.query(|connection| {
            let (requests, oldest_on) = connection.waiting()?;
            Ok(Unsequenced {
                requests: requests.unsigned_abs(),
                oldest_on: oldest_on.map(instant).transpose()?,
            })
        })
    }

    fn expire(&self, until: Instant, now: Instant, most: u64) -> Result<Expired, StoreError> {
        self.expire_due(until, now, most)
    }

    fn sweep_events(&self, kept_since: Instant) -> Result<u64, StoreError> {
        let orgs = self
            .reader
            .query(|connection| Ok(connection.org_numbers()?))?;
        let mut left = AT_ONCE;
        for_each_org(&orgs, |org| {
            if left > 0 {
                let forgotten = self.forget_before(org, kept_since, left)?;
                left = left.saturating_sub(u32::try_from(forgotten).unwrap_or(AT_ONCE));
            }
            Ok(())
        })?;
        Ok(u64::from(AT_ONCE - left))
    }
}

/// Does `step` for each of `orgs`. What is damaged in one of them holds up none of the others: it is told
/// once all have had their turn.
fn for_each_org(
    orgs: &[i64],
    mut step: impl FnMut(OrgId) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut damaged = None;
    for org in orgs {
        match stored(*org)
            .map_err(StoreError::Unexpected)
            .and_then(&mut step)
        {
            Err(StoreError::Unexpected(cause)) => {
                damaged.get_or_insert(cause.context(format!("of the org {org}")));
            }
            done => done?,
        }
    }
    damaged.map_or(Ok(()), |cause| Err(StoreError::Unexpected(cause)))
}

impl<C: FeedConnection> Store<C> {
    /// Gives positions to all of the org that was committed, if anything has none.
    fn sequence_all_of(&self, org: OrgId) -> Result<(), StoreError> {
        let from = self.remembered.settled.up_to();
        let is_any_waiting = self
            .reader
            .query(|connection| Ok(connection.is_any_waiting(org, from)?))?;
        if is_any_waiting {
            self.sequence_org(org, from)?;
        }
        Ok(())
    }

    /// Gives positions to all of the org that was committed with a number behind `from`; how many events
    /// it is.
    pub(super) fn sequence_org(&self, org: OrgId, from: i64) -> Result<u64, StoreError> {
        let mut events = 0;
        loop {
            let some = self.writer.write::<_, StoreError>(
                |connection| Ok(connection.sequence(org, from, AT_ONCE)?),
                // Whatever it was: whoever comes next takes what is there.
                |_, _| Ok(Ending::Undone),
            )?;
            events += some.events;
            if some.rows < u64::from(AT_ONCE) {
                return Ok(events);
            }
        }
    }

    /// Forgets the org's first events that were recorded before then, at most so many rows, but for the
    /// newest row, which says what position is next; how many rows.
    fn forget_before(
        &self,
        org: OrgId,
        kept_since: Instant,
        at_most: u32,
    ) -> Result<u64, StoreError> {
        self.writer.write(
            |connection| {
                let until = cursor_before(connection, org, kept_since)?;
                let newest = connection.newest_mark(org)?;
                let newest = newest.map_or(0, |newest| newest.last_position);
                let until = until.get().min(newest - 1);
                Ok(connection.forget_events(org, until, at_most)?)
            },
            |_, _| Ok(Ending::Undone),
        )
    }
}

/// The cursor before the first event that was recorded at `moment` or later; that of the newest if
/// there is none.
fn cursor_before<C: FeedConnection>(
    connection: &mut C,
    org: OrgId,
    moment: Instant,
) -> Result<Position, WorkError> {
    let moment = moment.unix_micros();
    let Some(mut found) = connection.newest_mark(org)? else {
        return Ok(Position::START);
    };
    if found.latest_on < moment {
        return Ok(stored(found.last_position)?);
    }
    // All up to here was recorded earlier. What is as late as asked for begins behind it, and all
    // behind that is as late: so each look halves what is between.
    let mut earlier = 0;
    while let Some(first) = connection.mark_after(org, middle(earlier, found.before()))? {
        if first.latest_on >= moment {
            if first.last_position == found.last_position {
                break;
            }
            found = first;
        } else {
            earlier = first.last_position;
        }
    }
    Ok(stored(found.before())?)
}

fn middle(low: i64, high: i64) -> i64 {
    low + (high - low) / 2
}

/// What `query` asks for, of one state; or the cursor before the oldest event that is kept.
fn page<C: FeedConnection>(
    connection: &mut C,
    query: &FeedQuery,
) -> Result<Result<FeedPage, Position>, WorkError> {
    let after = query.after.get();
    let is_any = query.kinds.is_empty() && query.badge.is_none() && query.customer.is_none();
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let most = if is_any {
        limit.min(MOST_EVENTS)
    } else {
        MOST_EVENTS
    };
    let until = after.saturating_add(most);
    // One row more than is looked at, to know whether there is one.
    let rows = connection.rows_after(query.org, after, until.saturating_add(1), MOST_ROWS + 1)?;
    let rows = parts::separated(rows, after)?;
    let Some(first) = rows.first() else {
        return Ok(Ok(FeedPage {
            events: Vec::new(),
            next: query.after,
            has_more: false,
        }));
    };
    if first.before() > after || first.latest_on < query.kept_since.unix_micros() {
        return Ok(Err(cursor_before(connection, query.org, query.kept_since)?));
    }
    let looked_at = rows.iter().take(MOST_ROWS as usize);
    let looked_at: Vec<_> = looked_at.take_while(|row| row.before() < until).collect();
    let mut page = FeedPage {
        events: Vec::new(),
        next: query.after,
        has_more: false,
    };
    let numbers = match query.customer {
        Some(customer) => numbers(connection, query.org, customer)?,
        None => BTreeSet::new(),
    };
    for together in looked_at.chunks(TOGETHER) {
        if !add(connection, query, &numbers, together, &mut page)? {
            break;
        }
    }
    let last = rows.last().map_or(after, |row| row.last_position);
    page.has_more = page.next.get() < last;
    Ok(Ok(page))
}

/// Every number of the customer, by whichever it is named.
fn numbers<C: FeedConnection>(
    connection: &mut C,
    org: OrgId,
    customer: CustomerId,
) -> Result<BTreeSet<CustomerId>, WorkError> {
    let merged = connection.merged_of(org, &[customer])?;
    let current = merged.first().map_or(customer, |it| it.successor);
    let merged = connection.merged_into(org, current)?.into_iter();
    Ok(merged.map(|it| it.customer).chain([current]).collect())
}

/// Adds the events of `rows` to the page, given all numbers of the customer that is asked for; whether
/// it has room for more.
fn add<C: FeedConnection>(
    connection: &mut C,
    query: &FeedQuery,
    numbers_of: &BTreeSet<CustomerId>,
    rows: &[&StoredRow],
    page: &mut FeedPage,
) -> Result<bool, WorkError> {
    let mut wanted = Vec::new();
    for row in rows {
        let kind = expand::kind(row)?;
        let mut kinds = query.kinds.iter();
        wanted.push(query.kinds.is_empty() || kinds.any(|it| expand::may_have(kind, *it)));
    }
    let both = rows.iter().zip(&wanted);
    let numbers = both.filter(|it| *it.1).filter_map(|it| it.0.ledger_no);
    let numbers: Vec<_> = numbers.collect();
    let ledger = match numbers.as_slice() {
        [] => Vec::new(),
        some => connection.ledger_rows(query.org, some)?,
    };
    let ledger: HashMap<i64, LedgerRow> = ledger.into_iter().map(|it| (it.number, it)).collect();
    for (row, is_wanted) in rows.iter().zip(wanted) {
        if is_wanted {
            let named = row.ledger_no.and_then(|number| ledger.get(&number));
            for event in expand::events(query.org, row, named)? {
                if event.position > query.after && query.asks_for(&event, numbers_of) {
                    let position = event.position;
                    page.events.push(event);
                    if page.events.len() >= query.limit {
                        page.next = position;
                        return Ok(false);
                    }
                }
            }
        }
        page.next = stored(row.last_position)?;
    }
    Ok(true)
}
