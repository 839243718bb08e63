//! What a limit counts, as numbers that statements compare with.

use accolade_domain::earning::{Limit, Span};
use accolade_domain::instant::Instant;
use accolade_domain::zone::CalendarUnit;

use crate::mapping::stored;
use crate::recording::sql::CustomerCount;

/// Which earns count under a limit. The sum that is stored for a badge has `from` and `until` for its key,
/// without the kind: kinds that can have the same two must count the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Boundary {
    pub(crate) kind: Kind,
    /// Fixed: the first event date that counts. Rolling: what was recorded later counts.
    pub(crate) from: i64,
    /// Fixed: the first event date that does not count any more.
    pub(crate) until: i64,
    /// How many there may be.
    pub(crate) max: i64,
}

/// The kinds of spans, with their numbers in statements: those of `counted_sql.rs` count for customers,
/// `SUMS` of both databases' `earn_sql.rs` for badges. They take a number that they do not know for the
/// last kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All time.
    AllTime = 0,
    /// By event date.
    Fixed = 1,
    /// By when it was recorded.
    Rolling = 2,
}

impl Kind {
    pub(crate) const fn number(self) -> i16 {
        self as i16
    }
}

impl From<&Limit> for Boundary {
    fn from(limit: &Limit) -> Self {
        let (kind, from, until) = match limit.span {
            Span::AllTime => (Kind::AllTime, i64::MIN, i64::MAX),
            Span::Fixed { window, .. } => (
                Kind::Fixed,
                window.starts_on.unix_micros(),
                window.ends_on.map_or(i64::MAX, Instant::unix_micros),
            ),
            Span::Rolling { since, .. } => (Kind::Rolling, since.unix_micros(), i64::MAX),
        };
        Self {
            kind,
            from,
            until,
            max: i64::from(limit.max),
        }
    }
}

/// The number under which a unit is stored; never reused, never changed.
pub(crate) const fn unit_number(unit: CalendarUnit) -> i16 {
    match unit {
        CalendarUnit::Days => 1,
        CalendarUnit::Weeks => 2,
        CalendarUnit::Months => 3,
    }
}

/// A row of counts: the number of a customer's last earn, when the latest was recorded, and how many
/// count under each limit.
pub(crate) type CountedRow = (i32, Option<i64>, Vec<i64>);

/// Adds what is counted under further limits to what is counted of `customers`, which are none before the
/// first.
pub(crate) fn add_counts(
    customers: &mut Vec<CustomerCount>,
    rows: impl IntoIterator<Item = CountedRow>,
) -> anyhow::Result<()> {
    let rows = rows.into_iter().map(|(last, last_on, counts)| {
        let counts = counts.into_iter().map(stored);
        anyhow::Ok(CustomerCount {
            last,
            last_on,
            counts: counts.collect::<anyhow::Result<_>>()?,
        })
    });
    if customers.is_empty() {
        *customers = rows.collect::<anyhow::Result<_>>()?;
        return Ok(());
    }
    for (customer, row) in customers.iter_mut().zip(rows) {
        customer.counts.extend(row?.counts);
    }
    Ok(())
}
