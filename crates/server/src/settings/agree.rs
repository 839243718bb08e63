//! What keys must agree on.

use std::net::{IpAddr, ToSocketAddrs as _};

use crate::settings::{DatabaseUrl, Loaded, SettingsError};

/// Checks what no single key can be checked for.
///
/// # Errors
/// Names the file or variable that has to give way, and why.
pub(super) fn agree(loaded: &Loaded) -> Result<(), SettingsError> {
    let settings = &loaded.settings;
    let refuse = |key: [&str; 2], problem: String| {
        let name = key.join(".");
        match loaded.source(&key.map(str::to_owned)) {
            Some(source) => Err(SettingsError::new(source, problem)),
            None => Err(SettingsError::new(name, problem)),
        }
    };
    if settings.demo.enabled && !is_loopback(&settings.http.host) {
        return refuse(
            ["demo", "enabled"],
            format!(
                "demo.enabled needs http.host to be a loopback address like 127.0.0.1, because \
                 everybody knows the demo's secret; it is {}",
                settings.http.host
            ),
        );
    }
    let postgres = matches!(settings.database.url, DatabaseUrl::Postgres(_));
    if postgres && settings.auth.token_key.is_none() && !settings.demo.enabled {
        return refuse(
            ["auth", "token_key"],
            "is required with PostgreSQL, whose servers share it: set ACCOLADE__AUTH__TOKEN_KEY \
             to the output of `openssl rand -hex 32`"
                .to_owned(),
        );
    }
    if settings
        .metrics
        .port
        .is_some_and(|port| port != 0 && port == settings.http.port)
    {
        return refuse(
            ["metrics", "port"],
            format!(
                "metrics.port must differ from http.port, {}; without it, /metrics is there",
                settings.http.port
            ),
        );
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => (host, 0)
            .to_socket_addrs()
            .is_ok_and(|mut addresses| addresses.all(|address| address.ip().is_loopback())),
    }
}
