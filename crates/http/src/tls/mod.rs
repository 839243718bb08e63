//! TLS by the server itself, where no proxy ends it before.
//!
//! A [`ServerCertificate`] is read from PEM; [`Tls`] presents it to who connects, and can have another
//! put in its place while connections go on. `listen` counts a connection in before
//! its handshake, which costs more than all that comes before, and gives a handshake little time.
//!
//! HTTP/1.1 alone is offered. What bounds a connection (one request at a moment, an answer that is
//! given up when nothing of it is taken, so many bytes in memory) rests on that: over HTTP/2 one
//! connection has many requests, and its other side can leave each answer untaken while it reads.

mod certificate;
mod listen;
mod secured;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

pub use certificate::{CertificateProblem, ServerCertificate};
pub(crate) use listen::listen;

/// The protocols that a handshake may agree on.
const PROTOCOLS: [&[u8]; 1] = [b"http/1.1"];

/// How a server proves to callers who it is. Cheap to clone; clones present the same certificate.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    presented: Arc<Presented>,
}

impl Tls {
    /// Presents `certificate`.
    ///
    /// # Errors
    /// The library has no version of TLS to offer.
    pub fn new(certificate: ServerCertificate) -> Result<Self, rustls::Error> {
        let presented = Arc::new(Presented(RwLock::new(certificate.into_key())));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&presented) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        let config = Arc::new(config);
        Ok(Self { config, presented })
    }

    /// Presents `certificate` from now on. Connections that there are go on.
    pub fn present(&self, certificate: ServerCertificate) {
        let mut presented = self
            .presented
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *presented = certificate.into_key();
    }
}

/// The certificate that is presented, with its key.
struct Presented(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Presented {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let presented = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&presented))
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(…)")
    }
}
