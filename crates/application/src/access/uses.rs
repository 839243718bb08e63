//! When clients were last let in, noted beside their requests and written down later.
//!
//! Who lets a client in notes it, in memory. Now and then what was noted is written, for all clients at
//! once. So a client costs its store about one write a minute, and its requests none.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use accolade_domain::ids::ClientNumber;
use accolade_domain::instant::Instant;
use time::Duration;

use crate::ports::{AccessStore, Client, StoreError};

/// How old the last use of a client may be that is written down.
const PRECISION: Duration = Duration::MINUTE;

/// Clients that were let in and of which it is to be written down. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct ClientUses(Arc<Mutex<BTreeSet<ClientNumber>>>);

impl fmt::Debug for ClientUses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientUses")
    }
}

impl ClientUses {
    /// Notes that `client`, as it was read a moment ago, is let in at `now`, unless it was written down
    /// less than a minute ago.
    pub fn note(&self, client: &Client, now: Instant) {
        let is_known = |used_on| now.since(used_on) < PRECISION;
        if !client.last_used_on.is_some_and(is_known) {
            self.noted().insert(client.number);
        }
    }

    /// Writes down in `store` what was noted, as of `now`. Gives how many clients it was of.
    ///
    /// # Errors
    /// The store failed; what was noted still is.
    pub fn write(&self, store: &dyn AccessStore, now: Instant) -> Result<usize, StoreError> {
        let clients: Vec<_> = std::mem::take(&mut *self.noted()).into_iter().collect();
        if clients.is_empty() {
            return Ok(0);
        }
        if let Err(error) = store.note_uses(&clients, now) {
            self.noted().extend(clients);
            return Err(error);
        }
        Ok(clients.len())
    }

    fn noted(&self) -> MutexGuard<'_, BTreeSet<ClientNumber>> {
        // A set of numbers is whole after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
