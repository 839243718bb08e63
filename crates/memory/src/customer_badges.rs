//! What customers hold.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use accolade_application::ports::{
    CatalogueVersion, CustomerBadgeDetails, CustomerBadges, DetailsQuery, Happening, HeldBadges,
    HeldQuery, HistoryEntry, HistoryQuery, StoreError,
};
use accolade_domain::actor::Actor;
use accolade_domain::badge::Badge;
use accolade_domain::customer_view::{
    Catalogue, CatalogueBadge, CustomerBadge, EarnTotals, EnrolmentsRead, Holding, Standing,
};
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;

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

    fn history(&self, org: OrgId, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError> {
        let state = self.begin();
        let mut entries = state.history_of(org, state.current(org, query.customer), query.now);
        entries
            .sort_by_key(|(entry, id)| Reverse((entry.on, entry.what.number(), entry.badge, *id)));
        let entries = entries.into_iter().map(|(entry, _)| entry);
        let passed = query.after.map_or(0, |place| place.passed);
        Ok(entries
            .filter(|entry| query.after.is_none_or(|place| entry.on <= place.on))
            .skip(passed as usize)
            .take(query.limit as usize)
            .collect())
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

/// An enrolment or earned badge, as its history tells it.
struct Whole {
    id: ObjectId,
    recorded: (Instant, Happening),
    revoked: Option<(Instant, Happening, Option<Actor>)>,
    expires: (Instant, Happening),
    event_on: Instant,
    triggered_by: Option<Owner>,
}

fn last_first<T: Clone>(recorded: Option<&Vec<T>>) -> Vec<T> {
    let mut records = recorded.cloned().unwrap_or_default();
    records.reverse();
    records
}

/// What tells entries of one kind and badge apart that happened at one moment.
type Apart = (Option<ObjectId>, usize);

impl State {
    /// All that has happened to the customer.
    fn history_of(
        &self,
        org: OrgId,
        customer: CustomerId,
        now: Instant,
    ) -> Vec<(HistoryEntry, Apart)> {
        let is_hers = |key: &&(OrgId, BadgeId, CustomerId)| (key.0, key.2) == (org, customer);
        let mut entries = Vec::new();
        for key in self.enrolments.keys().filter(is_hers) {
            for it in &self.enrolments[key] {
                let id = it.enrolment.id;
                let whole = Whole {
                    id: id.0,
                    recorded: (it.recorded_on, Happening::Enrolled(id)),
                    revoked: it.enrolment.revoked_on.map(|on| {
                        let what = Happening::EnrolmentRevoked(id, it.revoke_reason.clone());
                        (on, what, it.revoked_by)
                    }),
                    expires: (
                        it.enrolment.hold.expires_on(),
                        Happening::EnrolmentExpired(id),
                    ),
                    event_on: it.enrolment.hold.event_on(),
                    triggered_by: it.triggered_by.clone(),
                };
                entries.extend(self.entries_of(key.1, whole, now));
            }
        }
        for key in self.earns.keys().filter(is_hers) {
            for it in &self.earns[key] {
                let (id, earned) = (it.earned.id, &it.earned);
                let what = if earned.imported {
                    Happening::Imported(id)
                } else {
                    Happening::Earned(id)
                };
                let whole = Whole {
                    id: id.0,
                    recorded: (earned.earned_on, what),
                    revoked: earned.revoked_on.map(|on| {
                        let what = Happening::EarnRevoked(id, it.revoke_reason.clone());
                        (on, what, it.revoked_by)
                    }),
                    expires: (earned.expires_on, Happening::EarnExpired(id)),
                    event_on: earned.event_on,
                    triggered_by: it.triggered_by.clone(),
                };
                entries.extend(self.entries_of(key.1, whole, now));
            }
        }
        for key in self.refusals.keys().filter(is_hers) {
            for (seq, it) in self.refusals[key].iter().enumerate() {
                let entry = HistoryEntry {
                    on: it.refused_on,
                    what: Happening::Refused(it.rejection.code, it.rejection.message.clone()),
                    badge: key.1,
                    event_on: it.event_on,
                    triggered_by: None,
                    by: None,
                    request: None,
                };
                entries.push((entry, (None, seq)));
            }
        }
        entries
    }

    /// What has happened to an enrolment or earned badge.
    fn entries_of(
        &self,
        badge: BadgeId,
        whole: Whole,
        now: Instant,
    ) -> impl Iterator<Item = (HistoryEntry, Apart)> + use<> {
        let (request, actor) = self.origins.get(&whole.id).cloned().unzip();
        let (recorded_on, what) = whole.recorded;
        let recorded = HistoryEntry {
            on: recorded_on,
            what,
            badge,
            event_on: whole.event_on,
            triggered_by: whole.triggered_by,
            by: actor,
            request,
        };
        let revoked_on = whole.revoked.as_ref().map(|it| it.0);
        let (expires_on, expiry) = whole.expires;
        let expired = expires_on <= now
            && expires_on > recorded_on
            && revoked_on.is_none_or(|revoked_on| revoked_on > expires_on);
        let expired = expired.then_some((expires_on, expiry, None));
        let later = whole.revoked.into_iter().chain(expired);
        let later: Vec<_> = later
            .map(|(on, what, by)| HistoryEntry {
                on,
                what,
                by,
                request: None,
                ..recorded.clone()
            })
            .collect();
        let id = Some(whole.id);
        [recorded]
            .into_iter()
            .chain(later)
            .map(move |entry| (entry, (id, 0)))
    }

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
