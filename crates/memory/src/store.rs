//! Everything that is remembered, behind one lock: holding it is a transaction.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use accolade_application::ports::{
    Client, IdempotencyKey, IdempotencyRecord, LedgerEntry, Org, VersionedBadge,
};
use accolade_domain::enrolment::Enrolment;
use accolade_domain::ids::{BadgeId, ClientNumber, CustomerId, OrgId};
use accolade_domain::text::RequestId;

/// All that is stored.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) orgs: BTreeMap<OrgId, Org>,
    /// In the order of their numbers, which are 1, 2, 3, ….
    pub(crate) clients: Vec<Client>,
    pub(crate) badges: BTreeMap<(OrgId, BadgeId), VersionedBadge>,
    pub(crate) enrolments: BTreeMap<(OrgId, BadgeId, CustomerId), Vec<Enrolment>>,
    /// Of each id, the entries in the order in which they were recorded.
    pub(crate) requests: BTreeMap<(OrgId, RequestId), Vec<LedgerEntry>>,
    pub(crate) idempotency: BTreeMap<(ClientNumber, IdempotencyKey), IdempotencyRecord>,
}

/// Every store port, in memory.
///
/// ```
/// use accolade_application::ports::Health as _;
/// use accolade_memory::MemoryStore;
///
/// assert!(MemoryStore::default().check().is_ok());
/// ```
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// The state, for one transaction. Nobody panics between two writes, so
    /// the state behind a poisoned lock is whole.
    pub(crate) fn begin(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
