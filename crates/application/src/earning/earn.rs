//! Earning a badge.

use accolade_domain::earning::{limits, terms};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::{Answer, CustomerEarn, EarnAnswer, EarnOutcome, UnknownCustomer};
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{EarnError, EarnRequest, IdempotencyGuard, Operation, Ports};
use crate::request_id;

/// Customers who are to earn a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnBadge {
    /// [`Operation::Earn`] for one customer, who is refused as a whole;
    /// [`Operation::EarnBulk`] for several, with an outcome each.
    pub operation: Operation,
    /// The badge.
    pub badge: BadgeId,
    /// The customers, each once.
    pub customers: Vec<CustomerId>,
    /// Customers whose identifier nobody has.
    pub unknown: Vec<UnknownCustomer>,
    /// The caller's id of the request.
    pub request_id: RequestId,
    /// When the criteria were fulfilled; now if `None`.
    pub event_on: Option<Instant>,
    /// Who triggered it; `None` if it is done by hand.
    pub triggered_by: Option<Owner>,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// How often terms are decided anew because the badge was edited meanwhile.
const ATTEMPTS: usize = 100;

/// Lets customers earn a badge, as far as limits have room.
///
/// # Errors
/// The first that applies: 809 the request id was carried out before; 404; those of
/// [`terms`]; of a request for one customer 811, 817 and 818.
pub fn earn(ports: &Ports, caller: &Caller, command: &EarnBadge) -> Result<Answer, UseCaseError> {
    let event_on = command.event_on;
    for _ in 0..ATTEMPTS {
        let request = decide(ports, caller, command, event_on)?;
        match ports.earning.earn(&request)? {
            Ok(outcomes) => return Ok(answer(request, outcomes)),
            Err(EarnError::BadgeChanged) => {}
            Err(EarnError::RequestIdUsed) => return Err(request_id::used().into()),
            Err(EarnError::IdempotencyKeyUsed) => return Err(UseCaseError::IdempotencyKeyUsed),
            Err(EarnError::Refused(rejection)) => return Err(rejection.into()),
        }
    }
    let badge = command.badge;
    Err(UseCaseError::unexpected(anyhow!(
        "badge {badge} changed {ATTEMPTS} times in a row"
    )))
}

/// What [`earn`] would answer now, with nothing recorded and no key used.
///
/// # Errors
/// As [`earn`].
pub fn preview(
    ports: &Ports,
    caller: &Caller,
    command: &EarnBadge,
) -> Result<Answer, UseCaseError> {
    request_id::check_unused(ports, caller, command.operation, &command.request_id)?;
    let request = decide(ports, caller, command, command.event_on)?;
    let outcomes = ports.earning.preview(&request)?;
    if command.operation == Operation::Earn
        && let Some(rejection) = outcomes.iter().find_map(refusal)
    {
        return Err(rejection.into());
    }
    Ok(answer(request, outcomes))
}

fn refusal(outcome: &CustomerEarn) -> Option<Rejection> {
    match &outcome.outcome {
        EarnOutcome::Refused(rejection) => Some(rejection.clone()),
        EarnOutcome::Earned(..) | EarnOutcome::WouldEarn(_) => None,
    }
}

/// The request by the badge as it is now.
///
/// A used request id comes before anything that is wrong with the badge. The
/// store refuses a used one anyway, so it is looked up only when something
/// else would be said.
fn decide(
    ports: &Ports,
    caller: &Caller,
    command: &EarnBadge,
    event_on: Option<Instant>,
) -> Result<EarnRequest, UseCaseError> {
    let now = ports.clock.now();
    let decided = match ports.badges.find(caller.org, command.badge)? {
        None => Err(not_found(command.badge).at("badgeMetaId")),
        Some(found) => {
            let triggered_by = command.triggered_by.as_ref();
            terms(&found.badge, &caller.zone, triggered_by, event_on, now)
                .map(|terms| (found, terms))
        }
    };
    let (found, terms) = match decided {
        Ok(decided) => decided,
        Err(rejection) => {
            request_id::check_unused(ports, caller, command.operation, &command.request_id)?;
            return Err(rejection.into());
        }
    };
    let len = u32::try_from(command.customers.len())
        .map_err(|_| UseCaseError::unexpected(anyhow!("more customers than ids")))?;
    Ok(EarnRequest {
        org: caller.org,
        badge: command.badge,
        version: found.version,
        operation: command.operation,
        request_id: command.request_id.clone(),
        triggered_by: command.triggered_by.clone(),
        terms,
        limits: limits(&found.badge.definition, &caller.zone, terms.event_on, now),
        zone: caller.zone.clone(),
        customers: command.customers.clone(),
        unknown: command.unknown.clone(),
        ids: ports.ids.block(len),
        now,
        by: caller.client,
        idempotency: command.idempotency.clone(),
    })
}

/// What is answered to `request`, as the request ledger keeps it too.
fn answer(request: EarnRequest, outcomes: Vec<CustomerEarn>) -> Answer {
    Answer::Earned(EarnAnswer {
        single: request.operation == Operation::Earn,
        badge: request.badge,
        triggered_by: request.triggered_by,
        expires_on: request.terms.expires_on,
        event_on: request.terms.event_on,
        outcomes,
        unknown: request.unknown,
        request_id: request.request_id,
        now: request.now,
    })
}
