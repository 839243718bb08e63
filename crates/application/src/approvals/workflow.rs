//! The request workflow that existing clients know: commands that wait with or without a rule.

use accolade_domain::approval::Demand;

use super::admit::demand;
use super::command::RuledCommand;
use super::submit::{Refusing, hold};
use super::{Approval, HeldCommand};
use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::Ports;
use crate::request::Request;

/// Has a command wait for approval: by the org's rule where there is one, and for one approval else. What
/// is wrong with it who approves it finds out.
///
/// Refused with 1967 if a change of the same waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitRequest {
    /// The command.
    pub command: HeldCommand,
}

impl Command for SubmitRequest {
    const APPROVAL: Approval<Self> = Approval::Exempt("what it asks for waits in any case");

    fn customers(&self) -> usize {
        self.command.customers()
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let rules = ports.stores.changes.rules(request.caller.org)?;
        let ruled = RuledCommand::Held(self.command.clone());
        let demand = demand(ports, request, &rules.rules, &ruled)?;
        let demand = demand.unwrap_or(Demand::WITHOUT_RULE);
        hold(ports, request, self.command, demand, Refusing::Never)
    }
}
