//! Receivers on this machine.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request that a receiver got.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The customers of its events.
    pub(crate) fn customers(&self) -> Vec<i64> {
        let of = |event: &serde_json::Value| event["data"]["customerId"].as_i64().unwrap();
        match self.json() {
            serde_json::Value::Array(events) => events.iter().map(of).collect(),
            event => vec![of(&event)],
        }
    }

    /// The positions of its events.
    pub(crate) fn positions(&self) -> Vec<i64> {
        let of = |event: &serde_json::Value| event["sequence"].as_str().unwrap().parse().unwrap();
        match self.json() {
            serde_json::Value::Array(events) => events.iter().map(of).collect(),
            event => vec![of(&event)],
        }
    }
}

/// What a receiver answers: a status and, maybe, headers, after a while.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: &'static str,
    pub(crate) after: Duration,
}

impl Reply {
    pub(crate) const fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: "",
            after: Duration::ZERO,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A receiver that speaks HTTP.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// One at a free port of 127.0.0.1 that answers as `reply` says, by the request and how many came
    /// before it.
    pub(crate) async fn start(
        reply: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start_at(IpAddr::from([127, 0, 0, 1]), reply).await
    }

    pub(crate) async fn start_at(
        address: IpAddr,
        reply: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let this = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
        };
        let (received, reply) = (Arc::clone(&this.received), Arc::new(reply));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (received, reply) = (Arc::clone(&received), Arc::clone(&reply));
                tokio::spawn(async move {
                    let _ = serve(stream, received, reply).await;
                });
            }
        });
        this
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until it has got so many requests.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually(|| self.received.lock().unwrap().len() >= count).await;
        self.received()
    }
}

pub(crate) async fn serve<S>(
    stream: S,
    received: Arc<Mutex<Vec<Received>>>,
    reply: Arc<impl Fn(&Received, usize) -> Reply + Send + Sync + 'static>,
) -> hyper::Result<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (received, reply) = (Arc::clone(&received), Arc::clone(&reply));
        async move {
            let (head, body) = request.into_parts();
            let request = Received {
                path: head.uri.path().to_owned(),
                headers: head.headers,
                body: body.collect().await.unwrap().to_bytes(),
            };
            let reply = {
                let mut received = received.lock().unwrap();
                let reply = reply(&request, received.len());
                received.push(request);
                reply
            };
            tokio::time::sleep(reply.after).await;
            let mut response = Response::new(Full::new(Bytes::from_static(reply.body.as_bytes())));
            *response.status_mut() = StatusCode::from_u16(reply.status).unwrap();
            for (name, value) in reply.headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            Ok::<_, Infallible>(response)
        }
    });
    hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await
}

/// A receiver that sends `answer`, over and over if it `repeats`, and then nothing more, without closing.
pub(crate) async fn raw_receiver(answer: Vec<u8>, repeats: Option<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer_raw(stream, answer.clone(), repeats.clone()));
        }
    });
    address
}

async fn answer_raw(mut stream: TcpStream, answer: Vec<u8>, repeats: Option<Vec<u8>>) {
    let mut buffer = vec![0; 65_536];
    let _ = stream.read(&mut buffer).await;
    let _ = stream.write_all(&answer).await;
    if let Some(more) = repeats {
        while stream.write_all(&more).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
    std::future::pending::<()>().await;
}

/// Waits until `holds`.
pub(crate) async fn eventually(mut holds: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(tokio::time::Instant::now() < end, "it never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
