//! The request ledger.

use accolade_application::ports::{LedgerEntry, Operation, RequestLedger, StoreError};
use accolade_domain::ids::OrgId;
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
        Ok(self.begin().entries(org, request_id).to_vec())
    }
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

    fn entries(&self, org: OrgId, request_id: &RequestId) -> &[LedgerEntry] {
        let entries = self.requests.get(&(org, request_id.clone()));
        entries.map_or(&[], Vec::as_slice)
    }
}
