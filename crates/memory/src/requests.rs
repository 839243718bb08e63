//! The request ledger.

use accolade_application::answer::Answer;
use accolade_application::ports::{
    IdempotencyGuard, IdempotencyRecord, LedgerEntry, Operation, RequestLedger, StoreError,
};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;

use crate::MemoryStore;
use crate::store::State;

impl RequestLedger for MemoryStore {
    fn is_used(
        &self,
        org: OrgId,
        operation: Operation,
        request_id: &RequestId,
    ) -> Result<bool, StoreError> {
        Ok(self.begin().is_request_used(org, operation, request_id))
    }

    fn find(&self, org: OrgId, request_id: &RequestId) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut entries = self.begin().entries(org, request_id).to_vec();
        entries.sort_by_key(|entry| entry.recorded_on);
        Ok(entries)
    }
}

/// A request that was carried out, and under which names it is remembered.
pub(crate) struct CarriedOut<'a> {
    pub(crate) org: OrgId,
    pub(crate) operation: Operation,
    pub(crate) request_id: Option<&'a RequestId>,
    pub(crate) idempotency: Option<&'a IdempotencyGuard>,
    pub(crate) recorded_on: Instant,
    pub(crate) answer: Answer,
}

impl State {
    pub(crate) fn is_request_used(
        &self,
        org: OrgId,
        operation: Operation,
        request_id: &RequestId,
    ) -> bool {
        let entries = self.entries(org, request_id);
        entries.iter().any(|entry| entry.operation == operation)
    }

    /// Writes what was carried out into the ledger, if it has a request id, and keeps it
    /// under its idempotency key, if it has one.
    pub(crate) fn carried_out(&mut self, carried_out: CarriedOut<'_>) {
        let CarriedOut {
            org,
            operation,
            request_id,
            idempotency,
            recorded_on,
            answer,
        } = carried_out;
        if let Some(request_id) = request_id {
            self.requests
                .entry((org, request_id.clone()))
                .or_default()
                .push(LedgerEntry {
                    request_id: request_id.clone(),
                    operation,
                    recorded_on,
                    answer: answer.clone(),
                });
        }
        if let Some(guard) = idempotency.cloned() {
            self.remember(IdempotencyRecord { guard, answer });
        }
    }

    fn entries(&self, org: OrgId, request_id: &RequestId) -> &[LedgerEntry] {
        let entries = self.requests.get(&(org, request_id.clone()));
        entries.map_or(&[], Vec::as_slice)
    }
}
