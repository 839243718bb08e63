//! The way of every operation that writes: who calls, may it, was it done before,
//! what is asked, do it, answer.

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::answer::Answer;
use accolade_application::error::UseCaseError;
use accolade_application::idempotency::{Carried, carry_out, recall};
use accolade_application::ports::{IdempotencyGuard, IdempotencyRecord, Ports, StoreError};
use accolade_domain::rejection::Rejection;
use actix_web::HttpResponse;
use actix_web::http::header::{ContentType, HeaderValue};

use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::json::Parsed;
use crate::render;
use crate::routes::call::Call;
use crate::routes::idempotency::REPLAYED;
use crate::routes::query::Query;

/// An operation that writes: who may do it, and what there is to its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Write {
    /// What the caller must be permitted.
    pub(crate) group: AccessGroup,
    /// What there is to its body.
    pub(crate) body: BodyKind,
    /// Whether it records anything: if not, idempotency keys are ignored.
    pub(crate) records: bool,
}

/// What there is to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// It is JSON.
    Json,
    /// It says nothing.
    Ignored,
}

struct Reply {
    body: Vec<u8>,
    replayed: bool,
}

impl Write {
    /// Answers `call` with what `execute` makes of what `read` reads, under the key that guards
    /// it. Parameters that `read` does not take from the query are warned of.
    pub(crate) async fn answer<C>(
        self,
        mut call: Call,
        read: impl FnOnce(&[u8], &mut Query) -> Result<Parsed<C>, Vec<Rejection>> + Send + 'static,
        execute: impl FnOnce(
            &Ports,
            &Caller,
            C,
            Option<IdempotencyGuard>,
        ) -> Result<Answer, UseCaseError>
        + Send
        + 'static,
    ) -> Result<HttpResponse, Failure> {
        let caller = call.caller(self.group).await?;
        let key = if self.records {
            call.idempotency_key()?
        } else {
            None
        };
        let running = key
            .clone()
            .map(|key| call.state.running_keys.start(caller.client, key))
            .transpose()?;
        let body = match self.body {
            BodyKind::Json => call.json_body().await?,
            BodyKind::Ignored => call.any_body().await?,
        };
        let guard = key.map(|key| call.guard(&caller, key, &body));
        let query = call.query();
        let effect = if self.records {
            Effect::Writes
        } else {
            Effect::Reads
        };
        let reply = call
            .run(effect, move |ports| {
                // Until the end, even if nobody waits for the answer any more.
                let _running = running;
                let read = |query: &mut Query| read(&body, query);
                let execute = |command, guard| execute(ports, &caller, command, guard);
                reply(ports, guard, query, read, execute)
            })
            .await?;
        let mut response = HttpResponse::Ok();
        if reply.replayed {
            response.insert_header((REPLAYED, HeaderValue::from_static("true")));
        }
        Ok(response.content_type(ContentType::json()).body(reply.body))
    }
}

fn reply<C>(
    ports: &Ports,
    mut guard: Option<IdempotencyGuard>,
    mut query: Query,
    read: impl FnOnce(&mut Query) -> Result<Parsed<C>, Vec<Rejection>>,
    execute: impl FnOnce(C, Option<IdempotencyGuard>) -> Result<Answer, UseCaseError>,
) -> Result<Reply, UseCaseError> {
    if let Some(guard) = &guard
        && let Some(record) = recall(ports, guard)?
    {
        return replay(&record);
    }
    let parsed = read(&mut query);
    let Parsed { value, warnings } = query.finish_with(parsed)?;
    if let Some(guard) = &mut guard {
        guard.warnings.clone_from(&warnings);
    }
    let carried = carry_out(ports, guard.as_ref(), || execute(value, guard.clone()))?;
    match carried {
        Carried::Before(record) => replay(&record),
        Carried::Out(answer) => Ok(Reply {
            body: render::answer(&answer, &warnings).map_err(unwritable)?,
            replayed: false,
        }),
    }
}

fn replay(record: &IdempotencyRecord) -> Result<Reply, UseCaseError> {
    Ok(Reply {
        body: render::answer(&record.answer, &record.guard.warnings).map_err(unwritable)?,
        replayed: true,
    })
}

/// An answer that is stored and cannot be written.
pub(crate) fn unwritable(error: serde_json::Error) -> UseCaseError {
    UseCaseError::Store(StoreError::Unexpected(error.into()))
}
