//! Clients, looked up in the store and remembered for a few seconds.
//!
//! Who looks a client up waits in one of three lines. Whoever was admitted before waits with the use
//! cases. Strangers wait in a line of their own, those who have been wrong too often in a third:
//! however many strangers there are, they displace neither clients that are known nor each other's
//! first try.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_application::access::{ClientKey, Secret, SecretHash};
use accolade_application::gate::Turn;
use accolade_application::ports::{Client, Ports};
use moka::sync::Cache;

use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;

/// How old what is remembered may be. A revoked client is to be refused within five seconds.
const FRESH: Duration = Duration::from_secs(3);

/// About how many bytes all remembered clients may take: of some ten thousand.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The most slow hashes that are remembered, each of some hundred bytes.
const MOST_HASHES: u64 = 10_000;

/// How long a client is remembered as one that was admitted, if it does not come back.
const KNOWN: Duration = Duration::from_hours(1);

/// The most strangers who wait in a line. One at a time is looked up.
const STRANGERS_WAITING: u32 = 1_024;

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
    /// Where clients that were admitted before wait.
    dispatcher: Dispatcher,
    /// Where strangers wait.
    strangers: Dispatcher,
    /// Where those wait who have been wrong too often.
    suspects: Dispatcher,
    known: Cache<ClientKey, Known>,
    hashing: Dispatcher,
    /// Where it is computed for keys that nobody has.
    hashing_for_nobody: Dispatcher,
    /// The slow hashes of keys and secrets, right and wrong, by the fast one of the secret. They
    /// never change.
    slow_hashes: Cache<(ClientKey, SecretHash), SecretHash>,
}

/// A client whose secret was presented.
#[derive(Clone)]
pub(super) struct Admitted {
    pub(super) client: Arc<Client>,
    /// What is stored of that secret.
    pub(super) secret: SecretHash,
}

#[derive(Clone)]
struct Known {
    client: Arc<Client>,
    /// Before the store was asked: the client was so at that moment or later.
    asked_at: Instant,
}

/// About how many bytes a client takes, with its key that it is found by.
fn weight(client: &Client) -> u32 {
    let texts = [
        client.name.as_str(),
        client.org.name.as_str(),
        client.key.as_str(),
    ];
    let texts: usize = texts.iter().map(|text| text.len()).sum();
    let weight = size_of::<Client>() + texts + client.key.as_str().len();
    u32::try_from(weight).unwrap_or(u32::MAX)
}

impl Clients {
    pub(super) fn new(ports: Ports, dispatcher: Dispatcher) -> Self {
        Self {
            ports,
            dispatcher,
            strangers: Dispatcher::new(1, STRANGERS_WAITING),
            suspects: Dispatcher::new(1, STRANGERS_WAITING),
            known: Cache::builder()
                .max_capacity(MOST_BYTES)
                .weigher(|_, known: &Known| weight(&known.client))
                .time_to_idle(KNOWN)
                .build(),
            hashing: Dispatcher::new(HASHED_AT_ONCE, HASHES_WAITING),
            hashing_for_nobody: Dispatcher::new(1, HASHES_WAITING),
            slow_hashes: Cache::builder()
                .max_capacity(MOST_HASHES)
                .time_to_idle(HASH_REMEMBERED)
                .build(),
        }
    }

    #[cfg(test)]
    pub(super) const fn strangers(&self) -> &Dispatcher {
        &self.strangers
    }

    /// The client with this key, if it was looked up a moment before `now`.
    pub(super) fn recent(&self, key: &ClientKey, now: Instant) -> Option<Arc<Client>> {
        let known = self.known.get(key)?;
        let age = now.saturating_duration_since(known.asked_at);
        (age < FRESH).then_some(known.client)
    }

    /// `client`, if it has `secret` and is not revoked, as far as that can be told at once.
    pub(super) fn admit(&self, client: Arc<Client>, secret: &Secret) -> Option<Admitted> {
        let fast = secret.hash();
        if client.admits_hash(&fast) {
            return Some(Admitted {
                client,
                secret: fast,
            });
        }
        let slow = self.slow_hashes.get(&(client.key.clone(), fast))?;
        client.admits_hash(&slow).then_some(Admitted {
            client,
            secret: slow,
        })
    }

    /// The client whose credentials these are as it is now. That there is none is not remembered.
    /// It is told after the slow hash was computed once, also for a key that nobody has, so that how
    /// long it takes tells nothing. `is_suspect` says that further wrong secrets would have to wait.
    ///
    /// # Errors
    /// The store failed, or too much waits for it or for a slow hash.
    pub(super) async fn authenticate(
        &self,
        key: &ClientKey,
        secret: &Secret,
        is_suspect: bool,
        deadline: Deadline,
    ) -> Result<Option<Admitted>, Failure> {
        let known = self.known.get(key).map(|known| known.client);
        let was_admitted = known.is_some_and(|client| self.admit(client, secret).is_some());
        let line = if was_admitted {
            &self.dispatcher
        } else if is_suspect {
            &self.suspects
        } else {
            &self.strangers
        };
        let found = self.look_up_in(line, key, deadline).await?;
        let fast = secret.hash();
        let found = match found {
            Some(client) if client.admits_hash(&fast) => {
                let secret = fast;
                return Ok(Some(self.let_in(Admitted { client, secret })));
            }
            found => found,
        };
        let hashing = match found {
            Some(_) => &self.hashing,
            None => &self.hashing_for_nobody,
        };
        let hash = self.slow_hash(hashing, key, secret, deadline).await?;
        let right = found.zip(hash);
        let right = right.filter(|(client, hash)| client.admits_hash(hash));
        Ok(right.map(|(client, secret)| self.let_in(Admitted { client, secret })))
    }

    /// The same, noted: each client that is let in comes by here every few seconds at most.
    fn let_in(&self, admitted: Admitted) -> Admitted {
        self.note_use(&admitted.client);
        admitted
    }

    /// Notes that `client`, which was just looked up, is let in.
    pub(super) fn note_use(&self, client: &Client) {
        let now = self.ports.clock.now();
        if !client.is_over(now) {
            self.ports.uses.note(client, now);
        }
    }

    async fn slow_hash(
        &self,
        hashing: &Dispatcher,
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
        let hash = hashing
            .run(Turn::SYSTEM, deadline, Effect::Reads, work)
            .await?;
        if let Some(hash) = hash {
            self.slow_hashes.insert(known, hash);
        }
        Ok(hash)
    }

    /// The client with this key, which is known to be somebody's, as it is now. That there is none is
    /// not remembered.
    ///
    /// # Errors
    /// The store failed, or too much waits for it.
    pub(super) async fn look_up(
        &self,
        key: &ClientKey,
        deadline: Deadline,
    ) -> Result<Option<Arc<Client>>, Failure> {
        self.look_up_in(&self.dispatcher, key, deadline).await
    }

    async fn look_up_in(
        &self,
        line: &Dispatcher,
        key: &ClientKey,
        deadline: Deadline,
    ) -> Result<Option<Arc<Client>>, Failure> {
        let asked_at = Instant::now();
        let (access, asked) = (Arc::clone(&self.ports.stores.access), key.clone());
        let work = move || access.client(&asked);
        let found = line
            .run(Turn::SYSTEM, deadline, Effect::Reads, work)
            .await??;
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
