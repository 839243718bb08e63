//! Bodies at the limit and in pieces, and HTTP that is none. It never comes to a database, so one
//! will do; bodies beyond the limit are tested in `crates/http`.

use accolade_tests::{Backend, Org, PREFIX, Raw, enrolment, shared};

fn head(org: &Org, rest: &str) -> String {
    format!(
        "POST {PREFIX}/badgeMeta/customer/issueBulk HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n{rest}\r\n\r\n",
        org.credentials().unwrap().basic()
    )
}

const MIB: usize = 1024 * 1024;

#[test]
fn a_body_at_the_limit_is_read() {
    let server = shared(Backend::Sqlite);
    let org = server.org();
    let mut body = enrolment(&org.badge()).to_string().into_bytes();
    body.resize(8 * MIB, b' ');
    let reply = org
        .request("POST", "badgeMeta/customer/issueBulk")
        .bytes(body)
        .header("Content-Type", "application/json")
        .send()
        .ok();
    reply.issued();
}

#[test]
fn a_body_in_chunks_is_read_and_the_connection_serves_the_next_request() {
    let server = shared(Backend::Sqlite);
    let org = server.org();
    let body = enrolment(&org.badge()).to_string();
    let mut raw = Raw::connect(server);
    raw.send(head(&org, "Transfer-Encoding: chunked"));
    for piece in body.as_bytes().chunks(7) {
        raw.send(format!("{:x}\r\n", piece.len()))
            .send(piece)
            .send("\r\n");
    }
    raw.send("0\r\n\r\n");
    raw.envelope().issued();
    raw.send(head(&org, &format!("Content-Length: {}", body.len())))
        .send(&body);
    assert_eq!(raw.envelope().ok().outcomes()[0].2, Some(1040));
}

#[test]
fn what_is_no_http_is_refused_and_the_server_lives() {
    let server = shared(Backend::Sqlite);
    let org = server.org();
    let large_header = format!(
        "GET {PREFIX}/badgeMeta HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n",
        "x".repeat(MIB)
    );
    for bytes in [
        "NONSENSE\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
        format!("GET {PREFIX}/badgeMeta HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        format!(
            "GET {PREFIX}/badgeMeta HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"
        ),
        format!(
            "POST {PREFIX}/badgeMeta HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        ),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000)),
        large_header,
    ] {
        let mut raw = Raw::connect(server);
        raw.send(&bytes).finish();
        if let Some(reply) = raw.reply() {
            let shown: String = bytes.chars().take(60).collect();
            assert!(
                (400..500).contains(&reply.status) || reply.status == 505,
                "{shown}: {reply}"
            );
        }
    }
    org.get("badgeMeta").ok();
}

#[test]
fn requests_in_one_go_are_answered_in_order() {
    let server = shared(Backend::Sqlite);
    let org = server.org();
    let badge = org.badge();
    let body = enrolment(&badge).to_string();
    let one = head(&org, &format!("Content-Length: {}", body.len())) + &body;
    let mut raw = Raw::connect(server);
    raw.send(one.repeat(3));
    let codes: Vec<_> = (0..3)
        .map(|_| raw.envelope().ok().outcomes()[0].2)
        .collect();
    assert_eq!(codes, [None, Some(1040), Some(1040)]);
}
