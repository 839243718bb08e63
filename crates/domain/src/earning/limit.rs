//! Limits: which of a badge's constraints an earn must have room under.
//!
//! A constraint becomes a [`Limit`] for one earn: whose earns are counted, in
//! which time, and how many there may be. Fixed values and fixed windows count
//! by the event date; rolling windows count what was *recorded* in the time
//! back from now, whatever its event date. All must have room.

use time::Duration;
use uuid::Uuid;

use crate::badge::constraint::{Constraint, Count, FixedWindow, RollingWindow};
use crate::badge::{BadgeDefinition, EarnMode};
use crate::earning::{Window, Windows};
use crate::instant::Instant;
use crate::rejection::{Code, Rejection};
use crate::zone::{CalendarUnit, Zone};

/// Whose earns a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One customer's.
    Customer,
    /// Everybody's.
    Badge,
}

impl Scope {
    /// The code of a refusal by a limit of this scope.
    pub const fn code(self) -> Code {
        match self {
            Self::Customer => Code::CustomerLimitReached,
            Self::Badge => Code::BadgeLimitReached,
        }
    }
}

/// The time whose earns are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// All time.
    AllTime,
    /// The fixed window that holds the event date.
    Fixed {
        /// The configuration (wire: `referenceId`).
        reference: Uuid,
        /// The window, as [`counted_window`] gives it.
        window: Window,
    },
    /// A rolling window that ends now.
    Rolling {
        /// The unit of its length.
        unit: CalendarUnit,
        /// How many units.
        length: Count,
        /// Where the window begins: an earn recorded at this moment or before no longer counts.
        since: Instant,
    },
}

/// A constraint as one earn meets it: whose earns count, in which time, and how many may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    /// Whose earns count.
    pub scope: Scope,
    /// The time whose earns count.
    pub span: Span,
    /// How many there may be.
    pub max: u32,
}

impl Limit {
    /// How many more earns there may be if `counted` count already.
    pub fn room(&self, counted: u64) -> u64 {
        u64::from(self.max).saturating_sub(counted)
    }

    /// This limit for an earn that is recorded at `now`: a rolling window reaches back from there.
    pub fn at(self, now: Instant, zone: &Zone) -> Self {
        match self.span {
            Span::Rolling { unit, length, .. } => Self {
                span: Span::Rolling {
                    unit,
                    length,
                    since: rolling_since(unit, length, now, zone),
                },
                ..self
            },
            Span::AllTime | Span::Fixed { .. } => self,
        }
    }

    /// The refusal of an earn for which there is no room. `opens_on` is when a rolling
    /// window has room again: when enough of what it counts has left it.
    pub fn refusal(&self, opens_on: Option<Instant>) -> Rejection {
        let whose = match self.scope {
            Scope::Customer => "The customer",
            Scope::Badge => "The badge",
        };
        let times = if self.max == 1 { "once" } else { "times" };
        let count = if self.max == 1 {
            String::new()
        } else {
            format!("{} ", self.max)
        };
        let message = match self.span {
            Span::AllTime => format!(
                "{whose} has reached its limit: {count}{times} in all. It does not open again unless an earned badge is revoked."
            ),
            Span::Fixed { window, .. } => {
                let Window { starts_on, ends_on } = window;
                match ends_on {
                    // Windows follow each other at midnight; the last holds one moment more.
                    Some(end) if end == end.floor_to_second() => format!(
                        "{whose} has reached its limit: {count}{times} in the window from {starts_on} to {end}. It opens again at {end}."
                    ),
                    Some(end) => format!(
                        "{whose} has reached its limit: {count}{times} in the window from {starts_on} to {}, which is the last. It does not open again unless an earned badge is revoked.",
                        end - Duration::MICROSECOND
                    ),
                    None => format!(
                        "{whose} has reached its limit: {count}{times} in the window from {starts_on} on. It does not open again unless an earned badge is revoked."
                    ),
                }
            }
            Span::Rolling { unit, length, .. } => {
                let opens =
                    opens_on.map_or(String::new(), |on| format!(" It opens again at {on}."));
                let units = unit.name().to_lowercase();
                let time = match length.get() {
                    1 => units.trim_end_matches('s').to_owned(),
                    length => format!("{length} {units}"),
                };
                format!("{whose} has reached its limit: {count}{times} in the last {time}.{opens}")
            }
        };
        Rejection::new(self.scope.code()).with_message(message)
    }
}

/// When a rolling window back from `now` begins: days are 24 hours and weeks
/// 168; months are of the calendar in the org's zone.
pub fn rolling_since(unit: CalendarUnit, length: Count, now: Instant, zone: &Zone) -> Instant {
    let days = |n: i64| now - Duration::days(i64::from(length).saturating_mul(n));
    match unit {
        CalendarUnit::Days => days(1),
        CalendarUnit::Weeks => days(7),
        CalendarUnit::Months => zone.months_back(now, length.get()),
    }
}

/// When an earn recorded at `recorded_on` leaves a rolling window: the first
/// moment at which the window's start is not before it.
pub fn leaves_rolling(
    unit: CalendarUnit,
    length: Count,
    recorded_on: Instant,
    zone: &Zone,
) -> Instant {
    let days = match unit {
        CalendarUnit::Days => 1,
        CalendarUnit::Weeks => 7,
        CalendarUnit::Months => 32,
    };
    let latest = recorded_on + Duration::days(i64::from(length).saturating_mul(days));
    let has_left = |now: i64| {
        Instant::from_unix_micros(now)
            .is_ok_and(|now| rolling_since(unit, length, now, zone) >= recorded_on)
    };
    // The start never moves back, so the moment can be found by halving.
    let (mut before, mut after) = (recorded_on.unix_micros(), latest.unix_micros());
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if has_left(middle) {
            after = middle;
        } else {
            before = middle;
        }
    }
    Instant::from_unix_micros(after).unwrap_or(Instant::MAX)
}

/// The time that fixed windows of `definition` tile.
pub fn earning_time(definition: &BadgeDefinition, zone: &Zone) -> Window {
    Window {
        starts_on: definition.period.starts_on(),
        ends_on: definition.earning_ends_on(zone),
    }
}

/// The time that the windows of `fixed` tile, a part of [`earning_time`].
pub fn tiled_by(fixed: &FixedWindow, whole: Window) -> Window {
    // The badge may have been made to end before one configuration follows another.
    let clipped = |moment: Instant| whole.ends_on.map_or(moment, |end| moment.min(end));
    Window {
        starts_on: fixed.from.map_or(whole.starts_on, clipped),
        ends_on: fixed.until.map(clipped).or(whole.ends_on),
    }
}

/// The fixed window of `fixed` that holds an event at `event_on`; `None` if another
/// configuration, or none, governs that moment. The last moment of the badge
/// belongs to its last window.
pub fn governing_window(
    fixed: &FixedWindow,
    whole: Window,
    event_on: Instant,
    zone: &Zone,
) -> Option<Window> {
    let last = whole.ends_on == Some(event_on);
    let moment = if last {
        event_on - Duration::MICROSECOND
    } else {
        event_on
    };
    Windows {
        cycle: fixed.cycle,
        whole: tiled_by(fixed, whole),
        zone,
    }
    .containing(moment)
}

/// `window` with the bounds between which earns are counted. The last window of a badge, whose
/// time is `whole`, holds the badge's last moment too, at which the badge can still be earned.
pub fn counted_window(window: Window, whole: Window) -> Window {
    Window {
        ends_on: window.ends_on.map(|end| {
            if whole.ends_on == Some(end) {
                end + Duration::MICROSECOND
            } else {
                end
            }
        }),
        ..window
    }
}

/// The window of `fixed` whose earns an earn at `event_on` is counted with. Behind the end of the badge, where
/// those earn who were enrolled before it was made to end sooner, windows follow each other as if it did not end.
fn window_of_earn(
    fixed: &FixedWindow,
    mode: EarnMode,
    whole: Window,
    event_on: Instant,
    zone: &Zone,
) -> Option<Window> {
    let is_behind = whole.ends_on.is_some_and(|end| event_on > end);
    let mut tiled = whole;
    if is_behind && mode != EarnMode::Direct {
        tiled.ends_on = None;
    }
    let window = governing_window(fixed, tiled, event_on, zone)?;
    Some(counted_window(window, tiled))
}

/// What an earn with the event date `event_on`, recorded at `now`, must have
/// room under: first the customer's limits, then the badge's, each in the order of the
/// definition.
pub fn limits(
    definition: &BadgeDefinition,
    zone: &Zone,
    event_on: Instant,
    now: Instant,
) -> Vec<Limit> {
    let whole = earning_time(definition, zone);
    let mut limits = Vec::new();
    for (scope, constraints) in [
        (Scope::Customer, &definition.customer_constraints),
        (Scope::Badge, &definition.badge_constraints),
    ] {
        let mut add = |span, max: Count| {
            limits.push(Limit {
                scope,
                span,
                max: max.get(),
            });
        };
        for constraint in constraints {
            match constraint {
                Constraint::FixedValue(max) => add(Span::AllTime, *max),
                Constraint::FixedWindow(fixed) => {
                    if let Some(window) =
                        window_of_earn(fixed, definition.earn_mode, whole, event_on, zone)
                    {
                        let reference = fixed.reference;
                        add(Span::Fixed { reference, window }, fixed.max);
                    }
                }
                Constraint::RollingWindow(windows) => {
                    for RollingWindow { unit, length, max } in windows {
                        let since = rolling_since(*unit, *length, now, zone);
                        add(
                            Span::Rolling {
                                unit: *unit,
                                length: *length,
                                since,
                            },
                            *max,
                        );
                    }
                }
                Constraint::NoLimit => {}
            }
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::constraint::Cycle;
    use crate::badge::{Badge, Expiry};
    use crate::earning::EarnedBadge;
    use crate::fixtures::{at, badge};

    const NOW: &str = "2026-05-01T00:00:00Z";

    /// Earned directly until 2030, at most once in each window of a month.
    fn monthly() -> Badge {
        let mut badge = badge();
        badge.definition.earn_mode = EarnMode::Direct;
        badge.definition.badge_constraints = vec![Constraint::FixedWindow(FixedWindow {
            reference: Uuid::nil(),
            cycle: Cycle::Months,
            max: Count::ONE,
            from: None,
            until: None,
        })];
        badge
    }

    fn limit(badge: &Badge, event_on: &str) -> Limit {
        limits(&badge.definition, &Zone::utc(), at(event_on), at(NOW))[0]
    }

    fn counts(limit: Limit, event_on: &str) -> bool {
        EarnedBadge {
            id: "69381523cebb9648d8974501".parse().unwrap(),
            enrolment: None,
            event_on: at(event_on),
            earned_on: at(NOW),
            expires_on: at("2031-01-01T00:00:00Z"),
            revoked_on: None,
            imported: false,
        }
        .counts(limit.span)
    }

    #[test]
    fn an_earn_at_the_badges_last_moment_counts_in_its_last_window() {
        let badge = monthly();
        let at_the_end = limit(&badge, "2030-01-01T00:00:00Z");
        assert!(counts(at_the_end, "2030-01-01T00:00:00Z"));
        assert_eq!(limit(&badge, "2029-12-01T00:00:00Z"), at_the_end);
        assert!(!counts(
            limit(&badge, "2029-11-30T00:00:00Z"),
            "2029-12-01T00:00:00Z"
        ));
    }

    #[test]
    fn behind_the_end_of_the_badge_who_is_enrolled_longer_is_limited_as_before() {
        let mut badge = monthly();
        let enrolment_expiry = Expiry::FixedDate(at("2026-06-10T00:00:00Z"));
        badge.definition.earn_mode = EarnMode::EnrolThenEarn { enrolment_expiry };
        for (event_on, from, until) in [
            (
                "2026-06-09T00:00:00Z",
                "2026-06-01T00:00:00Z",
                "2026-06-10T00:00:00.000001Z",
            ),
            (
                "2026-06-11T00:00:00Z",
                "2026-06-01T00:00:00Z",
                "2026-07-01T00:00:00Z",
            ),
            (
                "2027-02-03T00:00:00Z",
                "2027-02-01T00:00:00Z",
                "2027-03-01T00:00:00Z",
            ),
        ] {
            let window = Window {
                starts_on: at(from),
                ends_on: Some(at(until)),
            };
            let reference = Uuid::nil();
            let span = Span::Fixed { reference, window };
            assert_eq!(limit(&badge, event_on).span, span, "{event_on}");
        }
        badge.definition.earn_mode = EarnMode::Direct;
        let behind = at("2030-01-02T00:00:00Z");
        assert_eq!(limits(&badge.definition, &Zone::utc(), behind, behind), []);
    }

    #[test]
    fn a_refusal_says_when_a_window_opens_again_and_that_the_last_does_not() {
        let badge = monthly();
        let says = |event_on| limit(&badge, event_on).refusal(None).message;
        assert_eq!(
            says("2026-05-10T00:00:00Z"),
            "The badge has reached its limit: once in the window from 2026-05-01T00:00:00Z to \
             2026-06-01T00:00:00Z. It opens again at 2026-06-01T00:00:00Z."
        );
        assert_eq!(
            says("2029-12-10T00:00:00Z"),
            "The badge has reached its limit: once in the window from 2029-12-01T00:00:00Z to \
             2030-01-01T00:00:00Z, which is the last. It does not open again unless an earned \
             badge is revoked."
        );
    }
}
