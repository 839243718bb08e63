//! What is known of the provider: where its doors are, and which keys it signs with. Fetched when it is
//! needed first, an hour after that, and when something is signed by a key that is not known.

use std::error::Error;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use accolade_application::ports::{Clock, ProviderError};
use accolade_domain::instant::Instant;
use anyhow::{Context as _, anyhow, bail};
use openidconnect::core::{CoreClient, CoreClientAuthMethod, CoreProviderMetadata};
use openidconnect::{
    AuthType, ClientId, ClientSecret, DiscoveryError, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, RedirectUrl, TokenUrl,
};
use time::Duration;
use url::{Host, Url};

use crate::fetch::Fetch;

/// How long it is believed.
const BELIEVED: Duration = Duration::hours(1);

/// How often it is fetched because of a key that is not known: whoever makes keys up is no burden to the
/// provider.
const AT_MOST_EVERY: Duration = Duration::minutes(1);

/// The provider as the library speaks to it.
pub(crate) type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// As whom this server comes to the provider.
#[derive(Debug, Clone)]
pub(crate) struct Ourselves {
    pub(crate) issuer: IssuerUrl,
    pub(crate) id: ClientId,
    pub(crate) secret: Option<ClientSecret>,
    pub(crate) back: RedirectUrl,
}

/// What is known, shared by all who sign in.
pub(crate) struct Known {
    fetch: Fetch,
    ourselves: Ourselves,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    client: Option<(Arc<Client>, Instant)>,
    /// When the provider last did not answer.
    failed_on: Option<Instant>,
    /// When it was last fetched because of a key.
    for_key_on: Option<Instant>,
}

impl Known {
    pub(crate) fn new(fetch: Fetch, ourselves: Ourselves, clock: Arc<dyn Clock>) -> Self {
        Self {
            fetch,
            ourselves,
            clock,
            state: Mutex::default(),
        }
    }

    /// The provider, as it said that it is less than an hour ago.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`].
    pub(crate) fn client(&self) -> Result<Arc<Client>, ProviderError> {
        let began = self.clock.now();
        let mut state = self.state();
        match &state.client {
            Some((client, since)) if began.since(*since) < BELIEVED => Ok(Arc::clone(client)),
            _ => self.fetch(&mut state, began),
        }
    }

    /// The provider, asked anew because it signed by a key that `client` does not have; `None` if that was
    /// done less than a minute ago.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`].
    pub(crate) fn with_new_keys(
        &self,
        client: &Arc<Client>,
    ) -> Result<Option<Arc<Client>>, ProviderError> {
        let began = self.clock.now();
        let mut state = self.state();
        match &state.client {
            // Somebody else has asked meanwhile.
            Some((newer, _)) if !Arc::ptr_eq(newer, client) => return Ok(Some(Arc::clone(newer))),
            _ => {}
        }
        let is_soon = |on: Instant| began.since(on) < AT_MOST_EVERY;
        if state.for_key_on.is_some_and(is_soon) {
            return Ok(None);
        }
        state.for_key_on = Some(began);
        self.fetch(&mut state, began).map(Some)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is there is whole after a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the provider, for who came at `began`. One asks at a time; whoever waited for one whom it did not
    /// answer is told so, and does not wait again.
    fn fetch(&self, state: &mut State, began: Instant) -> Result<Arc<Client>, ProviderError> {
        if state.failed_on.is_some_and(|on| on > began) {
            let cause = anyhow!("it did not answer somebody who asked before");
            return Err(ProviderError::Unavailable(cause));
        }
        match self.ask() {
            Ok(client) => {
                let client = Arc::new(client);
                state.client = Some((Arc::clone(&client), self.clock.now()));
                Ok(client)
            }
            Err(error) => {
                state.failed_on = Some(self.clock.now());
                Err(ProviderError::Unavailable(error))
            }
        }
    }

    fn ask(&self) -> anyhow::Result<Client> {
        let send = |request| self.fetch.send(request);
        let ourselves = &self.ourselves;
        let found = CoreProviderMetadata::discover(&ourselves.issuer, &send);
        let found = found.map_err(why).context("what it says of itself")?;
        for door in doors(&found) {
            check(door, ourselves.issuer.url())?;
        }
        let auth_type = auth_type(&found);
        let client = CoreClient::from_provider_metadata(
            found,
            ourselves.id.clone(),
            ourselves.secret.clone(),
        );
        Ok(client
            .set_auth_type(auth_type)
            .set_redirect_uri(ourselves.back.clone()))
    }
}

/// Where browsers and this server are sent by it.
fn doors(found: &CoreProviderMetadata) -> Vec<&Url> {
    let mut doors = vec![found.authorization_endpoint().url(), found.jwks_uri().url()];
    doors.extend(found.token_endpoint().map(TokenUrl::url));
    doors
}

/// Refuses what is not encrypted, unless the provider is on this machine: a secret is sent there.
fn check(door: &Url, issuer: &Url) -> anyhow::Result<()> {
    let is_here = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if door.scheme() == "https" || (is_here(issuer) && is_here(door)) {
        return Ok(());
    }
    bail!("it names {door}, which is not https")
}

/// How this server shows its secret: as the standard has it, unless the provider takes it only in the body.
fn auth_type(found: &CoreProviderMetadata) -> AuthType {
    let Some(methods) = found.token_endpoint_auth_methods_supported() else {
        return AuthType::BasicAuth;
    };
    let takes = |method: CoreClientAuthMethod| methods.contains(&method);
    if takes(CoreClientAuthMethod::ClientSecretPost)
        && !takes(CoreClientAuthMethod::ClientSecretBasic)
    {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

/// What went wrong, without what was answered.
fn why(error: DiscoveryError<ureq::Error>) -> anyhow::Error {
    match error {
        DiscoveryError::Parse(error) => unread(error.path()),
        error => causes(&error),
    }
}

/// That an answer cannot be read: where, and not what stands there.
pub(crate) fn unread(place: &impl Display) -> anyhow::Error {
    anyhow!("the answer cannot be read, at {place}")
}

/// `error` with what lies behind it, in words.
pub(crate) fn causes(error: &dyn Error) -> anyhow::Error {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    anyhow!(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_elsewhere_may_name_nothing_that_is_not_encrypted() {
        let is_taken = |door: &str, issuer: &str| {
            let url = |text: &str| Url::parse(text).unwrap();
            check(&url(door), &url(issuer)).is_ok()
        };
        let (elsewhere, here) = ("https://id.example.org", "http://127.0.0.1:8000");
        assert!(is_taken("https://keys.example.org/jwks", elsewhere));
        assert!(is_taken("http://localhost:8000/jwks", here));
        assert!(is_taken("https://id.example.org", here));
        for (door, issuer) in [
            ("http://id.example.org/token", elsewhere),
            ("http://127.0.0.1/token", elsewhere),
            ("http://id.example.org/token", here),
            ("file:///etc/passwd", elsewhere),
        ] {
            assert!(!is_taken(door, issuer), "{door} {issuer}");
        }
    }
}
