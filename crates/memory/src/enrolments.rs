//! Enrolments.

use std::collections::BTreeSet;

use accolade_application::answer::{Answer, EnrolmentAnswer, RevokedEnrolment};
use accolade_application::ports::{
    EnrolError, EnrolmentBatch, EnrolmentRequest, EnrolmentStore, IssualRecord, Operation,
    RevokeEnrolmentsRequest, RevokeError, RevokeTarget, StoreError,
};
use accolade_domain::enrolment::{
    CustomerOutcome, Enrolment, EnrolmentStatus, Hold, Outcome, decide, to_revoke,
};
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use anyhow::anyhow;

use crate::MemoryStore;
use crate::requests::CarriedOut;
use crate::store::State;

impl EnrolmentStore for MemoryStore {
    fn enrol(
        &self,
        batch: &EnrolmentBatch,
    ) -> Result<Vec<Result<Vec<CustomerOutcome>, EnrolError>>, StoreError> {
        let mut state = self.begin();
        // Before the first write, so that the batch is recorded as a whole or not at all.
        if (batch.requests().iter()).any(|request| request.ids.len() < request.customers.len()) {
            let error = anyhow!("a request has fewer ids than customers");
            return Err(StoreError::Unexpected(error));
        }
        let carried_out = |request| {
            state.check(request)?;
            Ok(state.carry_out(request))
        };
        Ok(batch.requests().iter().map(carried_out).collect())
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
    ) -> Result<Result<Vec<RevokedEnrolment>, RevokeError>, StoreError> {
        let mut state = self.begin();
        if (request.idempotency.as_ref()).is_some_and(|guard| state.is_key_used(guard)) {
            return Ok(Err(RevokeError::IdempotencyKeyUsed));
        }
        if (request.request_id.as_ref())
            .is_some_and(|id| state.is_request_used(request.org, Operation::RevokeIssue, id))
        {
            return Ok(Err(RevokeError::RequestIdUsed));
        }
        let outcomes = state.would_revoke(request);
        state.revoke_all(request, &outcomes);
        state.carried_out(CarriedOut {
            org: request.org,
            operation: Operation::RevokeIssue,
            request_id: request.request_id.as_ref(),
            idempotency: request.idempotency.as_ref(),
            recorded_on: request.now,
            answer: request.answer(outcomes.clone()),
        });
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
    fn check(&self, request: &EnrolmentRequest) -> Result<(), EnrolError> {
        if (request.idempotency.as_ref()).is_some_and(|guard| self.is_key_used(guard)) {
            return Err(EnrolError::IdempotencyKeyUsed);
        }
        if self.is_request_used(request.org, Operation::IssueBulk, &request.request_id) {
            return Err(EnrolError::RequestIdUsed);
        }
        if !self.has_version(request.org, request.badge, request.version) {
            return Err(EnrolError::BadgeChanged);
        }
        Ok(())
    }

    fn carry_out(&mut self, request: &EnrolmentRequest) -> Vec<CustomerOutcome> {
        let wishes = request.customers.iter().zip(request.ids.iter());
        let outcomes: Vec<_> = wishes
            .map(|(customer, id)| self.enrol_one(request, *customer, id.into()))
            .collect();
        self.carried_out(CarriedOut {
            org: request.org,
            operation: Operation::IssueBulk,
            request_id: Some(&request.request_id),
            idempotency: request.idempotency.as_ref(),
            recorded_on: request.now,
            answer: Answer::Enrolment(EnrolmentAnswer {
                badge: request.badge,
                triggered_by: request.triggered_by.clone(),
                expires_on: request.hold.expires_on(),
                outcomes: outcomes.clone(),
                unknown: request.unknown.clone(),
                request_id: request.request_id.clone(),
            }),
        });
        outcomes
    }

    fn enrol_one(
        &mut self,
        request: &EnrolmentRequest,
        customer: CustomerId,
        id: EnrolmentId,
    ) -> CustomerOutcome {
        let hold = request.hold;
        let enrolments = self.enrolments_of(request.org, request.badge, customer);
        let enrolled = Outcome::Enrolled(id);
        let outcome = outcome(&enrolments, customer, hold, request.now, enrolled);
        if outcome.outcome == enrolled {
            self.enrolments
                .entry((request.org, request.badge, customer))
                .or_default()
                .push(IssualRecord {
                    enrolment: Enrolment {
                        id,
                        hold,
                        revoked_on: None,
                    },
                    recorded_on: request.now,
                    triggered_by: request.triggered_by.clone(),
                });
        }
        outcome
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
            let mut held = self.enrolments_of(request.org, request.badge, customer);
            for enrolment in held.iter_mut().filter(|held| gone.contains(&held.id)) {
                enrolment.revoked_on = Some(request.now);
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
            let key = (request.org, request.badge, outcome.customer);
            let records = self.enrolments.get_mut(&key).into_iter().flatten();
            for record in records.filter(|r| Some(r.enrolment.id) == outcome.enrolment) {
                record.enrolment.revoked_on = Some(request.now);
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
