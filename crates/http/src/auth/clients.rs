//! Clients, looked up in the store and remembered for a few seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_application::access::{ClientKey, Credentials, authenticate};
use accolade_application::ports::{Client, Ports};
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
    ports: Ports,
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
    pub(super) fn new(ports: Ports, dispatcher: Dispatcher) -> Self {
        Self {
            ports,
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

    /// The client whose credentials these are as it is now. That there is none is not remembered.
    ///
    /// # Errors
    /// The store failed, or too much waits for it.
    pub(super) async fn authenticate(
        &self,
        credentials: &Credentials,
        deadline: Deadline,
    ) -> Result<Option<Arc<Client>>, Failure> {
        let asked_at = Instant::now();
        let (ports, credentials) = (self.ports.clone(), credentials.clone());
        let work = move || authenticate(&ports, &credentials);
        let dispatcher = &self.dispatcher;
        let found = dispatcher.run(deadline, Effect::Reads, work).await??;
        Ok(found.map(|client| self.remember(client, asked_at)))
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
        let (access, asked) = (Arc::clone(&self.ports.stores.access), key.clone());
        let work = move || access.client(&asked);
        let dispatcher = &self.dispatcher;
        let found = dispatcher.run(deadline, Effect::Reads, work).await??;
        Ok(found.map(|client| self.remember(client, asked_at)))
    }

    fn remember(&self, client: Client, asked_at: Instant) -> Arc<Client> {
        let client = Arc::new(client);
        let known = Known {
            client: Arc::clone(&client),
            asked_at,
        };
        self.known.insert(client.key.clone(), known);
        client
    }
}
