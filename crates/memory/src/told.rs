//! What the feed is told of what is recorded.

use std::collections::BTreeSet;

use accolade_application::answer::{CustomerEarn, EarnOutcome, Imported, RevokedEnrolment};
use accolade_application::ports::{
    EarnRequest, EnrolmentRequest, ImportRequest, RevokeEarnRequest, RevokeEnrolmentsRequest,
    VersionedBadge,
};
use accolade_domain::earning::{EarnedBadge, Places, Scope};
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::event::{
    BadgeChanged, BadgeFact, EarnFact, EnrolmentFact, Fact, LimitCount, LimitFact,
};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Claim, Owner};

use crate::expiries::{Expiring, Which};
use crate::store::State;

impl State {
    /// Records whom `request` has enrolled.
    pub(crate) fn told_enrolled(
        &mut self,
        request: &EnrolmentRequest,
        outcomes: &[CustomerOutcome],
    ) {
        let mut expiring = Vec::new();
        for it in outcomes {
            if let Outcome::Enrolled(enrolment) = it.outcome {
                let fact = EnrolmentFact {
                    badge: request.badge,
                    customer: it.customer,
                    enrolment,
                    event_on: request.hold.event_on(),
                    expires_on: request.hold.expires_on(),
                    triggered_by: request.triggered_by.clone(),
                    request_id: Some(request.request_id.clone()),
                    actor: Some(request.context.actor),
                    reason: None,
                };
                let context = &request.context;
                self.happened(context.org, context.now, Fact::EnrolmentCreated(fact));
                let which = Which::Enrolment(enrolment);
                expiring.push((
                    request.hold.expires_on(),
                    Expiring {
                        org: context.org,
                        badge: request.badge,
                        customer: it.customer,
                        which,
                    },
                ));
            }
        }
        self.will_expire(request.context.now, expiring);
    }

    /// Records what `request` has revoked.
    pub(crate) fn told_revoked(
        &mut self,
        request: &RevokeEnrolmentsRequest,
        outcomes: &[RevokedEnrolment],
    ) {
        for outcome in outcomes.iter().filter(|it| it.refused.is_none()) {
            let key = (request.context.org, request.badge, outcome.customer);
            let mut records = self.enrolments.get(&key).into_iter().flatten();
            let record = records.find(|it| Some(it.enrolment.id) == outcome.enrolment);
            let fact = record.map(|record| EnrolmentFact {
                badge: request.badge,
                customer: outcome.customer,
                enrolment: record.enrolment.id,
                event_on: record.enrolment.hold.event_on(),
                expires_on: record.enrolment.hold.expires_on(),
                triggered_by: record.triggered_by.clone(),
                request_id: request.request_id.clone(),
                actor: Some(request.context.actor),
                reason: request.reason.clone(),
            });
            if let Some(fact) = fact {
                let context = &request.context;
                self.happened(context.org, context.now, Fact::EnrolmentRevoked(fact));
            }
        }
    }

    /// Records who has earned by `request` at that moment, and behind each the limits whose last place was
    /// taken.
    pub(crate) fn told_earned(
        &mut self,
        request: &EarnRequest,
        outcomes: &[CustomerEarn],
        places: &Places,
        earned_on: Instant,
    ) {
        let earned = outcomes.iter().filter_map(|it| match it.outcome {
            EarnOutcome::Earned(earned, enrolment) => Some((it.customer, earned, enrolment)),
            EarnOutcome::WouldEarn(_) | EarnOutcome::Refused(_) => None,
        });
        let (context, badge) = (&request.context, request.badge);
        let mut expiring = Vec::new();
        for (place, (customer, earned, enrolment)) in earned.enumerate() {
            let counts = places.limits().iter().zip(places.counts(place));
            let fact = EarnFact {
                badge,
                customer,
                earned,
                enrolment,
                event_on: request.terms.event_on,
                expires_on: request.terms.expires_on,
                triggered_by: request.triggered_by.clone(),
                request_id: Some(request.request_id.clone()),
                actor: Some(context.actor),
                reason: None,
                limits: counts
                    .map(|(limit, count)| LimitCount {
                        limit: *limit,
                        count,
                    })
                    .collect(),
            };
            self.happened(context.org, earned_on, Fact::EarnCreated(fact));
            for edge in places.told(place) {
                let limit = places.limits()[edge.limit];
                let fact = LimitFact {
                    badge,
                    customer: (limit.scope == Scope::Customer).then_some(customer),
                    limit,
                };
                self.happened(context.org, earned_on, Fact::LimitReached(fact));
            }
            let which = Which::Earned(earned);
            expiring.push((
                request.terms.expires_on,
                Expiring {
                    org: context.org,
                    badge,
                    customer,
                    which,
                },
            ));
        }
        self.will_expire(earned_on, expiring);
    }

    /// Records what `request` has imported, in the order of its answer.
    pub(crate) fn told_imported(&mut self, request: &ImportRequest) {
        let mut expiring = Vec::new();
        for outcome in &request.outcomes {
            let Imported::Recorded { earned, .. } = outcome else {
                continue;
            };
            let mut items = request.items.iter();
            let Some(item) = items.find(|item| item.id == *earned) else {
                continue;
            };
            let fact = EarnFact {
                badge: item.badge,
                customer: item.customer,
                earned: item.id,
                enrolment: None,
                event_on: item.event_on,
                expires_on: item.expires_on,
                triggered_by: None,
                request_id: Some(request.request_id.clone()),
                actor: Some(request.context.actor),
                reason: None,
                limits: Vec::new(),
            };
            let context = &request.context;
            self.happened(context.org, context.now, Fact::EarnImported(fact));
            let which = Which::Earned(item.id);
            expiring.push((
                item.expires_on,
                Expiring {
                    org: context.org,
                    badge: item.badge,
                    customer: item.customer,
                    which,
                },
            ));
        }
        self.will_expire(request.context.now, expiring);
    }

    /// Records that `request` has revoked `earned`.
    pub(crate) fn told_earn_revoked(
        &mut self,
        request: &RevokeEarnRequest,
        earned: EarnedBadge,
        triggered_by: Option<Owner>,
    ) {
        let fact = EarnFact {
            badge: request.badge,
            customer: request.customer,
            earned: earned.id,
            enrolment: earned.enrolment,
            event_on: earned.event_on,
            expires_on: earned.expires_on,
            triggered_by,
            request_id: request.request_id.clone(),
            actor: Some(request.context.actor),
            reason: request.reason.clone(),
            limits: Vec::new(),
        };
        let context = &request.context;
        self.happened(context.org, context.now, Fact::EarnRevoked(fact));
    }

    /// Records what has become of a badge: of a new one, or of `before`.
    pub(crate) fn told_of_badge(
        &mut self,
        before: Option<&VersionedBadge>,
        after: &VersionedBadge,
    ) {
        let badge = &after.badge;
        let mut told: Vec<(BadgeChanged, Option<Owner>)> = Vec::new();
        match before {
            None => told.push((BadgeChanged::Created, None)),
            Some(before) => {
                if before.badge.definition != badge.definition {
                    told.push((BadgeChanged::Updated, None));
                }
                match (before.badge.active, badge.active) {
                    (false, true) => told.push((BadgeChanged::Activated, None)),
                    (true, false) => told.push((BadgeChanged::Deactivated, None)),
                    _ => {}
                }
                let active = |claims: &[Claim]| -> BTreeSet<Owner> {
                    let active = claims.iter().filter(|claim| claim.active);
                    active.map(|claim| claim.owner.clone()).collect()
                };
                let (old, new) = (active(&before.badge.claims), active(&badge.claims));
                let claimed = new.difference(&old);
                told.extend(claimed.map(|it| (BadgeChanged::Claimed, Some(it.clone()))));
                let unclaimed = old.difference(&new);
                told.extend(unclaimed.map(|it| (BadgeChanged::Unclaimed, Some(it.clone()))));
            }
        }
        // A new badge was updated when it was created.
        for (changed, owner) in told {
            let fact = BadgeFact {
                badge: badge.id,
                version: after.version.0,
                name: badge.definition.name.clone(),
                actor: badge.updated_by,
                owner,
            };
            self.happened(badge.org, badge.updated_on, Fact::Badge(changed, fact));
        }
    }
}
