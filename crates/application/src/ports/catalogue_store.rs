//! Where groups and custom fields live.

use accolade_domain::audit::Entry;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::ids::{CustomFieldId, GroupId, OrgId};
use accolade_domain::listing::{Page, PageOf, SortOrder};

use crate::ports::{IdempotencyRecord, StoreError};

/// Why a group or a custom field was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Another active one of the org has its name.
    #[error("the name is taken")]
    NameTaken,
    /// The group or field has changed since the change was decided: read it and decide again.
    #[error("it has changed")]
    Changed,
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which custom fields of an org to list, by their last update and, in the same order, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomFieldQuery {
    /// Only active ones, or only disabled ones.
    pub active: Option<bool>,
    /// Which end comes first.
    pub order: SortOrder,
    /// Which page.
    pub page: PageOf,
}

/// Where groups and custom fields live. One of another org is as good as none.
///
/// Names are compared by code point. Of two that race for one name in an org exactly one wins.
/// `entries` are what the audit trail tells of a change, written in its transaction.
pub trait CatalogueStore: Send + Sync {
    /// Creates `group`.
    ///
    /// # Errors
    /// [`SaveError::IdempotencyKeyUsed`], else [`SaveError::NameTaken`].
    fn create_group(
        &self,
        group: &Group,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError>;

    /// Replaces `before` by `after`, if the group is still what `before` says. A
    /// group that `after` makes inactive is removed: badges lose it, though their
    /// definitions name it still.
    ///
    /// # Errors
    /// [`SaveError::IdempotencyKeyUsed`], else [`SaveError::Changed`], else [`SaveError::NameTaken`].
    fn save_group(
        &self,
        before: &Group,
        after: &Group,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError>;

    /// The group, active or not.
    ///
    /// # Errors
    /// The store failed.
    fn group(&self, org: OrgId, group: GroupId) -> Result<Option<Group>, StoreError>;

    /// The org's active groups, by rank and then by id.
    ///
    /// # Errors
    /// The store failed.
    fn groups(&self, org: OrgId, page: PageOf) -> Result<Page<Group>, StoreError>;

    /// Creates `field`.
    ///
    /// # Errors
    /// [`SaveError::IdempotencyKeyUsed`], else [`SaveError::NameTaken`].
    fn create_field(
        &self,
        field: &CustomField,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError>;

    /// Replaces `before` by `after`, if the field is still what `before` says.
    ///
    /// # Errors
    /// As [`save_group`](Self::save_group).
    fn save_field(
        &self,
        before: &CustomField,
        after: &CustomField,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError>;

    /// The field, active or not.
    ///
    /// # Errors
    /// The store failed.
    fn field(&self, org: OrgId, field: CustomFieldId) -> Result<Option<CustomField>, StoreError>;

    /// The page of the org's fields that `query` asks for.
    ///
    /// # Errors
    /// The store failed.
    fn fields(&self, org: OrgId, query: &CustomFieldQuery)
    -> Result<Page<CustomField>, StoreError>;

    /// All active fields of the org, in any order.
    ///
    /// # Errors
    /// The store failed.
    fn active_fields(&self, org: OrgId) -> Result<Vec<CustomField>, StoreError>;
}
