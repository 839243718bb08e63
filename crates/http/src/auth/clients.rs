//! Clients, looked up in the store and remembered for a few seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_application::access::ClientKey;
use accolade_application::ports::{AccessStore, Client};
use moka::sync::Cache;

use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;

/// How old what is remembered may be. A revoked client is to be refused within five seconds.
const FRESH: Duration = Duration::from_secs(3);

/// The most clients that are remembered.
const MOST_REMEMBERED: u64 = 10_000;

/// Looks clients up. Clones share what is remembered.
#[derive(Clone)]
pub(super) struct Clients {
    store: Arc<dyn AccessStore>,
    dispatcher: Dispatcher,
    known: Cache<ClientKey, Known>,
}

#[derive(Clone)]
struct Known {
    client: Arc<Client>,
    /// Before the store was asked: the client was so at that moment or later.
    asked_at: Instant,
}

impl Clients {
    pub(super) fn new(store: Arc<dyn AccessStore>, dispatcher: Dispatcher) -> Self {
        Self {
            store,
            dispatcher,
            known: Cache::builder()
                .max_capacity(MOST_REMEMBERED)
                .time_to_live(FRESH)
                .build(),
        }
    }

    /// The client with this key, if it was looked up a moment before `now`.
    pub(super) fn recent(&self, key: &ClientKey, now: Instant) -> Option<Arc<Client>> {
        let known = self.known.get(key)?;
        let age = now.saturating_duration_since(known.asked_at);
        (age < FRESH).then_some(known.client)
    }

    /// The client with this key as it is now. That there is none is not remembered.
    ///
    /// # Errors
    /// The store failed, or too much waits for it.
    pub(super) async fn look_up(
        &self,
        key: &ClientKey,
        deadline: Deadline,
    ) -> Result<Option<Arc<Client>>, Failure> {
        let asked_at = Instant::now();
        let (store, asked) = (Arc::clone(&self.store), key.clone());
        let found = self
            .dispatcher
            .run(deadline, Effect::Reads, move || store.client(&asked))
            .await??;
        let Some(client) = found.map(Arc::new) else {
            return Ok(None);
        };
        let known = Known {
            client: Arc::clone(&client),
            asked_at,
        };
        self.known.insert(key.clone(), known);
        Ok(Some(client))
    }
}
