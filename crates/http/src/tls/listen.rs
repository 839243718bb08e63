//! From a connection that was accepted to one that is spoken HTTP on.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::Error;
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::app::{SPARE_CONNECTIONS, SPARE_THREADS, app, give_up_after};
use crate::state::AppState;
use crate::tls::Tls;
use crate::tls::secured::Secured;
use crate::turned_away::HandshakeFailure;

/// How long a handshake may take, however slowly the bytes of it come.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// The most bytes that wait, encrypted, for the other side to take them.
const UNSENT: usize = 32 * 1_024;

/// Serves the API by `tls` on `listener`, as [`serve`](crate::app::serve) does without: the framework's
/// own way to do so counts nothing in before the handshake.
///
/// # Errors
/// The listener cannot be used.
pub(crate) fn listen(listener: TcpListener, tls: Tls, state: &AppState) -> io::Result<Server> {
    let state = state.clone();
    let options = Arc::clone(&state.options);
    let address = listener.local_addr()?;
    let builder = ServerBuilder::default()
        .workers(options.workers.max(1))
        .worker_max_blocking_threads(options.concurrency.saturating_add(SPARE_THREADS))
        .max_concurrent_connections(options.connections.all.saturating_add(SPARE_CONNECTIONS))
        .shutdown_timeout(options.shutdown_timeout.as_secs().max(1))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let server = builder.listen("tls", listener, move || {
        let stopping = stopping.clone();
        // The name that the framework makes addresses with, which nobody asks it for.
        let app = map_config(app(&state).into_factory(), |()| AppConfig::default());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(options.keep_alive)
            .client_request_timeout(options.request_timeout)
            .client_disconnect_timeout(options.linger)
            .secure()
            .local_addr(address)
            .h1(app.map_err(|error: Error| error.error_response()))
            .map_err(drop);
        let (tls, state) = (tls.clone(), state.clone());
        fn_service(move |stream| secured(stream, tls.clone(), state.clone())).and_then(http)
    })?;
    Ok(server.run())
}

/// The connection behind its handshake; nothing if it has none.
async fn secured(
    stream: TcpStream,
    tls: Tls,
    state: AppState,
) -> Result<(Secured, Option<SocketAddr>), ()> {
    // Who has left already has no address any more.
    let peer = stream.peer_addr().map_err(drop)?;
    let admission = state.connections.enter(peer.ip()).map_err(drop)?;
    give_up_after(&stream, state.options.write_timeout);
    // The records of an answer are not to wait for each other.
    stream.set_nodelay(true).map_err(drop)?;
    let handshake = TlsAcceptor::from(tls.config).accept_with(stream, |connection| {
        connection.set_buffer_limit(Some(UNSENT));
    });
    let handshake = tokio::select! {
        shaken = timeout(HANDSHAKE, handshake) => shaken,
        // Nobody waits for it: it would be told on a connection of its own that the server stops.
        () = state.draining.begun() => return Err(()),
    };
    let failure = match handshake {
        Ok(Ok(stream)) => return Ok((Secured::new(stream, admission), Some(peer))),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            HandshakeFailure::Broken
        }
        Err(_) => {
            tracing::debug!("a handshake took too long");
            HandshakeFailure::Slow
        }
    };
    state.metrics.handshake_failed(failure);
    Err(())
}
