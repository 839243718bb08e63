//! Which addresses a name has.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::time::{Instant as Moment, timeout, timeout_at};

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

/// The resolver of the operating system.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    places: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: String) -> Lookup {
        let places = Arc::clone(&self.places);
        Box::pin(async move {
            let deadline = Moment::now() + PATIENCE;
            let place = match timeout(PLACE_PATIENCE, places.acquire_owned()).await {
                Ok(place) => place.map_err(io::Error::other)?,
                Err(_) => return Err(io::ErrorKind::WouldBlock.into()),
            };
            // The place is given back when the thread is, not when nobody waits any more.
            let lookup = tokio::spawn(async move {
                let _place = place;
                let found = lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            });
            match timeout_at(deadline, lookup).await {
                Ok(Ok(found)) => found,
                Ok(Err(panic)) => Err(io::Error::other(panic)),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        })
    }
}
