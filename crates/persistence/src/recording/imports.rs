//! Recording earned badges from elsewhere.
//!
//! No limit is looked at. What counts under the limits of a badge by event date is stored
//! as sums, which follow ([`limit_counters`](super::limit_counters)); who counts waits for the
//! same lock. The feed is told of no limit that an import has reached: nobody had to have a place.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use accolade_application::answer::Imported;
use accolade_application::ports::ImportRequest;
use accolade_domain::event::EventKind;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use anyhow::Context as _;

use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::feed::expiries::expiries;
use crate::recording::sql::{EarnCount, EarnSql, NewImport, NewImports, RecordingSql};
use crate::recording::{Concluded, Recording, Steps};
use crate::retry::{MOST_ROUNDS, WorkError};

/// The steps of an import.
pub(crate) struct Import;

impl<'a, C: RecordingSql> Steps<'a, C> for Import {
    type Request = ImportRequest;

    const BEGIN_REFUSES: bool = false;

    fn customers(request: &ImportRequest) -> Vec<CustomerId> {
        request.items.iter().map(|it| it.customer).collect()
    }

    fn rows(request: &ImportRequest) -> usize {
        request.items.len()
    }

    fn begin(_: &mut C, recording: &mut Recording<'a, ImportRequest>) -> Result<Self, WorkError> {
        recording.expect(0, ());
        Ok(Self)
    }

    fn record(
        &mut self,
        connection: &mut C,
        recording: &mut Recording<'a, ImportRequest>,
    ) -> Result<Vec<Concluded<ImportRequest>>, WorkError> {
        let request = recording.only()?;
        if !request.items.is_empty() {
            let badges: BTreeSet<_> = request.items.iter().map(|item| item.badge).collect();
            // In the order in which they are locked.
            let badges: Vec<_> = badges.into_iter().map(|it| recording.key(it)).collect();
            connection.lock_earns(&badges)?;
            recording.badges.extend(badges);
            let number = recording.numbers().first().copied();
            insert(connection, request, number.context("no number")?)?;
            connection.count_earns(recording.org, &counts(request))?;
        }
        Ok(Vec::new())
    }

    fn told(&self, recording: &Recording<'a, ImportRequest>) -> anyhow::Result<Vec<FeedRow>> {
        let request = recording.only()?;
        if !recording.is_open(0) {
            return Ok(Vec::new());
        }
        let event_on = event_dates(request)?;
        let (kind, events) = (EventKind::EarnImported, event_on.len());
        let data = Data::Imports(event_on);
        let now = request.context.now;
        let row = FeedRow::new(now, kind, events, &data)?;
        let number = recording.numbers()[0];
        let due = expiries(now, request.items.iter().map(|item| item.expires_on));
        let row = row.map(|row| row.of_ledger(number, &due));
        Ok(row.into_iter().collect())
    }
}

/// When those were earned that the answer has, in its order.
fn event_dates(request: &ImportRequest) -> anyhow::Result<Vec<Instant>> {
    let items = request.items.iter();
    let event_on: HashMap<_, _> = items.map(|item| (item.id, item.event_on)).collect();
    let recorded = request.outcomes.iter().filter_map(|it| match it {
        Imported::Recorded { earned, .. } => Some(earned),
        Imported::Refused(_) | Imported::Forgotten => None,
    });
    let dates = recorded.map(|id| event_on.get(id).copied());
    let dates: Option<Vec<_>> = dates.collect();
    let dates = dates.filter(|dates| dates.len() == request.items.len());
    dates.context("the answer of an import has other earned badges than the import")
}

/// How many imports each badge gets with each event date.
fn counts(request: &ImportRequest) -> Vec<EarnCount> {
    let mut counts: BTreeMap<(BadgeId, i64), i64> = BTreeMap::new();
    for item in &request.items {
        let key = (item.badge, item.event_on.unix_micros());
        *counts.entry(key).or_default() += 1;
    }
    let counts = counts.into_iter();
    counts
        .map(|((badge, event_on), earns)| EarnCount {
            badge,
            event_on,
            rolls_on: None,
            earns,
        })
        .collect()
}

fn insert<C: EarnSql>(
    connection: &mut C,
    request: &ImportRequest,
    number: i64,
) -> Result<(), WorkError> {
    let items = request.items.iter().map(|item| NewImport {
        customer: item.customer,
        badge: item.badge,
        ordinal: 0,
        id: item.id.0,
        event_on: item.event_on.unix_micros(),
        expires_on: item.expires_on.unix_micros(),
    });
    let mut new = NewImports {
        org: request.context.org,
        earned_on: request.context.now.unix_micros(),
        request_no: number,
        rows: items.collect(),
    };
    // One order for all, so that requests that cross wait for each other only one way; what
    // one customer gets of one badge stays in the order of the request.
    new.rows.sort_by_key(|row| (row.customer, row.badge));
    for _ in 0..MOST_ROUNDS {
        number_rows(connection, &mut new)?;
        let inserted = connection.insert_imports(&new)?;
        if inserted.len() == new.rows.len() {
            return Ok(());
        }
        let inserted: HashSet<_> = inserted.into_iter().collect();
        new.rows
            .retain(|row| !inserted.contains(row.id.as_bytes().as_slice()));
    }
    Err(WorkError::Overtaken("an import"))
}

/// Gives each row the next number of its customer and badge.
fn number_rows<C: EarnSql>(connection: &mut C, new: &mut NewImports) -> Result<(), WorkError> {
    let mut pairs: Vec<(CustomerId, BadgeId)> = (new.rows.iter())
        .map(|row| (row.customer, row.badge))
        .collect();
    pairs.dedup();
    let last = connection.last_ordinals(new.org, &pairs)?;
    let mut last: BTreeMap<_, _> = pairs.into_iter().zip(last).collect();
    for row in &mut new.rows {
        let last = last.entry((row.customer, row.badge)).or_default();
        *last += 1;
        row.ordinal = *last;
    }
    Ok(())
}
