//! Events: what happened, in the words of the domain.
//!
//! An [`Event`] says one thing that was recorded: a customer was enrolled, a limit was reached, a
//! badge was turned off. The events of an org are its feed, numbered 1, 2, 3 … without a hole
//! ([`Position`]), and cause comes before effect. What an event says of a customer is her number,
//! never an identifier.

mod fact;
mod kind;
mod position;

pub use fact::{
    BadgeChanged, BadgeFact, ChangeFact, EarnFact, EnrolmentFact, Fact, ForgottenFact, JobFact,
    LimitCount, LimitFact,
};
pub use kind::EventKind;
pub use position::{NotAPosition, Position};

use crate::ids::{BadgeId, CustomerId, OrgId};
use crate::instant::Instant;

/// Whether it becomes an event that something expires: not what had passed when it was recorded, nor
/// what never expires.
pub fn is_expiry_told(expires_on: Instant, recorded_on: Instant) -> bool {
    recorded_on < expires_on && expires_on < Instant::MAX
}

/// One thing that happened in an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The org.
    pub org: OrgId,
    /// Its place in the feed of the org.
    pub position: Position,
    /// When it was recorded.
    pub recorded_on: Instant,
    /// What happened.
    pub fact: Fact,
}

impl Event {
    /// What kind of thing happened.
    pub const fn kind(&self) -> EventKind {
        self.fact.kind()
    }

    /// When it took effect: an expiry at its exact instant, everything else when it was recorded.
    pub const fn occurred_on(&self) -> Instant {
        match &self.fact {
            Fact::EnrolmentExpired(it) => it.expires_on,
            Fact::EarnExpired(it) => it.expires_on,
            _ => self.recorded_on,
        }
    }

    /// The badge that it is about, if it is about one.
    pub const fn badge(&self) -> Option<BadgeId> {
        self.fact.badge()
    }

    /// The customer whom it is about, if it is about one: of two who became one the second.
    pub const fn customer(&self) -> Option<CustomerId> {
        self.fact.customer()
    }
}
