//! One request to the API, and what every operation asks of it.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::str::FromStr;

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{IdempotencyGuard, IdempotencyKey, IdentifierKind, Ports};
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::query::Query;
use accolade_wire::request::batch::Reading;
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::{FromRequest, HttpRequest, web};
use anyhow::anyhow;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use time::Duration;

use crate::app::AppState;
use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::middleware::{Deadline, body};
use crate::routes::{idempotency, identifier};

/// The parameter that asks for a dry run.
pub(crate) const DRY_RUN: &str = "dryRun";

/// What a body is read by besides itself, taken from the request.
#[derive(Debug, Clone)]
pub(crate) struct BodyReading {
    max_customers: usize,
    request_id: Option<HeaderValue>,
    named_by: Option<IdentifierKind>,
}

impl BodyReading {
    /// The same for the reader of the body.
    pub(crate) fn by(&self) -> Reading<'_> {
        Reading {
            max_customers: self.max_customers,
            request_id: self.request_id.as_ref().map(HeaderValue::as_bytes),
            named_by: self.named_by,
        }
    }
}

/// A request to the API, its body not read yet.
pub(crate) struct Call {
    /// What the handlers share.
    pub(crate) state: web::Data<AppState>,
    request: HttpRequest,
    payload: Payload,
}

impl FromRequest for Call {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let state = request.app_data::<web::Data<AppState>>().cloned();
        let call = state.map(|state| Self {
            state,
            request: request.clone(),
            payload: payload.take(),
        });
        ready(call.ok_or_else(|| Failure::unexpected(anyhow!("the application has no state"))))
    }
}

impl Call {
    /// Who calls, if it may do what needs `group`.
    ///
    /// # Errors
    /// 1930, 1931, 1932; the store failed.
    pub(crate) async fn caller(&self, group: AccessGroup) -> Result<Caller, Failure> {
        self.state.auth.permit(&self.request, group).await
    }

    /// The headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// The caller's idempotency key, if it sent one.
    ///
    /// # Errors
    /// 999999 if it is malformed.
    pub(crate) fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Rejection> {
        idempotency::key(self.request.headers())
    }

    /// What `key` stands for when it comes with `body`.
    pub(crate) fn guard(
        &self,
        caller: &Caller,
        key: IdempotencyKey,
        body: &[u8],
    ) -> IdempotencyGuard {
        let used_on = self.state.ports.clock.now();
        // More than there is time for is held at its end.
        let retention =
            Duration::try_from(self.state.options.idempotency_retention).unwrap_or(Duration::MAX);
        IdempotencyGuard {
            org: caller.org,
            actor: caller.actor,
            key,
            fingerprint: idempotency::fingerprint(
                self.request.method().as_str(),
                self.request.path(),
                self.request.query_string(),
                body,
                self.headers().get(identifier::CUSTOMER_IDENTIFIER),
            ),
            warnings: Vec::new(),
            used_on,
            expires_on: used_on + retention,
        }
    }

    /// The body, which must be JSON by its content type.
    ///
    /// # Errors
    /// 1942, 1943, 1945.
    pub(crate) async fn json_body(&mut self) -> Result<Bytes, Failure> {
        let limit = self.state.options.body_limit;
        body::json(&self.request, self.payload.take(), limit).await
    }

    /// The body, which nobody reads but which belongs to what a key stands for.
    ///
    /// # Errors
    /// 1942, 1945.
    pub(crate) async fn any_body(&mut self) -> Result<Bytes, Failure> {
        let limit = self.state.options.body_limit;
        body::bytes(&self.request, self.payload.take(), limit).await
    }

    /// Runs a use case and gives its result.
    ///
    /// # Errors
    /// Those of `work`; those of the [dispatcher](Dispatcher::run).
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        effect: Effect,
        work: impl FnOnce(&Ports) -> Result<R, UseCaseError> + Send + 'static,
    ) -> Result<R, Failure> {
        let ports = self.state.ports.clone();
        let deadline = self.deadline();
        let done = self
            .state
            .dispatcher
            .run(deadline, effect, move || work(&ports))
            .await?;
        Ok(done?)
    }

    /// Until when it is to be answered.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::of(&self.request)
    }

    /// The query.
    pub(crate) fn query(&self) -> Query {
        Query::parse(self.request.query_string())
    }

    /// The id in the part of the path that the route names `name`. One that is malformed belongs
    /// to nothing.
    ///
    /// # Errors
    /// 404; `not_found` is what it says.
    pub(crate) fn id<T: FromStr>(&self, name: &str, not_found: &str) -> Result<T, Rejection> {
        self.path_part(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Rejection::of(Code::NotFound).saying(not_found))
    }

    /// What the body is read by besides itself.
    ///
    /// # Errors
    /// 400 if the header names no kind of identifier.
    pub(crate) fn reading(&self) -> Result<BodyReading, Rejection> {
        Ok(BodyReading {
            max_customers: self.state.options.customers_per_request,
            request_id: self.headers().get("requestId").cloned(),
            named_by: identifier::kind(self.headers())?,
        })
    }

    /// Whether the query asks for a dry run. What is wrong with it is said when it is read.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.query().flag(DRY_RUN) == Some(true)
    }

    /// The part of the path that the route names `name`, percent-decoded.
    ///
    /// # Errors
    /// 404 if it is not percent-encoded UTF-8 without NUL: nothing has such a name.
    pub(crate) fn path_part(&self, name: &str) -> Result<String, Rejection> {
        percent_decode_str(self.request.match_info().query(name))
            .decode_utf8()
            .ok()
            .filter(|text| !text.contains('\0'))
            .map(Cow::into_owned)
            .ok_or_else(|| Rejection::of(Code::NotFound))
    }
}
