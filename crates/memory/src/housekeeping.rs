//! Tidying up.

use accolade_application::answer::BadgeCounts;
use accolade_application::ports::{BadgeDay, Housekeeping, StoreError, Swept};
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

    fn note_counts(&self, now: Instant) -> Result<(), StoreError> {
        let mut state = self.begin();
        let date = BadgeDay::of(now);
        let badges: Vec<_> = state.badges.keys().copied().collect();
        for (org, badge) in badges {
            let BadgeCounts { issued, earned } = state.counts_of(org, badge);
            let day = BadgeDay {
                date,
                issued,
                earned,
            };
            let days = state.badge_days.entry((org, badge)).or_default();
            let last = days.last_key_value().map(|(_, it)| (it.issued, it.earned));
            if last != Some((issued, earned)) {
                days.insert(date, day);
            }
        }
        Ok(())
    }
}
