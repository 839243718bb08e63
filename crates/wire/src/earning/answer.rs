//! How earning and the revocation of an earned badge look in an answer.

use accolade_application::answer::{CustomerEarn, EarnAnswer, EarnOutcome};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::answer::answer;
use crate::enrolment::answer::OwnerBody;
use crate::instant::{WireInstant, WireIso};
use crate::request::element::{CustomerError, collect};
use crate::shapes::CustomerReference;
use crate::words::BadgeStatusName;

answer! {
    /// A customer earned a badge.
    #[schema(as = Earned)]
    pub struct EarnedBody<'a> {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = answer.badge,
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = customer.get(),
        /// The earned badge; absent if a dry run would record one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, nullable = false)]
        earnedBadgeId: Option<EarnedBadgeId> = earned,
        /// When it expires.
        expiresOn: WireInstant = answer.expires_on.into(),
        /// The same as text.
        expiresOnISO: WireIso = answer.expires_on.into(),
        /// The id of the request.
        requestId: &'a str = answer.request_id.as_str(),
        /// The enrolment that it rests on; null for a badge that is earned directly.
        #[schema(required, value_type = Option<String>)]
        issuedId: Option<EnrolmentId> = enrolment,
    }
    new(answer: &'a EarnAnswer) -> serde_json::Result<Self> as Ok {
        let (customer, earned, enrolment) = match answer.outcomes.as_slice() {
            [CustomerEarn { customer, outcome }] => match outcome {
                EarnOutcome::Earned(earned, enrolment) => (customer, Some(*earned), *enrolment),
                EarnOutcome::WouldEarn(enrolment) => (customer, None, *enrolment),
                EarnOutcome::Refused(_) => return Err(not_single()),
            },
            _ => return Err(not_single()),
        };
    }
}

answer! {
    /// Customers earned a badge.
    #[schema(as = EarnedBulk)]
    pub struct EarnedBulkBody<'a> {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = answer.badge,
        /// Who triggered it; null if it was done by hand.
        #[schema(required)]
        triggeredBy: Option<OwnerBody<'a>> = answer.triggered_by.as_ref().map(OwnerBody::new),
        /// When the earned badges expire.
        expiresOn: WireInstant = answer.expires_on.into(),
        /// The same as text.
        expiresOnISO: WireIso = answer.expires_on.into(),
        /// One element for each distinct customer, in the order of the request.
        #[serde(serialize_with = "elements")]
        #[schema(value_type = Vec<EarnedElement>)]
        issuedBadges: &'a EarnAnswer = answer,
        /// The id of the request.
        requestId: &'a str = answer.request_id.as_str(),
    }
    new(answer: &'a EarnAnswer) {}
}

/// What became of one customer. One who failed has `customerId` and `error` only.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EarnedElement<'a> {
    /// The customer: its number; the identifier that was sent, if nobody has it.
    #[schema(value_type = CustomerReference)]
    customer_id: i64,
    /// The *earned* badge; absent if a dry run would record one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    issued_id: Option<EarnedBadgeId>,
    /// Why the customer did not earn; absent if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<CustomerError<'a>>,
    /// Where the earned badge stands: LIVE, UPCOMING if its event lies ahead, or EXPIRED.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BadgeStatusName>, nullable = false)]
    status: Option<&'static str>,
}

answer! {
    /// An earned badge was revoked.
    #[schema(as = RevokedEarn)]
    pub struct RevokedEarnBody {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = badge,
        /// Whose it was.
        #[schema(example = 62_090_013)]
        customerId: i64 = customer.get(),
        /// Which.
        #[schema(value_type = String, example = "66da90618bdb494a4f065774")]
        earnedBadgeId: EarnedBadgeId = earned,
        /// False: the customer does not have it any more.
        isActive: bool = false,
    }
    new(badge: BadgeId, customer: CustomerId, earned: EarnedBadgeId) {}
}

fn not_single() -> serde_json::Error {
    serde_json::Error::custom("an answer about one customer who earned has another outcome")
}

impl<'a> EarnedElement<'a> {
    fn of(earn: &'a CustomerEarn, status: &'static str) -> Self {
        let customer_id = earn.customer.get();
        match &earn.outcome {
            EarnOutcome::Refused(rejection) => Self {
                customer_id,
                issued_id: None,
                error: Some(rejection.into()),
                status: None,
            },
            EarnOutcome::Earned(id, _) => Self {
                customer_id,
                issued_id: Some(*id),
                error: None,
                status: Some(status),
            },
            EarnOutcome::WouldEarn(_) => Self {
                customer_id,
                issued_id: None,
                error: None,
                status: Some(status),
            },
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn elements<S: Serializer>(answer: &&EarnAnswer, serializer: S) -> Result<S::Ok, S::Error> {
    let status = if answer.expires_on <= answer.now {
        "EXPIRED"
    } else if answer.event_on > answer.now {
        "UPCOMING"
    } else {
        "LIVE"
    };
    let known = answer.outcomes.iter();
    collect(
        known.map(|earn| EarnedElement::of(earn, status)),
        &answer.unknown,
        serializer,
    )
}
