//! The memory of a process is bounded as a whole, by its settings, as `docs/operations.md` says.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use accolade_tests::{Backend, Org, Server, Setup, badge, enrolment, with};
use serde_json::json;

const MIB: u64 = 1 << 20;

/// What the document says of a server with so many connections of each kind, and a budget of so many MiB.
const fn bound(connections: u64, body_budget: u64, pool_size: u64) -> u64 {
    (300 + connections / 10 + 2 * body_budget + 48 * pool_size) * MIB
}

/// A connection on which `head` and `body` were sent, as far as they were taken.
fn sent(server: &Server, org: &Org, head: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.socket()).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let basic = org.credentials().unwrap().basic();
    let head = format!("{head}\r\nHost: here\r\nAuthorization: {basic}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    for piece in body.chunks(64 * 1024) {
        // Who is refused is not listened to for long.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    stream
}

/// What was answered so far, if anything was.
fn begun(mut stream: &TcpStream) -> String {
    stream.set_nonblocking(true).unwrap();
    let mut answer = [0; 4_096];
    let len = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..len]).into_owned()
}

fn refused(streams: &[TcpStream]) -> usize {
    let answers = streams.iter().map(begun);
    let refused =
        answers.filter(|it| it.starts_with("HTTP/1.1 503 ") && it.contains("retry-after: 1"));
    refused.count()
}

#[test]
fn bodies_held_back_and_answers_left_unread_stay_within_the_bound() {
    const CALLERS: usize = 80;
    const BODY: usize = 8 * 1024 * 1024;
    let server = Setup::new(Backend::Sqlite)
        .set("http.body_budget", "32MiB")
        .set("http.connections", "500")
        .set("database.pool_size", "2")
        .start();
    let org = server.org();
    // Bodies of which the last byte does not come.
    let head = "POST /api_gateway/v1/badges/badgeMeta/customer/issueBulk HTTP/1.1\r\n\
                Content-Type: application/json\r\nContent-Length: 8388608";
    let body = [b"\r\n".to_vec(), vec![b' '; BODY - 1]].concat();
    let slow: Vec<_> = (0..CALLERS)
        .map(|_| sent(&server, &org, head, &body))
        .collect();
    assert!(
        refused(&slow) >= CALLERS - 32 * 1024 * 1024 / BODY * 2,
        "{}",
        refused(&slow)
    );
    // Whoever has little to say is answered all the same.
    let badge_id = org.badge();
    org.enrol(&enrolment(&badge_id)).ok().issued();
    drop(slow);

    // 55 KB each, as long as a definition may be.
    let text = "𝄞".repeat(250);
    for number in 0..100 {
        let tags: Vec<_> = (0..55)
            .map(|tag| json!({"name": format!("{tag}{text}")}))
            .collect();
        let body = with(
            &badge(),
            &json!({"name": format!("Large {number}"), "tags": tags}),
        );
        org.creating(&body).send().ok();
    }
    let head = "GET /api_gateway/v1/badges/badgeMeta?size=100 HTTP/1.1";
    let unread: Vec<_> = (0..12)
        .map(|_| sent(&server, &org, head, b"\r\n"))
        .collect();
    let head = "GET /docs/swagger-ui-bundle.js HTTP/1.1";
    let files: Vec<_> = (0..200)
        .map(|_| sent(&server, &org, head, b"\r\n"))
        .collect();
    for stream in unread.iter().chain(&files) {
        stream
            .set_read_timeout(Some(Duration::from_secs(50)))
            .unwrap();
        stream.peek(&mut [0]).unwrap();
    }
    assert!(refused(&unread) > 4, "{}", refused(&unread));
    let peak = server.peak_memory();
    let bound = bound(500, 32, 2);
    assert!(peak < bound, "{} MiB of {}", peak / MIB, bound / MIB);
}
