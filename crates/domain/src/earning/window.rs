//! Fixed windows: how they tile the time in which a badge can be earned.
//!
//! They are aligned in the org's zone: days at local midnight, counted from
//! the first day; weeks on their first day; months on the first. The first
//! window begins, and the last ends, with the time that they tile; no moment of it
//! lies in two of them or in none.

use time::Date;

use crate::badge::constraint::{Cycle, Weekday};
use crate::instant::Instant;
use crate::zone::Zone;

/// A stretch of time: its first moment belongs to it, its end does not; `None` if it never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first moment.
    pub starts_on: Instant,
    /// The moment after the last.
    pub ends_on: Option<Instant>,
}

impl Window {
    /// Whether `moment` belongs to it.
    pub fn contains(self, moment: Instant) -> bool {
        self.starts_on <= moment && self.ends_on.is_none_or(|end| moment < end)
    }
}

/// The windows of one cycle from a moment on.
#[derive(Debug, Clone, Copy)]
pub struct Windows<'a> {
    /// How they follow each other.
    pub cycle: Cycle,
    /// The time that the windows tile.
    pub whole: Window,
    /// The org's zone, which says when a day begins.
    pub zone: &'a Zone,
}

impl Windows<'_> {
    /// The window that holds `moment`; `None` outside of what they tile.
    ///
    /// ```
    /// use accolade_domain::badge::constraint::Cycle;
    /// use accolade_domain::earning::{Window, Windows};
    /// use accolade_domain::instant::Instant;
    /// use accolade_domain::zone::Zone;
    ///
    /// let at = |iso| Instant::parse_iso(iso).unwrap();
    /// let zone: Zone = "Asia/Kolkata".parse().unwrap();
    /// let whole = Window { starts_on: at("2026-01-20T09:00:00+05:30"), ends_on: None };
    /// let windows = Windows { cycle: Cycle::Months, whole, zone: &zone };
    /// let first = windows.containing(at("2026-01-25T00:00:00Z")).unwrap();
    /// assert_eq!(first.starts_on, whole.starts_on);
    /// assert_eq!(first.ends_on, Some(at("2026-02-01T00:00:00+05:30")));
    /// ```
    pub fn containing(&self, moment: Instant) -> Option<Window> {
        if !self.whole.contains(moment) {
            return None;
        }
        let mut index = self.index_of(self.zone.date(moment));
        // A clock change around midnight can put a moment on the other side of
        // the midnight that its local date names.
        while self.boundary(index) > moment {
            index -= 1;
        }
        while self.boundary(index + 1) <= moment {
            index += 1;
        }
        Some(self.window(index))
    }

    /// The windows in order of time, from the one that holds `moment` on, or from the first if
    /// `moment` lies before all of them. Windows that a skipped day leaves empty are left out.
    pub fn from(&self, moment: Instant) -> impl Iterator<Item = Window> {
        let first = self.containing(moment.max(self.whole.starts_on));
        std::iter::successors(first, move |window| self.containing(window.ends_on?))
    }

    fn window(&self, index: i64) -> Window {
        let end = self.boundary(index + 1);
        Window {
            starts_on: self.boundary(index).max(self.whole.starts_on),
            ends_on: match self.whole.ends_on {
                Some(last) => Some(last.min(end)),
                // The end of representable time is no end.
                None => (end < Instant::MAX).then_some(end),
            },
        }
    }

    /// The index of the window that begins on `date` or last before it.
    fn index_of(&self, date: Date) -> i64 {
        match self.cycle {
            Cycle::Months => months(date) - months(self.first_day()),
            Cycle::Days { .. } | Cycle::Weeks { .. } => {
                let days = i64::from(date.to_julian_day() - self.first_day().to_julian_day());
                days.div_euclid(self.days())
            }
        }
    }

    /// When the window with this index begins, not clipped.
    fn boundary(&self, index: i64) -> Instant {
        let first = self.first_day();
        let date = match self.cycle {
            Cycle::Months => {
                let months = months(first) + index;
                let month = u8::try_from(months.rem_euclid(12) + 1).ok();
                month
                    .and_then(|month| time::Month::try_from(month).ok())
                    .zip(i32::try_from(months.div_euclid(12)).ok())
                    .and_then(|(month, year)| Date::from_calendar_date(year, month, 1).ok())
            }
            Cycle::Days { .. } | Cycle::Weeks { .. } => index
                .checked_mul(self.days())
                .and_then(|days| days.checked_add(i64::from(first.to_julian_day())))
                .and_then(|days| i32::try_from(days).ok())
                .and_then(|days| Date::from_julian_day(days).ok()),
        };
        match date {
            Some(date) => self.zone.midnight(date),
            None if index < 0 => Instant::MIN,
            None => Instant::MAX,
        }
    }

    /// The day on which the window with index 0 begins.
    fn first_day(&self) -> Date {
        let date = self.zone.date(self.whole.starts_on);
        match self.cycle {
            Cycle::Days { .. } => date,
            Cycle::Weeks { starts_on } => {
                let since = (date.weekday().number_from_monday() + 7 - starts_on.number()) % 7;
                date.saturating_sub(time::Duration::days(i64::from(since)))
            }
            Cycle::Months => date.replace_day(1).unwrap_or(date),
        }
    }

    fn days(&self) -> i64 {
        match self.cycle {
            Cycle::Days { refresh_rate } => i64::from(refresh_rate),
            Cycle::Weeks { .. } | Cycle::Months => i64::from(Weekday::Sunday.number()),
        }
    }
}

fn months(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::constraint::Count;
    use crate::fixtures::at;

    fn window(cycle: Cycle, zone: &str, moment: &str) -> Option<(String, String)> {
        let zone: Zone = zone.parse().unwrap();
        let whole = Window {
            starts_on: at("2026-03-04T09:30:00Z"),
            ends_on: Some(at("2026-12-01T00:00:00Z")),
        };
        let windows = Windows {
            cycle,
            whole,
            zone: &zone,
        };
        windows
            .containing(at(moment))
            .map(|w| (w.starts_on.to_string(), w.ends_on.unwrap().to_string()))
    }

    fn days(n: i64) -> Cycle {
        Cycle::Days {
            refresh_rate: Count::try_from(n).unwrap(),
        }
    }

    #[allow(clippy::unnecessary_wraps)]
    fn some(from: &str, until: &str) -> Option<(String, String)> {
        Some((from.to_owned(), until.to_owned()))
    }

    #[test]
    fn days_begin_at_local_midnight_across_a_clock_change() {
        assert_eq!(
            window(days(1), "America/New_York", "2026-03-08T12:00:00Z"),
            some("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")
        );
    }

    #[test]
    fn the_first_window_begins_with_the_badge_and_the_last_ends_with_it() {
        assert_eq!(
            window(days(3), "UTC", "2026-03-05T00:00:00Z"),
            some("2026-03-04T09:30:00Z", "2026-03-07T00:00:00Z")
        );
        assert_eq!(
            window(Cycle::Months, "Asia/Kolkata", "2026-11-30T23:59:59Z"),
            some("2026-11-30T18:30:00Z", "2026-12-01T00:00:00Z")
        );
    }

    #[test]
    fn weeks_begin_on_the_chosen_day() {
        let friday = Cycle::Weeks {
            starts_on: Weekday::Friday,
        };
        assert_eq!(
            window(friday, "UTC", "2026-03-05T23:00:00Z"),
            some("2026-03-04T09:30:00Z", "2026-03-06T00:00:00Z")
        );
        assert_eq!(
            window(friday, "UTC", "2026-03-06T00:00:00Z"),
            some("2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z")
        );
    }

    #[test]
    fn there_is_no_window_outside_of_the_badges_time() {
        assert_eq!(window(days(1), "UTC", "2026-03-04T09:29:59Z"), None);
        assert_eq!(window(days(1), "UTC", "2026-12-01T00:00:00Z"), None);
    }
}
