//! The contract of every port, in memory.

use std::sync::Arc;

use accolade_application::ports::Stores;
use accolade_contract_tests::{Adapter, Database, run};
use accolade_memory::MemoryStore;

#[derive(Default)]
struct Memory(Arc<MemoryStore>);

impl Database for Memory {
    fn connect(&self) -> Stores {
        Stores::new(Arc::clone(&self.0))
    }
}

fn main() {
    run([Adapter::new("memory", Memory::default)]);
}
