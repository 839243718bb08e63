//! How everything between a customer and a badge looks in an answer.

use accolade_application::customers::ShownDetails;
use accolade_application::ports::{EarnRecord, EnrolmentRecord, Refusal};
use accolade_domain::badge::EarnMode;
use accolade_domain::catalogue::CustomValues;
use accolade_domain::ids::{BadgeId, EarnedBadgeId, EnrolmentId, GroupId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::text::Reason;
use accolade_domain::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::answer;
use crate::badge::answer::{ImageBody, description, images};
use crate::badge::constraint::Seen;
use crate::badge::expiry::ExpiryBody;
use crate::customer::limit::{CountedLimitBody, counted_limits};
use crate::instant::{WireInstant, WireIso};
use crate::words::{BadgeStatusName, EarnTypeName, EnrolmentStatusName, OwnerTypeName};

answer! {
    /// A badge, and all that a customer has of it.
    #[schema(as = CustomerBadgeDetails)]
    pub struct DetailsBody<'a> {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        id: BadgeId = badge.id,
        /// Its name.
        name: &'a str = definition.name.as_str(),
        /// A text for people.
        #[schema(required)]
        description: Option<&'a str> = description(definition),
        /// When it was created.
        createdOn: WireInstant = badge.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = badge.created_on.into(),
        /// When it last changed.
        lastUpdatedOn: WireInstant = badge.updated_on.into(),
        /// The same as text.
        lastUpdatedOnISO: WireIso = badge.updated_on.into(),
        /// When it starts.
        startsOn: WireInstant = period.starts_on().into(),
        /// The same as text.
        startsOnISO: WireIso = period.starts_on().into(),
        /// When it ends.
        expiresOn: WireInstant = period.expires_on().into(),
        /// The same as text.
        expiresOnISO: WireIso = period.expires_on().into(),
        /// ACTIVATED or `DE_ACTIVATED`.
        action: &'static str = if badge.active {
            "ACTIVATED"
        } else {
            "DE_ACTIVATED"
        },
        /// Whether customers are enrolled first.
        #[schema(value_type = EarnTypeName)]
        badgeType: &'static str = definition.earn_mode.earn_type().name(),
        /// Where it stands in its period.
        #[schema(value_type = BadgeStatusName)]
        badgeStatus: &'static str = period.status(now).name(),
        /// The owners that may claim it.
        #[schema(value_type = Vec<OwnerTypeName>)]
        owner: Vec<&'static str> = definition
            .owners
            .as_slice()
            .iter()
            .map(|owner| owner.name())
            .collect(),
        /// The owners that have an active claim.
        #[schema(value_type = Vec<OwnerTypeName>)]
        claimedBy: Vec<&'static str> = badge
            .claimed_by()
            .into_iter()
            .map(OwnerType::name)
            .collect(),
        /// Pictures.
        images: Vec<ImageBody<'a>> = images(definition),
        /// When an earned badge expires.
        earnExpiry: ExpiryBody = definition.earned_expiry.into(),
        /// When an enrolment expires; absent if customers are not enrolled.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        issueExpiry: Option<ExpiryBody> = match definition.earn_mode {
            EarnMode::EnrolThenEarn { enrolment_expiry } => Some(enrolment_expiry.into()),
            EarnMode::Direct => None,
        },
        /// The group that it belongs to; absent if it has none.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, nullable = false)]
        badgeGroupId: Option<GroupId> = group.map(|group| group.id),
        /// The name of that group.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        badgeGroupName: Option<&'a str> = group.map(|group| group.name.as_str()),
        /// Its place in the group: 1 is highest; absent if it has none.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        badgeRank: Option<i64> = definition.rank.map(Into::into),
        /// With statistics: the customer's limits that hold now, and what is taken of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        customerConstraints: Option<Vec<CountedLimitBody>> = customer_constraints,
        /// With statistics: the badge's.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        badgeConstraints: Option<Vec<CountedLimitBody>> = badge_constraints,
        /// With statistics: the customer's enrolments.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        issualDetails: Option<IssualsBody<'a>> = statistics.then(|| IssualsBody {
            issued_count: details.enrolments.total,
            issuals: details
                .enrolments
                .items
                .iter()
                .map(|issual| IssualBody::new(issual, now))
                .collect(),
        }),
        /// The state of the enrolment that holds now, else of the last; absent if the customer was
        /// never enrolled.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<EnrolmentStatusName>, nullable = false)]
        issuedStatus: Option<&'static str> = standing.enrolment.map(|held| held.status(now).name()),
        /// With statistics: what the customer has earned.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        earnDetails: Option<EarnsBody<'a>> = statistics.then(|| EarnsBody {
            earn_count: details.earns.total,
            earns: details
                .earns
                .items
                .iter()
                .map(|earn| EarnBody::new(earn, now))
                .collect(),
        }),
        /// With statistics: the customer's latest refused earns, up to ten.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        refusals: Option<Vec<RefusalBody<'a>>> = statistics.then(|| details.refusals.iter().map(RefusalBody::new).collect()),
        /// How many earned badges the customer has that are neither revoked nor expired.
        activeEarnedCount: u64 = standing.earned_unexpired,
        /// Values of the organisation's custom fields.
        #[schema(value_type = Object)]
        customFields: &'a CustomValues = &definition.custom_values,
    }
    new(shown: &'a ShownDetails, statistics: bool, zone: &Zone) {
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
    }
}

/// A customer's enrolments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssualDetails)]
#[serde(rename_all = "camelCase")]
struct IssualsBody<'a> {
    /// How many there are, on all pages.
    issued_count: u64,
    /// A page of all of them, revoked ones included, the last first.
    issuals: Vec<IssualBody<'a>>,
}

answer! {
    /// One enrolment.
    #[schema(as = Issual)]
    pub(crate) struct IssualBody<'a> {
        /// When it was recorded.
        issuedOn: WireInstant = record.recorded_on.into(),
        /// The same as text.
        issuedOnISO: WireIso = record.recorded_on.into(),
        /// Its state.
        #[schema(value_type = EnrolmentStatusName)]
        issuedStatus: &'static str = enrolment.status(now).name(),
        /// When it expires.
        issueExpiresOn: WireInstant = enrolment.hold.expires_on().into(),
        /// The same as text.
        issueExpiresOnISO: WireIso = enrolment.hold.expires_on().into(),
        /// Its id.
        #[schema(value_type = String, example = "69381605cebb9648d8974536")]
        issueId: EnrolmentId = enrolment.id,
        /// Who triggered it; null if it was done by hand.
        #[schema(required, value_type = Option<OwnerTypeName>)]
        ownerType: Option<&'static str> = owner.map(|owner| owner.owner_type.name()),
        /// The owner's own id of the use.
        #[schema(required)]
        ownerReferenceId: Option<&'a str> = owner.map(|owner| owner.reference.as_str()),
        /// When it was revoked; null if it was not.
        #[schema(required)]
        revokedOn: Option<WireInstant> = enrolment.revoked_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        revokedOnISO: Option<WireIso> = enrolment.revoked_on.map(Into::into),
        /// Why it was revoked; null if it was not, or nobody said so.
        #[schema(required)]
        revokeReason: Option<&'a str> = record.revoke_reason.as_ref().map(Reason::as_str),
        /// When the customer was enrolled.
        issueEventDate: WireInstant = enrolment.hold.event_on().into(),
        /// The same as text.
        issueEventDateISO: WireIso = enrolment.hold.event_on().into(),
    }
    new(record: &'a EnrolmentRecord, now: Instant) {
        let enrolment = &record.enrolment;
        let owner = record.triggered_by.as_ref();
    }
}

/// What a customer has earned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EarnDetails)]
#[serde(rename_all = "camelCase")]
struct EarnsBody<'a> {
    /// How many there are, on all pages.
    earn_count: u64,
    /// A page of all of them, revoked ones included, the last first.
    earns: Vec<EarnBody<'a>>,
}

answer! {
    /// One earned badge.
    #[schema(as = Earn)]
    pub(crate) struct EarnBody<'a> {
        /// Its id.
        #[schema(value_type = String, example = "66da90618bdb494a4f065774")]
        earnedBadgeId: EarnedBadgeId = earned.id,
        /// The enrolment that it rests on; null if there is none.
        #[schema(required, value_type = Option<String>)]
        issueId: Option<EnrolmentId> = earned.enrolment,
        /// When it was recorded.
        earnedOn: WireInstant = earned.earned_on.into(),
        /// The same as text.
        earnedOnISO: WireIso = earned.earned_on.into(),
        /// When the criteria were fulfilled.
        earnEventDate: WireInstant = earned.event_on.into(),
        /// The same as text.
        earnEventDateISO: WireIso = earned.event_on.into(),
        /// When it expires.
        earnExpiresOn: WireInstant = earned.expires_on.into(),
        /// The same as text.
        earnExpiresOnISO: WireIso = earned.expires_on.into(),
        /// ACTIVE, EXPIRED or REVOKED.
        earnedStatus: &'static str = earned.status(now).name(),
        /// Who triggered it; null if it was done by hand.
        #[schema(required, value_type = Option<OwnerTypeName>)]
        ownerType: Option<&'static str> = owner.map(|owner| owner.owner_type.name()),
        /// The owner's own id of the use.
        #[schema(required)]
        ownerReferenceId: Option<&'a str> = owner.map(|owner| owner.reference.as_str()),
        /// When it was revoked; null if it was not.
        #[schema(required)]
        revokedOn: Option<WireInstant> = earned.revoked_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        revokedOnISO: Option<WireIso> = earned.revoked_on.map(Into::into),
        /// Why it was revoked; null if it was not, or nobody said so.
        #[schema(required)]
        revokeReason: Option<&'a str> = record.revoke_reason.as_ref().map(Reason::as_str),
    }
    new(record: &'a EarnRecord, now: Instant) {
        let earned = &record.earned;
        let owner = record.triggered_by.as_ref();
    }
}

answer! {
    /// An earn that was refused.
    #[schema(as = Refusal)]
    struct RefusalBody<'a> {
        /// Why: 811, 817 or 818.
        #[schema(example = 817)]
        code: u32 = refusal.rejection.code.number(),
        /// The same in words.
        message: &'a str = &refusal.rejection.message,
        /// When it was refused.
        refusedOn: WireInstant = refusal.refused_on.into(),
        /// The same as text.
        refusedOnISO: WireIso = refusal.refused_on.into(),
        /// The event date that was asked for.
        earnEventDate: WireInstant = refusal.event_on.into(),
        /// The same as text.
        earnEventDateISO: WireIso = refusal.event_on.into(),
    }
    new(refusal: &'a Refusal) {}
}
