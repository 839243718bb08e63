//! `health`: asks the running server whether it is ready.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use rustls::crypto::ring::default_provider;
use ureq::tls::TlsConfig;

use crate::cli::print;
use crate::settings::{Environment, HttpSettings, load};

/// A server that takes longer is as good as none.
const PATIENCE: Duration = Duration::from_secs(4);

/// Says that the server is ready.
///
/// # Errors
/// It is not, or does not answer.
pub(super) fn health() -> Result<()> {
    let http = load(&Environment::of_process()?)?.settings.http;
    let url = format!("{}://{}/health/ready", http.scheme(), address(&http)?);
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        // The server is on this machine.
        .proxy(None)
        .tls_config(own_certificate())
        .build()
        .new_agent();
    // What the library says of a failure may name the address.
    let Ok(response) = agent.get(&url).call() else {
        bail!("no server answers where http.host and http.port say");
    };
    if !response.status().is_success() {
        bail!(
            "the server answers {}: it is not ready, /health/ready says why",
            response.status().as_u16()
        );
    }
    print("ready")
}

/// How the certificate of this machine's own server is taken: it has the name by which others call the
/// server, and nothing that is sent is secret.
fn own_certificate() -> TlsConfig {
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .disable_verification(true)
        .build()
}

/// Where a server with these settings is reached from its own machine.
pub(super) fn address(http: &HttpSettings) -> Result<String> {
    if http.port == 0 {
        bail!("http.port is 0, so the server's port is not known");
    }
    Ok(match http.host.parse::<IpAddr>() {
        Ok(ip) if ip.is_unspecified() && ip.is_ipv4() => format!("127.0.0.1:{}", http.port),
        Ok(ip) if ip.is_unspecified() => format!("[::1]:{}", http.port),
        Ok(ip) => SocketAddr::new(ip, http.port).to_string(),
        Err(_) => format!("{}:{}", http.host, http.port),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_on_loopback() {
        let at = |host: &str, port: u16| {
            let mut http = load(&Environment::default()).unwrap().settings.http;
            http.host = host.to_owned();
            http.port = port;
            address(&http).map_err(|error| error.to_string())
        };
        assert_eq!(at("0.0.0.0", 80), Ok("127.0.0.1:80".to_owned()));
        assert_eq!(at("::", 80), Ok("[::1]:80".to_owned()));
        assert_eq!(at("::1", 80), Ok("[::1]:80".to_owned()));
        assert_eq!(at("localhost", 80), Ok("localhost:80".to_owned()));
        assert!(at("127.0.0.1", 0).is_err());
    }
}
