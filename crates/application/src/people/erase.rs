//! Forgetting a customer.

use crate::answer::Answer;
use crate::customers::{NamedCustomer, resolve_one};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{EraseRequest, Ports};
use crate::request::Request;

/// Forgets a customer. Done again it changes nothing, and the answer is the same.
///
/// Refused with 1026 if nobody has the identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseCustomer {
    /// Who is to be forgotten.
    pub customer: NamedCustomer,
}

impl Command for EraseCustomer {
    fn customers(&self) -> usize {
        1
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let caller = &request.caller;
        let customer = resolve_one(ports, caller, &mut request.warnings, self.customer, None)?;
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
