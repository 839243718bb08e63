//! A log that is not read: it holds up nobody, and says how much of it is missing.

use std::time::{Duration, Instant};

use accolade_tests::{Backend, Org, Server, Setup, until};
use rustix::process::Signal;

/// A server of whose log nothing is read, so that the pipe is full after a few requests.
fn unread() -> Server {
    Setup::new(Backend::Sqlite)
        .set("log.level", "trace,actix_http::h1::dispatcher=trace")
        .without_a_reader_of_the_log()
        .start()
}

fn ask(org: &Org, times: usize) {
    let org = org.with_a_connection();
    for _ in 0..times {
        org.get("badgeMeta").ok();
    }
}

fn dropped(server: &Server) -> u64 {
    let metrics = server.stranger().get("/metrics").ok();
    let value = |line: &str| {
        let value = line.strip_prefix("accolade_log_lines_dropped_total ")?;
        value.parse().ok()
    };
    metrics.text().lines().find_map(value).unwrap()
}

#[test]
fn a_server_whose_log_nobody_reads_answers_and_says_later_that_lines_are_missing() {
    let mut server = unread();
    let org = server.org();
    ask(&org, 500);
    server.stranger().get("/health/live").ok();
    server.stranger().get("/health/ready").ok();
    until("lines are dropped", Duration::from_mins(5), || {
        ask(&org, 100);
        dropped(&server) > 0
    });
    server.read_the_log();
    let line = server.logs().expect("lines of the log were dropped");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(line["dropped_since_start"].as_u64().unwrap() > 0, "{line}");
    // And then it goes on.
    server
        .stranger()
        .request("GET", "/health/live")
        .header("X-Request-Id", "read-again")
        .send()
        .ok();
    server.logs().expect("read-again");
}

#[test]
fn a_server_whose_log_nobody_reads_stops_when_it_is_told() {
    let server = unread();
    // Several times what a pipe takes.
    ask(&server.org(), 500);
    let told = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    assert!(
        told.elapsed() < Duration::from_secs(20),
        "{:?}",
        told.elapsed()
    );
}
