//! Who calls: Basic credentials or an access token, and where tokens come from.
//!
//! [`Auth::permit`] is what a call asks; [`generate`] and [`oauth2`] are the two operations that
//! give tokens. A client is looked up in the store and remembered for a few
//! seconds, so a revoked one is refused everywhere soon; a refusal is never given from memory,
//! so a new client or a new secret works at once.

mod clients;
mod permit;
mod rates;
mod tokens;

pub(crate) mod generate;
pub(crate) mod oauth2;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use accolade_application::access::{
    AccessGroups, Caller, ClientKey, Credentials, Secret, caller_of,
};
use accolade_application::ports::{Client, Clock, Ports};
use accolade_domain::rejection::{Code, Rejection};
use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tracing::Span;

use clients::{Admitted, Clients};
use rates::Rates;
use tokens::{AccessToken, Grant, Tokens};

use crate::address::TrustedProxies;
use crate::dispatch::Dispatcher;
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::options::AuthOptions;
use crate::throttle::Throttle;

pub(crate) use permit::Permit;
pub(crate) use rates::ClientRate;

/// The header that carries nothing but an access token.
const TOKEN: HeaderName = HeaderName::from_static("x-cap-api-oauth-token");

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The header that may say which org the caller means.
const ORG_ID: &str = "X-CAP-API-AUTH-ORG-ID";

/// Tells who calls. Cheap to clone; clones share what is remembered.
#[derive(Clone)]
pub(crate) struct Auth {
    clients: Clients,
    tokens: Tokens,
    throttle: Throttle,
    rates: Rates,
    proxies: TrustedProxies,
    clock: Arc<dyn Clock>,
}

/// Where a request comes from and how long it may take.
#[derive(Debug, Clone, Copy)]
struct Origin {
    address: Option<IpAddr>,
    deadline: Deadline,
}

impl Auth {
    /// Authenticates the clients of `ports`, which are looked up through `dispatcher`.
    pub(crate) fn new(
        ports: &Ports,
        dispatcher: Dispatcher,
        proxies: TrustedProxies,
        options: &AuthOptions,
    ) -> Self {
        Self {
            rates: Rates::default(),
            proxies,
            clients: Clients::new(ports.clone(), dispatcher),
            tokens: Tokens::new(&options.token_keys, options.token_ttl),
            throttle: Throttle::new(options.failures_per_key, options.failures_per_address),
            clock: Arc::clone(&ports.clock),
        }
    }

    /// What counts wrong secrets.
    pub(crate) const fn throttle(&self) -> &Throttle {
        &self.throttle
    }

    /// The proxies whose word is taken for where a request comes from.
    pub(crate) const fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// Where `request` comes from.
    fn origin(&self, request: &HttpRequest) -> Origin {
        let caller = |peer: SocketAddr| self.proxies.caller(peer.ip(), request.headers());
        Origin {
            address: request.peer_addr().map(caller),
            deadline: Deadline::from_request(request),
        }
    }

    /// Who sends `request`, if it may do what needs any one of `groups`.
    ///
    /// # Errors
    /// 1930 if credentials are missing or wrong, 1932 if they have been wrong too often, 1931 if the
    /// client has none of `groups` or belongs to another org than the request says; the store failed.
    pub(crate) async fn permit(
        &self,
        request: &HttpRequest,
        groups: AccessGroups,
    ) -> Result<(Caller, Permit), Failure> {
        let given_at = Instant::now();
        let (caller, client) = self.caller(request).await?;
        caller.require(groups)?;
        let permit = Permit {
            key: client.key.clone(),
            given_at,
            rate: self.rates.of(&client),
        };
        Ok((caller, permit))
    }

    /// Who sends `request`, and as which client.
    async fn caller(&self, request: &HttpRequest) -> Result<(Caller, Arc<Client>), Failure> {
        let origin = self.origin(request);
        let (client, scope) = match Presented::from_headers(request.headers()) {
            Presented::Nothing => return Err(unauthenticated()),
            Presented::Credentials(credentials) => {
                let admitted = self.authenticate(&[credentials], origin).await?;
                (admitted.client, None)
            }
            Presented::Token(token) => self.bearer(&token, origin).await?,
        };
        let mut caller = caller_of(&client, self.clock.now()).ok_or_else(unauthenticated)?;
        tell_log(&client);
        if let Some(scope) = scope {
            caller.groups = caller.groups.within(scope);
        }
        let is_own = |org: &HeaderValue| {
            let org = org.to_str().ok().and_then(|org| org.trim().parse().ok());
            org == Some(caller.org)
        };
        if request.headers().get_all(ORG_ID).all(is_own) {
            Ok((caller, client))
        } else {
            Err(another_org())
        }
    }

    /// The client whose credentials these are: in the first of `spellings` that is right.
    ///
    /// # Errors
    /// 1930, or 1932 if they have been wrong too often; the store failed.
    async fn authenticate(
        &self,
        spellings: &[Credentials],
        origin: Origin,
    ) -> Result<Admitted, Failure> {
        for credentials in spellings {
            let admitted = self.find(credentials, origin).await?;
            // Whose client has ended has right credentials no more.
            let is_over = |it: &Admitted| it.client.is_over(self.clock.now());
            if let Some(admitted) = admitted.filter(|it| !is_over(it)) {
                return Ok(admitted);
            }
        }
        let key = spellings.first().map_or("", |first| &first.key);
        let now = Instant::now();
        match self.throttle.wrong(key, origin.address, now) {
            None => Err(unauthenticated()),
            Some(wait) => {
                let message = "Too many wrong credentials. Wait, then send the right ones.";
                let refusal = Rejection::new(Code::TooManyRequests).with_message(message);
                Err(Failure::from(refusal).retry_after_time(wait))
            }
        }
    }

    async fn find(
        &self,
        Credentials { key, secret }: &Credentials,
        origin: Origin,
    ) -> Result<Option<Admitted>, Failure> {
        let now = Instant::now();
        let Ok(key) = ClientKey::try_from(key.as_str()) else {
            return Ok(None);
        };
        let known = self.clients.recent(&key, now);
        if let Some(admitted) = known.and_then(|client| self.clients.admit(client, secret)) {
            return Ok(Some(admitted));
        }
        // Every refusal follows a look into the store, for keys that somebody has and for
        // others: what is refused is up to date, and takes as long.
        let is_suspect = self.throttle.has_tripped(key.as_str(), origin.address, now);
        let Origin { deadline, .. } = origin;
        (self.clients)
            .authenticate(&key, secret, is_suspect, deadline)
            .await
    }

    /// The client that `token` was given to, and what the token is narrowed to.
    async fn bearer(
        &self,
        token: &str,
        origin: Origin,
    ) -> Result<(Arc<Client>, Option<AccessGroups>), Failure> {
        let grant = self.tokens.read(token, self.clock.now());
        let Grant { key, scope, secret } = grant.ok_or_else(unauthenticated)?;
        let recent = self.clients.recent(&key, Instant::now());
        let is_looked_up = recent.is_none();
        let client = match recent {
            Some(client) => Some(client),
            None => self.clients.look_up(&key, origin.deadline).await?,
        };
        let now = self.clock.now();
        let holds = |client: &Arc<Client>| {
            let mut secrets = [client.secret].into_iter().chain(client.next_secret);
            !client.is_over(now) && secrets.any(|it| self.tokens.is_of(&secret, &it))
        };
        let client = client.filter(holds).ok_or_else(unauthenticated)?;
        if is_looked_up {
            self.clients.note_use(&client);
        }
        Ok((client, scope))
    }

    /// An access token for the client that was `admitted`, narrowed to `scope` if there is one.
    ///
    /// # Errors
    /// It cannot be signed.
    fn token(
        &self,
        admitted: &Admitted,
        scope: Option<AccessGroups>,
    ) -> Result<AccessToken, Failure> {
        tell_log(&admitted.client);
        let key = admitted.client.key.clone();
        let secret = self.tokens.mark(&admitted.secret)?;
        let grant = Grant { key, scope, secret };
        self.tokens.issue(&grant, self.clock.now())
    }
}

/// What a request presents.
#[derive(Debug)]
enum Presented {
    /// Nothing that can be read.
    Nothing,
    /// A key and a secret.
    Credentials(Credentials),
    /// An access token.
    Token(String),
}

impl Presented {
    /// What `headers` present. The header that carries nothing but a token wins: another part of the
    /// way may have put something of its own into `Authorization`.
    fn from_headers(headers: &HeaderMap) -> Self {
        if let Some(token) = headers.get(TOKEN) {
            return token
                .to_str()
                .map_or(Self::Nothing, |token| Self::Token(token.trim().to_owned()));
        }
        Self::in_authorization(headers).unwrap_or(Self::Nothing)
    }

    fn in_authorization(headers: &HeaderMap) -> Option<Self> {
        let (scheme, rest) = authorization(headers)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            Some(Self::Token(rest.to_owned()))
        } else {
            basic(headers).map(Self::Credentials)
        }
    }
}

/// The Basic credentials (RFC 7617) in `headers`.
fn basic(headers: &HeaderMap) -> Option<Credentials> {
    let (scheme, rest) = authorization(headers)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(rest).ok()?).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some(Credentials {
        key: key.to_owned(),
        secret: Secret::presented(secret),
    })
}

/// The scheme and the rest of the one `Authorization` header.
fn authorization(headers: &HeaderMap) -> Option<(&str, &str)> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, rest) = value.trim().split_once(' ')?;
    Some((scheme, rest.trim()))
}

/// Has each further line that the log has of this request say which client sent it, and for which org:
/// the client by the number that `createdBy` has, since its key may be somebody's address.
fn tell_log(client: &Client) {
    // Both at once: the log as JSON reads and writes all fields of the span whenever some are added.
    tracing::record_all!(
        Span::current(),
        org = client.org.id.get(),
        client = client.number.get()
    );
}

fn unauthenticated() -> Failure {
    Failure::new(Code::Unauthenticated)
}

fn another_org() -> Failure {
    Rejection::new(Code::Forbidden)
        .with_message(format!(
            "The client belongs to another organisation than {ORG_ID} says."
        ))
        .into()
}
