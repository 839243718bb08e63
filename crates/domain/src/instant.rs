//! A moment in time, in UTC, with microseconds.
//!
//! Instants are compared and stored as whole microseconds since 1970, so that
//! what was written and read back is the same instant on every database.

use std::fmt;
use std::ops::{Add, Sub};

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

const MIN_MICROS: i64 = -62_135_596_800_000_000;
const MAX_MICROS: i64 = 253_402_300_799_999_999;

/// The moment lies outside the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must lie within the years 0001 to 9999")]
pub struct OutOfRange;

/// A UTC moment in whole microseconds, from year 1 to year 9999.
///
/// ```
/// use accolade_domain::instant::Instant;
///
/// let instant = Instant::from_unix_micros(1_713_860_055_000_000)?;
/// assert_eq!(instant.to_string(), "2024-04-23T08:14:15Z");
/// # Ok::<(), accolade_domain::instant::OutOfRange>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "i64", into = "i64")
)]
pub struct Instant {
    micros: i64,
}

impl Instant {
    /// The first moment of year 1.
    pub const MIN: Self = Self { micros: MIN_MICROS };
    /// The last microsecond of year 9999.
    pub const MAX: Self = Self { micros: MAX_MICROS };

    /// The instant so many microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`OutOfRange`] outside the years 1 to 9999.
    pub const fn from_unix_micros(micros: i64) -> Result<Self, OutOfRange> {
        if micros >= MIN_MICROS && micros <= MAX_MICROS {
            Ok(Self { micros })
        } else {
            Err(OutOfRange)
        }
    }

    /// The instant so many whole seconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`OutOfRange`] outside the years 1 to 9999.
    pub const fn from_unix_seconds(seconds: i64) -> Result<Self, OutOfRange> {
        match seconds.checked_mul(1_000_000) {
            Some(micros) => Self::from_unix_micros(micros),
            None => Err(OutOfRange),
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    pub const fn unix_micros(self) -> i64 {
        self.micros
    }

    /// The beginning of the second that it lies in.
    pub const fn floor_to_second(self) -> Self {
        Self {
            micros: self.micros - self.micros.rem_euclid(1_000_000),
        }
    }

    /// Reads an ISO 8601 date-time with `Z` or an offset; what is finer than a
    /// microsecond is cut off.
    ///
    /// # Errors
    /// A text for the caller if it is not such a date-time.
    pub fn parse_iso(text: &str) -> Result<Self, String> {
        OffsetDateTime::parse(
            text,
            &time::format_description::well_known::Iso8601::DEFAULT,
        )
        .ok()
        // The library reads offsets of up to 25 hours.
        .filter(|moment| moment.offset().whole_hours().abs() < 24)
        .ok_or_else(|| {
            "must be an ISO 8601 date-time with `Z` or an offset, like 2026-01-20T09:15:30.500Z"
                .to_owned()
        })
        .and_then(|moment| Self::try_from(moment).map_err(|e| e.to_string()))
    }

    /// This instant moved by `duration`, held within the range of instants.
    pub fn saturating_add(self, duration: Duration) -> Self {
        let moved = i128::from(self.micros) + duration.whole_microseconds();
        let held = moved.clamp(i128::from(MIN_MICROS), i128::from(MAX_MICROS));
        // Just clamped to the range of an i64.
        i64::try_from(held).map_or(Self::MAX, |micros| Self { micros })
    }

    /// The moment so long before this one, held within the range of instants: nothing is older than the
    /// first that there is.
    pub fn earlier_by(self, time: std::time::Duration) -> Self {
        self - Duration::try_from(time).unwrap_or(Duration::MAX)
    }

    /// How much later this is than `earlier`; negative if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::microseconds(self.micros - earlier.micros)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.saturating_add(duration)
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        self.saturating_add(-duration)
    }
}

impl TryFrom<OffsetDateTime> for Instant {
    type Error = OutOfRange;

    fn try_from(moment: OffsetDateTime) -> Result<Self, OutOfRange> {
        i64::try_from(moment.unix_timestamp_nanos().div_euclid(1000))
            .map_err(|_| OutOfRange)
            .and_then(Self::from_unix_micros)
    }
}

impl From<Instant> for OffsetDateTime {
    fn from(instant: Instant) -> Self {
        Self::UNIX_EPOCH + Duration::microseconds(instant.micros)
    }
}

impl TryFrom<i64> for Instant {
    type Error = OutOfRange;

    /// From microseconds since 1970, the stored form.
    fn try_from(micros: i64) -> Result<Self, OutOfRange> {
        Self::from_unix_micros(micros)
    }
}

impl From<Instant> for i64 {
    fn from(instant: Instant) -> i64 {
        instant.micros
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC ending in `Z`: whole seconds where there is no fraction,
    /// else three decimals, or six where three do not hold it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from(self.floor_to_second())
            .format(&Rfc3339)
            .map_err(|_| fmt::Error)?;
        let seconds = text.strip_suffix('Z').unwrap_or(&text);
        match self.micros.rem_euclid(1_000_000) {
            0 => write!(f, "{seconds}Z"),
            fraction if fraction % 1000 == 0 => write!(f, "{seconds}.{:03}Z", fraction / 1000),
            fraction => write!(f, "{seconds}.{fraction:06}Z"),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_pair_of_dates_is_one_instant() {
        assert_eq!(
            Instant::parse_iso("2024-04-23T13:44:15+05:30").unwrap(),
            Instant::from_unix_seconds(1_713_860_055).unwrap()
        );
    }

    #[test]
    fn a_fraction_is_written_with_three_or_six_decimals_only() {
        let at = |micros| Instant::from_unix_micros(micros).unwrap().to_string();
        assert_eq!(at(1_926_235_957_000_000), "2031-01-15T09:32:37Z");
        assert_eq!(at(1_926_235_957_500_000), "2031-01-15T09:32:37.500Z");
        assert_eq!(at(1_926_235_957_500_001), "2031-01-15T09:32:37.500001Z");
        assert_eq!(at(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn what_is_finer_than_a_microsecond_is_cut_off() {
        let instant = Instant::parse_iso("2026-01-20T09:15:30.123456789Z").unwrap();
        assert_eq!(instant.to_string(), "2026-01-20T09:15:30.123456Z");
    }

    #[test]
    fn a_date_without_offset_or_outside_the_calendar_is_refused() {
        for text in [
            "2026-01-20T09:15:30",
            "2026-01-20",
            "2026-02-30T00:00:00Z",
            "NaN",
            "",
            "2026-01-20T25:00:00Z",
            "2026-01-20T00:00:00+24:00",
        ] {
            assert!(Instant::parse_iso(text).is_err(), "{text:?}");
        }
        assert_eq!(Instant::from_unix_seconds(i64::MAX), Err(OutOfRange));
    }

    #[test]
    fn arithmetic_stays_within_the_range_of_instants() {
        assert_eq!(Instant::MAX + Duration::DAY, Instant::MAX);
        assert_eq!(Instant::MIN - Duration::DAY, Instant::MIN);
    }
}
