//! Limits as rows of the feed store them.

use accolade_domain::earning::{Limit, Scope, Span, Window};
use accolade_domain::instant::Instant;
use accolade_domain::zone::CalendarUnit;
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::answers::parts::Differences;
use crate::boundary::unit_number;
use crate::mapping::{instant, stored};

/// A limit that the earns of a request had room under, and what they made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LimitData {
    /// The limit, as the earns met it.
    pub(crate) limit: Limit,
    /// How many counted under it after each of the earns, in their order.
    pub(crate) counts: Vec<u64>,
    /// Behind which of the earns it is told as reached: their places among the earns, rising.
    pub(crate) reached: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredLimit {
    is_badges: bool,
    max: u32,
    span: StoredSpan,
    counts: StoredCounts,
    reached: Differences,
}

/// Its variants are stored by their places: a further one is the last.
#[derive(Serialize, Deserialize)]
enum StoredSpan {
    AllTime,
    Fixed {
        reference: [u8; 16],
        starts_on: i64,
        ends_on: Option<i64>,
    },
    Rolling {
        unit: i16,
        length: u32,
        since: i64,
    },
}

/// More earns than any request has.
const MOST_EARNS: u32 = 10_000_000;

#[derive(Serialize, Deserialize)]
enum StoredCounts {
    /// So many after the first of so many earns, and one more after each, as under a badge's limit.
    Rising(u64, u32),
    /// So many after each, as under a customer's.
    Each(Differences),
}

impl StoredCounts {
    fn new(counts: &[u64]) -> Self {
        let is_next = |pair: &[u64]| pair[0].checked_add(1) == Some(pair[1]);
        match (counts.first(), u32::try_from(counts.len())) {
            (Some(first), Ok(earns)) if earns > 1 && counts.windows(2).all(is_next) => {
                Self::Rising(*first, earns)
            }
            _ => Self::Each(counts.iter().map(|it| it.cast_signed()).collect()),
        }
    }

    fn counts(self) -> anyhow::Result<Vec<u64>> {
        Ok(match self {
            Self::Rising(first, earns) => {
                ensure!(earns <= MOST_EARNS, "stored counts of {earns} earns");
                (0..u64::from(earns))
                    .map(|it| first.wrapping_add(it))
                    .collect()
            }
            Self::Each(counts) => counts.numbers().map(i64::cast_unsigned).collect(),
        })
    }
}

impl StoredLimit {
    pub(super) fn new(data: &LimitData) -> Self {
        let span = match data.limit.span {
            Span::AllTime => StoredSpan::AllTime,
            Span::Fixed { reference, window } => StoredSpan::Fixed {
                reference: *reference.as_bytes(),
                starts_on: window.starts_on.unix_micros(),
                ends_on: window.ends_on.map(Instant::unix_micros),
            },
            Span::Rolling {
                unit,
                length,
                since,
            } => StoredSpan::Rolling {
                unit: unit_number(unit),
                length: length.get(),
                since: since.unix_micros(),
            },
        };
        Self {
            is_badges: data.limit.scope == Scope::Badge,
            max: data.limit.max,
            span,
            counts: StoredCounts::new(&data.counts),
            reached: data.reached.iter().map(|it| i64::from(*it)).collect(),
        }
    }

    pub(super) fn limit(self) -> anyhow::Result<LimitData> {
        let span = match self.span {
            StoredSpan::AllTime => Span::AllTime,
            StoredSpan::Fixed {
                reference,
                starts_on,
                ends_on,
            } => Span::Fixed {
                reference: Uuid::from_bytes(reference),
                window: Window {
                    starts_on: instant(starts_on)?,
                    ends_on: ends_on.map(instant).transpose()?,
                },
            },
            StoredSpan::Rolling {
                unit,
                length,
                since,
            } => {
                let mut units = CalendarUnit::ALL.iter().copied();
                Span::Rolling {
                    unit: (units.find(|it| unit_number(*it) == unit)).context("a stored unit")?,
                    length: stored(i64::from(length))?,
                    since: instant(since)?,
                }
            }
        };
        let reached = self.reached.numbers().map(u32::try_from);
        let reached: Vec<u32> = reached.collect::<Result<_, _>>()?;
        ensure!(reached.is_sorted(), "stored places do not rise");
        Ok(LimitData {
            limit: Limit {
                scope: if self.is_badges {
                    Scope::Badge
                } else {
                    Scope::Customer
                },
                span,
                max: self.max,
            },
            counts: self.counts.counts()?,
            reached,
        })
    }
}
