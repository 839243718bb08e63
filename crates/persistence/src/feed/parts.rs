//! One row for all requests that share a transaction: what each of them would write alone are its
//! parts, in their order.
//!
//! A group of thirty enrolments costs the outbox and the feed one row instead of thirty; whoever reads
//! has the parts as rows again.

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::feed::FeedRow;
use crate::feed::expiries::together;
use crate::feed::sql::StoredRow;

/// The first byte of the data of a row that has parts. Forms of [`Data`](crate::feed::data::Data) are
/// counted from below.
pub(super) const PARTS: u8 = 255;

#[derive(Serialize, Deserialize)]
struct Part {
    ledger_no: Option<i64>,
    events: i32,
    kind: i16,
    data: Option<Vec<u8>>,
}

/// One row that tells what `rows` do; those themselves if they are not of one moment.
pub(crate) fn joined(rows: Vec<FeedRow>) -> anyhow::Result<Vec<FeedRow>> {
    let [first, .., _] = rows.as_slice() else {
        return Ok(rows);
    };
    let (recorded_on, kind) = (first.recorded_on, first.kind);
    if rows.iter().any(|row| row.recorded_on != recorded_on) {
        return Ok(rows);
    }
    let mut parts = Vec::with_capacity(rows.len());
    let (mut events, mut due) = (0_i32, Vec::new());
    for row in rows {
        events = events.checked_add(row.events).context("too many events")?;
        due.extend(row.due);
        parts.push(Part {
            ledger_no: row.ledger_no,
            events: row.events,
            kind: row.kind.number(),
            data: row.data,
        });
    }
    Ok(vec![FeedRow {
        recorded_on,
        ledger_no: None,
        kind,
        events,
        data: Some(encoded(&parts)?),
        due: together(due),
    }])
}

/// `rows` with each that has parts replaced by them; those up to the position `after` are left out.
pub(crate) fn separated(rows: Vec<StoredRow>, after: i64) -> anyhow::Result<Vec<StoredRow>> {
    let mut separate = Vec::with_capacity(rows.len());
    for row in rows {
        match row.data.as_deref().and_then(|data| data.split_first()) {
            Some((&PARTS, parts)) => add_parts(&row, parts, &mut separate)?,
            _ => separate.push(row),
        }
    }
    separate.retain(|row| row.last_position > after);
    Ok(separate)
}

/// The numbers of the requests in the ledger that the parts of a row with this data tell of; none if it
/// has no parts.
pub(crate) fn requests(data: &[u8]) -> anyhow::Result<Vec<i64>> {
    match data.split_first() {
        Some((&PARTS, parts)) => {
            let parts: Vec<Part> = postcard::from_bytes(parts)?;
            Ok(parts.into_iter().filter_map(|it| it.ledger_no).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// What is left of the data of a row, if `left` is what is left of that of each of its parts, or of the whole where
/// it has none; `None` if all of it is.
pub(crate) fn left(
    data: &[u8],
    left: impl Fn(&[u8]) -> anyhow::Result<Option<Vec<u8>>>,
) -> anyhow::Result<Option<Vec<u8>>> {
    let Some((&PARTS, parts)) = data.split_first() else {
        return left(data);
    };
    let mut parts: Vec<Part> = postcard::from_bytes(parts)?;
    let mut is_any = false;
    for part in &mut parts {
        let Some(data) = &part.data else { continue };
        if let Some(left) = left(data)? {
            part.data = Some(left);
            is_any = true;
        }
    }
    is_any.then(|| encoded(&parts)).transpose()
}

fn encoded(parts: &[Part]) -> anyhow::Result<Vec<u8>> {
    Ok(postcard::to_extend(parts, vec![PARTS])?)
}

fn add_parts(row: &StoredRow, parts: &[u8], to: &mut Vec<StoredRow>) -> anyhow::Result<()> {
    let parts: Vec<Part> = postcard::from_bytes(parts)?;
    let mut last_position = row.before();
    for part in parts {
        ensure!(part.events > 0, "a part of a row of the feed has no events");
        last_position = last_position.saturating_add(i64::from(part.events));
        to.push(StoredRow {
            last_position,
            recorded_on: row.recorded_on,
            latest_on: row.latest_on,
            ledger_no: part.ledger_no,
            events: part.events,
            kind: part.kind,
            data: part.data,
        });
    }
    ensure!(
        last_position == row.last_position,
        "the parts of a row of the feed have other positions than it"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use accolade_domain::event::EventKind;
    use accolade_domain::fixtures::second;
    use proptest::prelude::*;

    use super::*;
    use crate::feed::expiries::Expiry;

    fn row(number: i64, events: i32, moment: i64) -> FeedRow {
        let expiry = Expiry {
            due_on: second(moment),
            customers: events,
        };
        FeedRow {
            recorded_on: second(moment),
            ledger_no: Some(number),
            kind: EventKind::EarnCreated,
            events,
            data: (number % 2 == 0).then(|| vec![2, 3]),
            due: vec![expiry.of_request(number)],
        }
    }

    fn stored(row: FeedRow, before: i64) -> StoredRow {
        StoredRow {
            last_position: before + i64::from(row.events),
            recorded_on: row.recorded_on.unix_micros(),
            latest_on: row.recorded_on.unix_micros(),
            ledger_no: row.ledger_no,
            events: row.events,
            kind: row.kind.number(),
            data: row.data,
        }
    }

    fn told(row: &StoredRow) -> (i64, Option<i64>, i32, i16, Option<Vec<u8>>) {
        let data = row.data.clone();
        (row.last_position, row.ledger_no, row.events, row.kind, data)
    }

    proptest! {
        #[test]
        fn rows_of_one_moment_are_one_and_read_as_they_were(
            events in prop::collection::vec(1..5_i32, 1..9),
            before in 0..1_000_i64,
            skipped in 0..40_i64,
        ) {
            let rows: Vec<_> = (0..).zip(&events).map(|(number, it)| row(number, *it, 7)).collect();
            let mut position = before;
            let mut expected = Vec::new();
            for row in &rows {
                expected.push(stored(row.clone(), position));
                position += i64::from(row.events);
            }
            let due = together(rows.iter().flat_map(|row| row.due.clone()).collect());
            let mut joined = joined(rows).unwrap();
            let only = joined.remove(0);
            prop_assert!(joined.is_empty());
            prop_assert_eq!(&only.due, &due);
            let read = separated(vec![stored(only, before)], before + skipped).unwrap();
            expected.retain(|row| row.last_position > before + skipped);
            let read: Vec<_> = read.iter().map(told).collect();
            let expected: Vec<_> = expected.iter().map(told).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn damaged_parts_are_an_error_and_no_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            positions in any::<(i64, i32)>(),
        ) {
            let damaged = StoredRow {
                last_position: positions.0,
                recorded_on: 0,
                latest_on: 0,
                ledger_no: None,
                events: positions.1,
                kind: 1,
                data: Some([vec![PARTS], bytes].concat()),
            };
            let _ = separated(vec![damaged], 0);
        }
    }

    #[test]
    fn something_else_is_left_of_a_row_if_it_is_of_one_of_its_parts() {
        let rows = vec![row(1, 1, 7), row(2, 1, 7), row(4, 1, 7)];
        let joined = joined(rows).unwrap().remove(0);
        let data = joined.data.clone().unwrap();
        let all_is = |_: &[u8]| Ok(None);
        assert_eq!(left(&data, all_is).unwrap(), None);
        let other = |data: &[u8]| Ok(Some([data, &[9]].concat()));
        let data = left(&data, other).unwrap();
        let read = separated(vec![stored(FeedRow { data, ..joined }, 0)], 0).unwrap();
        let read: Vec<_> = read.into_iter().map(|row| row.data).collect();
        assert_eq!(read, [None, Some(vec![2, 3, 9]), Some(vec![2, 3, 9])]);
        assert_eq!(left(&[2, 3], other).unwrap(), Some(vec![2, 3, 9]));
    }

    #[test]
    fn rows_of_several_moments_stay_apart() {
        let rows = vec![row(1, 1, 7), row(2, 1, 8)];
        assert_eq!(joined(rows.clone()).unwrap(), rows);
    }
}
