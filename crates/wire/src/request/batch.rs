//! What requests for many customers of one badge have in common, and how they are read.
//!
//! Such a body may name ten thousand customers, so it is read as a serde type; a body that is
//! not quite of that type is read once more, field by field, to say why.

use accolade_application::ports::IdentifierKind;
use accolade_domain::customer::DistinctCustomers;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::customer::named::{self, NamedCustomers};
use crate::json::{
    self, Fields, Parsed, PositiveId, Presence, Problems, TextOrNumber, disagreement, word,
};
use crate::words::OwnerTypeName;
use crate::{badge::owner as owner_request, instant};

/// What a request for many customers asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The badge.
    pub badge: BadgeId,
    /// The customers.
    pub customers: NamedCustomers,
    /// The caller's id of the request: the body's, else the header's.
    pub request_id: Option<RequestId>,
    /// When it happened; now if `None`.
    pub event_on: Option<Instant>,
    /// Who triggered it; `None` if it is done by hand.
    pub triggered_by: Option<Owner>,
}

/// In what the bodies of such requests differ.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The name of the list of customers.
    pub customers: &'static str,
    /// The name of the event date.
    pub event: &'static str,
    /// Whether the caller must give an id of the request.
    pub needs_request_id: bool,
}

/// What a body is read by besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'h> {
    /// The most customers that one request may name.
    pub max_customers: usize,
    /// The header `requestId`: the id of the request if the body has none.
    pub request_id: Option<&'h [u8]>,
    /// The kind of identifier by which customers are named; by their numbers if `None`.
    pub named_by: Option<IdentifierKind>,
}

/// Such a body as serde reads it.
pub struct TypedBatch<'a> {
    /// The badge.
    pub badge: BadgeId,
    /// The customers.
    pub customers: Vec<PositiveId<CustomerId>>,
    /// The id of the request.
    pub request_id: Option<TextOrNumber>,
    /// When it happened.
    pub event: Option<&'a RawValue>,
    /// The same as text.
    pub event_iso: Option<&'a RawValue>,
    /// Who triggers it.
    pub triggered_by: Option<TriggeredBy>,
}

/// The owner and its own id of the use on whose behalf something is recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TriggeredBy {
    /// The module.
    #[schema(value_type = OwnerTypeName)]
    owner_type: String,
    /// Its own id of the use, 1 to 255 characters.
    #[schema(value_type = String, example = "123694")]
    reference_id: TextOrNumber,
}

impl Reading<'_> {
    /// Reads `body`, which has this `shape` and is an `F` for serde.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn batch<'a, F>(self, shape: Shape, body: &'a [u8]) -> Result<Parsed<Batch>, Vec<Rejection>>
    where
        F: Deserialize<'a> + Into<TypedBatch<'a>>,
    {
        if self.named_by.is_some() {
            return json::read(body, |fields| self.read_slowly(shape, fields));
        }
        json::read_typed(
            body,
            |typed: F| self.take(shape, typed.into()),
            |fields| self.read_slowly(shape, fields),
        )
    }

    /// The id of the request in `fields`, else in the header; `needed`: 804 if there is none.
    pub fn request_id(self, fields: &mut Fields<'_, '_>, needed: bool) -> Option<RequestId> {
        let field = fields.field("requestId");
        if field.is_present() {
            return field.text_or_number();
        }
        let from_header = self.header_request_id().unwrap_or_else(|message| {
            field.refuse(Rejection::unreadable(message));
            None
        });
        if needed && self.request_id.is_none() {
            field.refuse(Rejection::of(Code::RequestIdMissing));
        }
        from_header
    }

    /// The id of the request in the header.
    ///
    /// # Errors
    /// Why it is none.
    pub fn header_request_id(self) -> Result<Option<RequestId>, String> {
        self.request_id
            .map(|value| {
                let text = std::str::from_utf8(value)
                    .map_err(|_| "The header requestId is not UTF-8 text.".to_owned())?;
                RequestId::try_from(text).map_err(json::sentence)
            })
            .transpose()
    }

    /// What `typed` asks for; `None` if something is wrong with it.
    pub(crate) fn take(self, shape: Shape, typed: TypedBatch<'_>) -> Option<Parsed<Batch>> {
        if !(1..=self.max_customers).contains(&typed.customers.len()) {
            return None;
        }
        let problems = Problems::default();
        let number = typed.event.map(instant::read).transpose().ok()?;
        let iso = typed.event_iso.map(instant::read_iso).transpose().ok()?;
        if let Some(warning) = number
            .zip(iso)
            .and_then(|(number, iso)| disagreement(number, iso))
        {
            problems.warn(warning.at(shape.event));
        }
        let request_id = match typed.request_id {
            Some(TextOrNumber(text)) => Some(text.try_into().ok()?),
            None => self.header_request_id().ok()?,
        };
        if shape.needs_request_id && request_id.is_none() {
            return None;
        }
        let triggered_by = match typed.triggered_by {
            Some(TriggeredBy {
                owner_type,
                reference_id,
            }) => Some(Owner {
                owner_type: word(&owner_type, OwnerType::ALL, OwnerType::name)?,
                reference: reference_id.0.try_into().ok()?,
            }),
            None => None,
        };
        // Collected in place: the numbers are not copied.
        let customers = typed.customers.into_iter().map(|PositiveId(id)| id);
        let customers = NamedCustomers::Numbers(DistinctCustomers::of(customers.collect()));
        let repeats = customers.repeats(shape.customers).into_iter();
        repeats.for_each(|warning| problems.warn(warning));
        let (_, warnings) = problems.into_parts();
        Some(Parsed {
            value: Batch {
                badge: typed.badge,
                customers,
                request_id,
                event_on: iso.or(number),
                triggered_by,
            },
            warnings,
        })
    }

    pub(crate) fn read_slowly(self, shape: Shape, fields: &mut Fields<'_, '_>) -> Option<Batch> {
        let badge = fields.field("badgeMetaId").required().object_id();
        let max = self.max_customers;
        let customers = named::several(fields, shape.customers, max, self.named_by);
        let request_id = self.request_id(fields, shape.needs_request_id);
        let event_on = fields.instant_pair(shape.event, Presence::Optional);
        let triggered_by = triggered_by(fields);
        let customers = customers?;
        let repeats = customers.repeats(shape.customers).into_iter();
        repeats.for_each(|warning| fields.warn(warning));
        Some(Batch {
            badge: badge?,
            customers,
            request_id,
            event_on,
            triggered_by,
        })
    }
}

/// The owner in the field `triggeredBy` of `fields`, if it is there.
pub fn triggered_by(fields: &mut Fields<'_, '_>) -> Option<Owner> {
    fields.field("triggeredBy").object().and_then(owner)
}

fn owner(mut fields: Fields<'_, '_>) -> Option<Owner> {
    let owner = owner_request::owner(&mut fields);
    fields.finish();
    owner
}
