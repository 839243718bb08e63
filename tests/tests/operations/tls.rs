//! TLS by the server itself: who it is, how that changes while it runs, and what does not hold it up.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use accolade_tests::{
    Backend, Certificate, Credentials, PREFIX, Raw, Server, Setup, TlsFiles, enrolment, until,
};
use rustix::process::Signal;

use super::job_run::EARN_FROM_STANDARD_INPUT;

fn started(files: &TlsFiles) -> Server {
    Setup::new(Backend::Sqlite).with_tls(files).start()
}

fn connect(server: &Server, certificate: &Certificate) -> Raw {
    Raw::connect(server).by_tls(certificate).unwrap()
}

fn is_known_by(server: &Server, certificate: &Certificate) -> bool {
    Raw::connect(server).by_tls(certificate).is_ok()
}

/// A request on `connection`, which goes on; the status of its answer.
fn get(connection: &mut Raw, path: &str) -> u16 {
    connection.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    connection.reply().unwrap().status
}

/// Whether `line` is one of the metrics, asked for on `connection`.
fn shows(connection: &mut Raw, line: &str) -> bool {
    connection.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let shown = connection.reply().unwrap();
    shown.text().lines().any(|it| it == line)
}

/// The head of a POST of so many bytes, whose body waits to be asked for.
fn enrolling(credentials: &Credentials, length: usize) -> String {
    format!(
        "POST {PREFIX}/badgeMeta/customer/issueBulk HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
         Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n",
        credentials.basic(),
    )
}

#[test]
fn requests_go_by_tls_and_operators_are_answered_without() {
    let certificate = Certificate::make();
    let server = Setup::new(Backend::Sqlite)
        .with_tls(&TlsFiles::of(&certificate))
        .set("metrics.port", "0")
        .start();
    assert!(server.address().starts_with("https://127.0.0.1:"));
    let line = server.logs().expect("this certificate is presented");
    assert!(line.contains("2099-01-01T00:00:00Z"), "{line}");
    let mut caller = Raw::connect(&server)
        .by_tls_offering(&["h2", "http/1.1"], &certificate)
        .unwrap();
    assert_eq!(caller.protocol(), Some(b"http/1.1".as_slice()));
    for _ in 0..3 {
        assert_eq!(get(&mut caller, "/health/ready"), 200);
    }
    let line = server.logs().expect("metrics on http://");
    let (_, metrics) = line.split_once("http://").unwrap();
    let mut raw = Raw::to(metrics.strip_suffix("/metrics").unwrap());
    raw.send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let shown = raw.reply().unwrap();
    let shown = shown.text();
    let end = "accolade_tls_certificate_end_seconds 4070908800";
    assert!(shown.lines().any(|line| line == end), "{shown}");
}

#[test]
fn a_socket_that_is_handed_over_is_spoken_tls_on() {
    let certificate = Certificate::make();
    let files = TlsFiles::of(&certificate);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let server = Setup::new(Backend::Sqlite)
        .with_tls(&files)
        .handing_over(socket)
        .start();
    assert_eq!(server.socket(), address);
    assert_eq!(
        get(&mut connect(&server, &certificate), "/health/live"),
        200
    );
}

#[test]
fn a_renewed_certificate_is_presented_at_sighup_and_connections_go_on() {
    let (first, second) = (Certificate::make(), Certificate::until(2098));
    let files = TlsFiles::of(&first);
    let server = started(&files);
    let mut caller = connect(&server, &first);
    assert_eq!(get(&mut caller, "/health/live"), 200);
    files.put(&second.certificate, &second.key);
    // What is in the files counts when it is said, not before.
    assert!(is_known_by(&server, &first));
    server.signal(Signal::HUP);
    until("the new one is presented", Duration::from_mins(1), || {
        is_known_by(&server, &second)
    });
    server.logs().expect("2098-01-01T00:00:00Z");
    assert!(!is_known_by(&server, &first));
    assert_eq!(get(&mut caller, "/health/live"), 200);
}

#[test]
fn what_is_no_good_changes_nothing_at_sighup_and_is_said() {
    let (first, second) = (Certificate::make(), Certificate::make());
    let files = TlsFiles::of(&first);
    let server = started(&files);
    for (certificate, key, said) in [
        (&*second.certificate, &*first.key, "another private key"),
        ("hello", &first.key, "has no certificate"),
        (&first.certificate, "", "has no private key"),
    ] {
        files.put(certificate, key);
        server.signal(Signal::HUP);
        let line = server.logs().expect(said);
        assert!(line.contains("ERROR") && line.contains("SIGHUP"), "{line}");
        assert!(is_known_by(&server, &first));
    }
    std::fs::remove_file(files.certificate()).unwrap();
    server.signal(Signal::HUP);
    server.logs().expect("cannot be read: entity not found");
    assert!(is_known_by(&server, &first));
}

#[test]
fn what_is_no_good_is_refused_at_start_with_the_line_that_says_which_it_is() {
    let (first, second) = (Certificate::make(), Certificate::make());
    let files = TlsFiles::of(&first);
    let setup = || Setup::new(Backend::Sqlite).with_tls(&files);
    files.put(&first.certificate, &second.key);
    let line = setup().stops().refused();
    assert_eq!(
        line,
        "error: ACCOLADE__HTTP__TLS__KEY: http.tls.key names a file that has another private key than that of \
         the certificate"
    );
    files.put(&first.key, &first.key);
    let line = setup().cli().run(&["config", "check"]).refused();
    let expected = "error: ACCOLADE__HTTP__TLS__CERTIFICATE: http.tls.certificate names a file that has no certificate";
    assert!(line.starts_with(expected), "{line}");
    std::fs::remove_file(files.key()).unwrap();
    files.put(&first.certificate, &first.key);
    std::fs::remove_file(files.key()).unwrap();
    let line = setup().stops().refused();
    assert!(line.ends_with("cannot be read: entity not found"), "{line}");
    let alone = Setup::new(Backend::Sqlite).set("http.tls.certificate", "x");
    let line = alone.stops().refused();
    assert!(line.ends_with("set both, or neither"), "{line}");
}

#[test]
fn a_handshake_that_does_not_come_to_an_end_is_cut() {
    let certificate = Certificate::make();
    let server = started(&TlsFiles::of(&certificate));
    let begun = Instant::now();
    let mut silent = Raw::connect(&server);
    let mut slow = Raw::connect(&server);
    // The head of a record that would have more.
    slow.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
    assert!(silent.is_closed() && slow.is_closed());
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(4), "{took:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    // Who speaks no TLS is told at once.
    let mut plain = Raw::connect(&server);
    plain.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(plain.is_closed());
    let failed = [
        r#"accolade_tls_handshake_failures_total{failure="slow"} 2"#,
        r#"accolade_tls_handshake_failures_total{failure="broken"} 1"#,
    ];
    let mut caller = connect(&server, &certificate);
    until("both are counted", Duration::from_mins(1), || {
        failed.iter().all(|line| shows(&mut caller, line))
    });
}

#[test]
fn a_connection_counts_before_its_handshake_and_one_too_many_is_ended() {
    let certificate = Certificate::make();
    let server = Setup::new(Backend::Sqlite)
        .with_tls(&TlsFiles::of(&certificate))
        .set("http.connections_per_address", "2")
        .start();
    let mut caller = connect(&server, &certificate);
    let silent = Raw::connect(&server);
    // It counts before it has said anything.
    until("both are counted", Duration::from_mins(1), || {
        shows(&mut caller, "accolade_http_connections 2")
    });
    assert!(Raw::connect(&server).is_closed());
    let refused = r#"accolade_http_connections_refused_total{bound="address"} 1"#;
    assert!(shows(&mut caller, refused));
    drop(silent);
    until("there is a place again", Duration::from_mins(1), || {
        is_known_by(&server, &certificate)
    });
    assert_eq!(get(&mut caller, "/health/live"), 200);
}

#[test]
fn a_server_that_stops_finishes_what_runs_and_waits_for_no_handshake() {
    let certificate = Certificate::make();
    let server = started(&TlsFiles::of(&certificate));
    let org = server.cli();
    org.run(&[
        "org",
        "create",
        "--id",
        "7",
        "--name",
        "x",
        "--time-zone",
        "UTC",
    ])
    .ok();
    let credentials = org.create_client(7, None);
    let body = enrolment("66276dc68fe258516a88ff8e").to_string();
    let mut caller = connect(&server, &certificate);
    caller.send(enrolling(&credentials, body.len()));
    assert_eq!(caller.reply().unwrap().status, 100);
    let _silent = Raw::connect(&server);
    let _idle = connect(&server, &certificate);
    let told = Instant::now();
    server.signal(Signal::TERM);
    server.logs().expect("no new requests");
    caller.send(&body);
    // There is no such badge: it was looked for.
    assert_eq!(caller.envelope().codes(), [404]);
    assert!(caller.is_closed());
    assert_eq!(server.wait().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(20));
}

#[test]
fn commands_that_look_at_the_server_know_that_it_speaks_tls() {
    let files = TlsFiles::of(&Certificate::make());
    std::fs::set_permissions(files.key(), Permissions::from_mode(0o644)).unwrap();
    let server = started(&files);
    server
        .logs()
        .expect("everybody on this machine can read http.tls.key");
    let (_, port) = server.socket().rsplit_once(':').unwrap();
    let cli = server.cli().environment("ACCOLADE__HTTP__PORT", port);
    assert_eq!(cli.run(&["health"]).ok(), "ready");
    let found = cli.run(&["doctor"]).ok();
    assert!(found.contains("it is good until 2099-01-01"), "{found}");
    assert!(found.contains("RISK"), "{found}");
    assert!(found.contains("http.tls.key"), "{found}");
    // One that has ended is presented, because the alternative is no server; it is said.
    let ended = Certificate::until(2021);
    files.put(&ended.certificate, &ended.key);
    server.signal(Signal::HUP);
    server.logs().expect("the certificate has ended");
    let outcome = cli.run(&["doctor"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stdout.contains("it has ended, on 2021-01-01"),
        "{outcome:?}"
    );
    let job = cli.run(EARN_FROM_STANDARD_INPUT);
    assert!(job.refused().contains("--url"));
}
