//! Which addresses a name has.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// A look-up that is under way.
pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds out which addresses a name has at this moment.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `name`, which is no address itself, in the order of preference.
    fn resolve(&self, name: String) -> Lookup;
}

/// How many look-ups the system has at once. Each has a thread until it has an answer, however
/// long we wait for it.
const MOST_AT_ONCE: usize = 64;

/// How long to wait for the answer of a look-up.
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
            let place = places.acquire_owned().await.map_err(io::Error::other)?;
            // The place is given back when the thread is, not when nobody waits any more.
            let lookup = tokio::spawn(async move {
                let _place = place;
                let found = lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            });
            match timeout(PATIENCE, lookup).await {
                Ok(Ok(found)) => found,
                Ok(Err(panic)) => Err(io::Error::other(panic)),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        })
    }
}
