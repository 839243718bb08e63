//! What a command would do, and what it did.

use accolade_domain::audit::{BadgeState, Change, State};
use accolade_domain::badge::Badge;
use accolade_domain::instant::Instant;
use accolade_domain::people::Person;
use accolade_domain::rejection::Rejection;
use serde::{Deserialize, Serialize};

use super::HeldCommand;
use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::ports::Ports;
use crate::request::Request;
use crate::together::together;

/// What a command would do, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It answers.
    Answer {
        /// The answer.
        answer: Box<Answer>,
        /// What it warns of.
        warnings: Vec<Rejection>,
        /// Whether it was recorded, and not only tried.
        recorded: bool,
    },
    /// It fails as a whole.
    Refused(Vec<Rejection>),
    /// It changes a badge.
    Badge {
        /// What was, and what will be.
        change: Box<Change>,
        /// The moment that windows of the badge refer to.
        now: Instant,
    },
}

impl Effect {
    /// What is left of it without `person`; `None` if it says nothing of her.
    pub fn without(&self, person: &Person) -> Option<Self> {
        match self {
            Self::Answer {
                answer,
                warnings,
                recorded,
            } => answer.without(person).map(|left| Self::Answer {
                answer: Box::new(left),
                warnings: warnings.clone(),
                recorded: *recorded,
            }),
            Self::Refused(_) | Self::Badge { .. } => None,
        }
    }
}

/// How exactly it is tried what a command would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    /// By its dry run, if it has one: without any lock.
    Light,
    /// With what only the store knows.
    Exact,
}

/// What `command` would do for `request` now.
///
/// # Errors
/// The store failed.
pub(super) fn tried(
    ports: &Ports,
    request: &Request,
    command: &HeldCommand,
    trial: Trial,
) -> Result<Effect, UseCaseError> {
    // Whether a name is free only the store knows, which is asked by what it undoes again.
    let is_exact = trial == Trial::Exact && matches!(command, HeldCommand::UpdateBadge(_));
    let mut trying = Request {
        key: None,
        warnings: Vec::new(),
        dry_run: command.has_dry_run() && !is_exact,
        ..request.clone()
    };
    let before = badge(ports, request, command)?;
    let tried = if trying.dry_run {
        command.clone().run(ports, &mut trying)
    } else {
        let run = |ports: &Ports| command.clone().run(ports, &mut trying);
        together(ports, run, |_| false, |_| Ok(false))
    };
    let answer = match tried {
        Ok(answer) => answer,
        Err(UseCaseError::Refused(problems)) => return Ok(Effect::Refused(problems)),
        Err(error) => return Err(error),
    };
    let now = ports.clock.now();
    let change = match (&answer, before) {
        (Answer::Badge(view), Some(before)) => Change::between(state(&before), state(&view.badge)),
        (Answer::Activity { active, .. }, Some(before)) => {
            Change::between(State::Activity(before.active), State::Activity(*active))
        }
        _ => {
            return Ok(Effect::Answer {
                answer: Box::new(answer.without_secrets()),
                warnings: trying.warnings,
                recorded: false,
            });
        }
    };
    Ok(Effect::Badge {
        change: Box::new(change),
        now,
    })
}

/// The badge that `command` would change, as it is.
fn badge(
    ports: &Ports,
    request: &Request,
    command: &HeldCommand,
) -> Result<Option<Badge>, UseCaseError> {
    let badge = match command {
        HeldCommand::UpdateBadge(it) => it.badge,
        HeldCommand::SetActivity(it) => it.badge,
        _ => return Ok(None),
    };
    let found = ports.stores.badges.find(request.caller.org, badge)?;
    Ok(found.map(|it| it.badge))
}

fn state(badge: &Badge) -> State {
    State::Badge(Box::new(BadgeState {
        definition: badge.definition.clone(),
        active: badge.active,
    }))
}
