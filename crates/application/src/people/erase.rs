//! Forgetting a customer.
use accolade_domain::approval::RuledOperation;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::approvals::Approval;
use crate::customers::{NamedCustomer, current_one, resolve_one};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{EraseRequest, Ports};
use crate::request::Request;

/// Forgets a customer. Done again it changes nothing, and the answer is the same.
///
/// Refused with 1026 if nobody has the identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseCustomer {
    /// Who is to be forgotten.
    pub customer: NamedCustomer,
}

impl Command for EraseCustomer {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Erase, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn customers(&self) -> usize {
        1
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let caller = &request.caller;
        let customer = resolve_one(ports, caller, &mut request.warnings, self.customer, None)?;
        if request.dry_run {
            let customer = current_one(ports, caller, customer)?;
            return Ok(Answer::CustomerErased(customer));
        }
        let erase = EraseRequest {
            org: caller.org,
            region: caller.region,
            customer,
            by: request.attribution(ports.clock.now()),
        };
        let erased = ports.stores.people.erase(&erase)?;
        Ok(Answer::CustomerErased(erased))
    }
}
