//! How earning and the revocation of an earned badge look in an answer.

use accolade_application::answer::{CustomerEarn, EarnAnswer, EarnOutcome};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::enrolment::answer::OwnerBody;
use crate::instant::{WireInstant, WireIso};
use crate::request::element::{CustomerError, collect};
use crate::words::BadgeStatusName;

/// A customer earned a badge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Earned)]
#[serde(rename_all = "camelCase")]
pub struct EarnedBody<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// The customer.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// The earned badge; absent if a dry run would record one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    earned_badge_id: Option<EarnedBadgeId>,
    /// When it expires.
    expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "expiresOnISO")]
    expires_on_iso: WireIso,
    /// The id of the request.
    request_id: &'a str,
    /// The enrolment that it rests on; null for a badge that is earned directly.
    #[schema(required, value_type = Option<String>)]
    issued_id: Option<EnrolmentId>,
}

/// Customers earned a badge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EarnedBulk)]
#[serde(rename_all = "camelCase")]
pub struct EarnedBulkBody<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// Who triggered it; null if it was done by hand.
    #[schema(required)]
    triggered_by: Option<OwnerBody<'a>>,
    /// When the earned badges expire.
    expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "expiresOnISO")]
    expires_on_iso: WireIso,
    /// One element for each distinct customer, in the order of the request.
    #[serde(serialize_with = "elements")]
    #[schema(value_type = Vec<EarnedElement>)]
    issued_badges: &'a EarnAnswer,
    /// The id of the request.
    request_id: &'a str,
}

/// What became of one customer. One who failed has `customerId` and `error` only.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EarnedElement<'a> {
    /// The customer.
    #[schema(example = 62_090_013)]
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

/// An earned badge was revoked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RevokedEarn)]
#[serde(rename_all = "camelCase")]
pub struct RevokedEarnBody {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// Whose it was.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// Which.
    #[schema(value_type = String, example = "66da90618bdb494a4f065774")]
    earned_badge_id: EarnedBadgeId,
    /// False: the customer does not have it any more.
    is_active: bool,
}

impl<'a> EarnedBody<'a> {
    /// How the answer about its only customer looks.
    ///
    /// # Errors
    /// The answer is not about one customer who earned, which should not happen.
    pub fn of(answer: &'a EarnAnswer) -> serde_json::Result<Self> {
        let (customer, earned, enrolment) = match answer.outcomes.as_slice() {
            [CustomerEarn { customer, outcome }] => match outcome {
                EarnOutcome::Earned(earned, enrolment) => (customer, Some(*earned), *enrolment),
                EarnOutcome::WouldEarn(enrolment) => (customer, None, *enrolment),
                EarnOutcome::Refused(_) => return Err(not_single()),
            },
            _ => return Err(not_single()),
        };
        Ok(Self {
            badge_meta_id: answer.badge,
            customer_id: customer.get(),
            earned_badge_id: earned,
            expires_on: answer.expires_on.into(),
            expires_on_iso: answer.expires_on.into(),
            request_id: answer.request_id.as_str(),
            issued_id: enrolment,
        })
    }
}

fn not_single() -> serde_json::Error {
    serde_json::Error::custom("an answer about one customer who earned has another outcome")
}

impl<'a> From<&'a EarnAnswer> for EarnedBulkBody<'a> {
    fn from(answer: &'a EarnAnswer) -> Self {
        Self {
            badge_meta_id: answer.badge,
            triggered_by: answer.triggered_by.as_ref().map(OwnerBody::from),
            expires_on: answer.expires_on.into(),
            expires_on_iso: answer.expires_on.into(),
            issued_badges: answer,
            request_id: answer.request_id.as_str(),
        }
    }
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

impl RevokedEarnBody {
    /// How the revocation of `earned` looks.
    pub fn of(badge: BadgeId, customer: CustomerId, earned: EarnedBadgeId) -> Self {
        Self {
            badge_meta_id: badge,
            customer_id: customer.get(),
            earned_badge_id: earned,
            is_active: false,
        }
    }
}
