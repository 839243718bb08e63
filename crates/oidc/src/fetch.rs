//! The way to the provider: one request at a time, bounded in time and in bytes, that follows nobody
//! elsewhere.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};
use ureq::Agent;
use ureq::tls::TlsConfig;

/// How long the provider has for an answer, from looking its name up to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most bytes of an answer: several times what the largest providers say of themselves.
const MOST: u64 = 512 * 1024;

/// Sends requests to the provider, on a thread that may block.
#[derive(Debug, Clone)]
pub(crate) struct Fetch(Agent);

impl Fetch {
    pub(crate) fn new(tls: TlsConfig) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls)
            .user_agent(concat!("Accolade/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self(agent)
    }

    /// What is answered to `request`, whatever it is.
    ///
    /// # Errors
    /// Nothing is, in time.
    pub(crate) fn send(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (head, mut body) = self.0.run(request)?.into_parts();
        let body = body.with_config().limit(MOST).read_to_vec()?;
        Ok(HttpResponse::from_parts(head, body))
    }
}
