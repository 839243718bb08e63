//! A client of the server that costs next to nothing: it shares the processors with what is
//! measured. One connection sends one request at a time and keeps its buffers.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::server::Credentials;

/// Where the badges are.
const PREFIX: &str = "/api_gateway/v1/badges";

/// The header of an access token.
const TOKEN: &str = "x-cap-api-oauth-token";

/// A server, and a token that it gave out.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    token: HeaderValue,
}

impl Target {
    /// Gets a token for these credentials. It holds for five minutes.
    ///
    /// # Errors
    /// The server refuses or is gone.
    pub(crate) async fn of(address: SocketAddr, credentials: &Credentials) -> Result<Self> {
        let body = serde_json::json!({"key": credentials.key, "secret": credentials.secret});
        let mut stranger = Connection::open(&Self {
            address,
            token: HeaderValue::from_static("none"),
        })
        .await?;
        let path = "/v3/oauth/token/generate";
        let request = stranger.request(Method::POST, path, body.to_string().into())?;
        let answer: Value = serde_json::from_slice(stranger.exchange(request).await?)?;
        let token = answer["data"]["accessToken"].as_str();
        let mut token = HeaderValue::from_str(token.context("no access token")?)?;
        token.set_sensitive(true);
        Ok(Self { address, token })
    }
}

/// Whether a server there says that it is ready.
pub(crate) async fn is_ready(address: SocketAddr) -> bool {
    let probe = async {
        let token = HeaderValue::from_static("none");
        let mut connection = Connection::open(&Target { address, token }).await?;
        let request = connection.request(Method::GET, "/health/ready", Bytes::new())?;
        connection.exchange(request).await.map(drop)
    };
    probe.await.is_ok()
}

/// One request, and what its answer must show.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// POST if it has a body, else GET.
    pub(crate) body: Option<Bytes>,
    /// Below the prefix of the API, without a slash before it.
    pub(crate) path: String,
    /// What the answer contains.
    pub(crate) shows: &'static str,
    /// How often.
    pub(crate) times: usize,
}

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    token: HeaderValue,
    received: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens.
    pub(crate) async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // How it ends is told to whoever waits for an answer.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: HeaderValue::from_str(&target.address.to_string())?,
            token: target.token.clone(),
            received: Vec::new(),
        })
    }

    /// Makes a call and holds the answer to what it must show.
    ///
    /// # Errors
    /// The answer is no success or not what it must be; the connection broke.
    pub(crate) async fn call(&mut self, call: Call) -> Result<()> {
        let method = match call.body {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let path = format!("{PREFIX}/{}", call.path);
        let body = call.body.unwrap_or_default();
        let request = self.request(method, &path, body)?;
        let answer = self.exchange(request).await?;
        let found = memchr::memmem::find_iter(answer, call.shows).count();
        ensure!(
            found == call.times,
            "the answer to {path} has {} {found} times instead of {}: {}",
            call.shows,
            call.times,
            beginning(answer)
        );
        Ok(())
    }

    /// Posts JSON below the prefix and reads the `data` of the answer: for preparations, whose
    /// dates may be in the past.
    ///
    /// # Errors
    /// The answer is no success; the connection broke.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let path = format!("{PREFIX}/{path}");
        let mut request = self.request(Method::POST, &path, body.to_string().into())?;
        let migrates = HeaderValue::from_static("migration");
        request
            .headers_mut()
            .insert("x-cap-badges-migration", migrates);
        let mut answer: Value = serde_json::from_slice(self.exchange(request).await?)?;
        Ok(answer["data"].take())
    }

    /// What the server tells of itself at `/metrics`.
    ///
    /// # Errors
    /// The answer is no success; the connection broke.
    pub(crate) async fn metrics(&mut self) -> Result<String> {
        let request = self.request(Method::GET, "/metrics", Bytes::new())?;
        Ok(String::from_utf8(self.exchange(request).await?.to_vec())?)
    }

    /// Puts a file below the prefix.
    ///
    /// # Errors
    /// The answer is no success; the connection broke.
    pub(crate) async fn put(&mut self, path: &str, file: String) -> Result<()> {
        let path = format!("{PREFIX}/{path}");
        let request = self.request(Method::PUT, &path, file.into())?;
        self.exchange(request).await.map(drop)
    }

    /// Reads the `data` of what is below the prefix.
    ///
    /// # Errors
    /// The answer is no success; the connection broke.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Value> {
        let path = format!("{PREFIX}/{path}");
        let request = self.request(Method::GET, &path, Bytes::new())?;
        let mut answer: Value = serde_json::from_slice(self.exchange(request).await?)?;
        Ok(answer["data"].take())
    }

    /// Deletes what is below the prefix; gives the `data` of the answer.
    ///
    /// # Errors
    /// The answer is no success; the connection broke.
    pub(crate) async fn delete(&mut self, path: &str) -> Result<Value> {
        let path = format!("{PREFIX}/{path}");
        let request = self.request(Method::DELETE, &path, Bytes::new())?;
        let mut answer: Value = serde_json::from_slice(self.exchange(request).await?)?;
        Ok(answer["data"].take())
    }

    /// Reads what is below the prefix to its end, however long it is; gives how many lines it has.
    ///
    /// # Errors
    /// The answer is no success; the connection broke.
    pub(crate) async fn lines(&mut self, path: &str) -> Result<u64> {
        let path = format!("{PREFIX}/{path}");
        let request = self.request(Method::GET, &path, Bytes::new())?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        ensure!(status.is_success(), "{path} is answered {status}");
        let mut body = response.into_body();
        let mut lines = 0;
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                lines += memchr::memchr_iter(b'\n', &data).count() as u64;
            }
        }
        Ok(lines)
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse()?;
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(TOKEN, self.token.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(request)
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<&[u8]> {
        self.sender.ready().await?;
        let path = request.uri().clone();
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let mut body = response.into_body();
        self.received.clear();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                self.received.extend_from_slice(&data);
            }
        }
        if !status.is_success() {
            bail!("{path} is answered {status}: {}", beginning(&self.received));
        }
        Ok(&self.received)
    }
}

fn beginning(answer: &[u8]) -> String {
    String::from_utf8_lossy(&answer[..answer.len().min(300)]).into_owned()
}
