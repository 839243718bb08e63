//! The configuration: what it can say, and how it is put together.
//!
//! [`Settings`] is every key with its type; `config/default.toml` explains them and gives
//! each its default. [`load`](load::load) has `config` lay the files and the environment over
//! each other ([`value`]), reads the types from what results ([`typed`]), and stops at the first layer that
//! says something wrong, so that the one line of the error names the file or the variable to
//! mend.

mod agree;
mod database_url;
mod environment;
mod load;
mod oidc;
mod parse;
mod secret_files;
mod secrets_key;
mod show;
mod signing_key;
mod tls;
mod typed;
mod value;

use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use url::Url;

pub(crate) use agree::is_loopback;
pub(crate) use database_url::DatabaseUrl;
pub(crate) use environment::{CLIENT_SECRET, Environment};
pub(crate) use load::{Loaded, load};
pub(crate) use oidc::OidcSettings;
pub(crate) use secrets_key::SecretsKey;
pub(crate) use show::show;
pub(crate) use signing_key::SigningKey;
pub(crate) use tls::TlsSettings;

/// Why there is no configuration: one line that names the file or the variable at fault.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SettingsError(String);

impl SettingsError {
    /// `problem` of `source`, on one line whatever they hold.
    fn new(source: impl std::fmt::Display, problem: impl std::fmt::Display) -> Self {
        let text = format!("{source}: {problem}");
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        Self(lines.join(" "))
    }
}

/// Every key. `config/default.toml` says what each means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) http: HttpSettings,
    pub(crate) database: DatabaseSettings,
    pub(crate) auth: AuthSettings,
    pub(crate) limits: LimitSettings,
    pub(crate) idempotency: IdempotencySettings,
    pub(crate) events: EventSettings,
    pub(crate) webhooks: WebhookSettings,
    pub(crate) jobs: JobSettings,
    pub(crate) console: ConsoleSettings,
    pub(crate) secrets: SecretSettings,
    pub(crate) log: LogSettings,
    pub(crate) docs: DocsSettings,
    pub(crate) metrics: MetricsSettings,
    pub(crate) telemetry: TelemetrySettings,
    pub(crate) demo: DemoSettings,
}

/// `http`: where the server listens, and what bounds its work.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpSettings {
    #[serde(deserialize_with = "parse::host")]
    pub(crate) host: String,
    #[serde(deserialize_with = "parse::whole::<0, 65_535, _, _>")]
    pub(crate) port: u16,
    #[serde(deserialize_with = "parse::whole::<0, 1_024, _, _>")]
    pub(crate) workers: usize,
    #[serde(deserialize_with = "parse::size")]
    pub(crate) body_limit: usize,
    #[serde(deserialize_with = "parse::size")]
    pub(crate) body_budget: usize,
    #[serde(deserialize_with = "parse::duration")]
    pub(crate) request_timeout: Duration,
    #[serde(deserialize_with = "parse::duration")]
    pub(crate) write_timeout: Duration,
    #[serde(deserialize_with = "parse::whole::<1, 1_000_000, _, _>")]
    pub(crate) connections: usize,
    #[serde(deserialize_with = "parse::whole::<1, 1_000_000, _, _>")]
    pub(crate) connections_per_address: usize,
    #[serde(deserialize_with = "parse::networks")]
    pub(crate) trusted_proxies: Vec<IpNet>,
    #[serde(deserialize_with = "parse::whole::<0, 1_000_000, _, _>")]
    pub(crate) queue: usize,
    #[serde(deserialize_with = "parse::origins")]
    pub(crate) cors_origins: Vec<String>,
    #[serde(default)]
    pub(crate) tls: TlsSettings,
}

impl HttpSettings {
    /// How addresses of the API begin.
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.tls.is_set() { "https" } else { "http" }
    }
}

/// `database`: which one, and how long to wait for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseSettings {
    pub(crate) url: DatabaseUrl,
    #[serde(deserialize_with = "parse::whole::<1, 10_000, _, _>")]
    pub(crate) pool_size: u32,
    pub(crate) migrate: bool,
    #[serde(deserialize_with = "parse::database_timeout")]
    pub(crate) pool_timeout: Duration,
    #[serde(deserialize_with = "parse::database_timeout")]
    pub(crate) connect_timeout: Duration,
    #[serde(deserialize_with = "parse::database_timeout")]
    pub(crate) statement_timeout: Duration,
    #[serde(deserialize_with = "parse::database_timeout")]
    pub(crate) lock_timeout: Duration,
    #[serde(deserialize_with = "parse::word")]
    pub(crate) synchronous: Synchronous,
}

/// `database.synchronous`: when SQLite's disk has to have an answered request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Synchronous {
    /// Before it is answered.
    Full,
    /// Soon: a power cut may lose the last ones.
    Normal,
}

/// `auth`: access tokens, and how often a secret may be wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthSettings {
    pub(crate) token_key: Option<SigningKey>,
    #[serde(default)]
    pub(crate) token_keys: Vec<SigningKey>,
    #[serde(deserialize_with = "parse::token_ttl")]
    pub(crate) token_ttl: Duration,
    #[serde(deserialize_with = "parse::whole::<1, 1_000_000, _, _>")]
    pub(crate) failures_per_key: u32,
    #[serde(deserialize_with = "parse::whole::<1, 1_000_000, _, _>")]
    pub(crate) failures_per_address: u32,
}

/// `limits`: how much one request may ask for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitSettings {
    #[serde(deserialize_with = "parse::whole::<1, 1_000_000, _, _>")]
    pub(crate) customers_per_request: usize,
}

/// `idempotency`: how long answers are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdempotencySettings {
    #[serde(deserialize_with = "parse::duration")]
    pub(crate) retention: Duration,
}

/// `events`: how long they are kept, and how expiries become some.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventSettings {
    #[serde(deserialize_with = "parse::duration_of_seconds")]
    pub(crate) retention: Duration,
    #[serde(deserialize_with = "parse::duration")]
    pub(crate) expiry_grace: Duration,
    #[serde(deserialize_with = "parse::whole::<1, 1_000_000, _, _>")]
    pub(crate) expiry_rate: u32,
}

/// `webhooks`: which receivers there may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookSettings {
    pub(crate) allow_http: bool,
    #[serde(deserialize_with = "parse::networks")]
    pub(crate) allow_networks: Vec<IpNet>,
}

/// `jobs`: how many there may be, how large, and how long they are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobSettings {
    #[serde(deserialize_with = "parse::duration_of_seconds")]
    pub(crate) retention: Duration,
    #[serde(deserialize_with = "parse::whole::<1, 64, _, _>")]
    pub(crate) concurrency: u32,
    #[serde(deserialize_with = "parse::whole::<1, 1_000_000, _, _>")]
    pub(crate) max_unfinished: u32,
    #[serde(deserialize_with = "parse::size")]
    pub(crate) max_bytes: usize,
}

/// `console`: the pages for operators.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsoleSettings {
    pub(crate) enabled: bool,
    #[serde(deserialize_with = "parse::duration_of_seconds")]
    pub(crate) session_idle: Duration,
    #[serde(deserialize_with = "parse::duration_of_seconds")]
    pub(crate) session_max: Duration,
    #[serde(default, deserialize_with = "parse::optional_address")]
    pub(crate) url: Option<Url>,
    pub(crate) oidc: OidcSettings,
}

/// `secrets`: how they are stored.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretSettings {
    pub(crate) key: Option<SecretsKey>,
}

/// `log`: what is logged, and for whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    #[serde(deserialize_with = "parse::word")]
    pub(crate) format: LogFormat,
    #[serde(deserialize_with = "parse::log_level")]
    pub(crate) level: String,
}

/// `log.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// `docs`: the documents of the API, and the page that shows them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocsSettings {
    pub(crate) enabled: bool,
}

/// `metrics`: where they are, if not beside everything else.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricsSettings {
    #[serde(default, deserialize_with = "parse::optional_port")]
    pub(crate) port: Option<u16>,
    #[serde(default, deserialize_with = "parse::optional_host")]
    pub(crate) host: Option<String>,
}

/// `telemetry`: where traces are sent, and how many.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TelemetrySettings {
    #[serde(default, deserialize_with = "parse::optional_collector")]
    pub(crate) otlp_endpoint: Option<Url>,
    #[serde(deserialize_with = "parse::share")]
    pub(crate) otlp_ratio: f64,
}

/// `demo`: something to try requests on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoSettings {
    pub(crate) enabled: bool,
}

impl Settings {
    /// The port of its own that `/metrics` has; `None` if it is where the API is.
    pub(crate) fn metrics_port(&self) -> Option<u16> {
        // Two that are to be free ones are two.
        let is_of_api = |port: &u16| *port == self.http.port && *port != 0;
        self.metrics.port.filter(|port| !is_of_api(port))
    }
}
