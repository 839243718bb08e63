//! The way of every operation that writes: who calls, may it, was it done before,
//! what is asked, do it, answer.

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::answer::Answer;
use accolade_application::error::UseCaseError;
use accolade_application::idempotency::{Carried, carry_out, recall, settle};
use accolade_application::ports::{IdempotencyGuard, Ports};
use accolade_domain::rejection::Rejection;
use accolade_wire::customer::named::{NamedCustomer, NamedCustomers};
use accolade_wire::earning::request::Earn;
use accolade_wire::json::Parsed;
use accolade_wire::query::Query;
use accolade_wire::render::{self, Context, Rendered};
use accolade_wire::request::batch::Batch;
use actix_web::HttpResponse;
use actix_web::http::header::{ContentType, ETAG, HeaderValue};
use bytes::Bytes;

use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::group::{Grouped, Groups};
use crate::routes::call::Call;
use crate::routes::idempotency::{REPLAYED, Running};

/// The most customers of a request that may share a transaction with others.
const SMALL: usize = 100;

/// The most bytes of its body, which is read where others wait to be read too.
const SMALL_BODY: usize = 16 * 1024;

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
        call: Call,
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
        let opened = self.open(call).await?;
        opened.answer(read, resolve, execute).await
    }

    /// Finds out who calls and whether it may, and takes its key and its body.
    ///
    /// # Errors
    /// Those of authentication, of the key and of the body.
    pub(crate) async fn open(self, mut call: Call) -> Result<Opened, Failure> {
        let caller = call.caller(self.group).await?;
        let key = match self.recording {
            Recording::Guarded => call.idempotency_key()?,
            Recording::Unguarded | Recording::Nothing => None,
        };
        let running = key
            .clone()
            .map(|key| call.state.running_keys.start(caller.org, caller.actor, key))
            .transpose()?;
        let body = match self.body {
            BodyKind::Json => call.json_body().await?,
            BodyKind::Ignored => call.any_body().await?,
        };
        let guard = key.map(|key| call.guard(&caller, key, &body));
        Ok(Opened {
            recording: self.recording,
            call,
            caller,
            running,
            body,
            guard,
        })
    }
}

/// A request whose caller is known and may do what it asks for.
pub(crate) struct Opened {
    recording: Recording,
    call: Call,
    caller: Caller,
    running: Option<Running>,
    body: Bytes,
    guard: Option<IdempotencyGuard>,
}

/// Work that may share a transaction with others.
pub(crate) struct Job<C> {
    /// Who asks.
    pub(crate) caller: Caller,
    /// For what.
    pub(crate) command: C,
    /// Under which key.
    pub(crate) guard: Option<IdempotencyGuard>,
    /// Until the end, even if nobody waits for the answer any more.
    _running: Option<Running>,
}

/// Carries out what several ask for at once, as `carry_out` does with their commands under their
/// keys, which `keyed` puts into them; gives each its end, by position. `count` sees those that were not
/// carried out before.
pub(crate) fn together<C: Clone>(
    ports: &Ports,
    jobs: &[Job<C>],
    keyed: impl Fn(C, Option<IdempotencyGuard>) -> C,
    carry_out: impl FnOnce(Vec<(&Caller, C)>) -> Vec<Result<Answer, UseCaseError>>,
    count: impl Fn(Result<&Answer, &UseCaseError>),
) -> Vec<Result<Carried, UseCaseError>> {
    let asked = jobs
        .iter()
        .map(|job| (&job.caller, keyed(job.command.clone(), job.guard.clone())));
    let ended = carry_out(asked.collect());
    let settled = jobs.iter().zip(ended).map(|(job, ended)| {
        let carried = settle(ports, job.guard.as_ref(), ended);
        match &carried {
            Ok(Carried::Out(answer)) => count(Ok(answer)),
            Ok(Carried::Before(_)) => {}
            Err(error) => count(Err(error)),
        }
        carried
    });
    settled.collect()
}

/// What the body of a request that may share a transaction asks for.
pub(crate) trait Gathered: Send + 'static {
    /// How many customers it is about.
    fn customers(&self) -> usize;

    /// Whether the directory has to be asked who they are.
    fn names_by_identifier(&self) -> bool;
}

impl Gathered for Batch {
    fn customers(&self) -> usize {
        match &self.customers {
            NamedCustomers::Numbers(customers) => customers.customers().len(),
            NamedCustomers::Identifiers(_, identifiers) => identifiers.len(),
        }
    }

    fn names_by_identifier(&self) -> bool {
        matches!(self.customers, NamedCustomers::Identifiers(..))
    }
}

impl Gathered for Earn {
    fn customers(&self) -> usize {
        1
    }

    fn names_by_identifier(&self) -> bool {
        matches!(self.customer, NamedCustomer::Identifier(..))
    }
}

impl Opened {
    /// Answers it with what `execute` makes of what `read` and `resolve` make of it.
    pub(crate) async fn answer<A, C>(
        self,
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
        let Self {
            recording,
            call,
            caller,
            running,
            body,
            guard,
        } = self;
        let mut query = call.query();
        let recorded = recording != Recording::Nothing;
        let reply = call
            .run(recording.effect(), move |ports| {
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
        Ok(reply.respond())
    }

    /// What `read` reads, if the request is one to be gathered with others: it records something,
    /// is small, and nothing is wrong with it.
    pub(crate) fn gathered<A: Gathered>(
        &self,
        read: impl FnOnce(&[u8], &mut Query) -> Result<Parsed<A>, Vec<Rejection>>,
    ) -> Option<Parsed<A>> {
        if self.recording == Recording::Nothing || self.body.len() > SMALL_BODY {
            return None;
        }
        let mut query = self.call.query();
        let parsed = read(&self.body, &mut query);
        let parsed = query.finish_with(parsed).ok()?;
        (parsed.value.customers() <= SMALL).then_some(parsed)
    }

    /// Answers it with what `groups` makes of `parsed`, which was [gathered](Self::gathered),
    /// after `resolve`.
    ///
    /// Whether its key was used before is not asked first: the store refuses it then.
    pub(crate) async fn answer_in_group<A: Gathered, C>(
        self,
        parsed: Parsed<A>,
        resolve: impl FnOnce(&Ports, &Caller, A) -> Result<Parsed<C>, UseCaseError> + Send + 'static,
        groups: &Groups<Job<C>, Carried>,
    ) -> Result<HttpResponse, Failure>
    where
        C: Send + 'static,
        Job<C>: Grouped,
    {
        let Self {
            call,
            caller,
            running,
            mut guard,
            ..
        } = self;
        let Parsed {
            value,
            mut warnings,
        } = parsed;
        let weight = value.customers();
        let zone = caller.zone.clone();
        let render = |answer: &Answer, warnings: &[Rejection]| {
            let zone = &zone;
            render::answer(answer, true, Context { zone, warnings })
        };
        let resolved = if value.names_by_identifier() {
            let (caller, guard) = (caller.clone(), guard.clone());
            let resolve = move |ports: &Ports| match resolve(ports, &caller, value) {
                Ok(resolved) => Ok(Ok(resolved)),
                // The directory may have known more when the key was used.
                Err(failure) => settle(ports, guard.as_ref(), Err(failure)).map(Err),
            };
            call.run(Effect::Reads, resolve).await?
        } else {
            Ok(resolve(&call.state.ports, &caller, value)?)
        };
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(carried) => return Ok(Reply::of(carried, &warnings, render)?.respond()),
        };
        warnings.extend(resolved.warnings);
        if let Some(guard) = &mut guard {
            guard.warnings.clone_from(&warnings);
        }
        let job = Job {
            caller,
            command: resolved.value,
            guard,
            _running: running,
        };
        let carried = groups.run(call.deadline(), job, weight).await?;
        Ok(Reply::of(carried, &warnings, render)?.respond())
    }
}

struct Reply {
    rendered: Rendered,
    replayed: bool,
}

impl Reply {
    fn of(
        carried: Carried,
        warnings: &[Rejection],
        render: impl Fn(&Answer, &[Rejection]) -> render::Result,
    ) -> Result<Self, UseCaseError> {
        Ok(match carried {
            Carried::Before(record) => Self {
                rendered: render(&record.answer, &record.guard.warnings)?,
                replayed: true,
            },
            Carried::Out(answer) => Self {
                rendered: render(&answer, warnings)?,
                replayed: false,
            },
        })
    }

    fn respond(self) -> HttpResponse {
        let mut response = respond(self.rendered);
        if self.replayed {
            let replayed = HeaderValue::from_static("true");
            response.headers_mut().insert(REPLAYED, replayed);
        }
        response
    }
}

fn reply<C>(
    ports: &Ports,
    mut guard: Option<IdempotencyGuard>,
    read: impl FnOnce() -> Result<Parsed<C>, UseCaseError>,
    execute: impl FnOnce(C, Option<IdempotencyGuard>) -> Result<Answer, UseCaseError>,
    render: impl Fn(&Answer, &[Rejection]) -> render::Result,
) -> Result<Reply, UseCaseError> {
    if let Some(guard) = &guard
        && let Some(record) = recall(ports, guard)?
    {
        return Reply::of(Carried::Before(record), &[], render);
    }
    let Parsed { value, warnings } = read()?;
    if let Some(guard) = &mut guard {
        guard.warnings.clone_from(&warnings);
    }
    let carried = carry_out(ports, guard.as_ref(), || execute(value, guard.clone()))?;
    Reply::of(carried, &warnings, render)
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
