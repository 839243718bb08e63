//! The request workflow that existing clients know: commands that wait with or without a rule.

use accolade_domain::approval::{ChangeId, Decision, Demand, RuledOperation};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Reason;

use super::admit::demand;
use super::command::RuledCommand;
use super::list::request;
use super::submit::{Door, hold};
use super::vote::cast;
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

/// Votes on a change that enrols or lets earn, as [`CastVote`](super::CastVote) does, in the words of the
/// request workflow.
///
/// Refused with 2007 if there is none of this kind; 2001 if she has made it; 2002 if it does not wait any
/// more, or she has voted on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideRequest {
    /// What the change does.
    pub operation: RuledOperation,
    /// The change.
    pub change: ChangeId,
    /// Whether it may be carried out.
    pub decision: Decision,
    /// Why, if it is said.
    pub comment: Option<Reason>,
}

impl Command for SubmitRequest {
    const APPROVAL: Approval<Self> = Approval::Exempt("what it asks for waits in any case");

    fn customers(&self) -> usize {
        self.command.customers()
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let rules = ports.stores.changes.rules(request.caller.org)?;
        let command = RuledCommand::Held(self.command.clone());
        let demand = demand(ports, request, &rules, &command)?;
        let demand = demand.unwrap_or(Demand::WITHOUT_RULE);
        hold(ports, request, self.command, demand, Door::Workflow)
    }
}

impl Command for DecideRequest {
    const APPROVAL: Approval<Self> = Approval::Exempt("a vote is what changes wait for");

    fn run(self, ports: &Ports, asked: &mut Request) -> Result<Answer, UseCaseError> {
        let found = request(ports, &asked.caller, self.change)?;
        if found.is_none_or(|found| found.operation != self.operation) {
            return Err(unknown_request().into());
        }
        let vote = (self.change, self.decision, self.comment);
        cast(ports, asked, vote, Answer::Request).map_err(in_its_words)
    }
}

/// 2007: there is no such request.
pub fn unknown_request() -> Rejection {
    Rejection::new(Code::WorkflowUnknown).at_field("requestId")
}

/// What the request workflow calls what a vote was refused for.
fn in_its_words(error: UseCaseError) -> UseCaseError {
    let UseCaseError::Refused(problems) = error else {
        return error;
    };
    let problems = problems.into_iter().map(|problem| {
        let code = match problem.code {
            Code::ApprovalByMaker => Code::WorkflowForbidden,
            Code::NotInState => Code::WorkflowCompleted,
            Code::NothingLikeThat => return unknown_request(),
            _ => return problem,
        };
        Rejection { code, ..problem }
    });
    UseCaseError::Refused(problems.collect())
}
