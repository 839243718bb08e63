//! A service manager such as systemd: it is told how the server stands, and may hand over its socket.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use accolade_tests::{Backend, Setup};
use rustix::process::Signal;
use tempfile::TempDir;

/// What is told next.
fn told(manager: &UnixDatagram) -> String {
    let mut bytes = [0; 1_024];
    let len = manager.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

#[test]
fn a_service_manager_is_told_when_the_server_answers_and_when_it_stops() {
    let directory = TempDir::new().unwrap();
    let socket = directory.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let server = Setup::new(Backend::Sqlite)
        .environment("NOTIFY_SOCKET", socket.to_str().unwrap())
        .start();
    assert_eq!(told(&manager).trim(), "READY=1");
    server.stranger().get("/health/ready").ok();
    server.signal(Signal::TERM);
    assert_eq!(told(&manager).trim(), "STOPPING=1");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_socket_that_is_handed_over_is_listened_on_and_not_the_one_that_the_settings_name() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let server = Setup::new(Backend::Sqlite).handing_over(socket).start();
    assert_eq!(server.socket(), address);
    server.stranger().get("/health/ready").ok();
}
