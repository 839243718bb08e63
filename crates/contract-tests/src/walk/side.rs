//! One of the two stores that walk side by side.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use accolade_application::customers::KnownCatalogues;
use accolade_application::ports::{
    BadgeEditRequest, BadgeVersion, CreateBadgeError, EditBadgeError, EnrolmentBatch,
    EnrolmentRequest, Operation, StoreError,
};
use accolade_domain::badge::Badge;
use accolade_domain::event::{Event, EventKind, Fact};
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::instant::Instant;
use accolade_memory::MemoryStore;

use crate::Stores;
use crate::copy::Copied;
use crate::feed::all_events;
use crate::walk::action::Action;

/// What the events say. Which request of a batch has its number first is each adapter's own business,
/// and so whose expiry is told first of those of one instant. An earn that rests on another enrolment
/// since a merge expires with the one that it was recorded with, which the model does not know any more.
/// Where somebody was forgotten, of which instant an expiry was is not told any more.
fn in_one_order(events: Vec<Event>) -> Vec<(Instant, Fact)> {
    let facts = events.into_iter().map(|it| (it.recorded_on, it.fact));
    let mut facts: Vec<_> = facts.collect();
    let is_any_merged = (facts.iter()).any(|(_, fact)| matches!(fact, Fact::CustomerMerged { .. }));
    for (_, fact) in facts.iter_mut().filter(|_| is_any_merged) {
        if let Fact::EarnExpired(it) = fact {
            it.enrolment = None;
        }
    }
    let is_any_forgotten = (facts.iter()).any(|(_, fact)| matches!(fact, Fact::Forgotten(_)));
    let instant = |expires_on| {
        if is_any_forgotten {
            Instant::MIN
        } else {
            expires_on
        }
    };
    let due = |(recorded_on, fact): &(Instant, Fact)| match fact {
        Fact::EnrolmentExpired(it) => Some((*recorded_on, instant(it.expires_on))),
        Fact::EarnExpired(it) => Some((*recorded_on, instant(it.expires_on))),
        Fact::Forgotten(it) => match it.kind {
            EventKind::EnrolmentExpired | EventKind::EarnExpired => {
                Some((*recorded_on, Instant::MIN))
            }
            _ => None,
        },
        _ => None,
    };
    for together in facts.chunk_by_mut(|a, b| due(a).is_some() && due(a) == due(b)) {
        together.sort_by_cached_key(|it| format!("{it:?}"));
    }
    facts
}

/// A store, and the versions that it has given to each badge so far. Only their order
/// means something, so the two sides may count differently.
pub(crate) struct Side {
    pub(super) stores: Stores,
    /// What a server remembers of catalogues while it walks.
    pub(super) catalogues: KnownCatalogues,
    versions: BTreeMap<BadgeId, Vec<BadgeVersion>>,
}

impl Side {
    pub(crate) fn new(stores: Stores) -> Self {
        Self {
            stores,
            catalogues: KnownCatalogues::default(),
            versions: BTreeMap::new(),
        }
    }

    pub(crate) fn in_memory() -> Self {
        Self::new(Stores::new(Arc::new(MemoryStore::default())))
    }

    /// Does `action` and gives all that was answered, in a form that can be compared.
    pub(crate) fn perform(&mut self, action: &Action) -> String {
        match action {
            Action::Create(badge, _) if self.versions.contains_key(&badge.id) => {
                "is created already".to_owned()
            }
            Action::Create(badge, record) => {
                let created = self.stores.badges.create(badge, record.as_ref(), &[]);
                self.found(badge.org, badge.id);
                told(created.map_err(|error| match error {
                    CreateBadgeError::Store(error) => down(&error),
                    refused => refused.to_string(),
                }))
            }
            Action::Edit(request, behind) => self.edit(request, *behind),
            Action::Enrol(requests) => self.enrol(requests),
            Action::Preview(request) => told(self.stores.enrolments.preview(
                request.context.org,
                request.badge,
                request.hold,
                &request.customers,
                request.context.now,
            )),
            Action::Find(org, badge) => {
                let found = self.stores.badges.find(*org, *badge).unwrap();
                let counted = self.stores.badges.find_counted(*org, *badge);
                told((found.map(|found| found.badge), counted.unwrap()))
            }
            Action::List(org, query) => told(self.stores.badges.list(*org, query)),
            Action::Request(org, id) => {
                let is_used =
                    |operation: &Operation| self.stores.requests.is_used(*org, *operation, id);
                let used: Vec<_> = (Operation::ALL.iter())
                    .map(|o| is_used(o).unwrap())
                    .collect();
                told((used, self.stores.requests.find(*org, id).unwrap()))
            }
            Action::Recall(guard) => {
                let idempotency = &self.stores.idempotency;
                told(idempotency.find(guard.org, guard.actor, &guard.key, guard.used_on))
            }
            Action::FindAll(org, badges) => {
                let mut found = self.stores.badges.find_all(*org, badges).unwrap();
                found.sort_by_key(|found| found.badge.id);
                let badges = found.into_iter().map(|found| found.badge);
                told(badges.collect::<Vec<_>>())
            }
            Action::Remember(record) => told(self.stores.idempotency.remember(record)),
            Action::Earning(step, context) => self.earning(step, context),
            Action::Catalogue(step, context) => self.catalogue(step, context),
            Action::Holdings(step, context) => self.holdings(step, context),
            Action::People(step, context) => self.people(step, context),
            Action::Events(org, moments) => {
                let events = &*self.stores.events;
                let before = moments.iter().map(|moment| events.before(*org, *moment));
                let before: Vec<_> = before.map(Result::unwrap).collect();
                let all = in_one_order(all_events(events, *org));
                let copied = Copied::of(&self.stores, *org);
                told((all, events.newest(*org), before, copied))
            }
            Action::Expire(until, now) => {
                // What other walks have left is due as well.
                self.stores.events.expire(*until, *now, 1_000_000).unwrap();
                String::new()
            }
            Action::Sweep(now) => {
                // How much there is to sweep is each adapter's own business.
                self.stores.housekeeping.sweep(*now).unwrap();
                String::new()
            }
        }
    }

    fn edit(&mut self, request: &BadgeEditRequest, behind: usize) -> String {
        let version = self.version(request.badge, behind);
        let request = BadgeEditRequest {
            version,
            ..request.clone()
        };
        let edited = self.stores.badges.edit(&request);
        let found = self.found(request.org, request.badge);
        told((
            edited.map_err(|error| match error {
                EditBadgeError::Store(error) => down(&error),
                refused => refused.to_string(),
            }),
            found,
        ))
    }

    fn enrol(&self, requests: &[(EnrolmentRequest, usize)]) -> String {
        let mut batch = EnrolmentBatch::default();
        let mut left_out = 0;
        for (request, behind) in requests {
            let version = self.version(request.badge, *behind);
            let request = EnrolmentRequest {
                version,
                ..request.clone()
            };
            left_out += usize::from(batch.push(request).is_err());
        }
        told((self.stores.enrolments.enrol(&batch), left_out))
    }

    /// The badge, whose version is noted if it is new.
    pub(super) fn found(&mut self, org: OrgId, badge: BadgeId) -> Option<Badge> {
        let found = self.stores.badges.find(org, badge).unwrap()?;
        let versions = self.versions.entry(badge).or_default();
        if versions.last() != Some(&found.version) {
            versions.push(found.version);
        }
        Some(found.badge)
    }

    /// The version so many before the present one, or the first.
    pub(super) fn version(&self, badge: BadgeId, behind: usize) -> BadgeVersion {
        let versions = self.versions.get(&badge).map_or(&[][..], Vec::as_slice);
        let index = versions.len().saturating_sub(behind + 1);
        versions.get(index).copied().unwrap_or(BadgeVersion(1))
    }
}

pub(super) fn told(answer: impl Debug) -> String {
    format!("{answer:#?}")
}

pub(super) fn down(error: &StoreError) -> String {
    panic!("{error:?}")
}
