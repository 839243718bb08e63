//! What keys must agree on with each other before a server starts, and with the binary and its
//! libraries before any command runs.

use std::net::{IpAddr, ToSocketAddrs as _};

use crate::settings::{DatabaseUrl, Loaded, SettingsError};

impl Loaded {
    /// Checks that this binary, which has PostgreSQL inside or has not, can open the database.
    ///
    /// # Errors
    /// Names the file or variable that asks for PostgreSQL, and the command that builds it.
    pub(super) fn fit_to_binary(&self, has_postgres: bool) -> Result<(), SettingsError> {
        let is_asked = matches!(self.settings.database.url, DatabaseUrl::Postgres(_));
        if is_asked && !has_postgres {
            return Err(self.unbuilt(
                "database.url",
                "for SQLite alone",
                "speaks to PostgreSQL too",
            ));
        }
        Ok(())
    }

    /// Checks that this binary, which can send traces or cannot, can do what it is told of them.
    ///
    /// # Errors
    /// Names the file or variable that asks for traces, and the command that builds it.
    pub(super) fn fit_to_traces(&self, has_otlp: bool) -> Result<(), SettingsError> {
        if self.settings.telemetry.otlp_endpoint.is_some() && !has_otlp {
            return Err(self.unbuilt("telemetry.otlp_endpoint", "without traces", "sends them"));
        }
        Ok(())
    }

    /// Checks that this binary, which can ask a provider who somebody is or cannot, can do what it is told.
    ///
    /// # Errors
    /// Names the file or variable that says who the provider is, and the command that builds one that can.
    pub(super) fn fit_to_provider(&self, has_oidc: bool) -> Result<(), SettingsError> {
        if self.settings.console.oidc.issuer.is_some() && !has_oidc {
            let other = "has operators signed in by a provider";
            return Err(self.unbuilt("console.oidc.issuer", "without OIDC", other));
        }
        Ok(())
    }

    /// Checks that PostgreSQL's client library can read the URL of the database, parameters
    /// included.
    ///
    /// # Errors
    /// Names the file or variable that gives the URL, and what is wrong with it.
    pub(super) fn fit_to_libraries(&self) -> Result<(), SettingsError> {
        let url = &self.settings.database.url;
        accolade_persistence::check(&url.to_open())
            .map_err(|problem| self.refusal("database.url", &problem.to_string()))
    }

    /// Checks what no single key can be checked for.
    ///
    /// # Errors
    /// Names the file or variable that has to give way, and why.
    pub(crate) fn fit_to_serve(&self) -> Result<(), SettingsError> {
        let settings = &self.settings;
        let http = &settings.http;
        if settings.demo.enabled && !is_loopback(&http.host) {
            return Err(self.refusal(
                "demo.enabled",
                "demo.enabled needs http.host to be a loopback address like 127.0.0.1, because \
                 everybody knows the demo's secret",
            ));
        }
        let postgres = matches!(settings.database.url, DatabaseUrl::Postgres(_));
        if postgres && settings.auth.token_key.is_none() && !settings.demo.enabled {
            return Err(self.refusal(
                "auth.token_key",
                "is required with PostgreSQL, whose servers share it: set \
                 ACCOLADE__AUTH__TOKEN_KEY to the output of `openssl rand -hex 32`",
            ));
        }
        if http.body_budget < http.body_limit {
            return Err(self.refusal(
                "http.body_budget",
                "http.body_budget must have room for a body of http.body_limit",
            ));
        }
        http.tls
            .read()
            .map_err(|problem| self.refusal(problem.key, &problem.to_string()))?;
        let console = &settings.console;
        console
            .oidc
            .provider(console.url.as_ref())
            .map_err(|problem| self.refusal(problem.key, &problem.to_string()))?;
        let has_other_host = settings
            .metrics
            .host
            .as_ref()
            .is_some_and(|host| *host != http.host);
        if settings.metrics_port().is_none() && has_other_host {
            return Err(self.refusal(
                "metrics.host",
                "metrics.host is for a port of its own, and /metrics is at http.host and http.port: \
                 set a metrics.port that is not http.port",
            ));
        }
        Ok(())
    }

    /// That this binary was built without what `key` asks for, and the command that builds the `other`.
    fn unbuilt(&self, key: &str, built: &str, other: &str) -> SettingsError {
        let problem =
            format!("this accolade-server was built {built}: `make build` builds one that {other}");
        self.refusal(key, &problem)
    }

    /// The problem, of whatever gives the key its value, or of the key.
    fn refusal(&self, key: &str, problem: &str) -> SettingsError {
        SettingsError::new(self.source(key).unwrap_or(key), problem)
    }
}

/// Whether this machine alone reaches `host`.
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => (host, 0)
            .to_socket_addrs()
            .is_ok_and(|mut addresses| addresses.all(|address| address.ip().is_loopback())),
    }
}
