//! Claiming a badge, and taking a claim back.

use accolade_domain::ids::BadgeId;
use accolade_domain::owner::{Claim, Owner};

use crate::access::Caller;
use crate::answer::Answer;
use crate::badges::edit::{Decision, edit};
use crate::error::UseCaseError;
use crate::ports::{BadgeEdit, IdempotencyGuard, Ports};

/// A claim to make or to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimBadge {
    /// The badge.
    pub badge: BadgeId,
    /// Who claims it.
    pub owner: Owner,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Claims a badge; to claim what is claimed already changes nothing.
///
/// # Errors
/// 404; 714 if the badge is not restricted to this owner; 1901 if it is deactivated.
pub fn claim(ports: &Ports, caller: &Caller, command: ClaimBadge) -> Result<Answer, UseCaseError> {
    let ClaimBadge {
        badge: id,
        owner,
        idempotency,
    } = command;
    edit(ports, caller, id, idempotency.as_ref(), |badge, _| {
        let new = badge.may_be_claimed_by(&owner)?;
        let claim = || {
            BadgeEdit::Claim(Claim {
                owner: owner.clone(),
                active: true,
            })
        };
        Ok(Decision {
            edit: new.then(claim),
            answer: Answer::Claimed {
                badge: id,
                owner: owner.clone(),
            },
        })
    })
}

/// Takes a claim back. Once this has returned, nothing is recorded by virtue of it.
///
/// # Errors
/// 404; 737 if there is no such active claim.
pub fn unclaim(
    ports: &Ports,
    caller: &Caller,
    command: ClaimBadge,
) -> Result<Answer, UseCaseError> {
    let ClaimBadge {
        badge: id,
        owner,
        idempotency,
    } = command;
    edit(ports, caller, id, idempotency.as_ref(), |badge, _| {
        badge.may_be_unclaimed_by(&owner)?;
        Ok(Decision {
            edit: Some(BadgeEdit::Claim(Claim {
                owner: owner.clone(),
                active: false,
            })),
            answer: Answer::Unclaimed {
                owner: owner.clone(),
            },
        })
    })
}
