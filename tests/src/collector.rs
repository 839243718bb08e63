//! A collector of traces that a test looks into.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::listening::{Received, listen};

/// How long a span may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// A collector on this machine, which takes everything.
#[derive(Debug)]
pub struct Collector {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    spans: Mutex<Vec<CollectedSpan>>,
    changed: Condvar,
}

/// A span as it arrived; ids are hexadecimal.
#[derive(Debug, Clone)]
pub struct CollectedSpan {
    /// What it is called.
    pub name: String,
    /// Which trace it belongs to.
    pub trace: String,
    /// Which one it is.
    pub id: String,
    /// Whose part it is; empty if nobody's.
    pub parent: String,
    /// Which others it is linked to.
    pub links: Vec<String>,
    /// What is said of it.
    pub attributes: BTreeMap<String, String>,
}

impl Collector {
    /// Begins to listen.
    pub fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let for_connections = Arc::clone(&shared);
        let address = listen(move |stream| for_connections.serve(&stream));
        let url = format!("http://{address}");
        Self { url, shared }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until `wanted` makes something of what has arrived.
    #[track_caller]
    pub fn expect<T>(&self, mut wanted: impl FnMut(&[CollectedSpan]) -> Option<T>) -> T {
        let spans = self.shared.spans.lock().unwrap();
        let mut found = None;
        let (spans, _) = self
            .shared
            .changed
            .wait_timeout_while(spans, PATIENCE, |spans| {
                found = wanted(spans);
                found.is_none()
            })
            .unwrap();
        found.unwrap_or_else(|| panic!("not among {spans:#?}"))
    }

    /// Everything so far.
    pub fn spans(&self) -> Vec<CollectedSpan> {
        self.shared.spans.lock().unwrap().clone()
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let Some(received) = Received::read(stream) else {
            return;
        };
        assert_eq!(received.call, "POST /v1/traces");
        let request = ExportTraceServiceRequest::decode(received.body.as_slice()).unwrap();
        let resources = request.resource_spans.into_iter();
        let scopes = resources.flat_map(|it| it.scope_spans);
        let spans = scopes.flat_map(|it| it.spans).map(collected);
        self.spans.lock().unwrap().extend(spans);
        self.changed.notify_all();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        // Whoever asked may be gone by now.
        let _ = { stream }.write_all(answer.as_bytes());
    }
}

fn collected(span: Span) -> CollectedSpan {
    let attributes = span.attributes.into_iter().map(|it| {
        let value = match it.value.and_then(|it| it.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (it.key, value)
    });
    CollectedSpan {
        name: span.name,
        trace: hex::encode(&span.trace_id),
        id: hex::encode(&span.span_id),
        parent: hex::encode(&span.parent_span_id),
        links: span
            .links
            .iter()
            .map(|it| hex::encode(&it.span_id))
            .collect(),
        attributes: attributes.collect(),
    }
}
