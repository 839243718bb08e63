//! Constraints: how often a badge may be earned, by one customer or by all.
//!
//! Several may stand side by side, and all must hold. This file says what a
//! constraint is and which ones contradict each other or the badge.

use time::Duration;
use uuid::Uuid;

use crate::badge::{BadgePeriod, EarnMode};
use crate::instant::Instant;
use crate::rejection::Rejection;
use crate::zone::{CalendarUnit, Zone};

/// A count that is at least 1 and at most 2 147 483 647: a limit, or the length of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "i64", into = "i64")
)]
pub struct Count(u32);

impl Count {
    /// The largest count.
    pub const MAX: u32 = i32::MAX as u32;
    /// One.
    pub const ONE: Self = Self(1);

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The count lies outside 1 to 2 147 483 647.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 2147483647")]
pub struct CountOutOfRange;

impl TryFrom<i64> for Count {
    type Error = CountOutOfRange;

    fn try_from(count: i64) -> Result<Self, CountOutOfRange> {
        u32::try_from(count)
            .ok()
            .filter(|count| (1..=Self::MAX).contains(count))
            .map(Self)
            .ok_or(CountOutOfRange)
    }
}

impl From<Count> for i64 {
    fn from(count: Count) -> i64 {
        i64::from(count.0)
    }
}

/// A day of the week; weeks begin on Monday unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
pub enum Weekday {
    /// 1
    Monday = 1,
    /// 2
    Tuesday = 2,
    /// 3
    Wednesday = 3,
    /// 4
    Thursday = 4,
    /// 5
    Friday = 5,
    /// 6
    Saturday = 6,
    /// 7
    Sunday = 7,
}

impl Weekday {
    /// Every day, Monday first.
    pub const ALL: &[Self] = &[
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monday => "MONDAY",
            Self::Tuesday => "TUESDAY",
            Self::Wednesday => "WEDNESDAY",
            Self::Thursday => "THURSDAY",
            Self::Friday => "FRIDAY",
            Self::Saturday => "SATURDAY",
            Self::Sunday => "SUNDAY",
        }
    }

    /// 1 = Monday … 7 = Sunday, as the wire numbers them.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// How fixed windows follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Cycle {
    /// Every window lasts the same number of local days; the first begins at the local midnight
    /// of the badge's first day.
    Days {
        /// The days of one window (wire: `refreshRate`).
        refresh_rate: Count,
    },
    /// Every window lasts one week.
    Weeks {
        /// The day on which a week begins (wire: `startDayOfTheWeek`).
        starts_on: Weekday,
    },
    /// Every window lasts one calendar month.
    Months,
}

impl Cycle {
    /// The length of one window.
    pub const fn length(self) -> (CalendarUnit, Count) {
        match self {
            Self::Days { refresh_rate } => (CalendarUnit::Days, refresh_rate),
            Self::Weeks { .. } => (CalendarUnit::Weeks, Count::ONE),
            Self::Months => (CalendarUnit::Months, Count::ONE),
        }
    }
}

/// A limit for each of the windows that tile the badge's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FixedWindow {
    /// Names this configuration (wire: `referenceId`).
    pub reference: Uuid,
    /// How the windows follow each other.
    pub cycle: Cycle,
    /// The most earns in a window.
    pub max: Count,
    /// When the first window begins, if an edit of the cycle began it; `None`: with the badge.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub from: Option<Instant>,
    /// When the last window ends, if an edit of the cycle ended it; `None`: with the badge.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub until: Option<Instant>,
}

/// A limit for the time back from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RollingWindow {
    /// The unit of the window: days of 24 hours, weeks of 168, or calendar months.
    pub unit: CalendarUnit,
    /// The length of the window, in units.
    pub length: Count,
    /// The most earns recorded in it.
    pub max: Count,
}

/// A constraint on how often a badge may be earned, by all customers together or by each. `W` is
/// the type of its fixed windows: [`FixedWindow`], or a draft of one that has no reference yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Constraint<W = FixedWindow> {
    /// The most earns of all time; one that is revoked counts no more.
    FixedValue(Count),
    /// The most earns in each of the windows that tile the badge's life.
    FixedWindow(W),
    /// The most earns in rolling windows: a badge's constraint has one window, a customer's has at
    /// most one of each unit.
    RollingWindow(Vec<RollingWindow>),
    /// No limit at all.
    NoLimit,
}

/// A fixed window as a caller asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FixedWindowDraft {
    /// The configuration that is meant, if the caller names one.
    pub reference: Option<Uuid>,
    /// How the windows follow each other.
    pub cycle: Cycle,
    /// The most earns in a window.
    pub max: Count,
}

impl Constraint<FixedWindowDraft> {
    /// This constraint with a reference for its fixed window.
    pub fn with_reference(self, reference: impl FnOnce() -> Uuid) -> Constraint {
        match self {
            Self::FixedValue(max) => Constraint::FixedValue(max),
            Self::FixedWindow(FixedWindowDraft { cycle, max, .. }) => {
                Constraint::FixedWindow(FixedWindow {
                    reference: reference(),
                    cycle,
                    max,
                    from: None,
                    until: None,
                })
            }
            Self::RollingWindow(windows) => Constraint::RollingWindow(windows),
            Self::NoLimit => Constraint::NoLimit,
        }
    }
}

impl<W> Constraint<W> {
    /// What it limits, by which two constraints are the same limit; nothing if there is no limit.
    fn limited(&self, cycle: impl Fn(&W) -> Cycle) -> Vec<Limited> {
        match self {
            Self::FixedValue(_) => vec![Limited::AllTime],
            Self::FixedWindow(window) => vec![Limited::Fixed(cycle(window))],
            Self::RollingWindow(windows) => windows
                .iter()
                .map(|w| Limited::Rolling(w.unit, w.length))
                .collect(),
            Self::NoLimit => Vec::new(),
        }
    }
}

/// In which time a constraint limits earns.
#[derive(Clone, Copy, PartialEq)]
enum Limited {
    AllTime,
    Fixed(Cycle),
    Rolling(CalendarUnit, Count),
}

impl Limited {
    fn length(self) -> Option<(CalendarUnit, Count)> {
        match self {
            Self::AllTime => None,
            Self::Fixed(cycle) => Some(cycle.length()),
            Self::Rolling(unit, length) => Some((unit, length)),
        }
    }
}

/// The time in which earns of a badge can fall: from its start to its end or,
/// where customers enrol first, to the latest end of an enrolment; `None` if
/// that never comes.
pub fn earning_ends_on(period: BadgePeriod, mode: EarnMode, zone: &Zone) -> Option<Instant> {
    match mode {
        EarnMode::Direct => Some(period.expires_on()),
        EarnMode::EnrolThenEarn { enrolment_expiry } => enrolment_expiry.latest(period, zone),
    }
}

/// What is wrong with `constraints` taken together: the same window twice, or a
/// window that is longer, by a day or more, than the time in which the badge can be earned, unless it is one of
/// those that there are: a badge may be made to end sooner. Paths are those of the list's elements (`[1]`).
pub fn contradictions(
    constraints: &[Constraint<FixedWindowDraft>],
    there_are: &[Constraint],
    starts_on: Instant,
    ends_on: Option<Instant>,
    zone: &Zone,
) -> Vec<Rejection> {
    let known = there_are
        .iter()
        .flat_map(|it| it.limited(|window| window.cycle));
    let known: Vec<_> = known.collect();
    let mut problems = Vec::new();
    let mut seen = Vec::new();
    for (index, constraint) in constraints.iter().enumerate() {
        let at = |message: &str| Rejection::unreadable(message).at_field(format!("[{index}]"));
        for window in constraint.limited(|draft| draft.cycle) {
            if seen.contains(&window) {
                problems.push(at(
                    "Limits the same window as an earlier constraint. Keep one of them.",
                ));
            }
            seen.push(window);
            if let (Some((unit, length)), Some(ends_on)) = (window.length(), ends_on)
                && zone.add(starts_on, unit, length.get()) >= ends_on + Duration::DAY
                && !known.contains(&window)
            {
                problems.push(at(
                    "The window is longer than the time in which the badge can be earned. Shorten it, or use a fixed value.",
                ));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::{Expiry, ExpiryValue};
    use crate::fixtures::{at, count, period};

    fn days(n: i64, max: i64) -> Constraint<FixedWindowDraft> {
        Constraint::FixedWindow(FixedWindowDraft {
            cycle: Cycle::Days {
                refresh_rate: count(n),
            },
            max: count(max),
            reference: None,
        })
    }

    fn problems(constraints: &[Constraint<FixedWindowDraft>]) -> Vec<Option<String>> {
        contradictions(
            constraints,
            &[],
            at("2026-01-01T00:00:00Z"),
            Some(at("2026-01-10T23:59:59Z")),
            &Zone::utc(),
        )
        .into_iter()
        .map(|rejection| rejection.field)
        .collect()
    }

    #[test]
    fn different_windows_of_one_kind_stand_side_by_side() {
        assert_eq!(
            problems(&[days(1, 5), days(7, 9), Constraint::FixedValue(count(3))]),
            []
        );
    }

    #[test]
    fn the_same_window_twice_is_a_contradiction_whatever_its_limit() {
        assert_eq!(
            problems(&[days(3, 5), days(3, 9)]),
            [Some("[1]".to_owned())]
        );
    }

    #[test]
    fn a_window_may_be_as_long_as_the_badge_but_not_longer_unless_it_is_there() {
        // The badge ends a second before its tenth day does.
        assert_eq!(problems(&[days(10, 5)]), []);
        assert_eq!(problems(&[days(11, 5)]), [Some("[0]".to_owned())]);
        let there_is = days(11, 3).with_reference(Uuid::nil);
        let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        let found = |there_are: &[Constraint]| {
            contradictions(&[days(11, 5)], there_are, from, Some(until), &Zone::utc()).len()
        };
        assert_eq!((found(&[there_is]), found(&[])), (0, 1));
    }

    #[test]
    fn no_limit_contradicts_nothing() {
        assert_eq!(
            problems(&[Constraint::NoLimit, Constraint::NoLimit, days(1, 1)]),
            []
        );
    }

    #[test]
    fn windows_end_with_what_can_be_earned_last() {
        let period = period("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z");
        let end = |mode| earning_ends_on(period, mode, &Zone::utc());
        let enrolled = |enrolment_expiry| end(EarnMode::EnrolThenEarn { enrolment_expiry });
        assert_eq!(end(EarnMode::Direct), Some(at("2024-01-01T00:00:00Z")));
        let fixed = at("2031-01-15T09:32:37Z");
        assert_eq!(enrolled(Expiry::FixedDate(fixed)), Some(fixed));
        let two_months = Expiry::Relative {
            unit: CalendarUnit::Months,
            value: ExpiryValue::try_from(2).unwrap(),
        };
        assert_eq!(enrolled(two_months), Some(at("2024-03-01T00:00:00Z")));
        assert_eq!(enrolled(Expiry::Never), None);
    }
}
