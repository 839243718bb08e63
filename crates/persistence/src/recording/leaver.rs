//! Which earn must leave a rolling window of a badge before the window has room again.
//!
//! It is the earn that has so many from it on as the limit allows. Earns and revocations are rows by the
//! moment at which the earn was recorded; to find it from nothing, they are added up from one end of the
//! window. But the one that was found last is remembered, with how many there are beside it, and both follow
//! what is earned and revoked. So it is the same again, or one a few rows away: each row is passed once
//! for every time that the window moves over it, and not by everybody who is refused.

use crate::recording::sql::{BadgeKey, Direction, EarnRows, Leaver};
use crate::retry::WorkError;

/// How many rows are read first, and at most at once.
const FEW_ROWS: i64 = 32;
const MOST_ROWS: i64 = 8_192;

/// A rolling window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InWindow {
    /// What was recorded after this is in it.
    pub(crate) since: i64,
    /// How many are in it.
    pub(crate) earns: i64,
}

/// The moment at which that earn in the window was recorded that has so many from it on, itself among
/// them: `kept`, from 1 to all that are in it. `known` is the one that was found last.
pub(crate) fn find<C: EarnRows>(
    connection: &mut C,
    key: BadgeKey,
    known: Option<Leaver>,
    window: InWindow,
    kept: i64,
) -> Result<Option<Leaver>, WorkError> {
    let known = known.filter(|it| window.since < it.on);
    if let Some(known) = known.filter(|it| it.is(kept)) {
        return Ok(Some(known));
    }
    let ends = [
        Leaver {
            on: window.since,
            after: window.earns,
            from: window.earns,
        },
        Leaver {
            on: i64::MAX,
            after: 0,
            from: 0,
        },
    ];
    let starts = ends.into_iter().chain(known);
    let Some(start) = starts.min_by_key(|it| it.distance(kept)) else {
        return Ok(None);
    };
    walk(connection, key, start, kept)
}

impl Leaver {
    /// Whether the earn with so many from it on is one of this moment.
    const fn is(&self, kept: i64) -> bool {
        self.after < kept && kept <= self.from
    }

    /// How many earns are between this moment and that one.
    const fn distance(&self, kept: i64) -> i64 {
        if self.after >= kept {
            self.after - kept
        } else {
            kept - self.from
        }
    }

    /// The next moment in a direction, at which there are so many more or fewer.
    const fn next(self, direction: Direction, on: i64, earns: i64) -> Self {
        match direction {
            Direction::Later => Self {
                on,
                after: self.after - earns,
                from: self.after,
            },
            Direction::Earlier => Self {
                on,
                after: self.from,
                from: self.from + earns,
            },
        }
    }
}

/// Goes from moment to moment.
fn walk<C: EarnRows>(
    connection: &mut C,
    key: BadgeKey,
    start: Leaver,
    kept: i64,
) -> Result<Option<Leaver>, WorkError> {
    let direction = if start.after >= kept {
        Direction::Later
    } else {
        Direction::Earlier
    };
    let (mut at, mut most) = (start, FEW_ROWS);
    loop {
        let rows = connection.recorded_beside(key, direction, at.on, most)?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|len| len < most);
        let mut moments: Vec<_> = rows.chunk_by(|a, b| a.0 == b.0).collect();
        if !is_last && moments.len() > 1 {
            // There may be more rows of it.
            moments.pop();
        } else if !is_last {
            // As many rows as were asked for, all of one moment: all of them are needed.
            most *= 4;
            continue;
        }
        for rows in moments {
            let earns = rows.iter().map(|row| row.1).sum();
            at = at.next(direction, rows[0].0, earns);
            if at.is(kept) {
                return Ok(Some(at));
            }
        }
        if is_last {
            return Ok(None);
        }
        most = (most * 4).min(MOST_ROWS);
    }
}
