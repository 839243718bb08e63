//! The request ledger.

use accolade_application::ports::{
    GivenId, IdempotencyRecord, Identity, LedgerEntry, Operation, RecordError, RecordedRequest,
    RequestLedger, StoreError,
};
use accolade_domain::ids::{ObjectId, OrgId};
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

    fn given(&self, org: OrgId, id: ObjectId) -> Result<Option<GivenId>, StoreError> {
        let state = self.begin();
        let of_org = state.requests.iter().filter(|((of, _), _)| *of == org);
        let mut entries = of_org.flat_map(|(_, entries)| entries);
        Ok(entries.find_map(|entry| GivenId::of(&entry.answer, id)))
    }
}

impl State {
    fn is_request_used(&self, org: OrgId, operation: Operation, request_id: &RequestId) -> bool {
        let entries = self.entries(org, request_id);
        entries.iter().any(|entry| entry.operation == operation)
    }

    /// Refuses `request` if its key or its id is used.
    pub(crate) fn check_unused(&self, request: &impl RecordedRequest) -> Result<(), RecordError> {
        let Identity {
            org,
            operation,
            request_id,
            key,
        } = request.identity();
        if key.is_some_and(|guard| self.is_key_used(guard)) {
            return Err(RecordError::IdempotencyKeyUsed);
        }
        if request_id.is_some_and(|id| self.is_request_used(org, operation, id)) {
            return Err(RecordError::RequestIdUsed);
        }
        Ok(())
    }

    /// Writes `request`, which was executed, into the audit trail and, if it has an id, into the
    /// ledger, and keeps its answer under its idempotency key, if it has one.
    pub(crate) fn record<R: RecordedRequest>(&mut self, request: &R, outcome: R::Outcome) {
        self.tell(request.entries(&outcome));
        let answer = request.answer(outcome);
        let Identity {
            org,
            operation,
            request_id,
            key,
        } = request.identity();
        if let Some(request_id) = request_id {
            self.requests
                .entry((org, request_id.clone()))
                .or_default()
                .push(LedgerEntry {
                    request_id: request_id.clone(),
                    operation,
                    recorded_on: request.context().now,
                    answer: answer.clone(),
                });
        }
        if let Some(guard) = key.cloned() {
            self.remember(IdempotencyRecord { guard, answer });
        }
    }

    fn entries(&self, org: OrgId, request_id: &RequestId) -> &[LedgerEntry] {
        let entries = self.requests.get(&(org, request_id.clone()));
        entries.map_or(&[], Vec::as_slice)
    }
}
