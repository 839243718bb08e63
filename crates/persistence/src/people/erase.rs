//! Forgetting a customer.
//!
//! Rows of hers are found by her number. What answers of the ledger say of her, and rows of the feed, only
//! a look at all of them tells: who was refused, or was not known yet, is nowhere else. So most of that is
//! done before, page by page, while others record: first the lock of the org's people is had alone for a
//! moment, so that everything recorded up to then is there to be looked at; then the answers that name
//! her are noted. The transaction that forgets her looks at these again, and at what was recorded since. If
//! she has got another number or identifier meanwhile, all begins anew.

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::ports::{EraseRequest, IdentifierKind, StoreError};
use accolade_domain::approval::ChangeId;
use accolade_domain::audit::telling;
use accolade_domain::event::EventKind;
use accolade_domain::ids::{CustomerId, EarnedBadgeId, EnrolmentId, OrgId};
use accolade_domain::people::Person;
use anyhow::{Context as _, anyhow};

use crate::answers;
use crate::change_rows;
use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::feed::parts;
use crate::mapping::{badge_id, object_id};
use crate::people::PeopleConnection;
use crate::people::sql::{Gone, KeptBytes, NumberedBytes};
use crate::recording::sql::Growth;
use crate::retry::{Rollback, WorkError, nobody_knows};
use crate::sealing::Sealing;
use crate::store::Store;

/// How many answers, or rows of the feed, are read at once: each may be about ten thousand customers.
const PAGE: u32 = 500;

/// How many rows of the feed one statement reads through.
const ROWS: u32 = 5_000;

/// How many rows of the outbox get their positions at once.
const AT_ONCE: u32 = 5_000;

/// How often it is looked at what was recorded meanwhile, all that there was first.
const MOST_LOOKS: usize = 6;

/// How often it begins anew.
const MOST_BEGINNINGS: usize = 10;

/// Who is to be forgotten: the number that she has, and all that names her.
#[derive(PartialEq, Eq)]
struct Whom {
    customer: CustomerId,
    person: Person,
}

/// Where she is named, of what was there when it was looked at.
struct Found {
    whom: Whom,
    /// The last request that was there, and the last position.
    requests: i64,
    events: i64,
    /// The numbers of requests whose answers name her.
    answers: Vec<i64>,
    /// The last positions of rows of the feed that name her, or quote what was said of her.
    rows: Vec<i64>,
    /// The changes that are about her alone.
    changes: BTreeSet<ChangeId>,
}

/// Why it was not done.
enum NotErased {
    /// She is called otherwise by now, or other changes are about her alone.
    Changed,
    Store(StoreError),
}

impl From<StoreError> for NotErased {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Forgets a customer; gives the number that it had.
pub(super) fn erase<C: PeopleConnection>(
    store: &Store<C>,
    request: &EraseRequest,
) -> Result<CustomerId, StoreError> {
    for _ in 0..MOST_BEGINNINGS {
        let found = find(store, request)?;
        let work = |connection: &mut C| forget(connection, request, &found, &store.sealing);
        match store.writer.write::<_, NotErased>(work, nobody_knows) {
            Ok(()) => return Ok(found.whom.customer),
            Err(NotErased::Changed) => {}
            Err(NotErased::Store(error)) => return Err(error),
        }
    }
    let cause = anyhow!("a customer was called otherwise {MOST_BEGINNINGS} times in a row");
    Err(StoreError::Unavailable(cause))
}

/// Where the customer is named. Nobody waits for that but for a moment.
///
/// What is recorded meanwhile is looked at as well, as long as it is much: nobody can record anything
/// while the transaction that forgets her looks at the rest.
fn find<C: PeopleConnection>(
    store: &Store<C>,
    request: &EraseRequest,
) -> Result<Found, StoreError> {
    let mut found = begin(store, request)?;
    look_at_changes(store, request.org, &mut found)?;
    let (mut requests, mut events) = (0, 0);
    for _ in 0..MOST_LOOKS {
        look_at_answers(store, request.org, requests, &mut found)?;
        look_at_events(store, request.org, events, &mut found)?;
        (requests, events) = (found.requests, found.events);
        let org = request.org;
        let newest = (store.reader).query(|connection| Ok(connection.last_request(org)?))?;
        if newest - requests <= i64::from(PAGE) {
            break;
        }
        let next = begin(store, request)?;
        if next.whom != found.whom {
            // That all begins anew will be found out.
            break;
        }
        (found.requests, found.events) = (next.requests, next.events);
    }
    // No further than it was looked.
    (found.requests, found.events) = (requests, events);
    Ok(found)
}

/// Who it is, and how far there is something to be looked at: everything with a smaller number, or an
/// earlier position, is there.
fn begin<C: PeopleConnection>(
    store: &Store<C>,
    request: &EraseRequest,
) -> Result<Found, StoreError> {
    let org = request.org;
    let work = |connection: &mut C| {
        connection.lock_people(org)?;
        let newest = connection.newest_mark(org)?;
        Ok(Found {
            whom: whom(connection, request)?,
            requests: connection.last_request(org)?,
            events: newest.map_or(0, |newest| newest.last_position),
            answers: Vec::new(),
            rows: Vec::new(),
            changes: BTreeSet::new(),
        })
    };
    store.writer.write::<_, StoreError>(work, nobody_knows)
}

/// Adds the answers that name her, of the requests behind `after`.
fn look_at_answers<C: PeopleConnection>(
    store: &Store<C>,
    org: OrgId,
    mut after: i64,
    found: &mut Found,
) -> Result<(), StoreError> {
    let person = &found.whom.person;
    while after < found.requests {
        let page =
            (store.reader).query(|connection| Ok(connection.answers_after(org, after, PAGE)?))?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after = *last;
        let named = changed(&page, |bytes| answers::forget(bytes, person));
        let named = named.map_err(StoreError::Unexpected)?;
        found.answers.extend(named.into_iter().map(|it| it.0));
    }
    Ok(())
}

/// Adds the changes that are about her alone.
fn look_at_changes<C: PeopleConnection>(
    store: &Store<C>,
    org: OrgId,
    found: &mut Found,
) -> Result<(), StoreError> {
    let person = &found.whom.person;
    let mut last = Vec::new();
    loop {
        let page = (store.reader).query(|it| Ok(it.changes_after(org, &last, PAGE)?))?;
        let Some((id, ..)) = page.last() else {
            return Ok(());
        };
        last.clone_from(id);
        for row in &page {
            let left = change_rows::without(org, row, person, &store.sealing);
            let left = left.map_err(StoreError::Unexpected)?;
            found
                .changes
                .extend(left.filter(|it| it.was_hers_alone).map(|it| it.id));
        }
    }
}

/// The same of rows of the feed. Few of them say something themselves that may name customers, so it is
/// rows that are counted: no statement reads through all of them.
fn look_at_events<C: PeopleConnection>(
    store: &Store<C>,
    org: OrgId,
    mut after: i64,
    found: &mut Found,
) -> Result<(), StoreError> {
    let (person, changes) = (&found.whom.person, &found.changes);
    while after < found.events {
        let until = (store.reader)
            .query(|connection| Ok(connection.row_behind(org, after, ROWS)?))?
            .map_or(found.events, |last| last.min(found.events));
        while after < until {
            let page = (store.reader)
                .query(|connection| Ok(connection.data_after(org, after, until, PAGE)?))?;
            after = page.last().map_or(until, |(last, _)| *last);
            let named = changed(&page, |bytes| without(bytes, person, changes));
            let named = named.map_err(StoreError::Unexpected)?;
            found.rows.extend(named.into_iter().map(|it| it.0));
        }
    }
    Ok(())
}

/// Those of `rows` of which something else is left.
fn changed(
    rows: &[NumberedBytes],
    left: impl Fn(&[u8]) -> anyhow::Result<Option<Vec<u8>>>,
) -> anyhow::Result<Vec<NumberedBytes>> {
    let rows = rows.iter().map(|(number, bytes)| {
        let left = left(bytes).with_context(|| format!("row {number}"))?;
        Ok(left.map(|left| (*number, left)))
    });
    rows.filter_map(Result::transpose).collect()
}

/// What is left of a row of the feed that says this; `None` if it does not name her.
fn without(
    bytes: &[u8],
    person: &Person,
    changes: &BTreeSet<ChangeId>,
) -> anyhow::Result<Option<Vec<u8>>> {
    parts::left(bytes, |data| {
        let left = Data::decode(Some(data))?.without(person, changes);
        let left = left.map(|left| left.encode()).transpose()?;
        Ok(left.flatten())
    })
}

/// Who is meant by the request.
fn whom<C: PeopleConnection>(
    connection: &mut C,
    request: &EraseRequest,
) -> Result<Whom, WorkError> {
    let (org, named) = (request.org, request.customer);
    let merged = connection.merged_of(org, &[named])?;
    let customer = merged.first().map_or(named, |it| it.successor);
    let merged = connection.merged_into(org, customer)?;
    let mut numbers: BTreeSet<_> = merged.into_iter().map(|it| it.customer).collect();
    numbers.insert(customer);
    let identifiers = connection.identifiers_of(org, customer)?.into_iter();
    let identifiers = identifiers.map(|(kind, text)| {
        let kind = IdentifierKind::from_number(kind).context("a stored kind of identifier")?;
        Ok((kind, text))
    });
    let identifiers = identifiers.collect::<anyhow::Result<_>>()?;
    Ok(Whom {
        customer,
        person: Person::new(numbers, identifiers, request.region),
    })
}

/// Forgets the customer inside a transaction.
fn forget<C: PeopleConnection>(
    connection: &mut C,
    request: &EraseRequest,
    found: &Found,
    sealing: &Sealing,
) -> Result<(), Rollback<NotErased>> {
    let (org, whom) = (request.org, &found.whom);
    connection.lock_people(org)?;
    if self::whom(connection, request)? != *whom {
        return Err(Rollback::Refused(NotErased::Changed));
    }
    let (is_in_changes, hers_alone) = forget_changes(connection, org, &whom.person, sealing)?;
    if hers_alone != found.changes {
        return Err(Rollback::Refused(NotErased::Changed));
    }
    let is_any = [
        is_in_changes,
        forget_rows(connection, org, found)?,
        forget_answers(connection, org, found)?,
        forget_kept(connection, org, &whom.person)?,
        forget_events(connection, org, found)?,
    ];
    if is_any.contains(&true) {
        let numbers = whom.person.numbers().iter();
        let keys: Vec<_> = numbers.map(ToString::to_string).collect();
        connection.forget_deliveries(org, &keys)?;
        let entry = telling::customer_erased(org, whom.customer, &request.by);
        connection.tell(org, &[entry])?;
        let data = Data::Erased(whom.customer);
        let row = FeedRow::new(request.by.on, EventKind::CustomerErased, 1, &data)?;
        let told: Vec<_> = row.into_iter().collect();
        connection.append(org, &told)?;
    }
    Ok(())
}

/// Takes her rows away, and the reasons of entries about them and about changes that were hers alone; whether
/// there was one.
fn forget_rows<C: PeopleConnection>(
    connection: &mut C,
    org: OrgId,
    found: &Found,
) -> Result<bool, WorkError> {
    let customer = found.whom.customer;
    let numbers = found.whom.person.numbers().iter();
    let mut about: Vec<_> = numbers.map(ToString::to_string).collect();
    about.extend(found.changes.iter().map(ToString::to_string));
    let enrolments = connection.remove_enrolments(org, customer)?;
    let earns = connection.remove_earns(org, customer)?;
    for (_, id, _) in &enrolments {
        about.push(EnrolmentId(object_id(id)?).to_string());
    }
    for (_, id, _) in &earns {
        about.push(EarnedBadgeId(object_id(id)?).to_string());
    }
    let removed = [
        enrolments.len(),
        earns.len(),
        connection.remove_refusals(org, &[customer], None)?,
        connection.remove_identifiers(org, customer)?,
        connection.remove_merged(org, customer)?,
        connection.forget_reasons(org, &about)?,
    ];
    let growths = growths(&enrolments, &earns)?;
    if !growths.is_empty() {
        connection.grow_forgotten(org, &growths)?;
    }
    Ok(removed.iter().any(|it| *it > 0))
}

/// What still counts of what is gone, by badge.
fn growths(enrolments: &[Gone], earns: &[Gone]) -> anyhow::Result<Vec<Growth>> {
    let mut growths = BTreeMap::new();
    let enrolments = enrolments.iter().map(|gone| (gone, (1, 0)));
    let earns = earns.iter().map(|gone| (gone, (0, 1)));
    for ((badge, _, revoked_on), (issued, earned)) in enrolments.chain(earns) {
        if revoked_on.is_some() {
            continue;
        }
        let badge = badge_id(badge)?;
        let growth = growths.entry(badge).or_insert(Growth {
            badge,
            issued: 0,
            earned: 0,
        });
        growth.issued += issued;
        growth.earned += earned;
    }
    Ok(growths.into_values().collect())
}

/// Takes her out of the ledger's answers; whether one named her.
fn forget_answers<C: PeopleConnection>(
    connection: &mut C,
    org: OrgId,
    found: &Found,
) -> Result<bool, WorkError> {
    let person = &found.whom.person;
    let mut is_any = false;
    let mut replace = |connection: &mut C, page: &[NumberedBytes]| {
        let left = changed(page, |bytes| answers::forget(bytes, person))?;
        if !left.is_empty() {
            is_any = true;
            connection.replace_answers(org, &left)?;
        }
        Ok::<_, WorkError>(())
    };
    for numbers in found.answers.chunks(PAGE as usize) {
        let page = connection.answers_at(org, numbers)?;
        replace(connection, &page)?;
    }
    let mut after = found.requests;
    loop {
        let page = connection.answers_after(org, after, PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(is_any);
        };
        after = *last;
        replace(connection, &page)?;
    }
}

/// The same of answers that idempotency keys keep.
fn forget_kept<C: PeopleConnection>(
    connection: &mut C,
    org: OrgId,
    person: &Person,
) -> Result<bool, WorkError> {
    let mut is_any = false;
    let mut last: (i64, String) = (i64::MIN, String::new());
    loop {
        let page = connection.kept_after(org, (last.0, &last.1), PAGE)?;
        let Some((actor, key, _)) = page.last() else {
            return Ok(is_any);
        };
        last = (*actor, key.clone());
        let left = page.into_iter().map(|(actor, key, bytes)| {
            let left = answers::forget(&bytes, person)?;
            Ok(left.map(|left| (actor, key, left)))
        });
        let left = left.filter_map(Result::transpose);
        let left = left.collect::<anyhow::Result<Vec<KeptBytes>>>()?;
        if !left.is_empty() {
            is_any = true;
            connection.replace_kept(org, &left)?;
        }
    }
}

/// The same of what waits, or waited, for approval: of a command that is about her alone nothing is left, so
/// that nobody carries it out any more, and nothing of what was said beside its votes. Gives which those were.
fn forget_changes<C: PeopleConnection>(
    connection: &mut C,
    org: OrgId,
    person: &Person,
    sealing: &Sealing,
) -> Result<(bool, BTreeSet<ChangeId>), WorkError> {
    let mut is_any = false;
    let mut hers_alone = BTreeSet::new();
    let mut last = Vec::new();
    loop {
        let page = connection.changes_after(org, &last, PAGE)?;
        let Some((id, ..)) = page.last() else {
            break;
        };
        last.clone_from(id);
        for row in &page {
            if change_rows::without(org, row, person, sealing)?.is_none() {
                continue;
            }
            // A vote may have been cast since it was read.
            let row = connection.lock_change(org, &row.0)?;
            if let Some(left) = change_rows::without(org, &row, person, sealing)? {
                is_any = true;
                hers_alone.extend(left.was_hers_alone.then_some(left.id));
                connection.replace_change(org, &left.row)?;
            }
        }
    }
    let freed: Vec<_> = hers_alone.iter().copied().collect();
    for some in freed.chunks(PAGE as usize) {
        connection.free_subjects(org, some)?;
    }
    Ok((is_any, hers_alone))
}

/// The same of what rows of the feed say themselves.
fn forget_events<C: PeopleConnection>(
    connection: &mut C,
    org: OrgId,
    found: &Found,
) -> Result<bool, WorkError> {
    // What has no position yet gets one, so that there is one place to look at.
    while connection.sequence(org, 0, AT_ONCE)?.rows >= u64::from(AT_ONCE) {}
    let (person, changes) = (&found.whom.person, &found.changes);
    let mut is_any = false;
    let mut replace = |connection: &mut C, page: &[NumberedBytes]| {
        let left = changed(page, |bytes| without(bytes, person, changes))?;
        if !left.is_empty() {
            is_any = true;
            connection.replace_data(org, &left)?;
        }
        Ok::<_, WorkError>(())
    };
    for positions in found.rows.chunks(PAGE as usize) {
        let page = connection.data_at(org, positions)?;
        replace(connection, &page)?;
    }
    let mut after = found.events;
    loop {
        let page = connection.data_after(org, after, i64::MAX, PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(is_any);
        };
        after = *last;
        replace(connection, &page)?;
    }
}
