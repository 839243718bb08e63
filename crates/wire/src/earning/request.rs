//! The bodies of requests to earn, for one customer and for many, and to revoke an earned badge.

use accolade_application::earning::RevokeEarn;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::customer::named::{self, NamedCustomer};
use crate::instant::{WireInstant, WireIso};
use crate::json::{self, Parsed, PositiveId, Presence, TextOrNumber};
use crate::request::batch::{Reading, Shape, TriggeredBy, TypedBatch, triggered_by};

/// What is its own of the body of a request for many customers to earn.
pub const BULK_SHAPE: Shape = Shape {
    customers: "customerIds",
    event: "earnEventDate",
    needs_request_id: true,
};

/// Customers who are to earn a badge.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = EarnBulkRequest)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EarnBulkRequest<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// The customers: numbers, or strings of digits; identifiers, if the header says so.
    #[schema(value_type = Vec<i64>, min_items = 1, example = json!([62_090_013]))]
    customer_ids: Vec<PositiveId<CustomerId>>,
    /// The caller's id of this request, 1 to 255 characters; required here or in the header.
    #[schema(value_type = Option<String>, example = "1234")]
    request_id: Option<TextOrNumber>,
    /// When the criteria were fulfilled; now if it is absent.
    #[serde(borrow)]
    #[schema(value_type = Option<WireInstant>)]
    earn_event_date: Option<&'a RawValue>,
    /// The same as text; wins over the number.
    #[serde(borrow, rename = "earnEventDateISO")]
    #[schema(value_type = Option<WireIso>)]
    earn_event_date_iso: Option<&'a RawValue>,
    /// Who triggers it; absent if it is done by hand at the care desk.
    triggered_by: Option<TriggeredBy>,
}

impl<'a> From<EarnBulkRequest<'a>> for TypedBatch<'a> {
    fn from(request: EarnBulkRequest<'a>) -> Self {
        Self {
            badge: request.badge_meta_id,
            customers: request.customer_ids,
            request_id: request.request_id,
            event: request.earn_event_date,
            event_iso: request.earn_event_date_iso,
            triggered_by: request.triggered_by,
        }
    }
}

/// A customer who is to earn a badge.
#[derive(ToSchema)]
#[schema(as = EarnRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct EarnRequestBody {
    /// The badge.
    #[schema(example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: String,
    /// The customer: a number, or a string of digits; an identifier, if the header says so.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// The caller's id of this request, 1 to 255 characters; required here or in the header.
    #[schema(example = "2132")]
    request_id: Option<String>,
    /// When the criteria were fulfilled; now if it is absent.
    earn_event_date: Option<WireInstant>,
    /// The same as text; wins over the number.
    #[schema(rename = "earnEventDateISO")]
    earn_event_date_iso: Option<WireIso>,
    /// Who triggers it; absent if it is done by hand at the care desk.
    triggered_by: Option<TriggeredBy>,
}

/// What a request for one customer to earn asks for.
#[derive(Debug, Clone)]
pub struct Earn {
    /// The badge.
    pub badge: BadgeId,
    /// The customer.
    pub customer: NamedCustomer,
    /// The caller's id of the request.
    pub request_id: RequestId,
    /// When the criteria were fulfilled; now if `None`.
    pub event_on: Option<Instant>,
    /// Who triggered it; `None` if it is done by hand.
    pub triggered_by: Option<Owner>,
}

/// An earned badge to revoke.
#[derive(ToSchema)]
#[schema(as = RevokeEarnRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read field by field")]
#[expect(clippy::struct_field_names, reason = "they are the wire's names")]
pub struct RevokeEarnRequestBody {
    /// The badge.
    #[schema(example = "653ddb33b3cda7078c7c68e9")]
    badge_meta_id: String,
    /// The customer: a number, or a string of digits; an identifier, if the header says so.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// The earned badge.
    #[schema(example = "654cbea06bccde1274b6d3a2")]
    earned_badge_id: String,
    /// The caller's id of this request, 1 to 255 characters.
    request_id: Option<String>,
}

/// What `body` asks for one customer to earn.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_earn(reading: Reading<'_>, body: &[u8]) -> Result<Parsed<Earn>, Vec<Rejection>> {
    json::read(body, |fields| {
        let badge = fields.field("badgeMetaId").required().object_id();
        let customer = named::one(fields.field("customerId"), reading.named_by);
        let request_id = reading.request_id(fields, true);
        let event_on = fields.instant_pair("earnEventDate", Presence::Optional);
        let triggered_by = triggered_by(fields);
        Some(Earn {
            badge: badge?,
            customer: customer?,
            request_id: request_id?,
            event_on,
            triggered_by,
        })
    })
}

/// Which earned badge `body` asks to revoke.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_revocation(
    reading: Reading<'_>,
    body: &[u8],
) -> Result<Parsed<RevokeEarn>, Vec<Rejection>> {
    json::read(body, |fields| {
        let badge = fields.field("badgeMetaId").required().object_id();
        let customer = named::one(fields.field("customerId"), reading.named_by);
        let earned = fields.field("earnedBadgeId").required().object_id();
        let request_id = reading.request_id(fields, false);
        Some(RevokeEarn {
            badge: badge?,
            customer: customer?,
            earned: earned?,
            request_id,
        })
    })
}
