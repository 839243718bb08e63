//! What customers hold: reading only.

use accolade_domain::badge::{Badge, BadgeStatus};
use accolade_domain::catalogue::Group;
use accolade_domain::earning::EarnedBadge;
use accolade_domain::enrolment::Enrolment;
use accolade_domain::ids::{BadgeId, CustomerId, GroupId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::Rejection;

use crate::ports::{Page, PageOf, SortOrder, StoreError};

/// How a badge stands to a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CustomerBadgeType {
    /// Open for enrolment now: customers enrol first, it is active and live, and the
    /// customer has no enrolment that holds now.
    #[default]
    AvailableToIssue,
    /// Can be earned now: it is active and live, and is earned directly or the
    /// customer has an enrolment that holds now.
    Available,
    /// The customer has an earn of it that is neither revoked nor expired.
    Earned,
    /// The customer has an earn of it that is not revoked, and all of those have expired.
    Expired,
}

/// What a list is sorted by. Badges that have nothing to be sorted by come
/// last; equal ones are sorted by id, descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerBadgeSort {
    /// By the group's rank ascending, badges without group last; inside by the badge's
    /// rank ascending, unranked last; then by expiry descending. The order
    /// of the query does not matter.
    Rank,
    /// By the end of the badge.
    ExpiresOn,
    /// By the last update of the badge.
    LastModified,
    /// By when the customer was last enrolled (recorded), revoked enrolments included.
    LastIssued,
    /// By when the customer's last expired earn expired that is not revoked.
    LastExpired,
    /// By when the customer's last earn was recorded.
    LastEarnedOn,
    /// By the event date of the customer's last earn.
    LastEarnedEvent,
}

/// Which badges to list: those to which every filter applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerBadgeQuery {
    /// Whose.
    pub customer: CustomerId,
    /// The moment that everything refers to.
    pub now: Instant,
    /// How they stand to the customer.
    pub badge_type: CustomerBadgeType,
    /// Also, where a badge must be live, badges that have ended; and in
    /// [`CustomerBadgeType::Earned`] earns that have expired.
    pub include_expired: bool,
    /// Of any of these statuses; empty means any at all.
    pub statuses: Vec<BadgeStatus>,
    /// On, or off.
    pub active: Option<bool>,
    /// Restricted to owners among which is this one.
    pub owner: Option<OwnerType>,
    /// With an active claim of this type of owner.
    pub claimed_by: Option<OwnerType>,
    /// Whose name contains this, as in lists of badges.
    pub name_contains: Option<String>,
    /// That start later than this.
    pub starts_after: Option<Instant>,
    /// That start earlier than this.
    pub starts_before: Option<Instant>,
    /// That end later than this.
    pub ends_after: Option<Instant>,
    /// That end earlier than this.
    pub ends_before: Option<Instant>,
    /// Of this group, which is active.
    pub group: Option<GroupId>,
    /// By what the list is sorted.
    pub sort: CustomerBadgeSort,
    /// Which end comes first.
    pub order: SortOrder,
    /// Which page.
    pub page: PageOf,
}

impl CustomerBadgeQuery {
    /// The first ten, by rank, of all that stand so to the customer at this moment.
    pub fn of(customer: CustomerId, badge_type: CustomerBadgeType, now: Instant) -> Self {
        Self {
            customer,
            now,
            badge_type,
            include_expired: false,
            statuses: Vec::new(),
            active: None,
            owner: None,
            claimed_by: None,
            name_contains: None,
            starts_after: None,
            starts_before: None,
            ends_after: None,
            ends_before: None,
            group: None,
            sort: CustomerBadgeSort::Rank,
            order: SortOrder::Descending,
            page: PageOf { page: 0, size: 10 },
        }
    }
}

/// How a customer stands to a badge. Revoked earns are left out everywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The customer's enrolment that holds now, else the one recorded last, revoked ones
    /// included.
    pub enrolment: Option<Enrolment>,
    /// When the customer was last enrolled (recorded), revoked enrolments included.
    pub last_issued_on: Option<Instant>,
    /// How many earns there are.
    pub earned: u64,
    /// How many of them have not expired.
    pub earned_unexpired: u64,
    /// When the last was recorded.
    pub last_earned_on: Option<Instant>,
    /// The latest event date.
    pub last_event_on: Option<Instant>,
}

/// A badge and how a customer stands to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerBadge {
    /// The badge.
    pub badge: Badge,
    /// Its group, if it has an active one.
    pub group: Option<Group>,
    /// How the customer stands to it.
    pub standing: Standing,
}

/// An enrolment with who recorded it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssualRecord {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// When it was recorded.
    pub recorded_on: Instant,
    /// Who triggered it.
    pub triggered_by: Option<Owner>,
}

/// An earn with who recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnRecord {
    /// The earned badge.
    pub earned: EarnedBadge,
    /// Who triggered it.
    pub triggered_by: Option<Owner>,
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

/// Everything between a customer and a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerBadgeDetails {
    /// The badge and the customer's standing.
    pub badge: CustomerBadge,
    /// Every enrolment, the one recorded last first.
    pub issuals: Vec<IssualRecord>,
    /// Every earn, revoked ones included, the one recorded last first.
    pub earns: Vec<EarnRecord>,
    /// The ten refused last, the last first.
    pub refusals: Vec<Refusal>,
}

/// What customers hold.
pub trait CustomerBadges: Send + Sync {
    /// The page of the org's badges that `query` asks for, in a number of
    /// statements that depends neither on how many badges the org has nor on how
    /// many enrolments and earns the customer has.
    ///
    /// # Errors
    /// The store failed.
    fn list(
        &self,
        org: OrgId,
        query: &CustomerBadgeQuery,
    ) -> Result<Page<CustomerBadge>, StoreError>;

    /// Everything between `customer` and `badge` at `now`; `None` if the org has no such badge.
    ///
    /// # Errors
    /// The store failed.
    fn details(
        &self,
        org: OrgId,
        customer: CustomerId,
        badge: BadgeId,
        now: Instant,
    ) -> Result<Option<CustomerBadgeDetails>, StoreError>;
}
