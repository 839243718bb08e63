//! The audit trail.

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::ports::{
    AuditPage, AuditQuery, AuditStore, DirectoryEntry, IdentifierKind, PlacedEntry, StoreError,
};
use accolade_domain::audit::{Attribution, Entity, Entry, EntryId, telling};
use accolade_domain::ids::{CustomerId, OrgId};

use crate::MemoryStore;
use crate::store::State;

impl AuditStore for MemoryStore {
    fn entries(&self, org: OrgId, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let state = self.begin();
        let mut placed: Vec<_> = (1..).zip(&state.audit).map(placed).collect();
        placed.retain(|it| it.entry.org == org && is_wanted(query, it));
        placed.sort_unstable_by_key(|it| it.id);
        placed.reverse();
        let limit = query.limit as usize;
        let has_more = placed.len() > limit;
        placed.truncate(limit);
        let last = placed.last().map(|it| it.id);
        Ok(AuditPage {
            entries: placed,
            next: last.filter(|_| has_more),
        })
    }
}

fn placed((number, entry): (i64, &Entry)) -> PlacedEntry {
    let on = entry.by.on;
    PlacedEntry {
        id: EntryId { on, number },
        entry: entry.clone(),
    }
}

fn is_wanted(query: &AuditQuery, PlacedEntry { id, entry }: &PlacedEntry) -> bool {
    let AuditQuery {
        kinds,
        entity_id,
        actor,
        actions,
        from,
        to,
        after,
        limit: _,
    } = query;
    (kinds.is_empty() || kinds.contains(&entry.entity.kind()))
        && (entity_id.as_deref()).is_none_or(|wanted| entry.entity.id() == wanted)
        && actor.is_none_or(|actor| entry.by.actor == actor)
        && (actions.is_empty() || actions.contains(&entry.action))
        && from.is_none_or(|from| entry.by.on >= from)
        && to.is_none_or(|to| entry.by.on < to)
        && after.is_none_or(|after| *id < after)
}

impl State {
    /// Writes `entries`.
    pub(crate) fn tell(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.audit.extend(entries);
    }

    /// Tells of the customers of `entries` who have other identifiers than they say.
    pub(crate) fn tell_identifiers(
        &mut self,
        org: OrgId,
        entries: &[DirectoryEntry],
        by: &Attribution,
    ) {
        let mut held = BTreeMap::<_, BTreeSet<_>>::new();
        for (customer, identifier) in self.identifiers_in(org) {
            held.entry(customer).or_default().insert(identifier);
        }
        let none = BTreeSet::new();
        let told = entries.iter().filter_map(|entry| {
            let held = held.get(&entry.customer).unwrap_or(&none);
            let wanted: BTreeSet<_> = (entry.identifiers.iter())
                .map(|(kind, text)| (kind, text.as_str()))
                .collect();
            let other: BTreeSet<_> = held.symmetric_difference(&wanted).collect();
            let mut kinds = IdentifierKind::ALL.to_vec();
            kinds.retain(|kind| other.iter().any(|(other, _)| other == kind));
            let is_other = !kinds.is_empty();
            is_other.then(|| telling::identifiers_changed(org, entry.customer, &kinds, by))
        });
        let told: Vec<_> = told.collect();
        self.tell(told);
    }

    /// Takes the reasons away from entries about these things; whether there is one.
    pub(crate) fn forget_reasons(&mut self, org: OrgId, about: &BTreeSet<Entity>) -> bool {
        let mut is_any = false;
        for entry in self.audit.iter_mut().filter(|entry| entry.org == org) {
            if about.contains(&entry.entity) {
                is_any |= entry.reason.take().is_some();
            }
        }
        is_any
    }

    pub(crate) fn identifiers_of(
        &self,
        org: OrgId,
        customer: CustomerId,
    ) -> BTreeSet<(IdentifierKind, &str)> {
        self.identifiers_in(org)
            .filter(|(owner, _)| *owner == customer)
            .map(|(_, identifier)| identifier)
            .collect()
    }

    fn identifiers_in(
        &self,
        org: OrgId,
    ) -> impl Iterator<Item = (CustomerId, (IdentifierKind, &str))> {
        (self.identifiers.iter())
            .filter(move |((of, _, _), _)| *of == org)
            .map(|((_, kind, text), owner)| (*owner, (*kind, text.as_str())))
    }
}
