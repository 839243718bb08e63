//! How the outcome of a request to enrol looks in an answer.
//!
//! The customers are written straight from the outcomes: an answer about
//! ten thousand of them is one pass and no tree.

use accolade_application::answer::EnrolmentAnswer;
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::ids::{BadgeId, EnrolmentId};
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Code;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::instant::{WireInstant, WireIso};
use crate::request::element::{CustomerError, collect};
use crate::words::{EnrolmentStatusName, OwnerTypeName};

/// What became of a request to enrol customers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Enrolment)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentBody<'a> {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// Who triggered it; null if it was done by hand.
    #[schema(required)]
    triggered_by: Option<OwnerBody<'a>>,
    /// When the enrolments expire.
    expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "expiresOnISO")]
    expires_on_iso: WireIso,
    /// One element for each distinct customer, in the order of the request.
    #[serde(serialize_with = "issued_badges")]
    #[schema(value_type = Vec<IssuedBadge>)]
    issued_badges: &'a EnrolmentAnswer,
    /// The id of the request: the caller's, or the one made for it.
    request_id: &'a str,
}

/// A module and its own id of the use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Owner)]
#[serde(rename_all = "camelCase")]
pub struct OwnerBody<'a> {
    /// The module.
    #[schema(value_type = OwnerTypeName)]
    owner_type: &'static str,
    /// Its own id of the use.
    #[schema(example = "123694")]
    reference_id: &'a str,
}

/// What became of one customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IssuedBadge {
    /// The customer.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// The enrolment: the new one, or the one that stands in the way. Absent if a dry
    /// run would make one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    issued_id: Option<EnrolmentId>,
    /// Why the customer was not enrolled; absent if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<CustomerError<'static>>,
    /// The state of the enrolment.
    #[schema(value_type = EnrolmentStatusName)]
    status: &'static str,
}

impl<'a> From<&'a EnrolmentAnswer> for EnrolmentBody<'a> {
    fn from(answer: &'a EnrolmentAnswer) -> Self {
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

impl<'a> From<&'a Owner> for OwnerBody<'a> {
    fn from(owner: &'a Owner) -> Self {
        Self {
            owner_type: owner.owner_type.name(),
            reference_id: owner.reference.as_str(),
        }
    }
}

impl From<&CustomerOutcome> for IssuedBadge {
    fn from(outcome: &CustomerOutcome) -> Self {
        let (issued_id, code) = match outcome.outcome {
            Outcome::Enrolled(id) => (Some(id), None),
            Outcome::AlreadyEnrolled(id) => (Some(id), Some(Code::ActiveIssueExists)),
            Outcome::WouldEnrol => (None, None),
        };
        Self {
            customer_id: outcome.customer.get(),
            issued_id,
            error: code.map(CustomerError::standing),
            status: outcome.status.name(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn issued_badges<S: Serializer>(
    answer: &&EnrolmentAnswer,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let known = answer.outcomes.iter().map(IssuedBadge::from);
    collect(known, &answer.unknown, serializer)
}
