//! TLS: the certificate that is presented, and how another takes its place.
//!
//! Certificates last for weeks and servers for months. Whoever renews the files sends SIGHUP: what is in
//! them is presented from then on, and connections go on. If it is no good the old one stays.

use accolade_application::ports::Clock as _;
use accolade_http::tls::{ServerCertificate, Tls};
use anyhow::{Context as _, Result};
use prometheus::{IntGauge, Registry};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::settings::TlsSettings;
use crate::sources::SystemClock;

/// What is presented, until there is something newer in the files.
pub(super) struct Presented {
    tls: Tls,
    settings: TlsSettings,
    ends: IntGauge,
    renewed: Signal,
}

/// Shows in `registry` when the certificate ends, which is not known yet.
///
/// # Errors
/// Something there has the name already.
pub(super) fn show_end(registry: &Registry) -> prometheus::Result<IntGauge> {
    let ends = IntGauge::new(
        "accolade_tls_certificate_end_seconds",
        "When the certificate that is presented ends, in seconds of the epoch; 0 without TLS.",
    )?;
    registry.register(Box::new(ends.clone()))?;
    Ok(ends)
}

impl Presented {
    /// Reads what is to be presented; `None` without TLS. SIGHUP is taken from now on.
    ///
    /// # Errors
    /// The files are no good; the signal cannot be taken.
    pub(super) fn read(settings: &TlsSettings, ends: IntGauge) -> Result<Option<Self>> {
        let Some(certificate) = settings.read()? else {
            return Ok(None);
        };
        tell(settings, &certificate, &ends);
        Ok(Some(Self {
            tls: Tls::new(certificate).context("TLS")?,
            settings: settings.clone(),
            ends,
            renewed: signal(SignalKind::hangup())?,
        }))
    }

    /// What connections are to be begun by.
    pub(super) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// Presents what is in the files each time that SIGHUP comes.
    pub(super) async fn follow(mut self) {
        while self.renewed.recv().await.is_some() {
            match self.settings.read() {
                Ok(Some(certificate)) => {
                    tell(&self.settings, &certificate, &self.ends);
                    self.tls.present(certificate);
                }
                // It was there when the server started, and settings are read only then.
                Ok(None) => {}
                Err(problem) => tracing::error!(
                    %problem,
                    "SIGHUP: the certificate is no good, and the one before is presented on"
                ),
            }
        }
    }
}

/// Says until when the certificate is good, and what is wrong around it.
fn tell(settings: &TlsSettings, certificate: &ServerCertificate, shown: &IntGauge) {
    let (begins, ends) = (certificate.begins(), certificate.ends());
    shown.set(ends.unix_micros() / 1_000_000);
    tracing::info!(valid_until = %ends, "this certificate is presented");
    let now = SystemClock.now();
    if now > ends {
        tracing::warn!(valid_until = %ends, "the certificate has ended: callers refuse it");
    } else if now < begins {
        tracing::warn!(valid_from = %begins, "the certificate has not begun: callers refuse it");
    }
    if settings.is_key_open_to_all() {
        tracing::warn!("everybody on this machine can read http.tls.key: `chmod 600` it");
    }
}
