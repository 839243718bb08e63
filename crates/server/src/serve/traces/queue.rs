//! Spans on their way to the collector.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use opentelemetry::Context;
use opentelemetry::trace::{SpanId, SpanKind};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

use super::client::PATIENCE;
use super::{Counts, Loss};

/// How many spans wait at most: a few megabytes.
const MOST_WAITING: usize = 4_096;

/// How many are sent at once.
const BATCH: usize = 512;

/// How long a span waits for company.
const REST: Duration = Duration::from_secs(1);

/// The span of a request, as the HTTP edge calls it.
pub(super) const REQUEST: &str = "request";

/// What the thread is told.
#[derive(Debug)]
enum Told {
    /// A span has ended.
    Ended(Box<SpanData>),
    /// What was told before is to be sent now, and then said so.
    Flush(SyncSender<()>),
}

/// Takes spans that have ended, and has a thread send them. The library's own queue keeps how many it
/// drops to itself.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: SyncSender<Told>,
    counts: Counts,
}

impl Queue {
    /// Starts the thread, which sends by `exporter`.
    ///
    /// # Errors
    /// There can be none.
    pub(super) fn start(
        exporter: impl SpanExporter + 'static,
        counts: &Counts,
    ) -> io::Result<Self> {
        let (waiting, told) = sync_channel(MOST_WAITING);
        let sending = Sending {
            exporter,
            counts: counts.clone(),
            is_failing: false,
        };
        thread::Builder::new()
            .name("traces".to_owned())
            .spawn(move || sending.run(&told))?;
        let counts = counts.clone();
        Ok(Self { waiting, counts })
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() || is_of_the_background(&span) {
            return;
        }
        if self.waiting.try_send(Told::Ended(Box::new(span))).is_err() {
            self.counts.dropped(1, Loss::QueueFull);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.shutdown_with_timeout(PATIENCE)
    }

    fn shutdown_with_timeout(&self, patience: Duration) -> OTelSdkResult {
        let (done, is_done) = sync_channel(1);
        // Where the queue is full the collector takes nothing.
        let told = self.waiting.try_send(Told::Flush(done));
        told.map_err(|_| OTelSdkError::Timeout(patience))?;
        is_done
            .recv_timeout(patience)
            .map_err(|_| OTelSdkError::Timeout(patience))
    }
}

/// Whether it is work of the database that no request asked for: there is no end of it, and nothing to see.
fn is_of_the_background(span: &SpanData) -> bool {
    let is_work = matches!(&*span.name, "query" | "transaction");
    is_work && span.parent_span_id == SpanId::INVALID
}

/// What the thread works with.
struct Sending<E> {
    exporter: E,
    counts: Counts,
    /// Whether the last batch was not taken.
    is_failing: bool,
}

impl<E: SpanExporter> Sending<E> {
    fn run(mut self, told: &Receiver<Told>) {
        while let Ok(first) = told.recv() {
            let until = Instant::now() + REST;
            let (mut batch, mut next, mut flushed) = (Vec::new(), Some(first), None);
            while let Some(now) = next {
                match now {
                    Told::Ended(span) => batch.push(as_shown(*span)),
                    Told::Flush(done) => flushed = Some(done),
                }
                if flushed.is_some() || batch.len() >= BATCH {
                    break;
                }
                let left = until.saturating_duration_since(Instant::now());
                next = told.recv_timeout(left).ok();
            }
            self.send(batch);
            if let Some(done) = flushed {
                // Whoever waited may have given up.
                let _ = done.send(());
            }
        }
    }

    fn send(&mut self, batch: Vec<SpanData>) {
        let spans = batch.len();
        if spans == 0 {
            return;
        }
        match block_on(self.exporter.export(batch)) {
            Ok(()) => {
                self.counts.exported(spans);
                if std::mem::take(&mut self.is_failing) {
                    tracing::info!("the collector of traces takes them again");
                }
            }
            Err(error) => {
                self.counts.dropped(spans, Loss::NotTaken);
                // Said once for those in a row.
                if !std::mem::replace(&mut self.is_failing, true) {
                    tracing::warn!(%error, "the collector of traces takes none: they are dropped");
                }
            }
        }
    }
}

/// The span as others know requests: by method and route, and as one that a server answers.
fn as_shown(mut span: SpanData) -> SpanData {
    if span.name == REQUEST {
        let of = |key: &str| {
            let found = span.attributes.iter().find(|it| it.key.as_str() == key);
            found.map(|it| it.value.as_str().into_owned())
        };
        if let (Some(method), Some(route)) = (of("method"), of("http.route")) {
            span.name = format!("{method} {route}").into();
        }
        span.span_kind = SpanKind::Server;
    }
    span
}
