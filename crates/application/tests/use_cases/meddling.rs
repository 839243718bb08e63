//! A badge store in which somebody edits a badge just after it was read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use accolade_application::ports::{
    BadgeDay, BadgeEdit, BadgeEditRequest, BadgePage, BadgeQuery, BadgeStore, CountedBadge,
    CreateBadgeError, EditBadgeError, IdempotencyRecord, StoreError, VersionedBadge,
};
use accolade_domain::audit::Entry;
use accolade_domain::badge::Badge;
use accolade_domain::ids::{BadgeId, BadgeNumber, OrgId};

use time::Date;

use crate::world::World;

/// After each of the next reads somebody makes one of these edits.
struct Meddling {
    store: Arc<dyn BadgeStore>,
    edits: Mutex<VecDeque<BadgeEdit>>,
}

/// Has somebody make `edits` in `world`, each just after a badge was read.
pub(crate) fn meddle(world: &mut World, edits: impl IntoIterator<Item = BadgeEdit>) {
    Arc::make_mut(&mut world.ports.stores).badges = Arc::new(Meddling {
        store: world.ports.stores.badges.clone(),
        edits: Mutex::new(edits.into_iter().collect()),
    });
}

impl BadgeStore for Meddling {
    fn find(&self, org: OrgId, badge: BadgeId) -> Result<Option<VersionedBadge>, StoreError> {
        let found = self.store.find(org, badge)?;
        if let Some(found) = &found
            && let Some(edit) = self.edits.lock().unwrap().pop_front()
        {
            let request = BadgeEditRequest {
                org,
                badge,
                version: found.version,
                edit,
                now: found.badge.updated_on,
                by: found.badge.created_by,
                idempotency: None,
                entries: Vec::new(),
            };
            self.store.edit(&request).unwrap();
        }
        Ok(found)
    }

    fn create(
        &self,
        badge: &Badge,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<BadgeNumber, CreateBadgeError> {
        self.store.create(badge, idempotency, entries)
    }

    fn find_all(&self, org: OrgId, badges: &[BadgeId]) -> Result<Vec<VersionedBadge>, StoreError> {
        self.store.find_all(org, badges)
    }

    fn days(&self, org: OrgId, badge: BadgeId, from: Date) -> Result<Vec<BadgeDay>, StoreError> {
        self.store.days(org, badge, from)
    }

    fn find_counted(&self, org: OrgId, badge: BadgeId) -> Result<Option<CountedBadge>, StoreError> {
        self.store.find_counted(org, badge)
    }

    fn list(&self, org: OrgId, query: &BadgeQuery) -> Result<BadgePage, StoreError> {
        self.store.list(org, query)
    }

    fn edit(&self, request: &BadgeEditRequest) -> Result<(), EditBadgeError> {
        self.store.edit(request)
    }
}
