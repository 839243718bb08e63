//! The rules of an org.

use accolade_domain::approval::{ApprovalRules, RuledOperation};
use accolade_domain::audit::telling;
use serde::{Deserialize, Serialize};

use super::Approval;
use crate::access::Caller;
use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{IdempotencyKeyUsed, Ports, PutRules, PutRulesError};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// Replaces the rules of the org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutApprovalRules {
    /// What they are to be.
    pub rules: ApprovalRules,
}

impl Command for PutApprovalRules {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Rules, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let org = request.caller.org;
        let answer = Answer::ApprovalRules(self.rules.clone());
        if request.dry_run {
            return Ok(answer);
        }
        let record = request.record(&answer);
        for _ in 0..MOST_ROUNDS {
            let before = ports.stores.changes.rules(org)?;
            let by = request.attribution(ports.clock.now());
            let Some(entry) = telling::rules_replaced(org, &before.rules, &self.rules, &by) else {
                if let Some(record) = &record {
                    let remembered = ports.stores.idempotency.remember(record)?;
                    remembered.map_err(|IdempotencyKeyUsed| UseCaseError::IdempotencyKeyUsed)?;
                }
                return Ok(answer);
            };
            let put = PutRules {
                org,
                rules: self.rules.clone(),
                before: before.version,
                idempotency: record.clone(),
                entries: vec![entry],
            };
            match ports.stores.changes.put_rules(&put) {
                Ok(_) => return Ok(answer),
                Err(PutRulesError::Changed) => {}
                Err(PutRulesError::IdempotencyKeyUsed) => {
                    return Err(UseCaseError::IdempotencyKeyUsed);
                }
                Err(PutRulesError::Store(error)) => return Err(error.into()),
            }
        }
        Err(UseCaseError::overtaken("the rules for approval"))
    }
}

/// The rules of the caller's org.
///
/// # Errors
/// The store failed.
pub fn rules(ports: &Ports, caller: &Caller) -> Result<ApprovalRules, UseCaseError> {
    Ok(ports.stores.changes.rules(caller.org)?.rules)
}
