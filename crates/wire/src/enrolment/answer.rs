//! How the outcome of a request to enrol looks in an answer, and what answers about many customers have
//! in common.
//!
//! The customers are written straight from the outcomes: an answer about
//! ten thousand of them is one pass and no tree.

use std::iter;

use accolade_application::answer::{EnrolmentAnswer, UnknownCustomer};
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::ids::{BadgeId, EnrolmentId};
use accolade_domain::owner::Owner;
use accolade_domain::rejection::{Code, Rejection};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};
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

/// Why a customer of a batch failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerError<'a> {
    /// The code.
    #[schema(example = 1040)]
    code: u32,
    /// What it means.
    message: &'a str,
    /// Always null.
    #[schema(required, value_type = Option<String>)]
    reference: (),
}

impl CustomerError<'static> {
    /// `code` with its standing message.
    pub(crate) fn standing(code: Code) -> Self {
        Self {
            code: code.number(),
            message: code.message(),
            reference: (),
        }
    }
}

impl<'a> From<&'a Rejection> for CustomerError<'a> {
    fn from(rejection: &'a Rejection) -> Self {
        Self {
            code: rejection.code.number(),
            message: &rejection.message,
            reference: (),
        }
    }
}

/// A customer whose identifier nobody has: the identifier as it was sent, and 1026.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Unknown<'a> {
    customer_id: &'a str,
    error: CustomerError<'static>,
}

/// One customer of a batch, in its place.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Placed<'a, K> {
    /// One whom the directory knows, or who was named by number.
    Known(K),
    /// One whose identifier nobody has.
    #[serde(serialize_with = "write_unknown")]
    Unknown(&'a UnknownCustomer),
}

/// The customers `known`, with those of `unknown` at their places among them.
pub(crate) fn placed<K>(
    mut known: impl Iterator<Item = K>,
    unknown: &[UnknownCustomer],
) -> impl Iterator<Item = Placed<'_, K>> {
    let mut unknown = unknown.iter().peekable();
    let mut place = 0;
    iter::from_fn(move || {
        let is_its_turn = |unknown: &&UnknownCustomer| unknown.position <= place;
        let customer = match unknown.next_if(is_its_turn) {
            Some(unknown) => Some(Placed::Unknown(unknown)),
            None => match known.next() {
                Some(known) => Some(Placed::Known(known)),
                None => unknown.next().map(Placed::Unknown),
            },
        };
        place += 1;
        customer
    })
}

/// Writes the elements `known`, with those of `unknown` at their places among them.
pub(crate) fn collect<K: Serialize, S: Serializer>(
    known: impl Iterator<Item = K>,
    unknown: &[UnknownCustomer],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(placed(known, unknown))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn write_unknown<S: Serializer>(
    unknown: &&UnknownCustomer,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let element = Unknown {
        customer_id: &unknown.identifier,
        error: CustomerError::standing(Code::IdentifierUnknown),
    };
    element.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(known: &[i64], unknown: &[u32]) -> String {
        let unknown: Vec<_> = unknown
            .iter()
            .map(|position| UnknownCustomer {
                position: *position,
                identifier: "x".to_owned(),
            })
            .collect();
        let mut json = serde_json::Serializer::new(Vec::new());
        collect(known.iter(), &unknown, &mut json).unwrap();
        let message = Code::IdentifierUnknown.message();
        let stranger = format!(
            r#"{{"customerId":"x","error":{{"code":1026,"message":"{message}","reference":null}}}}"#
        );
        String::from_utf8(json.into_inner())
            .unwrap()
            .replace(&stranger, "x")
    }

    #[test]
    fn unknown_customers_stand_at_their_places() {
        assert_eq!(collected(&[1, 2, 3], &[]), "[1,2,3]");
        assert_eq!(collected(&[1, 2], &[0, 2, 4]), "[x,1,x,2,x]");
        assert_eq!(collected(&[], &[0, 1]), "[x,x]");
    }
}
