//! Certificates that tests make, and the other side of a handshake.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::server::Setup;

/// A certificate of `localhost`, for which it vouches itself.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: CertificateDer<'static>,
    /// It, in PEM.
    pub certificate: String,
    /// Its key, in PEM.
    pub key: String,
}

impl Certificate {
    /// Makes one that is good for long.
    pub fn make() -> Self {
        Self::until(2099)
    }

    /// Makes one that ends when this year begins.
    pub fn until(year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let made = params.self_signed(&key).unwrap();
        Self {
            der: made.der().clone(),
            certificate: made.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// The files of a certificate and its key.
#[derive(Debug)]
pub struct TlsFiles {
    directory: TempDir,
}

impl TlsFiles {
    /// Files with these.
    pub fn of(certificate: &Certificate) -> Self {
        let files = Self {
            directory: TempDir::new().unwrap(),
        };
        files.put(&certificate.certificate, &certificate.key);
        files
    }

    /// Puts others in their place.
    pub fn put(&self, certificate: &str, key: &str) {
        std::fs::write(self.certificate(), certificate).unwrap();
        std::fs::write(self.key(), key).unwrap();
    }

    /// The file of the certificate.
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("fullchain.pem")
    }

    /// The file of the key.
    pub fn key(&self) -> PathBuf {
        self.directory.path().join("privkey.pem")
    }
}

impl Setup {
    /// Has the server speak TLS.
    #[must_use]
    pub fn with_tls(self, files: &TlsFiles) -> Self {
        self.set(
            "http.tls.certificate",
            files.certificate().to_str().unwrap(),
        )
        .set("http.tls.key", files.key().to_str().unwrap())
    }
}

/// Bytes as they are, or encrypted.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Shakes hands with who has `certificate` and no other one.
    pub(crate) fn secure(self, protocols: &[&str], certificate: &Certificate) -> io::Result<Self> {
        let Self::Plain(mut stream) = self else {
            panic!("it is encrypted already");
        };
        let mut trusted = RootCertStore::empty();
        trusted.add(certificate.der.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
        let name = "localhost".try_into().unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, stream))))
    }

    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => stream.conn.alpn_protocol(),
        }
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
