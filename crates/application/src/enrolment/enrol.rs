//! Enrolling customers for a badge.

use accolade_domain::enrolment::terms;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::RequestId;

use crate::access::Caller;
use crate::answer::{Answer, EnrolmentAnswer, UnknownCustomer};
use crate::badges::not_found;
use crate::enrolment::enrol_group;
use crate::error::UseCaseError;
use crate::group;
use crate::ports::{IdempotencyGuard, Operation, Ports};
use crate::request_id::{self, known_or_new};

/// Customers to enrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolCustomers {
    /// The badge.
    pub badge: BadgeId,
    /// The customers, each once.
    pub customers: Vec<CustomerId>,
    /// Customers whose identifier nobody has.
    pub unknown: Vec<UnknownCustomer>,
    /// The caller's id of the request; one is made if `None`.
    pub request_id: Option<RequestId>,
    /// When they were enrolled; now if `None`.
    pub event_on: Option<Instant>,
    /// Who triggered it; `None` if it is done by hand.
    pub triggered_by: Option<Owner>,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Enrols customers for a badge: the whole request or nothing of it, with an
/// outcome for each customer.
///
/// # Errors
/// The first that applies: 809 the request id was carried out before; 404; those of
/// [`terms`].
pub fn enrol(
    ports: &Ports,
    caller: &Caller,
    command: EnrolCustomers,
) -> Result<Answer, UseCaseError> {
    group::only(enrol_group(ports, None, vec![(caller, command)]))
}

/// What [`enrol`] would answer now, with nothing recorded and no key used.
///
/// # Errors
/// As [`enrol`].
pub fn preview(
    ports: &Ports,
    caller: &Caller,
    command: EnrolCustomers,
) -> Result<Answer, UseCaseError> {
    let now = ports.clock.now();
    let request_id = known_or_new(ports, command.request_id.as_ref())?;
    request_id::check_unused(ports, caller, Operation::IssueBulk, &request_id)?;
    let found = ports
        .stores
        .badges
        .find(caller.org, command.badge)?
        .ok_or_else(|| not_found(command.badge).at("badgeMetaId"))?;
    let triggered_by = command.triggered_by;
    let hold = terms(
        &found.badge,
        &caller.zone,
        triggered_by.as_ref(),
        command.event_on,
        now,
    )?;
    let outcomes = ports.stores.enrolments.preview(
        caller.org,
        command.badge,
        hold,
        &command.customers,
        now,
    )?;
    Ok(Answer::Enrolment(EnrolmentAnswer {
        badge: command.badge,
        triggered_by,
        expires_on: hold.expires_on(),
        outcomes,
        unknown: command.unknown,
        request_id,
    }))
}
