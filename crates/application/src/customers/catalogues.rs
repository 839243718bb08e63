//! Catalogues that were read before, to list customers' badges without reading them again.

use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

use accolade_domain::customer_view::{
    self, Catalogue, CatalogueBadge, CustomerBadge, CustomerBadgeQuery,
};
use accolade_domain::ids::OrgId;
use accolade_domain::listing::Page;
use anyhow::anyhow;
use moka::sync::Cache;

use crate::badges::weight;
use crate::ports::{CatalogueVersion, CustomerBadges, HeldQuery, StoreError};

/// About how many bytes all remembered catalogues may take. A catalogue that takes more alone is
/// read for each list.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// After how long a catalogue is read again, whatever its version. Servers of a release without
/// versions, and whoever edits tables by hand, do not raise the version.
const GOOD_FOR: Duration = Duration::from_mins(1);

/// A catalogue and the version that it was read at.
#[derive(Debug)]
struct Versioned {
    version: CatalogueVersion,
    catalogue: Catalogue,
}

/// The catalogues of some orgs as they were when they were last read. Cheap to clone; clones share
/// what is remembered.
///
/// A catalogue is used only while it has the version that the store gives together with what the
/// customer holds. So no list shows a badge as it was before an edit that has been answered,
/// whichever server made the edit.
#[derive(Debug, Clone)]
pub struct KnownCatalogues(Cache<OrgId, Arc<Versioned>>);

impl Default for KnownCatalogues {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MOST_BYTES)
            .weigher(|_, known: &Arc<Versioned>| weight_of(&known.catalogue))
            .time_to_live(GOOD_FOR)
            .build();
        Self(cache)
    }
}

impl KnownCatalogues {
    /// The page that `query` asks for of the badges of `org`, which live in `store`.
    ///
    /// # Errors
    /// The store failed.
    pub fn list(
        &self,
        store: &dyn CustomerBadges,
        org: OrgId,
        query: &CustomerBadgeQuery,
    ) -> Result<Page<CustomerBadge>, StoreError> {
        let known = self.0.get(&org);
        let held = store.held(
            org,
            &HeldQuery {
                customer: query.customer,
                now: query.now,
                enrolments: query.enrolments(),
                known: known.as_ref().map(|known| known.version),
            },
        )?;
        let current = match (held.catalogue, known) {
            (Some(catalogue), _) => {
                let version = held.version;
                let read = Arc::new(Versioned { version, catalogue });
                self.0.insert(org, Arc::clone(&read));
                read
            }
            (None, Some(known)) => known,
            (None, None) => return Err(StoreError::Unexpected(anyhow!("no catalogue was read"))),
        };
        Ok(customer_view::list(
            &current.catalogue,
            &held.holdings,
            query,
        ))
    }
}

/// About how many bytes `catalogue` takes.
fn weight_of(catalogue: &Catalogue) -> u32 {
    let weight = |badge: &CatalogueBadge| size_of::<CatalogueBadge>() + weight(&badge.badge);
    let weight: usize = catalogue.badges().iter().map(weight).sum();
    u32::try_from(weight).unwrap_or(u32::MAX)
}
