//! Where webhooks live, with how far each of them has read and what it was sent.

use std::fmt;

use accolade_domain::audit::Entry;
use accolade_domain::event::Position;
use accolade_domain::ids::{OrgId, WebhookId};
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{DisabledReason, Health, Webhook, WebhookState};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::ports::{IdempotencyRecord, StoreError};

/// How long attempts are kept.
pub const ATTEMPTS_KEPT: Duration = Duration::days(30);

/// The most webhooks that an org may have.
pub const MOST_WEBHOOKS: usize = 100;

/// While more events than these would wait to be sent apart from the cursor, none is sent again.
pub const MOST_WAITING: usize = 100_000;

/// The number of a webhook's state, raised by everything that whoever delivers must know of: changes
/// of its definition, its state or its secrets, and events that are to be sent again.
pub type WebhookVersion = i64;

/// A webhook as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// The version that it had.
    pub version: WebhookVersion,
    /// All up to here is done with: delivered, not wanted, or given up. What is sent again does not
    /// count.
    pub position: Position,
}

/// Why a webhook was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveWebhookError {
    /// It has another version, or is gone: read it and decide again.
    #[error("it has changed")]
    Changed,
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The org has [`MOST_WEBHOOKS`].
    #[error("there are as many webhooks as there may be")]
    TooMany,
    /// More than [`MOST_WAITING`] events of the webhook would wait.
    #[error("too many events wait to be sent")]
    TooManyWaiting,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a change of a webhook does to the events that wait for a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// They wait on.
    On,
    /// They are due at once, and their schedule begins anew: the webhook goes on after it was stopped, or
    /// what they failed of was changed.
    NoMore,
}

/// Which events are to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResendWhat {
    /// Those at these positions.
    Positions(Vec<Position>),
    /// Those behind the first position, up to the second one.
    Range(Position, Position),
}

/// Events that are to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resend {
    /// The org.
    pub org: OrgId,
    /// The webhook.
    pub webhook: WebhookId,
    /// Which events.
    pub what: ResendWhat,
    /// Only those of them that were given up or wait for a retry.
    pub only_failed: bool,
    /// When it was asked for; they are due then.
    pub now: Instant,
}

/// An event that must be sent, or sent again, apart from the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The event.
    pub position: Position,
    /// The partition whose later events wait behind it; `None` where none do.
    pub partition: Option<String>,
    /// How many attempts failed since its schedule began.
    pub attempts: u32,
    /// When the first of them was.
    pub first_on: Option<Instant>,
    /// When it is to be tried; `None`: as soon as those of its partition before it are done with.
    pub due_on: Option<Instant>,
    /// Whether the last retry failed: it is not tried again unless somebody asks for it.
    pub given_up: bool,
    /// Whether somebody asked to have it sent again: nothing waits behind it. Who asked may not have
    /// known whether the webhook wants it at all.
    pub resent: bool,
}

/// A webhook that something may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deliverable {
    /// The org.
    pub org: OrgId,
    /// The webhook.
    pub webhook: WebhookId,
    /// Its version: another one than that of [`Delivery`] means that it must be opened anew.
    pub version: WebhookVersion,
}

/// A webhook with everything that is needed to go on delivering to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The webhook.
    pub webhook: Webhook,
    /// The version that it has.
    pub version: WebhookVersion,
    /// What is behind this was not looked at yet. All up to it is done with, but for `retries`.
    pub cursor: Position,
    /// What is to be sent apart from the cursor, by position. None that were given up.
    pub retries: Vec<Retry>,
}

/// Whether an attempt succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptStatus {
    /// The receiver answered 2xx in time.
    Succeeded = 1,
    /// Anything else.
    Failed = 2,
}

impl AttemptStatus {
    /// Both.
    pub const ALL: &[Self] = &[Self::Succeeded, Self::Failed];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// The number under which it is stored; never reused, never changed.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The status stored under `number`.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.number() == number)
    }
}

/// How one request to a receiver went. What the receiver answered is not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptResult {
    /// When it was begun.
    pub attempted_on: Instant,
    /// Whether it succeeded.
    pub status: AttemptStatus,
    /// The status of the answer; `None` if there was none.
    pub http_status: Option<u16>,
    /// How long it took; whole microseconds are kept of it.
    #[serde(with = "micros")]
    pub duration: Duration,
    /// Why there was no answer, or what is wrong with it.
    pub error: Option<String>,
    /// The first KiB of what the receiver answered; at most [`Self::MOST_ANSWER`] bytes.
    pub answer: Option<String>,
}

/// Lengths of time as whole microseconds.
mod micros {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use time::Duration;

    pub(super) fn serialize<S: Serializer>(
        it: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(i64::try_from(it.whole_microseconds()).unwrap_or(i64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        i64::deserialize(deserializer).map(Duration::microseconds)
    }
}

impl AttemptResult {
    /// How many bytes of an answer are kept.
    pub const MOST_ANSWER: usize = 1024;
}

impl fmt::Debug for AttemptResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptResult")
            .field("attempted_on", &self.attempted_on)
            .field("status", &self.status)
            .field("http_status", &self.http_status)
            .field("duration", &self.duration)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// One event in a request that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptedEvent {
    /// The event.
    pub position: Position,
    /// Which attempt of it this is, from 1.
    pub attempt: u32,
}

/// One request that was sent, with one event or a batch of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its events, at least one, in their order in the body.
    pub events: Vec<AttemptedEvent>,
    /// How it went.
    pub result: AttemptResult,
}

/// What became of the deliveries of a webhook since its progress was saved last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The org.
    pub org: OrgId,
    /// The webhook.
    pub webhook: WebhookId,
    /// The version of the [`Delivery`] that this is the progress of.
    pub version: WebhookVersion,
    /// All up to here is done with, but for the retries.
    pub cursor: Position,
    /// Retries that are new or have changed, those that were given up included; each position once.
    pub put: Vec<Retry>,
    /// Events that were delivered or are not wanted: they need no retry any more.
    pub done: Vec<Position>,
    /// Requests that were sent, in the order of their beginning.
    pub attempts: Vec<Attempt>,
    /// How the deliveries go.
    pub health: Health,
    /// Why the webhook is to be disabled, if it is.
    pub disable: Option<DisabledReason>,
    /// When it is saved.
    pub now: Instant,
}

/// What there is to know of a webhook once its progress is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// Its version. Saving alone raises it only where it disables.
    pub version: WebhookVersion,
    /// Its state.
    pub state: WebhookState,
}

/// Which attempts of a webhook to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptQuery {
    /// The org.
    pub org: OrgId,
    /// The webhook.
    pub webhook: WebhookId,
    /// Only those that succeeded, or only those that failed.
    pub status: Option<AttemptStatus>,
    /// Only what is older than this; `None`: from the newest on.
    pub after: Option<AttemptCursor>,
    /// None from before this moment.
    pub kept_since: Instant,
    /// The most attempts: at least 1.
    pub limit: usize,
}

/// A place in the list of a webhook's attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttemptCursor {
    /// The number of the request: 1, 2, 3 … for each webhook.
    pub request: i64,
    /// The place of the event in the request, from 0.
    pub event: u32,
}

/// One event that was sent, in the list of attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAttempt {
    /// Its place in the list.
    pub cursor: AttemptCursor,
    /// The event.
    pub event: AttemptedEvent,
    /// How the request went.
    pub result: AttemptResult,
}

/// A page of a list of attempts, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptPage {
    /// The attempts.
    pub attempts: Vec<ListedAttempt>,
    /// What is behind this is on the next page; `None` on the last one.
    pub next: Option<AttemptCursor>,
}

/// How far one webhook of all there are has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookStanding {
    /// The org.
    pub org: OrgId,
    /// The webhook.
    pub webhook: WebhookId,
    /// Its state.
    pub state: WebhookState,
    /// All up to here is done with, as in [`StoredWebhook`].
    pub position: Position,
}

/// Where webhooks live. One of another org is as good as none.
///
/// What changes a webhook and what its deliveries have come to meet under a lock of the webhook: of
/// both nothing is lost, whoever is first. `entries` are what the audit trail tells of a change,
/// written in its transaction.
pub trait WebhookStore: Send + Sync {
    /// Creates `webhook`, which has read all up to `cursor`.
    ///
    /// # Errors
    /// [`SaveWebhookError::IdempotencyKeyUsed`], else [`SaveWebhookError::TooMany`].
    fn create_webhook(
        &self,
        webhook: &Webhook,
        cursor: Position,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError>;

    /// Replaces `before` by `after`, if the webhook still has the version of `before`, and raises the
    /// version. Its health is that of `after`.
    ///
    /// # Errors
    /// [`SaveWebhookError::IdempotencyKeyUsed`], else [`SaveWebhookError::Changed`].
    fn save_webhook(
        &self,
        before: &StoredWebhook,
        after: &Webhook,
        waiting: Waiting,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError>;

    /// Deletes the webhook with its retries, if it still has the version of `before`.
    ///
    /// # Errors
    /// [`SaveWebhookError::IdempotencyKeyUsed`], else [`SaveWebhookError::Changed`].
    fn delete_webhook(
        &self,
        before: &StoredWebhook,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError>;

    /// The webhook.
    ///
    /// # Errors
    /// The store failed.
    fn webhook(&self, org: OrgId, webhook: WebhookId) -> Result<Option<StoredWebhook>, StoreError>;

    /// The org's webhooks, in the order of their creation and then by id.
    ///
    /// # Errors
    /// The store failed.
    fn webhooks(&self, org: OrgId) -> Result<Vec<StoredWebhook>, StoreError>;

    /// Has events sent again: what was given up is due with its schedule begun anew, what waits for a
    /// retry is due, and, unless `only_failed`, what was done with becomes a retry that is
    /// [`resent`](Retry::resent). What waits behind another event of its partition stays behind it,
    /// and what is behind the cursor comes anyway. Raises the version if there is any; how many events
    /// they are.
    ///
    /// # Errors
    /// [`SaveWebhookError::IdempotencyKeyUsed`], else [`SaveWebhookError::Changed`] if there is no
    /// such webhook, else [`SaveWebhookError::TooManyWaiting`].
    fn resend(
        &self,
        resend: &Resend,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<u64, SaveWebhookError>;

    /// The page of a webhook's attempts that `query` asks for.
    ///
    /// # Errors
    /// The store failed.
    fn attempts(&self, query: &AttemptQuery) -> Result<AttemptPage, StoreError>;

    /// The active webhooks of all orgs that are not held at `now`, by org and id.
    ///
    /// # Errors
    /// The store failed.
    fn deliverable(&self, now: Instant) -> Result<Vec<Deliverable>, StoreError>;

    /// The webhook with what is needed to go on delivering to it; `None` if there is none, or it is not
    /// active.
    ///
    /// # Errors
    /// The store failed.
    fn open(&self, org: OrgId, webhook: WebhookId) -> Result<Option<Delivery>, StoreError>;

    /// Saves what became of deliveries: `None` if the webhook is gone. Whatever state it is in, its
    /// cursor never goes back, and nothing that was put by somebody else is lost, so that two who
    /// deliver at once deliver twice and never not at all. Only an active webhook is disabled, by the
    /// system: that is an event of the feed and an entry of the audit trail, of the same transaction.
    /// Its health is saved while it is active.
    ///
    /// Who opened it at another version than it has now does not know what somebody has changed or asked
    /// for since: its health stays, it is not disabled, and a retry that is due sooner than the one that
    /// is put, or is put as given up, stays as it is. A retry that it puts of an event that says nothing
    /// any more has no partition, but the one that all have.
    ///
    /// # Errors
    /// The store failed.
    fn save(&self, progress: &Progress) -> Result<Option<Saved>, StoreError>;

    /// How far the webhooks of all orgs have come, by org and id.
    ///
    /// # Errors
    /// The store failed.
    fn standings(&self) -> Result<Vec<WebhookStanding>, StoreError>;

    /// Forgets attempts from before `kept_since`, those of deleted webhooks, and that an event was given
    /// up which was tried first before then; how many rows it removed. Removes a bounded number: call
    /// it again until it removes none.
    ///
    /// # Errors
    /// The store failed.
    fn sweep_attempts(&self, kept_since: Instant) -> Result<u64, StoreError>;
}
