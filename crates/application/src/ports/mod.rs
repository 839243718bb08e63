//! The ports: what the use cases need from outside, one trait a file.
//!
//! A port speaks of sets, and each call is one transaction: wholly done or not
//! at all, and durable when it returns. It takes and gives plain data. Its
//! documentation is its contract, and the contract suite tests every sentence.
//! All ports block: whoever calls them from an async runtime hands them to a
//! pool of threads.

mod access_store;
mod badge_store;
mod batch;
mod catalogue_store;
mod clock;
mod customer_badges;
mod customer_directory;
mod earning_store;
mod enrolment_store;
mod health;
mod housekeeping;
mod idempotency_store;
mod ids;
mod request_ledger;
mod secrets;

use std::sync::Arc;

pub use accolade_domain::listing::{Page, PageOf, SortOrder};

pub use access_store::{
    AccessStore, Client, CreateClientError, CreateOrgError, NewClient, Org, UnknownClient,
};
pub use badge_store::{
    BadgeEdit, BadgeEditRequest, BadgePage, BadgeQuery, BadgeSort, BadgeStore, BadgeVersion,
    CountedBadge, CreateBadgeError, EditBadgeError, VersionedBadge,
};
pub use batch::{Batch, Batched, Names, NotTogether};
pub use catalogue_store::{CatalogueStore, CustomFieldQuery, SaveError};
pub use clock::Clock;
pub use customer_badges::{
    CatalogueVersion, CustomerBadgeDetails, CustomerBadges, EarnRecord, HeldBadges, HeldQuery,
    IssualRecord, Refusal,
};
pub use customer_directory::{
    CustomerDirectory, DirectoryEntry, DirectoryError, IdentifierKind, Identifiers,
};
pub use earning_store::{
    EarnBatch, EarnError, EarnRequest, EarningStore, ImportItem, ImportRequest, RevokeEarnRequest,
    RevokeEnrolmentsRequest, RevokeError, RevokeTarget,
};
pub use enrolment_store::{EnrolError, EnrolmentBatch, EnrolmentRequest, EnrolmentStore};
pub use health::{Health, NotReady, PoolUsage};
pub use housekeeping::{Housekeeping, Swept};
pub use idempotency_store::{
    Fingerprint, IdempotencyGuard, IdempotencyKey, IdempotencyKeyUsed, IdempotencyRecord,
    IdempotencyStore, MalformedIdempotencyKey,
};
pub use ids::IdSource;
pub use request_ledger::{LedgerEntry, Operation, RequestLedger};
pub use secrets::SecretSource;

/// Why a store did not answer. The causes are for the log, not for callers.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, or too much waits for it. Nothing was written;
    /// the same call can be made again.
    #[error("the database is not available")]
    Unavailable(#[source] anyhow::Error),
    /// The connection broke inside COMMIT, and the database could not be asked
    /// how it ended: it may have been written.
    #[error("the outcome of a transaction is unknown")]
    OutcomeUnknown(#[source] anyhow::Error),
    /// Something that should not happen. Nothing was written.
    #[error("unexpected failure of the store")]
    Unexpected(#[source] anyhow::Error),
}

/// Every port, as the use cases get them.
#[derive(Clone)]
pub struct Ports {
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
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// New secrets.
    pub secrets: Arc<dyn SecretSource>,
}
