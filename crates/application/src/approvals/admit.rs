//! The one place where commands are held.

use accolade_domain::approval::{Demand, RuledOperation};
use accolade_domain::rejection::{Code, Rejection};

use super::command::RuledCommand;
use super::submit::submit;
use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::ports::{Ports, RulesVersion, VersionedRules};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// Runs `command` if no rule of the org holds it, and has it wait for approval else.
///
/// # Errors
/// 1967 if a change of the same waits; those of the command.
pub(crate) fn admit(
    ports: &Ports,
    request: &mut Request,
    command: RuledCommand,
) -> Result<Answer, UseCaseError> {
    let org = request.caller.org;
    let warned = request.warnings.len();
    let is_checked = command.is_checked_when_recorded();
    let mut known = is_checked.then(|| ports.rules.get(org)).flatten();
    for _ in 0..MOST_ROUNDS {
        let is_known = known.is_some();
        let rules = match known.take() {
            Some(rules) => rules,
            None => ports.rules.read(ports, org)?,
        };
        match demand(ports, request, &rules, &command)? {
            // Nothing is held by rules that may have been replaced.
            Some(_) if is_known => continue,
            Some(demand) => return submit(ports, request, command, demand),
            None if !is_checked => return command.run(ports, request),
            None => {}
        }
        request.rules = Some(rules.version);
        match command.clone().run(ports, request) {
            Err(UseCaseError::RulesChanged) => request.warnings.truncate(warned),
            result => return result,
        }
    }
    Err(UseCaseError::overtaken("the rules for approval"))
}

/// The version of the rules by which a command of `operation` about so many customers may be recorded
/// without approval, as far as they are known; `None`: the rules must be asked.
///
/// # Errors
/// The store failed.
pub(crate) fn passes(
    ports: &Ports,
    request: &Request,
    operation: RuledOperation,
) -> Result<Option<RulesVersion>, UseCaseError> {
    let rules = ports.rules.get_or_read(ports, request.caller.org)?;
    let is_ruled = rules.rules.of(operation).is_some();
    Ok((!is_ruled).then_some(rules.version))
}

/// What `command` must wait for by `known` rules, if it must.
///
/// # Errors
/// 1967 if it need not wait, but a change of the same does, or one of its request id with or without a rule; the
/// store failed.
pub(super) fn demand(
    ports: &Ports,
    request: &Request,
    known: &VersionedRules,
    command: &RuledCommand,
) -> Result<Option<Demand>, UseCaseError> {
    let rules = &known.rules;
    // The store finds out itself about what it checks when it records it.
    let is_to_be_looked_for = known.has_subjects && !command.is_checked_when_recorded();
    if rules.is_empty() && !is_to_be_looked_for {
        return Ok(None);
    }
    let caller = &request.caller;
    let operations = command.operations(ports, caller)?;
    let demand = rules.demand(&operations, |above| command.is_above(ports, caller, above))?;
    let is_ruled = operations.iter().any(|it| rules.of(*it).is_some());
    if demand.is_none() && is_to_be_looked_for {
        let now = ports.clock.now();
        let subjects = command.subjects().into_iter();
        // A badge is free to be changed once no rule speaks of it: what waits is stale then.
        for subject in subjects.filter(|it| is_ruled || it.is_request()) {
            if ports.stores.changes.is_pending(caller.org, &subject, now)? {
                return Err(change_pending().into());
            }
        }
    }
    Ok(demand)
}

/// 1967: a change of the same waits for approval.
pub fn change_pending() -> Rejection {
    Rejection::new(Code::ChangePending)
}
