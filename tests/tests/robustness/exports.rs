//! Exports that do not come to their end: callers that are slow, gone or revoked, a server that stops.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use accolade_tests::{
    Backend, Org, PREFIX, Raw, Server, Setup, enrolment, on_both_databases, until, with,
};
use rustix::process::Signal;
use serde_json::json;

/// More rows than the buffers of a connection take: some twelve megabytes.
const ROWS: i64 = 18_000;

const SOON: Duration = Duration::from_mins(1);

/// What an answer in chunks ends with.
const END: &[u8] = b"0\r\n\r\n";

fn furnished(server: &Server) -> Org {
    let org = server.org();
    let badge = org.badge();
    for part in 0..3 {
        let customers: Vec<_> = (part * ROWS / 3 + 1..=(part + 1) * ROWS / 3).collect();
        org.enrol(&with(&enrolment(&badge), &json!({"customers": customers})))
            .ok();
    }
    org
}

/// Begins an export, of which it reads the head and no more than comes with it.
fn begun(server: &Server, org: &Org) -> Raw {
    let mut raw = Raw::connect(server);
    raw.send(format!(
        "GET {PREFIX}/exports/enrolments HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n",
        org.credentials().unwrap().basic(),
    ));
    let head = raw.reply().unwrap();
    assert_eq!(head.status, 200);
    raw
}

/// The value of a metric.
fn metric(server: &Server, name: &str) -> String {
    let metrics = server.stranger().get("/metrics").ok();
    let value = |line: &str| line.strip_prefix(name).map(|value| value.trim().to_owned());
    let found = metrics.text().lines().find_map(value);
    found.unwrap()
}

fn running(server: &Server) -> String {
    metric(server, "accolade_streams ")
}

fn who_reads_nothing_holds_no_connection_to_the_database_and_is_given_up(backend: Backend) {
    let server = Setup::new(backend).set("http.write_timeout", "1s").start();
    let org = furnished(&server);
    let mut raw = begun(&server, &org);
    until("it waits for its caller", SOON, || {
        running(&server) == "1"
            && metric(&server, "accolade_database_connections{state=\"busy\"} ") == "0"
    });
    until("it is given up", SOON, || running(&server) == "0");
    assert!(!raw.rest().ends_with(END));
    // One that is gone is noticed as well.
    drop(begun(&server, &org));
    until("it is noticed", SOON, || running(&server) == "0");
    let whole = org.get("exports/enrolments").ok();
    assert_eq!(whole.text().lines().count(), usize::try_from(ROWS).unwrap());
}

/// One database will do: the results of jobs have the other.
#[test]
fn a_client_that_is_revoked_gets_no_more_of_what_it_reads() {
    let server = Server::start(Backend::Postgres);
    let org = furnished(&server);
    let mut raw = begun(&server, &org);
    let key = &org.credentials().unwrap().key;
    server.cli().run(&["client", "revoke", "--key", key]).ok();
    let revoked = Instant::now();
    // What a client may do is looked at each second.
    until("it is looked at again", SOON, || {
        revoked.elapsed() > Duration::from_secs(2)
    });
    let rest = raw.rest();
    assert!(!rest.ends_with(END), "{} bytes", rest.len());
    until("it has ended", SOON, || running(&server) == "0");
}

fn a_server_that_stops_ends_exports_so_that_nobody_takes_them_for_whole(backend: Backend) {
    let server = Server::start(backend);
    let org = furnished(&server);
    let mut raw = begun(&server, &org);
    let socket = server.socket().to_owned();
    server.signal(Signal::TERM);
    let told = Instant::now();
    until("new connections are refused", SOON, || {
        TcpStream::connect(&socket).is_err()
    });
    assert!(!raw.rest().ends_with(END));
    assert_eq!(server.wait().code(), Some(0));
    assert!(
        told.elapsed() < Duration::from_secs(20),
        "{:?}",
        told.elapsed()
    );
}

on_both_databases! {
    who_reads_nothing_holds_no_connection_to_the_database_and_is_given_up
    a_server_that_stops_ends_exports_so_that_nobody_takes_them_for_whole
}
