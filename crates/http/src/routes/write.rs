//! The way of every operation that writes: who calls, may it, was it done before,
//! what is asked, do it, answer.

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::answer::Answer;
use accolade_application::error::UseCaseError;
use accolade_application::idempotency::{Carried, carry_out, recall};
use accolade_application::ports::{IdempotencyGuard, IdempotencyRecord, Ports};
use accolade_domain::rejection::Rejection;
use actix_web::HttpResponse;
use actix_web::http::header::{ContentType, ETAG, HeaderValue};

use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::json::Parsed;
use crate::render::{self, Context, Rendered};
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
    /// Whether it records anything, and under which guard.
    pub(crate) recording: Recording,
}

/// What there is to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// It is JSON.
    Json,
    /// It says nothing.
    Ignored,
}

/// Whether an operation records anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recording {
    /// It does, once for each idempotency key.
    Guarded,
    /// It does, whatever keys are sent.
    Unguarded,
    /// It does not, whatever keys are sent: a dry run.
    Nothing,
}

impl Recording {
    /// What is recorded of a request, which may be a dry run.
    pub(crate) fn unless(dry_run: bool) -> Self {
        if dry_run {
            Self::Nothing
        } else {
            Self::Guarded
        }
    }

    fn effect(self) -> Effect {
        match self {
            Self::Guarded | Self::Unguarded => Effect::Writes,
            Self::Nothing => Effect::Reads,
        }
    }
}

struct Reply {
    rendered: Rendered,
    replayed: bool,
}

impl Write {
    /// Answers `call` with what `execute` makes of what `read` reads, under the key that guards
    /// it. Parameters that `read` does not take from the query are warned of.
    pub(crate) async fn answer<C>(
        self,
        call: Call,
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
        let as_it_is = |_: &Ports, _: &Caller, value| {
            let warnings = Vec::new();
            Ok(Parsed { value, warnings })
        };
        self.answer_resolved(call, read, as_it_is, execute).await
    }

    /// The same, where `resolve` makes of what was read what is executed, by what the directory
    /// knows, and may have more to warn of.
    pub(crate) async fn answer_resolved<A, C>(
        self,
        mut call: Call,
        read: impl FnOnce(&[u8], &mut Query) -> Result<Parsed<A>, Vec<Rejection>> + Send + 'static,
        resolve: impl FnOnce(&Ports, &Caller, A) -> Result<Parsed<C>, UseCaseError> + Send + 'static,
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
        let key = match self.recording {
            Recording::Guarded => call.idempotency_key()?,
            Recording::Unguarded | Recording::Nothing => None,
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
        let mut query = call.query();
        let recorded = self.recording != Recording::Nothing;
        let reply = call
            .run(self.recording.effect(), move |ports| {
                // Until the end, even if nobody waits for the answer any more.
                let _running = running;
                let read = || {
                    let parsed = read(&body, &mut query);
                    let Parsed {
                        value,
                        mut warnings,
                    } = query.finish_with(parsed)?;
                    let resolved = resolve(ports, &caller, value)?;
                    warnings.extend(resolved.warnings);
                    let value = resolved.value;
                    Ok(Parsed { value, warnings })
                };
                let execute = |command, guard| execute(ports, &caller, command, guard);
                let render = |answer: &Answer, warnings: &[Rejection]| {
                    let zone = &caller.zone;
                    render::answer(answer, recorded, Context { zone, warnings })
                };
                reply(ports, guard, read, execute, render)
            })
            .await?;
        let mut response = respond(reply.rendered);
        if reply.replayed {
            let replayed = HeaderValue::from_static("true");
            response.headers_mut().insert(REPLAYED, replayed);
        }
        Ok(response)
    }
}

fn reply<C>(
    ports: &Ports,
    mut guard: Option<IdempotencyGuard>,
    read: impl FnOnce() -> Result<Parsed<C>, UseCaseError>,
    execute: impl FnOnce(C, Option<IdempotencyGuard>) -> Result<Answer, UseCaseError>,
    render: impl Fn(&Answer, &[Rejection]) -> render::Result,
) -> Result<Reply, UseCaseError> {
    let replay = |record: &IdempotencyRecord| {
        Ok(Reply {
            rendered: render(&record.answer, &record.guard.warnings)?,
            replayed: true,
        })
    };
    if let Some(guard) = &guard
        && let Some(record) = recall(ports, guard)?
    {
        return replay(&record);
    }
    let Parsed { value, warnings } = read()?;
    if let Some(guard) = &mut guard {
        guard.warnings.clone_from(&warnings);
    }
    let carried = carry_out(ports, guard.as_ref(), || execute(value, guard.clone()))?;
    match carried {
        Carried::Before(record) => replay(&record),
        Carried::Out(answer) => Ok(Reply {
            rendered: render(&answer, &warnings)?,
            replayed: false,
        }),
    }
}

/// The response that carries `rendered`.
pub(crate) fn respond(rendered: Rendered) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(etag) = rendered.etag {
        response.insert_header((ETAG, format!("\"{etag}\"")));
    }
    response
        .content_type(ContentType::json())
        .body(rendered.body)
}
