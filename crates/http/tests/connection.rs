//! The server on a socket of its own: what only shows on a connection.

#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use accolade_application::access::{AccessGroups, CreateClient, create_client, create_org};
use accolade_application::ports::Org;
use accolade_domain::instant::Instant;
use accolade_domain::zone::Zone;
use accolade_http::app::{AppState, HttpOptions, serve};
use accolade_memory::{FixedClock, MemoryStore, memory_ports};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::oneshot;

#[path = "fixtures/options.rs"]
mod options;

use options::options;

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
            owner: None,
        };
        let client = create_client(&ports, command).unwrap();
        let credentials = format!("{}:{}", client.key, client.secret.reveal());
        let mut options = HttpOptions {
            body_limit: 8 * 1024 * 1024,
            request_timeout: Duration::from_mins(1),
            keep_alive: Duration::from_mins(1),
            concurrency: 2,
            queue: 10,
            ..options()
        };
        change(&mut options);
        let state = AppState::new(ports, options).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = serve(listener, None, None, &state).unwrap();
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

    /// A connection on which `request` was sent, after the head's first lines that all have.
    fn asked(&self, method: &str, target: &str, rest: &str) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        let patience = Some(Duration::from_secs(20));
        stream.set_read_timeout(patience).unwrap();
        self.ask(&stream, method, target, "HTTP/1.1", rest);
        stream
    }

    fn ask(&self, mut stream: &TcpStream, method: &str, target: &str, version: &str, rest: &str) {
        let authorization = &self.authorization;
        let head = format!(
            "{method} {target} {version}\r\nHost: here\r\nAuthorization: {authorization}\r\n"
        );
        stream.write_all((head + rest).as_bytes()).unwrap();
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

/// The head of the next answer, in lower case; its body, whose length it says, is read too, but not
/// `100 Continue`, which is none.
fn next_answer(mut stream: &TcpStream, method: &str) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    if head.starts_with("http/1.1 100 ") {
        return next_answer(stream, method);
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    if method != "HEAD" {
        stream.read_exact(&mut vec![0; length]).unwrap();
    }
    head
}

/// The connection answers another request.
#[track_caller]
fn assert_goes_on(server: &Running, stream: &TcpStream, head: &str) {
    assert!(!head.contains("connection: close"), "{head}");
    server.ask(stream, "GET", "/health/live", "HTTP/1.1", "\r\n");
    let next = next_answer(stream, "GET");
    assert!(next.starts_with("http/1.1 200 "), "{head}{next}");
}

/// The answer said that the connection ends with it, and it ends without a reset.
#[track_caller]
fn assert_ends(mut stream: &TcpStream, head: &str) {
    let said = head.contains("connection: close\r\n") || head.starts_with("http/1.0 ");
    assert!(said && !head.contains("upgrade"), "{head}");
    // So that the server need not wait for the rest of the body.
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{head}");
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

/// A body that is read and refused with 400, in chunks.
const CHUNKS: &str = "2\r\n{}\r\n0\r\n\r\n";

#[test]
fn what_proxies_and_clients_add_leaves_the_connection_as_it_is() {
    let server = Running::with(|_| ());
    let whole = "Content-Length: 2\r\n\r\n{}";
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{CHUNKS}");
    let trailers =
        "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 7\r\n\r\n";
    let absolute = format!("http://here{ISSUE}");
    for (method, target, added, body, status) in [
        ("POST", ISSUE, "", whole, 400),
        ("POST", ISSUE, "Connection: keep-alive\r\n", whole, 400),
        (
            "POST",
            ISSUE,
            "Proxy-Connection: keep-alive\r\n",
            whole,
            400,
        ),
        (
            "POST",
            ISSUE,
            "Connection: TE\r\nTE: trailers\r\n",
            whole,
            400,
        ),
        ("POST", ISSUE, "Upgrade: h2c\r\n", whole, 400),
        ("POST", ISSUE, "Expect: 100-continue\r\n", whole, 400),
        ("POST", ISSUE, "", &chunked, 400),
        ("POST", ISSUE, "", trailers, 400),
        ("POST", &absolute, "", whole, 400),
        (
            "GET",
            "/health/live",
            "Connection: keep-alive\r\n",
            "\r\n",
            200,
        ),
        ("HEAD", "/health/live", "", "\r\n", 200),
        ("HEAD", "/nothing", "", "\r\n", 404),
        ("OPTIONS", ISSUE, "", "\r\n", 405),
        ("OPTIONS", "*", "", "\r\n", 404),
    ] {
        let stream = server.asked(method, target, &format!("{added}{body}"));
        let head = next_answer(&stream, method);
        let status = format!("http/1.1 {status} ");
        assert!(
            head.starts_with(&status),
            "{method} {target} {added}: {head}"
        );
        assert_goes_on(&server, &stream, &head);
    }
}

#[test]
fn a_connection_of_http_1_0_goes_on_if_both_say_so() {
    let server = Running::with(|_| ());
    let stream = TcpStream::connect(server.address).unwrap();
    for _ in 0..2 {
        let rest = "Connection: keep-alive\r\nContent-Length: 2\r\n\r\n{}";
        server.ask(&stream, "POST", ISSUE, "HTTP/1.0", rest);
        let head = next_answer(&stream, "POST");
        assert!(head.contains("connection: keep-alive\r\n"), "{head}");
    }
    server.ask(
        &stream,
        "POST",
        ISSUE,
        "HTTP/1.0",
        "Content-Length: 2\r\n\r\n{}",
    );
    assert_ends(&stream, &next_answer(&stream, "POST"));
}

#[test]
fn who_offers_another_protocol_is_answered_and_told_that_the_connection_ends() {
    let server = Running::with(|_| ());
    for offer in [
        "Connection: upgrade\r\n",
        "Connection: Upgrade, keep-alive\r\n",
        "Connection: close, upgrade\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\n",
        "Upgrade: websocket\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    ] {
        let stream = server.asked("GET", "/health/live", &format!("{offer}\r\n"));
        let head = next_answer(&stream, "GET");
        assert!(head.starts_with("http/1.1 200 "), "{offer}: {head}");
        assert_ends(&stream, &head);
        // A body ends where it said that it would, however it comes.
        let rest = format!("{offer}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{{");
        let mut stream = server.asked("POST", ISSUE, &rest);
        let mut proceed = [0; 25];
        stream.read_exact(&mut proceed).unwrap();
        stream.write_all(b"}").unwrap();
        let head = next_answer(&stream, "POST");
        assert!(head.starts_with("http/1.1 400 "), "{offer}: {head}");
        assert_ends(&stream, &head);
        let rest = format!("{offer}Transfer-Encoding: chunked\r\n\r\n{CHUNKS}");
        let stream = server.asked("POST", ISSUE, &rest);
        let head = next_answer(&stream, "POST");
        assert!(head.starts_with("http/1.1 400 "), "{offer}: {head}");
        if offer.starts_with("Connection") {
            assert_ends(&stream, &head);
        } else {
            // The end of chunks is known, whatever is offered beside them.
            assert_goes_on(&server, &stream, &head);
        }
    }
    let stream = TcpStream::connect(server.address).unwrap();
    let rest = "Connection: upgrade\r\n\r\n";
    server.ask(&stream, "GET", "/health/live", "HTTP/1.0", rest);
    assert_ends(&stream, &next_answer(&stream, "GET"));
}

#[test]
fn what_is_answered_before_its_body_came_ends_the_connection_in_order() {
    let server = Running::with(|options| {
        options.linger = Duration::from_mins(1);
        options.body_limit = 1_000;
        options.request_timeout = Duration::from_secs(1);
    });
    let wrong = "Authorization: Basic eDp5\r\n";
    let text = "Content-Type: text/plain\r\n";
    let org = "X-CAP-API-AUTH-ORG-ID: 7\r\n";
    for (method, target, added, status) in [
        // Two credentials are none.
        ("POST", ISSUE, wrong, 401),
        ("POST", ISSUE, org, 403),
        ("POST", "/nothing", "", 404),
        ("DELETE", ISSUE, "", 405),
        ("POST", ISSUE, text, 415),
        ("POST", ISSUE, "Content-Encoding: gzip\r\n", 415),
        ("POST", ISSUE, "Connection: keep-alive\r\n", 408),
        ("POST", ISSUE, "Content-Length: 1001\r\n", 413),
        ("GET", "/health/live", "", 200),
    ] {
        let lengths = if status == 413 {
            &["\r\n", "\r\n{"][..]
        } else {
            &[
                "Content-Length: 5\r\n\r\n",
                "Content-Length: 5\r\n\r\n{",
                "Transfer-Encoding: chunked\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n2\r\n{",
            ]
        };
        for length in lengths {
            let mut stream = server.asked(method, target, &format!("{added}{length}"));
            let head = next_answer(&stream, method);
            let status = format!("http/1.1 {status} ");
            assert!(
                head.starts_with(&status),
                "{method} {target} {added}: {head}"
            );
            // Who goes on sending gets no reset that would take the answer away.
            let sent = stream.write_all(b"  ");
            assert!(
                sent.is_ok(),
                "{method} {target} {added}{length}: {sent:?} {head}"
            );
            assert_ends(&stream, &head);
        }
    }
    let grown = "3e9\r\n".to_owned() + &"x".repeat(0x3e9);
    let stream = server.asked(
        "POST",
        ISSUE,
        &format!("Transfer-Encoding: chunked\r\n\r\n{grown}"),
    );
    let head = next_answer(&stream, "POST");
    assert!(head.starts_with("http/1.1 413 "), "{head}");
    assert_ends(&stream, &head);
}

#[test]
fn who_neither_sends_the_rest_of_a_body_nor_leaves_is_not_waited_for() {
    let server = Running::with(|options| options.linger = Duration::from_secs(1));
    for length in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        let mut stream = server.asked("POST", "/nothing", &format!("{length}\r\n\r\n"));
        next_answer(&stream, "POST");
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
}

#[test]
fn requests_that_are_sent_ahead_are_answered_in_turn() {
    let server = Running::with(|_| ());
    let post = format!(
        "POST {ISSUE} HTTP/1.1\r\nHost: here\r\nAuthorization: {}\r\nContent-Length: 2\r\n\r\n{{}}",
        server.authorization
    );
    let rest =
        format!("Content-Length: 2\r\n\r\n{{}}{post}GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n");
    let stream = server.asked("POST", ISSUE, &rest);
    for status in [400, 400, 404] {
        let head = next_answer(&stream, "POST");
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
    }
    assert_goes_on(&server, &stream, "");
}

/// Waits until so many requests wait for an event.
#[track_caller]
fn until_waiting(server: &Running, count: usize) {
    let line = format!("\naccolade_event_followers {count}\n");
    for _ in 0..500 {
        let mut stream = server.asked("GET", "/metrics", "Connection: close\r\n\r\n");
        if answer(&mut stream).contains(&line) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("there are never {count} that wait");
}

const FOLLOW: &str = "/api_gateway/v1/badges/events?after=latest&wait=25";

#[test]
fn nobody_waits_for_a_caller_whose_connection_broke() {
    let server = Running::with(|_| ());
    let next = format!(
        "\r\nGET {FOLLOW} HTTP/1.1\r\nHost: here\r\nAuthorization: {}\r\n\r\n",
        server.authorization
    );
    let gone = server.asked("GET", "/health/live", &next);
    until_waiting(&server, 1);
    // One that is closed with an answer unread is reset. One that only sends no more may still read.
    drop(gone);
    until_waiting(&server, 0);
}

#[test]
fn who_waits_when_the_server_is_told_to_stop_is_answered_at_once() {
    let mut server = Running::with(|_| ());
    let mut waiting = server.asked("GET", FOLLOW, "\r\n");
    until_waiting(&server, 1);
    let told = std::time::Instant::now();
    drop(server.stop.take());
    let answer = answer(&mut waiting);
    assert!(told.elapsed() < Duration::from_secs(10), "{answer}");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        answer.to_lowercase().contains("connection: close\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains(r#"{"data":{"events":[],"next":"#),
        "{answer}"
    );
}

/// Reads until the other side ends the connection.
fn rest_of(mut stream: &TcpStream) -> String {
    let mut text = Vec::new();
    // That it is reset is an end, too.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn an_address_has_only_so_many_connections_and_further_ones_are_told_so() {
    let server = Running::with(|options| options.connections.of_address = 2);
    let alive = "\r\n";
    let held = [(); 2].map(|()| server.asked("GET", "/health/live", alive));
    for stream in &held {
        assert!(next_answer(stream, "GET").starts_with("http/1.1 200 "));
    }
    let third = TcpStream::connect(server.address).unwrap();
    let refused = rest_of(&third);
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
    assert!(refused.contains(r#""errors":[{"code":1951,"#), "{refused}");
    // Those that there are go on, and when one has ended another one may come.
    server.ask(&held[0], "GET", "/health/live", "HTTP/1.1", alive);
    assert!(next_answer(&held[0], "GET").starts_with("http/1.1 200 "));
    drop(held);
    let begun = std::time::Instant::now();
    loop {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let request = b"GET /health/live HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
        // It may have been ended already.
        let _ = stream.write_all(request);
        if rest_of(&stream).starts_with("HTTP/1.1 200 ") {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody may come");
    }
}

#[test]
fn there_are_only_so_many_connections_in_all_and_trusted_proxies_have_the_whole_of_them() {
    let server = Running::with(|options| {
        options.connections.all = 3;
        options.connections.of_address = 1;
        options.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let held = [(); 3].map(|()| server.asked("GET", "/health/live", "\r\n"));
    for stream in &held {
        assert!(next_answer(stream, "GET").starts_with("http/1.1 200 "));
    }
    let fourth = TcpStream::connect(server.address).unwrap();
    assert!(rest_of(&fourth).starts_with("HTTP/1.1 503 "));
}

/// How many bytes of memory this process has.
#[cfg(target_os = "linux")]
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() * 1_024
}

#[cfg(target_os = "linux")]
#[test]
fn who_takes_nothing_of_a_large_file_costs_a_piece_of_it() {
    const CALLERS: u64 = 100;
    const FILE: &str = "/docs/swagger-ui-bundle.js";
    let server = Running::with(|_| ());
    let read = server.asked("GET", FILE, "Connection: close\r\n\r\n");
    let size = rest_of(&read).len() as u64;
    assert!(size > 1_000_000);
    let before = memory();
    let unread: Vec<_> = (0..CALLERS)
        .map(|_| server.asked("GET", FILE, "\r\n"))
        .collect();
    for stream in &unread {
        // Its answer has begun.
        stream.peek(&mut [0]).unwrap();
    }
    let grown = memory().saturating_sub(before);
    assert!(
        grown < CALLERS * size / 2,
        "{grown} bytes for {CALLERS} callers who take nothing of {size}"
    );
}
