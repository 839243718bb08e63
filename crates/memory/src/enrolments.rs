//! Enrolments.

use accolade_application::answer::{Answer, EnrolmentAnswer};
use accolade_application::ports::{
    EnrolError, EnrolmentBatch, EnrolmentRequest, EnrolmentStore, IdempotencyRecord, LedgerEntry,
    Operation, StoreError,
};
use accolade_domain::enrolment::{
    CustomerOutcome, Enrolment, EnrolmentStatus, Hold, Outcome, decide,
};
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use anyhow::anyhow;

use crate::MemoryStore;
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
            outcome(enrolments, *customer, hold, now, Outcome::WouldEnrol)
        };
        Ok(customers.iter().map(would_be).collect())
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
        let badge = self.badges.get(&(request.org, request.badge));
        if badge.is_none_or(|badge| badge.version != request.version) {
            return Err(EnrolError::BadgeChanged);
        }
        Ok(())
    }

    fn carry_out(&mut self, request: &EnrolmentRequest) -> Vec<CustomerOutcome> {
        let wishes = request.customers.iter().zip(request.ids.iter());
        let outcomes: Vec<_> = wishes
            .map(|(customer, id)| self.enrol_one(request, *customer, id.into()))
            .collect();
        let answer = Answer::Enrolment(EnrolmentAnswer {
            badge: request.badge,
            triggered_by: request.triggered_by.clone(),
            expires_on: request.hold.expires_on(),
            outcomes: outcomes.clone(),
            request_id: request.request_id.clone(),
        });
        self.requests
            .entry((request.org, request.request_id.clone()))
            .or_default()
            .push(LedgerEntry {
                request_id: request.request_id.clone(),
                operation: Operation::IssueBulk,
                recorded_on: request.now,
                answer: answer.clone(),
            });
        if let Some(guard) = request.idempotency.clone() {
            self.remember(IdempotencyRecord { guard, answer });
        }
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
        let outcome = outcome(
            enrolments,
            customer,
            hold,
            request.now,
            Outcome::Enrolled(id),
        );
        if outcome.outcome == Outcome::Enrolled(id) {
            self.enrolments
                .entry((request.org, request.badge, customer))
                .or_default()
                .push(Enrolment {
                    id,
                    hold,
                    revoked_on: None,
                });
        }
        outcome
    }

    fn enrolments_of(&self, org: OrgId, badge: BadgeId, customer: CustomerId) -> &[Enrolment] {
        let enrolments = self.enrolments.get(&(org, badge, customer));
        enrolments.map_or(&[], Vec::as_slice)
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
