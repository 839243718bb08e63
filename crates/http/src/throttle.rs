//! How often a secret may be wrong before further wrong ones are put off.
//!
//! Wrong secrets are counted for the key that they were presented with and for the network
//! address that they came from, in windows of a minute. Only the answer to a wrong
//! secret depends on the counts: whoever has the right one always gets in, so nobody can
//! lock anybody out. What is kept is bounded, whatever is presented.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::address::network;

/// How long wrong secrets are remembered.
const WINDOW: Duration = Duration::from_mins(1);

/// The most keys, and the most addresses, that are remembered.
const MOST_REMEMBERED: u64 = 100_000;

/// Counts wrong secrets. Cheap to clone; clones share the counts.
#[derive(Clone)]
pub(crate) struct Throttle {
    keys: Counts<[u8; 32]>,
    addresses: Counts<IpAddr>,
}

impl Throttle {
    /// Puts off wrong secrets after so many for a key, or from an address, within a minute.
    pub(crate) fn new(failures_per_key: u32, failures_per_address: u32) -> Self {
        Self {
            keys: Counts::new(failures_per_key),
            addresses: Counts::new(failures_per_address),
        }
    }

    /// Counts a wrong secret for `key`, which may be any text, from `address` at `now`.
    /// Gives how long to wait if there have been too many.
    pub(crate) fn wrong(
        &self,
        key: &str,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Option<Duration> {
        let of_key = self.keys.count(Sha256::digest(key).into(), now);
        let of_address = address.and_then(|address| self.addresses.count(network(address), now));
        of_key.max(of_address)
    }

    /// Whether a wrong secret for `key` from `address` would have to wait at `now`.
    pub(crate) fn has_tripped(&self, key: &str, address: Option<IpAddr>, now: Instant) -> bool {
        self.keys.has_tripped(&Sha256::digest(key).into(), now)
            || address.is_some_and(|it| self.addresses.has_tripped(&network(it), now))
    }
}

#[derive(Clone)]
struct Counts<K> {
    limit: u32,
    windows: Cache<K, Arc<Mutex<Window>>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    begun: Instant,
    failures: u32,
}

impl<K: Hash + Eq + Send + Sync + 'static> Counts<K> {
    fn new(limit: u32) -> Self {
        Self {
            limit,
            windows: Cache::builder()
                .max_capacity(MOST_REMEMBERED)
                .time_to_live(WINDOW)
                .build(),
        }
    }

    fn count(&self, of: K, now: Instant) -> Option<Duration> {
        let fresh = Window {
            begun: now,
            failures: 0,
        };
        let window = self.windows.get_with(of, || Arc::new(Mutex::new(fresh)));
        // Two numbers are whole after a panic elsewhere.
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(window.begun) >= WINDOW {
            *window = fresh;
        }
        window.failures = window.failures.saturating_add(1);
        let elapsed = now.saturating_duration_since(window.begun);
        (window.failures > self.limit).then(|| WINDOW.saturating_sub(elapsed))
    }

    /// Whether the next one has to wait.
    fn has_tripped(&self, of: &K, now: Instant) -> bool {
        let Some(window) = self.windows.get(of) else {
            return false;
        };
        let window = window.lock().unwrap_or_else(PoisonError::into_inner);
        window.failures >= self.limit && now.saturating_duration_since(window.begun) < WINDOW
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    const HOME: Option<IpAddr> = Some(IpAddr::V6(Ipv6Addr::LOCALHOST));

    #[test]
    fn after_so_many_wrong_secrets_for_a_key_one_has_to_wait_out_the_minute() {
        let throttle = Throttle::new(2, 100);
        let now = Instant::now();
        let at = |seconds| throttle.wrong("key", HOME, now + Duration::from_secs(seconds));
        assert_eq!(at(0), None);
        assert!(!throttle.has_tripped("key", HOME, now));
        assert_eq!(at(10), None);
        assert!(throttle.has_tripped("key", HOME, now));
        assert!(!throttle.has_tripped("key", HOME, now + WINDOW));
        assert_eq!(at(15), Some(Duration::from_secs(45)));
        assert_eq!(at(59), Some(Duration::from_secs(1)));
        assert_eq!(throttle.wrong("other", HOME, now), None);
        assert_eq!(at(60), None);
    }

    #[test]
    fn many_keys_from_one_network_count_together() {
        let throttle = Throttle::new(100, 2);
        let now = Instant::now();
        let from = |key, address: &str| throttle.wrong(key, address.parse().ok(), now);
        assert_eq!(from("a", "2001:db8::1"), None);
        assert_eq!(from("b", "2001:db8::2"), None);
        assert_eq!(from("c", "2001:db8::3"), Some(WINDOW));
        assert_eq!(from("d", "2001:db8:0:1::3"), None);
        assert_eq!(from("e", "192.0.2.1"), None);
        assert_eq!(from("f", "::ffff:192.0.2.1"), None);
        assert_eq!(from("g", "192.0.2.1"), Some(WINDOW));
    }
}
