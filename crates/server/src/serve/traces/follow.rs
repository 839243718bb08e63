//! How spans become a part of what others follow: by W3C's `traceparent`, taken over and passed on.

use std::time::Duration;

use accolade_http::traces::{CallersTrace, Traces};
use anyhow::{Context as _, Result};
use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::{Status, TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanExporter as _};
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;

use super::client::{Client, PATIENCE};
use super::queue::{Queue, REQUEST};
use super::{Counts, SpanLayer};
use crate::settings::TelemetrySettings;

/// The target of spans that are made for traces alone.
const TARGET: &str = "traces";

/// How long the end of the process waits for the collector.
const LAST: Duration = Duration::from_secs(2);

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// Spans that are collected.
#[derive(Debug)]
pub(super) struct Followed(SdkTracerProvider);

impl Followed {
    /// Begins to send spans where `settings` say; `None` if they say nothing.
    ///
    /// # Errors
    /// There can be no further thread, or no client.
    pub(super) fn start(settings: &TelemetrySettings, counts: &Counts) -> Result<Option<Self>> {
        let Some(endpoint) = &settings.otlp_endpoint else {
            return Ok(None);
        };
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder_empty()
            .with_service_name("accolade")
            .with_attribute(version)
            .build();
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new())
            .with_endpoint(endpoint.as_str())
            .with_timeout(PATIENCE)
            .build()
            .context("telemetry.otlp_endpoint")?;
        exporter.set_resource(&resource);
        // Who calls has decided whether what it follows is collected.
        let share = Sampler::TraceIdRatioBased(settings.otlp_ratio);
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(share)))
            .with_resource(resource)
            .with_span_processor(Queue::start(exporter, counts).context("traces")?)
            .build();
        Ok(Some(Self(provider)))
    }

    /// What takes spans down.
    pub(super) fn layer(&self) -> SpanLayer {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("accolade"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false);
        let filter = filter_fn(is_collected).with_max_level_hint(LevelFilter::INFO);
        Box::new(layer.with_filter(filter))
    }

    /// Sends what waits, if that is soon.
    pub(super) fn finish(&self) {
        // Nobody is left who could be told.
        let _ = self.0.shutdown_with_timeout(LAST);
    }
}

fn is_collected(of: &Metadata<'_>) -> bool {
    let is_request = || of.name() == REQUEST && of.target().starts_with("accolade_http");
    of.is_span() && (of.target() == TARGET || is_request())
}

impl Traces for Followed {
    fn take_over(&self, span: &Span, callers: CallersTrace<'_>) {
        let parent = TraceContextPropagator::new().extract(&Headers(callers));
        // What is not collected follows nobody.
        let _ = span.set_parent(parent);
    }

    fn answered(&self, span: &Span, route: Option<&str>, status: u16) {
        if let Some(route) = route {
            span.set_attribute("http.route", route.to_owned());
        }
        span.set_attribute("http.response.status_code", i64::from(status));
        if status >= 500 {
            span.set_status(Status::error(""));
        }
    }
}

/// The headers of a request, as the library reads them.
struct Headers<'a>(CallersTrace<'a>);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            PARENT => Some(self.0.parent),
            STATE => self.0.state,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![PARENT, STATE]
    }
}

/// The `traceparent` of a request that is a part of the current span; `None` if that is not collected.
pub(super) fn current_parent() -> Option<String> {
    let mut written = Written(None);
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut written);
    written.0
}

/// The header that the library writes.
struct Written(Option<String>);

impl Injector for Written {
    fn set(&mut self, key: &str, value: String) {
        if key == PARENT {
            self.0 = Some(value);
        }
    }
}
