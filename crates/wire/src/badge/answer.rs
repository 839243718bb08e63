//! How a badge looks in an answer: whole, and as an entry of a list.

use accolade_application::answer::BadgeView;
use accolade_domain::badge::{Badge, BadgeDefinition, Benefit, EarnMode, Image, ImageTag, Tag};
use accolade_domain::catalogue::CustomValues;
use accolade_domain::earning::Window;
use accolade_domain::ids::{BadgeId, GroupId};
use accolade_domain::owner::Claim;
use accolade_domain::text::{Description, ShortText, UrlText};
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::badge::constraint::{ConstraintBody, Scope, Seen};
use crate::badge::expiry::ExpiryBody;
use crate::instant::{WireInstant, WireIso};
use crate::words::{BadgeStatusName, EarnTypeName, ImageTagName, OwnerTypeName};

/// A badge meta.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BadgeMeta)]
#[serde(rename_all = "camelCase")]
pub struct BadgeBody<'a> {
    /// Its id.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    id: BadgeId,
    /// The organisation that it belongs to.
    org_id: i64,
    /// Its name, unique in the organisation.
    name: &'a str,
    /// A text for people.
    #[schema(required)]
    description: Option<&'a str>,
    /// When it starts.
    start_on: WireInstant,
    /// The same as text.
    #[serde(rename = "startOnISO")]
    start_on_iso: WireIso,
    /// When it ends.
    expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "expiresOnISO")]
    expires_on_iso: WireIso,
    /// When an earned badge expires.
    earned_badge_expiry: ExpiryBody,
    /// When an enrolment expires; null if customers are not enrolled.
    #[schema(required)]
    issued_badge_expiry: Option<ExpiryBody>,
    /// Pictures.
    images: Vec<ImageBody<'a>>,
    /// Who may claim it and who has.
    ownership: OwnershipBody<'a>,
    /// Limits for each customer.
    customer_constraints: Vec<ConstraintBody>,
    /// Limits for all customers together.
    badge_constraints: Vec<ConstraintBody>,
    /// What earning it brings, as it was sent.
    #[schema(value_type = Vec<Object>)]
    benefits: Vec<&'a RawValue>,
    /// Names and values.
    tags: Vec<TagBody<'a>>,
    /// The group that it belongs to.
    #[schema(required, value_type = Option<String>)]
    badge_group_id: Option<GroupId>,
    /// Its place among other badges: 1 is highest.
    #[schema(required)]
    badge_rank: Option<i64>,
    /// The till on whose behalf benefits are given.
    #[schema(required)]
    default_till_id: Option<i64>,
    /// Whether customers are enrolled first.
    #[schema(value_type = EarnTypeName)]
    earn_type: &'static str,
    /// Enrolments that are not revoked.
    issued_count: u64,
    /// Earned badges that are not revoked.
    earned_count: u64,
    /// Where it stands in its period.
    #[schema(value_type = BadgeStatusName)]
    status: &'static str,
    /// When it was created.
    created_on: WireInstant,
    /// The same as text.
    #[serde(rename = "createdOnISO")]
    created_on_iso: WireIso,
    /// By which client.
    created_by: i64,
    /// When it last changed.
    last_updated_on: WireInstant,
    /// The same as text.
    #[serde(rename = "lastUpdatedOnISO")]
    last_updated_on_iso: WireIso,
    /// By which client.
    last_updated_by: i64,
    /// Values of the organisation's custom fields.
    #[schema(value_type = Object)]
    custom_fields: &'a CustomValues,
    /// Whether it is on.
    active: bool,
}

/// A badge meta in a list: its definition without limits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BadgeMetaBasicDetails)]
#[serde(rename_all = "camelCase")]
pub struct BadgeListEntry<'a> {
    /// Its id.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    id: BadgeId,
    /// The organisation that it belongs to.
    org_id: i64,
    /// Its name, unique in the organisation.
    name: &'a str,
    /// The group that it belongs to.
    #[schema(required, value_type = Option<String>)]
    badge_group_id: Option<GroupId>,
    /// The name of that group.
    #[schema(required)]
    badge_group_name: Option<&'a str>,
    /// Its place among other badges: 1 is highest.
    #[schema(required)]
    badge_rank: Option<i64>,
    /// A text for people.
    #[schema(required)]
    description: Option<&'a str>,
    /// When it starts.
    start_on: WireInstant,
    /// The same as text.
    #[serde(rename = "startOnISO")]
    start_on_iso: WireIso,
    /// When it ends.
    expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "expiresOnISO")]
    expires_on_iso: WireIso,
    /// Where it stands in its period.
    #[schema(value_type = BadgeStatusName)]
    status: &'static str,
    /// Pictures.
    images: Vec<ImageBody<'a>>,
    /// Names and values.
    tags: Vec<TagBody<'a>>,
    /// Whether customers are enrolled first.
    #[schema(value_type = EarnTypeName)]
    earn_type: &'static str,
    /// When an earned badge expires.
    earned_badge_expiry: ExpiryBody,
    /// Who may claim it and who has.
    ownership: OwnershipBody<'a>,
    /// What earning it brings, as it was sent.
    #[schema(value_type = Vec<Object>)]
    benefits: Vec<&'a RawValue>,
    /// Enrolments that are not revoked.
    issued_count: u64,
    /// Earned badges that are not revoked.
    earned_count: u64,
    /// When it was created.
    created_on: WireInstant,
    /// The same as text.
    #[serde(rename = "createdOnISO")]
    created_on_iso: WireIso,
    /// By which client.
    created_by: i64,
    /// When it last changed.
    last_updated_on: WireInstant,
    /// The same as text.
    #[serde(rename = "lastUpdatedOnISO")]
    last_updated_on_iso: WireIso,
    /// By which client.
    last_updated_by: i64,
    /// Values of the organisation's custom fields.
    #[schema(value_type = Object)]
    custom_fields: &'a CustomValues,
    /// Whether it is on.
    active: bool,
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

/// Who may claim the badge, and who has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ownership)]
#[serde(rename_all = "camelCase")]
pub struct OwnershipBody<'a> {
    /// The owners that may claim it.
    #[schema(value_type = Vec<OwnerTypeName>)]
    restricted_to_owners: Vec<&'static str>,
    /// Every claim ever made.
    claims: Vec<ClaimBody<'a>>,
}

/// A claim on the badge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Claim)]
#[serde(rename_all = "camelCase")]
pub struct ClaimBody<'a> {
    /// The module that claims.
    #[schema(value_type = OwnerTypeName)]
    owner_type: &'static str,
    /// Its own id of the use.
    reference_id: &'a str,
    /// Whether the claim holds.
    is_active: bool,
}

impl<'a> BadgeBody<'a> {
    /// How `view` looks in an org whose zone is `zone`.
    ///
    /// # Errors
    /// A benefit that is stored is no JSON.
    pub fn of(view: &'a BadgeView, zone: &Zone) -> serde_json::Result<Self> {
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
        Ok(Self {
            id: badge.id,
            org_id: badge.org.get(),
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
            ownership: OwnershipBody::of(badge),
            customer_constraints: constraints(Scope::Customer, &definition.customer_constraints),
            badge_constraints: constraints(Scope::Badge, &definition.badge_constraints),
            benefits: benefits(definition)?,
            tags: tags(definition),
            badge_group_id: view.group.as_ref().map(|group| group.id),
            badge_rank: definition.rank.map(Into::into),
            default_till_id: definition.default_till,
            earn_type: definition.earn_mode.earn_type().name(),
            issued_count: counts.issued,
            earned_count: counts.earned,
            status: period.status(view.now).name(),
            created_on: badge.created_on.into(),
            created_on_iso: badge.created_on.into(),
            created_by: badge.created_by.number(),
            last_updated_on: badge.updated_on.into(),
            last_updated_on_iso: badge.updated_on.into(),
            last_updated_by: badge.updated_by.number(),
            custom_fields: &definition.custom_values,
            active: badge.active,
        })
    }
}

impl<'a> BadgeListEntry<'a> {
    /// How `view` looks in a list.
    ///
    /// # Errors
    /// A benefit that is stored is no JSON.
    pub fn of(view: &'a BadgeView) -> serde_json::Result<Self> {
        let BadgeView { badge, counts, .. } = view;
        let definition = &badge.definition;
        let period = definition.period;
        Ok(Self {
            id: badge.id,
            org_id: badge.org.get(),
            name: definition.name.as_str(),
            badge_group_id: view.group.as_ref().map(|group| group.id),
            badge_group_name: view.group.as_ref().map(|group| group.name.as_str()),
            badge_rank: definition.rank.map(Into::into),
            description: description(definition),
            start_on: period.starts_on().into(),
            start_on_iso: period.starts_on().into(),
            expires_on: period.expires_on().into(),
            expires_on_iso: period.expires_on().into(),
            status: period.status(view.now).name(),
            images: images(definition),
            tags: tags(definition),
            earn_type: definition.earn_mode.earn_type().name(),
            earned_badge_expiry: definition.earned_expiry.into(),
            ownership: OwnershipBody::of(badge),
            benefits: benefits(definition)?,
            issued_count: counts.issued,
            earned_count: counts.earned,
            created_on: badge.created_on.into(),
            created_on_iso: badge.created_on.into(),
            created_by: badge.created_by.number(),
            last_updated_on: badge.updated_on.into(),
            last_updated_on_iso: badge.updated_on.into(),
            last_updated_by: badge.updated_by.number(),
            custom_fields: &definition.custom_values,
            active: badge.active,
        })
    }
}

impl<'a> OwnershipBody<'a> {
    /// Who may claim `badge`, and who has.
    pub fn of(badge: &'a Badge) -> Self {
        let owners = badge.definition.owners.as_slice();
        Self {
            restricted_to_owners: owners.iter().map(|owner| owner.name()).collect(),
            claims: badge.claims.iter().map(ClaimBody::of).collect(),
        }
    }
}

impl<'a> ClaimBody<'a> {
    fn of(claim: &'a Claim) -> Self {
        Self {
            owner_type: claim.owner.owner_type.name(),
            reference_id: claim.owner.reference.as_str(),
            is_active: claim.active,
        }
    }
}

/// The text for people.
pub fn description(definition: &BadgeDefinition) -> Option<&str> {
    definition.description.as_ref().map(Description::as_str)
}

/// The pictures.
pub fn images(definition: &BadgeDefinition) -> Vec<ImageBody<'_>> {
    definition
        .images
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
    definition
        .tags
        .iter()
        .map(|Tag { name, value }| TagBody {
            name: name.as_str(),
            value: value.as_ref().map(ShortText::as_str),
        })
        .collect()
}

fn benefits(definition: &BadgeDefinition) -> serde_json::Result<Vec<&RawValue>> {
    definition
        .benefits
        .iter()
        .map(Benefit::json)
        .map(serde_json::from_str)
        .collect()
}
