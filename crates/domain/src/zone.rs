//! Civil time in an org's zone: the only file that knows a time zone library.
//!
//! An org has an IANA zone. It decides what a day, a week or a month is when
//! an expiry is reckoned in them: the same local time on a later date, with the
//! day held at the end of a shorter month. A local time that a clock change
//! skips moves forward by the gap; one that happens twice is the earlier.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, ToSpan as _};

use time::{Date, Month, PrimitiveDateTime, Time};

use crate::instant::Instant;

/// There is no such time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone of the IANA database, like Asia/Kolkata or UTC")]
pub struct UnknownZone(pub String);

/// A unit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
pub enum CalendarUnit {
    /// Local days.
    Days,
    /// Seven local days.
    Weeks,
    /// Calendar months; the day is held at the end of a shorter one.
    Months,
}

impl CalendarUnit {
    /// Every unit, in the order of the wire's documentation.
    pub const ALL: &[Self] = &[Self::Days, Self::Weeks, Self::Months];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Days => "DAYS",
            Self::Weeks => "WEEKS",
            Self::Months => "MONTHS",
        }
    }
}

/// An IANA time zone.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time: the zone of an org that names none.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The name in the IANA database.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The moment with the local time of `from`, `count` calendar units later; the end of
    /// representable time if that moment lies behind it.
    ///
    /// ```
    /// use accolade_domain::instant::Instant;
    /// use accolade_domain::zone::{CalendarUnit, Zone};
    ///
    /// let zone: Zone = "Asia/Kolkata".parse().unwrap();
    /// let january = Instant::parse_iso("2026-01-31T10:00:00+05:30").unwrap();
    /// let february = Instant::parse_iso("2026-02-28T10:00:00+05:30").unwrap();
    /// assert_eq!(zone.add(january, CalendarUnit::Months, 1), february);
    /// ```
    pub fn add(&self, from: Instant, unit: CalendarUnit, count: u32) -> Instant {
        let count = i64::from(count);
        let span = match unit {
            CalendarUnit::Days => Span::new().try_days(count),
            CalendarUnit::Weeks => Span::new().try_weeks(count),
            CalendarUnit::Months => Span::new().try_months(count),
        };
        span.and_then(|span| self.local(from)?.checked_add(span))
            .map_or(Instant::MAX, |local| self.instant(local))
    }

    /// `count` years of the calendar after `from`; the end of representable
    /// time if that lies later.
    pub fn add_years(&self, from: Instant, count: u32) -> Instant {
        self.add(from, CalendarUnit::Months, count.saturating_mul(12))
    }

    /// The start of the time of `count` calendar months back from `now`. It never
    /// moves back while `now` goes on, and so differs from plain subtraction where
    /// that would: on days that the earlier month does not have it is the end of
    /// that month, in a local time that a clock change repeats it stands still, and
    /// one that a clock change skipped is the moment of the change.
    pub fn months_back(&self, now: Instant, count: u32) -> Instant {
        let back = || -> Result<Instant, jiff::Error> {
            let local = self.latest_local(now)?;
            let earlier = local.checked_sub(Span::new().try_months(i64::from(count))?)?;
            if earlier.day() == local.day() {
                return Ok(self.first_instant(earlier));
            }
            let next_month = earlier.date().last_of_month().tomorrow()?;
            let end = self.first_instant(next_month.to_datetime(jiff::civil::Time::midnight()));
            Ok(end - time::Duration::MICROSECOND)
        };
        back().unwrap_or(Instant::MIN)
    }

    /// The latest local time that clocks have shown until `instant`.
    fn latest_local(&self, instant: Instant) -> Result<DateTime, jiff::Error> {
        let timestamp = Timestamp::from_microsecond(instant.unix_micros())?;
        let local = self.0.to_datetime(timestamp);
        // `preceding` leaves out a change at the very moment.
        let until = timestamp.checked_add(Span::new().nanoseconds(1))?;
        let before_change = self.0.preceding(until).next().and_then(|change| {
            let just_before = change.timestamp().checked_sub(1.nanosecond()).ok()?;
            Some(self.0.to_datetime(just_before))
        });
        Ok(before_change.map_or(local, |shown| local.max(shown)))
    }

    /// The first moment at which clocks show `local` or later.
    fn first_instant(&self, local: DateTime) -> Instant {
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        if let AmbiguousOffset::Gap { before, .. } = ambiguous.offset()
            && let Ok(after_gap) = before.to_timestamp(local)
            && let Some(change) = self.0.preceding(after_gap).next()
            && let Ok(instant) = Instant::from_unix_micros(change.timestamp().as_microsecond())
        {
            return instant;
        }
        self.instant(local)
    }

    /// Years of the calendar before `from`; the beginning of time if that lies earlier.
    pub fn years_before(&self, from: Instant, count: u16) -> Instant {
        self.local(from)
            .and_then(|local| local.checked_sub(i64::from(count).years()))
            .map_or(Instant::MIN, |local| self.instant(local))
    }

    /// The local date at `instant`.
    pub fn date(&self, instant: Instant) -> Date {
        self.local(instant)
            .ok()
            .and_then(|local| {
                let month = Month::try_from(u8::try_from(local.month()).ok()?).ok()?;
                let day = u8::try_from(local.day()).ok()?;
                Date::from_calendar_date(i32::from(local.year()), month, day).ok()
            })
            .unwrap_or(Date::MAX)
    }

    /// The first moment of the local `date`.
    pub fn midnight(&self, date: Date) -> Instant {
        let civil = || {
            let year = i16::try_from(date.year()).ok()?;
            let month = i8::try_from(u8::from(date.month())).ok()?;
            let day = i8::try_from(date.day()).ok()?;
            DateTime::new(year, month, day, 0, 0, 0, 0).ok()
        };
        civil().map_or(Instant::MAX, |local| self.instant(local))
    }

    /// What clocks on the wall show at `instant`.
    ///
    /// ```
    /// use accolade_domain::instant::Instant;
    /// use accolade_domain::zone::Zone;
    ///
    /// let zone: Zone = "Asia/Kolkata".parse().unwrap();
    /// let noon = Instant::parse_iso("2026-05-01T06:30:00Z").unwrap();
    /// let shown = zone.local_time(noon);
    /// assert_eq!(shown.time().hour(), 12);
    /// assert_eq!(zone.moment(shown), noon);
    /// ```
    pub fn local_time(&self, instant: Instant) -> PrimitiveDateTime {
        let time = |local: DateTime| {
            let part = |part: i8| u8::try_from(part).ok();
            let micros = u32::try_from(local.subsec_nanosecond() / 1_000).ok()?;
            let (hour, minute) = (part(local.hour())?, part(local.minute())?);
            Time::from_hms_micro(hour, minute, part(local.second())?, micros).ok()
        };
        let shown = self.local(instant).ok().and_then(time);
        PrimitiveDateTime::new(self.date(instant), shown.unwrap_or(Time::MIDNIGHT))
    }

    /// The moment at which clocks on the wall show `local`: across a clock change as for an expiry.
    pub fn moment(&self, local: PrimitiveDateTime) -> Instant {
        let civil = || {
            let part = |part: u8| i8::try_from(part).ok();
            let (date, time) = (local.date(), local.time());
            let year = i16::try_from(date.year()).ok()?;
            let month = part(u8::from(date.month()))?;
            let (hour, minute) = (part(time.hour())?, part(time.minute())?);
            let nanos = i32::try_from(time.nanosecond()).ok()?;
            let day = part(date.day())?;
            DateTime::new(year, month, day, hour, minute, part(time.second())?, nanos).ok()
        };
        civil().map_or(Instant::MAX, |local| self.instant(local))
    }

    /// The local time at `instant`, to the second, as clocks show it.
    ///
    /// ```
    /// use accolade_domain::instant::Instant;
    /// use accolade_domain::zone::Zone;
    ///
    /// let zone: Zone = "Asia/Kolkata".parse().unwrap();
    /// let instant = Instant::parse_iso("2023-12-28T20:53:23.5Z").unwrap();
    /// assert_eq!(zone.local_text(instant), "2023-12-29T02:23:23");
    /// ```
    pub fn local_text(&self, instant: Instant) -> String {
        let local = self.local(instant).unwrap_or(DateTime::MAX);
        local.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// The first moments of the local day that `text` names, such as `2026-05-01`, and of the next one.
    pub fn day(&self, text: &str) -> Option<(Instant, Instant)> {
        let first: jiff::civil::Date = text.parse().ok()?;
        let moment =
            |date: jiff::civil::Date| self.instant(date.to_datetime(jiff::civil::Time::midnight()));
        Some((moment(first), moment(first.tomorrow().ok()?)))
    }

    fn local(&self, instant: Instant) -> Result<DateTime, jiff::Error> {
        Ok(self
            .0
            .to_datetime(Timestamp::from_microsecond(instant.unix_micros())?))
    }

    fn instant(&self, local: DateTime) -> Instant {
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        // The offset before the change: the earlier of two, and across a gap
        // forward by its length.
        let offset = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
        };
        offset
            .to_timestamp(local)
            .ok()
            .and_then(|timestamp| Instant::from_unix_micros(timestamp.as_microsecond()).ok())
            .unwrap_or(if local.year() < 1970 {
                Instant::MIN
            } else {
                Instant::MAX
            })
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name)
            .ok()
            .filter(|zone| zone.iana_name().is_some())
            .map(Self)
            .ok_or_else(|| UnknownZone(name.to_owned()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    #[test]
    fn a_day_keeps_the_local_time_across_a_clock_change() {
        let new_york = zone("America/New_York");
        assert_eq!(
            new_york.add(at("2026-03-07T12:00:00-05:00"), CalendarUnit::Days, 1),
            at("2026-03-08T12:00:00-04:00")
        );
    }

    #[test]
    fn a_skipped_local_time_moves_forward_by_the_gap() {
        let new_york = zone("America/New_York");
        assert_eq!(
            new_york.add(at("2026-03-07T02:30:00-05:00"), CalendarUnit::Days, 1),
            at("2026-03-08T03:30:00-04:00")
        );
    }

    #[test]
    fn of_an_ambiguous_local_time_the_earlier_is_taken() {
        let new_york = zone("America/New_York");
        assert_eq!(
            new_york.add(at("2026-10-31T01:30:00-04:00"), CalendarUnit::Days, 1),
            at("2026-11-01T01:30:00-04:00")
        );
    }

    #[test]
    fn a_month_after_the_31st_of_january_is_the_end_of_february() {
        let utc = Zone::utc();
        assert_eq!(
            utc.add(at("2026-01-31T10:00:00Z"), CalendarUnit::Months, 1),
            at("2026-02-28T10:00:00Z")
        );
        assert_eq!(
            utc.add(at("2028-01-31T10:00:00Z"), CalendarUnit::Months, 1),
            at("2028-02-29T10:00:00Z")
        );
    }

    #[test]
    fn what_lies_beyond_the_calendar_is_its_end() {
        assert_eq!(
            Zone::utc().add(Instant::MAX, CalendarUnit::Days, 1),
            Instant::MAX
        );
        assert_eq!(
            Zone::utc().years_before(at("0050-01-01T00:00:00Z"), 100),
            Instant::MIN
        );
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        assert_eq!(
            "Mars/Olympus".parse::<Zone>(),
            Err(UnknownZone("Mars/Olympus".to_owned()))
        );
    }
}
