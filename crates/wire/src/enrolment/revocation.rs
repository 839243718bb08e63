//! How the revocation of enrolments looks in an answer.

use accolade_application::answer::{RevokedEnrolment, UnknownCustomer};
use accolade_domain::ids::{BadgeId, EnrolmentId};
use accolade_domain::text::RequestId;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::request::element::{CustomerError, collect};

/// Enrolments were revoked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RevokedEnrolments)]
#[serde(rename_all = "camelCase")]
pub struct RevokedEnrolmentsBody<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// One element for each enrolment, and for each customer who has none.
    #[serde(serialize_with = "elements")]
    #[schema(value_type = Vec<RevokedElement>)]
    revoked_issued_badges: Outcomes<'a>,
    /// The id of the request; null if none was sent.
    #[schema(required)]
    request_id: Option<&'a str>,
}

/// What became of one enrolment that was to be revoked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RevokedIssuedBadge)]
#[serde(rename_all = "camelCase")]
pub struct RevokedElement<'a> {
    /// The customer.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// The enrolment; absent if the customer has none that could be meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    issued_id: Option<EnrolmentId>,
    /// Why it was not revoked; null if it was.
    #[schema(required)]
    error: Option<CustomerError<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Outcomes<'a> {
    known: &'a [RevokedEnrolment],
    unknown: &'a [UnknownCustomer],
}

impl<'a> RevokedEnrolmentsBody<'a> {
    /// How these outcomes look.
    pub fn of(
        badge: BadgeId,
        known: &'a [RevokedEnrolment],
        unknown: &'a [UnknownCustomer],
        request_id: Option<&'a RequestId>,
    ) -> Self {
        Self {
            badge_meta_id: badge,
            revoked_issued_badges: Outcomes { known, unknown },
            request_id: request_id.map(RequestId::as_str),
        }
    }
}

impl<'a> From<&'a RevokedEnrolment> for RevokedElement<'a> {
    fn from(outcome: &'a RevokedEnrolment) -> Self {
        Self {
            customer_id: outcome.customer.get(),
            issued_id: outcome.enrolment,
            error: outcome.refused.as_ref().map(CustomerError::from),
        }
    }
}

fn elements<S: Serializer>(outcomes: &Outcomes<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let known = outcomes.known.iter().map(RevokedElement::from);
    collect(known, outcomes.unknown, serializer)
}
