//! The customer directory: identifiers by which customers are named besides their number.

use std::fmt;

use accolade_domain::audit::Attribution;
pub use accolade_domain::identifier::IdentifierKind;
use accolade_domain::ids::{CustomerId, OrgId};
use accolade_domain::text::Name;

use crate::ports::{IdempotencyRecord, StoreError};

/// The identifiers by which a customer is known besides its number. Personal data: not printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identifiers {
    /// An e-mail address.
    pub email: Option<Name>,
    /// A telephone number.
    pub mobile: Option<Name>,
    /// The id of another system.
    pub external_id: Option<Name>,
    /// The number of a card.
    pub card_number: Option<Name>,
}

impl Identifiers {
    /// The identifier of this kind.
    pub fn get(&self, kind: IdentifierKind) -> Option<&Name> {
        match kind {
            IdentifierKind::Email => self.email.as_ref(),
            IdentifierKind::Mobile => self.mobile.as_ref(),
            IdentifierKind::ExternalId => self.external_id.as_ref(),
            IdentifierKind::CardNumber => self.card_number.as_ref(),
        }
    }

    /// Sets the identifier of this kind.
    pub fn set(&mut self, kind: IdentifierKind, text: Name) {
        let place = match kind {
            IdentifierKind::Email => &mut self.email,
            IdentifierKind::Mobile => &mut self.mobile,
            IdentifierKind::ExternalId => &mut self.external_id,
            IdentifierKind::CardNumber => &mut self.card_number,
        };
        *place = Some(text);
    }

    /// Every identifier that there is.
    pub fn iter(&self) -> impl Iterator<Item = (IdentifierKind, &Name)> {
        IdentifierKind::ALL
            .iter()
            .filter_map(|kind| Some((*kind, self.get(*kind)?)))
    }

    /// Every identifier that there is, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (IdentifierKind, &mut Name)> {
        let all = [
            &mut self.email,
            &mut self.mobile,
            &mut self.external_id,
            &mut self.card_number,
        ];
        (IdentifierKind::ALL.iter().zip(all))
            .filter_map(|(kind, text)| Some((*kind, text.as_mut()?)))
    }
}

impl fmt::Debug for Identifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> = self.iter().map(|(kind, _)| kind.name()).collect();
        write!(f, "Identifiers({})", kinds.join(", "))
    }
}

/// A customer and all of its identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The customer.
    pub customer: CustomerId,
    /// Its identifiers.
    pub identifiers: Identifiers,
}

/// Why entries were not written: nothing was.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Identifiers that belong to other customers: the position of each entry, and
    /// the kind.
    #[error("an identifier is taken")]
    Taken(Vec<(usize, IdentifierKind)>),
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// An entry names a customer who was merged into another: write that one's.
    #[error("a customer was merged into another")]
    CustomersMerged,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The customer directory. An identifier belongs to one customer of the org.
///
/// Whoever calls has brought identifiers into the form in which they are compared
/// ([`IdentifierKind::comparable`]): here they are the same if they have the same characters.
pub trait CustomerDirectory: Send + Sync {
    /// Replaces the identifiers of each customer by those of its entry; what an
    /// entry leaves out the customer loses. All entries are written or none. An
    /// identifier may move from one customer of `entries` to another. Of two that
    /// race for one identifier exactly one wins. The number of SQL statements does
    /// not depend on how many entries there are.
    ///
    /// The audit trail tells, by `by`, of each customer who has other identifiers afterwards: of
    /// which kinds, and not what they were or are.
    ///
    /// `entries` name each customer once.
    ///
    /// # Errors
    /// [`DirectoryError::IdempotencyKeyUsed`], else [`DirectoryError::CustomersMerged`], else
    /// [`DirectoryError::Taken`], also if two entries have one identifier: then of the later.
    fn put(
        &self,
        org: OrgId,
        entries: &[DirectoryEntry],
        by: &Attribution,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<(), DirectoryError>;

    /// The customer that each of `identifiers` belongs to, by position, in one statement.
    ///
    /// # Errors
    /// The store failed.
    fn resolve(
        &self,
        org: OrgId,
        kind: IdentifierKind,
        identifiers: &[String],
    ) -> Result<Vec<Option<CustomerId>>, StoreError>;
}
