//! What was and what is, as the API's own bodies say it.

use std::borrow::Cow;

use accolade_domain::approval::ChangeState;
use accolade_domain::audit::{
    Action, BadgeState, Change, ClientState, Entry, OperatorState, State,
};
use accolade_domain::badge::EarnMode;
use accolade_domain::catalogue::{CustomField, CustomValues, Group};
use accolade_domain::earning::Scope;
use accolade_domain::ids::GroupId;
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::owner::OwnerType;
use accolade_domain::text::{Description, Reason};
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::audit::answer::ChangeBody;
use crate::audit::difference::differences;
use crate::audit::job_state::JobSettingsState;
use crate::audit::webhook_state::{WebhookSettingsState, WebhookStateState};
use crate::badge::answer::{ClaimBody, ImageBody, TagBody, benefits, description, images, tags};
use crate::badge::constraint::{ConstraintBody, Seen};
use crate::badge::expiry::ExpiryBody;
use crate::change::rules::RulesBody;
use crate::instant::{WireInstant, WireIso};

/// What `change` tells, field by field, as it was seen at `now`.
///
/// # Errors
/// A part that is stored cannot be written.
pub(crate) fn told(
    change: &Change,
    now: Instant,
    zone: &Zone,
) -> serde_json::Result<Vec<ChangeBody>> {
    let mut found = Vec::new();
    let written = |state: &Option<State>| {
        let state = state.as_ref();
        state.map(|it| write(it, now, zone)).transpose()
    };
    let (before, after) = (written(&change.before)?, written(&change.after)?);
    differences("", before.as_deref(), after.as_deref(), &mut found)?;
    Ok(found)
}

/// What `entry` tells, field by field.
///
/// # Errors
/// A part that is stored cannot be written.
pub(super) fn changes(entry: &Entry, zone: &Zone) -> serde_json::Result<Vec<ChangeBody>> {
    let mut found = Vec::new();
    let (before, after) = (&entry.change.before, &entry.change.after);
    let path = before.as_ref().or(after.as_ref()).map(path);
    let written = |state: &Option<State>| {
        let state = state.as_ref();
        state.map(|it| write(it, entry.by.on, zone)).transpose()
    };
    let (before, after) = (written(before)?, written(after)?);
    differences(
        &path.unwrap_or_default(),
        before.as_deref(),
        after.as_deref(),
        &mut found,
    )?;
    if entry.action == Action::Revoke {
        let revocation = to_raw_value(&RevocationState::new(entry))?;
        differences("", None, Some(&revocation), &mut found)?;
    }
    for field in &entry.change.hidden {
        found.push(ChangeBody {
            field: field.name().to_owned(),
            before: None,
            after: None,
        });
    }
    Ok(found)
}

/// Where `state` stands in the body of its thing.
fn path(state: &State) -> Cow<'static, str> {
    match state {
        State::Claim(claim) => format!("ownership.claims[{}]", claim.position).into(),
        _ => Cow::Borrowed(""),
    }
}

/// `state` as it was seen at `now`.
fn write(state: &State, now: Instant, zone: &Zone) -> serde_json::Result<Box<RawValue>> {
    match state {
        State::Badge(badge) => to_raw_value(&BadgeStateBody::new(badge, now, zone)?),
        State::Activity(active) => to_raw_value(&json!({ "active": active })),
        State::Claim(state) => to_raw_value(&ClaimBody::new(&state.claim)),
        State::Group(group) => to_raw_value(&GroupState::new(group)),
        State::CustomField(field) => to_raw_value(&CustomFieldState::new(field)),
        State::Client(client) => to_raw_value(&ClientStateBody::new(client)),
        State::Webhook(settings) => to_raw_value(&WebhookSettingsState::new(settings)),
        State::WebhookState(state) => to_raw_value(&WebhookStateState::new(*state)),
        State::Job(settings) => to_raw_value(&JobSettingsState::new(settings)),
        State::JobState(state) => to_raw_value(&json!({ "state": state.name() })),
        State::Merge(from, to) => to_raw_value(&json!({
            "fromCustomerId": from,
            "toCustomerId": to,
        })),
        State::Operator(operator) => to_raw_value(&OperatorStateBody::new(operator)),
        State::ApprovalRules(rules) => to_raw_value(&RulesBody::new(rules)),
        State::Change(operation) => to_raw_value(&json!({
            "operation": operation.name(),
            "state": ChangeState::Pending.name(),
        })),
        State::ChangeState(state) => to_raw_value(&json!({ "state": state.name() })),
        State::Imported(earns) => to_raw_value(&json!({ "earnedCount": earns })),
    }
}

/// A badge, without its claims, its counts and what the server sets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BadgeStateBody<'a> {
    name: &'a str,
    description: Option<&'a str>,
    start_on: WireInstant,
    #[serde(rename = "startOnISO")]
    start_on_iso: WireIso,
    expires_on: WireInstant,
    #[serde(rename = "expiresOnISO")]
    expires_on_iso: WireIso,
    earned_badge_expiry: ExpiryBody,
    issued_badge_expiry: Option<ExpiryBody>,
    images: Vec<ImageBody<'a>>,
    ownership: OwnershipState,
    customer_constraints: Vec<ConstraintBody>,
    badge_constraints: Vec<ConstraintBody>,
    benefits: Vec<&'a RawValue>,
    tags: Vec<TagBody<'a>>,
    badge_group_id: Option<GroupId>,
    badge_rank: Option<i64>,
    default_till_id: Option<i64>,
    earn_type: &'static str,
    custom_fields: &'a CustomValues,
    active: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnershipState {
    restricted_to_owners: Vec<&'static str>,
}

impl<'a> BadgeStateBody<'a> {
    fn new(state: &'a BadgeState, now: Instant, zone: &Zone) -> serde_json::Result<Self> {
        let definition = &state.definition;
        let period = definition.period;
        let seen = Seen::at(now, definition, zone);
        let constraints =
            |scope, constraints: &[_]| ConstraintBody::all(scope, constraints, seen, false);
        let owners = definition.owners.as_slice().iter().copied();
        Ok(Self {
            name: definition.name.as_str(),
            description: description(definition),
            start_on: period.starts_on().into(),
            start_on_iso: period.starts_on().into(),
            expires_on: period.expires_on().into(),
            expires_on_iso: period.expires_on().into(),
            earned_badge_expiry: definition.earned_expiry.into(),
            issued_badge_expiry: match definition.earn_mode {
                EarnMode::EnrolThenEarn { enrolment_expiry } => Some(enrolment_expiry.into()),
                EarnMode::Direct => None,
            },
            images: images(definition),
            ownership: OwnershipState {
                restricted_to_owners: owners.map(OwnerType::name).collect(),
            },
            customer_constraints: constraints(Scope::Customer, &definition.customer_constraints),
            badge_constraints: constraints(Scope::Badge, &definition.badge_constraints),
            benefits: benefits(definition)?,
            tags: tags(definition),
            badge_group_id: definition.group,
            badge_rank: definition.rank.map(Into::into),
            default_till_id: definition.default_till,
            earn_type: definition.earn_mode.earn_type().name(),
            custom_fields: &definition.custom_values,
            active: state.active,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupState<'a> {
    name: &'a str,
    rank: i64,
    is_active: bool,
}

impl<'a> GroupState<'a> {
    fn new(group: &'a Group) -> Self {
        Self {
            name: group.name.as_str(),
            rank: group.rank.into(),
            is_active: group.active,
        }
    }
}

/// An API client, without its secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientStateBody<'a> {
    name: &'a str,
    groups: &'a [String],
    requests_per_minute: Option<u32>,
    customers_per_minute: Option<u32>,
    ends_on: Option<WireInstant>,
    #[serde(rename = "endsOnISO")]
    ends_on_iso: Option<WireIso>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

impl<'a> ClientStateBody<'a> {
    fn new(client: &'a ClientState) -> Self {
        Self {
            name: client.name.as_str(),
            groups: &client.groups,
            requests_per_minute: client.requests_per_minute,
            customers_per_minute: client.customers_per_minute,
            ends_on: client.ends_on.map(Into::into),
            ends_on_iso: client.ends_on.map(Into::into),
            owner: client.owner.as_ref().map(Login::as_str),
        }
    }
}

/// An operator, without her password.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperatorStateBody<'a> {
    login: &'a str,
    name: &'a str,
    roles: &'a [String],
    issuer: Option<&'a str>,
    subject: Option<&'a str>,
}

impl<'a> OperatorStateBody<'a> {
    fn new(operator: &'a OperatorState) -> Self {
        Self {
            login: &operator.login,
            name: operator.name.as_str(),
            roles: &operator.roles,
            issuer: operator.issuer.as_deref(),
            subject: operator.subject.as_deref(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CustomFieldState<'a> {
    name: &'a str,
    is_mandatory: bool,
    default_value: Option<&'a str>,
    is_active: bool,
    data_type: &'static str,
}

impl<'a> CustomFieldState<'a> {
    fn new(field: &'a CustomField) -> Self {
        Self {
            name: field.name.as_str(),
            is_mandatory: field.mandatory,
            default_value: field.default.as_ref().map(Description::as_str),
            is_active: field.active,
            data_type: field.data_type.name(),
        }
    }
}

/// What a revocation leaves in what it has revoked: all of it is in the entry.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevocationState<'a> {
    revoked_on: WireInstant,
    #[serde(rename = "revokedOnISO")]
    revoked_on_iso: WireIso,
    revoke_reason: Option<&'a str>,
}

impl<'a> RevocationState<'a> {
    fn new(entry: &'a Entry) -> Self {
        Self {
            revoked_on: entry.by.on.into(),
            revoked_on_iso: entry.by.on.into(),
            revoke_reason: entry.reason.as_ref().map(Reason::as_str),
        }
    }
}
