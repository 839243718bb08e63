//! How everything between a customer and a badge looks in an answer.

use accolade_application::customers::ShownDetails;
use accolade_application::ports::{EarnRecord, IssualRecord, Refusal};
use accolade_domain::badge::EarnMode;
use accolade_domain::catalogue::CustomValues;
use accolade_domain::ids::{BadgeId, EarnedBadgeId, EnrolmentId, GroupId};
use accolade_domain::instant::Instant;
use accolade_domain::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::badge::answer::{ImageBody, description, images};
use crate::badge::constraint::Seen;
use crate::badge::expiry::ExpiryBody;
use crate::customer::limit::{CountedLimitBody, counted_limits};
use crate::instant::{WireInstant, WireIso};
use crate::words::{BadgeStatusName, EarnTypeName, EnrolmentStatusName, OwnerTypeName};

/// A badge, and all that a customer has of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerBadgeDetails)]
#[serde(rename_all = "camelCase")]
pub struct DetailsBody<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    id: BadgeId,
    /// Its name.
    name: &'a str,
    /// A text for people.
    #[schema(required)]
    description: Option<&'a str>,
    /// When it was created.
    created_on: WireInstant,
    /// The same as text.
    #[serde(rename = "createdOnISO")]
    created_on_iso: WireIso,
    /// When it last changed.
    last_updated_on: WireInstant,
    /// The same as text.
    #[serde(rename = "lastUpdatedOnISO")]
    last_updated_on_iso: WireIso,
    /// When it starts.
    starts_on: WireInstant,
    /// The same as text.
    #[serde(rename = "startsOnISO")]
    starts_on_iso: WireIso,
    /// When it ends.
    expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "expiresOnISO")]
    expires_on_iso: WireIso,
    /// ACTIVATED or `DE_ACTIVATED`.
    action: &'static str,
    /// Whether customers are enrolled first.
    #[schema(value_type = EarnTypeName)]
    badge_type: &'static str,
    /// Where it stands in its period.
    #[schema(value_type = BadgeStatusName)]
    badge_status: &'static str,
    /// The owners that may claim it.
    #[schema(value_type = Vec<OwnerTypeName>)]
    owner: Vec<&'static str>,
    /// The owners that have an active claim.
    #[schema(value_type = Vec<OwnerTypeName>)]
    claimed_by: Vec<&'static str>,
    /// Pictures.
    images: Vec<ImageBody<'a>>,
    /// When an earned badge expires.
    earn_expiry: ExpiryBody,
    /// When an enrolment expires; absent if customers are not enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    issue_expiry: Option<ExpiryBody>,
    /// The group that it belongs to; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    badge_group_id: Option<GroupId>,
    /// The name of that group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    badge_group_name: Option<&'a str>,
    /// Its place in the group: 1 is highest; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    badge_rank: Option<i64>,
    /// With statistics: the customer's limits that hold now, and what is taken of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    customer_constraints: Option<Vec<CountedLimitBody>>,
    /// With statistics: the badge's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    badge_constraints: Option<Vec<CountedLimitBody>>,
    /// With statistics: the customer's enrolments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    issual_details: Option<IssualsBody<'a>>,
    /// The state of the enrolment that holds now, else of the last; absent if the customer was
    /// never enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<EnrolmentStatusName>, nullable = false)]
    issued_status: Option<&'static str>,
    /// With statistics: what the customer has earned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    earn_details: Option<EarnsBody<'a>>,
    /// With statistics: the customer's latest refused earns, up to ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refusals: Option<Vec<RefusalBody<'a>>>,
    /// How many earned badges the customer has that are neither revoked nor expired.
    active_earned_count: u64,
    /// Values of the organisation's custom fields.
    #[schema(value_type = Object)]
    custom_fields: &'a CustomValues,
}

/// A customer's enrolments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssualDetails)]
#[serde(rename_all = "camelCase")]
struct IssualsBody<'a> {
    /// How many there are in the list.
    issued_count: usize,
    /// All of them, revoked ones included, the last first.
    issuals: Vec<IssualBody<'a>>,
}

/// One enrolment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Issual)]
#[serde(rename_all = "camelCase")]
struct IssualBody<'a> {
    /// When it was recorded.
    issued_on: WireInstant,
    /// The same as text.
    #[serde(rename = "issuedOnISO")]
    issued_on_iso: WireIso,
    /// Its state.
    #[schema(value_type = EnrolmentStatusName)]
    issued_status: &'static str,
    /// When it expires.
    issue_expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "issueExpiresOnISO")]
    issue_expires_on_iso: WireIso,
    /// Its id.
    #[schema(value_type = String, example = "69381605cebb9648d8974536")]
    issue_id: EnrolmentId,
    /// Who triggered it; null if it was done by hand.
    #[schema(required, value_type = Option<OwnerTypeName>)]
    owner_type: Option<&'static str>,
    /// The owner's own id of the use.
    #[schema(required)]
    owner_reference_id: Option<&'a str>,
    /// When it was revoked; null if it was not.
    #[schema(required)]
    revoked_on: Option<WireInstant>,
    /// The same as text.
    #[serde(rename = "revokedOnISO")]
    #[schema(required)]
    revoked_on_iso: Option<WireIso>,
    /// When the customer was enrolled.
    issue_event_date: WireInstant,
    /// The same as text.
    #[serde(rename = "issueEventDateISO")]
    issue_event_date_iso: WireIso,
}

/// What a customer has earned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EarnDetails)]
#[serde(rename_all = "camelCase")]
struct EarnsBody<'a> {
    /// How many there are in the list.
    earn_count: usize,
    /// All of them, revoked ones included, the last first.
    earns: Vec<EarnBody<'a>>,
}

/// One earned badge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Earn)]
#[serde(rename_all = "camelCase")]
struct EarnBody<'a> {
    /// Its id.
    #[schema(value_type = String, example = "66da90618bdb494a4f065774")]
    earned_badge_id: EarnedBadgeId,
    /// The enrolment that it rests on; null if there is none.
    #[schema(required, value_type = Option<String>)]
    issue_id: Option<EnrolmentId>,
    /// When it was recorded.
    earned_on: WireInstant,
    /// The same as text.
    #[serde(rename = "earnedOnISO")]
    earned_on_iso: WireIso,
    /// When the criteria were fulfilled.
    earn_event_date: WireInstant,
    /// The same as text.
    #[serde(rename = "earnEventDateISO")]
    earn_event_date_iso: WireIso,
    /// When it expires.
    earn_expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "earnExpiresOnISO")]
    earn_expires_on_iso: WireIso,
    /// ACTIVE, EXPIRED or REVOKED.
    earned_status: &'static str,
    /// Who triggered it; null if it was done by hand.
    #[schema(required, value_type = Option<OwnerTypeName>)]
    owner_type: Option<&'static str>,
    /// The owner's own id of the use.
    #[schema(required)]
    owner_reference_id: Option<&'a str>,
    /// When it was revoked; null if it was not.
    #[schema(required)]
    revoked_on: Option<WireInstant>,
    /// The same as text.
    #[serde(rename = "revokedOnISO")]
    #[schema(required)]
    revoked_on_iso: Option<WireIso>,
}

/// An earn that was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refusal)]
#[serde(rename_all = "camelCase")]
struct RefusalBody<'a> {
    /// Why: 811, 817 or 818.
    #[schema(example = 817)]
    code: u32,
    /// The same in words.
    message: &'a str,
    /// When it was refused.
    refused_on: WireInstant,
    /// The same as text.
    #[serde(rename = "refusedOnISO")]
    refused_on_iso: WireIso,
    /// The event date that was asked for.
    earn_event_date: WireInstant,
    /// The same as text.
    #[serde(rename = "earnEventDateISO")]
    earn_event_date_iso: WireIso,
}

impl<'a> DetailsBody<'a> {
    /// How `shown` looks in an org whose zone is `zone`, with statistics or without.
    pub fn of(shown: &'a ShownDetails, statistics: bool, zone: &Zone) -> Self {
        let (details, now) = (&shown.details, shown.now);
        let (badge, group) = (&details.badge.badge, details.badge.group.as_ref());
        let standing = &details.badge.standing;
        let definition = &badge.definition;
        let period = definition.period;
        let limits = statistics.then(|| {
            let seen = Seen::at(now, definition, zone);
            counted_limits(definition, &shown.limits, seen)
        });
        let (customer_constraints, badge_constraints) = limits
            .map_or((None, None), |[customer, badge]| {
                (Some(customer), Some(badge))
            });
        let mut claimed_by = Vec::new();
        for claim in badge.claims.iter().filter(|claim| claim.active) {
            let owner = claim.owner.owner_type.name();
            if !claimed_by.contains(&owner) {
                claimed_by.push(owner);
            }
        }
        Self {
            id: badge.id,
            name: definition.name.as_str(),
            description: description(definition),
            created_on: badge.created_on.into(),
            created_on_iso: badge.created_on.into(),
            last_updated_on: badge.updated_on.into(),
            last_updated_on_iso: badge.updated_on.into(),
            starts_on: period.starts_on().into(),
            starts_on_iso: period.starts_on().into(),
            expires_on: period.expires_on().into(),
            expires_on_iso: period.expires_on().into(),
            action: if badge.active {
                "ACTIVATED"
            } else {
                "DE_ACTIVATED"
            },
            badge_type: definition.earn_mode.earn_type().name(),
            badge_status: period.status(now).name(),
            owner: definition
                .owners
                .as_slice()
                .iter()
                .map(|owner| owner.name())
                .collect(),
            claimed_by,
            images: images(definition),
            earn_expiry: definition.earned_expiry.into(),
            issue_expiry: match definition.earn_mode {
                EarnMode::EnrolThenEarn { enrolment_expiry } => Some(enrolment_expiry.into()),
                EarnMode::Direct => None,
            },
            badge_group_id: group.map(|group| group.id),
            badge_group_name: group.map(|group| group.name.as_str()),
            badge_rank: definition.rank.map(Into::into),
            customer_constraints,
            badge_constraints,
            issual_details: statistics.then(|| IssualsBody {
                issued_count: details.issuals.len(),
                issuals: details
                    .issuals
                    .iter()
                    .map(|issual| IssualBody::of(issual, now))
                    .collect(),
            }),
            issued_status: standing.enrolment.map(|held| held.status(now).name()),
            earn_details: statistics.then(|| EarnsBody {
                earn_count: details.earns.len(),
                earns: details
                    .earns
                    .iter()
                    .map(|earn| EarnBody::of(earn, now))
                    .collect(),
            }),
            refusals: statistics.then(|| details.refusals.iter().map(RefusalBody::from).collect()),
            active_earned_count: standing.earned_unexpired,
            custom_fields: &definition.custom_values,
        }
    }
}

impl<'a> IssualBody<'a> {
    fn of(record: &'a IssualRecord, now: Instant) -> Self {
        let enrolment = &record.enrolment;
        let owner = record.triggered_by.as_ref();
        Self {
            issued_on: record.recorded_on.into(),
            issued_on_iso: record.recorded_on.into(),
            issued_status: enrolment.status(now).name(),
            issue_expires_on: enrolment.hold.expires_on().into(),
            issue_expires_on_iso: enrolment.hold.expires_on().into(),
            issue_id: enrolment.id,
            owner_type: owner.map(|owner| owner.owner_type.name()),
            owner_reference_id: owner.map(|owner| owner.reference.as_str()),
            revoked_on: enrolment.revoked_on.map(Into::into),
            revoked_on_iso: enrolment.revoked_on.map(Into::into),
            issue_event_date: enrolment.hold.event_on().into(),
            issue_event_date_iso: enrolment.hold.event_on().into(),
        }
    }
}

impl<'a> EarnBody<'a> {
    fn of(record: &'a EarnRecord, now: Instant) -> Self {
        let earned = &record.earned;
        let owner = record.triggered_by.as_ref();
        Self {
            earned_badge_id: earned.id,
            issue_id: earned.enrolment,
            earned_on: earned.earned_on.into(),
            earned_on_iso: earned.earned_on.into(),
            earn_event_date: earned.event_on.into(),
            earn_event_date_iso: earned.event_on.into(),
            earn_expires_on: earned.expires_on.into(),
            earn_expires_on_iso: earned.expires_on.into(),
            earned_status: earned.status(now).name(),
            owner_type: owner.map(|owner| owner.owner_type.name()),
            owner_reference_id: owner.map(|owner| owner.reference.as_str()),
            revoked_on: earned.revoked_on.map(Into::into),
            revoked_on_iso: earned.revoked_on.map(Into::into),
        }
    }
}

impl<'a> From<&'a Refusal> for RefusalBody<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        Self {
            code: refusal.rejection.code.number(),
            message: &refusal.rejection.message,
            refused_on: refusal.refused_on.into(),
            refused_on_iso: refusal.refused_on.into(),
            earn_event_date: refusal.event_on.into(),
            earn_event_date_iso: refusal.event_on.into(),
        }
    }
}
