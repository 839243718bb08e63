//! Proxies as `docs/operations.md` sets them up: requests pass, none meets a connection that is gone,
//! and callers are told apart by their own addresses.

use std::net::Ipv4Addr;

use accolade_tests::{
    Backend, Credentials, Org, PREFIX, Raw, ReverseProxy, Server, Setup, enrolment, with,
};
use serde_json::json;

/// So many wrong secrets are answered as such.
const FAILURES: u32 = 3;

fn started() -> Server {
    Setup::new(Backend::Sqlite)
        .set("http.trusted_proxies", "127.0.0.1")
        .set("auth.failures_per_address", &FAILURES.to_string())
        .set("auth.failures_per_key", "1000")
        .start()
}

/// A caller at `address`, which is this machine's.
fn caller(address: [u8; 4], proxy: &ReverseProxy) -> Raw {
    Raw::from(Ipv4Addr::from(address).into(), proxy.socket())
        .by_tls(proxy.certificate())
        .unwrap()
}

fn enrolling(credentials: &Credentials, body: &str) -> String {
    format!(
        "POST {PREFIX}/badgeMeta/customer/issueBulk HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        credentials.basic(),
        body.len(),
    )
}

fn is_passed_on_well_by(proxy: &ReverseProxy, org: &Org) {
    let credentials = org.credentials().unwrap();
    let badge = org.badge();
    let mut connections = [(); 4].map(|()| caller([127, 0, 0, 1], proxy));
    for customer in 1..=200 {
        let body = with(&enrolment(&badge), &json!({"customers": [customer]})).to_string();
        let connection = &mut connections[customer % 4];
        connection.send(enrolling(credentials, &body));
        connection.envelope().ok().issued();
        // What the server answers before it has read it ends the connection behind the proxy.
        if customer % 20 == 0 {
            let mut stranger = caller([127, 0, 0, 9], proxy);
            stranger.send(enrolling(&credentials.wrong(), &" ".repeat(300_000)));
            let status = stranger.reply().unwrap().status;
            assert!([401, 429].contains(&status), "{status}");
        }
    }
    assert_eq!(org.issued_count(&badge), 200);
}

fn callers_are_told_apart_by(proxy: &ReverseProxy, org: &Org) {
    let credentials = org.credentials().unwrap();
    let ask = |address, credentials: &Credentials| {
        let mut caller = caller(address, proxy);
        caller.send(format!(
            "GET {PREFIX}/badgeMeta HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
             X-Forwarded-For: 192.0.2.1\r\n\r\n",
            credentials.basic()
        ));
        caller.reply().unwrap().status
    };
    for _ in 0..FAILURES {
        assert_eq!(ask([127, 0, 0, 2], &credentials.wrong()), 401);
    }
    assert_eq!(ask([127, 0, 0, 2], &credentials.wrong()), 429);
    assert_eq!(ask([127, 0, 0, 3], &credentials.wrong()), 401);
    assert_eq!(ask([127, 0, 0, 2], credentials), 200);
}

#[test]
fn nginx_as_documented_passes_requests_on_and_says_whose_they_are() {
    let server = started();
    let Some(nginx) = ReverseProxy::nginx(&server) else {
        return;
    };
    let org = server.org();
    is_passed_on_well_by(&nginx, &org);
    callers_are_told_apart_by(&nginx, &org);
}

#[test]
fn caddy_as_documented_passes_requests_on_and_says_whose_they_are() {
    let server = started();
    let Some(caddy) = ReverseProxy::caddy(&server) else {
        return;
    };
    let org = server.org();
    is_passed_on_well_by(&caddy, &org);
    callers_are_told_apart_by(&caddy, &org);
}
