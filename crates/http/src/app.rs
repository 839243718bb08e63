//! The application as a whole, and the server that runs it.
//!
//! [`serve`] is all that a binary needs. Operators' pages can have a port of their own.

use std::any::Any;
use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
#[cfg(target_os = "linux")]
use actix_web::rt::net::TcpStream;
use actix_web::{App, Error, HttpServer, web};
#[cfg(target_os = "linux")]
use socket2::SockRef;

use crate::middleware::cors::cors;
use crate::middleware::draining::Draining;
use crate::middleware::edge;
use crate::openapi::page;
use crate::router::{self, path_not_found};
use crate::routes::{api_operations, ops};
use crate::tls::{self, Tls};

pub use crate::connections::ConnectionBounds;
pub use crate::options::{AuthOptions, HttpOptions};
pub use crate::state::AppState;

/// Threads of a worker for what blocks beside use cases, such as asking the database for its health.
pub(crate) const SPARE_THREADS: usize = 4;

/// Connections beyond the bound that a worker may be about to end.
pub(crate) const SPARE_CONNECTIONS: usize = 1_024;

/// The most connections of operators at a port of their own; further ones wait.
const OPS_CONNECTIONS: usize = 256;

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
    let mut operations = api_operations();
    if state.options.docs {
        operations.extend(page::operations());
    }
    operations.extend(ops::health_operations());
    if state.options.metrics {
        operations.extend(ops::metrics_operations());
    }
    let origins = &state.options.cors_origins;
    let pages = state.pages.clone();
    App::new()
        .app_data(web::Data::new(state.clone()))
        .app_data(web::Data::new(state.auth.clone()))
        .app_data(web::Data::new(state.edge()))
        .configure(|config| router::serve(config, operations))
        .configure(|config| {
            if let Some(pages) = pages {
                pages.mount(config);
            }
        })
        .default_service(web::to(path_not_found))
        .wrap(Condition::new(!origins.is_empty(), cors(origins)))
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
    let mut operations = ops::health_operations();
    operations.extend(ops::metrics_operations());
    App::new()
        .app_data(web::Data::new(state.clone()))
        .app_data(web::Data::new(state.edge()))
        .configure(|config| router::serve(config, operations))
        .default_service(web::to(path_not_found))
        .wrap(from_fn(edge::edge))
}

/// A server that accepts connections.
pub struct RunningServer {
    api: Server,
    ops: Option<Server>,
    draining: Draining,
}

/// Serves the API on `listener`, by `tls` if that is there, and, if it is there, what operators ask
/// (`/metrics`, `/health/…`) on `ops`, without. To be called and awaited within actix's runtime. Takes
/// no signals.
///
/// # Errors
/// A listener cannot be used.
pub fn serve(
    listener: TcpListener,
    ops: Option<TcpListener>,
    tls: Option<Tls>,
    state: &AppState,
) -> io::Result<RunningServer> {
    let api = match tls {
        Some(tls) => tls::listen(listener, tls, state)?,
        None => listen(listener, state)?,
    };
    let write_timeout = state.options.write_timeout;
    let ops = ops
        .map(|listener| {
            let state = state.clone();
            let server = HttpServer::new(move || ops_app(&state))
                .workers(1)
                .max_connections(OPS_CONNECTIONS)
                .on_connect(move |io, _| give_up_after(io, write_timeout))
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

/// Serves the API on `listener`, in plain HTTP. [`tls::listen`] does the same by TLS.
fn listen(listener: TcpListener, state: &AppState) -> io::Result<Server> {
    let options = Arc::clone(&state.options);
    let (api_state, write_timeout) = (state.clone(), options.write_timeout);
    let connections = state.connections.clone();
    let server = HttpServer::new(move || app(&api_state))
        .workers(options.workers.max(1))
        // Each worker has threads of its own for what blocks; the dispatcher bounds them all.
        .worker_max_blocking_threads(options.concurrency.saturating_add(SPARE_THREADS))
        .keep_alive(options.keep_alive)
        // The framework has others wait without a word when it has its most: those beyond the bound
        // are to be told, so it may have more.
        .max_connections(options.connections.all.saturating_add(SPARE_CONNECTIONS))
        .on_connect(move |io, kept| {
            give_up_after(io, write_timeout);
            connections.begin(io, kept);
        })
        .client_request_timeout(options.request_timeout)
        .client_disconnect_timeout(options.linger)
        .shutdown_timeout(options.shutdown_timeout.as_secs().max(1))
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Has the system end the connection `io` once its other side has taken nothing of what is sent for so
/// long: who sends waits for ever otherwise. Elsewhere than on Linux no system can.
pub(crate) fn give_up_after(io: &dyn Any, silence: Duration) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = io.downcast_ref::<TcpStream>() {
        let set = SockRef::from(stream).set_tcp_user_timeout(Some(silence));
        if let Err(error) = set {
            tracing::debug!(%error, "a connection has no time-out for what is not taken");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (io, silence);
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
            result = &mut running => return result.map(|_| ()),
            () = stop => {}
        }
        draining.begin();
        let stopping = async {
            api_handle.stop(true).await;
            if let Some(ops) = ops_handle {
                ops.stop(true).await;
            }
        };
        let (result, ()) = tokio::join!(running, stopping);
        result.map(|_| ())
    }
}
