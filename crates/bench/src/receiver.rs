//! A receiver of webhooks that is as fast as it can be: it counts events and answers 204.

use std::convert::Infallible;
use std::net::{self, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// In each event once.
const EVENT: &[u8] = b"\"specversion\":";

/// How long the first event may be on its way.
const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver on this machine. It has a thread of its own, and ends with this value.
#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    events: Arc<AtomicU64>,
    _alive: oneshot::Sender<()>,
}

impl Receiver {
    /// Begins to listen.
    ///
    /// # Errors
    /// There is no port or no thread.
    pub(crate) fn start() -> Result<Self> {
        let listener = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let events = Arc::new(AtomicU64::new(0));
        let (alive, ended) = oneshot::channel::<()>();
        let counted = Arc::clone(&events);
        thread::Builder::new()
            .name("receiver".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        // It ends where there can be no listener: no event comes, which is told.
                        () = listen(listener, counted) => {}
                        _ = ended => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            events,
            _alive: alive,
        })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many events it has got.
    pub(crate) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Waits until it has got more than `events`.
    ///
    /// # Errors
    /// None comes.
    pub(crate) async fn wait_beyond(&self, events: u64) -> Result<()> {
        let begun = Instant::now();
        while self.events() <= events {
            ensure!(begun.elapsed() < PATIENCE, "no event was delivered");
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

async fn listen(listener: net::TcpListener, events: Arc<AtomicU64>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        let events = Arc::clone(&events);
        let service = service_fn(move |request| take(request, Arc::clone(&events)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn take(
    request: Request<Incoming>,
    events: Arc<AtomicU64>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut response = Response::new(Empty::new());
    match request.into_body().collect().await {
        Ok(body) => {
            let found = memmem::find_iter(&body.to_bytes(), EVENT).count() as u64;
            events.fetch_add(found, Ordering::Relaxed);
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    Ok(response)
}
