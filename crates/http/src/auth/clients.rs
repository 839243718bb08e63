//! Clients, looked up in the store and remembered for a few seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_application::access::{ClientKey, Secret, SecretHash};
use accolade_application::ports::{Client, Ports};
use moka::sync::Cache;

use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;

/// How old what is remembered may be. A revoked client is to be refused within five seconds.
const FRESH: Duration = Duration::from_secs(3);

/// The most clients that are remembered.
const MOST_REMEMBERED: u64 = 10_000;

/// Slow hashes of secrets that are computed at one moment, each on a processor of its own, and the
/// most that wait for it. The database is not waited for meanwhile.
const HASHED_AT_ONCE: u32 = 2;
const HASHES_WAITING: u32 = 1_024;

/// How long a slow hash is remembered that nobody asks for any more.
const HASH_REMEMBERED: Duration = Duration::from_hours(1);

/// Looks clients up. Clones share what is remembered.
#[derive(Clone)]
pub(super) struct Clients {
    ports: Ports,
    dispatcher: Dispatcher,
    known: Cache<ClientKey, Known>,
    hashing: Dispatcher,
    /// The slow hashes of keys and secrets, right and wrong, by the fast one of the secret. They
    /// never change.
    slow_hashes: Cache<(ClientKey, SecretHash), SecretHash>,
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
            hashing: Dispatcher::new(HASHED_AT_ONCE, HASHES_WAITING),
            slow_hashes: Cache::builder()
                .max_capacity(MOST_REMEMBERED)
                .time_to_idle(HASH_REMEMBERED)
                .build(),
        }
    }

    /// The client with this key, if it was looked up a moment before `now`.
    pub(super) fn recent(&self, key: &ClientKey, now: Instant) -> Option<Arc<Client>> {
        let known = self.known.get(key)?;
        let age = now.saturating_duration_since(known.asked_at);
        (age < FRESH).then_some(known.client)
    }

    /// Whether `client` has `secret` and is not revoked, as far as that can be told at once.
    pub(super) fn admits(&self, client: &Client, secret: &Secret) -> bool {
        let fast = secret.hash();
        client.admits_hash(&fast)
            || self
                .slow_hashes
                .get(&(client.key.clone(), fast))
                .is_some_and(|hash| client.admits_hash(&hash))
    }

    /// The client whose credentials these are as it is now. That there is none is not remembered.
    /// It is told after the slow hash was computed once, also for a key that nobody has, so that how
    /// long it takes tells nothing.
    ///
    /// # Errors
    /// The store failed, or too much waits for it or for a slow hash.
    pub(super) async fn authenticate(
        &self,
        key: &ClientKey,
        secret: &Secret,
        deadline: Deadline,
    ) -> Result<Option<Arc<Client>>, Failure> {
        let found = self.look_up(key, deadline).await?;
        let found = match found {
            Some(client) if client.admits(secret) => return Ok(Some(client)),
            found => found,
        };
        let hash = self.slow_hash(key, secret, deadline).await?;
        let right = found.zip(hash);
        let right = right.filter(|(client, hash)| client.admits_hash(hash));
        Ok(right.map(|(client, _)| client))
    }

    async fn slow_hash(
        &self,
        key: &ClientKey,
        secret: &Secret,
        deadline: Deadline,
    ) -> Result<Option<SecretHash>, Failure> {
        let known = (key.clone(), secret.hash());
        if let Some(hash) = self.slow_hashes.get(&known) {
            return Ok(Some(hash));
        }
        let (key, secret) = (key.clone(), secret.clone());
        let work = move || secret.slow_hash(&key);
        let hash = self.hashing.run(deadline, Effect::Reads, work).await?;
        if let Some(hash) = hash {
            self.slow_hashes.insert(known, hash);
        }
        Ok(hash)
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
