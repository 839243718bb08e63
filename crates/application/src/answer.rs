//! What an operation answers, in the words of the domain.
//!
//! An answer is a plain value that can be stored: a request that is repeated
//! under its idempotency key, or asked for by its request id, gets the very
//! same one again, with the statuses of the moment at which it was carried out.

use accolade_domain::badge::Badge;
use accolade_domain::enrolment::CustomerOutcome;
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::RequestId;
use serde::{Deserialize, Serialize};

/// The answer of an operation that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Customers were enrolled.
    Enrolment(EnrolmentAnswer),
    /// A badge was created.
    Badge(Box<BadgeView>),
    /// A badge was claimed.
    Claimed {
        /// The badge.
        badge: BadgeId,
        /// Who has claimed it.
        owner: Owner,
    },
    /// A claim was taken back.
    Unclaimed {
        /// Whose claim it was.
        owner: Owner,
    },
    /// A badge was activated or deactivated.
    Activity {
        /// The badge.
        badge: BadgeId,
        /// Whether it is on now.
        active: bool,
    },
}

/// What became of a request to enrol customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentAnswer {
    /// The badge.
    pub badge: BadgeId,
    /// Who triggered it; `None` if it was done by hand.
    pub triggered_by: Option<Owner>,
    /// When enrolments of this request expire.
    pub expires_on: Instant,
    /// One outcome for each distinct customer, in the order of the request.
    pub outcomes: Vec<CustomerOutcome>,
    /// The id of the request: the caller's, or the one made for it.
    pub request_id: RequestId,
}

/// How often a badge was given: what is revoked does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeCounts {
    /// Enrolments (wire: `issuedCount`).
    pub issued: u64,
    /// Earned badges (wire: `earnedCount`).
    pub earned: u64,
}

/// A badge as it looks at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeView {
    /// The badge.
    pub badge: Badge,
    /// How often it was given.
    pub counts: BadgeCounts,
    /// When the badge can last be earned, which ends its fixed windows; `None` if never.
    pub earning_ends_on: Option<Instant>,
    /// The moment that statuses refer to.
    pub now: Instant,
}
