//! How this program speaks to servers elsewhere.

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// TLS with the servers that this machine trusts.
pub(crate) fn trusted() -> TlsConfig {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let roots = trusted
        .iter()
        .map(|it| Certificate::from_der(it).to_owned());
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
        .build()
}
