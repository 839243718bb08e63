//! A receiver of webhooks that a test looks into.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::Value;

use crate::listening::{Received, listen};
use crate::server::Setup;

/// A receiver on this machine: it keeps what it is sent, and answers 204 unless it is told to hang.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bodies: Vec<Value>,
    headers: Vec<(String, String)>,
    hanging: usize,
    /// From which request on none is answered.
    hangs_after: Option<usize>,
}

impl Receiver {
    /// Begins to listen.
    pub fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let for_connections = Arc::clone(&shared);
        let address = listen(move |stream| {
            let shared = Arc::clone(&for_connections);
            thread::spawn(move || shared.serve(&stream));
        });
        let url = format!("http://{address}/");
        Self { url, shared }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Leaves every request without an answer from the one after the next `requests` on.
    pub fn hang_after(&self, requests: usize) {
        let mut state = self.shared.state.lock().unwrap();
        state.hangs_after = Some(state.bodies.len() + requests);
    }

    /// Answers again, also those that hang.
    pub fn answer(&self) {
        self.shared.state.lock().unwrap().hangs_after = None;
        self.shared.changed.notify_all();
    }

    /// How many requests hang.
    pub fn hanging(&self) -> usize {
        self.shared.state.lock().unwrap().hanging
    }

    /// The values of the headers of this name, in lower case, of all requests.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let state = self.shared.state.lock().unwrap();
        let named = state.headers.iter().filter(|(it, _)| it == name);
        named.map(|(_, value)| value.clone()).collect()
    }

    /// The bodies of all requests, in the order in which they came.
    pub fn bodies(&self) -> Vec<Value> {
        self.shared.state.lock().unwrap().bodies.clone()
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let Some(request) = Received::read(stream) else {
            return;
        };
        let Ok(body) = serde_json::from_slice(&request.body) else {
            return;
        };
        let mut state = self.state.lock().unwrap();
        state.headers.extend(request.headers);
        state.bodies.push(body);
        let number = state.bodies.len();
        state.hanging += 1;
        let mut state = self
            .changed
            .wait_while(state, |it| {
                it.hangs_after.is_some_and(|after| number > after)
            })
            .unwrap();
        state.hanging -= 1;
        drop(state);
        // Whoever asked may be gone by now.
        let _ = { stream }.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    }
}

impl Setup {
    /// Lets webhooks have receivers on this machine.
    #[must_use]
    pub fn with_receivers_on_this_machine(self) -> Self {
        self.set("webhooks.allow_http", "true")
            .set("webhooks.allow_networks", "127.0.0.0/8")
    }
}
