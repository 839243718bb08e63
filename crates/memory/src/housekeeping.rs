//! Tidying up.

use accolade_application::ports::{Housekeeping, StoreError, Swept};
use accolade_domain::instant::Instant;

use crate::MemoryStore;

impl Housekeeping for MemoryStore {
    fn sweep(&self, now: Instant) -> Result<Swept, StoreError> {
        let mut state = self.begin();
        let before = state.idempotency.len();
        state
            .idempotency
            .retain(|_, record| record.guard.expires_on > now);
        Ok(Swept {
            idempotency_keys: (before - state.idempotency.len()) as u64,
            ..Swept::default()
        })
    }
}
