//! Revoking an earned badge.

use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId};
use accolade_domain::text::RequestId;

use crate::access::Caller;
use crate::answer::Answer;
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{
    Context, IdempotencyGuard, Operation, Ports, RecordedRequest as _, RevokeEarnRequest,
};
use crate::request_id;

/// An earned badge to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeEarn {
    /// The badge.
    pub badge: BadgeId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Which.
    pub earned: EarnedBadgeId,
    /// The caller's id of the request, if it sent one.
    pub request_id: Option<RequestId>,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Revokes an earned badge: its place under every limit is free again.
///
/// # Errors
/// The first that applies: 809; 404; 814 if the customer has no such active earned badge.
pub fn revoke(ports: &Ports, caller: &Caller, command: RevokeEarn) -> Result<Answer, UseCaseError> {
    check(ports, caller, &command)?;
    let request = RevokeEarnRequest {
        context: Context {
            org: caller.org,
            actor: caller.actor,
            now: ports.clock.now(),
            key: command.idempotency,
        },
        badge: command.badge,
        customer: command.customer,
        earned: command.earned,
        request_id: command.request_id,
    };
    ports.stores.earning.revoke(&request)??;
    Ok(request.answer(()))
}

/// What [`revoke`] would answer now, with nothing recorded and no key used.
///
/// # Errors
/// As [`revoke`].
pub fn preview_revoke(
    ports: &Ports,
    caller: &Caller,
    command: &RevokeEarn,
) -> Result<Answer, UseCaseError> {
    check(ports, caller, command)?;
    let RevokeEarn {
        badge,
        customer,
        earned,
        ..
    } = *command;
    if ports
        .stores
        .earning
        .is_active(caller.org, badge, customer, earned)?
    {
        Ok(answer(command))
    } else {
        Err(RevokeEarnRequest::none_active().into())
    }
}

fn check(ports: &Ports, caller: &Caller, command: &RevokeEarn) -> Result<(), UseCaseError> {
    if let Some(request_id) = &command.request_id {
        request_id::check_unused(ports, caller, Operation::RevokeEarn, request_id)?;
    }
    if ports
        .stores
        .badges
        .find(caller.org, command.badge)?
        .is_none()
    {
        return Err(not_found(command.badge).at("badgeMetaId").into());
    }
    Ok(())
}

fn answer(command: &RevokeEarn) -> Answer {
    Answer::EarnRevoked {
        badge: command.badge,
        customer: command.customer,
        earned: command.earned,
    }
}
