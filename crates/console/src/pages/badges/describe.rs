//! What a badge's definition says, in words.

use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindow};
use accolade_domain::badge::{BadgeStatus, Expiry};

use crate::moment::{Moment, Moments};
use crate::texts as t;

/// How the state of a badge looks.
pub(super) const fn kind(active: bool, status: BadgeStatus) -> &'static str {
    match (active, status) {
        (false, _) => "odd",
        (true, BadgeStatus::Live) => "good",
        (true, BadgeStatus::Upcoming) => "soon",
        (true, BadgeStatus::Expired) => "over",
    }
}

/// When something ends, in words, and the moment, if it is one for all.
pub(super) fn expiry(expiry: Expiry, moments: &Moments) -> (String, Option<Moment>) {
    match expiry {
        Expiry::Relative { unit, value } => (t::after_units(value.get(), unit), None),
        Expiry::WithBadge => (t::WITH_THE_BADGE.to_owned(), None),
        Expiry::FixedDate(date) => (t::ON_A_DATE.to_owned(), Some(moments.show(date))),
        Expiry::Never => (t::NEVER.to_owned(), None),
    }
}

/// What a limit says, a line for each.
pub(super) fn constraint(constraint: &Constraint) -> Vec<String> {
    match constraint {
        Constraint::FixedValue(max) => vec![t::most_in_all(max.get())],
        Constraint::FixedWindow(fixed) => vec![window(fixed)],
        Constraint::RollingWindow(windows) => windows
            .iter()
            .map(|it| t::most_rolling(it.max.get(), it.length.get(), it.unit))
            .collect(),
        Constraint::NoLimit => vec![t::NO_LIMIT.to_owned()],
    }
}

fn window(fixed: &FixedWindow) -> String {
    let max = fixed.max.get();
    match fixed.cycle {
        Cycle::Days { refresh_rate } => t::most_in_days(max, refresh_rate.get()),
        Cycle::Weeks { starts_on } => t::most_in_weeks(max, starts_on),
        Cycle::Months => t::most_in_months(max),
    }
}
