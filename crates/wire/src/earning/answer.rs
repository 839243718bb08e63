//! How earning and the revocation of an earned badge look in an answer.
//!
//! Clients of the API family are of two generations, which read what became of a batch in different
//! fields: the answer about several customers has both.

use accolade_application::answer::{CustomerEarn, EarnAnswer, EarnOutcome, UnknownCustomer};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId};
use accolade_domain::rejection::{Code, Rejection};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::answer::answer;
use crate::enrolment::answer::{CustomerError, OwnerBody, Placed, collect, placed};
use crate::instant::{WireInstant, WireIso};
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
        /// When the earned badges expire.
        expiresOn: WireInstant = answer.expires_on.into(),
        /// The same as text.
        expiresOnISO: WireIso = answer.expires_on.into(),
        /// The customers who earned, in the order of the request.
        #[serde(serialize_with = "earned_badges")]
        #[schema(value_type = Vec<EarnedBadge>)]
        earnedBadgesList: &'a EarnAnswer = answer,
        /// How many distinct customers the request names.
        #[schema(example = 2)]
        totalCount: usize = total,
        /// How many of them earned.
        #[schema(example = 1)]
        earnedCount: usize = total - failed,
        /// How many did not.
        #[schema(example = 1)]
        failedCount: usize = failed,
        /// Who triggered it; null if it was done by hand.
        #[schema(required)]
        triggeredBy: Option<OwnerBody<'a>> = answer.triggered_by.as_ref().map(OwnerBody::new),
        /// The customers who did not earn, and why, in the order of the request.
        #[serde(serialize_with = "failed_earns")]
        #[schema(value_type = Vec<FailedEarn>)]
        failedEarnBadgeErrorList: &'a EarnAnswer = answer,
        /// The id of the request.
        requestId: &'a str = answer.request_id.as_str(),
        /// One element for each distinct customer, in the order of the request.
        #[serde(serialize_with = "elements")]
        #[schema(value_type = Vec<EarnedElement>)]
        issuedBadges: &'a EarnAnswer = answer,
    }
    new(answer: &'a EarnAnswer) {
        let total = answer.outcomes.len() + answer.unknown.len();
        let failed = answer.outcomes.iter().filter(|earn| refusal(earn).is_some()).count()
            + answer.unknown.len();
    }
}

answer! {
    /// A customer who earned a badge.
    pub struct EarnedBadge {
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = earn.customer.get(),
        /// The earned badge; absent if a dry run would record one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, nullable = false)]
        earnedBadgeId: Option<EarnedBadgeId> = earned(earn),
    }
    new(earn: &CustomerEarn) {}
}

/// A customer who did not earn.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedEarn<'a> {
    /// The code.
    #[schema(example = 811)]
    error_code: u32,
    /// The customer; an identifier that nobody has, as it was sent.
    #[schema(value_type = CustomerReference)]
    customer_id: FailedCustomer<'a>,
    /// What the code means.
    error_message: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum FailedCustomer<'a> {
    Number(i64),
    Identifier(&'a str),
}

impl<'a> FailedEarn<'a> {
    /// How a customer with a number failed, if it did.
    fn known(earn: &'a CustomerEarn) -> Option<Self> {
        refusal(earn).map(|rejection| Self {
            error_code: rejection.code.number(),
            customer_id: FailedCustomer::Number(earn.customer.get()),
            error_message: &rejection.message,
        })
    }

    /// How one failed whose identifier nobody has.
    fn unknown(unknown: &'a UnknownCustomer) -> Self {
        Self {
            error_code: Code::IdentifierUnknown.number(),
            customer_id: FailedCustomer::Identifier(&unknown.identifier),
            error_message: Code::IdentifierUnknown.message(),
        }
    }
}

/// Why the customer did not earn, if it did not.
const fn refusal(earn: &CustomerEarn) -> Option<&Rejection> {
    match &earn.outcome {
        EarnOutcome::Refused(rejection) => Some(rejection),
        EarnOutcome::Earned(..) | EarnOutcome::WouldEarn(_) => None,
    }
}

/// The earned badge, if one was recorded.
const fn earned(earn: &CustomerEarn) -> Option<EarnedBadgeId> {
    match earn.outcome {
        EarnOutcome::Earned(earned, _) => Some(earned),
        EarnOutcome::WouldEarn(_) | EarnOutcome::Refused(_) => None,
    }
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
        let refused = refusal(earn);
        Self {
            customer_id: earn.customer.get(),
            issued_id: earned(earn),
            error: refused.map(CustomerError::from),
            status: refused.is_none().then_some(status),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn earned_badges<S: Serializer>(answer: &&EarnAnswer, serializer: S) -> Result<S::Ok, S::Error> {
    let earned = answer
        .outcomes
        .iter()
        .filter(|earn| refusal(earn).is_none());
    serializer.collect_seq(earned.map(EarnedBadge::new))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn failed_earns<S: Serializer>(answer: &&EarnAnswer, serializer: S) -> Result<S::Ok, S::Error> {
    let customers = placed(answer.outcomes.iter(), &answer.unknown);
    serializer.collect_seq(customers.filter_map(|customer| match customer {
        Placed::Known(earn) => FailedEarn::known(earn),
        Placed::Unknown(unknown) => Some(FailedEarn::unknown(unknown)),
    }))
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
