//! What the rows of each export look like: what is shown of the thing elsewhere, and more.

use accolade_application::answer::{BadgeView, DirectoryEcho};
use accolade_application::ports::{EarnRecord, EnrolmentRecord, Exported};
use accolade_domain::actor::Actor;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::zone::Zone;

use super::ExportKind;
use crate::answer::answer;
use crate::badge::answer::BadgeBody;
use crate::catalogue::custom_field::CustomFieldBody;
use crate::catalogue::group::GroupBody;
use crate::customer::details::{EarnBody, IssualBody};
use crate::directory::CustomerBody;

answer! {
    /// An enrolment, as exports have it.
    #[schema(as = ExportedEnrolment)]
    pub struct ExportedEnrolmentBody<'a> {
        /// As the details of a customer's badge have it.
        #[serde(flatten)]
        issual: IssualBody<'a> = IssualBody::new(&row.record, now),
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = row.key.customer.get(),
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = row.key.badge,
        /// The caller's id of the request that recorded it.
        requestId: &'a str = row.request_id.as_str(),
        /// By whom it was recorded.
        createdBy: i64 = row.created_by.number(),
        /// By whom it was revoked; null if it was not, or by an earlier release that did not keep it.
        #[schema(required)]
        revokedBy: Option<i64> = row.record.revoked_by.map(Actor::number),
        /// Sent as `after`, the export goes on behind this row.
        cursor: String = cursor,
    }
    new(row: &'a Exported<EnrolmentRecord>, now: Instant, cursor: String) {}
}

answer! {
    /// An earned badge, as exports have it.
    #[schema(as = ExportedEarnedBadge)]
    pub struct ExportedEarnBody<'a> {
        /// As the details of a customer's badge have it.
        #[serde(flatten)]
        earn: EarnBody<'a> = EarnBody::new(&row.record, now),
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = row.key.customer.get(),
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = row.key.badge,
        /// The caller's id of the request that recorded it; of an import that of the whole.
        requestId: &'a str = row.request_id.as_str(),
        /// By whom it was recorded.
        createdBy: i64 = row.created_by.number(),
        /// By whom it was revoked; null if it was not, or by an earlier release that did not keep it.
        #[schema(required)]
        revokedBy: Option<i64> = row.record.revoked_by.map(Actor::number),
        /// Sent as `after`, the export goes on behind this row.
        cursor: String = cursor,
    }
    new(row: &'a Exported<EarnRecord>, now: Instant, cursor: String) {}
}

answer! {
    /// A badge, as exports have it.
    #[schema(as = ExportedBadge)]
    pub struct ExportedBadgeBody<'a> {
        /// As it is looked up.
        #[serde(flatten)]
        badge: BadgeBody<'a> = BadgeBody::new(view, zone)?,
        /// Sent as `after`, the export goes on behind this row.
        cursor: String = cursor,
    }
    new(view: &'a BadgeView, zone: &Zone, cursor: String) -> serde_json::Result<Self> as Ok {}
}

answer! {
    /// A group, as exports have it.
    #[schema(as = ExportedGroup)]
    pub struct ExportedGroupBody<'a> {
        /// As it is looked up.
        #[serde(flatten)]
        group: GroupBody<'a> = GroupBody::new(group),
        /// Sent as `after`, the export goes on behind this row.
        cursor: String = cursor,
    }
    new(group: &'a Group, cursor: String) {}
}

answer! {
    /// A custom field, as exports have it.
    #[schema(as = ExportedCustomField)]
    pub struct ExportedCustomFieldBody<'a> {
        /// As it is looked up.
        #[serde(flatten)]
        field: CustomFieldBody<'a> = CustomFieldBody::new(field),
        /// Sent as `after`, the export goes on behind this row.
        cursor: String = cursor,
    }
    new(field: &'a CustomField, cursor: String) {}
}

answer! {
    /// A customer and what it is called, as exports have it.
    #[schema(as = ExportedCustomer)]
    pub struct ExportedCustomerBody<'a> {
        /// As it is answered when it is set.
        #[serde(flatten)]
        customer: CustomerBody<'a> = CustomerBody::new(echo),
        /// Sent as `after`, the export goes on behind this row.
        cursor: String = cursor,
    }
    new(echo: &'a DirectoryEcho, cursor: String) {}
}

/// The names of the columns that such an export has as CSV: those of the members of its rows, in their
/// order. A further one comes before the cursor.
pub(super) const fn columns(kind: ExportKind) -> &'static [&'static str] {
    match kind {
        ExportKind::Enrolments => ENROLMENT,
        ExportKind::EarnedBadges => EARNED_BADGE,
        ExportKind::Badges => BADGE,
        ExportKind::Groups => GROUP,
        ExportKind::CustomFields => CUSTOM_FIELD,
        ExportKind::Customers => CUSTOMER,
    }
}

const ENROLMENT: &[&str] = &[
    "issuedOn",
    "issuedOnISO",
    "issuedStatus",
    "issueExpiresOn",
    "issueExpiresOnISO",
    "issueId",
    "ownerType",
    "ownerReferenceId",
    "revokedOn",
    "revokedOnISO",
    "revokeReason",
    "issueEventDate",
    "issueEventDateISO",
    "customerId",
    "badgeMetaId",
    "requestId",
    "createdBy",
    "revokedBy",
    "cursor",
];

const EARNED_BADGE: &[&str] = &[
    "earnedBadgeId",
    "issueId",
    "earnedOn",
    "earnedOnISO",
    "earnEventDate",
    "earnEventDateISO",
    "earnExpiresOn",
    "earnExpiresOnISO",
    "earnedStatus",
    "ownerType",
    "ownerReferenceId",
    "revokedOn",
    "revokedOnISO",
    "revokeReason",
    "customerId",
    "badgeMetaId",
    "requestId",
    "createdBy",
    "revokedBy",
    "cursor",
];

const BADGE: &[&str] = &[
    "id",
    "badgeNumericId",
    "orgId",
    "name",
    "description",
    "startOn",
    "startOnISO",
    "expiresOn",
    "expiresOnISO",
    "earnedBadgeExpiry",
    "issuedBadgeExpiry",
    "images",
    "ownership",
    "customerConstraints",
    "badgeConstraints",
    "benefits",
    "tags",
    "badgeGroupId",
    "badgeRank",
    "defaultTillId",
    "earnType",
    "issuedCount",
    "earnedCount",
    "status",
    "createdOn",
    "createdOnISO",
    "createdBy",
    "lastUpdatedOn",
    "lastUpdatedOnISO",
    "lastUpdatedBy",
    "customFields",
    "active",
    "cursor",
];

const GROUP: &[&str] = &[
    "id",
    "orgId",
    "name",
    "rank",
    "createdBy",
    "createdOn",
    "createdOnISO",
    "lastUpdatedBy",
    "lastUpdatedOn",
    "lastUpdatedOnISO",
    "isActive",
    "cursor",
];

const CUSTOM_FIELD: &[&str] = &[
    "id",
    "orgId",
    "name",
    "isMandatory",
    "defaultValue",
    "isActive",
    "dataType",
    "createdOn",
    "createdOnISO",
    "createdBy",
    "lastUpdatedOn",
    "lastUpdatedOnISO",
    "lastUpdatedBy",
    "cursor",
];

const CUSTOMER: &[&str] = &[
    "customerId",
    "email",
    "mobile",
    "externalId",
    "cardNumber",
    "cursor",
];
