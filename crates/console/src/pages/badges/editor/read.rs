//! From the form of the editor to the body of the API's own request, which is read as that is read.

use accolade_domain::badge::{BadgeDefinition, BadgePeriod, EarnMode, Expiry};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_wire::badge::request::{self, BadgeRequest, Named, NewId};
use serde_json::{Map, Value, json};

use super::fields::{CUSTOM, EARN, ENROLMENT, IMAGE, LIMIT, TAG, at_fields, limit_rows, rows};
use crate::form::Form;
use crate::frame::Problem;
use crate::moment::Moments;
use crate::texts as t;

/// The badge that `form` is to create.
///
/// # Errors
/// What cannot be read of it.
pub(super) fn new_badge(form: &Form, moments: &Moments) -> Result<BadgeRequest, Vec<Problem>> {
    let body = body(form, None, moments)?;
    let read = request::read(body.to_string().as_bytes(), NewId::Made);
    read.map(|parsed| parsed.value.1)
        .map_err(|problems| problems_at(form, &problems))
}

/// What `form` is to make of the badge with this `definition`.
///
/// # Errors
/// What cannot be read of it.
pub(super) fn changed_badge(
    badge: BadgeId,
    definition: Option<&BadgeDefinition>,
    form: &Form,
    moments: &Moments,
) -> Result<BadgeRequest, Vec<Problem>> {
    let body = body(form, definition, moments)?;
    let named = Named::InPath(Some(badge));
    let read = request::read_update(body.to_string().as_bytes(), named);
    read.map(|parsed| parsed.value.1)
        .map_err(|problems| problems_at(form, &problems))
}

fn problems_at(form: &Form, rejections: &[Rejection]) -> Vec<Problem> {
    at_fields(form, rejections.iter().map(Problem::from).collect())
}

/// The body that says what `form` says.
fn body(
    form: &Form,
    before: Option<&BadgeDefinition>,
    moments: &Moments,
) -> Result<Value, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut body = Map::new();
    for name in ["name", "description", "badgeGroupId"] {
        if let Some(text) = form.given(name) {
            // Browsers send line breaks as two characters, whatever they were shown.
            let text = text.replace("\r\n", "\n");
            body.insert(name.to_owned(), text.into());
        }
    }
    for name in ["badgeRank", "defaultTillId"] {
        put_number(&mut body, name, form, name);
    }
    let period = before.map(|it| it.period);
    let dates = [
        ("startOn", period.map(BadgePeriod::starts_on)),
        ("expiresOn", period.map(BadgePeriod::expires_on)),
    ];
    for (name, before) in dates {
        put_moment(
            &mut body,
            name,
            (form, name),
            before,
            moments,
            &mut problems,
        );
    }
    let earn_type = form.typed("earnType");
    body.insert("earnType".to_owned(), earn_type.into());
    let mut put_expiry = |name: &str, before: Option<Expiry>| {
        let expiry = expiry(form, name, before, moments, &mut problems);
        body.insert(name.to_owned(), expiry);
    };
    if earn_type == "ISSUE_EARN" {
        let before = before.and_then(|it| match it.earn_mode {
            EarnMode::EnrolThenEarn { enrolment_expiry } => Some(enrolment_expiry),
            EarnMode::Direct => None,
        });
        put_expiry(ENROLMENT, before);
    }
    put_expiry(EARN, before.map(|it| it.earned_expiry));
    let owners: Vec<_> = form.all("ownership.restrictedToOwners").collect();
    body.insert(
        "ownership".to_owned(),
        json!({ "restrictedToOwners": owners }),
    );
    for (list, scope) in [
        ("customerConstraints", "CUSTOMER_BADGE"),
        ("badgeConstraints", "BADGE"),
    ] {
        let limits = limit_rows(form, scope);
        let limits: Vec<_> = limits.iter().map(|rows| limit(form, scope, rows)).collect();
        body.insert(list.to_owned(), limits.into());
    }
    body.insert("images".to_owned(), images(form));
    body.insert("tags".to_owned(), tags(form));
    if let Some(benefits) = form.given("benefits") {
        match serde_json::from_str::<Value>(&benefits) {
            Ok(read) => {
                body.insert("benefits".to_owned(), read);
            }
            Err(_) => problems.push(Problem::at("benefits", t::NO_JSON)),
        }
    }
    let custom = form.fields().iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(CUSTOM)?;
        (!value.trim().is_empty()).then(|| (name.to_owned(), Value::from(value.as_str())))
    });
    body.insert("customFields".to_owned(), Value::Object(custom.collect()));
    body.insert("active".to_owned(), form.says("active").into());
    if problems.is_empty() {
        Ok(Value::Object(body))
    } else {
        Err(problems)
    }
}

/// A number is sent as one; what is none is sent as it is, so that it is refused where it stands.
fn number(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| Value::from(text), Value::from)
}

fn put_number(body: &mut Map<String, Value>, name: &str, form: &Form, field: &str) {
    if let Some(text) = form.given(field) {
        body.insert(name.to_owned(), number(&text));
    }
}

fn put_moment(
    body: &mut Map<String, Value>,
    name: &str,
    (form, field): (&Form, &str),
    before: Option<Instant>,
    moments: &Moments,
    problems: &mut Vec<Problem>,
) {
    match moments.read_over(form.typed(field), before) {
        Ok(Some(moment)) => {
            body.insert(name.to_owned(), moment.to_string().into());
        }
        Ok(None) => {}
        Err(_) => problems.push(Problem::at(field, t::NO_MOMENT)),
    }
}

fn expiry(
    form: &Form,
    name: &str,
    before: Option<Expiry>,
    moments: &Moments,
    problems: &mut Vec<Problem>,
) -> Value {
    let field = |part: &str| format!("{name}.{part}");
    let mut body = Map::new();
    let kind = form.typed(&field("type"));
    match kind {
        "RELATIVE" => {
            let unit = form.typed(&field("relativeExpirytype"));
            body.insert("expiryType".to_owned(), kind.into());
            body.insert("relativeExpirytype".to_owned(), unit.into());
            put_number(&mut body, "value", form, &field("value"));
        }
        "FIXED_DATE" => {
            let before = match before {
                Some(Expiry::FixedDate(date)) => Some(date),
                _ => None,
            };
            body.insert("expiryType".to_owned(), "ABSOLUTE".into());
            body.insert("type".to_owned(), kind.into());
            let place = field("expiresOn");
            let at = (form, place.as_str());
            put_moment(&mut body, "expiresOn", at, before, moments, problems);
        }
        "WITH_BADGE_META" => {
            body.insert("expiryType".to_owned(), "ABSOLUTE".into());
            body.insert("type".to_owned(), kind.into());
        }
        _ => {
            body.insert("expiryType".to_owned(), "NEVER".into());
        }
    }
    Value::Object(body)
}

/// The limit that `rows` of the form say together: several are windows of one customer's limit.
fn limit(form: &Form, scope: &str, rows: &[usize]) -> Value {
    let mut body = Map::new();
    for row in rows {
        let field = |part: &str| format!("{LIMIT}{row}.{part}");
        let kind = form.typed(&field("kind"));
        let unit = form.typed(&field("unit"));
        body.insert(
            "constraintType".to_owned(),
            format!("{scope}_{kind}").into(),
        );
        match (kind, scope) {
            ("FIXED_VALUE", _) => put_number(&mut body, "maxEarnLimit", form, &field("max")),
            ("FIXED_WINDOW", _) => {
                put_number(&mut body, "maxEarnLimit", form, &field("max"));
                body.insert("durationType".to_owned(), unit.into());
                match unit {
                    "DAYS" => put_number(&mut body, "refreshRate", form, &field("length")),
                    "WEEKS" => {
                        let day = form.typed(&field("weekday"));
                        body.insert("startDayOfTheWeek".to_owned(), day.into());
                    }
                    _ => {}
                }
                if let Some(reference) = form.given(&field("reference")) {
                    body.insert("referenceId".to_owned(), reference.into());
                }
            }
            ("ROLLING_WINDOW", "BADGE") => {
                put_number(&mut body, "maxEarnLimit", form, &field("max"));
                put_number(&mut body, "rollValue", form, &field("length"));
                body.insert("rollType".to_owned(), unit.into());
            }
            ("ROLLING_WINDOW", _) => {
                let (max, length) = match unit {
                    "DAYS" => ("maxEarnForDays", "rollForDays"),
                    "WEEKS" => ("maxEarnForWeeks", "rollForWeeks"),
                    _ => ("maxEarnForMonths", "rollForMonths"),
                };
                put_number(&mut body, max, form, &field("max"));
                put_number(&mut body, length, form, &field("length"));
            }
            _ => {}
        }
    }
    Value::Object(body)
}

fn images(form: &Form) -> Value {
    let all = rows(form, "images").filter_map(|row| {
        let parts = ["name", "url", "fileSvcHandle", "tag"].into_iter();
        let given = parts.filter_map(|part| {
            let text = form.given(&format!("{IMAGE}{row}.{part}"))?;
            Some((part.to_owned(), Value::from(text)))
        });
        let image: Map<_, _> = given.collect();
        // A row whose tag alone is chosen is empty.
        (image.keys().any(|it| it != "tag")).then_some(Value::Object(image))
    });
    all.collect()
}

fn tags(form: &Form) -> Value {
    let all = rows(form, "tags").filter_map(|row| {
        let part = |part: &str| form.given(&format!("{TAG}{row}.{part}"));
        let (name, value) = (part("name"), part("value"));
        (name.is_some() || value.is_some()).then(|| json!({ "name": name, "value": value }))
    });
    all.collect()
}
