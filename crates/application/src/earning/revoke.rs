//! Revoking an earned badge.

use accolade_domain::approval::RuledOperation;
use std::collections::BTreeSet;

use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId};
use accolade_domain::text::{Reason, RequestId};
use anyhow::anyhow;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::approvals::Approval;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Revoke, |it| Ok(it.into()));

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

/// Earned badges to be revoked together: of one badge and for one reason, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeEarns {
    /// The badge.
    pub badge: BadgeId,
    /// Why, if it is said.
    pub reason: Option<Reason>,
    /// Whose, which, and under which id each is a request of its own.
    pub earns: Vec<(CustomerId, EarnedBadgeId, RequestId)>,
}

impl RevokeEarns {
    /// Revokes them for `request` in one transaction. Gives each a result, by position, as if it had come
    /// alone: those of [`RevokeEarn`].
    ///
    /// # Errors
    /// The store failed.
    pub fn run(
        self,
        ports: &Ports,
        request: &Request,
    ) -> Result<Vec<Result<Answer, UseCaseError>>, UseCaseError> {
        let (caller, badge) = (&request.caller, self.badge);
        if ports.stores.badges.find(caller.org, badge)?.is_none() {
            // Nothing can have been revoked before of what there never was.
            let refused = || Err(not_found(badge).at_field("badgeMetaId").into());
            return Ok(self.earns.iter().map(|_| refused()).collect());
        }
        let context = request.context(ports.clock.now());
        let mut open: Vec<_> = (self.earns.into_iter())
            .map(|(customer, earned, request_id)| RevokeEarnRequest {
                context: context.clone(),
                badge,
                customer,
                earned,
                request_id: Some(request_id),
                reason: self.reason.clone(),
            })
            .enumerate()
            .collect();
        let mut results: Vec<_> = open.iter().map(|_| None).collect();
        for _ in 0..MOST_ROUNDS {
            let (places, requests): (Vec<usize>, Vec<_>) = open.into_iter().unzip();
            let revoked = ports.stores.earning.revoke_all(&requests)?;
            open = Vec::new();
            for ((place, recorded), revoked) in places.into_iter().zip(requests).zip(revoked) {
                match revoked {
                    Ok(()) => results[place] = Some(Ok(recorded.answer(()))),
                    Err(RecordError::CustomersMerged) => open.push((place, recorded)),
                    Err(error) => results[place] = Some(Err(error.into())),
                }
            }
            if open.is_empty() {
                let without = || Err(UseCaseError::unexpected(anyhow!("no result")));
                let results = results.into_iter();
                return Ok(results.map(|it| it.unwrap_or_else(without)).collect());
            }
            let named: BTreeSet<_> = open.iter().map(|(_, it)| it.customer).collect();
            let named: Vec<_> = named.into_iter().collect();
            let successors = ports.stores.people.successors(caller.org, &named)?;
            for (_, it) in &mut open {
                it.customer = successors.get(&it.customer).copied().unwrap_or(it.customer);
            }
        }
        Err(UseCaseError::overtaken("who the customers are"))
    }
}
