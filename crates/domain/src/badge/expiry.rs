//! When what a customer got from a badge expires.

use crate::badge::BadgePeriod;
use crate::instant::Instant;
use crate::zone::{CalendarUnit, Zone};

/// How many calendar units a relative expiry may span: 1 to 36 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u32", into = "u32")
)]
pub struct ExpiryValue(u32);

impl ExpiryValue {
    /// The largest value.
    pub const MAX: u32 = 36_500;

    /// The number of units.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The number of units lies outside 1 to 36 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 36500")]
pub struct ExpiryValueOutOfRange;

impl TryFrom<u32> for ExpiryValue {
    type Error = ExpiryValueOutOfRange;

    fn try_from(value: u32) -> Result<Self, ExpiryValueOutOfRange> {
        if (1..=Self::MAX).contains(&value) {
            Ok(Self(value))
        } else {
            Err(ExpiryValueOutOfRange)
        }
    }
}

impl From<ExpiryValue> for u32 {
    fn from(value: ExpiryValue) -> u32 {
        value.0
    }
}

/// When an enrolment or an earned badge expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Expiry {
    /// So many calendar units, in the org's zone, after it began (wire: `RELATIVE`).
    Relative {
        /// Days, weeks or months.
        unit: CalendarUnit,
        /// The number of units.
        value: ExpiryValue,
    },
    /// With the badge itself (wire: `ABSOLUTE`, `WITH_BADGE_META`).
    WithBadge,
    /// On one date for everybody (wire: `ABSOLUTE`, `FIXED_DATE`).
    FixedDate(Instant),
    /// Never, which is: a hundred years after it began.
    Never,
}

/// The years that *never* lasts.
const NEVER_YEARS: u32 = 100;

impl Expiry {
    /// When an enrolment or earned badge that begins at `from` expires, for a badge with this
    /// period.
    ///
    /// ```
    /// use accolade_domain::badge::{BadgePeriod, Expiry, ExpiryValue};
    /// use accolade_domain::instant::Instant;
    /// use accolade_domain::zone::{CalendarUnit, Zone};
    ///
    /// let at = |iso| Instant::parse_iso(iso).unwrap();
    /// let badge = BadgePeriod::new(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")).unwrap();
    /// let two_weeks = Expiry::Relative {
    ///     unit: CalendarUnit::Weeks,
    ///     value: ExpiryValue::try_from(2).unwrap(),
    /// };
    /// let from = at("2026-03-01T09:00:00Z");
    /// assert_eq!(two_weeks.after(from, badge, &Zone::utc()), at("2026-03-15T09:00:00Z"));
    /// assert_eq!(Expiry::WithBadge.after(from, badge, &Zone::utc()), badge.expires_on());
    /// ```
    pub fn after(self, from: Instant, badge: BadgePeriod, zone: &Zone) -> Instant {
        match self {
            Self::Relative { unit, value } => zone.add(from, unit, value.get()),
            Self::WithBadge => badge.expires_on(),
            Self::FixedDate(date) => date,
            Self::Never => zone.add_years(from, NEVER_YEARS),
        }
    }

    /// The latest moment at which anything of the badge can expire; `None` if never.
    pub fn latest(self, badge: BadgePeriod, zone: &Zone) -> Option<Instant> {
        match self {
            Self::Never => None,
            _ => Some(self.after(badge.expires_on(), badge, zone)),
        }
    }
}
