//! What customers hold: reading only.
//!
//! Which badges a list shows, and in which order, are [rules of the domain](accolade_domain::customer_view). The
//! store gives what they judge: what the customer has, and the catalogue of the org unless the
//! caller has that already.

use std::collections::BTreeMap;
use std::fmt;

use accolade_domain::actor::Actor;
use accolade_domain::customer_view::{Catalogue, CustomerBadge, EnrolmentsRead, Holding};
use accolade_domain::earning::EarnedBadge;
use accolade_domain::enrolment::Enrolment;
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::listing::{Page, PageOf};
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::Reason;

use crate::ports::{HistoryEntry, HistoryQuery, StoreError};

/// Which state an org's badges are in, with their claims and groups: it grows with every edit of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogueVersion(pub i64);

impl fmt::Display for CatalogueVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose badges to look up, and how much of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldQuery {
    /// Whose.
    pub customer: CustomerId,
    /// The moment that totals of earned badges refer to.
    pub now: Instant,
    /// How much of the enrolments to read.
    pub enrolments: EnrolmentsRead,
    /// The version of the catalogue that the caller has.
    pub known: Option<CatalogueVersion>,
}

/// What a customer holds, and the catalogue at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBadges {
    /// What the customer has of each badge, in any order; badges of which there is nothing are left
    /// out. Of enrolments there is as much as was asked for.
    pub holdings: Vec<Holding>,
    /// The version of the org's catalogue.
    pub version: CatalogueVersion,
    /// The catalogue of this version; `None` if the caller has it.
    pub catalogue: Option<Catalogue>,
}

/// An enrolment with who recorded it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentRecord {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// When it was recorded.
    pub recorded_on: Instant,
    /// Who triggered it.
    pub triggered_by: Option<Owner>,
    /// Who revoked it; `None` if nobody did, or an earlier release that did not keep it.
    pub revoked_by: Option<Actor>,
    /// Why it was revoked, if it was and somebody said so.
    pub revoke_reason: Option<Reason>,
}

/// An earn with who recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnRecord {
    /// The earned badge.
    pub earned: EarnedBadge,
    /// Who triggered it.
    pub triggered_by: Option<Owner>,
    /// Who revoked it; `None` if nobody did, or an earlier release that did not keep it.
    pub revoked_by: Option<Actor>,
    /// Why it was revoked, if it was and somebody said so.
    pub revoke_reason: Option<Reason>,
}

/// A refused earn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When it was refused.
    pub refused_on: Instant,
    /// The event date that was asked for.
    pub event_on: Instant,
    /// Why.
    pub rejection: Rejection,
}

/// Which customer and which badge to look up, and which of what lies between them to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailsQuery {
    /// Whose.
    pub customer: CustomerId,
    /// The badge.
    pub badge: BadgeId,
    /// The moment that it refers to.
    pub now: Instant,
    /// Which enrolments.
    pub enrolments: PageOf,
    /// Which earns.
    pub earns: PageOf,
}

/// What lies between a customer and a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerBadgeDetails {
    /// Whose: the successor of a customer who was merged into another.
    pub customer: CustomerId,
    /// The badge and the customer's standing.
    pub badge: CustomerBadge,
    /// The page of all enrolments, revoked ones included, the one recorded last first.
    pub enrolments: Page<EnrolmentRecord>,
    /// The page of all earns, revoked ones included, the one recorded last first.
    pub earns: Page<EarnRecord>,
    /// The ten refused last, the last first.
    pub refusals: Vec<Refusal>,
}

/// What customers hold. A badge of another org is as good as none. What is asked about a customer who
/// was merged into another is answered about the successor.
pub trait CustomerBadges: Send + Sync {
    /// What the customer that `query` names holds of the badges of `org`, and their catalogue
    /// unless the caller knows its present version. All of it is from one moment.
    ///
    /// Creating or editing a badge, its activity, its claims or a group raises the version
    /// of the org's catalogue before it returns, and only of this org's. While the version is
    /// known, the call is one statement that reads the customer's own rows.
    ///
    /// # Errors
    /// The store failed.
    fn held(&self, org: OrgId, query: &HeldQuery) -> Result<HeldBadges, StoreError>;

    /// What lies between the customer and the badge that `query` names, all of it from one moment;
    /// `None` if the org has no such badge. The standing and the totals are those of everything; of
    /// enrolments and earns the pages are read and no more.
    ///
    /// # Errors
    /// The store failed.
    fn details(
        &self,
        org: OrgId,
        query: &DetailsQuery,
    ) -> Result<Option<CustomerBadgeDetails>, StoreError>;

    /// The stretch that `query` asks for of what has happened to the customer with badges of the org: the
    /// newest first, and of one moment by their [numbers](crate::ports::Happening::number), the greatest
    /// first, then by badges and ids. What was revoked before it expired did not expire, nor did what had
    /// expired when it was recorded. One statement, which reads the customer's own rows.
    ///
    /// # Errors
    /// The store failed.
    fn history(&self, org: OrgId, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError>;

    /// When these enrolments were recorded, each of the customer beside it, revoked ones included. What
    /// there is not is left out. One statement, however many they are.
    ///
    /// # Errors
    /// The store failed.
    fn recorded_on(
        &self,
        org: OrgId,
        enrolments: &[(CustomerId, EnrolmentId)],
    ) -> Result<BTreeMap<EnrolmentId, Instant>, StoreError>;
}
