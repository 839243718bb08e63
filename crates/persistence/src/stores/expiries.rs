//! What expires, as events.
//!
//! What a request recorded has a row for each instant at which some of it expires; requests that share a
//! transaction have one together. Rows that are due are worked on in small transactions, org by org, the
//! org first that has what is due first. Each locks its rows, which others leave out meanwhile; then the
//! badges against whoever revokes; then looks what was not revoked, and tells the feed, as its last
//! statement. So each expiry is told by one transaction, or by none.
//!
//! Requests that were recorded before there were such rows are entered a few at a time, the last
//! first, whenever somebody asks for what is due.
//!
//! What cannot be read in one org keeps no other org from its turn.

use std::collections::{BTreeSet, HashMap, HashSet};

use accolade_application::answer::Answer;
use accolade_application::ports::{Expired, StoreError};
use accolade_domain::event::EventKind;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;
use anyhow::Context as _;

use crate::answers;
use crate::feed::FeedRow;
use crate::feed::data::{Data, ExpiredData};
use crate::feed::expiries::{Recorded, expiries, recorded};
use crate::feed::expiry_sql::{Backlog, DueRow, DueSet, ExpiryConnection, Kept, OldRequest, Place};
use crate::feed::sql::LedgerRow;
use crate::mapping::{instant, stored};
use crate::recording::sql::BadgeKey;
use crate::retry::{Ending, Rollback, WorkError};
use crate::store::Store;

/// How many enrolments and earned badges one transaction looks at: others need not wait for long.
const AT_ONCE: u64 = 1_000;

/// How many answers of the ledger are in memory at a time: each may be about ten thousand customers.
const ANSWERS_AT_ONCE: usize = 100;

/// How many outcomes one transaction takes from answers, but for those of the last row: of a large request
/// a few may be due at each of many instants.
const MOST_OUTCOMES: usize = 20_000;

/// How many requests are entered at a time that were recorded before.
const OLD_AT_ONCE: u32 = 50;

/// How many rows they become at a time, but for those of the last: each part of an import may expire
/// at an instant of its own.
const OLD_ROWS: usize = 5_000;

/// How often requests are entered in one call.
const OLD_STEPS: usize = 40;

/// What one transaction has made of what was due.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    /// How many enrolments and earned badges it looked at.
    looked_at: u64,
    /// How many events they became.
    events: u64,
    /// When what is due next was due, or later: `None` if nothing is.
    next: Option<i64>,
}

/// A part of what a row is about.
#[derive(Debug, Clone, Copy)]
struct Slice {
    row: DueRow,
    /// How many are done with afterwards.
    done: i32,
}

/// What of a request has expired.
struct Gone {
    ledger_no: i64,
    kind: EventKind,
    /// Whether the answer says when what it has happened.
    has_dates: bool,
    recorded: Vec<Recorded>,
}

impl<C: ExpiryConnection> Store<C> {
    /// Records as events what has expired at `until`: looks at no more than `most`.
    pub(super) fn expire_due(
        &self,
        until: Instant,
        now: Instant,
        most: u64,
    ) -> Result<Expired, StoreError> {
        self.enter_new()?;
        let is_any_old = self.enter_old()?;
        let due = self
            .reader
            .query(|connection| Ok(connection.orgs_due(until.unix_micros())?))?;
        let mut due: BTreeSet<_> = due.into_iter().collect();
        let (mut events, mut left) = (0, most);
        while left > 0
            && let Some((_, org)) = due.pop_first()
        {
            let asked = left.min(AT_ONCE);
            let step = self.writer.write::<_, StoreError>(
                |connection| expire_some(connection, stored(org)?, until, now, asked),
                // What is done with is due no more.
                |_, _| Ok(Ending::Undone),
            );
            let Some(step) = unless_damaged(org, step)? else {
                continue;
            };
            events += step.events;
            left = left.saturating_sub(step.looked_at);
            due.extend(step.next.map(|next| (next, org)));
        }
        Ok(Expired {
            events,
            has_more: is_any_old || !due.is_empty(),
        })
    }

    /// Gives positions to all that was committed, with which what is due of it is entered. Only the sequencer
    /// says up to where nothing comes any more: here others may look at the same time.
    fn enter_new(&self) -> Result<(), StoreError> {
        let from = self.remembered.settled.up_to();
        let orgs = self
            .reader
            .query(|connection| Ok(connection.orgs_waiting(from)?))?;
        for org in orgs {
            let number = stored(org).map_err(StoreError::Unexpected)?;
            unless_damaged(org, self.sequence_org(number, from))?;
        }
        Ok(())
    }

    /// Enters requests that were recorded before, if there are any; whether there are more.
    fn enter_old(&self) -> Result<bool, StoreError> {
        let mut damaged = HashSet::new();
        for _ in 0..OLD_STEPS {
            let Some((org, backlog)) = self.next_backlog(&damaged)? else {
                return Ok(false);
            };
            if unless_damaged(org, self.enter_some(org, backlog))?.is_none() {
                damaged.insert(org);
            }
        }
        Ok(self.next_backlog(&damaged)?.is_some())
    }

    /// An org that has a backlog, other than these.
    fn next_backlog(&self, but: &HashSet<i64>) -> Result<Option<(i64, Backlog)>, StoreError> {
        let backlogs = self.reader.query(|connection| Ok(connection.backlogs()?))?;
        let mut backlogs = backlogs.into_iter();
        Ok(backlogs.find(|it| !but.contains(&it.0)))
    }

    /// Enters the last requests of the org's backlog.
    fn enter_some(&self, org: i64, backlog: Backlog) -> Result<(), StoreError> {
        let org = stored(org).map_err(StoreError::Unexpected)?;
        let old = self.reader.query(|connection| {
            let old = connection.old_requests(org, backlog.upto, OLD_AT_ONCE)?;
            Ok(entered(&old, backlog)?)
        })?;
        self.writer.write::<_, StoreError>(
            |connection| {
                // Somebody else has entered the same meanwhile, or is about to.
                if connection.lock_backlog(org)? == Some(backlog) {
                    for rows in old.rows.chunks(OLD_ROWS) {
                        connection.enter_due(org, rows)?;
                    }
                    connection.shorten_backlog(org, old.upto)?;
                }
                Ok(())
            },
            // Whatever it was: what was entered is not entered again.
            |_, ()| Ok(Ending::Undone),
        )
    }
}

/// What was done for the org; nothing if what it has cannot be read, which the log is told.
fn unless_damaged<T>(org: i64, result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(StoreError::Unexpected(cause)) => {
            tracing::error!(
                org,
                error = format!("{cause:#}"),
                "nothing of an org expires"
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What some of a backlog's requests become.
struct Entered {
    rows: Vec<DueSet>,
    /// Where the backlog ends now, unless it is done with.
    upto: Option<i64>,
}

/// When what the first of these requests recorded is due: of as many as the rows have room for.
fn entered(old: &[OldRequest], backlog: Backlog) -> anyhow::Result<Entered> {
    let began_on = instant(backlog.began_on)?;
    let mut rows = Vec::new();
    for (position, request) in old.iter().enumerate() {
        if rows.len() >= OLD_ROWS {
            let last = old[..position].last();
            let upto = last.map(|it| it.number - 1);
            return Ok(Entered { rows, upto });
        }
        let request_id = RequestId::from_stored(request.request_id.clone());
        let kept = answers::decode_kept(&request.answer, Some(&request_id))
            .with_context(|| format!("request {} of the ledger", request.number))?;
        let recorded = recorded(&kept).map(|it| it.1).unwrap_or_default();
        let since = instant(request.recorded_on)?.max(began_on);
        for it in expiries(since, recorded.iter().map(|it| it.expires_on)) {
            rows.push(it.of_request(request.number));
        }
    }
    let is_all = old.len() < OLD_AT_ONCE as usize;
    let upto = old.last().filter(|_| !is_all).map(|it| it.number - 1);
    Ok(Entered { rows, upto })
}

/// Tells of what is due, looking at no more than `most`.
fn expire_some<C: ExpiryConnection>(
    connection: &mut C,
    org: OrgId,
    until: Instant,
    now: Instant,
    most: u64,
) -> Result<Step, Rollback<StoreError>> {
    // One more, to know whether there is one.
    let at_most = u32::try_from(most).unwrap_or(u32::MAX).saturating_add(1);
    let rows = connection.due(org, until.unix_micros(), at_most)?;
    let (mut slices, mut next) = divide(&rows, i32::try_from(most).unwrap_or(i32::MAX));
    if slices.is_empty() {
        return Ok(Step::default());
    }
    // Before the badges are locked: what the ledger answered never changes, but that forgotten
    // customers are taken out of it, of whom nothing is found then.
    let (gone, read) = read(connection, org, &slices)?;
    if let Some(first) = slices.get(read) {
        next = Some(first.row.due.due_on);
        slices.truncate(read);
    }
    let all = gone.iter().flat_map(|it| &it.recorded);
    let badges = all.map(|it| it.badge);
    let badges: BTreeSet<_> = badges.map(|badge| BadgeKey { org, badge }).collect();
    if !badges.is_empty() {
        connection.batch_execute(&C::sharing(org, &badges))?;
        let badges: Vec<_> = badges.into_iter().collect();
        connection.share_revocations(&badges)?;
    }
    let told = told(connection, org, &gone, now)?;
    let is_done = |it: &&Slice| it.done == it.row.due.customers;
    let done = slices.iter().filter(is_done);
    let done: Vec<_> = done.map(|it| it.row.key()).collect();
    if !done.is_empty() {
        connection.remove_due(org, &done)?;
    }
    if let Some(it) = slices.iter().find(|it| !is_done(it)) {
        connection.advance_due(org, it.row.key(), it.done)?;
    }
    if !told.is_empty() {
        connection.append(org, &told)?;
    }
    let looked_at = slices.iter().map(|it| it.done - it.row.done);
    let events = told.iter().map(|row| row.events);
    Ok(Step {
        looked_at: looked_at.map(|it| u64::from(it.unsigned_abs())).sum(),
        events: events.map(|it| u64::from(it.unsigned_abs())).sum(),
        next,
    })
}

/// As much of the rows as `most` enrolments and earned badges, and when the rest is due.
fn divide(rows: &[DueRow], most: i32) -> (Vec<Slice>, Option<i64>) {
    let mut slices = Vec::new();
    let mut left = most;
    for row in rows {
        let due = row.due;
        if left == 0 {
            return (slices, Some(due.due_on));
        }
        let len = left.min(due.customers - row.done);
        let done = row.done + len;
        slices.push(Slice { row: *row, done });
        left -= len;
        if done < due.customers {
            return (slices, Some(due.due_on));
        }
    }
    (slices, None)
}

/// What a request has recorded.
struct Request {
    kind: EventKind,
    has_dates: bool,
    /// By when it expires; what expires at one instant, in the order of the answer.
    recorded: Vec<Recorded>,
}

impl Request {
    fn due_on(&self, due_on: i64) -> &[Recorded] {
        let expires_on = |it: &Recorded| it.expires_on.unix_micros();
        let from = (self.recorded).partition_point(|it| expires_on(it) < due_on);
        let until = (self.recorded).partition_point(|it| expires_on(it) <= due_on);
        &self.recorded[from..until]
    }
}

/// What the first of the slices are about, by the answers that the ledger has, and how many of them: as
/// many as one transaction may read.
fn read<C: ExpiryConnection>(
    connection: &mut C,
    org: OrgId,
    slices: &[Slice],
) -> Result<(Vec<Gone>, usize), WorkError> {
    let mut requests = Requests::default();
    let mut gone = Vec::with_capacity(slices.len());
    for (position, slice) in slices.iter().enumerate() {
        if requests.outcomes >= MOST_OUTCOMES && !requests.has_all(slice) {
            return Ok((gone, position));
        }
        let due = slice.row.due;
        let (mut passed, mut left): (usize, usize) = (
            stored(slice.row.done)?,
            stored(slice.done - slice.row.done)?,
        );
        for number in due.numbers() {
            if left == 0 {
                break;
            }
            let request = requests.find(connection, org, number, &slices[position..])?;
            let recorded = request.due_on(due.due_on);
            let (before, rest) = recorded.split_at(passed.min(recorded.len()));
            passed -= before.len();
            let recorded = &rest[..left.min(rest.len())];
            left -= recorded.len();
            if !recorded.is_empty() {
                gone.push(Gone {
                    ledger_no: number,
                    kind: request.kind,
                    has_dates: request.has_dates,
                    recorded: recorded.to_vec(),
                });
            }
        }
        if left > 0 {
            return Err(anyhow::anyhow!("too few are due").into());
        }
    }
    Ok((gone, slices.len()))
}

/// The requests of slices, by their numbers: the answer of each is read once, however many slices are of it.
#[derive(Default)]
struct Requests {
    known: HashMap<i64, Request>,
    /// How much they recorded.
    outcomes: usize,
    /// Rows of the ledger that were read ahead.
    unread: HashMap<i64, LedgerRow>,
}

impl Requests {
    /// Whether nothing is to be read for `slice`.
    fn has_all(&self, slice: &Slice) -> bool {
        let mut numbers = slice.row.due.numbers();
        numbers.all(|it| self.known.contains_key(&it))
    }

    /// The request with this number, of the first of the slices that are left.
    fn find<C: ExpiryConnection>(
        &mut self,
        connection: &mut C,
        org: OrgId,
        number: i64,
        left: &[Slice],
    ) -> Result<&Request, WorkError> {
        if !self.known.contains_key(&number) {
            if !self.unread.contains_key(&number) {
                let left = left.iter().flat_map(|it| it.row.due.numbers());
                let numbers = some_of(left.filter(|it| !self.known.contains_key(it)));
                let rows = connection.ledger_rows(org, &numbers)?;
                self.unread = rows.into_iter().map(|row| (row.number, row)).collect();
            }
            let row = self.unread.remove(&number);
            let row = row.context("what is due names no request of the ledger")?;
            let request =
                request(&row).with_context(|| format!("request {number} of the ledger"))?;
            self.outcomes += request.recorded.len();
            self.known.insert(number, request);
        }
        Ok(&self.known[&number])
    }
}

/// The first of these numbers, each once, as many as may be in memory.
fn some_of(numbers: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut some = BTreeSet::new();
    for number in numbers {
        some.insert(number);
        if some.len() == ANSWERS_AT_ONCE {
            break;
        }
    }
    some.into_iter().collect()
}

fn request(row: &LedgerRow) -> anyhow::Result<Request> {
    let request_id = RequestId::from_stored(row.request_id.clone());
    let kept = answers::decode_kept(&row.answer, Some(&request_id))?;
    let (kind, mut recorded) = recorded(&kept).context("a request of which nothing is due")?;
    recorded.sort_by_key(|it| it.expires_on);
    Ok(Request {
        kind,
        has_dates: matches!(kept.answer, Answer::Earned(_)),
        recorded,
    })
}

/// The rows of the feed: of each request what was not revoked.
fn told<C: ExpiryConnection>(
    connection: &mut C,
    org: OrgId,
    gone: &[Gone],
    now: Instant,
) -> Result<Vec<FeedRow>, WorkError> {
    let all = gone.iter().flat_map(|it| &it.recorded);
    let customers: BTreeSet<_> = all.filter_map(|it| it.of.map(|it| it.0)).collect();
    let customers: Vec<_> = customers.into_iter().collect();
    let merged = connection.merged_of(org, &customers)?;
    let successors: HashMap<_, _> = merged
        .into_iter()
        .map(|it| (it.customer, it.successor))
        .collect();
    let places = |kind| -> Vec<Place> {
        let of_kind = gone.iter().filter(|it| it.kind == kind);
        let all = of_kind.flat_map(|it| &it.recorded);
        let place = |it: &Recorded| {
            let (customer, id) = it.of?;
            let customer = successors.get(&customer).copied().unwrap_or(customer);
            Some((customer, it.badge, id))
        };
        all.filter_map(place).collect()
    };
    let enrolments = places(EventKind::EnrolmentExpired);
    let mut enrolments = match enrolments.as_slice() {
        [] => Vec::new(),
        some => connection.kept_enrolments(org, some)?,
    }
    .into_iter();
    let earns = places(EventKind::EarnExpired);
    let mut earns = match earns.as_slice() {
        [] => Vec::new(),
        some => connection.kept_earns(org, some)?,
    }
    .into_iter();
    let mut told = Vec::new();
    for it in gone {
        let kept: &mut dyn Iterator<Item = Option<Kept>> = match it.kind {
            EventKind::EnrolmentExpired => &mut enrolments,
            _ => &mut earns,
        };
        let (mut which, mut event_on, mut of_successors) = (Vec::new(), Vec::new(), Vec::new());
        for recorded in &it.recorded {
            let Some((customer, _)) = recorded.of else {
                continue;
            };
            if let Some(Some((on, None))) = kept.next() {
                which.push(recorded.place);
                event_on.push(instant(on)?);
                of_successors.push(successors.get(&customer).copied());
            }
        }
        if it.has_dates {
            event_on.clear();
        } else if event_on.iter().all(|on| event_on.first() == Some(on)) {
            event_on.truncate(1);
        }
        let events = which.len();
        let data = Data::Expired(ExpiredData {
            which,
            event_on,
            successors: of_successors,
        });
        let row = FeedRow::new(now, it.kind, events, &data)?;
        told.extend(row.map(|row| row.of_ledger(it.ledger_no, &[])));
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use accolade_application::answer::Imported;
    use accolade_domain::fixtures::{badge, customer, second};

    use super::*;

    fn row(due_on: i64, customers: i32, done: i32) -> DueRow {
        DueRow::from((due_on, 1, 1, customers, done))
    }

    /// How many are done with of each row afterwards, and when the rest is due.
    fn divided(rows: &[DueRow], most: i32) -> (Vec<i32>, Option<i64>) {
        let (slices, next) = divide(rows, most);
        (slices.iter().map(|it| it.done).collect(), next)
    }

    #[test]
    fn as_many_rows_are_taken_as_there_is_room_for_and_the_last_in_part() {
        let rows = [row(1, 3, 0), row(2, 10, 4), row(3, 1, 0)];
        assert_eq!(divided(&rows, 2), (vec![2], Some(1)));
        assert_eq!(divided(&rows, 3), (vec![3], Some(2)));
        assert_eq!(divided(&rows, 5), (vec![3, 6], Some(2)));
        assert_eq!(divided(&rows, 9), (vec![3, 10], Some(3)));
        assert_eq!(divided(&rows, 10), (vec![3, 10, 1], None));
        assert_eq!(divided(&rows, 99), (vec![3, 10, 1], None));
        assert_eq!(divided(&[], 9), (vec![], None));
    }

    /// An import of so many, each of which expires at an instant of its own.
    fn import(number: i64, len: i64) -> OldRequest {
        let outcomes = (0..len).map(|it| Imported::Recorded {
            badge: badge().id,
            customer: customer(it + 1),
            earned: badge().id.0.into(),
            expires_on: second(1_000 + it),
        });
        let answer = Answer::Imported {
            request_id: "21390".try_into().unwrap(),
            outcomes: outcomes.collect(),
        };
        OldRequest {
            number,
            request_id: "21390".to_owned(),
            recorded_on: second(9).unix_micros(),
            answer: answers::encode(&answer).unwrap(),
        }
    }

    #[test]
    fn of_a_backlog_as_many_requests_are_entered_as_there_is_room_for_their_rows() {
        let backlog = Backlog {
            began_on: second(9).unix_micros(),
            upto: 99,
        };
        let old = [import(90, 4_000), import(80, 4_000), import(70, 1)];
        let some = entered(&old, backlog).unwrap();
        assert_eq!((some.rows.len(), some.upto), (8_000, Some(79)));
        let rest = entered(&old[2..], backlog).unwrap();
        assert_eq!((rest.rows.len(), rest.upto), (1, None));
    }
}
