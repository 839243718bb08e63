//! Earning a badge.

use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;

use crate::access::Caller;
use crate::answer::{Answer, CustomerEarn, EarnOutcome, UnknownCustomer};
use crate::earning::earn_group;
use crate::error::UseCaseError;
use crate::group::{self, Grouped as _, Seat};
use crate::ports::{EarnRequest, IdempotencyGuard, Operation, Ports, RecordedRequest as _};
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

/// Lets customers earn a badge, as far as limits have room.
///
/// # Errors
/// The first that applies: 809 the request id was carried out before; 404; those of
/// [`terms`]; of a request for one customer 811, 817 and 818.
///
/// [`terms`]: accolade_domain::earning::terms
pub fn earn(ports: &Ports, caller: &Caller, command: EarnBadge) -> Result<Answer, UseCaseError> {
    group::only(earn_group(ports, None, vec![(caller, command)]))
}

/// What [`earn`] would answer now, with nothing recorded and no key used.
///
/// # Errors
/// As [`earn`].
pub fn preview(ports: &Ports, caller: &Caller, command: EarnBadge) -> Result<Answer, UseCaseError> {
    let event_on = command.event_on;
    request_id::check_unused(ports, caller, command.operation, &command.request_id)?;
    let mut request = EarnRequest::undecided(ports, caller, command, ports.clock.now())?;
    let found = ports.stores.badges.find(caller.org, request.badge)?;
    let seat = Seat { caller, event_on };
    group::decide(ports, &seat, &mut request, found.as_ref())?;
    let outcomes = ports.stores.earning.preview(&request)?;
    if request.operation == Operation::Earn
        && let Some(rejection) = outcomes.iter().find_map(refusal)
    {
        return Err(rejection.into());
    }
    Ok(request.answer(outcomes))
}

fn refusal(outcome: &CustomerEarn) -> Option<Rejection> {
    match &outcome.outcome {
        EarnOutcome::Refused(rejection) => Some(rejection.clone()),
        EarnOutcome::Earned(..) | EarnOutcome::WouldEarn(_) => None,
    }
}
