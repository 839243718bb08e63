//! How the edge behaves, as whoever starts it says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::jobs::JobLimits;
use ipnet::IpNet;
use prometheus::Registry;

use crate::connections::ConnectionBounds;
use crate::traces::Traces;

/// How the edge behaves. All of it comes from the configuration.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Threads that speak HTTP.
    pub workers: usize,
    /// How many connections there may be.
    pub connections: ConnectionBounds,
    /// The networks of proxies that say by `X-Forwarded-For` whom they have a request from.
    pub trusted_proxies: Vec<IpNet>,
    /// The most bytes that a body may have.
    pub body_limit: usize,
    /// The most bytes that large bodies, received and answered, may have together.
    pub body_budget: usize,
    /// How long a request may take, its body included.
    pub request_timeout: Duration,
    /// After how long a connection is given up whose other side takes nothing of what is sent.
    pub write_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long the rest of a body is read and thrown away that was answered before its end, so
    /// that who still sends it gets the answer and not a reset.
    pub linger: Duration,
    /// How long running requests have to finish when the server stops.
    pub shutdown_timeout: Duration,
    /// Use cases that run at one moment: as many as there are connections to the database.
    pub concurrency: usize,
    /// Groups of small enrolments that are executed at one moment, beside them, and of small
    /// earns of one badge.
    pub groups: usize,
    /// Groups of small earns of all badges.
    pub earn_groups: usize,
    /// Requests that may wait for one of them; more are refused with 1951.
    pub queue: usize,
    /// The most customers that one request may name.
    pub customers_per_request: usize,
    /// How long answers are kept under their idempotency keys.
    pub idempotency_retention: Duration,
    /// How long events are given.
    pub events_retention: Duration,
    /// How many jobs there may be, and how large.
    pub job_limits: JobLimits,
    /// How clients are authenticated.
    pub auth: AuthOptions,
    /// The origins whose pages may call the API from a browser, each as browsers write it.
    pub cors_origins: Vec<String>,
    /// Whether the documents of the API and the page that shows them are served.
    pub docs: bool,
    /// Whether `/metrics` is served beside the API; `false` if it has a port of its own.
    pub metrics: bool,
    /// How many lines the log of this process has dropped since the start.
    pub dropped_log_lines: fn() -> u64,
    /// What `/metrics` shows besides: of the background, the database and the process.
    pub more_metrics: Registry,
    /// Where spans of requests are collected, if anywhere.
    pub traces: Option<Arc<dyn Traces>>,
}

/// How clients are authenticated.
#[derive(Clone)]
pub struct AuthOptions {
    /// How long an access token is valid.
    pub token_ttl: Duration,
    /// What access tokens are signed with: the first signs, all are taken. Each has at least 32 bytes,
    /// and all servers have the same.
    pub token_keys: Vec<Vec<u8>>,
    /// Wrong secrets for one key within a minute, after which further ones get 1932.
    pub failures_per_key: u32,
    /// Wrong secrets from one address within a minute, after which further ones get 1932.
    pub failures_per_address: u32,
}

impl fmt::Debug for AuthOptions {
    /// Everything but the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthOptions")
            .field("token_ttl", &self.token_ttl)
            .field("failures_per_key", &self.failures_per_key)
            .field("failures_per_address", &self.failures_per_address)
            .finish_non_exhaustive()
    }
}
