//! `http.tls`: the certificate and the key by which the server speaks TLS itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use accolade_http::tls::ServerCertificate;
use serde::Deserialize;

use crate::settings::parse;

const CERTIFICATE: &str = "http.tls.certificate";
const KEY: &str = "http.tls.key";

/// `http.tls`: files in PEM. Both are named, or neither is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsSettings {
    #[serde(default, deserialize_with = "parse::optional_file")]
    pub(crate) certificate: Option<PathBuf>,
    #[serde(default, deserialize_with = "parse::optional_file")]
    pub(crate) key: Option<PathBuf>,
}

/// What keeps the server from speaking TLS. It does not say which file it is about, whose name may be a
/// secret in the wrong place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {problem}")]
pub(crate) struct TlsProblem {
    /// The key of the configuration that it is about.
    pub(crate) key: &'static str,
    problem: String,
}

impl TlsProblem {
    fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self {
            key,
            problem: problem.into(),
        }
    }
}

impl TlsSettings {
    /// Whether the server is to speak TLS.
    pub(crate) const fn is_set(&self) -> bool {
        self.certificate.is_some() || self.key.is_some()
    }

    /// The certificate with its key, as the files have them now; `None` if the server is to speak plain
    /// HTTP.
    ///
    /// # Errors
    /// One is named without the other, cannot be read, or does not belong to it.
    pub(crate) fn read(&self) -> Result<Option<ServerCertificate>, TlsProblem> {
        let (certificate, key) = match (&self.certificate, &self.key) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(alone(CERTIFICATE, KEY)),
            (None, Some(_)) => return Err(alone(KEY, CERTIFICATE)),
            (Some(certificate), Some(key)) => (certificate, key),
        };
        let certificate = read(CERTIFICATE, certificate)?;
        let key = read(KEY, key)?;
        let read = ServerCertificate::from_pem(&certificate, &key).map_err(|problem| {
            let of = if problem.is_of_key() {
                KEY
            } else {
                CERTIFICATE
            };
            TlsProblem::new(of, format!("names a file that {problem}"))
        })?;
        Ok(Some(read))
    }

    /// Whether everybody on this machine can read the key.
    pub(crate) fn is_key_open_to_all(&self) -> bool {
        let file = self.key.as_ref().and_then(|key| key.metadata().ok());
        file.is_some_and(|file| file.permissions().mode() & 0o004 != 0)
    }
}

fn alone(set: &'static str, missing: &str) -> TlsProblem {
    TlsProblem::new(
        set,
        format!("is set and {missing} is not: set both, or neither"),
    )
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsProblem> {
    fs::read(path).map_err(|error| {
        let problem = format!("names a file that cannot be read: {}", error.kind());
        TlsProblem::new(key, problem)
    })
}
