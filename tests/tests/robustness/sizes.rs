//! Bodies that are too large, and HTTP that is none.

use accolade_tests::{Org, PREFIX, Raw, Server, enrolment, on_both_databases};

fn head(org: &Org, rest: &str) -> String {
    format!(
        "POST {PREFIX}/badgeMeta/customer/issueBulk HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n{rest}\r\n\r\n",
        org.credentials().unwrap().basic()
    )
}

const MIB: usize = 1024 * 1024;

fn a_body_over_the_limit_is_refused_and_the_caller_hears_it(server: &Server) {
    let org = server.org();
    for size in [8 * MIB + 1, 60 * MIB] {
        let mut raw = Raw::connect(server);
        raw.send(head(&org, &format!("Content-Length: {size}")))
            .flood(b' ', size);
        let reply = raw.envelope();
        assert_eq!((reply.status, reply.codes()), (413, vec![1942]), "{reply}");
    }
    org.enrol(&enrolment(&org.badge())).ok();
}

fn a_body_of_unknown_length_over_the_limit_is_refused_too(server: &Server) {
    let org = server.org();
    let mut raw = Raw::connect(server);
    raw.send(head(&org, "Transfer-Encoding: chunked"));
    let size = 60 * MIB;
    raw.send(format!("{size:x}\r\n")).flood(b' ', size);
    let reply = raw.envelope();
    assert_eq!((reply.status, reply.codes()), (413, vec![1942]), "{reply}");
}

fn a_body_at_the_limit_is_read(server: &Server) {
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

fn a_body_in_chunks_is_read_and_the_connection_serves_the_next_request(server: &Server) {
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

fn what_is_no_http_is_refused_and_the_server_lives(server: &Server) {
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

fn a_body_that_breaks_off_records_nothing(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = enrolment(&badge).to_string();
    for length in [0, 1, body.len() / 2, body.len() - 1] {
        let mut raw = Raw::connect(server);
        raw.send(head(&org, &format!("Content-Length: {}", body.len())));
        raw.send(&body[..length]).finish();
        if let Some(reply) = raw.reply() {
            assert!((400..500).contains(&reply.status), "{reply}");
        }
    }
    assert_eq!(org.issued_count(&badge), 0);
}

fn requests_in_one_go_are_answered_in_order(server: &Server) {
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

on_both_databases! {
    a_body_over_the_limit_is_refused_and_the_caller_hears_it
    a_body_of_unknown_length_over_the_limit_is_refused_too
    a_body_at_the_limit_is_read
    a_body_in_chunks_is_read_and_the_connection_serves_the_next_request
    what_is_no_http_is_refused_and_the_server_lives
    a_body_that_breaks_off_records_nothing
    requests_in_one_go_are_answered_in_order
}
