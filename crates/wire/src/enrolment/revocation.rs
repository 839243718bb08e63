//! How the revocation of enrolments looks in an answer.

use accolade_application::answer::{RevokedEnrolment, UnknownCustomer};
use accolade_domain::ids::{BadgeId, EnrolmentId};
use accolade_domain::text::RequestId;
use serde::Serializer;

use crate::answer::answer;
use crate::enrolment::answer::{CustomerError, collect};
use crate::shapes::CustomerReference;

answer! {
    /// Enrolments were revoked.
    #[schema(as = RevokedEnrolments)]
    pub struct RevokedEnrolmentsBody<'a> {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = badge,
        /// One element for each enrolment, and for each customer who has none.
        #[serde(serialize_with = "elements")]
        #[schema(value_type = Vec<RevokedElement>)]
        revokedIssuedBadges: Outcomes<'a> = Outcomes { known, unknown },
        /// The id of the request; null if none was sent.
        #[schema(required)]
        requestId: Option<&'a str> = request_id.map(RequestId::as_str),
    }
    new(badge: BadgeId, known: &'a [RevokedEnrolment], unknown: &'a [UnknownCustomer], request_id: Option<&'a RequestId>) {}
}

answer! {
    /// What became of one enrolment that was to be revoked.
    #[schema(as = RevokedIssuedBadge)]
    pub struct RevokedElement<'a> {
        /// The customer: its number; the identifier that was sent, if nobody has it.
        #[schema(value_type = CustomerReference)]
        customerId: i64 = outcome.customer.get(),
        /// The enrolment; absent if the customer has none that could be meant.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, nullable = false)]
        issuedId: Option<EnrolmentId> = outcome.enrolment,
        /// Why it was not revoked; null if it was.
        #[schema(required)]
        error: Option<CustomerError<'a>> = outcome.refused.as_ref().map(CustomerError::from),
    }
    new(outcome: &'a RevokedEnrolment) {}
}

#[derive(Debug, Clone, Copy)]
struct Outcomes<'a> {
    known: &'a [RevokedEnrolment],
    unknown: &'a [UnknownCustomer],
}

fn elements<S: Serializer>(outcomes: &Outcomes<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let known = outcomes.known.iter().map(RevokedElement::new);
    collect(known, outcomes.unknown, serializer)
}
