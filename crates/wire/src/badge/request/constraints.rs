//! Reading limits.

use accolade_domain::badge::constraint::{
    Constraint, Count, Cycle, FixedWindowDraft, RollingWindow, Weekday,
};
use accolade_domain::earning::Scope;
use accolade_domain::rejection::Rejection;
use accolade_domain::zone::CalendarUnit;

use crate::badge::constraint::Kind;
use crate::badge::request::elements;
use crate::json::{Field, Fields, Purpose, SET_BY_SERVER};

/// What a limit of one kind has and others do not.
const FIELDS: &[&str] = &[
    "maxEarnLimit",
    "durationType",
    "refreshRate",
    "startDayOfTheWeek",
    "rollType",
    "rollValue",
    "maxEarnForDays",
    "rollForDays",
    "maxEarnForWeeks",
    "rollForWeeks",
    "maxEarnForMonths",
    "rollForMonths",
];

/// What only answers have.
const ANSWERED: &[&str] = &[
    "cycleStatus",
    "startDate",
    "startDateISO",
    "endDate",
    "endDateISO",
    "currentCycle",
];

/// A unit, in either of the ways in which callers say it.
#[derive(Debug, Clone, Copy)]
struct Unit(CalendarUnit, &'static str);

impl Unit {
    const ALL: &[Self] = &[
        Self(CalendarUnit::Days, "DAYS"),
        Self(CalendarUnit::Weeks, "WEEKS"),
        Self(CalendarUnit::Months, "MONTHS"),
        Self(CalendarUnit::Days, "DAILY"),
        Self(CalendarUnit::Weeks, "WEEKLY"),
        Self(CalendarUnit::Months, "MONTHLY"),
    ];

    fn name(self) -> &'static str {
        self.1
    }
}

/// Every kind of both scopes.
const KINDS: &[(Scope, Kind)] = &[
    (Scope::Customer, Kind::FixedValue),
    (Scope::Customer, Kind::FixedWindow),
    (Scope::Customer, Kind::RollingWindow),
    (Scope::Customer, Kind::NoLimit),
    (Scope::Badge, Kind::FixedValue),
    (Scope::Badge, Kind::FixedWindow),
    (Scope::Badge, Kind::RollingWindow),
    (Scope::Badge, Kind::NoLimit),
];

/// The limits of a badge.
#[derive(Debug, Default)]
pub(crate) struct Constraints {
    /// For each customer.
    pub(crate) customer: Vec<Constraint<FixedWindowDraft>>,
    /// For all customers together.
    pub(crate) badge: Vec<Constraint<FixedWindowDraft>>,
}

impl Constraints {
    fn of(&mut self, scope: Scope) -> &mut Vec<Constraint<FixedWindowDraft>> {
        match scope {
            Scope::Customer => &mut self.customer,
            Scope::Badge => &mut self.badge,
        }
    }
}

/// The limits in both lists of a badge, each where its kind belongs, whichever list it was sent in; those
/// that are wrong are reported and left out.
pub(crate) fn read(fields: &mut Fields<'_, '_>, purpose: Purpose) -> Constraints {
    let mut constraints = Constraints::default();
    let mut elsewhere = Vec::new();
    for (name, own) in [
        ("customerConstraints", Scope::Customer),
        ("badgeConstraints", Scope::Badge),
    ] {
        for (scope, read) in elements(fields.field(name), |element| constraint(element, purpose)) {
            if scope == own {
                constraints.of(scope).push(read);
            } else {
                elsewhere.push((scope, read));
            }
        }
    }
    // Behind those that were sent there, which keep the places that paths name.
    for (scope, read) in elsewhere {
        constraints.of(scope).push(read);
    }
    constraints
}

fn constraint(
    field: Field<'_, '_>,
    purpose: Purpose,
) -> Option<(Scope, Constraint<FixedWindowDraft>)> {
    let mut fields = field.object()?;
    let kind = fields
        .field("constraintType")
        .required()
        .word(KINDS, |(scope, kind)| kind.name(scope));
    let Some((scope, kind)) = kind else {
        fields.accept(FIELDS);
        fields.accept(ANSWERED);
        fields.accept(&["referenceId"]);
        fields.finish();
        return None;
    };
    let constraint = match (kind, scope) {
        (Kind::FixedValue, _) => count(&mut fields, "maxEarnLimit").map(Constraint::FixedValue),
        (Kind::FixedWindow, _) => fixed_window(&mut fields, purpose).map(Constraint::FixedWindow),
        (Kind::RollingWindow, Scope::Customer) => {
            customer_rolling(&mut fields).map(Constraint::RollingWindow)
        }
        (Kind::RollingWindow, Scope::Badge) => {
            badge_rolling(&mut fields).map(|window| Constraint::RollingWindow(vec![window]))
        }
        (Kind::NoLimit, _) => Some(Constraint::NoLimit),
    };
    let why = format!("Ignored: it means nothing for this {}.", kind.name(scope));
    fields.ignore_all(FIELDS, &why);
    if kind == Kind::FixedWindow {
        fields.ignore("referenceId", SET_BY_SERVER);
        fields.ignore_all(ANSWERED, SET_BY_SERVER);
    }
    fields.finish();
    constraint.map(|constraint| (scope, constraint))
}

fn count(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<Count> {
    fields.field(name).required().integer()
}

fn fixed_window(fields: &mut Fields<'_, '_>, purpose: Purpose) -> Option<FixedWindowDraft> {
    let unit = fields
        .field("durationType")
        .required()
        .word(Unit::ALL, Unit::name);
    let cycle = match unit {
        Some(Unit(CalendarUnit::Days, _)) => {
            count(fields, "refreshRate").map(|refresh_rate| Cycle::Days { refresh_rate })
        }
        Some(Unit(CalendarUnit::Weeks, _)) => {
            week_start(fields).map(|starts_on| Cycle::Weeks { starts_on })
        }
        Some(Unit(CalendarUnit::Months, _)) => Some(Cycle::Months),
        None => {
            fields.accept(&["refreshRate", "startDayOfTheWeek"]);
            None
        }
    };
    let max = count(fields, "maxEarnLimit");
    let reference = match purpose {
        Purpose::Create => None,
        Purpose::Update => fields.field("referenceId").uuid(),
    };
    Some(FixedWindowDraft {
        reference,
        cycle: cycle?,
        max: max?,
    })
}

/// The day by its name or its number from 1 (Monday) to 7; Monday if it is absent.
fn week_start(fields: &mut Fields<'_, '_>) -> Option<Weekday> {
    let field = fields.field("startDayOfTheWeek");
    if !field.is_present() {
        return Some(Weekday::Monday);
    }
    if field.is_number() {
        let number = field.integer_within(1, 7)?;
        let named = |day: &&Weekday| i64::from(day.number()) == number;
        Weekday::ALL.iter().find(named).copied()
    } else {
        field.word(Weekday::ALL, Weekday::name)
    }
}

fn customer_rolling(fields: &mut Fields<'_, '_>) -> Option<Vec<RollingWindow>> {
    let pairs = [
        (CalendarUnit::Days, "maxEarnForDays", "rollForDays"),
        (CalendarUnit::Weeks, "maxEarnForWeeks", "rollForWeeks"),
        (CalendarUnit::Months, "maxEarnForMonths", "rollForMonths"),
    ];
    let mut windows = Vec::new();
    let mut complete = true;
    let mut given = false;
    for (unit, max, length) in pairs {
        let (max, length) = (fields.field(max), fields.field(length));
        if !max.is_present() && !length.is_present() {
            continue;
        }
        given = true;
        let (max, length) = (max.required().integer(), length.required().integer());
        match (max, length) {
            (Some(max), Some(length)) => windows.push(RollingWindow { unit, length, max }),
            _ => complete = false,
        }
    }
    if !given {
        let message = "Needs at least one pair of maxEarnForDays and rollForDays, \
                       maxEarnForWeeks and rollForWeeks, or maxEarnForMonths and rollForMonths.";
        fields.refuse(Rejection::unreadable(message));
    }
    (given && complete).then_some(windows)
}

fn badge_rolling(fields: &mut Fields<'_, '_>) -> Option<RollingWindow> {
    let unit = fields
        .field("rollType")
        .required()
        .word(Unit::ALL, Unit::name);
    let length = count(fields, "rollValue");
    let max = count(fields, "maxEarnLimit");
    Some(RollingWindow {
        unit: unit?.0,
        length: length?,
        max: max?,
    })
}
