//! Where earned badges live, and what is counted under limits.

use accolade_domain::earning::{EarnTerms, Limit};
use accolade_domain::ids::{
    BadgeId, ClientNumber, CustomerId, EarnedBadgeId, EnrolmentId, IdBlock, OrgId,
};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use accolade_domain::zone::Zone;

use crate::answer::{Answer, CustomerEarn, RevokedEnrolment, UnknownCustomer};
use crate::ports::{BadgeVersion, Batch, Batched, IdempotencyGuard, Names, Operation, StoreError};

/// Customers who are to earn a badge, and everything that was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnRequest {
    /// The org.
    pub org: OrgId,
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
    /// The event date, the expiry, and whether customers must be enrolled.
    pub terms: EarnTerms,
    /// The limits that must have room, as the domain lists them for `terms` and `now`.
    pub limits: Vec<Limit>,
    /// The org's zone, in which rolling months are reckoned.
    pub zone: Zone,
    /// The customers, each once; limits are dealt out in this order.
    pub customers: Vec<CustomerId>,
    /// Customers whose identifier nobody has, for the answer only. Without any known customer
    /// the request is carried out all the same.
    pub unknown: Vec<UnknownCustomer>,
    /// An id for each customer, by position; those of refused ones stay unused.
    pub ids: IdBlock,
    /// When it is recorded, at the earliest.
    pub now: Instant,
    /// By whom.
    pub by: ClientNumber,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Requests that may share a transaction: of one badge of an org, decided from one version of it
/// and at one moment, with equal terms, limits and zone. No two of them have a request id of one
/// operation, an idempotency key, or a customer in common.
pub type EarnBatch = Batch<EarnRequest>;

impl Batched for EarnRequest {
    fn names(&self) -> Names<'_> {
        Names {
            org: self.org,
            badge: self.badge,
            operation: self.operation,
            request_id: &self.request_id,
            idempotency: self.idempotency.as_ref(),
            customers: &self.customers,
        }
    }

    fn is_alike(&self, other: &Self) -> bool {
        let common = |it: &Self| (it.org, it.badge, it.version, it.terms, it.now);
        common(self) == common(other) && self.limits == other.limits && self.zone == other.zone
    }
}

/// Why a request to earn was not carried out. Nothing of it was written but what is
/// said of a refusal; its request id and its idempotency key are not used up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EarnError {
    /// A request with this idempotency key was carried out.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// A request with this id was carried out.
    #[error("the request id has been used")]
    RequestIdUsed,
    /// The badge has another version now, or is gone: decide again.
    #[error("the badge has changed")]
    BadgeChanged,
    /// The only customer of an [`Operation::Earn`] was refused: 811, 817 or 818.
    /// The refusal itself is remembered for whoever asks why.
    #[error(transparent)]
    Refused(Rejection),
}

/// An earned badge to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeEarnRequest {
    /// The org.
    pub org: OrgId,
    /// The badge.
    pub badge: BadgeId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Which.
    pub earned: EarnedBadgeId,
    /// When.
    pub now: Instant,
    /// By whom.
    pub by: ClientNumber,
    /// The caller's id of the request, if it sent one.
    pub request_id: Option<RequestId>,
    /// What it is answered.
    pub answer: Answer,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Why something was not revoked. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    /// A request with this idempotency key was carried out.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// A request with this id was carried out.
    #[error("the request id has been used")]
    RequestIdUsed,
    /// The customer has no such earned badge that is not revoked.
    #[error("there is no such active earned badge")]
    NoActiveEarn,
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
    /// The org.
    pub org: OrgId,
    /// The id of the request.
    pub request_id: RequestId,
    /// What is imported, in the order in which it is recorded. Without any item the
    /// request is carried out all the same.
    pub items: Vec<ImportItem>,
    /// What the whole request is answered, failed elements included.
    pub answer: Answer,
    /// When.
    pub now: Instant,
    /// By whom.
    pub by: ClientNumber,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Where earned badges live.
pub trait EarningStore: Send + Sync {
    /// Carries out every request of `batch` in one transaction, exactly as if they had been
    /// carried out one after the other, in the order of the batch: of each, all or nothing,
    /// whatever becomes of the others. Gives an answer to each, by position.
    ///
    /// Who must be enrolled and has no enrolment that covers the event date
    /// ([`covering`]) is refused with 811 and its standing message. The others get what room there is
    /// under the limits, in the order of the batch and of each request, as [`allot`] deals it
    /// out. **A limit is never exceeded, at any concurrency, and never refuses while
    /// there is room**: what is counted is what is recorded and not revoked, at
    /// the moment of recording. A limit that a badge did not have before counts
    /// what was earned before too.
    ///
    /// An [`Operation::Earn`] whose only customer is refused is not carried out: it takes no
    /// room, and nothing of it stays but the refusal.
    ///
    /// An earn and the revocation of its enrolment exclude each other: no earn is
    /// recorded for an enrolment whose revocation has returned.
    ///
    /// `earned_on` is the requests' `now`. Where `limits` has a rolling one of scope
    /// [`Scope::Badge`] it is the last `earned_on` of the badge, imports left out, if that
    /// is later: there it never runs backwards. Rolling windows, also the customer's, reach
    /// back from `earned_on` ([`Limit::at`]).
    ///
    /// Who is refused is remembered, with the code, the message and the time, which is
    /// `now`: the ten refused last a customer and badge. What was carried out is in the request
    /// ledger, its idempotency key is remembered, and the badge's counts have
    /// grown, all in the same transaction. The version of the badge is checked
    /// as enrolment does.
    ///
    /// The number of SQL statements does not depend on how many customers there are, and on
    /// PostgreSQL not on how many requests, if nobody else earns for the same customers at the same
    /// moment.
    ///
    /// # Errors
    /// Of one request, the first that applies: [`EarnError::IdempotencyKeyUsed`],
    /// [`EarnError::RequestIdUsed`], [`EarnError::BadgeChanged`], [`EarnError::Refused`].
    /// Of the whole batch: [`StoreError`].
    ///
    /// [`Scope::Badge`]: accolade_domain::earning::Scope::Badge
    /// [`covering`]: accolade_domain::earning::covering
    /// [`allot`]: accolade_domain::earning::allot
    fn earn(
        &self,
        batch: &EarnBatch,
    ) -> Result<Vec<Result<Vec<CustomerEarn>, EarnError>>, StoreError>;

    /// What [`earn`](Self::earn) would make of `request` alone now, with nothing recorded, no
    /// refusal either; keys and the version are not looked at.
    ///
    /// # Errors
    /// The store failed.
    fn preview(&self, request: &EarnRequest) -> Result<Vec<CustomerEarn>, StoreError>;

    /// Revokes an earned badge and gives its place under every limit back.
    /// The badge's counts fall. Of two that race exactly one wins.
    ///
    /// # Errors
    /// The first that applies of [`RevokeError`].
    fn revoke(&self, request: &RevokeEarnRequest) -> Result<Result<(), RevokeError>, StoreError>;

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
    /// rolling windows. Their `earned_on` is `request.now`.
    ///
    /// # Errors
    /// [`RevokeError::IdempotencyKeyUsed`], [`RevokeError::RequestIdUsed`].
    fn import(&self, request: &ImportRequest) -> Result<Result<(), RevokeError>, StoreError>;

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
    /// Which one; `None`: all that are not revoked.
    pub enrolment: Option<EnrolmentId>,
}

/// Enrolments to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeEnrolmentsRequest {
    /// The org.
    pub org: OrgId,
    /// The badge.
    pub badge: BadgeId,
    /// Whose and which; each customer and each pair once.
    pub targets: Vec<RevokeTarget>,
    /// Customers whose identifier nobody has, for the answer only, each with its place among all
    /// targets. Without any known target the request is carried out all the same.
    pub unknown: Vec<UnknownCustomer>,
    /// When.
    pub now: Instant,
    /// By whom.
    pub by: ClientNumber,
    /// The caller's id of the request, if it sent one.
    pub request_id: Option<RequestId>,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

impl RevokeEnrolmentsRequest {
    /// What the request is answered, given the `outcomes` of its targets in their order.
    pub fn answer(&self, outcomes: Vec<RevokedEnrolment>) -> Answer {
        Answer::EnrolmentsRevoked {
            badge: self.badge,
            unknown: self.placed(&outcomes),
            outcomes,
            request_id: self.request_id.clone(),
        }
    }

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
            org: 1.try_into().unwrap(),
            badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
            targets: vec![target(1, None), target(2, None)],
            unknown: vec![unknown(0), unknown(2), unknown(4)],
            now: Instant::MIN,
            by: 1.try_into().unwrap(),
            request_id: None,
            idempotency: None,
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
