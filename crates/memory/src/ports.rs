//! The ports of the use cases, on a store in memory.

use std::sync::Arc;

use accolade_application::Turns;
use accolade_application::access::ClientUses;
use accolade_application::approvals::KnownRules;
use accolade_application::jobs::StartedJobs;
use accolade_application::ports::{Clock, Ports, Stores};

use crate::{FixedReceivers, FixedSecrets, MemoryStore, PlainFiles, SequentialIds};

/// Ports on `store` that tell the time of `clock`, and make ids and secrets that count up.
pub fn memory_ports(store: Arc<MemoryStore>, clock: Arc<dyn Clock>) -> Ports {
    Ports {
        stores: Stores::new(store).into(),
        clock,
        ids: Arc::new(SequentialIds::default()),
        secrets: Arc::new(FixedSecrets::default()),
        receivers: Arc::new(FixedReceivers),
        files: Arc::new(PlainFiles),
        turns: Turns::default(),
        uses: ClientUses::default(),
        started_jobs: StartedJobs::default(),
        rules: KnownRules::default(),
    }
}
