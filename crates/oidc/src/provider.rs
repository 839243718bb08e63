//! A browser's way there, and what is believed of what the provider says when it comes back.

use std::sync::Arc;
use std::time::SystemTime;

use accolade_application::operators::RoundTrip;
use accolade_application::ports::{Clock, IdentityProvider, ProviderError};
use accolade_domain::operator::{OperatorLink, Subject};
use accolade_domain::text::UrlText;
use anyhow::{Context as _, anyhow};
use openidconnect::core::{
    CoreIdToken, CoreJwsSigningAlgorithm as Algorithm, CoreResponseType, CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    TokenResponse as _,
};
use time::OffsetDateTime;
use ureq::tls::TlsConfig;

use crate::fetch::Fetch;
use crate::known::{Client, Known, Ourselves, causes, unread};
use crate::options::ProviderOptions;

/// By what a token may be signed: by keys of which the provider alone has the private half. None, and
/// secrets that are shared, are never taken, whatever the provider says that it supports.
const SIGNED_BY: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// An OIDC provider.
pub struct Provider {
    name: String,
    issuer: UrlText,
    client_id: String,
    scopes: Vec<Scope>,
    fetch: Fetch,
    known: Known,
    clock: Arc<dyn Clock>,
}

impl Provider {
    /// The one that `options` say, of which nothing is fetched yet.
    ///
    /// # Errors
    /// The issuer is no URL.
    pub fn new(
        options: ProviderOptions,
        tls: TlsConfig,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let issuer = IssuerUrl::new(options.issuer.as_str().to_owned());
        let ourselves = Ourselves {
            issuer: issuer.context("the issuer")?,
            id: ClientId::new(options.client_id.clone()),
            secret: options.client_secret.map(ClientSecret::new),
            back: RedirectUrl::from_url(options.back),
        };
        let fetch = Fetch::new(tls);
        // The library asks for it by itself.
        let scopes = options.scopes.into_iter().filter(|it| it != "openid");
        Ok(Self {
            name: options.name,
            issuer: options.issuer,
            client_id: options.client_id,
            scopes: scopes.map(Scope::new).collect(),
            known: Known::new(fetch.clone(), ourselves, Arc::clone(&clock)),
            fetch,
            clock,
        })
    }

    /// What the provider gives for a code that a browser brought.
    fn redeem(
        &self,
        client: &Client,
        code: &str,
        trip: &RoundTrip,
    ) -> Result<CoreTokenResponse, ProviderError> {
        let code = AuthorizationCode::new(code.to_owned());
        let request = client.exchange_code(code);
        let request = request
            .map_err(|error| ProviderError::Unavailable(causes(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(trip.verifier()));
        let send = |request| self.fetch.send(request);
        request.request(&send).map_err(|error| match error {
            // Of a code that is used, made up or another one's, and of a secret that is wrong.
            RequestTokenError::ServerResponse(refusal) => {
                ProviderError::Refused(anyhow!("it gives no token: {refusal}"))
            }
            RequestTokenError::Parse(error, _) => ProviderError::Unavailable(unread(error.path())),
            error => ProviderError::Unavailable(causes(&error)),
        })
    }

    /// Whom `token` vouches for, if it is signed by a key of `client`, is of this trip, and holds now.
    fn subject(
        &self,
        client: &Client,
        given: &CoreTokenResponse,
        token: &CoreIdToken,
        trip: &RoundTrip,
    ) -> Result<Subject, Disbelief> {
        let clock = Arc::clone(&self.clock);
        let now = move || SystemTime::from(OffsetDateTime::from(clock.now()));
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(SIGNED_BY)
            .set_time_fn(move || now().into());
        let claims = token.claims(&verifier, &Nonce::new(trip.nonce()))?;
        // Made for another one, who must not pass it on.
        let party = claims.authorized_party();
        if party.is_some_and(|it| it.as_str() != self.client_id) {
            return Err(Disbelief::Other(anyhow!("its azp is another client")));
        }
        if let Some(expected) = claims.access_token_hash() {
            let key = token.signing_key(&verifier)?;
            let found =
                AccessTokenHash::from_token(given.access_token(), token.signing_alg()?, key);
            if found.ok().as_ref() != Some(expected) {
                return Err(Disbelief::Other(anyhow!("its at_hash is another token's")));
            }
        }
        let subject = Subject::try_from(claims.subject().as_str());
        subject.map_err(|error| Disbelief::Other(anyhow!("its sub {error}")))
    }
}

impl IdentityProvider for Provider {
    fn name(&self) -> &str {
        &self.name
    }

    fn issuer(&self) -> &UrlText {
        &self.issuer
    }

    fn entrance(&self, trip: &RoundTrip) -> Result<String, ProviderError> {
        let client = self.known.client()?;
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (state, nonce) = (trip.state(), trip.nonce());
        let verifier = PkceCodeVerifier::new(trip.verifier());
        let asked = client
            .authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce))
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        Ok(asked.url().0.into())
    }

    fn identify(&self, code: &str, trip: &RoundTrip) -> Result<OperatorLink, ProviderError> {
        let client = self.known.client()?;
        let given = self.redeem(&client, code, trip)?;
        let Some(token) = given.id_token() else {
            return Err(ProviderError::Refused(anyhow!("it gives no ID token")));
        };
        let mut subject = self.subject(&client, &given, token, trip);
        if let Err(Disbelief::UnknownKey) = subject
            && let Some(client) = self.known.with_new_keys(&client)?
        {
            subject = self.subject(&client, &given, token, trip);
        }
        let subject = subject.map_err(|disbelief| {
            let cause = match disbelief {
                Disbelief::UnknownKey => anyhow!("the key that signed it is not known"),
                Disbelief::Other(cause) => cause,
            };
            ProviderError::Refused(cause.context("the ID token is not believed"))
        })?;
        Ok(OperatorLink {
            issuer: self.issuer.clone(),
            subject,
        })
    }
}

/// Why a token is not believed.
enum Disbelief {
    /// It is signed by a key that the provider had not named when it was last asked.
    UnknownKey,
    /// It is not as it must be.
    Other(anyhow::Error),
}

impl From<ClaimsVerificationError> for Disbelief {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            ClaimsVerificationError::SignatureVerification(error) => error.into(),
            error => Self::Other(causes(&error)),
        }
    }
}

impl From<SignatureVerificationError> for Disbelief {
    fn from(error: SignatureVerificationError) -> Self {
        match error {
            SignatureVerificationError::NoMatchingKey => Self::UnknownKey,
            error => Self::Other(causes(&error)),
        }
    }
}
