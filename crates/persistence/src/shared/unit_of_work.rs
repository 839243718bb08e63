//! Several calls that are one transaction.

use std::sync::Arc;

use accolade_application::ports::{StoreError, Stores, Together, UnitOfWork, WasDone, Work};

use super::Connection;
use crate::retry::Joined;
use crate::store::Store;

impl UnitOfWork for Store<Connection> {
    fn together(&self, work: &mut Work<'_>, was_done: &mut WasDone<'_>) -> Result<(), StoreError> {
        let stores = |joined: &Arc<Joined<Connection>>| {
            Arc::new(Stores::new(Arc::new(self.joining(joined))))
        };
        let mut doing = |joined: &Arc<Joined<Connection>>| work(&stores(joined));
        let mut asking = || {
            let mut answer = false;
            let mut ask = |joined: &Arc<Joined<Connection>>| {
                answer = was_done(&stores(joined))?;
                Ok(Together::Undone)
            };
            let never = &mut || Ok(false);
            self.writer.together(&mut ask, never)?;
            Ok(answer)
        };
        self.writer.together(&mut doing, &mut asking)
    }
}
