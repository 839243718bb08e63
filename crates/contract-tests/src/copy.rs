//! Copies of what an org has: by exports, and by what follows in the feed.

use std::collections::BTreeMap;

use accolade_application::ports::{
    EarnRecord, EnrolmentRecord, ExportPage, Exported, HeldExport, HeldKey,
};
use accolade_domain::actor::Actor;
use accolade_domain::event::{EarnFact, EnrolmentFact, Event, Fact};
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::{Reason, RequestId};

use crate::Stores;

/// Every row that `look` gives, a page after the other.
pub(crate) fn all_pages<T, K: Copy>(look: impl Fn(Option<K>) -> ExportPage<T, K>) -> Vec<T> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = look(after);
        all.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

/// All enrolments of the org that `asked` asks for.
pub(crate) fn enrolments(
    stores: &Stores,
    org: OrgId,
    asked: HeldExport,
) -> Vec<Exported<EnrolmentRecord>> {
    all_pages(|after: Option<HeldKey>| {
        let asked = after.map_or(asked, |after| asked.behind(after));
        stores.exports.enrolments(org, &asked).unwrap()
    })
}

/// All earned badges of the org that `asked` asks for.
pub(crate) fn earned_badges(
    stores: &Stores,
    org: OrgId,
    asked: HeldExport,
) -> Vec<Exported<EarnRecord>> {
    all_pages(|after: Option<HeldKey>| {
        let asked = after.map_or(asked, |after| asked.behind(after));
        stores.exports.earned_badges(org, &asked).unwrap()
    })
}

/// Enrolments and earned badges as somebody else has them, by customer and their ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied(BTreeMap<CustomerId, BTreeMap<ObjectId, Row>>);

/// What a row and the events about it say alike.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    badge: BadgeId,
    enrolment: Option<EnrolmentId>,
    event_on: Instant,
    expires_on: Instant,
    recorded_on: Instant,
    triggered_by: Option<Owner>,
    request_id: Option<RequestId>,
    created_by: Option<Actor>,
    revoked: Option<Revoked>,
}

/// When, by whom, and why.
type Revoked = (Instant, Option<Actor>, Option<Reason>);

impl Copied {
    /// The copy of all that the org has.
    pub(crate) fn of(stores: &Stores, org: OrgId) -> Self {
        let mut copied = Self::default();
        copied.load_enrolments(&enrolments(stores, org, HeldExport::default()));
        copied.load_earned_badges(&earned_badges(stores, org, HeldExport::default()));
        copied
    }

    /// How many rows it has.
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    fn load(&mut self, customer: CustomerId, id: ObjectId, row: Row) {
        let before = self.0.entry(customer).or_default().insert(id, row);
        assert!(before.is_none(), "a row was given twice");
    }

    /// Forgets what it has of a customer.
    fn forget(&mut self, customer: CustomerId) {
        self.0.remove(&customer);
    }

    /// Loads anew what a customer has.
    fn load_of(&mut self, customer: CustomerId, stores: &Stores, org: OrgId) {
        self.forget(customer);
        let asked = HeldExport {
            customer: Some(customer),
            ..HeldExport::default()
        };
        self.load_enrolments(&enrolments(stores, org, asked));
        self.load_earned_badges(&earned_badges(stores, org, asked));
    }

    pub(crate) fn load_enrolments(&mut self, rows: &[Exported<EnrolmentRecord>]) {
        for row in rows {
            let (key, record) = (row.key, &row.record);
            let enrolment = &record.enrolment;
            let revoked = enrolment.revoked_on.map(|on| {
                let (by, reason) = (record.revoked_by, record.revoke_reason.clone());
                (on, by, reason)
            });
            self.load(
                key.customer,
                enrolment.id.0,
                Row {
                    badge: key.badge,
                    enrolment: None,
                    event_on: enrolment.hold.event_on(),
                    expires_on: enrolment.hold.expires_on(),
                    recorded_on: record.recorded_on,
                    triggered_by: record.triggered_by.clone(),
                    request_id: Some(row.request_id.clone()),
                    created_by: Some(row.created_by),
                    revoked,
                },
            );
        }
    }

    fn load_earned_badges(&mut self, rows: &[Exported<EarnRecord>]) {
        for row in rows {
            let (key, record) = (row.key, &row.record);
            let earned = &record.earned;
            let revoked = earned.revoked_on.map(|on| {
                let (by, reason) = (record.revoked_by, record.revoke_reason.clone());
                (on, by, reason)
            });
            self.load(
                key.customer,
                earned.id.0,
                Row {
                    badge: key.badge,
                    enrolment: earned.enrolment,
                    event_on: earned.event_on,
                    expires_on: earned.expires_on,
                    recorded_on: earned.earned_on,
                    triggered_by: record.triggered_by.clone(),
                    request_id: Some(row.request_id.clone()),
                    created_by: Some(row.created_by),
                    revoked,
                },
            );
        }
    }

    /// The same after `event`, as whoever has read nothing else would make it: only of customers who
    /// became one it looks at `stores` again.
    pub(crate) fn apply(&mut self, event: &Event, stores: &Stores, org: OrgId) {
        let on = event.recorded_on;
        match &event.fact {
            Fact::EnrolmentCreated(fact) => {
                self.created(fact.customer, fact.enrolment.0, enrolled(fact, on));
            }
            Fact::EarnCreated(fact) | Fact::EarnImported(fact) => {
                self.created(fact.customer, fact.earned.0, earned(fact, on));
            }
            Fact::EnrolmentRevoked(fact) => {
                let revoked = (on, fact.actor, fact.reason.clone());
                self.revoked(fact.customer, fact.enrolment.0, revoked);
            }
            Fact::EarnRevoked(fact) => {
                let revoked = (on, fact.actor, fact.reason.clone());
                self.revoked(fact.customer, fact.earned.0, revoked);
            }
            Fact::CustomerMerged { from, to } => {
                self.forget(*from);
                self.load_of(*to, stores, org);
            }
            Fact::CustomerErased { customer } => self.forget(*customer),
            _ => {}
        }
    }

    /// What was loaded already is there, and may be further; or is with whom the customer became, which
    /// the merge that is told of later will say.
    fn created(&mut self, customer: CustomerId, id: ObjectId, row: Row) {
        let rows = self.0.entry(customer).or_default();
        let there = rows.entry(id).or_insert_with(|| row.clone());
        let merged_later = Row {
            enrolment: there.enrolment,
            revoked: there.revoked.clone(),
            ..row
        };
        assert_eq!(*there, merged_later, "it was told otherwise");
    }

    /// What is not there, a merge that is told of later will bring.
    fn revoked(&mut self, customer: CustomerId, id: ObjectId, revoked: Revoked) {
        let rows = self.0.get_mut(&customer);
        if let Some(row) = rows.and_then(|rows| rows.get_mut(&id)) {
            row.revoked = Some(revoked);
        }
    }
}

fn enrolled(fact: &EnrolmentFact, recorded_on: Instant) -> Row {
    Row {
        badge: fact.badge,
        enrolment: None,
        event_on: fact.event_on,
        expires_on: fact.expires_on,
        recorded_on,
        triggered_by: fact.triggered_by.clone(),
        request_id: fact.request_id.clone(),
        created_by: fact.actor,
        revoked: None,
    }
}

fn earned(fact: &EarnFact, recorded_on: Instant) -> Row {
    Row {
        badge: fact.badge,
        enrolment: fact.enrolment,
        event_on: fact.event_on,
        expires_on: fact.expires_on,
        recorded_on,
        triggered_by: fact.triggered_by.clone(),
        request_id: fact.request_id.clone(),
        created_by: fact.actor,
        revoked: None,
    }
}
