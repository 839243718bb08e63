//! What was and what is, field by field, as the audit trail tells it and people read it.

use accolade_application::audit::{AuditList, TracedEntry};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{ActorRecord, StoreError};
use accolade_domain::audit::{Action, Attribution, BadgeState, Change, Entry, EntryId, State};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_wire::audit::answer::AuditBody;
use serde_json::Value;

use crate::moment::{Moment, Moments};
use crate::texts as t;

/// One field that differs.
pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) before: Shown,
    pub(crate) after: Shown,
}

/// A value as it is shown.
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) moment: Option<Moment>,
}

/// What differs between two states of a badge, which may be new.
///
/// # Errors
/// A part of it cannot be written.
pub(crate) fn of_badge(
    before: Option<BadgeState>,
    after: BadgeState,
    now: Instant,
    moments: &Moments,
) -> Result<Vec<Difference>, UseCaseError> {
    let state = |it| State::Badge(Box::new(it));
    let change = Change {
        before: before.map(state),
        after: Some(state(after)),
        hidden: Vec::new(),
    };
    let nobody = Attribution::system(now);
    // Any org and any thing will do: what is looked at are the fields that differ.
    let org = OrgId::try_from(1).map_err(|error| unwritable(anyhow::Error::new(error)))?;
    let thing = accolade_domain::audit::Entity::from_stored(
        accolade_domain::audit::EntityKind::Badge,
        String::new(),
    );
    let entry = Entry {
        org,
        by: nobody,
        entity: thing,
        action: Action::Update,
        reason: None,
        change,
    };
    let traced = TracedEntry {
        id: EntryId { on: now, number: 0 },
        entry,
        actor: ActorRecord::System,
    };
    let list = AuditList {
        entries: vec![traced],
        next: None,
    };
    let mut found = of_entries(&list, moments)?;
    Ok(found.pop().unwrap_or_default())
}

/// What each entry of `list` tells, by position.
///
/// # Errors
/// A part of it cannot be written.
pub(crate) fn of_entries(
    list: &AuditList,
    moments: &Moments,
) -> Result<Vec<Vec<Difference>>, UseCaseError> {
    let body = AuditBody::new(list, moments.zone())
        .and_then(serde_json::to_value)
        .map_err(|error| unwritable(error.into()))?;
    let entries = body["entries"].as_array().map(Vec::as_slice);
    let changes = entries.unwrap_or_default().iter().map(|entry| {
        let changes = entry["changes"].as_array().map(Vec::as_slice);
        of_changes(changes.unwrap_or_default(), moments)
    });
    Ok(changes.collect())
}

/// What the `changes` of an answer of the API tell.
pub(crate) fn of_changes(changes: &[Value], moments: &Moments) -> Vec<Difference> {
    let field = |change: &Value| change["field"].as_str().unwrap_or_default().to_owned();
    let has_twin = |name: &str| {
        let twin = format!("{name}ISO");
        changes.iter().any(|it| field(it) == twin)
    };
    let told = changes.iter().filter_map(|change| {
        let name = field(change);
        // The text of a moment says what its number says.
        if has_twin(&name) {
            return None;
        }
        Some(Difference {
            field: t::field(name.trim_end_matches("ISO")),
            before: shown(&change["before"], moments),
            after: shown(&change["after"], moments),
        })
    });
    told.collect()
}

fn shown(value: &Value, moments: &Moments) -> Shown {
    let moment = value.as_str().and_then(|text| {
        let is_moment = text.ends_with('Z') && text.len() >= 20;
        Instant::parse_iso(text).ok().filter(|_| is_moment)
    });
    Shown {
        text: text(value),
        moment: moments.maybe(moment),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => t::NOTHING.to_owned(),
        Value::Bool(true) => t::YES.to_owned(),
        Value::Bool(false) => t::NO.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn unwritable(error: anyhow::Error) -> UseCaseError {
    UseCaseError::Store(StoreError::Unexpected(error))
}
