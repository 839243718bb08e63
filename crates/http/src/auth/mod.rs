//! Who calls: Basic credentials or an access token, and where tokens come from.
//!
//! [`Auth::permit`] is what a call asks; [`generate`] and [`oauth2`] are the two operations that
//! give tokens. A client is looked up in the store and remembered for a few
//! seconds, so a revoked one is refused everywhere soon; a refusal is never given from memory,
//! so a new client or a new secret works at once.

mod clients;
mod presented;
mod rates;
mod tokens;

pub(crate) mod generate;
pub(crate) mod oauth2;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_application::access::{AccessGroups, Caller, ClientKey, Credentials, caller_of};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{Client, Clock, Ports};
use accolade_domain::rejection::{Code, Rejection};
use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;
use tracing::Span;

use clients::{Admitted, Clients};
use presented::Presented;
use rates::Rates;
use tokens::{AccessToken, Grant, Tokens};

use crate::address::TrustedProxies;
use crate::dispatch::Dispatcher;
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::throttle::Throttle;

pub(crate) use rates::ClientRate;

/// The header that may say which org the caller means.
const ORG_ID: &str = "X-CAP-API-AUTH-ORG-ID";

/// How clients are authenticated.
#[derive(Clone)]
pub struct AuthOptions {
    /// How long an access token is valid.
    pub token_ttl: Duration,
    /// What access tokens are signed with: the first signs, all are taken. Each has at least 32 bytes,
    /// and all servers have the same.
    pub token_keys: Vec<Vec<u8>>,
    /// Wrong secrets for one key within a minute, after which further ones get 1932.
    pub failures_per_key: u32,
    /// Wrong secrets from one address within a minute, after which further ones get 1932.
    pub failures_per_address: u32,
}

impl fmt::Debug for AuthOptions {
    /// Everything but the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthOptions")
            .field("token_ttl", &self.token_ttl)
            .field("failures_per_key", &self.failures_per_key)
            .field("failures_per_address", &self.failures_per_address)
            .finish_non_exhaustive()
    }
}

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

/// After how long it is asked again whether a client may still do what it was permitted to do.
const PERMIT_AGAIN: Duration = Duration::from_secs(1);

/// That a client may do what it asks for, as it was a moment ago. A body may come slowly, and a turn
/// late: who has been revoked meanwhile is to be refused all the same.
#[derive(Debug, Clone)]
pub(crate) struct Permit {
    key: ClientKey,
    given_at: Instant,
    rate: Option<Arc<ClientRate>>,
}

impl Permit {
    /// One for the client with this key, given now.
    #[cfg(test)]
    pub(crate) fn fresh(key: ClientKey) -> Self {
        Self {
            key,
            given_at: Instant::now(),
            rate: None,
        }
    }

    /// How much the client may ask for a minute, if that is bounded.
    pub(crate) fn rate(&self) -> Option<&Arc<ClientRate>> {
        self.rate.as_ref()
    }

    /// Whether it was given so long ago that it has to be asked for again.
    pub(crate) fn is_old(&self) -> bool {
        self.given_at.elapsed() >= PERMIT_AGAIN
    }

    /// The same, as it is now, if it is old.
    ///
    /// # Errors
    /// 1930 if the client was revoked since; the store failed.
    pub(crate) fn renewed(&self, ports: &Ports) -> Result<Self, UseCaseError> {
        if !self.is_old() {
            return Ok(self.clone());
        }
        let given_at = Instant::now();
        self.check_again(ports)?;
        Ok(Self {
            given_at,
            ..self.clone()
        })
    }

    /// Asks the store whether the client was revoked or has ended since, if it is old.
    ///
    /// # Errors
    /// 1930 if it was; the store failed.
    pub(crate) fn check_again(&self, ports: &Ports) -> Result<(), UseCaseError> {
        if !self.is_old() {
            return Ok(());
        }
        let client = ports.stores.access.client(&self.key)?;
        match client.filter(|client| !client.is_over(ports.clock.now())) {
            Some(_) => Ok(()),
            None => Err(Rejection::new(Code::Unauthenticated).into()),
        }
    }
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
