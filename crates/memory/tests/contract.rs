//! The contract of every port, in memory.

use std::sync::Arc;

use accolade_contract_tests::{Database, Stores, contract_tests};
use accolade_memory::MemoryStore;

#[derive(Default)]
struct Memory(Arc<MemoryStore>);

impl Database for Memory {
    fn connect(&self) -> Stores {
        Stores::new(Arc::clone(&self.0))
    }
}

contract_tests!(Memory::default());
