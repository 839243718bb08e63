//! Traces: what a request spent its time on, sent to a collector by OTLP, as one part of what its caller
//! follows.
//!
//! Spans are those of `tracing`: that of the request, which the log has too, and those whose target is
//! `traces`, which it has not (`use case`, `group`, `transaction`, `query`, `delivery`). Without a
//! collector there is no layer for them, and none is made.
//!
//! Nobody waits for the collector: a span that ends is put into a bounded queue, and dropped and counted
//! if there is no room.

#[cfg(feature = "otlp")]
mod client;
#[cfg(feature = "otlp")]
mod follow;
#[cfg(feature = "otlp")]
mod queue;

use std::sync::Arc;

use accolade_http::traces::Traces;
use anyhow::Result;
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};
use tracing_subscriber::{Layer, Registry as Spans};

use crate::settings::TelemetrySettings;

/// Why spans did not arrive.
#[derive(Debug, Clone, Copy)]
enum Loss {
    /// The queue was full.
    QueueFull,
    /// The collector did not take them.
    NotTaken,
}

impl Loss {
    const ALL: [Self; 2] = [Self::QueueFull, Self::NotTaken];

    const fn label(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::NotTaken => "not_taken",
        }
    }
}

/// What became of spans.
#[derive(Debug, Clone)]
struct Counts {
    exported: IntCounter,
    dropped: IntCounterVec,
}

impl Counts {
    fn new() -> prometheus::Result<Self> {
        let exported = IntCounter::new(
            "accolade_trace_spans_exported_total",
            "Spans that the collector of traces has taken.",
        )?;
        let about =
            "Spans that were dropped: the queue was full, or the collector did not take them.";
        let dropped = Opts::new("accolade_trace_spans_dropped_total", about);
        let dropped = IntCounterVec::new(dropped, &["cause"])?;
        for loss in Loss::ALL {
            dropped.with_label_values(&[loss.label()]);
        }
        Ok(Self { exported, dropped })
    }
}

#[cfg(feature = "otlp")]
impl Counts {
    fn exported(&self, spans: usize) {
        self.exported.inc_by(spans as u64);
    }

    fn dropped(&self, spans: usize, loss: Loss) {
        let dropped = self.dropped.with_label_values(&[loss.label()]);
        dropped.inc_by(spans as u64);
    }
}

/// What takes spans down.
pub(super) type SpanLayer = Box<dyn Layer<Spans> + Send + Sync>;

/// The `traceparent` of a request to others that is a part of the current span.
pub(super) type PassedOn = fn() -> Option<String>;

/// Where spans go, if anywhere.
pub(super) struct TraceExport {
    counts: Counts,
    #[cfg(feature = "otlp")]
    followed: Option<Arc<follow::Followed>>,
}

impl TraceExport {
    /// Shows in `registry` what becomes of spans.
    ///
    /// # Errors
    /// Something there has one of the names already.
    pub(super) fn show_metrics(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(self.counts.exported.clone()))?;
        registry.register(Box::new(self.counts.dropped.clone()))
    }
}

#[cfg(feature = "otlp")]
impl TraceExport {
    /// Begins to send spans where the settings say, if they do.
    ///
    /// # Errors
    /// There can be no further thread, or no client.
    pub(super) fn start(settings: &TelemetrySettings) -> Result<Self> {
        let counts = Counts::new()?;
        let followed = follow::Followed::start(settings, &counts)?;
        Ok(Self {
            counts,
            followed: followed.map(Arc::new),
        })
    }

    /// What takes spans down beside the log; `None` if nobody collects them.
    pub(super) fn layer(&self) -> Option<SpanLayer> {
        self.followed.as_ref().map(|followed| followed.layer())
    }

    /// How requests become a part of what their callers follow.
    pub(super) fn followed(&self) -> Option<Arc<dyn Traces>> {
        let followed = Arc::clone(self.followed.as_ref()?);
        Some(followed)
    }

    /// How requests to others are followed on from here.
    pub(super) fn passed_on(&self) -> Option<PassedOn> {
        self.followed.is_some().then_some(follow::current_parent)
    }

    /// Sends what waits, if that is soon.
    pub(super) fn finish(&self) {
        if let Some(followed) = &self.followed {
            followed.finish();
        }
    }
}

/// Of a build that sends nothing: settings that say otherwise were refused.
#[cfg(not(feature = "otlp"))]
#[expect(clippy::unused_self, reason = "as in the build that sends spans")]
impl TraceExport {
    pub(super) fn start(_: &TelemetrySettings) -> Result<Self> {
        let counts = Counts::new()?;
        Ok(Self { counts })
    }

    pub(super) const fn layer(&self) -> Option<SpanLayer> {
        None
    }

    pub(super) const fn followed(&self) -> Option<Arc<dyn Traces>> {
        None
    }

    pub(super) const fn passed_on(&self) -> Option<PassedOn> {
        None
    }

    pub(super) const fn finish(&self) {}
}
