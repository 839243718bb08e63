//! Answers kept under idempotency keys.

use accolade_application::ports::{
    IdempotencyGuard, IdempotencyKey, IdempotencyKeyUsed, IdempotencyRecord, IdempotencyStore,
    StoreError,
};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;

use crate::MemoryStore;
use crate::store::State;

impl IdempotencyStore for MemoryStore {
    fn find(
        &self,
        org: OrgId,
        actor: Actor,
        key: &IdempotencyKey,
        now: Instant,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        Ok(self.begin().remembered(org, actor, key, now).cloned())
    }

    fn remember(
        &self,
        record: &IdempotencyRecord,
    ) -> Result<Result<(), IdempotencyKeyUsed>, StoreError> {
        let mut state = self.begin();
        if state.is_key_used(&record.guard) {
            return Ok(Err(IdempotencyKeyUsed));
        }
        state.remember(record.clone());
        Ok(Ok(()))
    }
}

impl State {
    fn remembered(
        &self,
        org: OrgId,
        actor: Actor,
        key: &IdempotencyKey,
        now: Instant,
    ) -> Option<&IdempotencyRecord> {
        self.idempotency
            .get(&(org, actor, key.clone()))
            .filter(|record| record.guard.expires_on > now)
    }

    /// Whether a request under this key was executed and is still remembered.
    pub(crate) fn is_key_used(&self, guard: &IdempotencyGuard) -> bool {
        self.remembered(guard.org, guard.actor, &guard.key, guard.used_on)
            .is_some()
    }

    /// Keeps `record`, in the place of one that has expired.
    pub(crate) fn remember(&mut self, record: IdempotencyRecord) {
        let guard = &record.guard;
        let key = (guard.org, guard.actor, guard.key.clone());
        self.idempotency.insert(key, record);
    }
}
