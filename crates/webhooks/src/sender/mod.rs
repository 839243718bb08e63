//! Sends one request to a receiver, and says how that went.
//!
//! A receiver is never a way into the network that the server stands in, and never a burden: what it
//! costs is bounded in time and in bytes, whatever it does.

mod answer;
mod connect;
mod resolve;
mod target;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::ports::{AttemptResult, AttemptStatus, Clock};
use accolade_domain::text::UrlText;
use accolade_domain::webhook::Webhook;
use accolade_domain::webhook::address::ReceiverPolicy;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant as Moment, timeout_at};
use tracing::Instrument as _;

use crate::body::Message;
use crate::plan::Ended;
use crate::signature::signatures;
use connect::{ConnectError, Connector};
use target::Target;

pub use resolve::{Lookup, Resolve, SystemResolver};

/// How long a receiver has to answer, from looking its name up to the end of the answer.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The most bytes of the head of an answer.
const MOST_HEAD: usize = 16 * 1024;

/// How long a connection is kept that nothing is sent on.
const IDLE: Duration = Duration::from_secs(30);

/// Who sends, as receivers see it.
const AGENT: &str = concat!("Accolade/", env!("CARGO_PKG_VERSION"));

/// How a request went.
#[derive(Debug)]
pub struct Sent {
    /// What it means for what was sent.
    pub ended: Ended,
    /// What is written down of it.
    pub result: AttemptResult,
}

/// Sends requests to receivers. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Sender {
    client: Client<Connector, Full<Bytes>>,
    connector: Connector,
    policy: Arc<ReceiverPolicy>,
    clock: Arc<dyn Clock>,
    patience: Duration,
    traceparent: Option<fn() -> Option<String>>,
}

impl Sender {
    /// A sender that looks names up by `resolver`, connects to what `policy` permits, and trusts the
    /// authorities in `roots`.
    ///
    /// # Errors
    /// The library of TLS has none of the versions that this needs, which its build rules out.
    pub fn new(
        resolver: Arc<dyn Resolve>,
        policy: ReceiverPolicy,
        roots: RootCertStore,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let policy = Arc::new(policy);
        let connector = Connector::new(resolver, Arc::clone(&policy), Arc::new(tls));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_max_buf_size(MOST_HEAD)
            // A request that may have arrived is told of as one that failed.
            .retry_canceled_requests(false)
            .build(connector.clone());
        Ok(Self {
            client,
            connector,
            policy,
            clock,
            patience: PATIENCE,
            traceparent: None,
        })
    }

    /// The same, where receivers can follow on what is collected here: `traceparent` gives the value of
    /// the header by which a request is a part of the current span.
    #[must_use]
    pub const fn with_traceparent(mut self, traceparent: fn() -> Option<String>) -> Self {
        self.traceparent = Some(traceparent);
        self
    }

    /// The same with another bound on how long a receiver has to answer.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whether a receiver may be at `url`, by the addresses that its name has at this moment.
    ///
    /// # Errors
    /// It must not be, in words for whoever wants it there.
    pub async fn check(&self, url: &UrlText) -> Result<(), String> {
        let target = Target::parse(url, &self.policy).map_err(|e| e.to_string())?;
        let Some(name) = target.name else {
            return Ok(());
        };
        let addresses = self.connector.addresses(&name).await;
        addresses.map(drop).map_err(|error| error.to_string())
    }

    /// Sends `message` to the receiver of `webhook`.
    pub async fn send(&self, webhook: &Webhook, message: Message) -> Sent {
        let attempted_on = self.clock.now();
        let began = Moment::now();
        let answered = self
            .request(webhook, message, began + self.patience)
            // For traces alone: without a collector none is made.
            .instrument(tracing::info_span!(target: "traces", "delivery", webhook = %webhook.id))
            .await;
        let result = AttemptResult {
            attempted_on,
            status: AttemptStatus::Failed,
            http_status: None,
            duration: time::Duration::try_from(began.elapsed()).unwrap_or(time::Duration::MAX),
            error: None,
            answer: None,
        };
        match answered {
            Ok(answered) => Sent {
                ended: answered.ended,
                result: AttemptResult {
                    status: if answered.ended == Ended::Delivered {
                        AttemptStatus::Succeeded
                    } else {
                        AttemptStatus::Failed
                    },
                    http_status: Some(answered.status),
                    error: answered.complaint,
                    answer: Some(answered.text),
                    ..result
                },
            },
            Err(unanswered) => Sent {
                ended: unanswered.ended,
                result: AttemptResult {
                    error: Some(unanswered.error),
                    ..result
                },
            },
        }
    }

    async fn request(
        &self,
        webhook: &Webhook,
        message: Message,
        deadline: Moment,
    ) -> Result<Answered, Unanswered> {
        let target =
            Target::parse(&webhook.settings.url, &self.policy).map_err(|e| e.to_string())?;
        let request = self.signed(webhook, target, message)?;
        let response = match timeout_at(deadline, self.client.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(client_error(&error)),
            Err(_) => {
                let seconds = self.patience.as_secs();
                return Err(format!("no answer within {seconds} seconds").into());
            }
        };
        Ok(self.read(response, deadline).await)
    }

    /// The request: fixed headers, those of Standard Webhooks, and the body that they sign.
    fn signed(
        &self,
        webhook: &Webhook,
        target: Target,
        message: Message,
    ) -> Result<Request<Full<Bytes>>, String> {
        let now = self.clock.now();
        let timestamp = now.unix_micros().div_euclid(1_000_000);
        let signature = signatures(&webhook.secrets, now, &message.id, timestamp, &message.body);
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        for (name, value) in &webhook.headers {
            let name = HeaderName::try_from(name.as_str());
            let mut value = HeaderValue::from_str(value.reveal()).map_err(unsendable)?;
            value.set_sensitive(true);
            headers.insert(name.map_err(unsendable)?, value);
        }
        let own = [
            (CONTENT_TYPE, message.content_type.to_owned()),
            (HeaderName::from_static("webhook-id"), message.id),
            (
                HeaderName::from_static("webhook-timestamp"),
                timestamp.to_string(),
            ),
            (HeaderName::from_static("webhook-signature"), signature),
        ];
        for (name, value) in own {
            headers.insert(name, value.try_into().map_err(unsendable)?);
        }
        if let Some(traceparent) = self.traceparent.and_then(|current| current()) {
            let value = traceparent.try_into().map_err(unsendable)?;
            headers.insert(HeaderName::from_static("traceparent"), value);
        }
        headers.remove(HOST);
        let mut request = Request::new(Full::new(message.body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Reads what is kept of an answer. The status has been there in time, so an answer that goes on
    /// for ever is cut off and no failure.
    async fn read(&self, response: Response<Incoming>, deadline: Moment) -> Answered {
        let (head, mut body) = response.into_parts();
        let mut text = Vec::new();
        while text.len() < AttemptResult::MOST_ANSWER {
            match timeout_at(deadline, body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        text.extend_from_slice(&data);
                    }
                }
                Ok(None | Some(Err(_))) | Err(_) => break,
            }
        }
        text.truncate(AttemptResult::MOST_ANSWER);
        Answered {
            ended: answer::meaning(head.status, &head.headers, self.clock.now()),
            status: head.status.as_u16(),
            complaint: answer::complaint(head.status),
            text: printable(&text),
        }
    }
}

/// Why there is no answer.
struct Unanswered {
    ended: Ended,
    error: String,
}

impl From<String> for Unanswered {
    fn from(error: String) -> Self {
        Self {
            ended: Ended::Failed,
            error,
        }
    }
}

/// What a receiver answered.
struct Answered {
    ended: Ended,
    status: u16,
    complaint: Option<String>,
    text: String,
}

/// The authorities that this machine trusts.
pub fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let loaded = rustls_native_certs::load_native_certs();
    for error in &loaded.errors {
        tracing::warn!(%error, "some of the authorities that this machine trusts cannot be read");
    }
    roots.add_parsable_certificates(loaded.certs);
    roots
}

fn unsendable<E>(_: E) -> String {
    "a header cannot be sent".to_owned()
}

/// Why there was no answer, without what a library says about it.
fn client_error(error: &ClientError) -> Unanswered {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<ConnectError>() {
            let ended = match error {
                // It is this server that has too much to do.
                ConnectError::Busy => Ended::NotTried,
                _ => Ended::Failed,
            };
            let error = error.to_string();
            return Unanswered { ended, error };
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            let text = if error.is_parse() {
                "the answer is not one of HTTP/1.1"
            } else {
                "the connection broke before there was an answer"
            };
            return text.to_owned().into();
        }
        source = cause.source();
    }
    "the connection failed".to_owned().into()
}

/// What was answered as a text that a database takes, of no more bytes than it had.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace(['\u{fffd}', '\0'], "?")
}
