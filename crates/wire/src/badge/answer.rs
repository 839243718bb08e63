//! How a badge looks in an answer: whole, and as an entry of a list.

use accolade_application::answer::BadgeView;
use accolade_domain::badge::{Badge, BadgeDefinition, Benefit, EarnMode, Image, ImageTag, Tag};
use accolade_domain::catalogue::CustomValues;
use accolade_domain::earning::{Scope, Window};
use accolade_domain::ids::{BadgeId, BadgeNumber, GroupId};
use accolade_domain::owner::Claim;
use accolade_domain::text::{Description, ShortText, UrlText};
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::answer::answer;
use crate::badge::constraint::{ConstraintBody, Seen};
use crate::badge::expiry::ExpiryBody;
use crate::instant::{WireInstant, WireIso};
use crate::words::{BadgeStatusName, EarnTypeName, ImageTagName, OwnerTypeName};

answer! {
    /// A badge meta.
    #[schema(as = BadgeMeta)]
    pub struct BadgeBody<'a> {
        /// Its id.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        id: BadgeId = badge.id,
        /// Its number within the organisation: 1, 2, 3 … in the order of creation. Absent only where an
        /// answer of a release without numbers is given again.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<i64>, nullable = false, example = 1)]
        badgeNumericId: Option<i64> = view.number.map(BadgeNumber::get),
        /// The organisation that it belongs to.
        orgId: i64 = badge.org.get(),
        /// Its name, unique in the organisation.
        name: &'a str = definition.name.as_str(),
        /// A text for people.
        #[schema(required)]
        description: Option<&'a str> = description(definition),
        /// When it starts.
        startOn: WireInstant = period.starts_on().into(),
        /// The same as text.
        startOnISO: WireIso = period.starts_on().into(),
        /// When it ends.
        expiresOn: WireInstant = period.expires_on().into(),
        /// The same as text.
        expiresOnISO: WireIso = period.expires_on().into(),
        /// When an earned badge expires.
        earnedBadgeExpiry: ExpiryBody = definition.earned_expiry.into(),
        /// When an enrolment expires; null if customers are not enrolled.
        #[schema(required)]
        issuedBadgeExpiry: Option<ExpiryBody> = match definition.earn_mode {
            EarnMode::EnrolThenEarn { enrolment_expiry } => Some(enrolment_expiry.into()),
            EarnMode::Direct => None,
        },
        /// Pictures.
        images: Vec<ImageBody<'a>> = images(definition),
        /// Who may claim it and who has.
        ownership: OwnershipBody<'a> = OwnershipBody::new(badge),
        /// Limits for each customer.
        customerConstraints: Vec<ConstraintBody> = constraints(Scope::Customer, &definition.customer_constraints),
        /// Limits for all customers together.
        badgeConstraints: Vec<ConstraintBody> = constraints(Scope::Badge, &definition.badge_constraints),
        /// What earning it brings, as it was sent.
        #[schema(value_type = Vec<Object>)]
        benefits: Vec<&'a RawValue> = benefits(definition)?,
        /// Names and values.
        tags: Vec<TagBody<'a>> = tags(definition),
        /// The group that it belongs to.
        #[schema(required, value_type = Option<String>)]
        badgeGroupId: Option<GroupId> = view.group.as_ref().map(|group| group.id),
        /// Its place among other badges: 1 is highest.
        #[schema(required)]
        badgeRank: Option<i64> = definition.rank.map(Into::into),
        /// The till on whose behalf benefits are given.
        #[schema(required)]
        defaultTillId: Option<i64> = definition.default_till,
        /// Whether customers are enrolled first.
        #[schema(value_type = EarnTypeName)]
        earnType: &'static str = definition.earn_mode.earn_type().name(),
        /// Enrolments that are not revoked.
        issuedCount: u64 = counts.issued,
        /// Earned badges that are not revoked.
        earnedCount: u64 = counts.earned,
        /// Where it stands in its period.
        #[schema(value_type = BadgeStatusName)]
        status: &'static str = period.status(view.now).name(),
        /// When it was created.
        createdOn: WireInstant = badge.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = badge.created_on.into(),
        /// By which client.
        createdBy: i64 = badge.created_by.number(),
        /// When it last changed.
        lastUpdatedOn: WireInstant = badge.updated_on.into(),
        /// The same as text.
        lastUpdatedOnISO: WireIso = badge.updated_on.into(),
        /// By which client.
        lastUpdatedBy: i64 = badge.updated_by.number(),
        /// Values of the organisation's custom fields.
        #[schema(value_type = Object)]
        customFields: &'a CustomValues = &definition.custom_values,
        /// Whether it is on.
        active: bool = badge.active,
    }
    new(view: &'a BadgeView, zone: &Zone) -> serde_json::Result<Self> as Ok {
        let BadgeView { badge, counts, .. } = view;
        let definition = &badge.definition;
        let period = definition.period;
        let seen = Seen {
            whole: Window {
                starts_on: period.starts_on(),
                ends_on: view.earning_ends_on,
            },
            now: view.now,
            zone,
        };
        let constraints =
            |scope, constraints: &[_]| ConstraintBody::all(scope, constraints, seen, true);
    }
}

answer! {
    /// A badge meta in a list: its definition without limits.
    #[schema(as = BadgeMetaBasicDetails)]
    pub struct BadgeListEntry<'a> {
        /// Its id.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        id: BadgeId = badge.id,
        /// Its number within the organisation: 1, 2, 3 … in the order of creation. Absent only where an
        /// answer of a release without numbers is given again.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<i64>, nullable = false, example = 1)]
        badgeNumericId: Option<i64> = view.number.map(BadgeNumber::get),
        /// The organisation that it belongs to.
        orgId: i64 = badge.org.get(),
        /// Its name, unique in the organisation.
        name: &'a str = definition.name.as_str(),
        /// The group that it belongs to.
        #[schema(required, value_type = Option<String>)]
        badgeGroupId: Option<GroupId> = view.group.as_ref().map(|group| group.id),
        /// The name of that group.
        #[schema(required)]
        badgeGroupName: Option<&'a str> = view.group.as_ref().map(|group| group.name.as_str()),
        /// Its place among other badges: 1 is highest.
        #[schema(required)]
        badgeRank: Option<i64> = definition.rank.map(Into::into),
        /// A text for people.
        #[schema(required)]
        description: Option<&'a str> = description(definition),
        /// When it starts.
        startOn: WireInstant = period.starts_on().into(),
        /// The same as text.
        startOnISO: WireIso = period.starts_on().into(),
        /// When it ends.
        expiresOn: WireInstant = period.expires_on().into(),
        /// The same as text.
        expiresOnISO: WireIso = period.expires_on().into(),
        /// Where it stands in its period.
        #[schema(value_type = BadgeStatusName)]
        status: &'static str = period.status(view.now).name(),
        /// Pictures.
        images: Vec<ImageBody<'a>> = images(definition),
        /// Names and values.
        tags: Vec<TagBody<'a>> = tags(definition),
        /// Whether customers are enrolled first.
        #[schema(value_type = EarnTypeName)]
        earnType: &'static str = definition.earn_mode.earn_type().name(),
        /// When an earned badge expires.
        earnedBadgeExpiry: ExpiryBody = definition.earned_expiry.into(),
        /// Who may claim it and who has.
        ownership: OwnershipBody<'a> = OwnershipBody::new(badge),
        /// What earning it brings, as it was sent.
        #[schema(value_type = Vec<Object>)]
        benefits: Vec<&'a RawValue> = benefits(definition)?,
        /// Enrolments that are not revoked.
        issuedCount: u64 = counts.issued,
        /// Earned badges that are not revoked.
        earnedCount: u64 = counts.earned,
        /// When it was created.
        createdOn: WireInstant = badge.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = badge.created_on.into(),
        /// By which client.
        createdBy: i64 = badge.created_by.number(),
        /// When it last changed.
        lastUpdatedOn: WireInstant = badge.updated_on.into(),
        /// The same as text.
        lastUpdatedOnISO: WireIso = badge.updated_on.into(),
        /// By which client.
        lastUpdatedBy: i64 = badge.updated_by.number(),
        /// Values of the organisation's custom fields.
        #[schema(value_type = Object)]
        customFields: &'a CustomValues = &definition.custom_values,
        /// Whether it is on.
        active: bool = badge.active,
    }
    new(view: &'a BadgeView) -> serde_json::Result<Self> as Ok {
        let BadgeView { badge, counts, .. } = view;
        let definition = &badge.definition;
        let period = definition.period;
    }
}

/// A picture of the badge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Image)]
#[serde(rename_all = "camelCase")]
pub struct ImageBody<'a> {
    /// What the picture is called.
    #[schema(required)]
    name: Option<&'a str>,
    /// The caller's handle of the stored file.
    #[schema(required)]
    file_svc_handle: Option<&'a str>,
    /// An absolute http or https address.
    #[schema(required)]
    url: Option<&'a str>,
    /// Which state of the badge it shows.
    #[schema(required, value_type = Option<ImageTagName>)]
    tag: Option<&'static str>,
}

/// A free name and value.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
pub struct TagBody<'a> {
    /// The name.
    name: &'a str,
    /// The value.
    #[schema(required)]
    value: Option<&'a str>,
}

answer! {
    /// Who may claim the badge, and who has.
    #[schema(as = Ownership)]
    pub struct OwnershipBody<'a> {
        /// The owners that may claim it.
        #[schema(value_type = Vec<OwnerTypeName>)]
        restrictedToOwners: Vec<&'static str> = owners.iter().map(|owner| owner.name()).collect(),
        /// Every claim ever made.
        claims: Vec<ClaimBody<'a>> = badge.claims.iter().map(ClaimBody::new).collect(),
    }
    new(badge: &'a Badge) {
        let owners = badge.definition.owners.as_slice();
    }
}

answer! {
    /// A claim on the badge.
    #[schema(as = Claim)]
    pub struct ClaimBody<'a> {
        /// The module that claims.
        #[schema(value_type = OwnerTypeName)]
        ownerType: &'static str = claim.owner.owner_type.name(),
        /// Its own id of the use.
        referenceId: &'a str = claim.owner.reference.as_str(),
        /// Whether the claim holds.
        isActive: bool = claim.active,
    }
    new(claim: &'a Claim) {}
}

/// The text for people.
pub fn description(definition: &BadgeDefinition) -> Option<&str> {
    definition.description.as_ref().map(Description::as_str)
}

/// The pictures.
pub fn images(definition: &BadgeDefinition) -> Vec<ImageBody<'_>> {
    all_images(&definition.images)
}

/// How `images` look.
pub(crate) fn all_images(images: &[Image]) -> Vec<ImageBody<'_>> {
    images
        .iter()
        .map(|image: &Image| ImageBody {
            name: image.name.as_ref().map(ShortText::as_str),
            file_svc_handle: image.file_svc_handle.as_ref().map(ShortText::as_str),
            url: image.url.as_ref().map(UrlText::as_str),
            tag: image.tag.map(ImageTag::name),
        })
        .collect()
}

/// The names and values.
pub fn tags(definition: &BadgeDefinition) -> Vec<TagBody<'_>> {
    all_tags(&definition.tags)
}

/// How `tags` look.
pub(crate) fn all_tags(tags: &[Tag]) -> Vec<TagBody<'_>> {
    tags.iter()
        .map(|Tag { name, value }| TagBody {
            name: name.as_str(),
            value: value.as_ref().map(ShortText::as_str),
        })
        .collect()
}

/// What earning it brings, as it was sent.
///
/// # Errors
/// What is stored is no JSON.
pub fn benefits(definition: &BadgeDefinition) -> serde_json::Result<Vec<&RawValue>> {
    all_benefits(&definition.benefits)
}

/// `benefits`, as they were sent.
///
/// # Errors
/// What is stored is no JSON.
pub(crate) fn all_benefits(benefits: &[Benefit]) -> serde_json::Result<Vec<&RawValue>> {
    benefits
        .iter()
        .map(Benefit::json)
        .map(serde_json::from_str)
        .collect()
}
