//! A calendar of a badge: its period, the windows of a limit, and when what is got today ends.

use std::fmt::Write as _;

use accolade_domain::badge::constraint::{Constraint, FixedWindow};
use accolade_domain::badge::{BadgeDefinition, EarnMode};
use accolade_domain::earning::{Scope, Window, Windows, earning_time, tiled_by};
use accolade_domain::instant::Instant;
use time::{Date, Duration, Month};

use crate::moment::{Moment, Moments};
use crate::texts as t;

/// How many months it shows.
const MONTHS: usize = 3;

/// How many windows of each limit are listed.
const LISTED: usize = 6;

/// The most windows that a calendar shades.
const MOST_WINDOWS: usize = 200;

/// A calendar.
pub(super) struct Calendar {
    pub(super) months: Vec<MonthView>,
    pub(super) lists: Vec<WindowList>,
    pub(super) expiries: Vec<(&'static str, Moment)>,
    /// What the shades stand for, if there are any.
    pub(super) shaded: Option<String>,
    pub(super) before: String,
    pub(super) after: String,
}

/// A month of it: weeks from Monday on.
pub(super) struct MonthView {
    pub(super) title: String,
    pub(super) weeks: Vec<Vec<Option<Day>>>,
}

/// A day of it.
pub(super) struct Day {
    pub(super) number: u8,
    pub(super) class: String,
    pub(super) hint: String,
}

/// The next windows of a limit.
pub(super) struct WindowList {
    pub(super) title: String,
    pub(super) windows: Vec<(Moment, Option<Moment>)>,
}

impl Calendar {
    /// That of `definition` from the month that `wanted` names (`2026-05`), else from now or the
    /// badge's start, whichever is later.
    pub(super) fn new(
        definition: &BadgeDefinition,
        wanted: &str,
        now: Instant,
        moments: &Moments,
    ) -> Self {
        let zone = moments.zone();
        let period = definition.period;
        let first = month(wanted).unwrap_or_else(|| {
            let from = zone.date(now.max(period.starts_on()));
            let held = from.min(zone.date(period.expires_on()));
            first_of(held)
        });
        let shown = (first, (0..MONTHS).fold(first, |it, _| next(it)));
        let fixed = fixed_windows(definition);
        let shades = fixed.first().map(|(_, fixed)| {
            let from = zone.midnight(shown.0);
            let until = zone.midnight(shown.1);
            windows(definition, fixed, moments)
                .from(from)
                .take_while(|window| window.starts_on < until)
                .take(MOST_WINDOWS)
                .collect::<Vec<_>>()
        });
        let expiries = expiries(definition, now, moments);
        let marks = Marks {
            today: zone.date(now),
            starts: zone.date(period.starts_on()),
            ends: zone.date(period.expires_on()),
            expiries: expiries.iter().map(|it| (zone.date(it.1), it.0)).collect(),
            shades: shades.unwrap_or_default(),
            moments,
        };
        let mut months = Vec::new();
        let mut at = first;
        for _ in 0..MONTHS {
            months.push(marks.month(at));
            at = next(at);
        }
        let back = (0..MONTHS).fold(first, |it, _| first_of(it - Duration::DAY));
        Self {
            months,
            lists: fixed
                .iter()
                .map(|(scope, fixed)| list(definition, *scope, fixed, now, moments))
                .collect(),
            expiries: expiries
                .into_iter()
                .map(|(what, on)| (what, moments.show(on)))
                .collect(),
            shaded: fixed.first().map(|(scope, fixed)| title(*scope, fixed)),
            before: word(back),
            after: word(at),
        }
    }
}

/// What is marked in it.
struct Marks<'a> {
    today: Date,
    starts: Date,
    ends: Date,
    expiries: Vec<(Date, &'static str)>,
    shades: Vec<Window>,
    moments: &'a Moments,
}

impl Marks<'_> {
    fn month(&self, first: Date) -> MonthView {
        let end = next(first);
        let before = first.weekday().number_days_from_monday();
        let mut days: Vec<Option<Day>> = (0..before).map(|_| None).collect();
        let mut at = first;
        while at < end {
            days.push(Some(self.day(at)));
            at = at.saturating_add(Duration::DAY);
        }
        while !days.len().is_multiple_of(7) {
            days.push(None);
        }
        let mut weeks = Vec::new();
        let mut days = days.into_iter();
        loop {
            let week: Vec<_> = days.by_ref().take(7).collect();
            if week.is_empty() {
                break;
            }
            weeks.push(week);
        }
        MonthView {
            title: t::month(first),
            weeks,
        }
    }

    fn day(&self, date: Date) -> Day {
        let (mut class, mut hint) = (String::new(), String::new());
        let mut mark = |name: &str, text: &str| {
            let _ = write!(class, " {name}");
            if !text.is_empty() {
                let separator = if hint.is_empty() { "" } else { ", " };
                let _ = write!(hint, "{separator}{text}");
            }
        };
        if date < self.starts || date > self.ends {
            mark("out", "");
        }
        let noon = self.moments.zone().midnight(date) + Duration::hours(12);
        if let Some(place) = self.shades.iter().position(|it| it.contains(noon)) {
            mark(if place % 2 == 0 { "w0" } else { "w1" }, "");
        }
        if date == self.today {
            mark("today", t::TODAY);
        }
        if date == self.starts {
            mark("edge", t::BADGE_STARTS);
        }
        if date == self.ends {
            mark("edge", t::BADGE_ENDS_HERE);
        }
        for (_, what) in self.expiries.iter().filter(|(on, _)| *on == date) {
            mark("ends", what);
        }
        Day {
            number: date.day(),
            class: class.trim_start().to_owned(),
            hint,
        }
    }
}

/// When what is got now ends.
fn expiries(
    definition: &BadgeDefinition,
    now: Instant,
    moments: &Moments,
) -> Vec<(&'static str, Instant)> {
    let period = definition.period;
    let from = now.max(period.starts_on()).min(period.expires_on());
    let zone = moments.zone();
    let mut expiries = Vec::new();
    if let EarnMode::EnrolThenEarn { enrolment_expiry } = definition.earn_mode {
        let on = enrolment_expiry.after(from, period, zone);
        expiries.push((t::ENROLLED_NOW_ENDS, on));
    }
    let on = definition.earned_expiry.after(from, period, zone);
    expiries.push((t::EARNED_NOW_ENDS, on));
    expiries
}

/// The configurations of fixed windows that there are, the customer's first.
fn fixed_windows(definition: &BadgeDefinition) -> Vec<(Scope, FixedWindow)> {
    let mut fixed = Vec::new();
    for (scope, constraints) in [
        (Scope::Customer, &definition.customer_constraints),
        (Scope::Badge, &definition.badge_constraints),
    ] {
        for constraint in constraints {
            if let Constraint::FixedWindow(window) = constraint {
                fixed.push((scope, *window));
            }
        }
    }
    fixed
}

fn windows<'a>(
    definition: &BadgeDefinition,
    fixed: &FixedWindow,
    moments: &'a Moments,
) -> Windows<'a> {
    let zone = moments.zone();
    Windows {
        cycle: fixed.cycle,
        whole: tiled_by(fixed, earning_time(definition, zone)),
        zone,
    }
}

fn list(
    definition: &BadgeDefinition,
    scope: Scope,
    fixed: &FixedWindow,
    now: Instant,
    moments: &Moments,
) -> WindowList {
    let windows = windows(definition, fixed, moments);
    let shown = windows.from(now).take(LISTED).map(|it| {
        let until = moments.maybe(it.ends_on);
        (moments.show(it.starts_on), until)
    });
    WindowList {
        title: title(scope, fixed),
        windows: shown.collect(),
    }
}

fn title(scope: Scope, fixed: &FixedWindow) -> String {
    let said = super::describe::constraint(&Constraint::FixedWindow(*fixed));
    format!("{}: {}", t::whose(scope), said.join(", "))
}

/// The first day of the month that `text` names.
fn month(text: &str) -> Option<Date> {
    let (year, month) = text.split_once('-')?;
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let year = year
        .parse::<i32>()
        .ok()
        .filter(|it| (1..=9990).contains(it))?;
    Date::from_calendar_date(year, month, 1).ok()
}

fn word(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), u8::from(date.month()))
}

fn first_of(date: Date) -> Date {
    date.replace_day(1).unwrap_or(date)
}

/// The first day of the month behind that of `date`.
fn next(date: Date) -> Date {
    let days = date.month().length(date.year());
    first_of(date).saturating_add(Duration::days(i64::from(days)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::badge::constraint::{Count, Cycle, Weekday};
    use accolade_domain::fixtures::{at, badge};
    use accolade_domain::zone::Zone;
    use uuid::Uuid;

    fn weekly() -> BadgeDefinition {
        let mut definition = badge().definition;
        definition.customer_constraints = vec![Constraint::FixedWindow(FixedWindow {
            reference: Uuid::nil(),
            cycle: Cycle::Weeks {
                starts_on: Weekday::Monday,
            },
            max: Count::ONE,
            from: None,
            until: None,
        })];
        definition
    }

    #[test]
    fn three_months_are_shown_from_the_one_that_is_asked_for() {
        let moments = Moments::of(&Zone::utc());
        let now = at("2026-05-01T12:00:00Z");
        let calendar = Calendar::new(&weekly(), "2026-11", now, &moments);
        let titles: Vec<_> = calendar.months.iter().map(|it| &*it.title).collect();
        assert_eq!(titles, ["November 2026", "December 2026", "January 2027"]);
        assert_eq!(
            (&*calendar.before, &*calendar.after),
            ("2026-08", "2027-02")
        );
        let november = &calendar.months[0].weeks;
        // The first is a Sunday.
        assert!(november[0][..6].iter().all(Option::is_none));
        assert_eq!(november[0][6].as_ref().unwrap().number, 1);
        assert!(november.iter().all(|week| week.len() == 7));
    }

    #[test]
    fn weeks_are_shaded_in_turns_and_today_is_marked() {
        let moments = Moments::of(&Zone::utc());
        let now = at("2026-05-04T12:00:00Z");
        let calendar = Calendar::new(&weekly(), "", now, &moments);
        let week = |place: usize| calendar.months[0].weeks[place][1].as_ref().unwrap();
        assert_ne!(week(1).class, week(2).class);
        let monday = calendar.months[0].weeks[1][0].as_ref().unwrap();
        assert!(monday.class.contains("today"), "{}", monday.class);
        assert_eq!(calendar.lists[0].windows.len(), LISTED);
    }
}
