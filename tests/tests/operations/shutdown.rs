//! Stopping: what runs finishes, what is new is refused.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use accolade_tests::{Backend, PREFIX, Raw, Server, enrolment, on_both_databases, until, with};
use rustix::process::Signal;
use serde_json::json;

fn a_request_that_runs_finishes_and_new_ones_are_refused(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let body = with(&enrolment(&org.badge()), &json!({"requestId": "last"})).to_string();
    let socket = server.socket().to_owned();
    let mut raw = Raw::connect(&server);
    raw.send(format!(
        "POST {PREFIX}/badgeMeta/customer/issueBulk HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        org.credentials().unwrap().basic(),
        body.len()
    ));
    // The server asks for the body: the request runs.
    assert_eq!(raw.reply().unwrap().status, 100);
    server.signal(Signal::TERM);
    until(
        "new connections are refused",
        Duration::from_secs(30),
        || TcpStream::connect(&socket).is_err(),
    );
    raw.send(&body);
    raw.envelope().issued();
    assert!(raw.is_closed());
    let setup = server.setup().clone();
    let status = server.wait();
    assert_eq!(status.code(), Some(0));
    let server = setup.start();
    server.take_over(&org).outcome("last").ok();
}

fn an_idle_server_stops_at_once_however_it_is_told(backend: Backend) {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start(backend);
        server.org().get("badgeMeta").ok();
        // A connection that is open and idle does not hold it up.
        let _idle = TcpStream::connect(server.socket()).unwrap();
        let told = Instant::now();
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0));
        assert!(
            told.elapsed() < Duration::from_secs(10),
            "{:?}",
            told.elapsed()
        );
    }
}

on_both_databases! {
    a_request_that_runs_finishes_and_new_ones_are_refused
    an_idle_server_stops_at_once_however_it_is_told
}
