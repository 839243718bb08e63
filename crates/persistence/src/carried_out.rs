//! A request that was carried out, and under which names it is remembered.

use accolade_application::answer::Answer;
use accolade_application::ports::{IdempotencyGuard, Operation, RecordError};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;

use crate::retry::Failure;

/// A request that nobody triggered, and its answer.
pub(crate) struct CarriedOut<'a> {
    pub(crate) org: OrgId,
    pub(crate) operation: Operation,
    /// Without one it is not in the ledger.
    pub(crate) request_id: Option<&'a RequestId>,
    pub(crate) idempotency: Option<&'a IdempotencyGuard>,
    pub(crate) recorded_on: Instant,
    pub(crate) recorded_by: Actor,
    pub(crate) answer: &'a Answer,
}

/// What remembering requests needs of a connection, inside a transaction.
pub(crate) trait RequestSql {
    /// Reserves the request's idempotency key and writes it into the ledger, if it has one
    /// or an id. Gives its number there, or which of the two is used.
    fn carry_out(
        &mut self,
        request: &CarriedOut<'_>,
    ) -> Result<Result<Option<i64>, RecordError>, Failure>;
}
