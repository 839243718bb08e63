//! How a badge looks beside how a customer stands to it, in the two lists that there are.

use accolade_domain::badge::EarnMode;
use accolade_domain::catalogue::CustomValues;
use accolade_domain::customer_view::{CustomerBadge, CustomerBadgeQuery};
use accolade_domain::earning::Scope;
use accolade_domain::ids::{BadgeId, GroupId};
use accolade_domain::listing::Page;
use accolade_domain::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::answer;
use crate::badge::answer::{ImageBody, OwnershipBody, TagBody, description, images, tags};
use crate::badge::constraint::{ConstraintBody, Seen};
use crate::instant::{WireInstant, WireIso};
use crate::page::Pagination;
use crate::words::{BadgeStatusName, EarnTypeName, EnrolmentStatusName};

answer! {
    /// One page of a customer's badges.
    #[schema(as = CustomerBadgeList)]
    pub struct CustomerBadgesBody<'a> {
        /// The badges of the page.
        badges: Vec<CustomerBadgeBody<'a>> = page.items.iter().map(body).collect(),
        /// Which page it is.
        pagination: Pagination = Pagination::new(query.page, page.total),
    }
    new(page: &'a Page<CustomerBadge>, query: &CustomerBadgeQuery, zone: &Zone) {
        let body = |badge| CustomerBadgeBody::new(badge, query, zone);
    }
}

answer! {
    /// A badge as a customer is shown it.
    #[schema(as = CustomerBadge)]
    pub struct CustomerBadgeBody<'a> {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = badge.id,
        /// The organisation that it belongs to.
        orgId: i64 = badge.org.get(),
        /// Its name.
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
        /// Pictures.
        images: Vec<ImageBody<'a>> = images(definition),
        /// Names and values.
        tags: Vec<TagBody<'a>> = tags(definition),
        /// The group that it belongs to.
        #[schema(required, value_type = Option<String>)]
        badgeGroupId: Option<GroupId> = group.as_ref().map(|group| group.id),
        /// The name of that group.
        #[schema(required)]
        badgeGroupName: Option<&'a str> = group.as_ref().map(|group| group.name.as_str()),
        /// Its place in the group: 1 is highest.
        #[schema(required)]
        badgeRank: Option<i64> = definition.rank.map(Into::into),
        /// Who may claim it and who has.
        ownership: OwnershipBody<'a> = OwnershipBody::new(badge),
        /// Whether customers are enrolled first.
        #[schema(value_type = EarnTypeName)]
        earnType: &'static str = definition.earn_mode.earn_type().name(),
        /// Limits for each customer.
        customerConstraints: Vec<ConstraintBody> = constraints(Scope::Customer, &definition.customer_constraints),
        /// Limits for all customers together.
        badgeConstraints: Vec<ConstraintBody> = constraints(Scope::Badge, &definition.badge_constraints),
        /// How many the customer has earned that are not revoked.
        earnedCount: u64 = shown.standing.earned,
        /// When the last was recorded, and when its criteria were fulfilled.
        #[serde(flatten)]
        last: LastEarned = LastEarned::of(shown),
        /// Values of the organisation's custom fields.
        #[schema(value_type = Object)]
        customFields: &'a CustomValues = &definition.custom_values,
        /// Whether it is on.
        active: bool = badge.active,
    }
    new(shown: &'a CustomerBadge, query: &CustomerBadgeQuery, zone: &Zone) {
        let CustomerBadge { badge, group, .. } = shown;
        let definition = &badge.definition;
        let period = definition.period;
        let seen = Seen::at(query.now, definition, zone);
        let constraints =
            |scope, constraints: &[_]| ConstraintBody::all(scope, constraints, seen, false);
    }
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

answer! {
    /// One page of a customer's badges, for the care desk.
    #[schema(as = ManagedBadgeList)]
    pub struct ManagedBadgesBody<'a> {
        /// The badges of the page.
        customerBadges: Vec<ManagedBadgeBody<'a>> = page.items.iter().map(body).collect(),
        /// Which page it is.
        pagination: Pagination = Pagination::new(query.page, page.total),
    }
    new(page: &'a Page<CustomerBadge>, query: &CustomerBadgeQuery) {
        let body = |badge| ManagedBadgeBody::new(badge, query);
    }
}

answer! {
    /// A badge and how a customer stands to it, as the care desk is shown it.
    #[schema(as = ManagedBadge)]
    pub struct ManagedBadgeBody<'a> {
        /// Its name.
        name: &'a str = definition.name.as_str(),
        /// A text for people.
        #[schema(required)]
        description: Option<&'a str> = description(definition),
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = badge.id,
        /// Whether customers are enrolled first.
        #[schema(value_type = EarnTypeName)]
        badgeType: &'static str = EarnMode::earn_type(definition.earn_mode).name(),
        /// The group that it belongs to.
        #[schema(required, value_type = Option<String>)]
        badgeGroupId: Option<GroupId> = group.as_ref().map(|group| group.id),
        /// The name of that group.
        #[schema(required)]
        badgeGroupName: Option<&'a str> = group.as_ref().map(|group| group.name.as_str()),
        /// Its place in the group: 1 is highest.
        #[schema(required)]
        badgeRank: Option<i64> = definition.rank.map(Into::into),
        /// When it was created.
        createdOn: WireInstant = badge.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = badge.created_on.into(),
        /// When it last changed.
        lastUpdatedOn: WireInstant = badge.updated_on.into(),
        /// The same as text.
        lastUpdatedOnISO: WireIso = badge.updated_on.into(),
        /// Pictures.
        images: Vec<ImageBody<'a>> = images(definition),
        /// Where it stands in its period.
        #[schema(value_type = BadgeStatusName)]
        badgeStatus: &'static str = period.status(query.now).name(),
        /// When the customer's last earned badge was recorded; null if it has none.
        #[schema(required)]
        lastEarnedOn: Option<WireInstant> = standing.last_earned_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        lastEarnedOnISO: Option<WireIso> = standing.last_earned_on.map(Into::into),
        /// When it starts.
        startsOn: WireInstant = period.starts_on().into(),
        /// The same as text.
        startsOnISO: WireIso = period.starts_on().into(),
        /// When it ends.
        expiresOn: WireInstant = period.expires_on().into(),
        /// The same as text.
        expiresOnISO: WireIso = period.expires_on().into(),
        /// How many the customer has earned that are not revoked.
        earnCount: u64 = standing.earned,
        /// Who may claim it and who has.
        ownership: OwnershipBody<'a> = OwnershipBody::new(badge),
        /// The state of the customer's enrolment; null if it was never enrolled.
        #[schema(required, value_type = Option<EnrolmentStatusName>)]
        issueStatus: Option<&'static str> = status,
        /// Whether it is on.
        active: bool = badge.active,
        /// When the last was recorded, and when its criteria were fulfilled.
        #[serde(flatten)]
        last: LastEarned = LastEarned::of(shown),
    }
    new(shown: &'a CustomerBadge, query: &CustomerBadgeQuery) {
        let CustomerBadge {
            badge,
            group,
            standing,
        } = shown;
        let definition = &badge.definition;
        let period = definition.period;
        let status = standing.enrolment.map(|held| held.status(query.now).name());
    }
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
