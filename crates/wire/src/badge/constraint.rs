//! How a limit looks in an answer.

use accolade_domain::badge::BadgeDefinition;
use accolade_domain::badge::constraint::{Constraint, Count, Cycle, FixedWindow, RollingWindow};
use accolade_domain::earning::{Scope, Window, earning_time, governing_window, tiled_by};
use accolade_domain::instant::Instant;
use accolade_domain::zone::{CalendarUnit, Zone};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};
use crate::words::{CalendarUnitName, WeekdayName};

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Earns of all time.
    FixedValue,
    /// Earns in each of the windows that tile the badge's life.
    FixedWindow,
    /// Earns in windows back from now.
    RollingWindow,
    /// Nothing.
    NoLimit,
}

impl Kind {
    /// The spelling of this kind of limit of that scope.
    pub(crate) const fn name(self, scope: Scope) -> &'static str {
        match (scope, self) {
            (Scope::Customer, Self::FixedValue) => "CUSTOMER_BADGE_FIXED_VALUE",
            (Scope::Customer, Self::FixedWindow) => "CUSTOMER_BADGE_FIXED_WINDOW",
            (Scope::Customer, Self::RollingWindow) => "CUSTOMER_BADGE_ROLLING_WINDOW",
            (Scope::Customer, Self::NoLimit) => "CUSTOMER_BADGE_NO_LIMIT",
            (Scope::Badge, Self::FixedValue) => "BADGE_FIXED_VALUE",
            (Scope::Badge, Self::FixedWindow) => "BADGE_FIXED_WINDOW",
            (Scope::Badge, Self::RollingWindow) => "BADGE_ROLLING_WINDOW",
            (Scope::Badge, Self::NoLimit) => "BADGE_NO_LIMIT",
        }
    }
}

/// What the state of a badge's fixed windows is seen by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// The time in which the badge can be earned, which the windows tile.
    pub whole: Window,
    /// The moment that their state refers to.
    pub now: Instant,
    /// The org's zone.
    pub zone: &'a Zone,
}

/// Where a configuration of fixed windows stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CycleStatus {
    /// Its first window has not begun.
    Upcoming,
    /// One of its windows runs.
    Active,
    /// Its last window has ended.
    Expired,
}

impl CycleStatus {
    /// The spelling on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Upcoming => "UPCOMING",
            Self::Active => "ACTIVE",
            Self::Expired => "EXPIRED",
        }
    }
}

impl<'a> Seen<'a> {
    /// As it is at `now` in an org whose zone is `zone`.
    pub(crate) fn at(now: Instant, definition: &BadgeDefinition, zone: &'a Zone) -> Self {
        Self {
            whole: earning_time(definition, zone),
            now,
            zone,
        }
    }

    /// The time that the windows of `fixed` tile, and where they stand.
    pub(crate) fn span(self, fixed: &FixedWindow) -> (Window, CycleStatus) {
        let span = tiled_by(fixed, self.whole);
        let status = if self.now < span.starts_on {
            CycleStatus::Upcoming
        } else if span.contains(self.now) {
            CycleStatus::Active
        } else {
            CycleStatus::Expired
        };
        (span, status)
    }

    /// The window of `fixed` that runs.
    pub(crate) fn current(self, fixed: &FixedWindow) -> Option<Window> {
        governing_window(fixed, self.whole, self.now, self.zone)
    }
}

answer! {
    /// From when until when.
    #[schema(as = WindowDates)]
    pub(crate) struct WindowBody {
        /// When it begins.
        startDate: WireInstant = window.starts_on.into(),
        /// The same as text.
        startDateISO: WireIso = window.starts_on.into(),
        /// When it ends; null if never.
        #[schema(required)]
        endDate: Option<WireInstant> = window.ends_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        endDateISO: Option<WireIso> = window.ends_on.map(Into::into),
    }
    new(window: Window) {}
}

/// A limit on how often the badge is earned. Which fields there are depends on its kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Constraint)]
#[serde(untagged)]
pub(crate) enum ConstraintBody {
    /// `…FIXED_VALUE`: of all time.
    FixedValue(FixedValueBody),
    /// `…FIXED_WINDOW`: in each of the windows that tile the badge's life.
    FixedWindow(Box<FixedWindowBody>),
    /// `CUSTOMER_BADGE_ROLLING_WINDOW`: in windows back from now, by one customer.
    CustomerRolling(CustomerRollingBody),
    /// `BADGE_ROLLING_WINDOW`: in a window back from now, by all customers.
    BadgeRolling(BadgeRollingBody),
    /// `…NO_LIMIT`.
    NoLimit(NoLimitBody),
}

/// The most earns of all time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FixedValueConstraint)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FixedValueBody {
    /// Its kind.
    #[schema(schema_with = kinds::fixed_value)]
    constraint_type: &'static str,
    /// The most earns.
    max_earn_limit: u32,
}

/// The most earns in each of the windows that tile the badge's life.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FixedWindowConstraint)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FixedWindowBody {
    /// Its kind.
    #[schema(schema_with = kinds::fixed_window)]
    constraint_type: &'static str,
    /// Names this configuration of the windows.
    #[schema(value_type = String, example = "e6791ec9-e92f-34af-bdc3-be2607fdf82c")]
    reference_id: Uuid,
    /// The unit of a window.
    #[schema(value_type = CalendarUnitName)]
    duration_type: &'static str,
    /// How many days a window has; only for DAYS.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_rate: Option<u32>,
    /// The day on which a week begins; only for WEEKS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WeekdayName>)]
    start_day_of_the_week: Option<&'static str>,
    /// The most earns in a window.
    max_earn_limit: u32,
    /// `UPCOMING`, `ACTIVE` or `EXPIRED`.
    cycle_status: &'static str,
    /// When the first window begins, and the last ends.
    #[serde(flatten)]
    span: WindowBody,
    /// The window that runs; absent where badges are listed, and if none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    current_cycle: Option<WindowBody>,
}

/// The most earns by one customer in each of these windows back from now.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = CustomerRollingConstraint)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerRollingBody {
    /// Its kind.
    #[schema(schema_with = kinds::customer_rolling)]
    constraint_type: &'static str,
    /// The most earns in the last `rollForDays` days.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_earn_for_days: Option<u32>,
    /// Days of 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    roll_for_days: Option<u32>,
    /// The most earns in the last `rollForWeeks` weeks.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_earn_for_weeks: Option<u32>,
    /// Weeks of 168 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    roll_for_weeks: Option<u32>,
    /// The most earns in the last `rollForMonths` months.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_earn_for_months: Option<u32>,
    /// Calendar months.
    #[serde(skip_serializing_if = "Option::is_none")]
    roll_for_months: Option<u32>,
}

answer! {
    /// The most earns by all customers in a window back from now.
    #[schema(as = BadgeRollingConstraint)]
    pub(crate) struct BadgeRollingBody {
        /// Its kind.
        #[schema(schema_with = kinds::badge_rolling)]
        constraintType: &'static str = Kind::RollingWindow.name(Scope::Badge),
        /// The unit of the window.
        #[schema(value_type = CalendarUnitName)]
        rollType: &'static str = window.unit.name(),
        /// How many of them.
        rollValue: u32 = window.length.get(),
        /// The most earns in the window.
        maxEarnLimit: u32 = window.max.get(),
    }
    new(window: &RollingWindow) {}
}

/// No limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoLimitConstraint)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoLimitBody {
    /// Its kind.
    #[schema(schema_with = kinds::no_limit)]
    constraint_type: &'static str,
}

impl ConstraintBody {
    /// How `constraints` look, with the windows that run if `with_current`.
    pub(crate) fn all(
        scope: Scope,
        constraints: &[Constraint],
        seen: Seen<'_>,
        with_current: bool,
    ) -> Vec<Self> {
        constraints
            .iter()
            .flat_map(|constraint| Self::of(scope, constraint, seen, with_current))
            .collect()
    }

    fn of(scope: Scope, constraint: &Constraint, seen: Seen<'_>, with_current: bool) -> Vec<Self> {
        match constraint {
            Constraint::FixedValue(max) => vec![Self::FixedValue(FixedValueBody {
                constraint_type: Kind::FixedValue.name(scope),
                max_earn_limit: max.get(),
            })],
            Constraint::FixedWindow(window) => {
                let (unit, length) = window.cycle.length();
                let (span, status) = seen.span(window);
                let runs = with_current && status == CycleStatus::Active;
                vec![Self::FixedWindow(Box::new(FixedWindowBody {
                    constraint_type: Kind::FixedWindow.name(scope),
                    reference_id: window.reference,
                    duration_type: unit.name(),
                    refresh_rate: (unit == CalendarUnit::Days).then(|| length.get()),
                    start_day_of_the_week: match window.cycle {
                        Cycle::Weeks { starts_on } => Some(starts_on.name()),
                        Cycle::Days { .. } | Cycle::Months => None,
                    },
                    max_earn_limit: window.max.get(),
                    cycle_status: status.name(),
                    span: WindowBody::new(span),
                    current_cycle: seen.current(window).filter(|_| runs).map(WindowBody::new),
                }))]
            }
            Constraint::RollingWindow(windows) => match scope {
                Scope::Customer => vec![Self::CustomerRolling(CustomerRollingBody::of(windows))],
                Scope::Badge => windows
                    .iter()
                    .map(|window| Self::BadgeRolling(BadgeRollingBody::new(window)))
                    .collect(),
            },
            Constraint::NoLimit => vec![Self::NoLimit(NoLimitBody {
                constraint_type: Kind::NoLimit.name(scope),
            })],
        }
    }
}

impl CustomerRollingBody {
    fn of(windows: &[RollingWindow]) -> Self {
        let mut body = Self {
            constraint_type: Kind::RollingWindow.name(Scope::Customer),
            ..Self::default()
        };
        for RollingWindow { unit, length, max } in windows {
            let (max_slot, length_slot) = match unit {
                CalendarUnit::Days => (&mut body.max_earn_for_days, &mut body.roll_for_days),
                CalendarUnit::Weeks => (&mut body.max_earn_for_weeks, &mut body.roll_for_weeks),
                CalendarUnit::Months => (&mut body.max_earn_for_months, &mut body.roll_for_months),
            };
            *max_slot = Some(Count::get(*max));
            *length_slot = Some(Count::get(*length));
        }
        body
    }
}

/// The kinds that each shape of a limit has, for the OpenAPI document.
mod kinds {
    use accolade_domain::earning::Scope;
    use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

    use super::Kind;

    fn one_of<const N: usize>(kinds: [&'static str; N]) -> Object {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(kinds))
            .build()
    }

    pub(crate) fn fixed_value() -> Object {
        one_of([
            Kind::FixedValue.name(Scope::Customer),
            Kind::FixedValue.name(Scope::Badge),
        ])
    }

    pub(crate) fn fixed_window() -> Object {
        one_of([
            Kind::FixedWindow.name(Scope::Customer),
            Kind::FixedWindow.name(Scope::Badge),
        ])
    }

    pub(crate) fn customer_rolling() -> Object {
        one_of([Kind::RollingWindow.name(Scope::Customer)])
    }

    pub(crate) fn badge_rolling() -> Object {
        one_of([Kind::RollingWindow.name(Scope::Badge)])
    }

    pub(crate) fn no_limit() -> Object {
        one_of([
            Kind::NoLimit.name(Scope::Customer),
            Kind::NoLimit.name(Scope::Badge),
        ])
    }
}
