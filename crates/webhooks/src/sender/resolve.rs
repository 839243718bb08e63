//! Which addresses a name has.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// A look-up that is under way.
pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds out which addresses a name has at this moment.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `name`, which is no address itself, in the order of preference. An error of the
    /// kind [`WouldBlock`](io::ErrorKind::WouldBlock) says nothing of the name: nobody was asked.
    fn resolve(&self, name: String) -> Lookup;
}

/// How many look-ups the system has at once. Each has a thread until it has an answer, however
/// long we wait for it.
const MOST_AT_ONCE: usize = 64;

/// How long to wait for a place among them.
const PLACE_PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait for the answer of a look-up, and for its place.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a look-up found.
type Found = Result<Vec<IpAddr>, io::ErrorKind>;

/// What a look-up found, once it has an answer.
type Answer = watch::Receiver<Option<Found>>;

/// The resolver of the operating system. Whoever asks for a name that is being looked up gets the
/// same answer, so that a name whose servers do not answer takes one place, however often it is asked
/// for. Cheap to clone; clones share the places.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    places: Arc<Semaphore>,
    under_way: Arc<Mutex<HashMap<String, Answer>>>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::with_places(MOST_AT_ONCE)
    }
}

impl SystemResolver {
    fn with_places(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            under_way: Arc::default(),
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer of the look-up of `name` that is under way; begins one if none is.
    fn answer(&self, name: String) -> Answer {
        let mut under_way = self.under_way();
        // One that broke off is gone without an answer.
        let there = under_way
            .get(&name)
            .filter(|answer| answer.has_changed().is_ok());
        if let Some(answer) = there {
            return answer.clone();
        }
        let (sender, answer) = watch::channel(None);
        under_way.insert(name.clone(), answer.clone());
        let this = self.clone();
        // It keeps its place until its thread is done, not only while somebody waits for it.
        tokio::spawn(async move {
            let found = this.look_up(name.clone()).await;
            this.under_way().remove(&name);
            sender.send_replace(Some(found));
        });
        answer
    }

    async fn look_up(&self, name: String) -> Found {
        let place = timeout(PLACE_PATIENCE, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(io::ErrorKind::WouldBlock);
        };
        match lookup_host((name, 0)).await {
            Ok(found) => Ok(found.map(|address| address.ip()).collect()),
            // Of this kind is only what there was no place for.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(io::ErrorKind::Other),
            Err(error) => Err(error.kind()),
        }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: String) -> Lookup {
        let this = self.clone();
        Box::pin(async move {
            let mut answer = this.answer(name);
            match timeout(PATIENCE, answer.wait_for(Option::is_some)).await {
                Ok(Ok(found)) => {
                    let found = found.clone().unwrap_or(Err(io::ErrorKind::Other));
                    found.map_err(io::Error::from)
                }
                Ok(Err(broke_off)) => Err(io::Error::other(broke_off)),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_for_a_name_that_is_looked_up_gets_the_same_answer() {
        let resolver = SystemResolver::with_places(1);
        let asked: Vec<_> = (0..10)
            .map(|_| resolver.answer("localhost".to_owned()))
            .collect();
        assert_eq!(resolver.under_way().len(), 1);
        for mut answer in asked {
            let found = answer.wait_for(Option::is_some).await.unwrap();
            let found = found.clone().unwrap().unwrap();
            assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty());
        }
        assert!(resolver.under_way().is_empty());
    }

    #[tokio::test]
    async fn where_there_is_no_place_in_time_nobody_was_asked() {
        let resolver = SystemResolver::with_places(0);
        let error = resolver.resolve("localhost".to_owned()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
