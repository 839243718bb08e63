//! Which events of the feed say nothing any more.

use std::collections::{BTreeSet, HashMap};

use accolade_domain::event::Fact;
use accolade_domain::ids::OrgId;

use crate::feed::sql::{FeedConnection, LedgerRow, StoredRow};
use crate::feed::{expand, parts};
use crate::retry::WorkError;

/// How many rows are read at once: each may name answers about ten thousand customers.
const TOGETHER: u32 = 64;

/// Those of `positions`, which rise, whose events were about customers who are forgotten.
///
/// What is asked for lies close together, as a rule; what lies between is read, and not expanded.
pub(crate) fn forgotten_at<C: FeedConnection>(
    connection: &mut C,
    org: OrgId,
    positions: &[i64],
) -> Result<BTreeSet<i64>, WorkError> {
    let mut forgotten = BTreeSet::new();
    let mut left = positions;
    while let (Some(first), Some(last)) = (left.first(), left.last()) {
        let rows = connection.rows_after(org, first - 1, *last, TOGETHER)?;
        let rows = parts::separated(rows, first - 1)?;
        let Some(read_to) = rows.last().map(|row| row.last_position) else {
            break;
        };
        let (some, rest) = left.split_at(left.partition_point(|it| *it <= read_to));
        let has_some = |row: &&StoredRow| {
            let next = some.get(some.partition_point(|it| *it <= row.before()));
            next.is_some_and(|it| *it <= row.last_position)
        };
        let rows: Vec<_> = rows.iter().filter(has_some).collect();
        let numbers: Vec<_> = rows.iter().filter_map(|row| row.ledger_no).collect();
        let ledger = connection.ledger_rows(org, &numbers)?;
        let ledger: HashMap<i64, LedgerRow> =
            ledger.into_iter().map(|it| (it.number, it)).collect();
        for row in rows {
            let named = row.ledger_no.and_then(|number| ledger.get(&number));
            for event in expand::events(org, row, named)? {
                let position = event.position.get();
                let is_asked = some.binary_search(&position).is_ok();
                if is_asked && matches!(event.fact, Fact::Forgotten(_)) {
                    forgotten.insert(position);
                }
            }
        }
        left = rest;
    }
    Ok(forgotten)
}
