//! Whether the server can work, as operators and their balancers ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_application::ports::{Health, PoolUsage};
use actix_web::web;
use tokio::sync::Mutex;

use crate::middleware::draining::Draining;

/// How long an answer about the database is good: whoever asks more often gets the same one.
const FRESH: Duration = Duration::from_secs(1);

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
    pub(crate) fn new(health: Arc<dyn Health>, draining: Draining) -> Self {
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

    /// Whether requests can be served.
    ///
    /// # Errors
    /// Why not.
    pub(crate) async fn check(&self) -> Result<(), String> {
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
        let was_ready = last.as_ref().is_none_or(|asked| asked.answer.is_ok());
        if let Err(reason) = &answer
            && was_ready
        {
            tracing::warn!(reason, "not ready");
        }
        let at = Instant::now();
        last.insert(Asked { at, answer }).answer.clone()
    }
}
