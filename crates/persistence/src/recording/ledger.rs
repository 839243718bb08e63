//! Under which names requests are remembered: rows of the request ledger, and idempotency keys.

use accolade_application::ports::{IdempotencyGuard, Operation};
use accolade_domain::actor::Actor;
use accolade_domain::ids::ObjectId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::RequestId;

/// What a request of an org is called in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LedgerName<'a> {
    pub(crate) operation: Operation,
    pub(crate) request_id: &'a RequestId,
}

/// An idempotency key to be reserved for a request.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow<'a> {
    /// The request, by its position in the batch.
    pub(crate) request: usize,
    pub(crate) guard: &'a IdempotencyGuard,
    pub(crate) stands_for: StandsFor<'a>,
}

/// What a key stands for.
#[derive(Debug, Clone)]
pub(crate) enum StandsFor<'a> {
    /// A request in the ledger, which has the answer.
    Request(LedgerName<'a>),
    /// An answer that is nowhere else.
    Answer(Vec<u8>),
}

/// A row of the request ledger.
#[derive(Debug, Clone)]
pub(crate) struct LedgerRow<'a> {
    /// The request, by its position in the batch.
    pub(crate) request: usize,
    pub(crate) name: LedgerName<'a>,
    pub(crate) recorded_on: Instant,
    pub(crate) recorded_by: Actor,
    pub(crate) triggered_by: Option<&'a Owner>,
    pub(crate) answer: Vec<u8>,
    /// The first of the ids that the request gives.
    pub(crate) first_id: Option<ObjectId>,
    /// Its number, once it is written.
    pub(crate) number: i64,
}
