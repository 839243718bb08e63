//! Earned badges, and what counts under limits.

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{
    EarnBatch, EarnRecord, EarnRequest, EarningStore, ImportItem, ImportRequest, Operation,
    RecordError, Refusal, RevokeEarnRequest, StoreError, TriedEarns,
};
use accolade_domain::badge::EarnType;
use accolade_domain::earning::{Counted, EarnedBadge, Limit, Scope, Span, allot, covering};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::anyhow;

use crate::MemoryStore;
use crate::store::State;

/// How many refusals are remembered of a customer and badge.
pub(crate) const REFUSALS: usize = 10;

impl EarningStore for MemoryStore {
    fn earn(
        &self,
        batch: &EarnBatch,
    ) -> Result<Vec<Result<Vec<CustomerEarn>, RecordError>>, StoreError> {
        let mut state = self.begin();
        let requests = batch.requests();
        if requests.iter().any(|it| it.ids.len() < it.customers.len()) {
            let error = anyhow!("a request has fewer ids than customers");
            return Err(StoreError::Unexpected(error));
        }
        Ok(requests.iter().map(|request| state.earn(request)).collect())
    }

    fn preview_after(
        &self,
        request: &EarnRequest,
        tried: &TriedEarns,
    ) -> Result<Vec<CustomerEarn>, StoreError> {
        let state = self.begin();
        let judged = state.judge(request, state.earned_on(request), tried);
        let would_be = |(customer, judgement): (&CustomerId, Judgement)| CustomerEarn {
            customer: *customer,
            outcome: judgement.map_or_else(EarnOutcome::Refused, EarnOutcome::WouldEarn),
        };
        Ok(request.customers.iter().zip(judged).map(would_be).collect())
    }

    fn revoke_all(
        &self,
        requests: &[RevokeEarnRequest],
    ) -> Result<Vec<Result<(), RecordError>>, StoreError> {
        let mut state = self.begin();
        let revoked = requests.iter().map(|request| state.revoke_earn(request));
        Ok(revoked.collect())
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

    fn import(&self, request: &ImportRequest) -> Result<Result<(), RecordError>, StoreError> {
        let mut state = self.begin();
        let named = request.items.iter().map(|item| &item.customer);
        let checked = state.check_unused(request);
        let checked = checked.and_then(|()| state.check_merged(request.context.org, named));
        if let Err(error) = checked {
            return Ok(Err(error));
        }
        for item in &request.items {
            let record = imported(item, request.context.now);
            state.came_of(item.id.0, &request.request_id, request.context.actor);
            state
                .earns
                .entry((request.context.org, item.badge, item.customer))
                .or_default()
                .push(record);
        }
        state.record(request, ());
        state.told_imported(request);
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
    /// Revokes an earned badge.
    fn revoke_earn(&mut self, request: &RevokeEarnRequest) -> Result<(), RecordError> {
        let named = [request.customer];
        self.check_unused(request)?;
        self.check_merged(request.context.org, &named)?;
        let key = (request.context.org, request.badge, request.customer);
        let mut records = self.earns.get_mut(&key).into_iter().flatten();
        let is_meant =
            |earned: &EarnedBadge| earned.id == request.earned && earned.revoked_on.is_none();
        let record = records.find(|record| is_meant(&record.earned));
        let record =
            record.ok_or_else(|| RecordError::Refused(RevokeEarnRequest::none_active()))?;
        record.earned.revoked_on = Some(request.context.now);
        record.revoked_by = Some(request.context.actor);
        record.revoke_reason.clone_from(&request.reason);
        let (earned, triggered_by) = (record.earned, record.triggered_by.clone());
        self.record(request, ());
        self.told_earn_revoked(request, earned, triggered_by);
        Ok(())
    }

    /// Executes `request`.
    fn earn(&mut self, request: &EarnRequest) -> Result<Vec<CustomerEarn>, RecordError> {
        self.check_unused(request)?;
        self.check_rules(request)?;
        if !self.has_version(request.context.org, request.badge, request.version) {
            return Err(RecordError::BadgeChanged);
        }
        self.check_merged(request.context.org, request.customers.iter())?;
        let earned_on = self.earned_on(request);
        let judged = self.judge(request, earned_on, &TriedEarns::default());
        for (customer, judgement) in request.customers.iter().zip(&judged) {
            if let Err(rejection) = judgement {
                self.remember_refusal(request, *customer, rejection.clone());
            }
        }
        if request.operation == Operation::Earn
            && let Some(rejection) = judged.iter().find_map(|j| j.as_ref().err())
        {
            return Err(RecordError::Refused(rejection.clone()));
        }
        let both = request.customers.iter().zip(&judged);
        let earn: Vec<_> = both.filter(|it| it.1.is_ok()).map(|it| *it.0).collect();
        let places = self.places(request, &earn, earned_on);
        let outcomes = self.earn_all(request, judged, earned_on);
        self.record(request, outcomes.clone());
        self.told_earned(request, &outcomes, &places, earned_on);
        Ok(outcomes)
    }

    /// The moment at which what `request` asks for is recorded.
    fn earned_on(&self, request: &EarnRequest) -> Instant {
        let rolls = |limit: &Limit| {
            limit.scope == Scope::Badge && matches!(limit.span, Span::Rolling { .. })
        };
        if !request.limits.iter().any(rolls) {
            return request.context.now;
        }
        let earns = self.earns_of(request.context.org, request.badge, None);
        let last = earns.filter(|e| !e.imported).map(|e| e.earned_on).max();
        request.context.now.max(last.unwrap_or(request.context.now))
    }

    /// Who of the request may earn, by position: who is enrolled if need be, and then whom
    /// the limits leave room for, if what was `tried` had been recorded before.
    fn judge(
        &self,
        request: &EarnRequest,
        earned_on: Instant,
        tried: &TriedEarns,
    ) -> Vec<Judgement> {
        let limits: Vec<_> = (request.limits.iter())
            .map(|limit| limit.at(earned_on, &request.zone))
            .collect();
        let counted = |scope, customer, tried: &dyn Fn(usize) -> u64| -> Vec<Counted> {
            let of_scope = limits.iter().filter(|limit| limit.scope == scope);
            of_scope
                .enumerate()
                .map(|(place, limit)| {
                    let (org, badge) = (request.context.org, request.badge);
                    self.counted_with(org, badge, customer, (limit, tried(place)))
                })
                .collect()
        };
        let enrolled: Vec<_> = (request.customers.iter())
            .map(|customer| self.enrolment_for(request, *customer))
            .collect();
        let wishes: Vec<_> = (request.customers.iter().zip(&enrolled).enumerate())
            .filter(|(_, (_, enrolment))| enrolment.is_ok())
            .map(|(position, (customer, _))| {
                let tried = |place| tried.of_customer(position, place);
                counted(Scope::Customer, Some(*customer), &tried)
            })
            .collect();
        let badge = counted(Scope::Badge, None, &|place| tried.of_badge(place));
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
        let held = self.enrolments_of(request.context.org, request.badge, customer);
        match covering(&held, request.terms.event_on) {
            Some(enrolment) => Ok(Some(enrolment.id)),
            None => Err(Rejection::new(Code::NotEnrolled)),
        }
    }

    fn earn_all(
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
                    let key = (request.context.org, request.badge, *customer);
                    self.came_of(id.0, &request.request_id, request.context.actor);
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
                        revoked_by: None,
                        revoke_reason: None,
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
        let key = (request.context.org, request.badge, customer);
        let refusals = self.refusals.entry(key).or_default();
        refusals.push(Refusal {
            refused_on: request.context.now,
            event_on: request.terms.event_on,
            rejection,
        });
        if refusals.len() > REFUSALS {
            refusals.remove(0);
        }
    }

    /// Every earn of the badge, also of those who were forgotten, or the customer's.
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
        let forgotten = customer
            .is_none()
            .then(|| self.forgotten.get(&(org, badge)));
        let forgotten = forgotten.flatten().into_iter().flat_map(|it| &it.earns);
        records.map(|record| &record.earned).chain(forgotten)
    }

    pub(crate) fn counted_under(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
        limit: &Limit,
    ) -> Counted {
        self.counted_with(org, badge, customer, (limit, 0))
    }

    /// The same if so many more were tried before, later than what is recorded.
    fn counted_with(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
        (limit, tried): (&Limit, u64),
    ) -> Counted {
        let mut recorded: Vec<_> = (self.earns_of(org, badge, customer))
            .filter(|earned| earned.counts(limit.span))
            .map(|earned| earned.earned_on)
            .collect();
        recorded.sort_unstable();
        let count = recorded.len() as u64 + tried;
        let too_many = count.saturating_sub(u64::from(limit.max));
        let too_many = usize::try_from(too_many).unwrap_or(usize::MAX);
        let must_leave = match limit.span {
            Span::Rolling { .. } => recorded.get(too_many).copied(),
            Span::AllTime | Span::Fixed { .. } => None,
        };
        Counted { count, must_leave }
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
        revoked_by: None,
        revoke_reason: None,
    }
}
