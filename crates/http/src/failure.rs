//! How a request fails: what the answer says, and what only the log says.
//!
//! Handlers return a [`Failure`]; the [edge](crate::middleware::edge) gives it the id of the
//! request, logs it once if it is the server's fault, and sends it in the envelope.

use std::fmt;
use std::time::Duration;

use accolade_application::error::UseCaseError;
use accolade_application::ports::StoreError;
use accolade_domain::audit::RequestTag;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::envelope;
use actix_web::http::header::{
    ALLOW, ContentType, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpResponse, ResponseError};

use crate::middleware::request_tag::headers_of;

/// How a client may authenticate (RFC 9110).
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"accolade\", Bearer");

/// Seconds after which a refused request may be sent again.
const RETRY_SOON: HeaderValue = HeaderValue::from_static("1");

/// Why a request failed as a whole.
#[derive(Debug)]
pub struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    /// The first decides the status; the rest is more of the same.
    first: Rejection,
    rest: Vec<Rejection>,
    /// For the log alone.
    cause: Option<anyhow::Error>,
    headers: Vec<(HeaderName, HeaderValue)>,
    tag: Option<RequestTag>,
}

impl Failure {
    /// A failure with the standing message of `code`.
    pub(crate) fn new(code: Code) -> Self {
        Rejection::new(code).into()
    }

    /// Something that should not happen, of which the caller learns no more than that.
    pub(crate) fn unexpected(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::Internal).with_cause(cause)
    }

    /// The same with what the log is to know.
    pub(crate) fn with_cause(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The same with a header that the answer carries.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.retain(|(known, _)| *known != name);
        self.0.headers.push((name, value));
        self
    }

    /// The same, to be tried again after so many seconds.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.with_header(RETRY_AFTER, seconds.into())
    }

    /// The same, to be tried again after `wait`, in whole seconds.
    pub(crate) fn retry_after_time(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        self.retry_after(u64::try_from(seconds).unwrap_or(u64::MAX))
    }

    /// A method that a path does not take; `allowed` is the header's list.
    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        match HeaderValue::from_str(allowed) {
            Ok(allowed) => Self::new(Code::MethodNotAllowed).with_header(ALLOW, allowed),
            Err(error) => Self::unexpected(error),
        }
    }

    /// The same as an answer to the request `tag`, which a server's fault names.
    pub(crate) fn answering(mut self, tag: RequestTag) -> Self {
        self.0.tag = Some(tag);
        self
    }

    /// The answer to the request `tag`.
    pub(crate) fn error_response_for(&self, tag: &RequestTag) -> HttpResponse {
        self.response(Some(tag))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.first.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The code that decides the status.
    pub fn code(&self) -> Code {
        self.0.first.code
    }

    /// What the answer says first; a server's fault names the request `tag`.
    pub fn message(&self, tag: Option<&RequestTag>) -> String {
        match tag {
            Some(tag) if self.is_server_fault() => {
                format!("{} X-Request-Id: {}", self.0.first.message, tag.as_str())
            }
            _ => self.0.first.message.clone(),
        }
    }

    /// Every reason, the first one first; a server's fault names the request `tag`.
    pub fn problems(&self, tag: Option<&RequestTag>) -> Vec<Rejection> {
        self.rejections(tag)
    }

    /// In how many seconds it may be tried again, if that is said.
    pub fn retry_in(&self) -> Option<u64> {
        let mut headers = self.0.headers.iter();
        let (_, value) = headers.find(|(name, _)| *name == RETRY_AFTER)?;
        value.to_str().ok()?.parse().ok()
    }

    /// Headers that the answer carries.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// Writes it to the log if it is the server's fault.
    pub fn log(&self) {
        if !self.is_server_fault() {
            return;
        }
        let code = self.code().number();
        let cause = match &self.0.cause {
            Some(cause) => format!("{cause:#}"),
            None => self.message(None),
        };
        if self.code() == Code::Unavailable {
            tracing::warn!(code, cause, "refused: unavailable");
        } else {
            tracing::error!(code, cause, "request failed");
        }
    }

    fn is_server_fault(&self) -> bool {
        self.code().status() >= 500
    }

    /// What the answer says.
    fn rejections(&self, tag: Option<&RequestTag>) -> Vec<Rejection> {
        let first = self.0.first.clone().with_message(self.message(tag));
        let rest = self.0.rest.iter().cloned();
        [first].into_iter().chain(rest).collect()
    }

    fn response(&self, tag: Option<&RequestTag>) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        for header in &self.0.headers {
            response.insert_header(header.clone());
        }
        if let Some(tag) = tag {
            for header in headers_of(tag) {
                response.insert_header(header);
            }
        }
        response
            .content_type(ContentType::json())
            .body(envelope::failure(&self.rejections(tag)).unwrap_or_default())
    }
}

impl From<Rejection> for Failure {
    fn from(first: Rejection) -> Self {
        let headers = match first.code {
            Code::Unauthenticated => vec![(WWW_AUTHENTICATE, CHALLENGE)],
            Code::Unavailable | Code::IdempotencyKeyRunning => vec![(RETRY_AFTER, RETRY_SOON)],
            _ => vec![],
        };
        Self(Box::new(Inner {
            first,
            rest: vec![],
            cause: None,
            headers,
            tag: None,
        }))
    }
}

impl From<Vec<Rejection>> for Failure {
    fn from(rejections: Vec<Rejection>) -> Self {
        let mut rejections = rejections.into_iter();
        let Some(first) = rejections.next() else {
            return Self::unexpected(anyhow::anyhow!("a request was refused without a reason"));
        };
        let mut failure = Self::from(first);
        failure.0.rest = rejections.collect();
        failure
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Unavailable(_) => Code::Unavailable,
            StoreError::OutcomeUnknown(_) => Code::OutcomeUnknown,
            StoreError::Unexpected(_) => Code::Internal,
        };
        Self::new(code).with_cause(error)
    }
}

impl Failure {
    /// The same in the words of the request workflow, which has a code of its own for who may not.
    pub(crate) fn in_workflow(mut self) -> Self {
        if self.0.first.code == Code::Forbidden {
            self.0.first.code = Code::WorkflowForbidden;
        }
        self
    }
}

impl From<UseCaseError> for Failure {
    fn from(error: UseCaseError) -> Self {
        match error {
            UseCaseError::Refused(rejections) => rejections.into(),
            UseCaseError::IdempotencyKeyUsed => Self::new(Code::IdempotencyKeyRunning),
            UseCaseError::Store(error) => error.into(),
            UseCaseError::RulesChanged => Self::unexpected(error),
        }
    }
}

impl From<serde_json::Error> for Failure {
    /// An answer that cannot be written. What callers send is read elsewhere.
    fn from(error: serde_json::Error) -> Self {
        Self::unexpected(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.first, f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.response(self.0.tag.as_ref());
        if self.0.tag.is_some() {
            // It comes from the edge, past which nobody knows what became of the request's body.
            let head = response.head_mut();
            head.set_connection_type(ConnectionType::Close);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::MessageBody as _;

    fn tag(text: &'static str) -> RequestTag {
        RequestTag::try_from(text).unwrap()
    }

    fn sent(failure: &Failure) -> (u16, String) {
        let response = failure.error_response();
        let status = response.status().as_u16();
        let body = response.into_body().try_into_bytes().unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn the_first_reason_decides_the_status_and_all_are_told() {
        let failure = Failure::from(vec![
            Rejection::new(Code::NotFound).with_message("gone"),
            Rejection::unreadable("bad").at_field("x"),
        ]);
        assert_eq!(
            sent(&failure),
            (
                404,
                r#"{"data":null,"errors":[{"code":404,"message":"gone","reference":null},{"code":400,"message":"bad","reference":"x"}],"warnings":null}"#.to_owned()
            )
        );
    }

    #[test]
    fn a_servers_fault_names_the_request_and_hides_its_cause() {
        let cause = anyhow::anyhow!("password=hunter2");
        let failure = Failure::unexpected(cause).answering(tag("abc-1"));
        let (status, body) = sent(&failure);
        assert_eq!(status, 500);
        assert!(body.contains("X-Request-Id: abc-1"), "{body}");
        assert!(!body.contains("hunter2"), "{body}");
    }

    #[test]
    fn a_refusal_says_how_to_go_on_in_headers_too() {
        let header = |failure: Failure, name| {
            let response = failure.error_response();
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let unavailable = StoreError::Unavailable(anyhow::anyhow!("away"));
        assert_eq!(
            header(unavailable.into(), RETRY_AFTER).as_deref(),
            Some("1")
        );
        assert_eq!(
            header(Failure::new(Code::Unauthenticated), WWW_AUTHENTICATE).as_deref(),
            Some("Basic realm=\"accolade\", Bearer")
        );
        assert_eq!(
            header(
                Failure::new(Code::TooManyRequests).retry_after(42),
                RETRY_AFTER
            )
            .as_deref(),
            Some("42")
        );
        assert_eq!(
            header(Failure::method_not_allowed("GET, POST"), ALLOW).as_deref(),
            Some("GET, POST")
        );
    }

    #[test]
    fn what_a_store_says_becomes_the_code_that_tells_whether_to_send_again() {
        let code = |error: StoreError| Failure::from(error).code().number();
        assert_eq!(code(StoreError::Unavailable(anyhow::anyhow!("x"))), 1951);
        assert_eq!(code(StoreError::OutcomeUnknown(anyhow::anyhow!("x"))), 1952);
        assert_eq!(code(StoreError::Unexpected(anyhow::anyhow!("x"))), 999_999);
    }
}
