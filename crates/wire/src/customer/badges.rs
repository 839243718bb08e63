//! How a badge looks beside how a customer stands to it, in the two lists that there are.

use accolade_domain::badge::EarnMode;
use accolade_domain::catalogue::CustomValues;
use accolade_domain::customer_view::{CustomerBadge, CustomerBadgeQuery};
use accolade_domain::ids::{BadgeId, GroupId};
use accolade_domain::listing::Page;
use accolade_domain::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::badge::answer::{ImageBody, OwnershipBody, TagBody, description, images, tags};
use crate::badge::constraint::{ConstraintBody, Scope, Seen};
use crate::instant::{WireInstant, WireIso};
use crate::page::Pagination;
use crate::words::{BadgeStatusName, EarnTypeName, EnrolmentStatusName};

/// One page of a customer's badges.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerBadgeList)]
pub struct CustomerBadgesBody<'a> {
    /// The badges of the page.
    badges: Vec<CustomerBadgeBody<'a>>,
    /// Which page it is.
    pagination: Pagination,
}

/// A badge as a customer is shown it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerBadge)]
#[serde(rename_all = "camelCase")]
pub struct CustomerBadgeBody<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// The organisation that it belongs to.
    org_id: i64,
    /// Its name.
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
    /// Pictures.
    images: Vec<ImageBody<'a>>,
    /// Names and values.
    tags: Vec<TagBody<'a>>,
    /// The group that it belongs to.
    #[schema(required, value_type = Option<String>)]
    badge_group_id: Option<GroupId>,
    /// The name of that group.
    #[schema(required)]
    badge_group_name: Option<&'a str>,
    /// Its place in the group: 1 is highest.
    #[schema(required)]
    badge_rank: Option<i64>,
    /// Who may claim it and who has.
    ownership: OwnershipBody<'a>,
    /// Whether customers are enrolled first.
    #[schema(value_type = EarnTypeName)]
    earn_type: &'static str,
    /// Limits for each customer.
    customer_constraints: Vec<ConstraintBody>,
    /// Limits for all customers together.
    badge_constraints: Vec<ConstraintBody>,
    /// How many the customer has earned that are not revoked.
    earned_count: u64,
    /// When the last was recorded, and when its criteria were fulfilled.
    #[serde(flatten)]
    last: LastEarned,
    /// Values of the organisation's custom fields.
    #[schema(value_type = Object)]
    custom_fields: &'a CustomValues,
    /// Whether it is on.
    active: bool,
}

/// When a customer last earned a badge; absent if it never did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are the wire's names")]
struct LastEarned {
    /// When the last earned badge was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_earned_on_date: Option<WireInstant>,
    /// The same as text.
    #[serde(
        rename = "lastEarnedOnDateISO",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    last_earned_on_date_iso: Option<WireIso>,
    /// The latest event date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_earn_event_date: Option<WireInstant>,
    /// The same as text.
    #[serde(
        rename = "lastEarnEventDateISO",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    last_earn_event_date_iso: Option<WireIso>,
}

/// One page of a customer's badges, for the care desk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManagedBadgeList)]
#[serde(rename_all = "camelCase")]
pub struct ManagedBadgesBody<'a> {
    /// The badges of the page.
    customer_badges: Vec<ManagedBadgeBody<'a>>,
    /// Which page it is.
    pagination: Pagination,
}

/// A badge and how a customer stands to it, as the care desk is shown it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManagedBadge)]
#[serde(rename_all = "camelCase")]
pub struct ManagedBadgeBody<'a> {
    /// Its name.
    name: &'a str,
    /// A text for people.
    #[schema(required)]
    description: Option<&'a str>,
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// Whether customers are enrolled first.
    #[schema(value_type = EarnTypeName)]
    badge_type: &'static str,
    /// The group that it belongs to.
    #[schema(required, value_type = Option<String>)]
    badge_group_id: Option<GroupId>,
    /// The name of that group.
    #[schema(required)]
    badge_group_name: Option<&'a str>,
    /// Its place in the group: 1 is highest.
    #[schema(required)]
    badge_rank: Option<i64>,
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
    /// Pictures.
    images: Vec<ImageBody<'a>>,
    /// Where it stands in its period.
    #[schema(value_type = BadgeStatusName)]
    badge_status: &'static str,
    /// When the customer's last earned badge was recorded; null if it has none.
    #[schema(required)]
    last_earned_on: Option<WireInstant>,
    /// The same as text.
    #[serde(rename = "lastEarnedOnISO")]
    #[schema(required)]
    last_earned_on_iso: Option<WireIso>,
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
    /// How many the customer has earned that are not revoked.
    earn_count: u64,
    /// Who may claim it and who has.
    ownership: OwnershipBody<'a>,
    /// The state of the customer's enrolment; null if it was never enrolled.
    #[schema(required, value_type = Option<EnrolmentStatusName>)]
    issue_status: Option<&'static str>,
    /// Whether it is on.
    active: bool,
    /// When the last was recorded, and when its criteria were fulfilled.
    #[serde(flatten)]
    last: LastEarned,
}

impl LastEarned {
    fn of(badge: &CustomerBadge) -> Self {
        let standing = &badge.standing;
        Self {
            last_earned_on_date: standing.last_earned_on.map(Into::into),
            last_earned_on_date_iso: standing.last_earned_on.map(Into::into),
            last_earn_event_date: standing.last_event_on.map(Into::into),
            last_earn_event_date_iso: standing.last_event_on.map(Into::into),
        }
    }
}

impl<'a> CustomerBadgesBody<'a> {
    /// How the page that `query` asked for looks in an org whose zone is `zone`.
    pub fn of(page: &'a Page<CustomerBadge>, query: &CustomerBadgeQuery, zone: &Zone) -> Self {
        let body = |badge| CustomerBadgeBody::of(badge, query, zone);
        Self {
            badges: page.items.iter().map(body).collect(),
            pagination: Pagination::of(query.page, page.total),
        }
    }
}

impl<'a> CustomerBadgeBody<'a> {
    fn of(shown: &'a CustomerBadge, query: &CustomerBadgeQuery, zone: &Zone) -> Self {
        let CustomerBadge { badge, group, .. } = shown;
        let definition = &badge.definition;
        let period = definition.period;
        let seen = Seen::at(query.now, definition, zone);
        let constraints =
            |scope, constraints: &[_]| ConstraintBody::all(scope, constraints, seen, false);
        Self {
            badge_meta_id: badge.id,
            org_id: badge.org.get(),
            name: definition.name.as_str(),
            description: description(definition),
            start_on: period.starts_on().into(),
            start_on_iso: period.starts_on().into(),
            expires_on: period.expires_on().into(),
            expires_on_iso: period.expires_on().into(),
            images: images(definition),
            tags: tags(definition),
            badge_group_id: group.as_ref().map(|group| group.id),
            badge_group_name: group.as_ref().map(|group| group.name.as_str()),
            badge_rank: definition.rank.map(Into::into),
            ownership: OwnershipBody::of(badge),
            earn_type: definition.earn_mode.earn_type().name(),
            customer_constraints: constraints(Scope::Customer, &definition.customer_constraints),
            badge_constraints: constraints(Scope::Badge, &definition.badge_constraints),
            earned_count: shown.standing.earned,
            last: LastEarned::of(shown),
            custom_fields: &definition.custom_values,
            active: badge.active,
        }
    }
}

impl<'a> ManagedBadgesBody<'a> {
    /// How the page that `query` asked for looks.
    pub fn of(page: &'a Page<CustomerBadge>, query: &CustomerBadgeQuery) -> Self {
        let body = |badge| ManagedBadgeBody::of(badge, query);
        Self {
            customer_badges: page.items.iter().map(body).collect(),
            pagination: Pagination::of(query.page, page.total),
        }
    }
}

impl<'a> ManagedBadgeBody<'a> {
    fn of(shown: &'a CustomerBadge, query: &CustomerBadgeQuery) -> Self {
        let CustomerBadge {
            badge,
            group,
            standing,
        } = shown;
        let definition = &badge.definition;
        let period = definition.period;
        let status = standing.enrolment.map(|held| held.status(query.now).name());
        Self {
            name: definition.name.as_str(),
            description: description(definition),
            badge_meta_id: badge.id,
            badge_type: EarnMode::earn_type(definition.earn_mode).name(),
            badge_group_id: group.as_ref().map(|group| group.id),
            badge_group_name: group.as_ref().map(|group| group.name.as_str()),
            badge_rank: definition.rank.map(Into::into),
            created_on: badge.created_on.into(),
            created_on_iso: badge.created_on.into(),
            last_updated_on: badge.updated_on.into(),
            last_updated_on_iso: badge.updated_on.into(),
            images: images(definition),
            badge_status: period.status(query.now).name(),
            last_earned_on: standing.last_earned_on.map(Into::into),
            last_earned_on_iso: standing.last_earned_on.map(Into::into),
            starts_on: period.starts_on().into(),
            starts_on_iso: period.starts_on().into(),
            expires_on: period.expires_on().into(),
            expires_on_iso: period.expires_on().into(),
            earn_count: standing.earned,
            ownership: OwnershipBody::of(badge),
            issue_status: status,
            active: badge.active,
            last: LastEarned::of(shown),
        }
    }
}
