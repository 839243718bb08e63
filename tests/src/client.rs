//! An HTTP client that holds every answer to what is true of all of them.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::http;

use crate::document;
use crate::logs::Logs;
use crate::reply::Reply;

/// Where the badges are.
pub const PREFIX: &str = "/api_gateway/v1/badges";

/// What a client presents.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Credentials {
    /// The public half.
    pub key: String,
    /// The private half.
    pub secret: String,
}

impl Credentials {
    /// The value of `Authorization`.
    pub fn basic(&self) -> String {
        let pair = format!("{}:{}", self.key, self.secret);
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// The same key with a secret that is wrong.
    #[must_use]
    pub fn wrong(&self) -> Self {
        Self {
            key: self.key.clone(),
            secret: "wrong".to_owned(),
        }
    }
}

/// A caller of one server. It opens a connection for each request, unless it is to keep them.
#[derive(Debug, Clone)]
pub struct Client {
    address: String,
    credentials: Option<Credentials>,
    agent: ureq::Agent,
    logs: Arc<Logs>,
}

impl Client {
    pub(crate) fn new(address: &str, credentials: Option<Credentials>, logs: &Arc<Logs>) -> Self {
        Self {
            address: address.to_owned(),
            credentials,
            agent: agent(0),
            logs: Arc::clone(logs),
        }
    }

    /// The same, with a connection of its own that it keeps.
    #[must_use]
    pub fn with_a_connection(&self) -> Self {
        Self {
            agent: agent(1),
            ..self.clone()
        }
    }

    /// What it presents.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// A request with its credentials. A path that does not begin with `/` is below [`PREFIX`].
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{PREFIX}/{path}")
        };
        let request = Request {
            client: self,
            method: method.to_owned(),
            path,
            headers: Vec::new(),
            body: None,
            tolerant: false,
        };
        match &self.credentials {
            Some(credentials) => request.header("Authorization", &credentials.basic()),
            None => request,
        }
    }

    /// A GET with its credentials.
    pub fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send()
    }

    /// A POST of JSON with its credentials.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.request("POST", path).json(body).send()
    }

    /// A PUT without a body, with its credentials.
    pub fn put(&self, path: &str) -> Reply {
        self.request("PUT", path).send()
    }

    /// Asks to enrol customers.
    pub fn enrol(&self, body: &Value) -> Reply {
        self.enrolling(body).send()
    }

    /// A request to enrol customers, not sent yet.
    pub fn enrolling(&self, body: &Value) -> Request<'_> {
        self.request("POST", "badgeMeta/customer/issueBulk")
            .json(body)
    }

    /// What became of an earlier request.
    pub fn outcome(&self, request_id: &str) -> Reply {
        self.get(&format!("requests/{request_id}"))
    }
}

/// What sends requests, and keeps so many connections when they have been answered.
fn agent(connections: usize) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections(connections)
        .max_idle_connections_per_host(connections)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_mins(1)))
        .build()
        .new_agent()
}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub struct Request<'c> {
    client: &'c Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    tolerant: bool,
}

impl Request<'_> {
    /// Sets a header, in place of one of this name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    /// Sets the body, as it stands, said to be JSON.
    #[must_use]
    pub fn text(self, body: &str) -> Self {
        self.bytes(body.as_bytes().to_vec())
            .header("Content-Type", "application/json")
    }

    /// Sets the body and says nothing of its type.
    #[must_use]
    pub fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    /// Accepts an answer of 5xx, which elsewhere fails the test.
    #[must_use]
    pub fn may_fail(mut self) -> Self {
        self.tolerant = true;
        self
    }

    /// Sends it; there must be an answer.
    pub fn send(self) -> Reply {
        let what = format!("{} {}", self.method, self.path);
        let logs = Arc::clone(&self.client.logs);
        self.try_send()
            .unwrap_or_else(|error| panic!("{what}: {error}\n{}", logs.tail()))
    }

    /// Sends it.
    ///
    /// # Errors
    /// The connection could not be made or broke.
    pub fn try_send(self) -> Result<Reply, ureq::Error> {
        let mut builder = http::Request::builder()
            .method(self.method.as_str())
            .uri(format!("{}{}", self.client.address, self.path));
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let agent = &self.client.agent;
        let mut response = match self.body {
            Some(body) => agent.run(builder.body(body).unwrap()),
            None if self.method == "POST" || self.method == "PUT" => {
                agent.run(builder.body(Vec::new()).unwrap())
            }
            None => agent.run(builder.body(()).unwrap()),
        }?;
        let body = response
            .body_mut()
            .with_config()
            .limit(64 * 1024 * 1024)
            .read_to_vec()?;
        let reply = Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
            request: format!("{} {}", self.method, self.path),
        };
        assert!(
            reply.status < 500 || self.tolerant,
            "{reply}\n{}",
            self.client.logs.tail()
        );
        let is_file = reply.is_success() && reply.is_file();
        let is_export = self.path.starts_with(&format!("{PREFIX}/exports/"));
        let is_bare = is_file || is_export && reply.is_success();
        if self.path.starts_with(PREFIX) && self.method != "HEAD" && !is_bare {
            reply.check_envelope();
        }
        document::check(&self.method, &self.path, &reply);
        Ok(reply)
    }
}
