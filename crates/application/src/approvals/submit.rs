//! Keeping a command until others have voted on it.

use accolade_domain::approval::{Change, ChangeId, ChangeState, Demand};
use accolade_domain::audit::telling;
use anyhow::anyhow;

use super::admit::change_pending;
use super::command::RuledCommand;
use super::effect::{Effect, Trial, tried};
use super::view::KnownActors;
use super::{Basis, ChangeView, HeldAnswer, HeldCommand};
use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::execute::Command as _;
use crate::jobs::{CreateJob, StartJob};
use crate::ports::{NewChange, Ports, StoredChange, SubmitError};
use crate::request::Request;
use crate::together::together;

/// Has `command` wait for what is demanded. A job that comes with its file is created, and its start is
/// held, together.
///
/// # Errors
/// 1967 if a change of the same waits; what would fail as a whole is refused at once.
pub(super) fn submit(
    ports: &Ports,
    request: &mut Request,
    command: RuledCommand,
    demand: Demand,
) -> Result<Answer, UseCaseError> {
    match command {
        RuledCommand::Held(command) => hold(ports, request, command, demand, Door::Rule),
        RuledCommand::NewJob(command) => {
            let warned = request.warnings.len();
            let start = |ports: &Ports| {
                request.warnings.truncate(warned);
                let mut creating = Request {
                    key: None,
                    ..request.clone()
                };
                let open = CreateJob {
                    start: false,
                    ..command.clone()
                };
                let Answer::Job(created) = open.run(ports, &mut creating)? else {
                    return Err(UseCaseError::unexpected(anyhow!("a new job is no job")));
                };
                let start = StartJob {
                    job: created.job.id.clone(),
                };
                hold(ports, request, start.into(), demand, Door::Rule)
            };
            together(ports, start, |_| true, |_| Ok(false))
        }
    }
}

/// Why a command waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// A rule holds it: what would fail as a whole is refused at once.
    Rule,
    /// It was handed in to wait: who approves it finds out what fails.
    Workflow,
}

/// Has `command` wait for what is demanded.
///
/// # Errors
/// Those of [`submit`].
pub(super) fn hold(
    ports: &Ports,
    request: &mut Request,
    command: HeldCommand,
    demand: Demand,
    door: Door,
) -> Result<Answer, UseCaseError> {
    let command = command.resolved(ports, request)?;
    let basis = Basis::of(ports, &request.caller, &command)?;
    let then = tried(ports, request, &command, Trial::Exact)?;
    if let (Effect::Refused(problems), Door::Rule) = (&then, door) {
        return Err(problems.clone().into());
    }
    let now = ports.clock.now();
    let caller = &request.caller;
    let change = Change {
        org: caller.org,
        id: ChangeId(ports.ids.uuid()),
        operation: command.operation(),
        state: ChangeState::Pending,
        maker: caller.actor,
        created_on: now,
        expires_on: now.saturating_add(demand.expires_after.duration()),
        approvals: demand.approvals,
        votes: Vec::new(),
        ended_on: None,
    };
    let entries = vec![telling::change_submitted(
        &change,
        &request.attribution(now),
    )];
    let stored = StoredChange {
        change,
        version: 1,
        basis,
        groups: caller.groups,
        then: Some(then),
        result: None,
        command: Some(command.without_conditions()),
    };
    let answer = match door {
        Door::Rule => Answer::Held(HeldAnswer::of(&stored.change)),
        Door::Workflow => {
            let actors = KnownActors::of(ports, caller.org, [&stored.change], &[])?;
            Answer::Request(Box::new(ChangeView::new(&stored, &actors, now)))
        }
    };
    let new = NewChange {
        subjects: stored
            .command
            .as_ref()
            .map(HeldCommand::subjects)
            .unwrap_or_default(),
        idempotency: request.record(&answer),
        entries,
        stored,
    };
    match ports.stores.changes.submit(&new) {
        Ok(()) => Ok(answer),
        Err(SubmitError::Pending) => Err(change_pending().into()),
        Err(SubmitError::IdempotencyKeyUsed) => Err(UseCaseError::IdempotencyKeyUsed),
        Err(SubmitError::Store(error)) => Err(error.into()),
    }
}
