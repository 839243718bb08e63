//! Revoking enrolments.

use accolade_domain::ids::BadgeId;
use accolade_domain::text::RequestId;

use crate::access::Caller;
use crate::answer::{Answer, UnknownCustomer};
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{
    Context, IdempotencyGuard, Operation, Ports, RecordedRequest as _, RevokeEnrolmentsRequest,
    RevokeTarget,
};
use crate::request_id;

/// Enrolments to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeEnrolments {
    /// The badge.
    pub badge: BadgeId,
    /// Whose and which, each once.
    pub targets: Vec<RevokeTarget>,
    /// Customers whose identifier nobody has, each with its place among all targets.
    pub unknown: Vec<UnknownCustomer>,
    /// The caller's id of the request, if it sent one.
    pub request_id: Option<RequestId>,
    /// Whether nothing is to be recorded.
    pub dry_run: bool,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Revokes enrolments: once this has returned, nothing is earned by virtue of them.
///
/// # Errors
/// The first that applies: 809; 404.
pub fn revoke(
    ports: &Ports,
    caller: &Caller,
    command: RevokeEnrolments,
) -> Result<Answer, UseCaseError> {
    if let Some(request_id) = &command.request_id {
        request_id::check_unused(ports, caller, Operation::RevokeIssue, request_id)?;
    }
    let badge = command.badge;
    if ports.stores.badges.find(caller.org, badge)?.is_none() {
        return Err(not_found(badge).at("badgeMetaId").into());
    }
    let request = RevokeEnrolmentsRequest {
        context: Context {
            org: caller.org,
            actor: caller.actor,
            now: ports.clock.now(),
            key: command.idempotency,
        },
        badge,
        targets: command.targets,
        unknown: command.unknown,
        request_id: command.request_id,
    };
    let outcomes = if command.dry_run {
        ports.stores.enrolments.preview_revoke(&request)?
    } else {
        ports.stores.enrolments.revoke(&request)??
    };
    Ok(request.answer(outcomes))
}
