//! What pages for people share with the API that is served beside them.
//!
//! [`Pages`] are mounted in the same application, behind the same edge: it gives a request its tag and its
//! deadline, counts it, and answers for a handler that panics. A [`PageContext`] is all that their handlers
//! have of the server: use cases run on the same threads, in the same turns, and are counted and told to
//! followers as if the API had been asked.
//!
//! A failure that a handler returns as an error is answered in the API's envelope. A page renders it
//! instead, and [logs](Failure::log) it.

mod provider;
mod sign_in;

use std::net::IpAddr;
use std::sync::Arc;

use accolade_application::access::{Caller, Secret};
use accolade_application::customers::KnownCatalogues;
use accolade_application::error::UseCaseError;
use accolade_application::gate::{Size, Turn};
use accolade_application::jobs::JobLimits;
use accolade_application::operators::{
    self, Lifetimes, Session, SignedIn, sign_out, sign_out_everywhere,
};
use accolade_application::ports::{IdempotencyGuard, IdempotencyKey, IdentityProvider, Ports};
use accolade_application::{Command, Executed, Request, execute};
use accolade_domain::audit::RequestTag;
use accolade_domain::instant::Instant;
use actix_web::dev::Payload;
use actix_web::web::ServiceConfig;
use actix_web::{HttpMessage as _, HttpRequest};
use bytes::Bytes;
use time::Duration;

use crate::dispatch::Effect;
use crate::idempotency::fingerprint;
use crate::middleware::body::{self, Room};
use crate::middleware::deadline::Deadline;
use crate::middleware::request_tag::tag_of;
use crate::state::AppState;
use crate::traces;

use sign_in::SignIns;

pub use crate::failure::Failure;

/// The pages that are served beside the API, as each worker of the server mounts them. Cheap to clone.
#[derive(Clone)]
pub struct Pages {
    context: Arc<PageContext>,
    configure: fn(&mut ServiceConfig, &PageContext),
}

impl Pages {
    /// Those that `configure` mounts, with what they have of the server.
    pub fn new(context: PageContext, configure: fn(&mut ServiceConfig, &PageContext)) -> Self {
        Self {
            context: Arc::new(context),
            configure,
        }
    }

    pub(crate) fn mount(&self, config: &mut ServiceConfig) {
        (self.configure)(config, &self.context);
    }
}

/// For whom a command waits, while those who wait for nobody outside go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// For nobody outside.
    Here,
    /// For a name server, as those do that create or change a webhook.
    Names,
    /// For a receiver of events, as that does which tests a webhook.
    Receiver,
}

/// The id that `request` has in its answer and in the log.
pub fn tag(request: &HttpRequest) -> RequestTag {
    let given = request.extensions().get::<RequestTag>().cloned();
    given.unwrap_or_else(|| tag_of(request.headers()))
}

/// What pages have of the server. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct PageContext {
    state: AppState,
    sign_ins: SignIns,
    provider: Option<Arc<dyn IdentityProvider>>,
    lifetimes: Lifetimes,
}

impl AppState {
    /// What pages have of this server, whose sessions last so long.
    pub fn pages(&self, lifetimes: Lifetimes) -> PageContext {
        PageContext {
            sign_ins: SignIns::new(self.auth.throttle().clone()),
            provider: None,
            lifetimes,
            state: self.clone(),
        }
    }
}

impl PageContext {
    /// The ports, for look-ups on a thread that may block.
    pub fn ports(&self) -> &Ports {
        &self.state.ports
    }

    /// The catalogues of orgs, as they were read last.
    pub fn catalogues(&self) -> &KnownCatalogues {
        &self.state.catalogues
    }

    /// The moment at which it is asked.
    pub fn now(&self) -> Instant {
        self.state.ports.clock.now()
    }

    /// The most customers that one request may name.
    pub fn customers_per_request(&self) -> usize {
        self.state.options.customers_per_request
    }

    /// How many jobs there may be, and how large.
    pub fn job_limits(&self) -> JobLimits {
        self.state.options.job_limits
    }

    /// The most bytes that a body may have.
    pub fn body_limit(&self) -> usize {
        self.state.options.body_limit
    }

    /// The network address that `request` comes from, through proxies.
    fn address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?;
        let proxies = self.state.auth.proxies();
        Some(proxies.caller(peer.ip(), request.headers()))
    }

    /// What `look_up`, which only reads, finds for `caller`, on a thread that may block.
    ///
    /// # Errors
    /// Those of `look_up`; 1951 if it is not its turn by the deadline of `request`.
    pub async fn look_up<T: Send + 'static>(
        &self,
        request: &HttpRequest,
        caller: &Caller,
        look_up: impl FnOnce(&Ports, &Caller) -> Result<T, UseCaseError> + Send + 'static,
    ) -> Result<T, Failure> {
        let (ports, owned) = (self.state.ports.clone(), caller.clone());
        let work = move || look_up(&ports, &owned);
        let turn = Turn::new(caller.org, Size::Small);
        self.run(request, turn, Effect::Reads, work).await
    }

    /// What `change`, which writes and is no command, does for `caller`.
    ///
    /// # Errors
    /// Those of `change`; 1951 if it is not its turn by the deadline of `request`, 1952 if it has not ended
    /// by then.
    pub async fn change<T: Send + 'static>(
        &self,
        request: &HttpRequest,
        caller: &Caller,
        change: impl FnOnce(&Ports, &Caller) -> Result<T, UseCaseError> + Send + 'static,
    ) -> Result<T, Failure> {
        let (ports, owned) = (self.state.ports.clone(), caller.clone());
        let work = move || change(&ports, &owned);
        let turn = Turn::new(caller.org, Size::Small);
        self.run(request, turn, Effect::Writes, work).await
    }

    /// Has `work` done when it is its turn, before the request's time is over.
    async fn run<T: Send + 'static, E: Into<Failure> + Send + 'static>(
        &self,
        request: &HttpRequest,
        turn: Turn,
        effect: Effect,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure> {
        let deadline = Deadline::from_request(request);
        let dispatcher = &self.state.dispatcher;
        let done = dispatcher.run(turn, deadline, effect, work).await?;
        done.map_err(E::into)
    }

    /// A request of `caller` to change something, without a key, to be recorded.
    pub fn request(&self, request: &HttpRequest, caller: Caller) -> Request {
        let mut asked = Request::new(caller);
        asked.tag = Some(tag(request));
        asked
    }

    /// What makes a form that is sent twice be carried out once: its `key`, for a form with these parts, its
    /// path among them.
    pub fn guard(&self, caller: &Caller, key: IdempotencyKey, form: &[&[u8]]) -> IdempotencyGuard {
        let mut parts = Vec::new();
        for part in form {
            parts.extend((part.len() as u64).to_be_bytes());
            parts.extend_from_slice(part);
        }
        let used_on = self.now();
        // More than there is time for is held at its end.
        let retention = self.state.options.idempotency_retention;
        let retention = Duration::try_from(retention).unwrap_or(Duration::MAX);
        IdempotencyGuard {
            org: caller.org,
            actor: caller.actor,
            key,
            fingerprint: fingerprint("FORM", "", "", &parts, None),
            warnings: Vec::new(),
            used_on,
            expires_on: used_on + retention,
        }
    }

    /// Executes `command` for `asked`, in this way: once under its key, or as a dry run.
    ///
    /// # Errors
    /// Those of the command; 1951 if it is not its turn by the deadline of `request`, 1952 if it has not
    /// ended by then.
    pub async fn execute<C: Command + Send + 'static>(
        &self,
        way: Way,
        request: &HttpRequest,
        asked: Request,
        command: C,
    ) -> Result<Executed, Failure> {
        let dispatcher = match way {
            Way::Here => &self.state.dispatcher,
            Way::Names => &self.state.name_servers,
            Way::Receiver => &self.state.receivers,
        };
        let org = asked.caller.org;
        let turn = Turn::about(org, command.customers());
        let deadline = Deadline::from_request(request);
        let effect = if asked.dry_run {
            Effect::Reads
        } else {
            Effect::Writes
        };
        let ports = self.state.ports.clone();
        let listeners = self.state.listeners.clone();
        let work = move || {
            let _span = traces::use_case(traces::name::<C>);
            let is_recorded = !asked.dry_run;
            let executed = execute(&ports, asked, command);
            if is_recorded {
                listeners.tell(org, &executed);
            }
            executed
        };
        let executed = dispatcher.run(turn, deadline, effect, work).await?;
        Ok(executed?)
    }

    /// The body of `request`, of at most so many bytes.
    ///
    /// # Errors
    /// 1942 if it is larger, 1943 if it is compressed, 1945 if it is not there by the deadline, 1951 if too
    /// much is held already, 400 if it breaks off.
    pub async fn body(
        &self,
        request: &HttpRequest,
        payload: Payload,
        most: usize,
    ) -> Result<Bytes, Failure> {
        let room = Room {
            most,
            budget: Some(&self.state.bodies),
        };
        body::bytes(request, payload, room).await
    }

    /// Begins a session for whoever has this login and password.
    ///
    /// # Errors
    /// 1930 if they are wrong, whether or not the login is somebody's; 1932 if they have been wrong too
    /// often; 1951 if too many wait.
    pub async fn sign_in(
        &self,
        request: &HttpRequest,
        login: &str,
        password: &str,
    ) -> Result<SignedIn, Failure> {
        let from = sign_in::Origin {
            address: self.address(request),
            deadline: Deadline::from_request(request),
            tag: tag(request),
        };
        let ports = &self.state.ports;
        let sign_ins = &self.sign_ins;
        sign_ins
            .sign_in(ports, (login, password), from, self.lifetimes)
            .await
    }

    /// The session whose token this is, if it goes on; it is extended by being used.
    ///
    /// # Errors
    /// 1951 if it is not its turn by the deadline of `request`; the store failed.
    pub async fn session(
        &self,
        request: &HttpRequest,
        token: &str,
    ) -> Result<Option<Session>, Failure> {
        let (ports, lifetimes) = (self.state.ports.clone(), self.lifetimes);
        let token = Secret::presented(token);
        let work = move || operators::session(&ports, &token, lifetimes);
        self.run(request, Turn::SYSTEM, Effect::Reads, work).await
    }

    /// The same for a page that was left open, which asks for itself again: it extends nothing.
    ///
    /// # Errors
    /// 1951 if it is not its turn by the deadline of `request`; the store failed.
    pub async fn session_of_open_page(
        &self,
        request: &HttpRequest,
        token: &str,
    ) -> Result<Option<Session>, Failure> {
        let ports = self.state.ports.clone();
        let token = Secret::presented(token);
        let work = move || operators::session_of_open_page(&ports, &token);
        self.run(request, Turn::SYSTEM, Effect::Reads, work).await
    }

    /// Ends the session whose token this is, if there is one.
    ///
    /// # Errors
    /// 1951 if it is not its turn by the deadline of `request`; the store failed.
    pub async fn sign_out(&self, request: &HttpRequest, token: &str) -> Result<(), Failure> {
        let (ports, tag) = (self.state.ports.clone(), tag(request));
        let token = Secret::presented(token);
        let work = move || sign_out(&ports, &token, Some(tag));
        self.run(request, Turn::SYSTEM, Effect::Writes, work).await
    }

    /// Ends every session of the operator whose session this is.
    ///
    /// # Errors
    /// 1951 if it is not its turn by the deadline of `request`; the store failed.
    pub async fn sign_out_everywhere(
        &self,
        request: &HttpRequest,
        session: &Session,
    ) -> Result<(), Failure> {
        let (ports, tag) = (self.state.ports.clone(), tag(request));
        let session = session.clone();
        let work = move || sign_out_everywhere(&ports, &session, Some(tag));
        self.run(request, Turn::SYSTEM, Effect::Writes, work).await
    }
}
