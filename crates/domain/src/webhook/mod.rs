//! Webhooks: receivers of an org to which its events are pushed.
//!
//! A [`Webhook`] is a reader of the feed with a cursor of its own. What it wants and how it wants it
//! are its [settings](WebhookSettings), which a [draft](WebhookDraft) becomes or changes; whether
//! anything is sent is its [state](WebhookState); what is sent is signed with its
//! [secrets](SigningSecrets). When a delivery is tried again, when one event is given up and when
//! a whole webhook is disabled says [`schedule`]; which addresses may be connected to,
//! [`address`].

pub mod address;
pub mod header;
pub mod schedule;
mod secret;
mod settings;
mod state;

pub use header::{HeaderName, HeaderValue, Headers};
pub use schedule::{Health, NextTry};
pub use secret::{SigningSecret, SigningSecrets};
pub use settings::{
    Batch, DeliveryFormat, DeliveryOrder, MaxInFlight, RatePerSecond, SignatureKind, WebhookDraft,
    WebhookSettings,
};
pub use state::{DisabledReason, WebhookState};

use crate::actor::Actor;
use crate::ids::{OrgId, WebhookId};
use crate::instant::Instant;

/// A receiver of events, with everything that is needed to send to it. Its secrets and the values
/// of its headers are not printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// The org whose events it gets.
    pub org: OrgId,
    /// What it wants, and how.
    pub settings: WebhookSettings,
    /// Fixed headers of each request to it.
    pub headers: Headers,
    /// What its requests are signed with.
    pub secrets: SigningSecrets,
    /// Whether anything is sent to it.
    pub state: WebhookState,
    /// How its deliveries went of late.
    pub health: Health,
    /// When it was created.
    pub created_on: Instant,
    /// By whom.
    pub created_by: Actor,
    /// When its definition or state was changed last.
    pub updated_on: Instant,
    /// By whom.
    pub updated_by: Actor,
}
