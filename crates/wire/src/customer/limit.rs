//! How a limit looks beside how much of it is taken.

use accolade_application::customers::LimitCount;
use accolade_domain::badge::BadgeDefinition;
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindow, RollingWindow};
use accolade_domain::earning::{Scope, Span};
use accolade_domain::zone::CalendarUnit;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::badge::constraint::{Seen, WindowBody};
use crate::earning::windows::level;
use crate::words::{CalendarUnitName, WeekdayName};

/// A limit that holds now, and how many earns count under it. What means nothing for its kind
/// is null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountedConstraint)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountedLimitBody {
    /// CUSTOMER or BADGE: whose earns it limits.
    constraint_level: &'static str,
    /// OVERALL, `FIXED_WINDOW` or `ROLLING_WINDOW`.
    constraint_type: &'static str,
    /// For a badge's rolling window: its unit.
    #[schema(required, value_type = Option<CalendarUnitName>)]
    roll_type: Option<&'static str>,
    /// For fixed windows of DAYS: how many days a window has.
    #[schema(required)]
    refresh_rate: Option<u32>,
    /// For fixed windows: their unit.
    #[schema(required, value_type = Option<CalendarUnitName>)]
    duration_type: Option<&'static str>,
    /// For fixed windows: where the configuration stands.
    #[schema(required)]
    cycle_status: Option<&'static str>,
    /// For fixed windows of WEEKS: the day on which a week begins.
    #[schema(required, value_type = Option<WeekdayName>)]
    start_day_of_the_week: Option<&'static str>,
    /// For a badge's rolling window: how many units it has.
    #[schema(required)]
    roll_value: Option<u32>,
    /// The most earns; null for a customer's rolling windows, which have one each.
    #[schema(required)]
    max_earn_limit: Option<u32>,
    /// How many earns count.
    earn_constraint_block_statistics: CountsBody,
    /// The fixed window that runs.
    #[schema(required)]
    fixed_window_cycle: Option<WindowBody>,
    /// Names the configuration of the fixed windows.
    #[schema(required, value_type = Option<String>)]
    fixed_window_reference_id: Option<Uuid>,
    /// A customer's rolling windows.
    #[schema(required)]
    rolling_window_limits: Option<RollingLimitsBody>,
}

/// How many earns count under a limit.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = EarnCounts)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are the wire's names")]
struct CountsBody {
    /// Under the limit; null for a customer's rolling windows.
    #[schema(required)]
    current_earn_count: Option<u64>,
    /// In a customer's rolling window of days.
    #[schema(required)]
    current_earn_count_days: Option<u64>,
    /// In a customer's rolling window of weeks.
    #[schema(required)]
    current_earn_count_weeks: Option<u64>,
    /// In a customer's rolling window of months.
    #[schema(required)]
    current_earn_count_months: Option<u64>,
}

/// A customer's rolling windows, one of each unit.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = RollingLimits)]
#[serde(rename_all = "camelCase")]
struct RollingLimitsBody {
    /// The most earns in the last `rollForDays` days.
    #[schema(required)]
    max_earn_for_days: Option<u32>,
    /// Days of 24 hours.
    #[schema(required)]
    roll_for_days: Option<u32>,
    /// The most earns in the last `rollForWeeks` weeks.
    #[schema(required)]
    max_earn_for_weeks: Option<u32>,
    /// Weeks of 168 hours.
    #[schema(required)]
    roll_for_weeks: Option<u32>,
    /// The most earns in the last `rollForMonths` months.
    #[schema(required)]
    max_earn_for_months: Option<u32>,
    /// Calendar months.
    #[schema(required)]
    roll_for_months: Option<u32>,
}

/// The limits of `definition` that hold when it is `seen`, each with what `counted` has for it:
/// first the customer's, then the badge's.
pub(crate) fn counted_limits(
    definition: &BadgeDefinition,
    counted: &[LimitCount],
    seen: Seen<'_>,
) -> [Vec<CountedLimitBody>; 2] {
    // The counts stand in the order of the constraints, one for each that holds.
    let mut counted = counted.iter().peekable();
    [
        (Scope::Customer, &definition.customer_constraints),
        (Scope::Badge, &definition.badge_constraints),
    ]
    .map(|(scope, constraints)| {
        let mut bodies = Vec::new();
        for constraint in constraints {
            match constraint {
                Constraint::FixedValue(_) => {
                    bodies.extend(counted.next().map(|count| overall(scope, count)));
                }
                Constraint::FixedWindow(fixed) => {
                    let holds = |count: &&LimitCount| {
                        matches!(count.limit.span, Span::Fixed { reference, .. } if reference == fixed.reference)
                    };
                    let count = counted.next_if(holds);
                    bodies.extend(count.map(|count| fixed_window(scope, fixed, count, seen)));
                }
                Constraint::RollingWindow(windows) => {
                    let pairs: Vec<_> = windows.iter().zip(counted.by_ref()).collect();
                    match scope {
                        Scope::Customer => bodies.push(customer_rolling(&pairs)),
                        Scope::Badge => bodies.extend(
                            pairs
                                .into_iter()
                                .map(|(window, count)| badge_rolling(window, count)),
                        ),
                    }
                }
                Constraint::NoLimit => {}
            }
        }
        bodies
    })
}

impl CountedLimitBody {
    fn new(scope: Scope, kind: &'static str) -> Self {
        Self {
            constraint_level: level(scope),
            constraint_type: kind,
            roll_type: None,
            refresh_rate: None,
            duration_type: None,
            cycle_status: None,
            start_day_of_the_week: None,
            roll_value: None,
            max_earn_limit: None,
            earn_constraint_block_statistics: CountsBody::default(),
            fixed_window_cycle: None,
            fixed_window_reference_id: None,
            rolling_window_limits: None,
        }
    }

    fn counting(self, count: &LimitCount) -> Self {
        Self {
            max_earn_limit: Some(count.limit.max),
            earn_constraint_block_statistics: CountsBody {
                current_earn_count: Some(count.counted),
                ..CountsBody::default()
            },
            ..self
        }
    }
}

fn overall(scope: Scope, count: &LimitCount) -> CountedLimitBody {
    CountedLimitBody::new(scope, "OVERALL").counting(count)
}

fn fixed_window(
    scope: Scope,
    fixed: &FixedWindow,
    count: &LimitCount,
    seen: Seen<'_>,
) -> CountedLimitBody {
    let (unit, length) = fixed.cycle.length();
    let (_, status) = seen.span(fixed);
    // Behind the end of the badge it limits who is enrolled longer.
    let current = seen.current(fixed).or(match count.limit.span {
        Span::Fixed { window, .. } => Some(window),
        Span::AllTime | Span::Rolling { .. } => None,
    });
    CountedLimitBody {
        refresh_rate: (unit == CalendarUnit::Days).then(|| length.get()),
        duration_type: Some(unit.name()),
        cycle_status: Some(status.name()),
        start_day_of_the_week: match fixed.cycle {
            Cycle::Weeks { starts_on } => Some(starts_on.name()),
            Cycle::Days { .. } | Cycle::Months => None,
        },
        fixed_window_cycle: current.map(WindowBody::new),
        fixed_window_reference_id: Some(fixed.reference),
        ..CountedLimitBody::new(scope, "FIXED_WINDOW").counting(count)
    }
}

fn badge_rolling(window: &RollingWindow, count: &LimitCount) -> CountedLimitBody {
    CountedLimitBody {
        roll_type: Some(window.unit.name()),
        roll_value: Some(window.length.get()),
        ..CountedLimitBody::new(Scope::Badge, "ROLLING_WINDOW").counting(count)
    }
}

fn customer_rolling(pairs: &[(&RollingWindow, &LimitCount)]) -> CountedLimitBody {
    let mut counts = CountsBody::default();
    let mut limits = RollingLimitsBody::default();
    for (window, count) in pairs {
        let (taken, max, length) = match window.unit {
            CalendarUnit::Days => (
                &mut counts.current_earn_count_days,
                &mut limits.max_earn_for_days,
                &mut limits.roll_for_days,
            ),
            CalendarUnit::Weeks => (
                &mut counts.current_earn_count_weeks,
                &mut limits.max_earn_for_weeks,
                &mut limits.roll_for_weeks,
            ),
            CalendarUnit::Months => (
                &mut counts.current_earn_count_months,
                &mut limits.max_earn_for_months,
                &mut limits.roll_for_months,
            ),
        };
        *taken = Some(count.counted);
        *max = Some(window.max.get());
        *length = Some(window.length.get());
    }
    CountedLimitBody {
        earn_constraint_block_statistics: counts,
        rolling_window_limits: Some(limits),
        ..CountedLimitBody::new(Scope::Customer, "ROLLING_WINDOW")
    }
}
