//! What an adapter gives to be tested.

use std::sync::Arc;

use accolade_application::ports::{
    AccessStore, BadgeStore, CatalogueStore, CustomerBadges, CustomerDirectory, EarningStore,
    EnrolmentStore, Health, Housekeeping, IdempotencyStore, RequestLedger,
};

/// A place for data, and ways to it. The data may go when this is dropped.
pub trait Database: Send + Sync {
    /// A way to the data that is independent of all others, as another server
    /// would have it: connections of its own, nothing remembered in common. An
    /// adapter that cannot have two gives the same one again.
    fn connect(&self) -> Stores;
}

/// Every port that stores.
#[derive(Clone)]
pub struct Stores {
    /// Organisations and API clients.
    pub access: Arc<dyn AccessStore>,
    /// Badge metas.
    pub badges: Arc<dyn BadgeStore>,
    /// Enrolments.
    pub enrolments: Arc<dyn EnrolmentStore>,
    /// Earned badges and limits.
    pub earning: Arc<dyn EarningStore>,
    /// Groups and custom fields.
    pub catalogue: Arc<dyn CatalogueStore>,
    /// Identifiers of customers.
    pub directory: Arc<dyn CustomerDirectory>,
    /// What customers hold.
    pub customer_badges: Arc<dyn CustomerBadges>,
    /// Requests that were carried out.
    pub requests: Arc<dyn RequestLedger>,
    /// Answers kept under idempotency keys.
    pub idempotency: Arc<dyn IdempotencyStore>,
    /// Whether the store can work.
    pub health: Arc<dyn Health>,
    /// What is tidied up.
    pub housekeeping: Arc<dyn Housekeeping>,
}

impl Stores {
    /// One value that is every port.
    pub fn of<T>(store: &Arc<T>) -> Self
    where
        T: AccessStore
            + BadgeStore
            + EnrolmentStore
            + EarningStore
            + CatalogueStore
            + CustomerDirectory
            + CustomerBadges
            + RequestLedger
            + IdempotencyStore
            + Health
            + Housekeeping
            + 'static,
    {
        Self {
            access: store.clone(),
            badges: store.clone(),
            enrolments: store.clone(),
            earning: store.clone(),
            catalogue: store.clone(),
            directory: store.clone(),
            customer_badges: store.clone(),
            requests: store.clone(),
            idempotency: store.clone(),
            health: store.clone(),
            housekeeping: store.clone(),
        }
    }
}
