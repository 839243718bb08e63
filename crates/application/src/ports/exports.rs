//! Everything that an org has, a page after the other: for copies of it.

use accolade_domain::actor::Actor;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::ids::{BadgeId, CustomFieldId, CustomerId, GroupId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;

use crate::ports::{CountedBadge, DirectoryEntry, EarnRecord, EnrolmentRecord, StoreError};

/// Where an enrolment is among all of an org, and an earned badge among those: they are ordered by
/// customer, then by badge, then as they were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldKey {
    /// Whose it is.
    pub customer: CustomerId,
    /// Of which badge.
    pub badge: BadgeId,
    /// Its number among those of the customer and the badge, from 1.
    pub ordinal: u32,
}

/// When something was recorded: from a moment, and before another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordedIn {
    /// Then or later.
    pub from: Option<Instant>,
    /// Before.
    pub to: Option<Instant>,
}

impl RecordedIn {
    /// Whether `moment` is in it.
    pub fn contains(&self, moment: Instant) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.to.is_none_or(|to| moment < to)
    }
}

/// Which enrolments, or which earned badges, of an org to give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldExport {
    /// Only what is behind this.
    pub after: Option<HeldKey>,
    /// Only of this badge.
    pub badge: Option<BadgeId>,
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only what was recorded then.
    pub recorded: RecordedIn,
}

impl HeldExport {
    /// The same, but only what is behind `key`.
    #[must_use]
    pub fn behind(self, key: HeldKey) -> Self {
        Self {
            after: Some(key),
            ..self
        }
    }
}

/// Which badges, groups or custom fields of an org to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListExport<I> {
    /// Only those whose id is greater.
    pub after: Option<I>,
    /// Only the one with this id.
    pub only: Option<I>,
    /// Only those that were created then.
    pub recorded: RecordedIn,
}

impl<I> Default for ListExport<I> {
    fn default() -> Self {
        Self {
            after: None,
            only: None,
            recorded: RecordedIn::default(),
        }
    }
}

impl<I> ListExport<I> {
    /// The same, but only what is behind `id`.
    #[must_use]
    pub fn behind(self, id: I) -> Self {
        Self {
            after: Some(id),
            ..self
        }
    }
}

/// Which customers of the directory to give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CustomerExport {
    /// Only those with a greater number.
    pub after: Option<CustomerId>,
    /// Only this one.
    pub only: Option<CustomerId>,
}

impl CustomerExport {
    /// The same, but only who is behind `customer`.
    #[must_use]
    pub fn behind(self, customer: CustomerId) -> Self {
        Self {
            after: Some(customer),
            ..self
        }
    }
}

/// An enrolment or an earned badge, with the request that recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported<T> {
    /// Where it is.
    pub key: HeldKey,
    /// What it is.
    pub record: T,
    /// The caller's id of the request that recorded it.
    pub request_id: RequestId,
    /// Who recorded it.
    pub created_by: Actor,
}

/// Some rows, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPage<T, K> {
    /// The rows: it may be none, although there are more.
    pub rows: Vec<T>,
    /// All up to here was looked at; `None` if nothing is behind it.
    pub next: Option<K>,
}

/// Everything that an org has, in the order of keys that never change: revoked, inactive and removed
/// things too.
///
/// Each call looks at a bounded number of rows by their key, and is of one moment; whoever goes on
/// with [`next`](ExportPage::next) as `after`, until it is `None`, gets each row that was there when the
/// first call began exactly once, and perhaps some that came later. A row that a filter leaves out
/// is passed.
pub trait Exports: Send + Sync {
    /// Enrolments, by customer, badge and ordinal.
    ///
    /// # Errors
    /// The store failed.
    fn enrolments(
        &self,
        org: OrgId,
        asked: &HeldExport,
    ) -> Result<ExportPage<Exported<EnrolmentRecord>, HeldKey>, StoreError>;

    /// Earned badges, by customer, badge and ordinal.
    ///
    /// # Errors
    /// The store failed.
    fn earned_badges(
        &self,
        org: OrgId,
        asked: &HeldExport,
    ) -> Result<ExportPage<Exported<EarnRecord>, HeldKey>, StoreError>;

    /// Badges with their counts, by id.
    ///
    /// # Errors
    /// The store failed.
    fn badges(
        &self,
        org: OrgId,
        asked: &ListExport<BadgeId>,
    ) -> Result<ExportPage<CountedBadge, BadgeId>, StoreError>;

    /// Groups, by id.
    ///
    /// # Errors
    /// The store failed.
    fn groups(
        &self,
        org: OrgId,
        asked: &ListExport<GroupId>,
    ) -> Result<ExportPage<Group, GroupId>, StoreError>;

    /// Custom fields, by id.
    ///
    /// # Errors
    /// The store failed.
    fn custom_fields(
        &self,
        org: OrgId,
        asked: &ListExport<CustomFieldId>,
    ) -> Result<ExportPage<CustomField, CustomFieldId>, StoreError>;

    /// Customers who have an identifier, by number, each with all of its identifiers.
    ///
    /// # Errors
    /// The store failed.
    fn customers(
        &self,
        org: OrgId,
        asked: &CustomerExport,
    ) -> Result<ExportPage<DirectoryEntry, CustomerId>, StoreError>;
}
