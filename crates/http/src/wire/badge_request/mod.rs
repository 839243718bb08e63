//! Reading the body of *create*: a draft of a badge, and everything that could not be read.
//!
//! What callers get back from a GET they may send again: fields that only answers have are
//! ignored with a warning.

mod constraints;
mod details;
mod expiry;
mod schema;

use accolade_domain::badge::{BadgeDraft, EarnType};
use accolade_domain::ids::GroupId;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};

use crate::json::{self, Field, Fields, Parsed, Presence};
use crate::wire::constraint::Scope;

pub(crate) use schema::BadgeRequestBody;

/// The most elements that a list of a badge may have.
const MOST_ELEMENTS: usize = 100;

/// Fields that only answers have.
const ANSWERED: &[&str] = &[
    "id",
    "badgeNumericId",
    "orgId",
    "badgeGroupName",
    "status",
    "issuedCount",
    "earnedCount",
    "createdOn",
    "createdOnISO",
    "createdBy",
    "lastUpdatedOn",
    "lastUpdatedOnISO",
    "lastUpdatedBy",
];

/// Why they are ignored.
const SET_BY_SERVER: &str = "Ignored: it is set by the server.";

/// A badge that a caller wants to create.
#[derive(Debug)]
pub(crate) struct BadgeRequest {
    /// What could be read of it.
    pub(crate) draft: BadgeDraft,
    /// What could not.
    pub(crate) unread: Vec<Rejection>,
    /// Whether it is to be on.
    pub(crate) active: bool,
}

/// The badge that `body` describes.
///
/// # Errors
/// It is no JSON object.
pub(crate) fn read(body: &[u8]) -> Result<Parsed<BadgeRequest>, Vec<Rejection>> {
    let (parsed, unread) = json::read_partly(body, |fields| (draft(fields), active(fields)))?;
    let Parsed { value, warnings } = parsed;
    let (draft, active) = value;
    let value = BadgeRequest {
        draft,
        unread,
        active,
    };
    Ok(Parsed { value, warnings })
}

fn active(fields: &mut Fields<'_, '_>) -> bool {
    fields
        .either(["active", "isActive"])
        .boolean()
        .unwrap_or(true)
}

fn draft(fields: &mut Fields<'_, '_>) -> BadgeDraft {
    let earn_type = fields.field("earnType").word(EarnType::ALL, EarnType::name);
    let enrolment_expiry = if earn_type == Some(EarnType::Earn) {
        let why = "Ignored: customers are not enrolled for a badge that they earn directly.";
        fields.ignore("issuedBadgeExpiry", why);
        None
    } else {
        expiry::read(fields.field("issuedBadgeExpiry"))
    };
    let draft = BadgeDraft {
        name: fields.field("name").text(),
        description: fields.field("description").text(),
        starts_on: fields.instant_pair("startOn", Presence::Optional),
        expires_on: fields.instant_pair("expiresOn", Presence::Optional),
        earn_type,
        enrolment_expiry,
        earned_expiry: expiry::read(fields.field("earnedBadgeExpiry")),
        owners: owners(fields),
        customer_constraints: constraints::read(
            fields.field("customerConstraints"),
            Scope::Customer,
        ),
        badge_constraints: constraints::read(fields.field("badgeConstraints"), Scope::Badge),
        images: details::images(fields.field("images")),
        tags: details::tags(fields.field("tags")),
        benefits: details::benefits(fields.field("benefits")),
        rank: fields.field("badgeRank").integer(),
        default_till: fields.field("defaultTillId").integer(),
    };
    refuse_group(fields);
    refuse_custom_fields(fields);
    for name in ANSWERED {
        fields.ignore(name, SET_BY_SERVER);
    }
    draft
}

fn owners(fields: &mut Fields<'_, '_>) -> Vec<OwnerType> {
    let Some(mut ownership) = fields.field("ownership").object() else {
        return Vec::new();
    };
    let owners = ownership
        .field("restrictedToOwners")
        .list(MOST_ELEMENTS, Code::Unreadable)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|owner| owner.word(OwnerType::ALL, OwnerType::name))
        .collect();
    let why = "Ignored: a badge is claimed through POST badgeMeta/{id}/claim.";
    ownership.ignore("claims", why);
    ownership.finish();
    owners
}

fn refuse_group(fields: &mut Fields<'_, '_>) {
    let field = fields.field("badgeGroupId");
    let path = field.path().to_owned();
    if let Some(group) = field.object_id::<GroupId>() {
        let message = format!("Badge group {group} not found. Check the id.");
        fields.refuse(Rejection::of(Code::NotFound).saying(message).at(path));
    }
}

fn refuse_custom_fields(fields: &mut Fields<'_, '_>) {
    let Some(custom_fields) = fields.field("customFields").object() else {
        return;
    };
    for field in custom_fields.rest().filter(Field::is_present) {
        field.refuse(Rejection::of(Code::CustomFieldUnknown));
    }
}

#[cfg(test)]
mod tests;
