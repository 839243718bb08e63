//! Revoking an earned badge.

use accolade_domain::ids::{BadgeId, EarnedBadgeId};
use accolade_domain::text::{Reason, RequestId};

use crate::answer::Answer;
use crate::badges::not_found;
use crate::customers::{NamedCustomer, current_one, resolve_one};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{Operation, Ports, RecordError, RecordedRequest as _, RevokeEarnRequest};
use crate::request::{self, Request};
use crate::turns::MOST_ROUNDS;

/// Revokes an earned badge: its place under every limit is free again.
///
/// Refused with the first that applies: 1026; 809; 404; 814 if the customer has no such active earned
/// badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeEarn {
    /// The badge.
    pub badge: BadgeId,
    /// Whose it is.
    pub customer: NamedCustomer,
    /// Which.
    pub earned: EarnedBadgeId,
    /// The caller's id of the request, if it sent one.
    pub request_id: Option<RequestId>,
    /// Why, if it is said.
    pub reason: Option<Reason>,
}

impl Command for RevokeEarn {
    const HAS_DRY_RUN: bool = true;

    fn customers(&self) -> usize {
        1
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let customer = resolve_one(
            ports,
            &request.caller,
            &mut request.warnings,
            self.customer,
            Some("customerId"),
        )?;
        let (caller, badge) = (&request.caller, self.badge);
        if let Some(request_id) = &self.request_id {
            request::check_id_unused(ports, caller, Operation::RevokeEarn, request_id)?;
        }
        if ports.stores.badges.find(caller.org, badge)?.is_none() {
            return Err(not_found(badge).at_field("badgeMetaId").into());
        }
        let earning = &ports.stores.earning;
        for _ in 0..MOST_ROUNDS {
            let customer = current_one(ports, caller, customer)?;
            let recorded = RevokeEarnRequest {
                context: request.context(ports.clock.now()),
                badge,
                customer,
                earned: self.earned,
                request_id: self.request_id.clone(),
                reason: self.reason.clone(),
            };
            if request.dry_run {
                if !earning.is_active(caller.org, badge, customer, self.earned)? {
                    return Err(RevokeEarnRequest::none_active().into());
                }
                return Ok(recorded.answer(()));
            }
            match earning.revoke(&recorded)? {
                Err(RecordError::CustomersMerged) => {}
                revoked => {
                    revoked?;
                    return Ok(recorded.answer(()));
                }
            }
        }
        Err(UseCaseError::overtaken("who the customer is"))
    }
}
