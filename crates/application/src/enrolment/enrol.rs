//! Enrolling customers for a badge.

use accolade_domain::enrolment::{Hold, terms};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::{Answer, EnrolmentAnswer};
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{
    BadgeVersion, EnrolError, EnrolmentBatch, EnrolmentRequest, IdempotencyGuard, Operation, Ports,
};

/// Customers to enrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolCustomers {
    /// The badge.
    pub badge: BadgeId,
    /// The customers, each once.
    pub customers: Vec<CustomerId>,
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
                    request_id: request.request_id,
                }));
            }
            Some(Err(EnrolError::BadgeChanged)) => {}
            Some(Err(EnrolError::RequestIdUsed)) => return Err(request_id_used().into()),
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
    check_request_id(ports, caller, &request_id)?;
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
        check_request_id(ports, caller, &request.request_id)?;
    }
    Ok(decided?)
}

fn check_request_id(
    ports: &Ports,
    caller: &Caller,
    request_id: &RequestId,
) -> Result<(), UseCaseError> {
    if ports
        .requests
        .is_used(caller.org, Operation::IssueBulk, request_id)?
    {
        return Err(request_id_used().into());
    }
    Ok(())
}

fn request_id_used() -> Rejection {
    Rejection::of(Code::RequestIdUsed).at("requestId")
}

fn known_or_new(ports: &Ports, request_id: Option<&RequestId>) -> Result<RequestId, UseCaseError> {
    match request_id {
        Some(request_id) => Ok(request_id.clone()),
        None => RequestId::try_from(ports.ids.uuid().to_string())
            .map_err(|error| UseCaseError::unexpected(error.into())),
    }
}
