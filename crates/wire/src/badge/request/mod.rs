//! Reading the body of *create* and *update*: a draft of a badge, and everything that could not be read.
//!
//! What callers get back from a GET they may send again: fields that only answers have are
//! ignored with a warning.

mod constraints;
mod kept;
mod schema;

use accolade_domain::badge::{BadgeDraft, Benefit, EarnType, Image, ImageTag, Tag};
use accolade_domain::catalogue::CustomValues;
use accolade_domain::ids::BadgeId;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;

use crate::badge::expiry;
use crate::json::{self, Field, Fields, Parsed, Presence, Purpose, SET_BY_SERVER, body};
use crate::words::ImageTagName;

use kept::{Nul, WebAddress, compact};

pub use schema::BadgeRequestBody;

/// The most elements that a list of a badge may have.
const MOST_ELEMENTS: usize = 100;

/// The most characters that a benefit may have, without blanks between its parts.
const MOST_BENEFIT_CHARACTERS: usize = 4_000;

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

/// Where an update names its badge.
#[derive(Debug, Clone, Copy)]
pub enum Named {
    /// In the body.
    InBody,
    /// In the path, unless that is malformed; the body may repeat it.
    InPath(Option<BadgeId>),
}

/// Where a new badge gets its id from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewId {
    /// One is made, whatever the body says.
    Made,
    /// From the body, if it has one: the badge is taken over from elsewhere, and its callers know it.
    TakenOver,
}

/// What a badge is to be.
#[derive(Debug)]
pub struct BadgeRequest {
    /// What could be read of it.
    pub draft: BadgeDraft,
    /// What could not.
    pub unread: Vec<Rejection>,
    /// Whether it is to be on, if that is said.
    pub active: Option<bool>,
}

/// The badge that `body` describes, and its id if it is taken over with one.
///
/// # Errors
/// It is no JSON object.
pub fn read(
    body: &[u8],
    new_id: NewId,
) -> Result<Parsed<(Option<BadgeId>, BadgeRequest)>, Vec<Rejection>> {
    let purpose = Purpose::Create;
    let (parsed, unread) = json::read_partly(body, |fields| {
        let id = match new_id {
            NewId::Made => None,
            NewId::TakenOver => fields.field("id").object_id(),
        };
        (id, draft(fields, purpose), active(fields))
    })?;
    let Parsed { value, warnings } = parsed;
    let (id, draft, active) = value;
    let request = BadgeRequest {
        draft,
        unread,
        active,
    };
    let value = (id, request);
    Ok(Parsed { value, warnings })
}

/// The badge that `body` describes anew, and its id if the body has it.
///
/// # Errors
/// It is no JSON object, or does not say which badge it is about.
pub fn read_update(
    body: &[u8],
    named: Named,
) -> Result<Parsed<(Option<BadgeId>, BadgeRequest)>, Vec<Rejection>> {
    let purpose = Purpose::Update;
    let (parsed, unread) = json::read_partly(body, |fields| {
        let id = id(fields, named);
        (id, draft(fields, purpose), active(fields))
    })?;
    let Parsed { value, warnings } = parsed;
    let (id, draft, active) = value;
    if id.is_none() && matches!(named, Named::InBody) {
        return Err(unread);
    }
    let request = BadgeRequest {
        draft,
        unread,
        active,
    };
    let value = (id, request);
    Ok(Parsed { value, warnings })
}

fn id(fields: &mut Fields<'_, '_>, named: Named) -> Option<BadgeId> {
    let field = fields.field("id");
    match named {
        Named::InBody => field.required().object_id(),
        Named::InPath(in_path) => {
            let id = field.object_id()?;
            if in_path.is_some_and(|in_path| in_path != id) {
                let message = "Is not the id in the path. Leave it out, or send the same.";
                fields.refuse(Rejection::unreadable(message).at_field("id"));
            }
            Some(id)
        }
    }
}

fn active(fields: &mut Fields<'_, '_>) -> Option<bool> {
    fields.either(["active", "isActive"]).boolean()
}

fn draft(fields: &mut Fields<'_, '_>, purpose: Purpose) -> BadgeDraft {
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
        ..BadgeDraft::default()
    };
    let constraints = constraints::read(fields, purpose);
    let draft = BadgeDraft {
        customer_constraints: constraints.customer,
        badge_constraints: constraints.badge,
        images: images(fields.field("images")),
        tags: tags(fields.field("tags")),
        benefits: benefits(fields.field("benefits")),
        rank: fields.field("badgeRank").integer(),
        group: fields.field("badgeGroupId").object_id(),
        custom_values: custom_values(fields.field("customFields")),
        default_till: fields.field("defaultTillId").integer(),
        ..draft
    };
    fields.ignore_all(ANSWERED, SET_BY_SERVER);
    draft
}

/// What `read` makes of the elements of the list in `field`.
fn elements<'a, 'p, T>(field: Field<'a, 'p>, read: impl Fn(Field<'a, 'p>) -> Option<T>) -> Vec<T> {
    let elements = field.list(MOST_ELEMENTS, Code::Unreadable);
    elements.into_iter().flatten().filter_map(read).collect()
}

/// The pictures in `field`.
fn images(field: Field<'_, '_>) -> Vec<Image> {
    elements(field, |element| element.object_as(ImageRequestBody::read))
}

/// The names and values in `field`.
fn tags(field: Field<'_, '_>) -> Vec<Tag> {
    elements(field, |element| element.object_as(TagRequestBody::read))
}

body! {
    /// A picture of the badge.
    #[schema(as = ImageRequest)]
    pub(crate) struct ImageRequestBody {
        /// What the picture is called.
        #[schema(max_length = 255)]
        name: Option<String> => called = Some(fields.field(name).text()),
        /// Your handle of the stored file.
        #[schema(max_length = 255)]
        fileSvcHandle: Option<String> => file_svc_handle = Some(fields.field(name).text()),
        /// An absolute http or https address.
        #[schema(max_length = 2048)]
        url: Option<String> => url = Some(fields.field(name).text::<WebAddress>()),
        /// Which state of the badge it shows.
        tag: Option<ImageTagName> =>
            tag = Some(fields.field(name).word(ImageTag::ALL, ImageTag::name)),
    }
    read(fields, name) -> Image {
        Image { name: called, file_svc_handle, url: url.map(|url| url.0), tag }
    }
}

body! {
    /// A free name and value.
    #[schema(as = TagRequest)]
    pub(crate) struct TagRequestBody {
        /// The name.
        #[schema(min_length = 1, max_length = 255)]
        name: String => called = fields.field(name).required().text(),
        /// The value.
        #[schema(max_length = 255)]
        value: Option<String> => value = Some(fields.field(name).text()),
    }
    read(fields, name) -> Tag {
        Tag { name: called, value }
    }
}

/// The benefits in `field`, as they were sent.
fn benefits(field: Field<'_, '_>) -> Vec<Benefit> {
    elements(field, benefit)
}

fn benefit(element: Field<'_, '_>) -> Option<Benefit> {
    let raw = element.raw()?;
    let mut fields = element.object()?;
    let kind = fields.field("benefitType").required().text::<Name>();
    let json = match compact(raw) {
        Err(Nul) => Err("Must not contain the NUL character (U+0000).".to_owned()),
        Ok(json) if json.chars().count() > MOST_BENEFIT_CHARACTERS => Err(format!(
            "Must not be longer than {MOST_BENEFIT_CHARACTERS} characters."
        )),
        Ok(json) => Ok(json),
    };
    let json = json.map_err(|message| fields.refuse(Rejection::unreadable(message)));
    fields.rest().for_each(|(_, value)| value.look_through());
    kind.and(json.ok()).map(Benefit::from_json)
}

/// The values of custom fields in `field`, by their names.
fn custom_values(field: Field<'_, '_>) -> CustomValues {
    let Some(fields) = field.object() else {
        return CustomValues::new();
    };
    let mut values = CustomValues::new();
    for (name, value) in fields.rest().filter(|(_, value)| value.is_present()) {
        match Name::try_from(name.into_owned()) {
            Ok(name) if values.contains_key(&name) => {
                let message = "The field is given more than once. Send it once.";
                value.refuse(Rejection::unreadable(message));
            }
            Ok(name) => values.extend(value.scalar().map(|value| (name, value))),
            // No custom field can have such a name.
            Err(_) => value.refuse(Rejection::new(Code::CustomFieldUnknown)),
        }
    }
    values
}

fn owners(fields: &mut Fields<'_, '_>) -> Vec<OwnerType> {
    let Some(mut ownership) = fields.field("ownership").object() else {
        return Vec::new();
    };
    let owners = elements(ownership.field("restrictedToOwners"), |owner| {
        owner.word(OwnerType::ALL, OwnerType::name)
    });
    let why = "Ignored: a badge is claimed through POST badgeMeta/{id}/claim.";
    ownership.ignore("claims", why);
    ownership.finish();
    owners
}

#[cfg(test)]
mod tests;
