//! A certificate and its key, read from PEM.

use std::fmt;
use std::sync::Arc;

use accolade_domain::instant::Instant;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use x509_parser::parse_x509_certificate;

/// A certificate of a server with those that vouch for it, and its key. Each is known to belong to the
/// other.
#[derive(Clone)]
pub struct ServerCertificate {
    key: Arc<CertifiedKey>,
    begins: Instant,
    ends: Instant,
}

/// Why PEM is no certificate with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// There is no certificate.
    #[error("has no certificate: it must be PEM, the server's own first")]
    NoCertificate,
    /// There is one that cannot be read.
    #[error("has a certificate that cannot be read")]
    BrokenCertificate,
    /// There is no key.
    #[error("has no private key: it must be PEM, and not encrypted")]
    NoKey,
    /// There is one of a kind that the library does not know.
    #[error("has a private key that cannot be used: it must be RSA, ECDSA or Ed25519")]
    UnusableKey,
    /// The key is another certificate's.
    #[error("has another private key than that of the certificate")]
    OtherKey,
}

impl CertificateProblem {
    /// Whether it is about the key, not the certificate.
    pub const fn is_of_key(self) -> bool {
        matches!(self, Self::NoKey | Self::UnusableKey | Self::OtherKey)
    }
}

impl ServerCertificate {
    /// Reads the certificate from one text in PEM, with those that vouch for it behind it, and its key
    /// from another.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, CertificateProblem> {
        let chain = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| CertificateProblem::BrokenCertificate)?;
        let own = chain.first().ok_or(CertificateProblem::NoCertificate)?;
        let (_, parsed) =
            parse_x509_certificate(own).map_err(|_| CertificateProblem::BrokenCertificate)?;
        let validity = parsed.validity();
        let moment = |seconds| {
            Instant::from_unix_seconds(seconds).map_err(|_| CertificateProblem::BrokenCertificate)
        };
        let begins = moment(validity.not_before.timestamp())?;
        let ends = moment(validity.not_after.timestamp())?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            PemError::NoItemsFound => CertificateProblem::NoKey,
            _ => CertificateProblem::UnusableKey,
        })?;
        let key =
            CertifiedKey::from_der(chain, key, &default_provider()).map_err(
                |error| match error {
                    TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        CertificateProblem::OtherKey
                    }
                    TlsError::InvalidCertificate(_) => CertificateProblem::BrokenCertificate,
                    _ => CertificateProblem::UnusableKey,
                },
            )?;
        Ok(Self {
            key: Arc::new(key),
            begins,
            ends,
        })
    }

    /// From when on it is valid.
    pub const fn begins(&self) -> Instant {
        self.begins
    }

    /// Until when it is valid.
    pub const fn ends(&self) -> Instant {
        self.ends
    }

    pub(super) fn into_key(self) -> Arc<CertifiedKey> {
        self.key
    }
}

impl fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerCertificate")
            .field("begins", &self.begins)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn made() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["badges.example.org".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 4, 1);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn problem(certificate: &str, key: &str) -> CertificateProblem {
        ServerCertificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_certificate_and_its_key_are_read_with_the_time_that_it_is_good_for() {
        let (certificate, key) = made();
        let read = ServerCertificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        assert_eq!(read.begins().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(read.ends().to_string(), "2026-04-01T00:00:00Z");
        // One file may have both.
        let both = format!("{key}{certificate}");
        ServerCertificate::from_pem(both.as_bytes(), both.as_bytes()).unwrap();
    }

    #[test]
    fn what_is_wrong_with_which_of_them_is_said() {
        let (certificate, key) = made();
        let (_, other_key) = made();
        let broken = certificate.replacen("MII", "AAA", 1);
        let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
        for (certificate, key, expected) in [
            ("", &*key, CertificateProblem::NoCertificate),
            (&key, &key, CertificateProblem::NoCertificate),
            (&broken, &key, CertificateProblem::BrokenCertificate),
            (&certificate, "", CertificateProblem::NoKey),
            (&certificate, &certificate, CertificateProblem::NoKey),
            (&certificate, &encrypted, CertificateProblem::NoKey),
            (&certificate, &other_key, CertificateProblem::OtherKey),
        ] {
            assert_eq!(problem(certificate, key), expected);
        }
    }
}
