//! Signing in by a provider, where one is configured.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use accolade_application::gate::Turn;
use accolade_application::operators::{
    ProvidedError, ProvidedResult, RoundTrip, sign_in_by_provider,
};
use accolade_application::ports::{IdentityProvider, ProviderError};
use accolade_domain::rejection::{Code, Rejection};
use actix_web::HttpRequest;

use super::{PageContext, tag};
use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;

impl PageContext {
    /// The same, where `provider` signs operators in beside their passwords.
    #[must_use]
    pub fn with_provider(mut self, provider: Arc<dyn IdentityProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Who signs operators in beside their passwords, if anybody does.
    pub fn provider(&self) -> Option<&dyn IdentityProvider> {
        self.provider.as_deref()
    }

    /// A trip that begins, and where its browser is to go.
    ///
    /// # Errors
    /// 1940 if there is no provider; 1951 if it does not answer, or too many wait.
    pub async fn begin_at_provider(
        &self,
        request: &HttpRequest,
    ) -> Result<(RoundTrip, String), Failure> {
        let provider = self.known_provider()?;
        let trip = RoundTrip::begin(&*self.ports().secrets);
        let begun = trip.clone();
        let work = move || provider.entrance(&begun);
        let deadline = Deadline::from_request(request);
        let line = &self.sign_ins.provided;
        let entrance = line
            .run(Turn::SYSTEM, deadline, Effect::Reads, work)
            .await?;
        Ok((trip, entrance.map_err(of_provider)?))
    }

    /// Begins a session for whoever comes back from the provider with this code, if she is an operator.
    /// `trip` is the one that her browser has begun.
    ///
    /// # Errors
    /// 1940 if there is no provider; 1930 if it does not vouch for anybody; 1932 if that was so too often;
    /// 1951 if it does not answer, or too many wait.
    pub async fn sign_in_by_provider(
        &self,
        request: &HttpRequest,
        code: &str,
        trip: RoundTrip,
    ) -> Result<ProvidedResult, Failure> {
        let provider = self.known_provider()?;
        let address = self.address(request);
        let (throttle, key) = (&self.sign_ins.throttle, counted_as(address));
        let line = if throttle.has_tripped(&key, address, Instant::now()) {
            &self.sign_ins.provided_suspects
        } else {
            &self.sign_ins.provided
        };
        let (ports, lifetimes) = (self.state.ports.clone(), self.lifetimes);
        let (code, tag) = (code.to_owned(), tag(request));
        let work = move || {
            let shown = (code.as_str(), &trip);
            sign_in_by_provider(&ports, &*provider, shown, Some(tag), lifetimes)
        };
        // Who does not see the end of it signs in again.
        let deadline = Deadline::from_request(request);
        match line
            .run(Turn::SYSTEM, deadline, Effect::Reads, work)
            .await?
        {
            Ok(result) => Ok(result),
            Err(ProvidedError::Store(error)) => Err(error.into()),
            Err(ProvidedError::Provider(error)) => {
                let is_refusal = matches!(error, ProviderError::Refused(_));
                let failure = of_provider(error);
                let wait = is_refusal
                    .then(|| throttle.wrong(&key, address, Instant::now()))
                    .flatten();
                Err(wait.map_or(failure, |wait| {
                    Failure::new(Code::TooManyRequests).retry_after_time(wait)
                }))
            }
        }
    }

    fn known_provider(&self) -> Result<Arc<dyn IdentityProvider>, Failure> {
        let provider = self.provider.clone();
        provider.ok_or_else(|| Failure::new(Code::PathNotFound))
    }
}

/// What those count as whom the provider does not vouch for: who they are is not known, only where.
fn counted_as(address: Option<IpAddr>) -> String {
    address.map_or_else(String::new, |it| format!("provider\0{it}"))
}

/// The failure of who wanted to sign in; the log has the cause.
fn of_provider(error: ProviderError) -> Failure {
    match error {
        ProviderError::Unavailable(cause) => {
            let message =
                "The provider does not answer. Sign in with your password, or again later.";
            let rejection = Rejection::new(Code::Unavailable).with_message(message);
            Failure::from(rejection).with_cause(cause.context("the provider"))
        }
        ProviderError::Refused(cause) => {
            // Whoever runs the server sees here what is wrong with how the two are set up.
            tracing::warn!(
                cause = format!("{cause:#}"),
                "the provider vouches for nobody"
            );
            let message = "The provider did not vouch for you. Sign in again.";
            Rejection::new(Code::Unauthenticated)
                .with_message(message)
                .into()
        }
    }
}
