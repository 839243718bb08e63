//! Rules that were read before, to let commands through without reading them again.

use std::collections::HashMap;
use std::sync::Arc;

use accolade_domain::ids::OrgId;
use parking_lot::RwLock;

use crate::ports::{Ports, StoreError, VersionedRules};

/// The rules of orgs as they were when they were last read. Cheap to clone; clones share what is
/// remembered.
///
/// They may have been replaced since. Nothing is recorded by ones that have: the store refuses what was let
/// through by another version than there is when it is recorded. And nothing is held by them, before they
/// were read again.
#[derive(Debug, Clone, Default)]
pub struct KnownRules(Arc<RwLock<HashMap<OrgId, Arc<VersionedRules>>>>);

impl KnownRules {
    /// The rules of `org` as they were read last, if they were.
    pub(crate) fn get(&self, org: OrgId) -> Option<Arc<VersionedRules>> {
        self.0.read().get(&org).cloned()
    }

    /// The rules of `org` as they are now.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn read(
        &self,
        ports: &Ports,
        org: OrgId,
    ) -> Result<Arc<VersionedRules>, StoreError> {
        let read = Arc::new(ports.stores.changes.rules(org)?);
        let mut known = self.0.write();
        let newest = known.entry(org).or_insert_with(|| Arc::clone(&read));
        // Somebody may have read later ones meanwhile.
        if newest.version < read.version {
            *newest = Arc::clone(&read);
        }
        Ok(read)
    }

    /// Those that were read last, or, if none were, those of now.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn get_or_read(
        &self,
        ports: &Ports,
        org: OrgId,
    ) -> Result<Arc<VersionedRules>, StoreError> {
        match self.get(org) {
            Some(known) => Ok(known),
            None => self.read(ports, org),
        }
    }
}
