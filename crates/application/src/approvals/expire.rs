//! Writing down that nobody decided a change in time.

use accolade_domain::audit::{Attribution, telling};

use super::vote::over;
use crate::error::UseCaseError;
use crate::ports::{Ports, SaveChangeError};

/// Writes down which changes nobody decided in time, at most `limit` of them, and tells so; how many there
/// were. What reads them knows it before.
///
/// # Errors
/// The store failed.
pub fn expire_changes(ports: &Ports, limit: u32) -> Result<usize, UseCaseError> {
    let now = ports.clock.now();
    let by = Attribution::system(now);
    let overdue = ports.stores.changes.overdue_changes(now, limit)?;
    let found = overdue.len();
    for stored in overdue {
        let entry = telling::change_expired(&stored.change, &by);
        let Some(save) = over(stored, entry, now) else {
            continue;
        };
        match ports.stores.changes.save_change(&save) {
            // Another server was faster.
            Ok(()) | Err(SaveChangeError::Changed | SaveChangeError::IdempotencyKeyUsed) => {}
            Err(SaveChangeError::Store(error)) => return Err(error.into()),
        }
    }
    Ok(found)
}
