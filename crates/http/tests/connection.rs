//! The server on a socket of its own: what only shows on a connection.

#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use accolade_application::access::{AccessGroups, CreateClient, create_client, create_org};
use accolade_application::ports::Org;
use accolade_domain::instant::Instant;
use accolade_domain::zone::Zone;
use accolade_http::app::{AppState, AuthOptions, HttpOptions, serve};
use accolade_memory::{FixedClock, MemoryStore, memory_ports};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::oneshot;

const ISSUE: &str = "/api_gateway/v1/badges/badgeMeta/customer/issueBulk";

/// A server that runs until it is dropped.
struct Running {
    address: SocketAddr,
    authorization: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn with(change: impl FnOnce(&mut HttpOptions)) -> Self {
        let store = Arc::new(MemoryStore::default());
        let now = Instant::from_unix_seconds(1_800_000_000).unwrap();
        let ports = memory_ports(store.clone(), Arc::new(FixedClock::at(now)));
        let org = Org {
            id: 100_458.try_into().unwrap(),
            name: "Org".try_into().unwrap(),
            zone: Zone::utc(),
            region: None,
        };
        create_org(&ports, &org).unwrap();
        let command = CreateClient {
            org: org.id,
            name: "Client".try_into().unwrap(),
            groups: AccessGroups::DEFAULT,
        };
        let client = create_client(&ports, command).unwrap();
        let credentials = format!("{}:{}", client.key, client.secret.reveal());
        let mut options = HttpOptions {
            workers: 1,
            body_limit: 8 * 1024 * 1024,
            request_timeout: Duration::from_mins(1),
            keep_alive: Duration::from_mins(1),
            shutdown_timeout: Duration::from_secs(5),
            concurrency: 2,
            groups: 1,
            earn_groups: 1,
            queue: 10,
            customers_per_request: 10_000,
            idempotency_retention: Duration::from_hours(72),
            auth: AuthOptions {
                token_ttl: Duration::from_mins(5),
                token_key: vec![7; 32],
                failures_per_key: 20,
                failures_per_address: 100,
            },
            metrics: true,
        };
        change(&mut options);
        let state = AppState::new(ports, options).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = serve(listener, None, &state).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                server.run_until(stopped).await.unwrap();
            });
        });
        Self {
            address,
            authorization: format!("Basic {}", STANDARD.encode(credentials)),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// A connection on which the head of a request to enrol was sent.
    fn posted(&self, length: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let authorization = &self.authorization;
        let head = format!(
            "POST {ISSUE} HTTP/1.1\r\nHost: here\r\nAuthorization: {authorization}\r\n\
             Content-Type: application/json\r\nConnection: close\r\n{length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(thread::panicking() || ended.is_ok());
        }
    }
}

fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // What came before a reset is an answer too.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn sixty_megabytes_are_refused_and_who_sends_them_learns_why() {
    let server = Running::with(|_| ());
    let length = 60 * 1024 * 1024;
    let mut stream = server.posted(&format!("Content-Length: {length}"));
    let mut sender = stream.try_clone().unwrap();
    let sending = thread::spawn(move || {
        let piece = vec![b' '; 64 * 1024];
        // The server may close before all of it is sent.
        (0..length / piece.len()).all(|_| sender.write_all(&piece).is_ok())
    });
    let answer = answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains(r#""code":1942"#), "{answer}");
    let _ = sending.join();
}

#[test]
fn a_body_in_pieces_that_grows_too_large_is_refused() {
    let server = Running::with(|options| options.body_limit = 1_000);
    let mut stream = server.posted("Transfer-Encoding: chunked");
    let body = format!("400\r\n{}\r\n0\r\n\r\n", "x".repeat(0x400));
    stream.write_all(body.as_bytes()).unwrap();
    let answer = answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn a_body_that_does_not_come_in_time_is_1945() {
    let server = Running::with(|options| options.request_timeout = Duration::from_millis(200));
    let mut stream = server.posted("Content-Length: 100");
    stream.write_all(b"{").unwrap();
    let answer = answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains(r#""code":1945"#), "{answer}");
    assert!(answer.contains("x-request-id: "), "{answer}");
}

#[test]
fn a_body_that_breaks_off_costs_the_server_nothing() {
    let server = Running::with(|_| ());
    drop(server.posted("Content-Length: 100"));
    let mut stream = server.posted("Content-Length: 2");
    stream.write_all(b"{}").unwrap();
    let answer = answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[test]
fn a_request_that_runs_when_the_server_stops_is_answered() {
    let mut server = Running::with(|_| ());
    let mut stream = server.posted("Content-Length: 2\r\nExpect: 100-continue");
    let mut proceed = [0; 12];
    // Told to go on, it has passed the edge.
    stream.read_exact(&mut proceed).unwrap();
    assert_eq!(&proceed, b"HTTP/1.1 100");
    drop(server.stop.take());
    stream.write_all(b"{}").unwrap();
    let answer = answer(&mut stream);
    assert!(answer.contains("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains(r#""reference":"badgeMetaId""#), "{answer}");
}
