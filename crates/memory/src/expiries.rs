//! What expires, as events.

use accolade_application::ports::Expired;
use accolade_domain::event::{EarnFact, EnrolmentFact, Fact, is_expiry_told};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;

use crate::store::State;

/// What a request recorded that expires at one instant, in the order of the instants and of the requests:
/// by the instant and the number of the request.
pub(crate) type DueKey = (Instant, u64);

/// An enrolment or an earned badge that is to be told of when it expires.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expiring {
    pub(crate) org: OrgId,
    pub(crate) badge: BadgeId,
    pub(crate) customer: CustomerId,
    pub(crate) which: Which,
}

/// Which one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    Enrolment(EnrolmentId),
    Earned(EarnedBadgeId),
}

impl State {
    /// Remembers what a request has recorded at `recorded_on`, and when each expires.
    pub(crate) fn will_expire(&mut self, recorded_on: Instant, all: Vec<(Instant, Expiring)>) {
        self.expiring_requests += 1;
        for (expires_on, expiring) in all {
            if is_expiry_told(expires_on, recorded_on) {
                let key = (expires_on, self.expiring_requests);
                self.expiring.entry(key).or_default().push_back(expiring);
            }
        }
    }

    /// Records as events what has expired at `until`, of at most so many.
    pub(crate) fn expire(&mut self, until: Instant, now: Instant, most: u64) -> Expired {
        let mut expired = Expired::default();
        let mut left = most;
        while let Some(mut entry) = self.expiring.first_entry() {
            if entry.key().0 > until {
                return expired;
            }
            if left == 0 {
                expired.has_more = true;
                return expired;
            }
            let next = entry.get_mut().pop_front();
            if entry.get().is_empty() {
                entry.remove();
            }
            left -= 1;
            if let Some(it) = next
                && let Some(fact) = self.expiry(it)
            {
                self.happened(it.org, now, fact);
                expired.events += 1;
            }
        }
        expired
    }

    /// What is told of it, unless it was revoked.
    fn expiry(&self, it: Expiring) -> Option<Fact> {
        let it = Expiring {
            customer: self.current(it.org, it.customer),
            ..it
        };
        let key = (it.org, it.badge, it.customer);
        match it.which {
            Which::Enrolment(id) => {
                let mut records = self.enrolments.get(&key)?.iter();
                let record = records.find(|record| record.enrolment.id == id)?;
                let is_there = record.enrolment.revoked_on.is_none();
                is_there.then(|| {
                    Fact::EnrolmentExpired(EnrolmentFact {
                        badge: it.badge,
                        customer: it.customer,
                        enrolment: id,
                        event_on: record.enrolment.hold.event_on(),
                        expires_on: record.enrolment.hold.expires_on(),
                        triggered_by: record.triggered_by.clone(),
                        request_id: None,
                        actor: None,
                        reason: None,
                    })
                })
            }
            Which::Earned(id) => {
                let mut records = self.earns.get(&key)?.iter();
                let record = records.find(|record| record.earned.id == id)?;
                let is_there = record.earned.revoked_on.is_none();
                is_there.then(|| {
                    Fact::EarnExpired(EarnFact {
                        badge: it.badge,
                        customer: it.customer,
                        earned: id,
                        enrolment: record.earned.enrolment,
                        event_on: record.earned.event_on,
                        expires_on: record.earned.expires_on,
                        triggered_by: record.triggered_by.clone(),
                        request_id: None,
                        actor: None,
                        reason: None,
                        limits: Vec::new(),
                    })
                })
            }
        }
    }
}
