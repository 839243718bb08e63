//! What is asked of a customer's badges.

use crate::badge::BadgeStatus;
use crate::ids::{CustomerId, GroupId};
use crate::instant::Instant;
use crate::listing::{PageOf, SortOrder};
use crate::owner::OwnerType;

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

impl CustomerBadgeType {
    /// Whether only badges that the customer has earned stand so.
    pub const fn is_of_earned_badges(self) -> bool {
        match self {
            Self::AvailableToIssue | Self::Available => false,
            Self::Earned | Self::Expired => true,
        }
    }
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

/// How much of a customer's enrolments has to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnrolmentsRead {
    /// Nothing: the list depends on none, and shows none.
    Nothing,
    /// The enrolments themselves.
    Enrolments,
    /// The enrolments, and when the last of each badge was recorded.
    WithRecording,
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
    /// Whose name contains this, both mapped to Unicode lower case
    /// ([`str::to_lowercase`]); no character has a special meaning.
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
    /// Whether each badge is shown with the customer's enrolment. Without it a
    /// [`Standing`](super::Standing) may lack what it says of enrolments, which saves reading them.
    pub shows_enrolments: bool,
}

impl CustomerBadgeQuery {
    /// The first ten, by rank, of all that stand so to the customer at this moment.
    pub fn new(customer: CustomerId, badge_type: CustomerBadgeType, now: Instant) -> Self {
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
            shows_enrolments: false,
        }
    }

    /// How much of the customer's enrolments the list depends on or shows.
    pub fn enrolments(&self) -> EnrolmentsRead {
        if self.sort == CustomerBadgeSort::LastIssued {
            EnrolmentsRead::WithRecording
        } else if self.shows_enrolments || !self.badge_type.is_of_earned_badges() {
            EnrolmentsRead::Enrolments
        } else {
            EnrolmentsRead::Nothing
        }
    }
}
