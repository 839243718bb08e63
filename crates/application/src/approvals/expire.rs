//! Writing down that nobody decided a change in time.

use accolade_domain::audit::{Attribution, telling};
use accolade_domain::event::ChangeFact;
use accolade_domain::instant::Instant;

use crate::ports::{ChangeStore, SaveChange, SaveChangeError, StoreError, StoredChange};

/// Writes down which changes nobody has decided in time at `now`, at most `limit` of them, and tells so; how
/// many there were. Whoever reads them knows it before.
///
/// # Errors
/// The store failed.
pub fn expire_changes(
    changes: &dyn ChangeStore,
    now: Instant,
    limit: u32,
) -> Result<usize, StoreError> {
    let by = Attribution::system(now);
    let overdue = changes.overdue_changes(now, limit)?;
    let found = overdue.len();
    for stored in overdue {
        let Some(expired) = stored.change.expired(now) else {
            continue;
        };
        let saved = changes.save_change(&SaveChange {
            told: Some(ChangeFact::of(&expired, None)),
            entries: vec![telling::change_expired(&stored.change, &by)],
            after: StoredChange {
                change: expired,
                ..stored
            },
            now,
            idempotency: None,
        });
        match saved {
            // Another server was faster.
            Ok(()) | Err(SaveChangeError::Changed | SaveChangeError::IdempotencyKeyUsed) => {}
            Err(SaveChangeError::Store(error)) => return Err(error),
        }
    }
    Ok(found)
}
