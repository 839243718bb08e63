//! The form of the editor: how a badge fills it, and how it is shown.
//!
//! Fields are called as in the body of the API's request where they are single; what there may be
//! several of has rows, whose number stands in the name (`limit.2.max`).

use accolade_application::answer::BadgeView;
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindow, Weekday};
use accolade_domain::badge::{BadgeStatus, Benefit, EarnMode, Expiry, ImageTag};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::zone::CalendarUnit;
use askama::Template;
use time::Duration;

use super::{ETAG, Subject};
use crate::act::{KEY, STEP};
use crate::form::Form;
use crate::frame::{Frame, Problem};
use crate::moment::Moments;
use crate::parts::Choice;
use crate::texts as t;
use crate::visit::Visit;

/// What the fields of an enrolment's and of an earn's expiry begin with.
pub(super) const ENROLMENT: &str = "issuedBadgeExpiry";
pub(super) const EARN: &str = "earnedBadgeExpiry";

/// What the fields of rows begin with.
pub(super) const LIMIT: &str = "limit.";
pub(super) const IMAGE: &str = "image.";
pub(super) const TAG: &str = "tag.";

/// What the fields of custom fields begin with.
pub(super) const CUSTOM: &str = "custom.";

/// The fields that say how many rows there are.
const LISTS: [&str; 3] = ["limits", "images", "tags"];

/// How many rows more a form gets, and the most that it can have.
const MORE: usize = 2;
const MOST_ROWS: usize = 100;

#[derive(Template)]
#[template(path = "badge_editor.html")]
pub(super) struct EditorPage {
    frame: Frame,
    badge: Option<BadgeId>,
    action: String,
    etag: String,
    key: String,
    name: String,
    description: String,
    starts: String,
    expires: String,
    /// Whether the start and the earn type stay as they are.
    is_fixed: bool,
    earn_types: Vec<Choice>,
    earn_type: String,
    expiries: Vec<ExpiryField>,
    owners: Vec<Choice>,
    groups: Vec<Choice>,
    rank: String,
    till: String,
    active: bool,
    limits: Vec<LimitRow>,
    images: Vec<ImageRow>,
    tags: Vec<TagRow>,
    benefits: String,
    custom: Vec<CustomRow>,
}

struct ExpiryField {
    name: &'static str,
    title: &'static str,
    hint: &'static str,
    kinds: Vec<Choice>,
    value: String,
    units: Vec<Choice>,
    date: String,
}

struct LimitRow {
    number: usize,
    scopes: Vec<Choice>,
    kinds: Vec<Choice>,
    max: String,
    length: String,
    units: Vec<Choice>,
    weekdays: Vec<Choice>,
    reference: String,
    of: String,
}

struct ImageRow {
    number: usize,
    name: String,
    url: String,
    handle: String,
    tags: Vec<Choice>,
}

struct TagRow {
    number: usize,
    name: String,
    value: String,
}

struct CustomRow {
    name: String,
    kind: &'static str,
    mandatory: bool,
    value: String,
}

/// The numbers of the rows of the list that is called so.
pub(super) fn rows(form: &Form, list: &str) -> std::ops::Range<usize> {
    let count = form.typed(list).parse::<usize>().unwrap_or(0);
    0..count.min(MOST_ROWS)
}

/// The rows of limits of this scope that say something, those together that are one limit: windows of one
/// customer's limit.
pub(super) fn limit_rows(form: &Form, scope: &str) -> Vec<Vec<usize>> {
    let mut limits: Vec<Vec<usize>> = Vec::new();
    let says = |row: usize, part: &str| form.typed(&format!("{LIMIT}{row}.{part}"));
    for row in rows(form, "limits") {
        if says(row, "scope") != scope || says(row, "kind").is_empty() {
            continue;
        }
        let of = says(row, "of");
        let is_same = |first: usize| {
            !of.is_empty()
                && says(first, "of") == of
                && says(first, "kind") == "ROLLING_WINDOW"
                && says(row, "kind") == "ROLLING_WINDOW"
        };
        // A limit has one window of each unit.
        let joins = limits.iter_mut().find(|rows| {
            rows.first().is_some_and(|first| is_same(*first))
                && rows.iter().all(|it| says(*it, "unit") != says(row, "unit"))
        });
        match joins {
            Some(rows) => rows.push(row),
            None => limits.push(vec![row]),
        }
    }
    limits
}

/// The same problems at the fields of the form.
pub(super) fn at_fields(form: &Form, problems: Vec<Problem>) -> Vec<Problem> {
    let row = |scope: &str, path: &str| {
        let place = path.strip_prefix('[')?.split(']').next()?;
        let limit = limit_rows(form, scope);
        let row = limit.get(place.parse::<usize>().ok()?)?.first()?;
        Some(format!("{LIMIT}{row}"))
    };
    let moved = |problem: Problem| {
        let Some(at) = &problem.at else {
            return problem;
        };
        let at = if let Some(path) = at.strip_prefix("customerConstraints") {
            row("CUSTOMER_BADGE", path).unwrap_or_else(|| "limits".to_owned())
        } else if let Some(path) = at.strip_prefix("badgeConstraints") {
            row("BADGE", path).unwrap_or_else(|| "limits".to_owned())
        } else if at.starts_with("ownership") {
            "ownership".to_owned()
        } else if at.starts_with("customFields") {
            "custom".to_owned()
        } else if at.starts_with("benefits") {
            "benefits".to_owned()
        } else if let Some((expiry, part)) = at.split_once('.')
            && [ENROLMENT, EARN].contains(&expiry)
        {
            match part.trim_end_matches("ISO") {
                part @ ("value" | "expiresOn" | "relativeExpirytype" | "type") => {
                    format!("{expiry}.{part}")
                }
                _ => expiry.to_owned(),
            }
        } else if at.starts_with("images") || at.starts_with("tags") {
            at.split('[').next().unwrap_or_default().to_owned()
        } else {
            at.trim_end_matches("ISO").to_owned()
        };
        Problem {
            at: Some(at),
            ..problem
        }
    };
    problems.into_iter().map(moved).collect()
}

/// The form of a badge that is to be created at `now`.
pub(super) fn empty(now: Instant, moments: &Moments) -> Form {
    let zone = moments.zone();
    let tomorrow = zone.midnight(zone.date(now)) + Duration::DAY;
    let end = zone.add(tomorrow, CalendarUnit::Months, 12);
    let fields = [
        ("startOn", moments.field(tomorrow)),
        ("expiresOn", moments.field(end)),
        ("earnType", "ISSUE_EARN".to_owned()),
        ("issuedBadgeExpiry.type", "WITH_BADGE_META".to_owned()),
        ("earnedBadgeExpiry.type", "WITH_BADGE_META".to_owned()),
        ("active", "true".to_owned()),
        ("limits", "2".to_owned()),
        ("images", "1".to_owned()),
        ("tags", "1".to_owned()),
    ];
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The form of a copy of a badge: another name, and a start that may still come.
pub(super) fn duplicate(view: &BadgeView, moments: &Moments) -> Form {
    let zone = moments.zone();
    let form = of(view, moments);
    let copied: Form = form
        .fields()
        .iter()
        .filter(|(name, _)| !name.ends_with(".reference"))
        .cloned()
        .collect();
    let period = view.badge.definition.period;
    let mut copied = copied.with("name", t::copy_of(view.badge.definition.name.as_str()));
    let tomorrow = zone.midnight(zone.date(view.now)) + Duration::DAY;
    if period.starts_on() <= view.now {
        copied = copied.with("startOn", moments.field(tomorrow));
    }
    if period.expires_on() <= tomorrow {
        let end = zone.add(tomorrow, CalendarUnit::Months, 12);
        copied = copied.with("expiresOn", moments.field(end));
    }
    copied
}

/// The form of a badge as it is.
pub(super) fn of(view: &BadgeView, moments: &Moments) -> Form {
    let definition = &view.badge.definition;
    let mut filling = Filling {
        fields: Vec::new(),
        moments,
    };
    filling.put("name", definition.name.as_str());
    let description = definition.description.as_ref();
    filling.put("description", description.map_or("", |it| it.as_str()));
    let period = definition.period;
    filling.put("startOn", moments.field(period.starts_on()));
    filling.put("expiresOn", moments.field(period.expires_on()));
    filling.put("earnType", definition.earn_mode.earn_type().name());
    match definition.earn_mode {
        EarnMode::EnrolThenEarn { enrolment_expiry } => filling.expiry(ENROLMENT, enrolment_expiry),
        EarnMode::Direct => filling.expiry(ENROLMENT, Expiry::WithBadge),
    }
    filling.expiry(EARN, definition.earned_expiry);
    for owner in definition.owners.as_slice() {
        filling.put("ownership.restrictedToOwners", owner.name());
    }
    if let Some(group) = definition.group {
        filling.put("badgeGroupId", group.to_string());
    }
    if let Some(rank) = definition.rank {
        filling.put("badgeRank", i64::from(rank).to_string());
    }
    if let Some(till) = definition.default_till {
        filling.put("defaultTillId", till.to_string());
    }
    if view.badge.active {
        filling.put("active", "true");
    }
    filling.limits(view);
    for (row, image) in definition.images.iter().enumerate() {
        let mut part = |name: &str, text: Option<String>| {
            filling.put(format!("{IMAGE}{row}.{name}"), text.unwrap_or_default());
        };
        part("name", image.name.as_ref().map(ToString::to_string));
        part("url", image.url.as_ref().map(ToString::to_string));
        let handle = image.file_svc_handle.as_ref();
        part("fileSvcHandle", handle.map(ToString::to_string));
        part("tag", image.tag.map(|tag| tag.name().to_owned()));
    }
    filling.put("images", (definition.images.len() + 1).to_string());
    for (row, tag) in definition.tags.iter().enumerate() {
        filling.put(format!("{TAG}{row}.name"), tag.name.as_str());
        let value = tag.value.as_ref().map_or("", |it| it.as_str());
        filling.put(format!("{TAG}{row}.value"), value);
    }
    filling.put("tags", (definition.tags.len() + 1).to_string());
    if !definition.benefits.is_empty() {
        let benefits: Vec<_> = definition.benefits.iter().map(Benefit::json).collect();
        filling.put("benefits", format!("[{}]", benefits.join(",\n")));
    }
    for (name, value) in &definition.custom_values {
        filling.put(format!("{CUSTOM}{name}"), value.as_str());
    }
    filling.fields.into_iter().collect()
}

/// A form that is being filled.
struct Filling<'a> {
    fields: Vec<(String, String)>,
    moments: &'a Moments,
}

impl Filling<'_> {
    fn put(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.fields.push((name.into(), value.into()));
    }

    fn expiry(&mut self, name: &str, expiry: Expiry) {
        let kind = match expiry {
            Expiry::Relative { unit, value } => {
                self.put(format!("{name}.value"), value.get().to_string());
                self.put(format!("{name}.relativeExpirytype"), unit.name());
                "RELATIVE"
            }
            Expiry::WithBadge => "WITH_BADGE_META",
            Expiry::FixedDate(date) => {
                let date = self.moments.field(date);
                self.put(format!("{name}.expiresOn"), date);
                "FIXED_DATE"
            }
            Expiry::Never => "NEVER",
        };
        self.put(format!("{name}.type"), kind);
    }

    /// The rows of the limits; those of windows that have ended are no one's to edit.
    fn limits(&mut self, view: &BadgeView) {
        let definition = &view.badge.definition;
        let has_ended = |window: &FixedWindow| window.until.is_some_and(|end| end <= view.now);
        let mut row = 0;
        for (scope, constraints) in [
            ("CUSTOMER_BADGE", &definition.customer_constraints),
            ("BADGE", &definition.badge_constraints),
        ] {
            for (of, constraint) in constraints.iter().enumerate() {
                match constraint {
                    Constraint::FixedWindow(window) if has_ended(window) => {}
                    Constraint::RollingWindow(windows) => {
                        for window in windows {
                            self.limit(row, scope, "ROLLING_WINDOW", Some(window.max.get()));
                            self.put(
                                format!("{LIMIT}{row}.length"),
                                window.length.get().to_string(),
                            );
                            self.put(format!("{LIMIT}{row}.unit"), window.unit.name());
                            self.put(format!("{LIMIT}{row}.of"), of.to_string());
                            row += 1;
                        }
                    }
                    Constraint::FixedValue(max) => {
                        self.limit(row, scope, "FIXED_VALUE", Some(max.get()));
                        row += 1;
                    }
                    Constraint::FixedWindow(window) => {
                        self.window(row, scope, window);
                        row += 1;
                    }
                    Constraint::NoLimit => {
                        self.limit(row, scope, "NO_LIMIT", None);
                        row += 1;
                    }
                }
            }
        }
        self.put("limits", (row + 1).to_string());
    }

    fn limit(&mut self, row: usize, scope: &str, kind: &str, max: Option<u32>) {
        self.put(format!("{LIMIT}{row}.scope"), scope);
        self.put(format!("{LIMIT}{row}.kind"), kind);
        let max = max.map(|it| it.to_string());
        self.put(format!("{LIMIT}{row}.max"), max.unwrap_or_default());
    }

    fn window(&mut self, row: usize, scope: &str, window: &FixedWindow) {
        self.limit(row, scope, "FIXED_WINDOW", Some(window.max.get()));
        let (unit, length) = window.cycle.length();
        self.put(format!("{LIMIT}{row}.unit"), unit.name());
        self.put(format!("{LIMIT}{row}.length"), length.get().to_string());
        if let Cycle::Weeks { starts_on } = window.cycle {
            self.put(format!("{LIMIT}{row}.weekday"), starts_on.name());
        }
        let reference = window.reference.to_string();
        self.put(format!("{LIMIT}{row}.reference"), reference);
    }
}

/// The page with the form, which has some rows more if that is asked for.
pub(super) fn page(
    visit: &Visit,
    subject: &Subject,
    form: &Form,
    problems: Vec<Problem>,
) -> EditorPage {
    let mut form = form.clone();
    for list in LISTS {
        if form.has(STEP, &format!("more-{list}")) {
            let count = rows(&form, list).len() + MORE;
            form = form.with(list, count.to_string());
        }
    }
    let badge = subject.badge();
    let title = badge.map_or_else(
        || t::NEW_BADGE.to_owned(),
        |badge| t::edit(badge.definition.name.as_str()),
    );
    let text = |name: &str| form.typed(name).to_owned();
    let has_begun = subject.badge.as_ref().is_some_and(|view| {
        let status = view.badge.definition.period.status(view.now);
        status != BadgeStatus::Upcoming
    });
    EditorPage {
        frame: visit.frame(title).with_problems(problems),
        badge: badge.map(|it| it.id),
        action: visit.http.path().to_owned(),
        etag: text(ETAG),
        key: text(KEY),
        name: text("name"),
        description: text("description"),
        starts: text("startOn"),
        expires: text("expiresOn"),
        is_fixed: has_begun,
        earn_types: Choice::of(t::EARN_TYPES[1..].iter().copied(), form.typed("earnType")),
        earn_type: text("earnType"),
        expiries: vec![
            expiry(&form, ENROLMENT, t::ENROLMENT_ENDS, t::ENROLMENT_ENDS_HINT),
            expiry(&form, EARN, t::EARN_ENDS, t::EARN_ENDS_HINT),
        ],
        owners: owners(&form),
        groups: groups(subject, &form),
        rank: text("badgeRank"),
        till: text("defaultTillId"),
        active: form.says("active"),
        limits: rows(&form, "limits").map(|row| limit(&form, row)).collect(),
        images: rows(&form, "images").map(|row| image(&form, row)).collect(),
        tags: rows(&form, "tags").map(|row| tag(&form, row)).collect(),
        benefits: text("benefits"),
        custom: custom(subject, &form),
    }
}

fn expiry(form: &Form, name: &'static str, title: &'static str, hint: &'static str) -> ExpiryField {
    let text = |part: &str| form.typed(&format!("{name}.{part}")).to_owned();
    ExpiryField {
        name,
        title,
        hint,
        kinds: Choice::of(t::EXPIRIES.iter().copied(), &text("type")),
        value: text("value"),
        units: units(&text("relativeExpirytype")),
        date: text("expiresOn"),
    }
}

fn units(chosen: &str) -> Vec<Choice> {
    let units = CalendarUnit::ALL.iter();
    Choice::of(units.map(|it| (it.name(), t::units(*it))), chosen)
}

fn owners(form: &Form) -> Vec<Choice> {
    let owners = OwnerType::ALL.iter();
    let choice = |it: &OwnerType| Choice {
        value: it.name().to_owned(),
        text: t::owner_type(*it),
        chosen: form.has("ownership.restrictedToOwners", it.name()),
    };
    owners.map(choice).collect()
}

fn groups(subject: &Subject, form: &Form) -> Vec<Choice> {
    let groups = subject.groups.iter();
    let groups = groups.map(|it| (it.id.to_string(), it.name.to_string()));
    let none = (String::new(), t::NO_GROUP.to_owned());
    Choice::of([none].into_iter().chain(groups), form.typed("badgeGroupId"))
}

fn limit(form: &Form, number: usize) -> LimitRow {
    let text = |part: &str| form.typed(&format!("{LIMIT}{number}.{part}")).to_owned();
    let weekdays = Weekday::ALL.iter();
    let weekdays = weekdays.map(|it| (it.name(), t::weekday(*it)));
    LimitRow {
        number,
        scopes: Choice::of(t::LIMIT_SCOPES.iter().copied(), &text("scope")),
        kinds: Choice::of(t::LIMIT_KINDS.iter().copied(), &text("kind")),
        max: text("max"),
        length: text("length"),
        units: units(&text("unit")),
        weekdays: Choice::of(weekdays, &text("weekday")),
        reference: text("reference"),
        of: text("of"),
    }
}

fn image(form: &Form, number: usize) -> ImageRow {
    let text = |part: &str| form.typed(&format!("{IMAGE}{number}.{part}")).to_owned();
    let tags = ImageTag::ALL
        .iter()
        .map(|it| (it.name(), t::image_tag(*it)));
    let tags = [("", t::NO_TAG)].into_iter().chain(tags);
    ImageRow {
        number,
        name: text("name"),
        url: text("url"),
        handle: text("fileSvcHandle"),
        tags: Choice::of(tags, &text("tag")),
    }
}

fn tag(form: &Form, number: usize) -> TagRow {
    let text = |part: &str| form.typed(&format!("{TAG}{number}.{part}")).to_owned();
    TagRow {
        number,
        name: text("name"),
        value: text("value"),
    }
}

fn custom(subject: &Subject, form: &Form) -> Vec<CustomRow> {
    let fields = subject.custom_fields.iter();
    let row = fields.map(|it| CustomRow {
        name: it.name.to_string(),
        kind: t::data_type(it.data_type),
        mandatory: it.mandatory,
        value: form.typed(&format!("{CUSTOM}{}", it.name)).to_owned(),
    });
    row.collect()
}
