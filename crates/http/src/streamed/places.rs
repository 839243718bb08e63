//! How many answers are sent at one moment that are made meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use accolade_domain::ids::OrgId;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The most that are sent at one moment by this server.
const MOST: usize = 16;

/// The most of one org, so that others can have some too.
const MOST_OF_AN_ORG: usize = 8;

/// The places that answers have while they are sent. Clones are the same places.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    taken: Arc<Mutex<HashMap<OrgId, usize>>>,
    /// Who makes a block: others find a thread and a connection to the database meanwhile.
    reading: Arc<Semaphore>,
}

/// The place of an answer, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    org: OrgId,
}

impl Places {
    /// The places of a server on which so many use cases run at one moment.
    pub(crate) fn new(concurrency: usize) -> Self {
        Self {
            taken: Arc::default(),
            reading: Arc::new(Semaphore::new((concurrency / 2).max(1))),
        }
    }

    /// A place for an answer to `org`, if there is one.
    pub(crate) fn take(&self, org: OrgId) -> Option<Place> {
        let mut taken = self.lock();
        let all: usize = taken.values().sum();
        let of_org = taken.get(&org).copied().unwrap_or(0);
        if all >= MOST || of_org >= MOST_OF_AN_ORG {
            return None;
        }
        taken.insert(org, of_org + 1);
        Some(Place {
            places: self.clone(),
            org,
        })
    }

    /// Waits for the turn to make a block, which is over when what it gives is dropped.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.reading.acquire().await.ok()
    }

    /// How many are taken.
    pub(crate) fn count(&self) -> usize {
        self.lock().values().sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrgId, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(of_org) = taken.get_mut(&self.org) {
            *of_org -= 1;
            if *of_org == 0 {
                taken.remove(&self.org);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: usize) -> OrgId {
        i64::try_from(number + 1).unwrap().try_into().unwrap()
    }

    #[test]
    fn an_org_gets_no_more_than_its_share_and_all_no_more_than_there_are() {
        let places = Places::new(8);
        let mut held: Vec<_> = (0..MOST_OF_AN_ORG).map(|_| places.take(org(0))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(places.take(org(0)).is_none());
        held.extend((MOST_OF_AN_ORG..MOST).map(|number| places.take(org(number))));
        assert!(held.iter().all(Option::is_some));
        assert!(places.take(org(MOST)).is_none());
        assert_eq!(places.count(), MOST);
        held.pop();
        assert!(places.take(org(MOST)).is_some());
        held.clear();
        assert_eq!(places.count(), 0);
        assert!(places.lock().is_empty());
    }
}
