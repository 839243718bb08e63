//! Requests that a store records: what each says of itself, and how one fails.
//!
//! Enrolling, earning, revoking and importing are recorded in one way: under an idempotency key, if
//! the caller sent one, and in the request ledger, if the request has an id, in the transaction of
//! what they change. A [`RecordedRequest`] is all that a store needs to know of a request for
//! that, whichever kind it is.

use accolade_domain::actor::Actor;
use accolade_domain::audit::{Attribution, Entry, RequestTag};
use accolade_domain::ids::{BadgeId, CustomerId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;

use crate::answer::Answer;
use crate::ports::{IdempotencyGuard, Operation, RulesVersion};

/// Where a request is recorded, by whom, when, and under which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The org.
    pub org: OrgId,
    /// By whom.
    pub actor: Actor,
    /// When it is recorded, and what statuses refer to.
    pub now: Instant,
    /// The caller's idempotency key, if it sent one.
    pub key: Option<IdempotencyGuard>,
    /// The id that the request has in its answer; `None` if it came another way.
    pub tag: Option<RequestTag>,
    /// The version of the org's rules by which an enrolment or earn needs no approval; `None`: whichever
    /// there is.
    pub rules: Option<RulesVersion>,
}

impl Context {
    /// Who records it, when, and in which request.
    pub fn attribution(&self) -> Attribution {
        Attribution {
            actor: self.actor,
            on: self.now,
            tag: self.tag.clone(),
        }
    }
}

/// What a request is known by: no two requests of a batch share any of it but org and operation.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The org.
    pub org: OrgId,
    /// What is asked for.
    pub operation: Operation,
    /// The id of the request, unique for this operation of the org. Without one the request is not
    /// in the ledger.
    pub request_id: Option<&'a RequestId>,
    /// The caller's idempotency key, if it sent one.
    pub key: Option<&'a IdempotencyGuard>,
}

/// A request that a store records.
pub trait RecordedRequest {
    /// What a store finds out while it records the request, such as what became of each customer.
    type Outcome;

    /// Where it is recorded, by whom, when, and under which key.
    fn context(&self) -> &Context;

    /// What is asked for.
    fn operation(&self) -> Operation;

    /// The id of the request, if it has one.
    fn request_id(&self) -> Option<&RequestId>;

    /// The first of the ids that the request gives; the others follow it, one by one. By it what was
    /// recorded is found again by its id. `None` if it gives none.
    fn first_id(&self) -> Option<ObjectId> {
        None
    }

    /// Who triggered it, if that is said.
    fn triggered_by(&self) -> Option<&Owner> {
        None
    }

    /// What the request is answered, now and whenever it is asked for again, given its `outcome`.
    fn answer(&self, outcome: Self::Outcome) -> Answer;

    /// The entries of the audit trail that tell of the request, given its `outcome`: written in the
    /// transaction that records it.
    fn entries(&self, _outcome: &Self::Outcome) -> Vec<Entry> {
        Vec::new()
    }

    /// The names by which the request is told from all others.
    fn identity(&self) -> Identity<'_> {
        Identity {
            org: self.context().org,
            operation: self.operation(),
            request_id: self.request_id(),
            key: self.context().key.as_ref(),
        }
    }
}

/// A request that may share a transaction with others of its kind.
pub trait BatchedRequest: RecordedRequest {
    /// The badge, and the customers, each once. No two requests of a batch share a customer of one
    /// badge.
    fn customers(&self) -> (BadgeId, &[CustomerId]);

    /// Whether this request agrees with `other` in all that a batch has only once, such as its org.
    fn compatible(&self, other: &Self) -> bool;
}

/// Why a request was not recorded. Nothing of it was written but what its port says of refusals:
/// its request id and its idempotency key are not used up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// A request with this id was executed.
    #[error("the request id has been used")]
    RequestIdUsed,
    /// The org's rules for approval have another version now: ask them again.
    #[error("the rules for approval have changed")]
    RulesChanged,
    /// The badge has another version now, or is gone: decide again.
    #[error("the badge has changed")]
    BadgeChanged,
    /// It names a customer who was merged into another: decide again, for the other.
    #[error("a customer was merged into another")]
    CustomersMerged,
    /// The request is refused as a whole, for a reason that only the store could find out.
    #[error(transparent)]
    Refused(Rejection),
}
