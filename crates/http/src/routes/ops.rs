//! What operators ask: is it alive, can it work, how is it doing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_application::ports::{Health, PoolUsage};
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::failure::Failure;
use crate::middleware::Draining;

/// How long an answer about the database is good: whoever asks more often gets the same one.
const FRESH: Duration = Duration::from_secs(1);

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

/// What the store said, and when.
#[derive(Clone)]
struct Asked {
    at: Instant,
    answer: Result<(), String>,
}

/// Whether the store can work, asked by one at a time.
#[derive(Clone)]
pub(crate) struct Readiness {
    health: Arc<dyn Health>,
    draining: Draining,
    last: Arc<Mutex<Option<Asked>>>,
}

impl Readiness {
    /// Asks `health`, until the server is stopping.
    pub(crate) fn of(health: Arc<dyn Health>, draining: Draining) -> Self {
        Self {
            health,
            draining,
            last: Arc::default(),
        }
    }

    /// How busy the store is.
    pub(crate) fn pool_usage(&self) -> PoolUsage {
        self.health.pool_usage()
    }

    async fn check(&self) -> Result<(), String> {
        if self.draining.has_begun() {
            return Err("the server is stopping".to_owned());
        }
        let mut last = self.last.lock().await;
        if let Some(asked) = last.as_ref().filter(|asked| asked.at.elapsed() < FRESH) {
            return asked.answer.clone();
        }
        let health = Arc::clone(&self.health);
        let asked = web::block(move || health.check()).await;
        let answer = match asked {
            Ok(answer) => answer.map_err(|reason| reason.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let at = Instant::now();
        last.insert(Asked { at, answer }).answer.clone()
    }
}

/// Whether the process runs
#[utoipa::path(
    get,
    path = "/health/live",
    operation_id = "live",
    tag = "Operations",
    responses((status = 200, description = "It runs.", body = HealthStatus, example = json!({"status": "up"}))),
)]
pub(crate) async fn live() -> HttpResponse {
    answer(Ok(()))
}

/// Whether requests can be served
#[utoipa::path(
    get,
    path = "/health/ready",
    operation_id = "ready",
    tag = "Operations",
    responses(
        (status = 200, description = "The database answers and has all migrations.", body = HealthStatus, example = json!({"status": "up"})),
        (status = 503, description = "The database is away, or migrations are missing.", body = HealthStatus, example = json!({"status": "down", "reason": "the database is not available"})),
    ),
)]
pub(crate) async fn ready(state: web::Data<AppState>) -> HttpResponse {
    answer(state.readiness.check().await)
}

/// Metrics for Prometheus
///
/// On a port of its own where one is configured.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "Operations",
    responses((status = 200, description = "The text format of Prometheus.", content_type = "text/plain", body = String)),
)]
pub(crate) async fn metrics(state: web::Data<AppState>) -> Result<HttpResponse, Failure> {
    let (pool, usage) = (state.readiness.pool_usage(), state.usage());
    let text = state
        .metrics
        .render(pool, usage)
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
