//! Memory is always ready, and has no connections.

use accolade_application::ports::{Health, NotReady, PoolUsage};

use crate::MemoryStore;

impl Health for MemoryStore {
    fn check(&self) -> Result<(), NotReady> {
        Ok(())
    }

    fn pool_usage(&self) -> PoolUsage {
        PoolUsage::default()
    }
}
