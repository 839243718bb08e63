//! What operators ask: is it alive, can it work, how is it doing.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::failure::Failure;
use crate::metrics::Counts;
use crate::operation::{Bare, Operation, example, get};
use crate::state::AppState;

/// How long the metrics wait for what the database says of itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is asked beside the API, and where operators have a port of their own.
pub(crate) fn health_operations() -> Vec<Operation> {
    vec![
        get("/health/live", live)
            .named("live", "Operations", "Whether the process runs")
            .answers::<Bare<HealthStatus>>("It runs.", example!("up")),
        get("/health/ready", ready)
            .named("ready", "Operations", "Whether requests can be served")
            .answers::<Bare<HealthStatus>>(
                "The database answers, has all migrations and takes writes.",
                example!("up"),
            )
            .answers_with::<Bare<HealthStatus>>(
                503,
                "The database is away or takes no writes, or migrations are missing.",
                example!("down"),
            ),
    ]
}

/// What Prometheus asks.
pub(crate) fn metrics_operations() -> Vec<Operation> {
    vec![
        get("/metrics", metrics)
            .named("metrics", "Operations", "Metrics for Prometheus")
            .about("On a port of its own where one is configured.")
            .answers_text("The text format of Prometheus."),
    ]
}

/// Whether the server works.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthStatus {
    /// `up` or `down`.
    status: &'static str,
    /// Why it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

async fn live() -> HttpResponse {
    answer(Ok(()))
}

async fn ready(state: web::Data<AppState>) -> HttpResponse {
    answer(state.readiness.check().await)
}

async fn metrics(state: web::Data<AppState>) -> Result<HttpResponse, Failure> {
    // Who asks for metrics does not wait for a database that hangs.
    let is_ready = timeout(PATIENCE, state.readiness.check()).await;
    let is_ready = is_ready.is_ok_and(|ready| ready.is_ok());
    let (pool, usage) = (state.readiness.pool_usage(), state.usage());
    let counts = Counts {
        followers: state.followers.count(),
        streams: state.streams.count(),
        connections: state.connections.count(),
        body_bytes: state.bodies.held(),
    };
    let text = state
        .metrics
        .render(pool, usage, counts, is_ready)
        .map_err(Failure::unexpected)?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text))
}

fn answer(health: Result<(), String>) -> HttpResponse {
    let mut response = match health {
        Ok(()) => HttpResponse::Ok(),
        Err(_) => HttpResponse::ServiceUnavailable(),
    };
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(ContentType::json())
        .json(HealthStatus {
            status: if health.is_ok() { "up" } else { "down" },
            reason: health.err(),
        })
}
