//! Badges that were read before, to decide from without reading them again.

use std::sync::Arc;

use accolade_domain::ids::{BadgeId, OrgId};
use moka::sync::Cache;

use crate::badges::weight;
use crate::ports::VersionedBadge;

/// About how many bytes all remembered badges may take.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Badges as they were when they were last read. Cheap to clone; clones share what is remembered.
///
/// They may have been edited since. Nobody is enrolled by one that has: the store refuses what was
/// decided from another version than the badge has when it is recorded. And nobody is refused
/// by one, before it was read again.
#[derive(Debug, Clone)]
pub struct KnownBadges(Cache<(OrgId, BadgeId), Arc<VersionedBadge>>);

impl Default for KnownBadges {
    fn default() -> Self {
        let weigh =
            |known: &VersionedBadge| u32::try_from(weight(&known.badge)).unwrap_or(u32::MAX);
        let cache = Cache::builder()
            .max_capacity(MOST_BYTES)
            .weigher(move |_, known: &Arc<VersionedBadge>| weigh(known))
            .build();
        Self(cache)
    }
}

impl KnownBadges {
    pub(crate) fn get(&self, org: OrgId, badge: BadgeId) -> Option<Arc<VersionedBadge>> {
        self.0.get(&(org, badge))
    }

    pub(crate) fn remember(&self, org: OrgId, badge: &Arc<VersionedBadge>) {
        self.0.insert((org, badge.badge.id), Arc::clone(badge));
    }

    pub(crate) fn forget(&self, org: OrgId, badge: BadgeId) {
        self.0.invalidate(&(org, badge));
    }
}
