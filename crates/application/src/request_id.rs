//! Ids of requests: made where the caller gave none, and used once.

use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::{Operation, Ports};

/// The caller's id, or a new one.
pub(crate) fn known_or_new(
    ports: &Ports,
    request_id: Option<&RequestId>,
) -> Result<RequestId, UseCaseError> {
    match request_id {
        Some(request_id) => Ok(request_id.clone()),
        None => RequestId::try_from(ports.ids.uuid().to_string())
            .map_err(|error| UseCaseError::unexpected(error.into())),
    }
}

/// # Errors
/// 809 if a request with this id was carried out.
pub(crate) fn check_unused(
    ports: &Ports,
    caller: &Caller,
    operation: Operation,
    request_id: &RequestId,
) -> Result<(), UseCaseError> {
    if ports
        .stores
        .requests
        .is_used(caller.org, operation, request_id)?
    {
        return Err(used().into());
    }
    Ok(())
}

/// 809.
pub(crate) fn used() -> Rejection {
    Rejection::of(Code::RequestIdUsed).at("requestId")
}
