//! The way to a provider that signs operators in.

use accolade_domain::operator::OperatorLink;
use accolade_domain::text::UrlText;

use crate::operators::RoundTrip;

/// Why a provider did not say who somebody is. The causes are for the log, not for whoever signs in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or answers what is no answer. Nobody is known to be wrong: it can be tried again.
    #[error("the provider is not available")]
    Unavailable(#[source] anyhow::Error),
    /// It knows nothing of the sign-in, or says of it what must not be believed.
    #[error("the provider did not vouch for anybody")]
    Refused(#[source] anyhow::Error),
}

/// A provider that signs people in and vouches for who they are.
pub trait IdentityProvider: Send + Sync {
    /// What people call it.
    fn name(&self) -> &str;

    /// What it calls itself, in every link to it.
    fn issuer(&self) -> &UrlText;

    /// Where a browser is sent that begins to sign in. It comes back with a code, and the state of the trip.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`].
    fn entrance(&self, trip: &RoundTrip) -> Result<String, ProviderError>;

    /// Who has signed in there, by the code that a browser came back with. It is believed only if the
    /// provider says now, and signed, that it vouches for this trip, to this server, for nobody else.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`], [`ProviderError::Refused`].
    fn identify(&self, code: &str, trip: &RoundTrip) -> Result<OperatorLink, ProviderError>;
}
