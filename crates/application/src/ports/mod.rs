//! The ports: what the use cases need from outside, one trait a file.
//!
//! A port speaks of sets, and each call is one transaction: wholly done or not
//! at all, and durable when it returns. It takes and gives plain data. Its
//! documentation is its contract, and the contract suite tests every sentence.
//! All ports block: whoever calls them from an async runtime hands them to a
//! pool of threads.

#[macro_use]
mod stores;

mod access_store;
mod actors;
mod audit_store;
mod badge_store;
mod batch;
mod catalogue_store;
mod change_store;
mod clock;
mod customer_badges;
mod customer_directory;
mod earning_store;
mod enrolment_store;
mod event_store;
mod exports;
mod health;
mod history;
mod housekeeping;
mod idempotency_store;
mod identity_provider;
mod ids;
mod job_files;
mod job_store;
mod leases;
mod operator_store;
mod people;
mod record;
mod request_ledger;
mod secrets;
mod unit_of_work;
mod webhook_sender;
mod webhook_store;

use std::sync::Arc;

use crate::access::ClientUses;
use crate::approvals::KnownRules;
use crate::jobs::StartedJobs;
use crate::turns::Turns;

pub use accolade_domain::listing::{Page, PageOf, SortOrder};

pub use batch::{Batch, Conflict};
pub use clock::Clock;
pub use history::{Happening, HistoryEntry, HistoryPlace, HistoryQuery};
pub use identity_provider::{IdentityProvider, ProviderError};
pub use ids::IdSource;
pub use job_files::{FilePlace, JobFile, JobFiles, JobRow, RowAction};
pub use record::{BatchedRequest, Context, Identity, RecordError, RecordedRequest};
pub use secrets::SecretSource;
pub use webhook_sender::{ReceiverNotAllowed, WebhookSender};

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

stores! {
    /// Organisations and API clients.
    access: access_store::AccessStore,
    /// Who an actor is.
    actors: actors::Actors,
    /// Operators, and their sessions.
    operators: operator_store::OperatorStore,
    /// Who changed what.
    audit: audit_store::AuditStore,
    /// Badge metas.
    badges: badge_store::BadgeStore,
    /// Enrolments.
    enrolments: enrolment_store::EnrolmentStore,
    /// Earned badges and limits.
    earning: earning_store::EarningStore,
    /// Groups and custom fields.
    catalogue: catalogue_store::CatalogueStore,
    /// Identifiers of customers.
    directory: customer_directory::CustomerDirectory,
    /// Customers who become one, and customers who are forgotten.
    people: people::People,
    /// What customers hold.
    customer_badges: customer_badges::CustomerBadges,
    /// The feed of events.
    events: event_store::EventStore,
    /// Everything that an org has, for copies of it.
    exports: exports::Exports,
    /// Requests that were executed.
    requests: request_ledger::RequestLedger,
    /// Answers kept under idempotency keys.
    idempotency: idempotency_store::IdempotencyStore,
    /// Whether the store can work.
    health: health::Health,
    /// What is tidied up.
    housekeeping: housekeeping::Housekeeping,
    /// Which server does what only one is to do.
    leases: leases::Leases,
    /// Webhooks, and how far they have come.
    webhooks: webhook_store::WebhookStore,
    /// Jobs, and how far they have come.
    jobs: job_store::JobStore,
    /// Rules for approval, and what waits by them.
    changes: change_store::ChangeStore,
    /// Several calls that are one transaction.
    unit: unit_of_work::UnitOfWork,
}

/// Every port, as the use cases get them.
#[derive(Clone)]
pub struct Ports {
    /// What is stored.
    pub stores: Arc<Stores>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// New secrets.
    pub secrets: Arc<dyn SecretSource>,
    /// The way to the receivers of events.
    pub receivers: Arc<dyn WebhookSender>,
    /// What reads the files of jobs.
    pub files: Arc<dyn JobFiles>,
    /// Whose turn it is to change what many want to change.
    pub turns: Turns,
    /// Which clients were let in.
    pub uses: ClientUses,
    /// That jobs were started.
    pub started_jobs: StartedJobs,
    /// The rules for approval, as they were read last.
    pub rules: KnownRules,
}
