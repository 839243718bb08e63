//! Earned badges, and what counts under limits.

use accolade_application::answer::{Answer, CustomerEarn, EarnAnswer, EarnOutcome};
use accolade_application::ports::{
    EarnBatch, EarnError, EarnRecord, EarnRequest, EarningStore, ImportItem, ImportRequest,
    Operation, Refusal, RevokeEarnRequest, RevokeError, StoreError,
};
use accolade_domain::badge::EarnType;
use accolade_domain::earning::{Counted, EarnedBadge, Limit, Scope, Span, allot, covering};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::anyhow;

use crate::MemoryStore;
use crate::requests::CarriedOut;
use crate::store::State;

/// How many refusals are remembered of a customer and badge.
const REFUSALS: usize = 10;

impl EarningStore for MemoryStore {
    fn earn(
        &self,
        batch: &EarnBatch,
    ) -> Result<Vec<Result<Vec<CustomerEarn>, EarnError>>, StoreError> {
        let mut state = self.begin();
        let requests = batch.requests();
        if requests.iter().any(|it| it.ids.len() < it.customers.len()) {
            let error = anyhow!("a request has fewer ids than customers");
            return Err(StoreError::Unexpected(error));
        }
        Ok(requests.iter().map(|request| state.earn(request)).collect())
    }

    fn preview(&self, request: &EarnRequest) -> Result<Vec<CustomerEarn>, StoreError> {
        let state = self.begin();
        let judged = state.judge(request, state.earned_on(request));
        let would_be = |(customer, judgement): (&CustomerId, Judgement)| CustomerEarn {
            customer: *customer,
            outcome: judgement.map_or_else(EarnOutcome::Refused, EarnOutcome::WouldEarn),
        };
        Ok(request.customers.iter().zip(judged).map(would_be).collect())
    }

    fn revoke(&self, request: &RevokeEarnRequest) -> Result<Result<(), RevokeError>, StoreError> {
        let mut state = self.begin();
        if (request.idempotency.as_ref()).is_some_and(|guard| state.is_key_used(guard)) {
            return Ok(Err(RevokeError::IdempotencyKeyUsed));
        }
        if (request.request_id.as_ref())
            .is_some_and(|id| state.is_request_used(request.org, Operation::RevokeEarn, id))
        {
            return Ok(Err(RevokeError::RequestIdUsed));
        }
        let key = (request.org, request.badge, request.customer);
        let mut records = state.earns.get_mut(&key).into_iter().flatten();
        let is_meant =
            |earned: &EarnedBadge| earned.id == request.earned && earned.revoked_on.is_none();
        let Some(record) = records.find(|record| is_meant(&record.earned)) else {
            return Ok(Err(RevokeError::NoActiveEarn));
        };
        record.earned.revoked_on = Some(request.now);
        state.carried_out(CarriedOut {
            org: request.org,
            operation: Operation::RevokeEarn,
            request_id: request.request_id.as_ref(),
            idempotency: request.idempotency.as_ref(),
            recorded_on: request.now,
            answer: request.answer.clone(),
        });
        Ok(Ok(()))
    }

    fn is_active(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: CustomerId,
        earned: EarnedBadgeId,
    ) -> Result<bool, StoreError> {
        let state = self.begin();
        let mut earns = state.earns_of(org, badge, Some(customer));
        Ok(earns.any(|held| held.id == earned && held.revoked_on.is_none()))
    }

    fn import(&self, request: &ImportRequest) -> Result<Result<(), RevokeError>, StoreError> {
        let mut state = self.begin();
        if (request.idempotency.as_ref()).is_some_and(|guard| state.is_key_used(guard)) {
            return Ok(Err(RevokeError::IdempotencyKeyUsed));
        }
        if state.is_request_used(request.org, Operation::Import, &request.request_id) {
            return Ok(Err(RevokeError::RequestIdUsed));
        }
        for item in &request.items {
            let record = imported(item, request.now);
            state
                .earns
                .entry((request.org, item.badge, item.customer))
                .or_default()
                .push(record);
        }
        state.carried_out(CarriedOut {
            org: request.org,
            operation: Operation::Import,
            request_id: Some(&request.request_id),
            idempotency: request.idempotency.as_ref(),
            recorded_on: request.now,
            answer: request.answer.clone(),
        });
        Ok(Ok(()))
    }

    fn counted(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
        limits: &[Limit],
    ) -> Result<Vec<u64>, StoreError> {
        let state = self.begin();
        let count = |limit: &Limit| match (limit.scope, customer) {
            (Scope::Badge, _) => state.counted_under(org, badge, None, limit).count,
            (Scope::Customer, None) => 0,
            (Scope::Customer, one) => state.counted_under(org, badge, one, limit).count,
        };
        Ok(limits.iter().map(count).collect())
    }
}

/// Whether somebody may earn, and by virtue of which enrolment.
type Judgement = Result<Option<EnrolmentId>, Rejection>;

impl State {
    /// Carries out `request`.
    fn earn(&mut self, request: &EarnRequest) -> Result<Vec<CustomerEarn>, EarnError> {
        self.check_earn(request)?;
        let earned_on = self.earned_on(request);
        let judged = self.judge(request, earned_on);
        for (customer, judgement) in request.customers.iter().zip(&judged) {
            if let Err(rejection) = judgement {
                self.remember_refusal(request, *customer, rejection.clone());
            }
        }
        if request.operation == Operation::Earn
            && let Some(rejection) = judged.iter().find_map(|j| j.as_ref().err())
        {
            return Err(EarnError::Refused(rejection.clone()));
        }
        let outcomes = self.record(request, judged, earned_on);
        self.carried_out(CarriedOut {
            org: request.org,
            operation: request.operation,
            request_id: Some(&request.request_id),
            idempotency: request.idempotency.as_ref(),
            recorded_on: request.now,
            answer: Answer::Earned(EarnAnswer {
                single: request.operation == Operation::Earn,
                badge: request.badge,
                triggered_by: request.triggered_by.clone(),
                expires_on: request.terms.expires_on,
                event_on: request.terms.event_on,
                outcomes: outcomes.clone(),
                unknown: request.unknown.clone(),
                request_id: request.request_id.clone(),
                now: request.now,
            }),
        });
        Ok(outcomes)
    }

    fn check_earn(&self, request: &EarnRequest) -> Result<(), EarnError> {
        if (request.idempotency.as_ref()).is_some_and(|guard| self.is_key_used(guard)) {
            return Err(EarnError::IdempotencyKeyUsed);
        }
        if self.is_request_used(request.org, request.operation, &request.request_id) {
            return Err(EarnError::RequestIdUsed);
        }
        if !self.has_version(request.org, request.badge, request.version) {
            return Err(EarnError::BadgeChanged);
        }
        Ok(())
    }

    /// The moment at which what `request` asks for is recorded.
    fn earned_on(&self, request: &EarnRequest) -> Instant {
        let rolls = |limit: &Limit| {
            limit.scope == Scope::Badge && matches!(limit.span, Span::Rolling { .. })
        };
        if !request.limits.iter().any(rolls) {
            return request.now;
        }
        let earns = self.earns_of(request.org, request.badge, None);
        let last = earns.filter(|e| !e.imported).map(|e| e.earned_on).max();
        request.now.max(last.unwrap_or(request.now))
    }

    /// Who of the request may earn, by position: who is enrolled if need be, and then whom
    /// the limits leave room for.
    fn judge(&self, request: &EarnRequest, earned_on: Instant) -> Vec<Judgement> {
        let limits: Vec<_> = (request.limits.iter())
            .map(|limit| limit.at(earned_on, &request.zone))
            .collect();
        let counted = |scope, customer| -> Vec<Counted> {
            let of_scope = limits.iter().filter(|limit| limit.scope == scope);
            of_scope
                .map(|limit| self.counted_under(request.org, request.badge, customer, limit))
                .collect()
        };
        let enrolled: Vec<_> = (request.customers.iter())
            .map(|customer| self.enrolment_for(request, *customer))
            .collect();
        let wishes: Vec<_> = (request.customers.iter().zip(&enrolled))
            .filter(|(_, enrolment)| enrolment.is_ok())
            .map(|(customer, _)| counted(Scope::Customer, Some(*customer)))
            .collect();
        let badge = counted(Scope::Badge, None);
        let mut allotted = allot(&limits, &wishes, &badge, earned_on, &request.zone).into_iter();
        enrolled
            .into_iter()
            .map(|enrolment| {
                let enrolment = enrolment?;
                allotted.next().unwrap_or(Ok(()))?;
                Ok(enrolment)
            })
            .collect()
    }

    /// The enrolment that an earn of `customer` rests on; `None` if the badge needs none.
    fn enrolment_for(&self, request: &EarnRequest, customer: CustomerId) -> Judgement {
        if request.terms.earn_type == EarnType::Earn {
            return Ok(None);
        }
        let held = self.enrolments_of(request.org, request.badge, customer);
        match covering(&held, request.terms.event_on) {
            Some(enrolment) => Ok(Some(enrolment.id)),
            None => Err(Rejection::of(Code::NotEnrolled)),
        }
    }

    fn record(
        &mut self,
        request: &EarnRequest,
        judged: Vec<Judgement>,
        earned_on: Instant,
    ) -> Vec<CustomerEarn> {
        let wishes = request.customers.iter().zip(request.ids.iter()).zip(judged);
        let mut outcomes = Vec::new();
        for ((customer, id), judgement) in wishes {
            let id = EarnedBadgeId::from(id);
            let outcome = match judgement {
                Err(rejection) => EarnOutcome::Refused(rejection),
                Ok(enrolment) => {
                    let key = (request.org, request.badge, *customer);
                    self.earns.entry(key).or_default().push(EarnRecord {
                        earned: EarnedBadge {
                            id,
                            enrolment,
                            event_on: request.terms.event_on,
                            earned_on,
                            expires_on: request.terms.expires_on,
                            revoked_on: None,
                            imported: false,
                        },
                        triggered_by: request.triggered_by.clone(),
                    });
                    EarnOutcome::Earned(id, enrolment)
                }
            };
            outcomes.push(CustomerEarn {
                customer: *customer,
                outcome,
            });
        }
        outcomes
    }

    fn remember_refusal(
        &mut self,
        request: &EarnRequest,
        customer: CustomerId,
        rejection: Rejection,
    ) {
        let key = (request.org, request.badge, customer);
        let refusals = self.refusals.entry(key).or_default();
        refusals.push(Refusal {
            refused_on: request.now,
            event_on: request.terms.event_on,
            rejection,
        });
        if refusals.len() > REFUSALS {
            refusals.remove(0);
        }
    }

    /// Every earn of the badge, or the customer's.
    pub(crate) fn earns_of(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
    ) -> impl Iterator<Item = &EarnedBadge> {
        let one = customer.and_then(|customer| self.earns.get(&(org, badge, customer)));
        let all = customer.is_none().then(|| {
            let of_badge = self
                .earns
                .iter()
                .filter(move |(key, _)| (key.0, key.1) == (org, badge));
            of_badge.map(|(_, records)| records)
        });
        let records = one.into_iter().chain(all.into_iter().flatten()).flatten();
        records.map(|record| &record.earned)
    }

    fn counted_under(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
        limit: &Limit,
    ) -> Counted {
        let mut recorded: Vec<_> = (self.earns_of(org, badge, customer))
            .filter(|earned| earned.counts(limit.span))
            .map(|earned| earned.earned_on)
            .collect();
        recorded.sort_unstable();
        let too_many = recorded.len().saturating_sub(limit.max as usize);
        let frees = match limit.span {
            Span::Rolling { .. } => recorded.get(too_many).copied(),
            Span::AllTime | Span::Fixed { .. } => None,
        };
        Counted {
            count: recorded.len() as u64,
            frees,
        }
    }
}

fn imported(item: &ImportItem, now: Instant) -> EarnRecord {
    EarnRecord {
        earned: EarnedBadge {
            id: item.id,
            enrolment: None,
            event_on: item.event_on,
            earned_on: now,
            expires_on: item.expires_on,
            revoked_on: None,
            imported: true,
        },
        triggered_by: None,
    }
}
