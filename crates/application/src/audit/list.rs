//! Reading the audit trail.

use std::collections::BTreeMap;

use accolade_domain::actor::Actor;
use accolade_domain::audit::{Entry, EntryId};
use anyhow::anyhow;

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::{ActorRecord, AuditQuery, Ports};

/// An entry, and who it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedEntry {
    /// Its place in the trail.
    pub id: EntryId,
    /// The entry.
    pub entry: Entry,
    /// Who did it.
    pub actor: ActorRecord,
}

/// Some entries, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditList {
    /// The entries.
    pub entries: Vec<TracedEntry>,
    /// Behind which the next page begins; `None` on the last.
    pub next: Option<EntryId>,
}

/// The entries of the caller's org that `query` asks for, with who it was.
///
/// # Errors
/// The store failed.
pub fn trail(
    ports: &Ports,
    caller: &Caller,
    query: &AuditQuery,
) -> Result<AuditList, UseCaseError> {
    let page = ports.stores.audit.entries(caller.org, query)?;
    let mut actors: Vec<_> = (page.entries.iter())
        .map(|placed| placed.entry.by.actor)
        .filter(|actor| *actor != Actor::SYSTEM)
        .collect();
    actors.sort_unstable();
    actors.dedup();
    let mut known = BTreeMap::from([(Actor::SYSTEM, ActorRecord::System)]);
    if !actors.is_empty() {
        let found = ports.stores.actors.find_all(caller.org, &actors)?;
        known.extend(found.into_iter().map(|record| (record.actor(), record)));
    }
    let traced = page.entries.into_iter().map(|placed| {
        let actor = placed.entry.by.actor;
        let found = known.get(&actor).cloned();
        Ok(TracedEntry {
            id: placed.id,
            entry: placed.entry,
            actor: found.ok_or_else(|| {
                UseCaseError::unexpected(anyhow!("nobody has the number {actor} of an entry"))
            })?,
        })
    });
    Ok(AuditList {
        entries: traced.collect::<Result<_, UseCaseError>>()?,
        next: page.next,
    })
}
