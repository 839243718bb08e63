//! The entity tag of a badge: it changes with the definition, not with counts or claims.

use accolade_domain::badge::Badge;
use sha2::{Digest as _, Sha256};

use crate::error::UseCaseError;

/// The tag, 32 hex digits without quotes.
///
/// # Errors
/// The definition cannot be written as JSON, which should not happen.
pub fn etag(badge: &Badge) -> Result<String, UseCaseError> {
    let json = serde_json::to_vec(&(&badge.definition, badge.active))
        .map_err(|error| UseCaseError::unexpected(error.into()))?;
    Ok(hex::encode(&Sha256::digest(json)[..16]))
}
