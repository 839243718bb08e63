//! Warnings of an answer that has no envelope.

use accolade_domain::rejection::Rejection;
use accolade_wire::envelope::ascii_notices;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::Failure;

const WARNINGS: HeaderName = HeaderName::from_static("accolade-warnings");

/// Says `warnings` in a header; nothing if there are none.
///
/// # Errors
/// They cannot be written, which should not happen.
pub(crate) fn warn(headers: &mut HeaderMap, warnings: &[Rejection]) -> Result<(), Failure> {
    if !warnings.is_empty() {
        let text = ascii_notices(warnings)?;
        let text = HeaderValue::from_str(&text).map_err(Failure::unexpected)?;
        headers.insert(WARNINGS, text);
    }
    Ok(())
}
