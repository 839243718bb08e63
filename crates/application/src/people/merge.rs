//! Merging two customers.

use accolade_domain::approval::RuledOperation;
use accolade_domain::ids::CustomerId;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::Reason;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::customers::{NamedCustomer, resolve_one};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{MergeError, MergeRequest, Ports};
use crate::request::Request;

/// Makes everything of one customer another's. Done again it changes nothing, and the answer is the
/// same.
///
/// Refused with 1026 for customers whose identifier nobody has; 400 if both are one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeCustomers {
    /// The first, who is the second from then on.
    pub from: NamedCustomer,
    /// The second.
    pub to: NamedCustomer,
    /// Why, if it is said.
    pub reason: Option<Reason>,
}

impl Command for MergeCustomers {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Merge, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

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
        if request.dry_run {
            return tried(ports, &request.caller, (from, to));
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

/// What merging both would answer now.
fn tried(
    ports: &Ports,
    caller: &Caller,
    (from, to): (CustomerId, CustomerId),
) -> Result<Answer, UseCaseError> {
    let successors = ports.stores.people.successors(caller.org, &[from, to])?;
    let now = |customer| successors.get(&customer).copied().unwrap_or(customer);
    match (now(from), now(to)) {
        (first, second) if first != second => Ok(Answer::CustomersMerged {
            from: first,
            to: second,
        }),
        // It was done before, this way round or the other.
        (_, second) if second != from => Ok(Answer::CustomersMerged { from, to: second }),
        _ => Err(one_person().into()),
    }
}

/// The refusal to merge a customer into itself.
pub fn one_person() -> Rejection {
    Rejection::unreadable("Both are one customer. Name two.").at_field("toCustomerId")
}
