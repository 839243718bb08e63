//! `openapi`: the document of the API.

use anyhow::Result;

use crate::cli::print;

/// Prints the document.
///
/// # Errors
/// It cannot be written.
pub(super) fn openapi() -> Result<()> {
    print(accolade_http::openapi::openapi_json().trim_end())
}
