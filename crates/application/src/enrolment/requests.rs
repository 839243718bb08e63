//! What became of earlier requests.

use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::{LedgerEntry, Ports};

/// What became of the requests with this id: one entry for each operation that carried
/// it out, the earliest first.
///
/// # Errors
/// 404 if none did: the request can be sent again.
pub fn requests(
    ports: &Ports,
    caller: &Caller,
    request_id: &RequestId,
) -> Result<Vec<LedgerEntry>, UseCaseError> {
    let entries = ports.stores.requests.find(caller.org, request_id)?;
    if entries.is_empty() {
        return Err(Rejection::of(Code::NotFound)
            .saying("No request with this requestId was carried out. It can be sent again.")
            .into());
    }
    Ok(entries)
}
