//! Recording earned badges from elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use accolade_application::ports::{ImportRequest, Operation, RecordedRequest as _};
use accolade_domain::ids::{BadgeId, CustomerId};
use anyhow::{Context as _, anyhow};

use super::earning::NotDone;
use super::{Connection, earn_sql};
use crate::answers;
use crate::carried_out::{CarriedOut, RequestSql as _};
use crate::earns::{ImportCount, NewImport, NewImports};
use crate::enrolment::BadgeKey;
use crate::retry::Abort;

/// How many rounds there may be. Each lost round means that somebody else won it.
const ROUNDS: usize = 1_000;

/// The badges of `request`, in the order in which they are locked.
pub(super) fn badges(request: &ImportRequest) -> Vec<BadgeKey> {
    let ids: BTreeSet<_> = request.items.iter().map(|item| item.badge).collect();
    let org = request.context.org;
    ids.into_iter()
        .map(|badge| BadgeKey { org, badge })
        .collect()
}

/// Carries out `request`; gives its answer as the ledger has it.
///
/// No limit is looked at. What counts under the limits of a badge by event date is kept
/// as sums, which follow ([`room`](super::room)); who counts waits for the same lock.
pub(super) fn import(
    connection: &mut Connection,
    request: &ImportRequest,
) -> Result<Vec<u8>, Abort<NotDone>> {
    let answer = request.answer(());
    let carried_out = CarriedOut {
        org: request.context.org,
        operation: Operation::Import,
        request_id: Some(&request.request_id),
        idempotency: request.context.key.as_ref(),
        recorded_on: request.context.now,
        recorded_by: request.context.actor,
        answer: &answer,
    };
    let number = connection
        .carry_out(&carried_out)?
        .map_err(|error| Abort::Refused(NotDone::Refused(error)))?
        .context("an import without a number")?;
    let answer = answers::encode(&answer)?;
    if request.items.is_empty() {
        return Ok(answer);
    }
    earn_sql::lock_earns(connection, &badges(request))?;
    insert(connection, request, number)?;
    let mut counts: BTreeMap<(BadgeId, i64), i64> = BTreeMap::new();
    for item in &request.items {
        *counts
            .entry((item.badge, item.event_on.unix_micros()))
            .or_default() += 1;
    }
    let counts: Vec<_> = counts
        .into_iter()
        .map(|((badge, event_on), earns)| ImportCount {
            badge,
            event_on,
            earns,
        })
        .collect();
    earn_sql::count_imports(connection, request.context.org, &counts)?;
    Ok(answer)
}

fn insert(
    connection: &mut Connection,
    request: &ImportRequest,
    number: i64,
) -> Result<(), Abort<NotDone>> {
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
    for _ in 0..ROUNDS {
        number_rows(connection, &mut new)?;
        let inserted = earn_sql::insert_imports(connection, &new)?;
        if inserted.len() == new.rows.len() {
            return Ok(());
        }
        let inserted: HashSet<_> = inserted.into_iter().collect();
        new.rows
            .retain(|row| !inserted.contains(row.id.as_bytes().as_slice()));
    }
    Err(anyhow!("an import could not be recorded in {ROUNDS} rounds").into())
}

/// Gives each row the next number of its customer and badge.
fn number_rows(connection: &mut Connection, new: &mut NewImports) -> Result<(), Abort<NotDone>> {
    let mut pairs: Vec<(CustomerId, BadgeId)> = (new.rows.iter())
        .map(|row| (row.customer, row.badge))
        .collect();
    pairs.dedup();
    let last = earn_sql::last_of_pairs(connection, new.org, &pairs)?;
    let mut last: BTreeMap<_, _> = pairs.into_iter().zip(last).collect();
    for row in &mut new.rows {
        let last = last.entry((row.customer, row.badge)).or_default();
        *last += 1;
        row.ordinal = *last;
    }
    Ok(())
}
