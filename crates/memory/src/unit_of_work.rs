//! Several calls that are one transaction: done on a copy of everything, which takes the place of what
//! there was.

use std::sync::{Arc, Mutex, PoisonError};

use accolade_application::ports::{StoreError, Stores, Together, UnitOfWork, WasDone, Work};

use crate::MemoryStore;

impl UnitOfWork for MemoryStore {
    fn together(&self, work: &mut Work<'_>, _: &mut WasDone<'_>) -> Result<(), StoreError> {
        // Everybody else waits.
        let mut state = self.begin();
        let copy = Arc::new(Self {
            state: Mutex::new(state.clone()),
        });
        let stores = Arc::new(Stores::new(Arc::clone(&copy)));
        if work(&stores)? == Together::Kept {
            let mut done = copy.state.lock().unwrap_or_else(PoisonError::into_inner);
            *state = std::mem::take(&mut *done);
        }
        Ok(())
    }
}
