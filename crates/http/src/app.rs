//! The application as a whole: its options, its state, and the server that runs it.
//!
//! [`serve`] is all that a binary needs. Operators' pages can have a port of their own.

use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use accolade_application::badges::KnownBadges;
use accolade_application::customers::KnownCatalogues;
use accolade_application::earning::EarnBadge;
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::idempotency::Carried;
use accolade_application::ports::Ports;
use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpServer, web};

use crate::auth::Auth;
use crate::dispatch::{Dispatcher, DispatcherUsage};
use crate::group::{Bounds, Groups};
use crate::metrics::Metrics;
use crate::middleware::{Draining, Edge, edge};
use crate::routes::{self, Job, Readiness, RunningKeys};

/// Threads of a worker for what blocks beside use cases, such as asking the database for its health.
const SPARE_THREADS: usize = 4;

pub use crate::auth::AuthOptions;

/// How the edge behaves. All of it comes from the configuration.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Threads that speak HTTP.
    pub workers: usize,
    /// The most bytes that a body may have.
    pub body_limit: usize,
    /// How long a request may take, its body included.
    pub request_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long running requests have to finish when the server stops.
    pub shutdown_timeout: Duration,
    /// Use cases that run at one moment: as many as there are connections to the database.
    pub concurrency: usize,
    /// Groups of small enrolments that are carried out at one moment, beside them, and of small
    /// earns of one badge.
    pub groups: usize,
    /// Groups of small earns of all badges.
    pub earn_groups: usize,
    /// Requests that may wait for one of them; more are refused with 1951.
    pub queue: usize,
    /// The most customers that one request may name.
    pub customers_per_request: usize,
    /// How long answers are kept under their idempotency keys.
    pub idempotency_retention: Duration,
    /// How clients are authenticated.
    pub auth: AuthOptions,
    /// Whether `/metrics` is served beside the API; `false` if it has a port of its own.
    pub metrics: bool,
}

/// What the handlers share. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct AppState {
    pub(crate) ports: Ports,
    pub(crate) catalogues: KnownCatalogues,
    pub(crate) options: Arc<HttpOptions>,
    pub(crate) auth: Auth,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) enrolments: Groups<Job<EnrolCustomers>, Carried>,
    pub(crate) earns: Groups<Job<EarnBadge>, Carried>,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
    pub(crate) running_keys: RunningKeys,
    pub(crate) draining: Draining,
}

impl AppState {
    /// The state of a server that works on `ports`.
    ///
    /// # Errors
    /// The metrics have a name that Prometheus does not take; a thread cannot be started.
    pub fn new(ports: Ports, options: HttpOptions) -> anyhow::Result<Self> {
        let bound = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let dispatcher = Dispatcher::new(bound(options.concurrency), bound(options.queue));
        let draining = Draining::default();
        let metrics = Metrics::new()?;
        let bounds = |groups| Bounds {
            groups,
            of_a_kind: options.groups,
            queue: options.queue,
        };
        let known = KnownBadges::default();
        let enrolments = {
            let (ports, known, metrics) = (ports.clone(), known.clone(), metrics.clone());
            let carry_out =
                move |jobs: &[_]| routes::enrol_together(&ports, &known, &metrics, jobs);
            Groups::start("enrolments", bounds(options.groups), carry_out)?
        };
        let earns = {
            let (ports, metrics) = (ports.clone(), metrics.clone());
            let carry_out = move |jobs: &[_]| routes::earn_together(&ports, &known, &metrics, jobs);
            Groups::start("earns", bounds(options.earn_groups), carry_out)?
        };
        Ok(Self {
            auth: Auth::new(&ports, dispatcher.clone(), &options.auth),
            metrics,
            enrolments,
            earns,
            readiness: Readiness::of(Arc::clone(&ports.stores.health), draining.clone()),
            running_keys: RunningKeys::default(),
            options: Arc::new(options),
            ports,
            catalogues: KnownCatalogues::default(),
            dispatcher,
            draining,
        })
    }

    /// How busy what carries out use cases is.
    pub(crate) fn usage(&self) -> DispatcherUsage {
        let all = [
            self.dispatcher.usage(),
            self.enrolments.usage(),
            self.earns.usage(),
        ];
        DispatcherUsage {
            running: all.iter().map(|it| it.running).sum(),
            waiting: all.iter().map(|it| it.waiting).sum(),
        }
    }

    fn edge(&self) -> Edge {
        Edge {
            metrics: self.metrics.clone(),
            draining: self.draining.clone(),
            request_timeout: self.options.request_timeout,
        }
    }
}

/// The application that answers callers, and operators unless they have a port of their own.
pub fn app(
    state: &AppState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let metrics = state.options.metrics;
    App::new()
        .app_data(web::Data::new(state.clone()))
        .app_data(web::Data::new(state.auth.clone()))
        .app_data(web::Data::new(state.edge()))
        .configure(routes::api)
        .configure(routes::health)
        .configure(|config| {
            if metrics {
                routes::metrics(config);
            }
        })
        .wrap(from_fn(edge::edge))
}

/// The application that answers operators alone.
pub fn ops_app(
    state: &AppState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .app_data(web::Data::new(state.clone()))
        .app_data(web::Data::new(state.edge()))
        .configure(routes::health)
        .configure(routes::metrics)
        .default_service(web::to(routes::path_not_found))
        .wrap(from_fn(edge::edge))
}

/// A server that accepts connections.
pub struct RunningServer {
    api: Server,
    ops: Option<Server>,
    draining: Draining,
}

/// Serves the API on `listener` and, if it is there, what operators ask (`/metrics`,
/// `/health/…`) on `ops`. To be called and awaited within actix's runtime. Takes no signals.
///
/// # Errors
/// A listener cannot be used.
pub fn serve(
    listener: TcpListener,
    ops: Option<TcpListener>,
    state: &AppState,
) -> io::Result<RunningServer> {
    let options = Arc::clone(&state.options);
    let api_state = state.clone();
    let api = HttpServer::new(move || app(&api_state))
        .workers(options.workers.max(1))
        // Each worker has threads of its own for what blocks; the dispatcher bounds them all.
        .worker_max_blocking_threads(options.concurrency.saturating_add(SPARE_THREADS))
        .keep_alive(options.keep_alive)
        .client_request_timeout(options.request_timeout)
        .shutdown_timeout(options.shutdown_timeout.as_secs().max(1))
        .disable_signals()
        .listen(listener)?
        .run();
    let ops = ops
        .map(|listener| {
            let state = state.clone();
            let server = HttpServer::new(move || ops_app(&state))
                .workers(1)
                .shutdown_timeout(1)
                .disable_signals()
                .listen(listener)?;
            Ok::<_, io::Error>(server.run())
        })
        .transpose()?;
    Ok(RunningServer {
        api,
        ops,
        draining: state.draining.clone(),
    })
}

impl RunningServer {
    /// Runs until `stop` is done. From then on no connection is accepted and no further request
    /// taken; those that run finish, within the shutdown time-out. Operators are answered
    /// until the end.
    ///
    /// # Errors
    /// The server stopped by itself.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let Self { api, ops, draining } = self;
        let (api_handle, ops_handle) = (api.handle(), ops.as_ref().map(Server::handle));
        let mut running = pin!(async {
            let ops = async {
                match ops {
                    Some(ops) => ops.await,
                    None => Ok(()),
                }
            };
            tokio::try_join!(api, ops)
        });
        tokio::select! {
            ended = &mut running => return ended.map(|_| ()),
            () = stop => {}
        }
        draining.begin();
        let stopping = async {
            api_handle.stop(true).await;
            if let Some(ops) = ops_handle {
                ops.stop(true).await;
            }
        };
        let (ended, ()) = tokio::join!(running, stopping);
        ended.map(|_| ())
    }
}
