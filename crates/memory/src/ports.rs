//! The ports of the use cases, on a store in memory.

use std::sync::Arc;

use accolade_application::ports::{Clock, Ports};

use crate::{FixedSecrets, MemoryStore, SequentialIds};

/// Ports on `store` that tell the time of `clock`, and make ids and secrets that count up.
pub fn memory_ports(store: Arc<MemoryStore>, clock: Arc<dyn Clock>) -> Ports {
    Ports {
        access: store.clone(),
        badges: store.clone(),
        enrolments: store.clone(),
        earning: store.clone(),
        catalogue: store.clone(),
        directory: store.clone(),
        customer_badges: store.clone(),
        requests: store.clone(),
        idempotency: store,
        clock,
        ids: Arc::new(SequentialIds::default()),
        secrets: Arc::new(FixedSecrets::default()),
    }
}
