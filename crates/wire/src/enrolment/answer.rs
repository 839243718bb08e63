//! How the outcome of a request to enrol looks in an answer.
//!
//! The customers are written straight from the outcomes: an answer about
//! ten thousand of them is one pass and no tree.

use accolade_application::answer::EnrolmentAnswer;
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::ids::{BadgeId, EnrolmentId};
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Code;
use serde::Serializer;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};
use crate::request::element::{CustomerError, collect};
use crate::shapes::CustomerReference;
use crate::words::{EnrolmentStatusName, OwnerTypeName};

answer! {
    /// What became of a request to enrol customers.
    #[schema(as = Enrolment)]
    pub struct EnrolmentBody<'a> {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = answer.badge,
        /// Who triggered it; null if it was done by hand.
        #[schema(required)]
        triggeredBy: Option<OwnerBody<'a>> = answer.triggered_by.as_ref().map(OwnerBody::new),
        /// When the enrolments expire.
        expiresOn: WireInstant = answer.expires_on.into(),
        /// The same as text.
        expiresOnISO: WireIso = answer.expires_on.into(),
        /// One element for each distinct customer, in the order of the request.
        #[serde(serialize_with = "issued_badges")]
        #[schema(value_type = Vec<IssuedBadge>)]
        issuedBadges: &'a EnrolmentAnswer = answer,
        /// The id of the request: the caller's, or the one made for it.
        requestId: &'a str = answer.request_id.as_str(),
    }
    new(answer: &'a EnrolmentAnswer) {}
}

answer! {
    /// A module and its own id of the use.
    #[schema(as = Owner)]
    pub struct OwnerBody<'a> {
        /// The module.
        #[schema(value_type = OwnerTypeName)]
        ownerType: &'static str = owner.owner_type.name(),
        /// Its own id of the use.
        #[schema(example = "123694")]
        referenceId: &'a str = owner.reference.as_str(),
    }
    new(owner: &'a Owner) {}
}

answer! {
    /// What became of one customer.
    pub struct IssuedBadge {
        /// The customer: its number; the identifier that was sent, if nobody has it.
        #[schema(value_type = CustomerReference)]
        customerId: i64 = outcome.customer.get(),
        /// The enrolment: the new one, or the one that stands in the way. Absent if a dry run would
        /// make one, and if nobody has the identifier.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, nullable = false)]
        issuedId: Option<EnrolmentId> = issued_id,
        /// Why the customer was not enrolled; absent if it was.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        error: Option<CustomerError<'static>> = code.map(CustomerError::standing),
        /// The state of the enrolment; absent if nobody has the identifier.
        #[schema(value_type = EnrolmentStatusName, required = false)]
        status: &'static str = outcome.status.name(),
    }
    new(outcome: &CustomerOutcome) {
        let (issued_id, code) = match outcome.outcome {
            Outcome::Enrolled(id) => (Some(id), None),
            Outcome::AlreadyEnrolled(id) => (Some(id), Some(Code::ActiveIssueExists)),
            Outcome::WouldEnrol => (None, None),
        };
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
    let known = answer.outcomes.iter().map(IssuedBadge::new);
    collect(known, &answer.unknown, serializer)
}
