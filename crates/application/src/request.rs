//! What every use case that writes takes beside its command: who asks, under which key, and
//! whether it is only to be tried. And the ids of requests: made where the caller gave none, and
//! used once.

use accolade_domain::audit::{Attribution, RequestTag};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;

use crate::access::Caller;
use crate::answer::Answer;
use crate::error::{UseCaseError, request_id_used};
use crate::ports::{Context, IdempotencyGuard, IdempotencyRecord, Operation, Ports, RulesVersion};

/// A request to change something, beside what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// The caller's idempotency key, if it sent one. A dry run does not use it.
    pub key: Option<IdempotencyGuard>,
    /// Whether every check is to be made and nothing recorded.
    pub dry_run: bool,
    /// The id that it has in its answer and in the log; `None` if it did not come over HTTP.
    pub tag: Option<RequestTag>,
    /// What the answer warns of. Who reads the body begins it, use cases add to it; it is kept under
    /// the key with the answer.
    pub warnings: Vec<Rejection>,
    /// The version of the org's rules by which it needs no approval; `None` where the store need not ask
    /// whether they are still the ones.
    pub rules: Option<RulesVersion>,
    /// The entity tag that its badge must have, of what was approved for that one.
    pub basis: Option<String>,
}

impl Request {
    /// A request of `caller` without a key, to be recorded.
    pub const fn new(caller: Caller) -> Self {
        Self {
            caller,
            key: None,
            dry_run: false,
            tag: None,
            warnings: Vec::new(),
            rules: None,
            basis: None,
        }
    }

    /// The key under which the request is recorded, with its warnings so far.
    pub(crate) fn recorded_key(&self) -> Option<IdempotencyGuard> {
        let key = self.key.as_ref().filter(|_| !self.dry_run)?;
        Some(IdempotencyGuard {
            warnings: self.warnings.clone(),
            ..key.clone()
        })
    }

    /// What is kept under the key if `answer` is the answer.
    pub(crate) fn record(&self, answer: &Answer) -> Option<IdempotencyRecord> {
        Some(IdempotencyRecord {
            guard: self.recorded_key()?,
            answer: answer.without_secrets(),
        })
    }

    /// How the request is recorded at `now`.
    pub(crate) fn context(&self, now: Instant) -> Context {
        Context {
            org: self.caller.org,
            actor: self.caller.actor,
            now,
            key: self.recorded_key(),
            tag: self.tag.clone(),
            rules: self.rules,
        }
    }

    /// Who asks, in which request, and that it is recorded at `now`.
    pub(crate) fn attribution(&self, now: Instant) -> Attribution {
        Attribution {
            actor: self.caller.actor,
            on: now,
            tag: self.tag.clone(),
        }
    }
}

/// The caller's id, or a new one.
pub(crate) fn id_or_new(
    ports: &Ports,
    request_id: Option<&RequestId>,
) -> Result<RequestId, UseCaseError> {
    match request_id {
        Some(request_id) => Ok(request_id.clone()),
        None => RequestId::try_from(ports.ids.uuid().to_string())
            .map_err(|error| UseCaseError::unexpected(error.into())),
    }
}

/// # Errors
/// 809 if a request with this id was executed.
pub(crate) fn check_id_unused(
    ports: &Ports,
    caller: &Caller,
    operation: Operation,
    request_id: &RequestId,
) -> Result<(), UseCaseError> {
    if ports
        .stores
        .requests
        .is_used(caller.org, operation, request_id)?
    {
        return Err(request_id_used().into());
    }
    Ok(())
}
