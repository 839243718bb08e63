//! What has happened to a customer: the words in which a store tells it.

use accolade_domain::actor::Actor;
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Code;
use accolade_domain::text::{Reason, RequestId};

/// Something that has happened to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// She was enrolled.
    Enrolled(EnrolmentId),
    /// She earned the badge.
    Earned(EarnedBadgeId),
    /// A badge that she had earned elsewhere was taken over.
    Imported(EarnedBadgeId),
    /// She was refused the badge.
    Refused(Code, String),
    /// Her enrolment was revoked.
    EnrolmentRevoked(EnrolmentId, Option<Reason>),
    /// Her earned badge was revoked.
    EarnRevoked(EarnedBadgeId, Option<Reason>),
    /// Her enrolment expired.
    EnrolmentExpired(EnrolmentId),
    /// Her earned badge expired.
    EarnExpired(EarnedBadgeId),
}

impl Happening {
    /// Its place among those of one moment, and the number under which statements tell it.
    pub const fn number(&self) -> i32 {
        match self {
            Self::Enrolled(_) => 1,
            Self::Earned(_) => 2,
            Self::Imported(_) => 3,
            Self::Refused(..) => 4,
            Self::EnrolmentRevoked(..) => 5,
            Self::EarnRevoked(..) => 6,
            Self::EnrolmentExpired(_) => 7,
            Self::EarnExpired(_) => 8,
        }
    }
}

/// One entry of the history of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When it happened: when it was recorded; of an expiry its moment.
    pub on: Instant,
    /// What.
    pub what: Happening,
    /// To which badge.
    pub badge: BadgeId,
    /// The event date of the enrolment or earn that it is about.
    pub event_on: Instant,
    /// Who triggered the enrolment or earn that it is about; `None` if it was done by hand, or if that is
    /// not kept, as of refusals.
    pub triggered_by: Option<Owner>,
    /// Who did it; `None` for what nobody did, and where it is not kept.
    pub by: Option<Actor>,
    /// The request that did it, of what a request recorded under its id.
    pub request: Option<RequestId>,
}

/// Where in a history to go on: behind what has happened later, and behind so many of that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryPlace {
    /// The moment.
    pub on: Instant,
    /// How many entries of it are passed.
    pub passed: u32,
}

/// Whose history to read, and which stretch of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Whose.
    pub customer: CustomerId,
    /// What expires later has not happened yet.
    pub now: Instant,
    /// Only what is behind this place; `None`: from the newest.
    pub after: Option<HistoryPlace>,
    /// The most entries.
    pub limit: u32,
}
