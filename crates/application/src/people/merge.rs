//! Merging two customers.

use accolade_domain::rejection::Rejection;
use accolade_domain::text::Reason;

use crate::answer::Answer;
use crate::customers::{NamedCustomer, resolve_one};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{MergeError, MergeRequest, Ports};
use crate::request::Request;

/// Makes everything of one customer another's. Done again it changes nothing, and the answer is the
/// same.
///
/// Refused with 1026 for customers whose identifier nobody has; 400 if both are one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeCustomers {
    /// The first, who is the second from then on.
    pub from: NamedCustomer,
    /// The second.
    pub to: NamedCustomer,
    /// Why, if it is said.
    pub reason: Option<Reason>,
}

impl Command for MergeCustomers {
    fn customers(&self) -> usize {
        2
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let mut found = |named, field| {
            let (caller, warnings) = (&request.caller, &mut request.warnings);
            resolve_one(ports, caller, warnings, named, Some(field))
        };
        let (from, to) = (
            found(self.from, "fromCustomerId")?,
            found(self.to, "toCustomerId")?,
        );
        if from == to {
            return Err(one_person().into());
        }
        let merge = MergeRequest {
            org: request.caller.org,
            from,
            to,
            reason: self.reason,
            by: request.attribution(ports.clock.now()),
            key: request.recorded_key(),
        };
        match ports.stores.people.merge(&merge) {
            Ok((from, to)) => Ok(Answer::CustomersMerged { from, to }),
            Err(MergeError::OnePerson) => Err(one_person().into()),
            Err(MergeError::IdempotencyKeyUsed) => Err(UseCaseError::IdempotencyKeyUsed),
            Err(MergeError::Store(error)) => Err(error.into()),
        }
    }
}

/// The refusal to merge a customer into itself.
pub fn one_person() -> Rejection {
    Rejection::unreadable("Both are one customer. Name two.").at_field("toCustomerId")
}
