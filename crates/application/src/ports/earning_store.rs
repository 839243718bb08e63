//! Where earned badges live, and what is counted under limits.

use std::slice;

use accolade_domain::audit::{Entry, telling};
use accolade_domain::earning::{EarnTerms, Limit};
use accolade_domain::ids::{
    BadgeId, CustomerId, EarnedBadgeId, EnrolmentId, IdBlock, ObjectId, OrgId,
};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Reason, RequestId};
use accolade_domain::zone::Zone;
use anyhow::anyhow;

use crate::answer::{
    Answer, CustomerEarn, EarnAnswer, EarnOutcome, Imported, RevokedEnrolment, UnknownCustomer,
};
use crate::ports::{
    BadgeVersion, Batch, BatchedRequest, Context, Operation, RecordError, RecordedRequest,
    StoreError,
};

/// Customers who are to earn a badge, and everything that was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnRequest {
    /// Where it is recorded, by whom, when, and under which key.
    pub context: Context,
    /// The badge.
    pub badge: BadgeId,
    /// The version of the badge that the rest was decided from.
    pub version: BadgeVersion,
    /// [`Operation::Earn`], whose only customer is refused as a whole, or
    /// [`Operation::EarnBulk`], whose customers have an outcome each.
    pub operation: Operation,
    /// The id of the request, unique for this operation of the org.
    pub request_id: RequestId,
    /// Who triggered it.
    pub triggered_by: Option<Owner>,
    /// Why an operator does it by hand, if one does.
    pub by_hand: Option<Reason>,
    /// The event date, the expiry, and whether customers must be enrolled.
    pub terms: EarnTerms,
    /// The limits that must have room, as the domain lists them for `terms` and `now`.
    pub limits: Vec<Limit>,
    /// The org's zone, in which rolling months are reckoned.
    pub zone: Zone,
    /// The customers, each once; the room under limits is allocated in this order.
    pub customers: Vec<CustomerId>,
    /// Customers whose identifier nobody has, for the answer only. Without any known customer
    /// the request is executed all the same.
    pub unknown: Vec<UnknownCustomer>,
    /// An id for each customer's earned badge, by position; the ids of refused customers stay
    /// unused.
    pub ids: IdBlock,
}

/// Requests that may share a transaction: of one badge of an org, decided from one version of it
/// and at one moment, with equal terms, limits and zone. No two of them have a request id of one
/// operation, an idempotency key, or a customer in common.
pub type EarnBatch = Batch<EarnRequest>;

impl RecordedRequest for EarnRequest {
    type Outcome = Vec<CustomerEarn>;

    fn context(&self) -> &Context {
        &self.context
    }

    fn operation(&self) -> Operation {
        self.operation
    }

    fn request_id(&self) -> Option<&RequestId> {
        Some(&self.request_id)
    }

    fn first_id(&self) -> Option<ObjectId> {
        self.ids.first()
    }

    fn triggered_by(&self) -> Option<&Owner> {
        self.triggered_by.as_ref()
    }

    fn answer(&self, outcomes: Vec<CustomerEarn>) -> Answer {
        Answer::Earned(EarnAnswer {
            single: self.operation == Operation::Earn,
            badge: self.badge,
            triggered_by: self.triggered_by.clone(),
            expires_on: self.terms.expires_on,
            event_on: self.terms.event_on,
            outcomes,
            unknown: self.unknown.clone(),
            request_id: self.request_id.clone(),
            now: self.context.now,
        })
    }

    fn entries(&self, outcomes: &Vec<CustomerEarn>) -> Vec<Entry> {
        let Some(reason) = &self.by_hand else {
            return Vec::new();
        };
        let (org, by) = (self.context.org, self.context.attribution());
        let earned = outcomes.iter().filter_map(|it| match &it.outcome {
            EarnOutcome::Earned(id, ..) => Some(*id),
            _ => None,
        });
        earned
            .map(|id| telling::earned_by_hand(org, id, reason, &by))
            .collect()
    }
}

impl BatchedRequest for EarnRequest {
    fn customers(&self) -> (BadgeId, &[CustomerId]) {
        (self.badge, &self.customers)
    }

    fn compatible(&self, other: &Self) -> bool {
        let common = |it: &Self| {
            (
                it.context.org,
                it.context.now,
                it.badge,
                it.version,
                it.terms,
            )
        };
        common(self) == common(other) && self.limits == other.limits && self.zone == other.zone
    }
}

/// An earned badge to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeEarnRequest {
    /// Where it is recorded, by whom, when, and under which key.
    pub context: Context,
    /// The badge.
    pub badge: BadgeId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Which.
    pub earned: EarnedBadgeId,
    /// The caller's id of the request, if it sent one.
    pub request_id: Option<RequestId>,
    /// Why, if it is said.
    pub reason: Option<Reason>,
}

impl RevokeEarnRequest {
    /// 814: the customer has no such earned badge that is not revoked.
    pub fn none_active() -> Rejection {
        Rejection::new(Code::NoActiveEarn).at_field("earnedBadgeId")
    }
}

impl RecordedRequest for RevokeEarnRequest {
    type Outcome = ();

    fn context(&self) -> &Context {
        &self.context
    }

    fn operation(&self) -> Operation {
        Operation::RevokeEarn
    }

    fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    fn answer(&self, (): ()) -> Answer {
        Answer::EarnRevoked {
            badge: self.badge,
            customer: self.customer,
            earned: self.earned,
        }
    }

    fn entries(&self, (): &()) -> Vec<Entry> {
        let (context, reason) = (&self.context, self.reason.as_ref());
        let by = context.attribution();
        vec![telling::earn_revoked(context.org, self.earned, reason, &by)]
    }
}

/// One earned badge from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportItem {
    /// The badge.
    pub badge: BadgeId,
    /// The customer.
    pub customer: CustomerId,
    /// The id that it gets.
    pub id: EarnedBadgeId,
    /// When it was earned.
    pub event_on: Instant,
    /// When it expires.
    pub expires_on: Instant,
    /// The limits of the badge, by scope [`Scope::Badge`] and without rolling ones, under
    /// which it counts from now on.
    ///
    /// [`Scope::Badge`]: accolade_domain::earning::Scope::Badge
    pub counts_under: Vec<Limit>,
}

/// Earned badges from elsewhere: recorded together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRequest {
    /// Where it is recorded, by whom, when, and under which key.
    pub context: Context,
    /// The id of the request.
    pub request_id: RequestId,
    /// What is imported, in the order in which it is recorded. Without any item the
    /// request is executed all the same.
    pub items: Vec<ImportItem>,
    /// What becomes of each element of the request, refused ones included, if it is recorded.
    pub outcomes: Vec<Imported>,
}

impl RecordedRequest for ImportRequest {
    type Outcome = ();

    fn context(&self) -> &Context {
        &self.context
    }

    fn operation(&self) -> Operation {
        Operation::Import
    }

    fn request_id(&self) -> Option<&RequestId> {
        Some(&self.request_id)
    }

    fn first_id(&self) -> Option<ObjectId> {
        self.items.iter().map(|item| item.id.0).min()
    }

    fn answer(&self, (): ()) -> Answer {
        Answer::Imported {
            request_id: self.request_id.clone(),
            outcomes: self.outcomes.clone(),
        }
    }

    fn entries(&self, (): &()) -> Vec<Entry> {
        let by = self.context.attribution();
        let earns = self.items.len() as u64;
        let told = telling::imported(self.context.org, &self.request_id, earns, &by);
        told.into_iter().collect()
    }
}

/// Earns that were only tried out before: how many count, beside what is recorded, under each limit of
/// a request. Empty means none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriedEarns {
    /// Under the customers' limits, in their order, for each customer of the request.
    pub customers: Vec<Vec<u64>>,
    /// Under the badge's limits, in their order.
    pub badge: Vec<u64>,
}

impl TriedEarns {
    /// How many count under the limit at `place` of the customer at `position`.
    pub fn of_customer(&self, position: usize, place: usize) -> u64 {
        let counts = self.customers.get(position);
        counts
            .and_then(|counts| counts.get(place))
            .copied()
            .unwrap_or_default()
    }

    /// How many count under the badge's limit at `place`.
    pub fn of_badge(&self, place: usize) -> u64 {
        self.badge.get(place).copied().unwrap_or_default()
    }
}

/// Where earned badges live.
pub trait EarningStore: Send + Sync {
    /// Executes every request of `batch` in one transaction, exactly as if they had been
    /// executed one after the other, in the order of the batch: of each, all or nothing,
    /// whatever becomes of the others. Gives an answer to each, by position.
    ///
    /// Who must be enrolled and has no enrolment that covers the event date
    /// ([`covering`]) is refused with 811 and its standing message. The others get what room there is
    /// under the limits, in the order of the batch and of each request, as [`allot`]
    /// decides. **A limit is never exceeded, at any concurrency, and never refuses while
    /// there is room**: what is counted is what is recorded and not revoked, at
    /// the moment of recording. A limit that a badge did not have before counts
    /// what was earned before too.
    ///
    /// An [`Operation::Earn`] whose only customer is refused is not executed: it takes no
    /// room, and nothing of it stays but the refusal.
    ///
    /// An earn and the revocation of its enrolment exclude each other: no earn is
    /// recorded for an enrolment whose revocation has returned.
    ///
    /// `earned_on` is the `now` of the requests' context. Where `limits` has a rolling one of scope
    /// [`Scope::Badge`] it is the last `earned_on` of the badge, imports left out, if that
    /// is later: there it never runs backwards. Rolling windows, also the customer's, reach
    /// back from `earned_on` ([`Limit::at`]).
    ///
    /// Who is refused is remembered, with the code, the message and the time, which is
    /// `now`: the ten refused last a customer and badge. What was executed is in the request
    /// ledger, its idempotency key is remembered, and the badge's counts have
    /// grown, all in the same transaction. What an operator does by hand is in the audit trail, an entry
    /// for each earn. The version of the badge is checked
    /// as enrolment does.
    ///
    /// The number of SQL statements does not depend on how many customers there are, and on
    /// PostgreSQL not on how many requests, if nobody else earns for the same customers at the same
    /// moment.
    ///
    /// # Errors
    /// Of one request, the first that applies: [`RecordError::IdempotencyKeyUsed`],
    /// [`RecordError::RequestIdUsed`], [`RecordError::BadgeChanged`], [`RecordError::Refused`].
    /// Of the whole batch: [`StoreError`].
    ///
    /// [`Scope::Badge`]: accolade_domain::earning::Scope::Badge
    /// [`covering`]: accolade_domain::earning::covering
    /// [`allot`]: accolade_domain::earning::allot
    fn earn(
        &self,
        batch: &EarnBatch,
    ) -> Result<Vec<Result<Vec<CustomerEarn>, RecordError>>, StoreError>;

    /// What [`earn`](Self::earn) would make of `request` alone now, with nothing recorded, no
    /// refusal either; keys and the version are not looked at.
    ///
    /// # Errors
    /// The store failed.
    fn preview(&self, request: &EarnRequest) -> Result<Vec<CustomerEarn>, StoreError> {
        self.preview_after(request, &TriedEarns::default())
    }

    /// The same if what was `tried` had been recorded before, at the moment of the request.
    ///
    /// # Errors
    /// The store failed.
    fn preview_after(
        &self,
        request: &EarnRequest,
        tried: &TriedEarns,
    ) -> Result<Vec<CustomerEarn>, StoreError>;

    /// Revokes earned badges and gives their places under every limit back, in one transaction: of each
    /// request, all or nothing, whatever becomes of the others. Gives a result to each, by position. The
    /// badge's counts fall. Of two that race exactly one wins.
    ///
    /// The requests are of one badge, by one actor, at one moment and for one reason; no two of them have
    /// a request id, an idempotency key or an earned badge in common. On PostgreSQL the number of SQL
    /// statements does not depend on how many there are.
    ///
    /// # Errors
    /// Of one request, the first that applies: [`RecordError::IdempotencyKeyUsed`],
    /// [`RecordError::RequestIdUsed`], [`RecordError::CustomersMerged`], [`RecordError::Refused`] with 814
    /// if the customer has no such earned badge that is not revoked
    /// ([`RevokeEarnRequest::none_active`]). Of all: [`StoreError`].
    fn revoke_all(
        &self,
        requests: &[RevokeEarnRequest],
    ) -> Result<Vec<Result<(), RecordError>>, StoreError>;

    /// Revokes one earned badge.
    ///
    /// # Errors
    /// Those of [`revoke_all`](Self::revoke_all).
    fn revoke(&self, request: &RevokeEarnRequest) -> Result<Result<(), RecordError>, StoreError> {
        let revoked = self.revoke_all(slice::from_ref(request))?.pop();
        revoked.ok_or_else(|| StoreError::Unexpected(anyhow!("a request has no result")))
    }

    /// Whether the customer has this earned badge and it is not revoked.
    ///
    /// # Errors
    /// The store failed.
    fn is_active(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: CustomerId,
        earned: EarnedBadgeId,
    ) -> Result<bool, StoreError>;

    /// Records earned badges from elsewhere. No limit refuses them, but they
    /// count under fixed values and fixed windows from now on; not under
    /// rolling windows. Their `earned_on` is the `now` of the request's context.
    ///
    /// # Errors
    /// [`RecordError::IdempotencyKeyUsed`], [`RecordError::RequestIdUsed`].
    fn import(&self, request: &ImportRequest) -> Result<Result<(), RecordError>, StoreError>;

    /// How many earns count under each of `limits`, taken as they are, by position; the customer's where
    /// the limit's scope is the customer, and 0 there if `customer` is `None`.
    /// Any number of limits costs a bounded number of statements.
    ///
    /// # Errors
    /// The store failed.
    fn counted(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
        limits: &[Limit],
    ) -> Result<Vec<u64>, StoreError>;
}

/// Which enrolments of a customer are to be revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokeTarget {
    /// Whose.
    pub customer: CustomerId,
    /// The enrolment; `None`: all enrolments that are not revoked.
    pub enrolment: Option<EnrolmentId>,
}

/// Enrolments to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeEnrolmentsRequest {
    /// Where it is recorded, by whom, when, and under which key.
    pub context: Context,
    /// The badge.
    pub badge: BadgeId,
    /// The customers and enrolments that are meant; each customer and each pair once.
    pub targets: Vec<RevokeTarget>,
    /// Customers whose identifier nobody has, for the answer only, each with its place among all
    /// targets. Without any known target the request is executed all the same.
    pub unknown: Vec<UnknownCustomer>,
    /// The caller's id of the request, if it sent one.
    pub request_id: Option<RequestId>,
    /// Why, if it is said.
    pub reason: Option<Reason>,
}

impl RecordedRequest for RevokeEnrolmentsRequest {
    type Outcome = Vec<RevokedEnrolment>;

    fn context(&self) -> &Context {
        &self.context
    }

    fn operation(&self) -> Operation {
        Operation::RevokeIssue
    }

    fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    /// `outcomes` are those of the targets, in their order.
    fn answer(&self, outcomes: Vec<RevokedEnrolment>) -> Answer {
        Answer::EnrolmentsRevoked {
            badge: self.badge,
            unknown: self.placed(&outcomes),
            outcomes,
            request_id: self.request_id.clone(),
        }
    }

    /// One of each enrolment that was revoked.
    fn entries(&self, outcomes: &Vec<RevokedEnrolment>) -> Vec<Entry> {
        let (org, reason) = (self.context.org, self.reason.as_ref());
        let by = self.context.attribution();
        (outcomes.iter())
            .filter(|outcome| outcome.refused.is_none())
            .filter_map(|outcome| outcome.enrolment)
            .map(|enrolment| telling::enrolment_revoked(org, enrolment, reason, &by))
            .collect()
    }
}

impl RevokeEnrolmentsRequest {
    /// The unknown customers with their places among `outcomes`, of which a target that names no
    /// enrolment may have several.
    fn placed(&self, outcomes: &[RevokedEnrolment]) -> Vec<UnknownCustomer> {
        let mut targets = self.targets.iter();
        let (mut passed, mut place, mut seen) = (0, 0_u32, 0_usize);
        let mut placed = self.unknown.clone();
        for unknown in &mut placed {
            while passed < unknown.position
                && let Some(target) = targets.next()
            {
                let len = if target.enrolment.is_some() {
                    1
                } else {
                    let left = outcomes.iter().skip(seen);
                    left.take_while(|outcome| outcome.customer == target.customer)
                        .count()
                };
                seen += len;
                place = place.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
                passed += 1;
            }
            unknown.position = place;
            passed += 1;
            place += 1;
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use accolade_domain::actor::Actor;

    use super::*;

    fn customer(number: i64) -> CustomerId {
        number.try_into().unwrap()
    }

    fn unknown(position: u32) -> UnknownCustomer {
        let identifier = format!("x{position}");
        UnknownCustomer {
            position,
            identifier,
        }
    }

    #[test]
    fn who_is_unknown_stands_behind_all_that_those_before_have() {
        let target = |number, enrolment| RevokeTarget {
            customer: customer(number),
            enrolment,
        };
        let revoked = |number| RevokedEnrolment {
            customer: customer(number),
            enrolment: None,
            refused: None,
        };
        let mut request = RevokeEnrolmentsRequest {
            context: Context {
                org: 1.try_into().unwrap(),
                actor: Actor::SYSTEM,
                now: Instant::MIN,
                key: None,
                tag: None,
                rules: None,
            },
            badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
            targets: vec![target(1, None), target(2, None)],
            unknown: vec![unknown(0), unknown(2), unknown(4)],
            request_id: None,
            reason: None,
        };
        let places = |request: &RevokeEnrolmentsRequest, outcomes: &[RevokedEnrolment]| {
            let placed = request.placed(outcomes);
            placed.iter().map(|u| u.position).collect::<Vec<_>>()
        };
        let outcomes = [revoked(1), revoked(1), revoked(1), revoked(2)];
        assert_eq!(places(&request, &outcomes), [0, 4, 6]);
        let named = "69381523cebb9648d8974534".parse().ok();
        request.targets = vec![target(1, named), target(1, named)];
        assert_eq!(places(&request, &[revoked(1), revoked(1)]), [0, 2, 4]);
    }
}
