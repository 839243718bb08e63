//! How long a definition may be.

use accolade_domain::badge::BadgeDefinition;
use accolade_domain::rejection::Rejection;

use crate::error::UseCaseError;

/// The most bytes that a definition may have, written as JSON as it is kept.
const MOST_BYTES: usize = 64 * 1024;

/// Checks that `definition` is not too long to be kept, read with every request and shown in lists.
///
/// # Errors
/// 400 if it is longer than 64 KiB, its past configurations of fixed windows included.
pub(crate) fn check(definition: &BadgeDefinition) -> Result<(), UseCaseError> {
    let json =
        serde_json::to_vec(definition).map_err(|error| UseCaseError::unexpected(error.into()))?;
    if json.len() > MOST_BYTES {
        let message = format!(
            "The definition takes {} bytes; at most {MOST_BYTES} are accepted. Shorten texts, or leave \
             benefits, images or tags out.",
            json.len()
        );
        return Err(Rejection::unreadable(message).into());
    }
    Ok(())
}
