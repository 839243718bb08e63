//! The customer directory.

use std::collections::BTreeSet;

use accolade_application::ports::{
    CustomerDirectory, DirectoryEntry, DirectoryError, IdempotencyRecord, IdentifierKind,
    StoreError,
};
use accolade_domain::audit::Attribution;
use accolade_domain::ids::{CustomerId, OrgId};

use crate::MemoryStore;
use crate::store::State;

impl CustomerDirectory for MemoryStore {
    fn put(
        &self,
        org: OrgId,
        entries: &[DirectoryEntry],
        by: &Attribution,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<(), DirectoryError> {
        let mut state = self.begin();
        if idempotency.is_some_and(|record| state.is_key_used(&record.guard)) {
            return Err(DirectoryError::IdempotencyKeyUsed);
        }
        let named = entries.iter().map(|entry| &entry.customer);
        if state.check_merged(org, named).is_err() {
            return Err(DirectoryError::CustomersMerged);
        }
        let taken = state.taken(org, entries);
        if !taken.is_empty() {
            return Err(DirectoryError::Taken(taken));
        }
        state.tell_identifiers(org, entries, by);
        let named: BTreeSet<_> = entries.iter().map(|entry| entry.customer).collect();
        state
            .identifiers
            .retain(|key, customer| key.0 != org || !named.contains(customer));
        for entry in entries {
            for (kind, text) in entry.identifiers.iter() {
                let key = (org, kind, text.as_str().to_owned());
                state.identifiers.insert(key, entry.customer);
            }
        }
        if let Some(record) = idempotency {
            state.remember(record.clone());
        }
        Ok(())
    }

    fn resolve(
        &self,
        org: OrgId,
        kind: IdentifierKind,
        identifiers: &[String],
    ) -> Result<Vec<Option<CustomerId>>, StoreError> {
        let state = self.begin();
        let owner = |text: &String| {
            let key = (org, kind, text.clone());
            state.identifiers.get(&key).copied()
        };
        Ok(identifiers.iter().map(owner).collect())
    }
}

impl State {
    /// The identifiers of `entries` that somebody has who is not among them, or that an
    /// earlier entry has.
    fn taken(&self, org: OrgId, entries: &[DirectoryEntry]) -> Vec<(usize, IdentifierKind)> {
        let named: BTreeSet<_> = entries.iter().map(|entry| entry.customer).collect();
        let mut wanted = BTreeSet::new();
        let mut taken = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            for (kind, text) in entry.identifiers.iter() {
                let key = (org, kind, text.as_str().to_owned());
                let owner = self.identifiers.get(&key);
                let stays = owner.is_some_and(|owner| !named.contains(owner));
                if stays || !wanted.insert(key) {
                    taken.push((position, kind));
                }
            }
        }
        taken
    }
}
