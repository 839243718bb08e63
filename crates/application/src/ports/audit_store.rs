//! The audit trail: read only, because what changes something writes it.

use accolade_domain::actor::Actor;
use accolade_domain::audit::{Action, EntityKind, Entry, EntryId};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;

use crate::ports::StoreError;

/// Which entries of an org to list: those to which every filter applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// About things of any of these kinds; empty means any at all.
    pub kinds: Vec<EntityKind>,
    /// About the thing with this id or number.
    pub entity_id: Option<String>,
    /// Of this actor.
    pub actor: Option<Actor>,
    /// Of any of these actions; empty means any at all.
    pub actions: Vec<Action>,
    /// Recorded then or later.
    pub from: Option<Instant>,
    /// Recorded before.
    pub to: Option<Instant>,
    /// Only what the list has behind this entry, that is, what is older.
    pub after: Option<EntryId>,
    /// The most entries.
    pub limit: u32,
}

/// An entry and its place in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedEntry {
    /// Its place.
    pub id: EntryId,
    /// The entry.
    pub entry: Entry,
}

/// Some entries, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<PlacedEntry>,
    /// Behind which the next page begins; `None` on the last.
    pub next: Option<EntryId>,
}

/// The audit trails of orgs. Every port that changes something the trail tells of is given the
/// entries, or what they are made of, and writes them in the transaction of the change: what is
/// refused, tried or given again leaves none. Entries are never changed and never removed.
pub trait AuditStore: Send + Sync {
    /// The entries of `org` that `query` asks for: the one recorded last first, and of those of one
    /// moment the one that was written last.
    ///
    /// # Errors
    /// The store failed.
    fn entries(&self, org: OrgId, query: &AuditQuery) -> Result<AuditPage, StoreError>;
}
