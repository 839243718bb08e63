//! The outermost layer: it sees every request first and every answer last.
//!
//! It gives the request an id and a deadline, refuses it while the server is stopping,
//! and sees to it that whatever goes wrong inside, panics included, leaves in the
//! envelope, is logged once, and is counted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_domain::audit::RequestTag;
use accolade_domain::rejection::{Code, Rejection};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use futures_util::FutureExt as _;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::auth::ClientRate;
use crate::dispatch::{Effect, panic_failure};
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::middleware::deadline::Deadline;
use crate::middleware::draining::Draining;
use crate::middleware::held::Held;
use crate::middleware::request_tag::{headers_of, tag_of};
use crate::middleware::waited::Waited;
use crate::traces::{CallersTrace, Traces};

const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// What the edge works with.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    /// Where answers are counted.
    pub(crate) metrics: Metrics,
    /// Whether the server is stopping.
    pub(crate) draining: Draining,
    /// How long a request may take, its body included.
    pub(crate) request_timeout: Duration,
    /// Where spans of requests are collected, if anywhere.
    pub(crate) traces: Option<Arc<dyn Traces>>,
}

/// The middleware: `.wrap(from_fn(edge::edge))`, outermost.
///
/// # Errors
/// What has no request to be answered with, already in the envelope.
pub(crate) async fn edge<B: MessageBody + 'static>(
    edge: web::Data<Edge>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let tag = tag_of(request.headers());
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        method = %method,
        request_id = tag.as_str(),
        // Known when the caller is.
        org = Empty,
        client = Empty,
    );
    if let Some(traces) = &edge.traces
        && let Some(callers) = CallersTrace::of(request.headers())
    {
        traces.take_over(&span, callers);
    }
    request.extensions_mut().insert(tag.clone());
    request
        .extensions_mut()
        .insert(Deadline::after(edge.request_timeout));
    // The framework ends the connection of a request that offers to go on in another protocol,
    // also if nobody takes the offer, and does not say so.
    let ends = request.head().connection_type() == ConnectionType::Upgrade;
    let held = Held::of(&mut request);

    let outcome = if edge.draining.has_begun() && !is_for_operators(request.path()) {
        Ok(request.into_response(stopping().error_response_for(&tag)))
    } else {
        inside(next, request, &method)
            .instrument(span.clone())
            .await
    };
    let _entered = span.enter();
    let outcome = match outcome {
        Ok(response) => {
            let ends = ends || edge.draining.has_begun();
            let response = finish(response, ends, &tag);
            Ok(match held {
                Some(held) => held.until_sent(response),
                None => response,
            })
        }
        Err(failure) => {
            failure.log();
            Err(failure.answering(tag))
        }
    };
    let (route, status) = match &outcome {
        Ok(response) => (response.request().match_pattern(), response.status()),
        Err(failure) => (None, failure.status()),
    };
    let waited = outcome.as_ref().map_or(Duration::ZERO, Waited::of);
    // What the server needed: how long a caller wanted to wait says nothing of it.
    let latency = begun.elapsed().saturating_sub(waited);
    edge.metrics
        .answered(&method, route.as_deref(), status.as_u16(), latency);
    // Not as fields of the span: what is added to one later is written twice.
    tracing::info!(
        route = route.as_deref().unwrap_or_default(),
        status = status.as_u16(),
        latency_ms = latency.as_secs_f64() * 1_000.0,
        waited_ms = (!waited.is_zero()).then_some(waited.as_secs_f64() * 1_000.0),
        "answered"
    );
    if let Some(traces) = &edge.traces {
        traces.answered(&span, route.as_deref(), status.as_u16());
    }
    outcome.map_err(Error::from)
}

/// What the rest of the server makes of `request`; a panic and an error that has no response are
/// failures.
async fn inside<B: MessageBody + 'static>(
    next: Next<B>,
    request: ServiceRequest,
    method: &Method,
) -> Result<ServiceResponse<BoxBody>, Failure> {
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => Ok(response.map_into_boxed_body()),
        Ok(Err(error)) => Err(foreign(error.as_response_error().status_code(), &error)),
        Err(panic) => Err(panic_failure(&*panic, effect(method))),
    }
}

/// The response as it leaves. That the connection `ends` with it, it says: a server that is stopping
/// has an end then, and clients turn to another one.
fn finish(
    response: ServiceResponse<BoxBody>,
    ends: bool,
    tag: &RequestTag,
) -> ServiceResponse<BoxBody> {
    let mut response = enveloped(response, tag);
    let rate = response
        .request()
        .extensions()
        .get::<Arc<ClientRate>>()
        .cloned();
    let headers = response.headers_mut();
    for (name, value) in headers_of(tag) {
        headers.insert(name, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    if let Some(rate) = rate {
        rate.tell(headers);
    }
    // What customers hold is nobody's to keep on the way.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, NO_STORE);
    }
    if ends {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    response
}

/// The response with its failure, if it is one, in the envelope and in the log.
fn enveloped(response: ServiceResponse<BoxBody>, tag: &RequestTag) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let replacement = match response.response().error() {
        Some(error) => match error.as_error::<Failure>() {
            Some(failure) => Some(logged(failure, tag)),
            None => Some(logged(&foreign(status, error), tag)),
        },
        None if is_bare_failure(&response) => {
            let cause = anyhow::anyhow!("an answer of status {status} without a body");
            Some(logged(&from_status(status).with_cause(cause), tag))
        }
        None => None,
    };
    let Some(mut replacement) = replacement else {
        return response;
    };
    let (request, replaced) = response.into_parts();
    // Others that the answer came by may have said something in headers of their own.
    for (name, value) in replaced.headers() {
        if !replacement.headers().contains_key(name) {
            replacement
                .headers_mut()
                .insert(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, replacement)
}

fn logged(failure: &Failure, tag: &RequestTag) -> HttpResponse {
    failure.log();
    failure.error_response_for(tag)
}

fn is_bare_failure(response: &ServiceResponse<BoxBody>) -> bool {
    let empty = matches!(
        response.response().body().size(),
        BodySize::None | BodySize::Sized(0)
    );
    let failed = response.status().is_client_error() || response.status().is_server_error();
    empty && failed && response.request().method() != Method::HEAD
}

/// The failure that an error of the framework is.
fn foreign(status: StatusCode, error: &Error) -> Failure {
    from_status(status).with_cause(anyhow::anyhow!("{error}"))
}

fn from_status(status: StatusCode) -> Failure {
    Failure::new(match status {
        StatusCode::NOT_FOUND => Code::PathNotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::BodyTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_client_error() => Code::Unreadable,
        _ => Code::Internal,
    })
}

fn stopping() -> Failure {
    Rejection::new(Code::Unavailable)
        .with_message("The server is stopping. Nothing was recorded; send it again.")
        .into()
}

/// Whether who runs the server asks, who wants to know more while it is stopping, not less.
fn is_for_operators(path: &str) -> bool {
    path == "/metrics" || path.starts_with("/health/")
}

fn effect(method: &Method) -> Effect {
    if method.is_safe() {
        Effect::Reads
    } else {
        Effect::Writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::DispatcherUsage;
    use crate::metrics::Counts;
    use accolade_application::ports::PoolUsage;
    use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, read_body, try_call_service};
    use actix_web::{App, get, post};

    #[get("/fine/{id}")]
    async fn fine() -> &'static str {
        "fine"
    }

    #[get("/broken")]
    async fn broken() -> Result<HttpResponse, Failure> {
        Err(Failure::unexpected(anyhow::anyhow!("password=hunter2")))
    }

    #[post("/panics")]
    async fn panics() -> HttpResponse {
        panic!("as the test wants it")
    }

    #[get("/typed/{number}")]
    async fn typed(number: web::Path<u8>) -> String {
        number.to_string()
    }

    struct Answer {
        status: u16,
        tag: String,
        body: String,
        retry_after: Option<String>,
        metrics: String,
    }

    async fn ask(request: TestRequest, draining: bool) -> Answer {
        let edge = Edge {
            metrics: Metrics::new(|| 0, prometheus::Registry::new()).unwrap(),
            draining: Draining::default(),
            request_timeout: Duration::from_mins(1),
            traces: None,
        };
        if draining {
            edge.draining.begin();
        }
        let metrics = edge.metrics.clone();
        let app = init_service(
            App::new()
                .app_data(web::Data::new(edge))
                .wrap(from_fn(super::edge::<BoxBody>))
                .service((fine, broken, panics, typed))
                .service(web::resource("/health/live").route(web::get().to(HttpResponse::Ok))),
        )
        .await;
        let (head, body) = match try_call_service(&app, request.to_request()).await {
            Ok(response) => {
                let head = (response.status(), response.headers().clone());
                (head, read_body(response).await)
            }
            Err(error) => {
                let response = error.error_response();
                let head = (response.status(), response.headers().clone());
                let body = response.into_body().try_into_bytes().unwrap();
                (head, body)
            }
        };
        let (status, headers) = head;
        let header = |name: &str| {
            let value = headers.get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        Answer {
            status: status.as_u16(),
            tag: header("x-request-id").unwrap_or_default(),
            body: String::from_utf8(body.to_vec()).unwrap(),
            retry_after: header(RETRY_AFTER.as_str()),
            metrics: metrics
                .render(
                    PoolUsage::default(),
                    DispatcherUsage::default(),
                    Counts::default(),
                    true,
                )
                .unwrap(),
        }
    }

    #[actix_web::test]
    async fn an_answer_has_the_callers_id_or_a_new_one_and_is_counted_by_its_pattern() {
        let request = TestRequest::get().uri("/fine/62090013");
        let answer = ask(request.insert_header(("X-Request-Id", "abc-1")), false).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "fine"));
        assert_eq!(answer.tag, "abc-1");
        let line =
            r#"accolade_http_requests_total{method="GET",route="/fine/{id}",status="200"} 1"#;
        assert!(answer.metrics.contains(line), "{}", answer.metrics);
        let answer = ask(TestRequest::get().uri("/fine/1"), false).await;
        assert_eq!(answer.tag.len(), 36);
    }

    #[actix_web::test]
    async fn a_servers_fault_names_the_request_and_hides_its_cause() {
        let answer = ask(TestRequest::get().uri("/broken"), false).await;
        assert_eq!(answer.status, 500);
        assert!(
            answer
                .body
                .starts_with(r#"{"data":null,"errors":[{"code":999999,"#)
        );
        assert!(answer.body.contains(&answer.tag), "{}", answer.body);
        assert!(!answer.body.contains("hunter2"));
    }

    #[actix_web::test]
    async fn a_panic_is_an_answer_too() {
        let answer = ask(TestRequest::post().uri("/panics"), false).await;
        assert_eq!(answer.status, 500);
        assert!(answer.body.contains(&answer.tag) && !answer.tag.is_empty());
        assert!(
            answer.body.contains("whether it was recorded"),
            "{}",
            answer.body
        );
    }

    #[actix_web::test]
    async fn what_the_framework_refuses_is_in_the_envelope() {
        for (uri, method, status, code) in [
            ("/nothing", Method::GET, 404, 1940),
            ("/typed/x", Method::GET, 404, 1940),
            ("/health/live", Method::POST, 405, 1941),
        ] {
            let request = TestRequest::with_uri(uri).method(method);
            let answer = ask(request.insert_header((CONTENT_TYPE, "text/plain")), false).await;
            assert_eq!(answer.status, status, "{uri}");
            let start = format!(r#"{{"data":null,"errors":[{{"code":{code},"#);
            assert!(answer.body.starts_with(&start), "{uri}: {}", answer.body);
        }
    }

    #[actix_web::test]
    async fn a_server_that_stops_refuses_what_is_new_but_not_its_operators() {
        let answer = ask(TestRequest::get().uri("/fine/1"), true).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.retry_after.as_deref(), Some("1"));
        assert!(answer.body.contains("1951"));
        let answer = ask(TestRequest::get().uri("/health/live"), true).await;
        assert_eq!(answer.status, 200);
    }
}
