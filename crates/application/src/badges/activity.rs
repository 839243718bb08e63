//! Turning a badge on and off.

use accolade_domain::ids::BadgeId;

use crate::access::Caller;
use crate::answer::Answer;
use crate::badges::edit::{Decision, edit};
use crate::error::UseCaseError;
use crate::ports::{BadgeEdit, IdempotencyGuard, Ports};

/// A badge to turn on or off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetActivity {
    /// The badge.
    pub badge: BadgeId,
    /// Whether it is to be on.
    pub active: bool,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Turns a badge on or off; to do what is done already changes nothing. Once
/// this has turned it off and returned, nothing is recorded for it any more.
///
/// # Errors
/// 404 if there is no such badge.
pub fn set_activity(
    ports: &Ports,
    caller: &Caller,
    command: SetActivity,
) -> Result<Answer, UseCaseError> {
    let SetActivity {
        badge: id,
        active,
        idempotency,
    } = command;
    edit(ports, caller, id, idempotency.as_ref(), |badge, _| {
        Ok(Decision {
            edit: (badge.active != active).then_some(BadgeEdit::Activity(active)),
            answer: Answer::Activity { badge: id, active },
        })
    })
}
