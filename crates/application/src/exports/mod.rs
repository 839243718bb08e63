//! Copies of everything that an org has, to be followed by its feed of events.
//!
//! Whoever takes a copy reads first how far the feed is ([`as_of`]), and then a stretch after the other.
//! What is recorded meanwhile may be in a stretch or not; it is behind that position in the feed in
//! either case, so that the copy and what follows in the feed are everything.

use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::event::Position;
use accolade_domain::ids::{BadgeId, CustomFieldId, CustomerId, GroupId};
use accolade_domain::instant::Instant;

use crate::access::Caller;
use crate::answer::{BadgeView, DirectoryEcho};
use crate::badges::view;
use crate::customers::echo;
use crate::error::UseCaseError;
use crate::ports::{
    CustomerExport, EarnRecord, EnrolmentRecord, ExportPage, Exported, HeldExport, ListExport,
    Ports,
};

/// What is left to give of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Enrolments.
    Enrolments(HeldExport),
    /// Earned badges.
    EarnedBadges(HeldExport),
    /// Badges.
    Badges(ListExport<BadgeId>),
    /// Groups.
    Groups(ListExport<GroupId>),
    /// Custom fields.
    CustomFields(ListExport<CustomFieldId>),
    /// The customers of the directory.
    Customers(CustomerExport),
}

impl Export {
    /// The same, about this customer only. What is about no customer stays as it is.
    #[must_use]
    pub fn about(self, customer: CustomerId) -> Self {
        let one = Some(customer);
        match self {
            Self::Enrolments(asked) => Self::Enrolments(HeldExport {
                customer: one,
                ..asked
            }),
            Self::EarnedBadges(asked) => Self::EarnedBadges(HeldExport {
                customer: one,
                ..asked
            }),
            Self::Customers(asked) => Self::Customers(CustomerExport { only: one, ..asked }),
            Self::Badges(_) | Self::Groups(_) | Self::CustomFields(_) => self,
        }
    }
}

/// Rows of one kind, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportedRows {
    /// Enrolments.
    Enrolments(Vec<Exported<EnrolmentRecord>>),
    /// Earned badges.
    EarnedBadges(Vec<Exported<EarnRecord>>),
    /// Badges.
    Badges(Vec<BadgeView>),
    /// Groups.
    Groups(Vec<Group>),
    /// Custom fields.
    CustomFields(Vec<CustomField>),
    /// The customers of the directory.
    Customers(Vec<DirectoryEcho>),
}

impl ExportedRows {
    /// How many they are.
    pub fn len(&self) -> usize {
        match self {
            Self::Enrolments(rows) => rows.len(),
            Self::EarnedBadges(rows) => rows.len(),
            Self::Badges(rows) => rows.len(),
            Self::Groups(rows) => rows.len(),
            Self::CustomFields(rows) => rows.len(),
            Self::Customers(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A stretch of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The rows, perhaps none.
    pub rows: ExportedRows,
    /// The moment that what they say of states refers to.
    pub now: Instant,
    /// What is left to give; `None` at the end.
    pub next: Option<Export>,
}

/// How far the feed of the caller's org is: everything up to there is in what is read from now on,
/// and everything that is recorded from now on is behind it.
///
/// # Errors
/// The store failed.
pub fn as_of(ports: &Ports, caller: &Caller) -> Result<Position, UseCaseError> {
    Ok(ports.stores.events.newest(caller.org)?)
}

/// The next rows of `export`, of the caller's org: so many as one look at the store gives.
///
/// # Errors
/// The store failed.
pub fn stretch(ports: &Ports, caller: &Caller, export: Export) -> Result<Stretch, UseCaseError> {
    let (store, org) = (&ports.stores.exports, caller.org);
    let now = ports.clock.now();
    let (rows, next) = match export {
        Export::Enrolments(asked) => {
            let ExportPage { rows, next } = store.enrolments(org, &asked)?;
            let next = next.map(|it| asked.behind(it)).map(Export::Enrolments);
            (ExportedRows::Enrolments(rows), next)
        }
        Export::EarnedBadges(asked) => {
            let ExportPage { rows, next } = store.earned_badges(org, &asked)?;
            let next = next.map(|it| asked.behind(it)).map(Export::EarnedBadges);
            (ExportedRows::EarnedBadges(rows), next)
        }
        Export::Badges(asked) => {
            let ExportPage { rows, next } = store.badges(org, &asked)?;
            let rows = rows.into_iter().map(|badge| view(badge, caller, now));
            let next = next.map(|it| asked.behind(it)).map(Export::Badges);
            (ExportedRows::Badges(rows.collect()), next)
        }
        Export::Groups(asked) => {
            let ExportPage { rows, next } = store.groups(org, &asked)?;
            let next = next.map(|it| asked.behind(it)).map(Export::Groups);
            (ExportedRows::Groups(rows), next)
        }
        Export::CustomFields(asked) => {
            let ExportPage { rows, next } = store.custom_fields(org, &asked)?;
            let next = next.map(|it| asked.behind(it)).map(Export::CustomFields);
            (ExportedRows::CustomFields(rows), next)
        }
        Export::Customers(asked) => {
            let ExportPage { rows, next } = store.customers(org, &asked)?;
            let rows = rows.iter().map(echo).collect();
            let next = next.map(|it| asked.behind(it)).map(Export::Customers);
            (ExportedRows::Customers(rows), next)
        }
    };
    Ok(Stretch { rows, now, next })
}
