//! Enrolments.

use std::collections::BTreeSet;

use accolade_application::answer::RevokedEnrolment;
use accolade_application::ports::{
    EnrolmentBatch, EnrolmentRecord, EnrolmentRequest, EnrolmentStore, RecordError,
    RevokeEnrolmentsRequest, RevokeTarget, StoreError,
};
use accolade_domain::actor::Actor;
use accolade_domain::enrolment::{
    CustomerOutcome, Enrolment, EnrolmentStatus, Hold, Outcome, decide, to_revoke,
};
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;
use anyhow::anyhow;

use crate::MemoryStore;
use crate::store::State;

impl EnrolmentStore for MemoryStore {
    fn enrol(
        &self,
        batch: &EnrolmentBatch,
    ) -> Result<Vec<Result<Vec<CustomerOutcome>, RecordError>>, StoreError> {
        let mut state = self.begin();
        // Before the first write, so that the batch is recorded as a whole or not at all.
        if (batch.requests().iter()).any(|request| request.ids.len() < request.customers.len()) {
            let error = anyhow!("a request has fewer ids than customers");
            return Err(StoreError::Unexpected(error));
        }
        Ok(batch.requests().iter().map(|it| state.enrol(it)).collect())
    }

    fn preview(
        &self,
        org: OrgId,
        badge: BadgeId,
        hold: Hold,
        customers: &[CustomerId],
        now: Instant,
    ) -> Result<Vec<CustomerOutcome>, StoreError> {
        let state = self.begin();
        let would_be = |customer: &CustomerId| {
            let enrolments = state.enrolments_of(org, badge, *customer);
            outcome(&enrolments, *customer, hold, now, Outcome::WouldEnrol)
        };
        Ok(customers.iter().map(would_be).collect())
    }

    fn revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Result<Vec<RevokedEnrolment>, RecordError>, StoreError> {
        let mut state = self.begin();
        let named = request.targets.iter().map(|target| &target.customer);
        let checked = state.check_unused(request);
        let checked = checked.and_then(|()| state.check_merged(request.context.org, named));
        if let Err(error) = checked {
            return Ok(Err(error));
        }
        let outcomes = state.would_revoke(request);
        state.revoke_all(request, &outcomes);
        state.record(request, outcomes.clone());
        state.told_revoked(request, &outcomes);
        Ok(Ok(outcomes))
    }

    fn preview_revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Vec<RevokedEnrolment>, StoreError> {
        Ok(self.begin().would_revoke(request))
    }
}

impl State {
    fn enrol(&mut self, request: &EnrolmentRequest) -> Result<Vec<CustomerOutcome>, RecordError> {
        self.check_unused(request)?;
        self.check_rules(request)?;
        if !self.has_version(request.context.org, request.badge, request.version) {
            return Err(RecordError::BadgeChanged);
        }
        self.check_merged(request.context.org, &request.customers)?;
        let wishes = request.customers.iter().zip(request.ids.iter());
        let outcomes: Vec<_> = wishes
            .map(|(customer, id)| self.enrol_one(request, *customer, id.into()))
            .collect();
        self.record(request, outcomes.clone());
        self.told_enrolled(request, &outcomes);
        Ok(outcomes)
    }

    fn enrol_one(
        &mut self,
        request: &EnrolmentRequest,
        customer: CustomerId,
        id: EnrolmentId,
    ) -> CustomerOutcome {
        let hold = request.hold;
        let enrolments = self.enrolments_of(request.context.org, request.badge, customer);
        let enrolled = Outcome::Enrolled(id);
        let outcome = outcome(&enrolments, customer, hold, request.context.now, enrolled);
        if outcome.outcome == enrolled {
            self.came_of(id.0, &request.request_id, request.context.actor);
            self.enrolments
                .entry((request.context.org, request.badge, customer))
                .or_default()
                .push(EnrolmentRecord {
                    enrolment: Enrolment {
                        id,
                        hold,
                        revoked_on: None,
                    },
                    recorded_on: request.context.now,
                    triggered_by: request.triggered_by.clone(),
                    revoked_by: None,
                    revoke_reason: None,
                });
        }
        outcome
    }

    /// The enrolment or earned badge with this id was recorded by this request of this actor.
    pub(crate) fn came_of(&mut self, id: ObjectId, request: &RequestId, actor: Actor) {
        self.origins.insert(id, (request.clone(), actor));
    }

    /// The customer's enrolments for the badge, in the order in which they were recorded.
    pub(crate) fn enrolments_of(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: CustomerId,
    ) -> Vec<Enrolment> {
        let records = self.enrolments.get(&(org, badge, customer));
        let records = records.into_iter().flatten();
        records.map(|record| record.enrolment).collect()
    }

    /// What becomes of each target, given what becomes of those before it.
    fn would_revoke(&self, request: &RevokeEnrolmentsRequest) -> Vec<RevokedEnrolment> {
        let mut gone = BTreeSet::new();
        let mut outcomes = Vec::new();
        for target in &request.targets {
            let RevokeTarget {
                customer,
                enrolment,
            } = *target;
            let mut held = self.enrolments_of(request.context.org, request.badge, customer);
            for enrolment in held.iter_mut().filter(|held| gone.contains(&held.id)) {
                enrolment.revoked_on = Some(request.context.now);
            }
            let outcome = |enrolment, refused| RevokedEnrolment {
                customer,
                enrolment,
                refused,
            };
            match to_revoke(&held, enrolment) {
                Ok(ids) => {
                    outcomes.extend(ids.iter().map(|id| outcome(Some(*id), None)));
                    gone.extend(ids);
                }
                Err(rejection) => outcomes.push(outcome(enrolment, Some(rejection))),
            }
        }
        outcomes
    }

    fn revoke_all(&mut self, request: &RevokeEnrolmentsRequest, outcomes: &[RevokedEnrolment]) {
        for outcome in outcomes.iter().filter(|outcome| outcome.refused.is_none()) {
            let key = (request.context.org, request.badge, outcome.customer);
            let records = self.enrolments.get_mut(&key).into_iter().flatten();
            for record in records.filter(|r| Some(r.enrolment.id) == outcome.enrolment) {
                record.enrolment.revoked_on = Some(request.context.now);
                record.revoked_by = Some(request.context.actor);
                record.revoke_reason.clone_from(&request.reason);
            }
        }
    }
}

/// What becomes of the wish of somebody who holds `held`; `otherwise` if nothing is
/// in its way.
fn outcome(
    held: &[Enrolment],
    customer: CustomerId,
    wanted: Hold,
    now: Instant,
    otherwise: Outcome,
) -> CustomerOutcome {
    let (outcome, status) = match decide(held, wanted) {
        Some(existing) => (Outcome::AlreadyEnrolled(existing.id), existing.status(now)),
        None => (otherwise, EnrolmentStatus::of(wanted, now)),
    };
    CustomerOutcome {
        customer,
        outcome,
        status,
    }
}
