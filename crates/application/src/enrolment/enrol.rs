//! Enrolling customers for a badge.

use accolade_domain::enrolment::{Hold, terms};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::RequestId;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::{Answer, EnrolmentAnswer, UnknownCustomer};
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{
    BadgeVersion, EnrolError, EnrolmentBatch, EnrolmentRequest, IdempotencyGuard, Operation, Ports,
};
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

/// How often terms are decided anew because the badge was edited meanwhile.
const ATTEMPTS: usize = 100;

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
    let now = ports.clock.now();
    let request_id = known_or_new(ports, command.request_id.as_ref())?;
    let len = u32::try_from(command.customers.len())
        .map_err(|_| UseCaseError::unexpected(anyhow!("more customers than ids")))?;
    let mut request = EnrolmentRequest {
        org: caller.org,
        badge: command.badge,
        version: BadgeVersion(0),
        request_id,
        triggered_by: command.triggered_by,
        hold: Hold::new(Instant::MIN, Instant::MAX)?,
        customers: command.customers,
        unknown: command.unknown,
        ids: ports.ids.block(len),
        now,
        by: caller.client,
        idempotency: command.idempotency,
    };
    for _ in 0..ATTEMPTS {
        (request.version, request.hold) = decide(ports, caller, &request, command.event_on)?;
        let batch = EnrolmentBatch::of(request);
        let outcome = ports.enrolments.enrol(&batch)?.pop();
        request = batch
            .into_requests()
            .pop()
            .ok_or_else(|| UseCaseError::unexpected(anyhow!("the batch lost its request")))?;
        match outcome {
            Some(Ok(outcomes)) => {
                return Ok(Answer::Enrolment(EnrolmentAnswer {
                    badge: request.badge,
                    triggered_by: request.triggered_by,
                    expires_on: request.hold.expires_on(),
                    outcomes,
                    unknown: request.unknown,
                    request_id: request.request_id,
                }));
            }
            Some(Err(EnrolError::BadgeChanged)) => {}
            Some(Err(EnrolError::RequestIdUsed)) => return Err(request_id::used().into()),
            Some(Err(EnrolError::IdempotencyKeyUsed)) => {
                return Err(UseCaseError::IdempotencyKeyUsed);
            }
            None => {
                return Err(UseCaseError::unexpected(anyhow!(
                    "the store gave no answer"
                )));
            }
        }
    }
    let badge = command.badge;
    Err(UseCaseError::unexpected(anyhow!(
        "badge {badge} changed {ATTEMPTS} times in a row"
    )))
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
    let outcomes =
        ports
            .enrolments
            .preview(caller.org, command.badge, hold, &command.customers, now)?;
    Ok(Answer::Enrolment(EnrolmentAnswer {
        badge: command.badge,
        triggered_by,
        expires_on: hold.expires_on(),
        outcomes,
        unknown: command.unknown,
        request_id,
    }))
}

/// The terms of `request` by the badge as it is now.
///
/// A used request id comes before anything that is wrong with the badge. The
/// store refuses a used one anyway, so it is looked up only when something
/// else would be said.
fn decide(
    ports: &Ports,
    caller: &Caller,
    request: &EnrolmentRequest,
    event_on: Option<Instant>,
) -> Result<(BadgeVersion, Hold), UseCaseError> {
    let found = ports.badges.find(caller.org, request.badge)?;
    let decided = match &found {
        None => Err(not_found(request.badge).at("badgeMetaId")),
        Some(found) => {
            let triggered_by = request.triggered_by.as_ref();
            terms(
                &found.badge,
                &caller.zone,
                triggered_by,
                event_on,
                request.now,
            )
            .map(|hold| (found.version, hold))
        }
    };
    if decided.is_err() {
        request_id::check_unused(ports, caller, Operation::IssueBulk, &request.request_id)?;
    }
    Ok(decided?)
}
