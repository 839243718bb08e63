//! What customers hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use accolade_application::ports::{
    CatalogueVersion, CustomerBadgeDetails, CustomerBadges, DetailsQuery, HeldBadges, HeldQuery,
    StoreError,
};
use accolade_domain::badge::Badge;
use accolade_domain::customer_view::{
    Catalogue, CatalogueBadge, CustomerBadge, EarnTotals, EnrolmentsRead, Holding, Standing,
};
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;

use crate::MemoryStore;
use crate::filter::cut;
use crate::store::State;

impl CustomerBadges for MemoryStore {
    fn held(&self, org: OrgId, query: &HeldQuery) -> Result<HeldBadges, StoreError> {
        let state = self.begin();
        let query = &HeldQuery {
            customer: state.current(org, query.customer),
            ..*query
        };
        let version = state.catalogue_version(org);
        let catalogue = || {
            let badges = state.badges_of(org);
            let grouped = badges.map(|badge| {
                let group = state.active_group(badge).map(Arc::new);
                CatalogueBadge::new(badge.clone(), group)
            });
            Catalogue::new(grouped.collect())
        };
        Ok(HeldBadges {
            holdings: state.holdings(org, query),
            version,
            catalogue: (query.known != Some(version)).then(catalogue),
        })
    }

    fn details(
        &self,
        org: OrgId,
        query: &DetailsQuery,
    ) -> Result<Option<CustomerBadgeDetails>, StoreError> {
        let state = self.begin();
        let Some(found) = state.badges.get(&(org, query.badge)) else {
            return Ok(None);
        };
        let customer = state.current(org, query.customer);
        let key = (org, query.badge, customer);
        Ok(Some(CustomerBadgeDetails {
            customer,
            badge: state.customer_badge(&found.badge, customer, query.now),
            enrolments: cut(last_first(state.enrolments.get(&key)), query.enrolments),
            earns: cut(last_first(state.earns.get(&key)), query.earns),
            refusals: last_first(state.refusals.get(&key)),
        }))
    }

    fn recorded_on(
        &self,
        org: OrgId,
        enrolments: &[(CustomerId, EnrolmentId)],
    ) -> Result<BTreeMap<EnrolmentId, Instant>, StoreError> {
        let state = self.begin();
        let wanted = enrolments.iter();
        let wanted: BTreeSet<_> = wanted
            .map(|(customer, id)| (state.current(org, *customer), *id))
            .collect();
        let of_org = state.enrolments.iter().filter(|((it, ..), _)| *it == org);
        let found = of_org.flat_map(|((_, _, customer), records)| {
            let records = records.iter();
            records.map(|it| (*customer, it.enrolment.id, it.recorded_on))
        });
        Ok(found
            .filter(|(customer, id, _)| wanted.contains(&(*customer, *id)))
            .map(|(_, id, recorded_on)| (id, recorded_on))
            .collect())
    }
}

fn last_first<T: Clone>(recorded: Option<&Vec<T>>) -> Vec<T> {
    let mut records = recorded.cloned().unwrap_or_default();
    records.reverse();
    records
}

impl State {
    /// The version of the org's catalogue.
    fn catalogue_version(&self, org: OrgId) -> CatalogueVersion {
        CatalogueVersion(self.catalogue_versions.get(&org).copied().unwrap_or(0))
    }

    /// Makes known that a badge or a group of the org changed.
    pub(crate) fn raise_catalogue_version(&mut self, org: OrgId) {
        *self.catalogue_versions.entry(org).or_default() += 1;
    }

    /// What the customer has of each badge, where that is anything of what is asked for.
    fn holdings(&self, org: OrgId, query: &HeldQuery) -> Vec<Holding> {
        let customers =
            |key: &&(OrgId, BadgeId, CustomerId)| (key.0, key.2) == (org, query.customer);
        let enrolled = self.enrolments.keys().filter(customers);
        let earned = self.earns.keys().filter(customers);
        let badges: BTreeSet<_> = enrolled.chain(earned).map(|key| key.1).collect();
        let holdings = badges.into_iter().map(|badge| {
            let mut holding = self.holding(org, badge, query.customer, query.now);
            if query.enrolments < EnrolmentsRead::WithRecording {
                holding.last_issued_on = None;
            }
            if query.enrolments < EnrolmentsRead::Enrolments {
                holding.enrolments.clear();
            }
            holding
        });
        holdings
            .filter(|holding| *holding != Holding::empty(holding.badge))
            .collect()
    }

    fn holding(&self, org: OrgId, badge: BadgeId, customer: CustomerId, now: Instant) -> Holding {
        let records = self.enrolments.get(&(org, badge, customer));
        Holding {
            badge,
            enrolments: self.enrolments_of(org, badge, customer),
            last_issued_on: (records.into_iter().flatten())
                .map(|record| record.recorded_on)
                .max(),
            earns: EarnTotals::new(self.earns_of(org, badge, Some(customer)), now),
        }
    }

    fn customer_badge(&self, badge: &Badge, customer: CustomerId, now: Instant) -> CustomerBadge {
        let holding = self.holding(badge.org, badge.id, customer, now);
        CustomerBadge {
            group: self.active_group(badge).map(Arc::new),
            standing: Standing::new(&holding, now),
            badge: Arc::new(badge.clone()),
        }
    }
}
